"""Writing beside a field, where the form has bare paper: a correction, or an answer that missed its place.

Where the printer puts ink is known to the hundredth of a mm, so what is dark on paper that should be bare was written
there. A comb with writing around it is shown to a person, and so is a choice without a mark that has some around its
boxes or their labels: people circle what they mean, or strike out what they do not. What runs on far beyond a box, as
the ring of a stamp does and a line that strikes out rows, is no mark of that box.
"""

from collections.abc import Mapping, Sequence, Set
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.forms.ink import PageInk, rounded
from pipeline.forms.layout import Box, Kind, PageLayout, around
from pipeline.recognition.doubt import Key
from pipeline.registration.crop import crop
from pipeline.registration.plane import Plane

_PX_PER_MM: Final = 4.0
_TILE_PX: Final = 36
"""Side of the tiles whose paper is measured by itself."""
_DARK: Final = 0.75
"""Share of the paper's light below which something is written."""
_PRINT_MM: Final = 0.4
"""So far around printed ink nothing is looked for: type is blurred, paper shrinks."""
_OTHERS_MM: Final = {Kind.MARKS: 3.0, Kind.AREA: 7.0, Kind.LINE: 4.0}
"""So far around a field that is no comb its own writing may reach …"""
_BELOW_TICK_MM: Final = 1.2
"""… but ticks end above their box, or beside it …"""
_BOX_MM: Final = 0.5
"""… and there are none where nothing is marked."""
_UP_MM, _ASIDE_MM, _DOWN_MM = 5.5, 5.0, 3.5
"""How far from a comb writing is taken to speak of it."""
_CIRCLE_MM: Final = 3.5
"""And how far from a box to mark."""
_LABEL_MM: Final = 2.5
"""How far right of its box a label begins, at most."""
_ROUND_LABEL_MM: Final = 1.0
_PART_MM2: Final = 0.1
_LONG_MM: Final = 0.4
"""Anything smaller is dust."""
_OWN: Final = {True: (1.2, 0.8), False: (0.3, 0.3)}
"""So far around a comb, mm, its own writing may reach, and how much beyond, mm², is let pass: by whether it is filled.

What stands on the label of an empty comb shows in the gaps of the print alone.
"""
_UNMARKED_MM2: Final = 0.5
"""So much is let pass around boxes of which none is marked."""
_OUTLINE_MM: Final = 0.35
"""So far around the middle of a box's own lines ink is theirs."""
_BRIDGED_PX: Final = 5
"""Strokes that are this close are one: pads and dry pens leave gaps, and so do the lines that were taken out."""
_RUNS_ON_MM: Final = 10.0
"""Ticks end within 6 mm of their box, and where one meets that of the next row within 10."""

Part = tuple[slice, slice]
"""Rows and columns of a page."""


def written_beside(
    image: NDArray[np.uint8], plane: Plane, page: PageLayout, print_: PageInk, filled: Set[Key]
) -> frozenset[Key]:
    """The combs and choices of a page that have writing around them which may change what they say.

    Combs with any, choices without a mark whose boxes or labels have some, and choices in a box of which lies part of
    something that runs on far beyond it.

    Args:
        image: uint8 (H, W), grey, paper bright.
        plane: mm to px.
        page: its layout.
        print_: what is printed around its fields.
        filled: the combs that hold ink, and the choices that have a mark.
    """
    upright = crop(image, plane, Box(0.0, 0.0, page.width_mm, page.height_mm), _PX_PER_MM)
    dark = upright < _DARK * _paper(upright)
    return (
        _beside_combs(dark, page, print_, filled)
        | _beside_choices(dark, page, print_, filled)
        | _running_on(dark, page, print_)
    )


def _beside_combs(
    dark: NDArray[np.bool_], page: PageLayout, print_: PageInk, filled: Set[Key]
) -> frozenset[Key]:
    bare = _bare(page, print_).copy()
    asked = []
    for comb in (field for field in page.fields if field.kind is Kind.COMB):
        key, box = (comb.name, comb.row), rounded(around(comb.cells))
        within, passes = _OWN[key in filled]
        _take_out(bare, box, within)
        asked.append((key, (_spoken_of(box),), passes))
    return _with_strokes(dark & bare, asked)


