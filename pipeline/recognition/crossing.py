"""Strokes that run across fields: a line that strikes out a row or a page, the ring of a stamp.

A pen that fills in a form stays with one field at a time. What goes from one field to the next beside it, is taller
than any writing, or runs on far beyond the box that it lies in says of all that it crosses that it may not hold.
"""

from collections import Counter
from functools import lru_cache
from itertools import permutations
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.forms.ink import PageInk
from pipeline.forms.layout import Box, FieldLayout, Kind, PageLayout, around
from pipeline.recognition.bare import PX_PER_MM, Mask, Part, part_of, sides_of, take_out, unprinted
from pipeline.recognition.doubt import Key
from pipeline.registration.fit import Floats

_OUTLINE_MM: Final = 0.35
"""So far around the middle of a field's own lines ink is theirs."""
_LINES_SHOW: Final = 0.2
"""Of the lines of cells so much is dark where a copier or a 1-bit scan made them so; writing covers less."""
_BRIDGED_PX: Final = 5
"""Strokes that are this close are one: pads and dry pens leave gaps, and so do the lines that were taken out."""
_TOUCHING_PX: Final = 3
_EDGE_MM: Final = 6.0
"""So near the edge of the page lies what lay beneath it."""
_HIGH_MM: Final = 30.0
"""Writing that touches that of the rows above and below reaches 25 mm on pages of careless hands."""
_FRAME_MM: Final = 1.2
"""A printed frame as high lies so far from its place on paper that bends, and strikes out nothing."""
_PAGE_SHARE: Final = 0.4
"""Of a page's height, covered by what is so tall: all of it was struck out."""
_FLAT_MM: Final = 20.0
"""What strikes out a row is no higher, with the letters that it touches; a stamp is."""
_RUNS_ON_MM: Final = 10.0
"""Ticks end within 6 mm of their box, and where one meets that of the next row within 10."""
_GAP_MM: Final = (2.5, 40.0)
"""Between fields beside each other; the next column is another matter."""
_INTO_GAP_MM: Final = 1.0
"""So far into it writing may reach."""


def crossed(dark: Mask, page: PageLayout, print_: PageInk) -> frozenset[Key]:
    """The fields of a page that something runs across which is no part of what was filled in.

    Of a row that is struck out all of them, and where such strokes go over much of the page everything on it.

    Args:
        dark: where the page is dark, see `bare`.
        page: its layout.
        print_: what is printed around its fields.
    """
    bare, lines = _between_lines(page, print_)
    ink = dark & bare
    if np.count_nonzero(ink & lines) > _LINES_SHOW * np.count_nonzero(lines):
        ink &= ~lines
    strokes, start, size = _strokes(ink, _BRIDGED_PX)
    high = _high(size)
    if _covered(start[high, 1], size[high, 1]) > _PAGE_SHARE * page.height_mm:
        return frozenset((field.name, field.row) for field in page.fields)
    across = _run_on(ink, strokes, start, size, page)
    for left, right in _gaps(page):
        across[np.intersect1d(strokes[left], strokes[right])] = True
    across[0] = False
    flat = across & (size[:, 1] < _FLAT_MM)
    boxes = [start[across], size[across]]
    if len(high):
        # Of rows whose letters touch, fewer do when looked at closely; lines that strike out stay whole.
        _, *tall = _strokes(ink, _TOUCHING_PX)
        high = _high(tall[1])
        boxes = [np.concatenate(both) for both in zip(boxes, (tall[0][high], tall[1][high]), strict=True)]
    rows = Counter(field.row for field in page.fields if _meets(field, start[flat], size[flat]))
    struck = {row for row, fields in rows.items() if row is not None and fields > 1}
    return frozenset(
        (field.name, field.row) for field in page.fields if field.row in struck or _meets(field, *boxes)
    )


