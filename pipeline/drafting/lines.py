"""The printed lines of a blank: solid and dotted, and the missing side of combs that are open above or below."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from pipeline.drafting.types import PX, Grey
from pipeline.forms.layout import Box

_THICKEST: Final = 1.5
"""Strokes thinner than this are ink, mm; what is broader is a shade, a bar or a photo's edge."""
_FAINTEST: Final = 18.0
_CLEAR: Final = 40.0
"""How much darker than the paper ink is: the first on a page without grain, the second is enough on any."""
_LEAST_RUN: Final = (4.0, 3.4)
"""The shortest line across and down, mm; longer than strokes of letters, as short as a comb's tooth."""
_ALONE: Final = (14.0, 9.0)
"""Shorter lines that meet no other are strokes or feet of letters, mm."""
_INKED: Final = 0.88
"""Which share of a line is ink at least; scanners and printers lose the rest."""
_BROADEST: Final = 1.3
_DOT: Final = (0.7, 1.6)
"""A dot or dash of a guide is at most this wide and long, mm."""
_DOT_GAP: Final = 1.7
_LEAST_DOTTED: Final = (9.0, 3.8)
_TOOTH: Final = (3.4, 16.0)
"""Heights of the sides of an open comb or frame, mm."""
_LEVEL: Final = 0.6
"""How far two teeth of a comb may differ in their ends, mm."""


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """Masks (H, W) at `PX` px per mm.

    Attributes:
        ink: every thin dark stroke, letters too.
        across: lines from left to right, dotted ones closed.
        down: lines from top to bottom, dotted ones closed.
    """

    ink: Grey
    across: Grey
    down: Grey


def find_lines(grey: Grey) -> Lines:
    """The lines of a page (H, W)."""
    ink = thin_ink(grey)
    across = cv2.bitwise_or(_solid(ink, 0), _dotted(ink, 0))
    down = cv2.bitwise_or(_solid(ink, 1), _dotted(ink, 1))
    standing = _joined(np.asarray(down, np.uint8), np.asarray(across, np.uint8), _ALONE[1], 1)
    lying = _joined(np.asarray(across, np.uint8), standing, _ALONE[0], 0)
    return Lines(ink, _close_open_sides(lying, standing), standing)


def thin_ink(grey: Grey) -> Grey:
    """Strokes darker than what lies on both sides of them (a black-hat), so that shades do not matter."""
    size = round(_THICKEST * PX) | 1
    hat = cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, np.ones((size, size), np.uint8))
    grain = float(np.median(hat[::4, ::4]))
    least = min(_FAINTEST + 5 * grain, _CLEAR)
    return np.asarray(cv2.threshold(hat, least, 255, cv2.THRESH_BINARY)[1], np.uint8)


def segments(mask: Grey) -> list[Box]:
    """The connected lines of a mask, as boxes in mm."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    return [Box(*(float(value) / PX for value in row[:4])) for row in stats[1:]]


def _kernel(length: float, axis: int) -> Grey:
    size = max(round(length * PX), 1)
    return np.ones((1, size) if axis == 0 else (size, 1), np.uint8)


def _solid(ink: Grey, axis: int) -> Grey:
    """Unbroken lines; feet of letters that nearly touch are none, since much of them is paper."""
    closed = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, _kernel(0.4, axis))
    runs = cv2.morphologyEx(closed, cv2.MORPH_OPEN, _kernel(_LEAST_RUN[axis], axis))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(runs, connectivity=8)
    inked = np.bincount(labels[ink > 0], minlength=count)
    area = stats[:, cv2.CC_STAT_AREA]
    length = stats[:, (cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT)[axis]]
    keep = (inked >= _INKED * area) & (area <= _BROADEST * PX * length)
    keep[0] = False
    return np.asarray(np.where(keep, 255, 0).astype(np.uint8)[labels], np.uint8)


def _joined(mask: Grey, others: Grey, alone: float, axis: int) -> Grey:
    """The lines that are long enough to stand alone (mm), and the shorter ones that meet a line across them."""
    near = cv2.dilate(others, np.ones((PX + 1, PX + 1), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    keep = stats[:, (cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT)[axis]] >= alone * PX
    keep |= np.bincount(labels[near > 0], minlength=count) > 0
    keep[0] = False
    return np.asarray(np.where(keep, 255, 0).astype(np.uint8)[labels], np.uint8)


def _dotted(ink: Grey, axis: int) -> Grey:
    """Rows of dots and short dashes as one line each."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    along, aside = (cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT)[:: 1 if axis == 0 else -1]
    small = (stats[:, aside] <= _DOT[0] * PX) & (stats[:, along] <= _DOT[1] * PX)
    small[0] = False
    dots = np.where(small, 255, 0).astype(np.uint8)[labels] if count > 1 else np.zeros_like(ink)
    chained = cv2.morphologyEx(dots, cv2.MORPH_CLOSE, _kernel(_DOT_GAP, axis))
    long = cv2.morphologyEx(chained, cv2.MORPH_OPEN, _kernel(_LEAST_DOTTED[axis], axis))
    return (
        np.asarray(cv2.dilate(long, _kernel(2 * _DOT_GAP, axis)), np.uint8)
        if axis
        else np.asarray(long, np.uint8)
    )


def _close_open_sides(across: Grey, down: Grey) -> Grey:
    """The lines across, and the side that two equal neighbouring teeth lack when they stand on one line only."""
    closed = across.copy()
    thick = cv2.dilate(across, np.ones((2 * round(0.4 * PX) + 1, 3), np.uint8))
    teeth = [box for box in segments(down) if _TOOTH[0] <= box.h <= _TOOTH[1]]
    for tooth in teeth:
        beside = [
            other
            for other in teeth
            if other.x > tooth.x + 2.0
            and abs(other.y - tooth.y) <= _LEVEL
            and abs(other.y + other.h - tooth.y - tooth.h) <= _LEVEL
        ]
        if not beside:
            continue
        other = min(beside, key=lambda box: box.x)
        columns = slice(round((tooth.x + tooth.w) * PX), round(other.x * PX))
        rows = (
            round((tooth.y + other.y) / 2 * PX),
            round((tooth.y + tooth.h + other.y + other.h) / 2 * PX) - 1,
        )
        seen = [float((thick[row, columns] > 0).mean()) >= 0.85 for row in rows]
        if seen[0] != seen[1]:
            closed[rows[1] if seen[0] else rows[0], columns] = 255
    return closed
