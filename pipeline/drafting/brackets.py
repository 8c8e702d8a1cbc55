"""Boxes to mark that are typed: a pair of brackets with nothing between them, `[  ]` or `(  )`."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.drafting.geometry import bottom, middle, right
from pipeline.drafting.grids import paired
from pipeline.drafting.types import PX, Grey, Tick
from pipeline.forms.layout import Box

_HIGH: Final = (2.2, 7.0)
"""Heights of brackets, mm."""
_SLIM: Final = 0.5
"""A bracket is at most this share of its height wide."""
_HOOK: Final = 0.15
"""The share of its height, at the top and at the foot, in which a bracket reaches over."""
_STEM: Final = 0.75
"""Between its hooks it keeps to this share of its width."""
_OVER: Final = 0.8
"""Its hooks reach so far over its width."""
_ALIKE: Final = 0.15
_ROOM: Final = (1.5, 9.0)
"""What lies between a pair, mm; the room for a signature is wider."""
_INKED: Final = 0.01
"""Room so much of which is ink is not empty."""


@dataclass(frozen=True, slots=True)
class _Bracket:
    box: Box
    opens: bool


def bracketed(ink: Grey) -> list[Tick]:
    """Empty pairs of brackets, each with another like it in its row or column; words in brackets are none.

    Args:
        ink: the thin strokes of a page (H, W) at `PX` px per mm.
    """
    brackets = _brackets(ink)
    closing = [one.box for one in brackets if not one.opens]
    found = []
    for one in brackets:
        if one.opens and (partner := _partner(one.box, closing)) is not None:
            top, low = min(one.box.y, partner.y), max(bottom(one.box), bottom(partner))
            pair = Box(one.box.x, top, right(partner) - one.box.x, low - top)
            if _is_empty(ink, Box(right(one.box), top, partner.x - right(one.box), low - top)):
                found.append(Tick(pair))
    return [tick for tick in found if paired(tick, found)]


def _brackets(ink: Grey) -> list[_Bracket]:
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    found = []
    for number, (x, y, w, h, _area) in enumerate(stats.tolist()):
        if number == 0 or not _HIGH[0] * PX <= h <= _HIGH[1] * PX or not 2 < w <= _SLIM * h:
            continue
        glyph = np.asarray(labels[y : y + h, x : x + w] == number)
        for opens, seen in ((True, glyph), (False, glyph[:, ::-1])):
            if _is_opening(seen):
                found.append(_Bracket(Box(x / PX, y / PX, w / PX, h / PX), opens))
    return found


def _is_opening(glyph: NDArray[np.bool_]) -> bool:
    """Whether a glyph is a stem at the left whose two ends reach to the right."""
    high, wide = glyph.shape
    hook = max(round(_HOOK * high), 1)
    reach = glyph * np.arange(1, wide + 1)
    stem = reach[2 * hook : high - 2 * hook]
    ends = reach[:hook].max(), reach[-hook:].max()
    whole = bool(glyph.any(axis=1).all())
    return whole and min(ends) >= _OVER * wide and bool(stem.max() <= _STEM * wide)


def _partner(opening: Box, closing: list[Box]) -> Box | None:
    """The nearest closing bracket behind an opening one that is like it."""
    near = [
        box
        for box in closing
        if _ROOM[0] <= box.x - right(opening) <= _ROOM[1]
        and abs(middle(box)[1] - middle(opening)[1]) <= _ALIKE * opening.h
        and abs(box.h - opening.h) <= _ALIKE * opening.h
    ]
    return min(near, key=lambda box: box.x, default=None)


def _is_empty(ink: Grey, room: Box) -> bool:
    rows = slice(round(room.y * PX), round(bottom(room) * PX))
    inside = ink[rows, round(room.x * PX) : round(right(room) * PX)]
    return inside.size > 0 and float((inside > 0).mean()) < _INKED