def _beside_choices(
    dark: NDArray[np.bool_], page: PageLayout, print_: PageInk, filled: Set[Key]
) -> frozenset[Key]:
    bare = _unprinted(page, print_).copy()
    circled = _circled(page, print_)
    for field in page.fields:
        key = field.name, field.row
        unmarked = key in circled and key not in filled
        within = _BOX_MM if unmarked else _OTHERS_MM.get(field.kind, _OWN[True][0])
        for box in field.parts:
            _take_out(bare, box, within)
    asked = [(key, parts, _UNMARKED_MM2) for key, parts in circled.items() if key not in filled]
    return _with_strokes(dark & bare, asked)


def _running_on(dark: NDArray[np.bool_], page: PageLayout, print_: PageInk) -> frozenset[Key]:
    """The choices with ink in one of their boxes that is part of something much longer than a mark."""
    boxes = [
        ((field.name, field.row), choice.box)
        for field in page.fields
        if field.kind is Kind.MARKS
        for choice in field.choices
    ]
    ink = dark & _between_outlines(page, print_)
    inked = [(key, box) for key, box in boxes if ink[_px(_grown(box, -_OUTLINE_MM))].any()]
    if not inked:
        return frozenset()
    bridged = cv2.dilate(ink.astype(np.uint8), np.ones((_BRIDGED_PX, _BRIDGED_PX), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(bridged, connectivity=8)
    start, size = (stats[:, i : i + 2] / _PX_PER_MM for i in (cv2.CC_STAT_LEFT, cv2.CC_STAT_WIDTH))
    found = set()
    for key, box in inked:
        within = np.unique(labels[_px(_grown(box, -_OUTLINE_MM))])
        strokes = within[within > 0]
        before = (box.x, box.y) - start[strokes]
        beyond = start[strokes] + size[strokes] - (box.x + box.w, box.y + box.h)
        if max(before.max(), beyond.max()) > _RUNS_ON_MM:
            found.add(key)
    return frozenset(found)


@lru_cache(maxsize=16)
def _between_outlines(page: PageLayout, print_: PageInk) -> NDArray[np.bool_]:
    """Where on a page nothing is printed, the outlines of boxes to mark left out too: bool (h, w)."""
    bare = _unprinted(page, print_).copy()
    for box in (choice.box for field in page.fields for choice in field.choices):
        for side in _sides(box):
            _take_out(bare, side, _OUTLINE_MM)
    bare.flags.writeable = False
    return bare


@lru_cache(maxsize=16)
def _circled(page: PageLayout, print_: PageInk) -> Mapping[Key, tuple[Part, ...]]:
    """What a person goes round who circles or strikes out a choice: its boxes, and the labels right of them."""
    runs = [run.box for run in print_.runs]
    found = {}
    for field in page.fields:
        boxes = [choice.box for choice in field.choices]
        labels = [run for run in runs if any(_is_label(run, box) for box in boxes)]
        grown = [_grown(box, _CIRCLE_MM) for box in boxes] + [
            _grown(label, _ROUND_LABEL_MM) for label in labels
        ]
        if boxes:
            found[field.name, field.row] = tuple(_px(box) for box in grown)
    return found


def _is_label(run: Box, box: Box) -> bool:
    """Whether a line of text begins right of a box to mark, at its height."""
    return run.y < box.y + box.h / 2 < run.y + run.h and 0 < run.x - box.x - box.w < _LABEL_MM


def _grown(box: Box, by: float) -> Box:
    return Box(box.x - by, box.y - by, box.w + 2 * by, box.h + 2 * by)


def _with_strokes(
    ink: NDArray[np.bool_], asked: Sequence[tuple[Key, tuple[Part, ...], float]]
) -> frozenset[Key]:
    """The fields that have more strokes in one of their parts than may pass, mm²."""
    inked = [one for one in asked if max(_area(ink[part]) for part in one[1]) >= one[2]]
    if not inked:
        return frozenset()
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8)
    extent = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    stroke = (stats[:, cv2.CC_STAT_AREA] >= _PART_MM2 * _PX_PER_MM**2) & (extent >= _LONG_MM * _PX_PER_MM)
    stroke[0] = False
    return frozenset(
        key for key, parts, passes in inked if max(_area(stroke[labels[part]]) for part in parts) >= passes
    )


def _area(ink: NDArray[np.bool_]) -> float:
    """How much ink there is, mm²."""
    return int(np.count_nonzero(ink)) / _PX_PER_MM**2


def _paper(upright: NDArray[np.uint8]) -> NDArray[np.float32]:
    """How bright the paper is around each px of a page."""
    h, w = (-(-side // _TILE_PX) for side in upright.shape)
    beyond = [(0, n * _TILE_PX - side) for n, side in zip((h, w), upright.shape, strict=True)]
    whole = np.pad(upright, beyond, mode="reflect")
    tiles = whole.reshape(h, _TILE_PX, w, _TILE_PX).swapaxes(1, 2)
    sparse = tiles[:, :, ::3, ::3].reshape(h, w, -1)
    k = int(0.8 * sparse.shape[2])
    level = np.partition(sparse, k, axis=2)[:, :, k].astype(np.float32)
    paper = cv2.resize(level, whole.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(paper[: upright.shape[0], : upright.shape[1]], np.float32)


def _spoken_of(comb: Box) -> Part:
    """The px around a comb that speak of it."""
    wide, high = comb.w + 2 * _ASIDE_MM, comb.h + _UP_MM + _DOWN_MM
    return _px(Box(comb.x - _ASIDE_MM, comb.y - _UP_MM, wide, high))


def _px(box: Box) -> Part:
    ends = box.x, box.y, box.x + box.w, box.y + box.h
    x0, y0, x1, y1 = (max(0, round(side * _PX_PER_MM)) for side in ends)
    return slice(y0, y1), slice(x0, x1)


@lru_cache(maxsize=16)
def _unprinted(page: PageLayout, print_: PageInk) -> NDArray[np.bool_]:
    """Where on a page nothing is printed but its fields: bool (h, w)."""
    size = round(page.height_mm * _PX_PER_MM), round(page.width_mm * _PX_PER_MM)
    bare = np.ones(size, bool)
    printed = [letter for run in print_.runs for letter in run.letters] + [slot.box for slot in print_.slots]
    printed += [page.qr, page.serial] if page.qr and page.serial else []
    printed += [marker.box for marker in page.markers]
    for box in printed:
        _take_out(bare, box, _PRINT_MM)
    for shape in print_.shapes:
        for box in [shape.box] if shape.fill is not None else _sides(shape.box):
            _take_out(bare, box, _PRINT_MM + shape.stroke / 2)
    bare.flags.writeable = False
    return bare


@lru_cache(maxsize=16)
def _bare(page: PageLayout, print_: PageInk) -> NDArray[np.bool_]:
    """Where on a page nothing is printed and no field but a comb reaches: bool (h, w)."""
    bare = _unprinted(page, print_).copy()
    for field in page.fields:
        spared = _OTHERS_MM[Kind.MARKS] - _BELOW_TICK_MM if field.kind is Kind.MARKS else 0.0
        for box in field.parts if field.kind is not Kind.COMB else ():
            _take_out(bare, box._replace(h=box.h - spared), _OTHERS_MM[field.kind])
    bare.flags.writeable = False
    return bare


def _sides(box: Box) -> list[Box]:
    return [
        Box(box.x, box.y, box.w, 0.0),
        Box(box.x, box.y + box.h, box.w, 0.0),
        Box(box.x, box.y, 0.0, box.h),
        Box(box.x + box.w, box.y, 0.0, box.h),
    ]


def _take_out(bare: NDArray[np.bool_], box: Box, around_mm: float) -> None:
    bare[_px(_grown(box, around_mm))] = False