def _strokes(ink: Mask, bridged_px: int) -> tuple[NDArray[np.int32], Floats, Floats]:
    """The strokes of a page, those that are as close as so many px being one.

    Returns:
        Which one each px is part of, 0 being none, (h, w); their upper left corners and their sizes, each (N, 2), mm.
    """
    bridged = cv2.dilate(ink.astype(np.uint8), np.ones((bridged_px, bridged_px), np.uint8))
    _, strokes, stats, _ = cv2.connectedComponentsWithStats(bridged, connectivity=8)
    start, size = (
        np.asarray(stats[:, i : i + 2] / PX_PER_MM, np.float64) for i in (cv2.CC_STAT_LEFT, cv2.CC_STAT_WIDTH)
    )
    return np.asarray(strokes, np.int32), start, size


def _high(size: Floats) -> NDArray[np.int64]:
    """Which strokes (N, 2) are higher than any writing; the 0th is none."""
    return np.flatnonzero(size[1:, 1] > _HIGH_MM) + 1


def _covered(start: Floats, size: Floats) -> float:
    """How much some stretches (N,) cover together, mm."""
    covered, upto = 0.0, 0.0
    for first, last in sorted(zip(start, start + size, strict=True)):
        covered += max(0.0, last - max(first, upto))
        upto = max(upto, last)
    return covered


def _run_on(
    ink: Mask, strokes: NDArray[np.int32], start: Floats, size: Floats, page: PageLayout
) -> NDArray[np.bool_]:
    """Which strokes (N,) have ink in a box to mark and run on far beyond it."""
    found = np.zeros(len(start), bool)
    for box in (choice.box for field in page.fields for choice in field.choices):
        part = part_of(box.grown(-_OUTLINE_MM))
        if ink[part].any():
            inside = np.unique(strokes[part])
            before = (box.x, box.y) - start[inside]
            beyond = start[inside] + size[inside] - (box.x + box.w, box.y + box.h)
            found[inside] |= np.maximum(before, beyond).max(axis=1) > _RUNS_ON_MM
    return found


def _meets(field: FieldLayout, start: Floats, size: Floats) -> bool:
    """Whether a part of a field lies where one of some strokes (N, 2) in mm does."""
    if not len(start):
        return False
    low = np.array([[box.x, box.y] for box in field.parts])[:, None]
    high = low + np.array([[box.w, box.h] for box in field.parts])[:, None]
    return bool(((low < start + size) & (high > start)).all(axis=2).any())


@lru_cache(maxsize=16)
def _gaps(page: PageLayout) -> tuple[tuple[Part, Part], ...]:
    """Where to look for what goes from a field to the next beside it: px along the first one's end, and the other's."""
    boxes = [around(field.parts) for field in page.fields]
    found = []
    for one, other in permutations(boxes, 2):
        top, foot = max(one.y, other.y), min(one.y + one.h, other.y + other.h)
        end, begin = one.x + one.w, other.x
        if _GAP_MM[0] <= begin - end <= _GAP_MM[1] and foot - top >= min(one.h, other.h) / 2:
            at = (Box(x, top, 1 / PX_PER_MM, foot - top) for x in (end + _INTO_GAP_MM, begin - _INTO_GAP_MM))
            found.append((part_of(next(at)), part_of(next(at))))
    return tuple(found)


@lru_cache(maxsize=16)
def _between_lines(page: PageLayout, print_: PageInk) -> tuple[Mask, Mask]:
    """Where on a page nothing black is printed, and where the lines of cells and areas are, which are pale."""
    bare, pale = unprinted(page, print_).copy(), np.ones(unprinted(page, print_).shape, bool)
    for field in page.fields:
        for side in (side for box in field.parts for side in sides_of(box)):
            take_out(bare if field.kind is Kind.MARKS else pale, side, _OUTLINE_MM)
    for frame in (shape.box for shape in print_.shapes if shape.box.h > _HIGH_MM):
        for side in sides_of(frame)[2:]:
            take_out(bare, side, _FRAME_MM)
    edge = round(_EDGE_MM * PX_PER_MM)
    inner = np.zeros_like(bare)
    inner[edge:-edge, edge:-edge] = True
    return bare & inner, ~pale
