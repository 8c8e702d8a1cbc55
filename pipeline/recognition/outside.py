"""Writing beside a field, where the form has bare paper: a correction, or an answer that missed its place.

A comb with writing around it is shown to a person, and so is a choice without a mark that has some around its boxes or
their labels: people circle what they mean, or strike out what they do not.
"""

from collections.abc import Mapping, Sequence, Set
from functools import lru_cache
from typing import Final

import cv2
import numpy as np

from pipeline.forms.ink import PageInk, rounded
from pipeline.forms.layout import Box, Kind, PageLayout, around
from pipeline.recognition.bare import PX_PER_MM, Mask, Part, part_of, take_out, unprinted
from pipeline.recognition.doubt import Key

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


def written_beside(dark: Mask, page: PageLayout, print_: PageInk, filled: Set[Key]) -> frozenset[Key]:
    """The combs, and the choices without a mark, of a page that have writing around them.

    Args:
        dark: where the page is dark, see `bare`.
        page: its layout.
        print_: what is printed around its fields.
        filled: the combs that hold ink, and the choices that have a mark.
    """
    return _beside_combs(dark, page, print_, filled) | _beside_choices(dark, page, print_, filled)


def _beside_combs(dark: Mask, page: PageLayout, print_: PageInk, filled: Set[Key]) -> frozenset[Key]:
    bare = _bare(page, print_).copy()
    asked = []
    for comb in (field for field in page.fields if field.kind is Kind.COMB):
        key, box = (comb.name, comb.row), rounded(around(comb.cells))
        within, passes = _OWN[key in filled]
        take_out(bare, box, within)
        asked.append((key, (_spoken_of(box),), passes))
    return _with_strokes(dark & bare, asked)


def _beside_choices(dark: Mask, page: PageLayout, print_: PageInk, filled: Set[Key]) -> frozenset[Key]:
    bare = unprinted(page, print_).copy()
    circled = _circled(page, print_)
    for field in page.fields:
        key = field.name, field.row
        unmarked = key in circled and key not in filled
        within = _BOX_MM if unmarked else _OTHERS_MM.get(field.kind, _OWN[True][0])
        for box in field.parts:
            take_out(bare, box, within)
    asked = [(key, parts, _UNMARKED_MM2) for key, parts in circled.items() if key not in filled]
    return _with_strokes(dark & bare, asked)


@lru_cache(maxsize=16)
def _circled(page: PageLayout, print_: PageInk) -> Mapping[Key, tuple[Part, ...]]:
    """What a person goes round who circles or strikes out a choice: its boxes, and the labels right of them."""
    runs = [run.box for run in print_.runs]
    found = {}
    for field in page.fields:
        boxes = [choice.box for choice in field.choices]
        labels = [run for run in runs if any(_is_label(run, box) for box in boxes)]
        parts = [box.grown(_CIRCLE_MM) for box in boxes] + [box.grown(_ROUND_LABEL_MM) for box in labels]
        if boxes:
            found[field.name, field.row] = tuple(part_of(box) for box in parts)
    return found


def _is_label(run: Box, box: Box) -> bool:
    """Whether a line of text begins right of a box to mark, at its height."""
    return run.y < box.y + box.h / 2 < run.y + run.h and 0 < run.x - box.x - box.w < _LABEL_MM


def _with_strokes(ink: Mask, asked: Sequence[tuple[Key, tuple[Part, ...], float]]) -> frozenset[Key]:
    """The fields that have more strokes in one of their parts than may pass, mm²."""
    inked = [one for one in asked if max(_area(ink[part]) for part in one[1]) >= one[2]]
    if not inked:
        return frozenset()
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8)
    extent = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    stroke = (stats[:, cv2.CC_STAT_AREA] >= _PART_MM2 * PX_PER_MM**2) & (extent >= _LONG_MM * PX_PER_MM)
    stroke[0] = False
    return frozenset(
        key for key, parts, passes in inked if max(_area(stroke[labels[part]]) for part in parts) >= passes
    )


def _area(ink: Mask) -> float:
    """How much ink there is, mm²."""
    return int(np.count_nonzero(ink)) / PX_PER_MM**2


def _spoken_of(comb: Box) -> Part:
    """The px around a comb that speak of it."""
    wide, high = comb.w + 2 * _ASIDE_MM, comb.h + _UP_MM + _DOWN_MM
    return part_of(Box(comb.x - _ASIDE_MM, comb.y - _UP_MM, wide, high))


@lru_cache(maxsize=16)
def _bare(page: PageLayout, print_: PageInk) -> Mask:
    """Where on a page nothing is printed and no field but a comb reaches: bool (h, w)."""
    bare = unprinted(page, print_).copy()
    for field in page.fields:
        spared = _OTHERS_MM[Kind.MARKS] - _BELOW_TICK_MM if field.kind is Kind.MARKS else 0.0
        for box in field.parts if field.kind is not Kind.COMB else ():
            take_out(bare, box._replace(h=box.h - spared), _OTHERS_MM[field.kind])
    bare.flags.writeable = False
    return bare
