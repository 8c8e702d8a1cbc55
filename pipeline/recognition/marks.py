"""Tick boxes: each is judged by itself against its own empty printed box, never by ranking a row."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.recognition.window import FAINT, MARGIN_MM, PX_PER_MM, Floats

_INSET_MM: Final = 0.55
"""The box's own outline, and ink that runs along it, stay outside the judged inside."""
_PEN_PX: Final = 20
"""The 20th darkest pixel (0.3 mm²) speaks for the pen; a lone speck does not."""
_PALE: Final = 0.22
"""Ink as pale as this may be print that shows through from the other side: a person looks …"""
_AS_PALE: Final = 0.75
_SHOWN_BY: Final = 4
"""… unless it is so nearly as dark as most of so many marks on its page that are darker: a pencil's."""
_EMPTY: Final = 0.006
_MARKED: Final = 0.03
"""Share of the inside that a thin tick (0.3 mm pen, 4 mm long) covers: 0.09; a stray end of a line: below 0.02."""
_FULL: Final = 0.88
_BLACK: Final = 0.95
"""More than any mark covers: the widest pen's cross leaves a quarter of the box free."""
_PAPER_MM: Final = 0.28
"""Radius of paper that a mark leaves free somewhere in the box; a cross by a 1.2 mm felt tip leaves 0.33."""
_NO_PAPER_MM: Final = 0.2
_REACH_MM: Final = 1.7
_REACH_PENS: Final = 1.9
"""A mark extends over at least this much of the box and so many widths of its pen; a dot does not."""
_MUCH_PAPER_MM: Final = 1.0
_NO_DOT_MM: Final = 3.6
"""Strokes that meet look like a wider pen: what extends over so much and leaves so much paper free is no dot either."""
_STRAIGHT: Final = 0.31
"""A straight stroke spreads by this share of its pen's width to its sides (a bar's standard deviation is 1/√12) …"""
_STEEP: Final = 0.45
"""… and is a dash where it lies or stands, but for such a slope: it may as well say no."""
_LEG_MM: Final = 0.8
_LEG_MM2: Final = 0.15
"""The longer leg of a tick is none: so far to its side lies so much of the other one …"""
_BESIDE_MM: Final = 0.8
_GAP_PX: Final = 5
"""… in the box or so near it, and they meet but for what the printed outline took out of them."""


_BUBBLE: Final = 0.36
"""Radius of the part of a bubble that is looked at, as a share of its size."""
_BUBBLE_INK: Final = 0.18
_BUBBLE_EMPTY: Final = 0.06
_BUBBLE_FULL: Final = 0.45
_AROUND_MM: Final = 0.3
"""What is this far outside a bubble is paper, or a neighbour's ink …"""
_NO_PAPER_LEVEL: Final = 0.1
"""… where it is darker than the rest by this."""
_LEAST_PAPER: Final = 0.3
_RINGS_MM: Final = ((0.3, 0.8), (0.9, 1.4))
"""How far outside a bubble it is looked whether its darkness ends: within a slipped pen's reach, and beyond."""
_SECTORS: Final = 8
_GOES_ON: Final = 0.5
"""A part of what is around is nearer to the bubble's darkness than to paper; a shadow is uneven by less."""


class MarkState(StrEnum):
    """What a tick box shows."""

    EMPTY = "empty"
    MARKED = "marked"
    CANCELLED = "cancelled"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Mark:
    """One judged box.

    Attributes:
        confidence: probability that the state is right, uncalibrated.
        share: of its inside that is inked.
        pen: how dark the ink of a mark is, or of what is too pale to be one, 0 to 1; else 0.
    """

    state: MarkState
    confidence: float
    share: float
    pen: float = 0.0


