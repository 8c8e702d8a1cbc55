"""Boxes to mark whose outlines hardly show: where characters make a lattice, as large as all together show them."""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from pipeline.drafting.lattice import Lattice, Place, lattices
from pipeline.drafting.stack import Floats, Outline, is_shown, shared_outline, stacked
from pipeline.drafting.types import PX, Grey, Tick
from pipeline.forms.layout import Box

_ROOM: Final = 0.75
"""How far around a character its outline is looked for, of the step to the next one."""
_SAME: Final = 0.25
_MARKED: Final = 2
"""So many filled boxes of its outline's size tell that a lattice is meant to be marked."""
_SIZED: Final = 3
"""So many filled boxes tell the size of an outline that cannot be seen at all."""
_INKED: Final = 0.02
"""A place so much of which is ink is no gap in a lattice."""


def pale_ticks(grey: Grey, ink: Grey) -> list[Tick]:
    """Boxes to mark of which little more than the character inside shows.

    A lattice counts only where its characters together show an outline, or where boxes of it were filled in.

    Args:
        grey: the page (H, W) at `PX` px per mm.
        ink: its thin strokes.
    """
    found: list[Tick] = []
    some = lattices(grey, ink)
    own = [_outline(grey, [one]) for one in some]
    for lattice, seen in zip(some, own, strict=True):
        outline = seen or _of_others(grey, lattice, some, own) or _of_marks(lattice)
        if outline is None or not (seen or _marked(lattice.places, outline) >= _MARKED):
            continue
        places = [place for place in lattice.places if place.spot or _is_inked(ink, place, outline)]
        for line in lattice.beside:
            if _marked(line, outline) or is_shown(_pictures(grey, [line], lattice), outline):
                places += line
        found += [Tick(_box(place, outline), outline.round, True) for place in places]
    return found


def _outline(grey: Grey, some: Sequence[Lattice]) -> Outline | None:
    """The outline that the characters of lattices show together."""
    pictures = _pictures(grey, [one.places for one in some], some[0])
    across, down = (min(one.pitch[axis] for one in some) for axis in (0, 1))
    return shared_outline(pictures, some[0].character, (across, down))


def _pictures(grey: Grey, lines: Iterable[Sequence[Place]], lattice: Lattice) -> Floats:
    middles = [(one.x, one.y) for line in lines for one in line if one.spot and one.spot.letter]
    return stacked(grey, middles, (round(_ROOM * lattice.pitch[0]), round(_ROOM * lattice.pitch[1])))


def _of_others(
    grey: Grey, lattice: Lattice, some: Sequence[Lattice], own: Sequence[Outline | None]
) -> Outline | None:
    """The outline of the lattices whose characters are as large: the clearest, else what all show together."""
    alike = [
        (other, outline)
        for other, outline in zip(some, own, strict=True)
        if abs(other.character[1] - lattice.character[1]) <= _SAME * lattice.character[1]
    ]
    seen = [outline for _, outline in alike if outline]
    return max(seen, key=lambda one: one.contrast) if seen else _outline(grey, [other for other, _ in alike])


def _of_marks(lattice: Lattice) -> Outline | None:
    """The size of the boxes that were filled in."""
    marks = [place.spot for place in lattice.places if place.spot and not place.spot.letter]
    if len(marks) < _SIZED:
        return None
    w, h = (float(np.median([mark[side] for mark in ((one.w, one.h) for one in marks)])) for side in (0, 1))
    return Outline(0.0, 0.0, w, h, False, 0.0)


def _marked(places: Sequence[Place], outline: Outline) -> int:
    """How many places hold a filled box of about the size of an outline."""
    return sum(
        place.spot is not None
        and not place.spot.letter
        and abs(place.spot.w - outline.w) <= _SAME * outline.w
        and abs(place.spot.h - outline.h) <= _SAME * outline.h
        for place in places
    )


def _is_inked(ink: Grey, place: Place, outline: Outline) -> bool:
    left, top = round(place.x - outline.w / 2), round(place.y - outline.h / 2)
    inside = ink[max(top, 0) : top + round(outline.h), max(left, 0) : left + round(outline.w)]
    return inside.size > 0 and float((inside > 0).mean()) >= _INKED


def _box(place: Place, outline: Outline) -> Box:
    left, top = place.x + outline.x - outline.w / 2, place.y + outline.y - outline.h / 2
    return Box(*(value / PX for value in (left, top, outline.w, outline.h)))