def judge(
    patches: Floats, sizes_mm: NDArray[np.float64], filled: NDArray[np.bool_] | None = None
) -> tuple[Mark, ...]:
    """Judges boxes (N, h, w) whose printed outline was taken out, as `window.sample` gives them.

    Args:
        patches: brightness, paper at 1.
        sizes_mm: float64 (N, 2), width and height of each box.
        filled: bool (N,), which are bubbles: there a filled box is a mark.
    """
    bubbles = np.zeros(len(patches), bool) if filled is None else filled
    marks = [
        _judge_bubble(patch, *size) if bubble else _judge(patch, *size)
        for patch, size, bubble in zip(patches, sizes_mm, bubbles, strict=True)
    ]
    pens = [mark.pen for mark in marks if mark.state is MarkState.MARKED]
    if len(pens) >= _SHOWN_BY:
        pale = max(FAINT, _AS_PALE * float(np.median(pens)))
        for i, mark in enumerate(marks):
            if mark.state is MarkState.UNCLEAR and pale <= mark.pen < _PALE:
                marks[i] = _judge(patches[i], float(sizes_mm[i, 0]), float(sizes_mm[i, 1]), pale)
    return tuple(marks)


def _judge_bubble(patch: Floats, width_mm: float, height_mm: float) -> Mark:
    """A bubble by the share of its inner ellipse that is inked; corners and outline tell nothing."""
    low = round(MARGIN_MM * PX_PER_MM)
    w, h = round(width_mm * PX_PER_MM), round(height_mm * PX_PER_MM)
    around = patch[: 2 * low + h, : 2 * low + w]
    dark = (1 - around / _light_around(around, low))[low : low + h, low : low + w]
    y, x = np.ogrid[:h, :w]
    ellipse = ((x + 0.5) / w - 0.5) ** 2 + ((y + 0.5) / h - 0.5) ** 2 <= _BUBBLE**2
    share = float((dark[ellipse] > _BUBBLE_INK).mean())
    if share <= _BUBBLE_EMPTY:
        return Mark(MarkState.EMPTY, 0.999, share)
    if share >= _BUBBLE_FULL and _ends(around, low, ellipse & (dark > _BUBBLE_INK)):
        return Mark(MarkState.MARKED, 0.999, share, float(np.median(dark[ellipse])))
    return Mark(MarkState.UNCLEAR, 0.5, share)


def _ends(window: Floats, margin: int, inked: NDArray[np.bool_]) -> bool:
    """Whether what darkens a bubble ends around it, as a mark does; `inked` (h, w) is what is dark of its middle."""
    h, w = window.shape
    y, x = np.mgrid[:h, :w]
    beyond = np.maximum(
        np.maximum(margin - x, x - (w - 1 - margin)), np.maximum(margin - y, y - (h - 1 - margin))
    )
    turn = (np.arctan2(y - h / 2, x - w / 2) / (2 * np.pi) + 0.5) * _SECTORS
    sector = turn.astype(int) % _SECTORS
    rings = [(beyond > near * PX_PER_MM) & (beyond <= far * PX_PER_MM) for near, far in _RINGS_MM]
    # A pen that slipped over the rim leaves the outer ring free; so does a neighbour's mark the inner one.
    beside = np.array(
        [max(float(np.median(window[ring & (sector == one)])) for ring in rings) for one in range(_SECTORS)]
    )
    inside = float(np.median(window[margin : h - margin, margin : w - margin][inked]))
    goes_on = 1 - beside >= _GOES_ON * (1 - inside)
    # A mark beside its place goes on to that side, over no more than two parts; a shadow's edge to half of all round,
    # or, where the paper was whitened beside it, to two sides.
    elsewhere = goes_on.sum() - goes_on - np.roll(goes_on, 1)
    return bool((elsewhere <= 0).any())


def _light_around(window: Floats, margin: int) -> Floats:
    """How bright the paper under a bubble is: (h, w), a plane through what lies around; a shadow's edge is no ink."""
    h, w = window.shape
    y, x = np.mgrid[:h, :w].astype(np.float32)
    inner = margin - round(_AROUND_MM * PX_PER_MM)
    outside = np.ones((h, w), bool)
    outside[inner : h - inner, inner : w - inner] = False
    terms = np.stack([np.ones_like(x), x / w - 0.5, y / h - 0.5], axis=-1)
    rows, bright = terms[outside], window[outside]
    paper = np.ones(len(bright), bool)
    plane = np.array([1, 0, 0], np.float32)
    for _ in range(3):
        plane = np.linalg.lstsq(rows[paper], bright[paper], rcond=None)[0].astype(np.float32)
        paper = bright > rows @ plane - _NO_PAPER_LEVEL
    return np.maximum(terms @ plane, np.float32(_LEAST_PAPER))


def _judge(patch: Floats, width_mm: float, height_mm: float, pale: float = _PALE) -> Mark:
    inside = patch[_grown(width_mm, height_mm, -_INSET_MM)]
    dark = 1 - inside
    peak = float(np.partition(dark.ravel(), -_PEN_PX)[-_PEN_PX])
    least_dark = 0.4 * max(peak, 2 * FAINT)
    ink = dark > least_dark
    share = float(ink.mean())
    if share < _EMPTY or peak < FAINT:
        return Mark(MarkState.EMPTY, 1 - min(share / _EMPTY, 1) * 0.004, share)
    if peak < pale:
        return Mark(MarkState.UNCLEAR, 0.5, share, peak)
    free = float(cv2.distanceTransform((~ink).astype(np.uint8), cv2.DIST_L2, 5).max()) / PX_PER_MM
    if (share >= _FULL and free <= _NO_PAPER_MM) or (share >= _BLACK and free < _PAPER_MM):
        return Mark(MarkState.CANCELLED, 0.99, share)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8)
    reaches = np.hypot(*stats[1:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].T) / PX_PER_MM
    reach = float(reaches.max())
    pen = 2 * float(cv2.distanceTransform(ink.astype(np.uint8), cv2.DIST_L2, 5).max()) / PX_PER_MM
    least = _REACH_PENS * pen
    if free >= _MUCH_PAPER_MM:
        least = min(least, _NO_DOT_MM)
    least = max(least, _REACH_MM)
    if share >= _MARKED and reach >= least and free >= _PAPER_MM:
        around = 1 - patch[_grown(width_mm, height_mm, _BESIDE_MM)] > least_dark
        if _is_dash(labels == 1 + reaches.argmax(), around, pen):
            return Mark(MarkState.UNCLEAR, 0.5, share)
        margin = min((share - _MARKED) / 0.03, (reach - least) / 0.4, (free - _PAPER_MM) / 0.05, 1.0)
        return Mark(MarkState.MARKED, 0.9 + 0.0999 * margin, share, peak)
    return Mark(MarkState.UNCLEAR, 0.5, share)


def _grown(width_mm: float, height_mm: float, by_mm: float) -> tuple[slice, slice]:
    """Where a box lies in its window, grown to all sides."""
    low, *ends = (
        round((MARGIN_MM + far) * PX_PER_MM) for far in (-by_mm, height_mm + by_mm, width_mm + by_mm)
    )
    return slice(low, ends[0]), slice(low, ends[1])


def _is_dash(stroke: NDArray[np.bool_], around: NDArray[np.bool_], pen_mm: float) -> bool:
    """Whether ink is one straight stroke that lies or stands, by its principal axes, without a leg to its side.

    Args:
        stroke: bool (h, w), the longest stroke of the judged inside.
        around: bool (H, W), the ink of the whole box and beside it.
        pen_mm: the width of the stroke.
    """
    y, x = np.nonzero(stroke)
    spread, axes = np.linalg.eigh(np.cov(y, x))
    slope = np.abs(axes[:, 1]).min() / np.abs(axes[:, 1]).max()
    if spread[0] > (_STRAIGHT * pen_mm * PX_PER_MM) ** 2 or slope > _STEEP:
        return False
    offset = round((MARGIN_MM + _INSET_MM) * PX_PER_MM) - round((MARGIN_MM - _BESIDE_MM) * PX_PER_MM)
    joined = cv2.morphologyEx(around.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((_GAP_PX, _GAP_PX), np.uint8))
    labels = cv2.connectedComponents(joined, connectivity=8)[1]
    whole = np.argwhere(around & (labels == labels[y[0] + offset, x[0] + offset]))
    aside = np.abs((whole - offset - (y.mean(), x.mean())) @ axes[:, 0])
    leg = np.count_nonzero(aside > (pen_mm / 2 + _LEG_MM) * PX_PER_MM)
    return bool(leg < _LEG_MM2 * PX_PER_MM**2)
