"""Which printed lines of a page tell where it lies: outlines of combs, in pieces, of tick boxes and areas."""

from typing import Final, NamedTuple

import numpy as np

from pipeline.forms.layout import Box, Kind, PageLayout
from pipeline.registration.fit import Floats

ALONG: Final = 32
"""Points that are added up along the lines of one outline."""
_END_MM: Final = 0.5
_LONGEST_MM: Final = 28.0
_SHORT_MM: Final = 17.0
"""Three cells: on paper that bends, a longer line is not straight."""
_BINS: Final = (4, 7)
_PER_BIN: Final = 2


class Outline(NamedTuple):
    """Lines found together.

    Attributes:
        middle: (2,) mm.
        lines: (2, ALONG, 2) mm, points on two vertical lines, then on two horizontal ones; half on each.
        upright: whether there are vertical lines.
    """

    middle: Floats
    lines: Floats
    upright: bool = True


def spread(page: PageLayout) -> list[Outline]:
    """Outlines that suffice for a flat page: at most `_PER_BIN` in each part of it, the widest first."""
    bins: dict[tuple[int, int], list[Box]] = {}
    for box in _rectangles(page, _LONGEST_MM):
        column = int((box.x + box.w / 2) / page.width_mm * _BINS[0])
        row = int((box.y + box.h / 2) / page.height_mm * _BINS[1])
        bins.setdefault((column, row), []).append(box)
    widest = [box for group in bins.values() for box in sorted(group, key=lambda box: -box.w)[:_PER_BIN]]
    return [_outline(box) for box in widest]


def all_pieces(page: PageLayout) -> list[Outline]:
    """All outlines of a page, in pieces so short that they are straight on bent paper too."""
    pieces = [_outline(box) for box in _rectangles(page, _SHORT_MM)]
    for field in page.fields:
        if field.kind is Kind.AREA:
            pieces += _parts(field.box)
    return pieces


def _outline(box: Box) -> Outline:
    return _with_lines(box, (box.x, box.x + box.w))


def _parts(area: Box) -> list[Outline]:
    """An area's outline in pieces: its ends have one vertical line, what lies between them none."""
    count = int(np.ceil(area.w / _SHORT_MM))
    if count == 1:
        return [_outline(area)]
    width, right = area.w / count, area.x + area.w
    pieces = [Box(area.x + i * width, area.y, width, area.h) for i in range(count)]
    return [
        _with_lines(pieces[0], (area.x, area.x)),
        *(_with_lines(piece, (piece.x, piece.x))._replace(upright=False) for piece in pieces[1:-1]),
        _with_lines(pieces[-1], (right, right)),
    ]


def _with_lines(box: Box, upright: tuple[float, float]) -> Outline:
    half = ALONG // 2
    tall = np.linspace(box.y + _END_MM, box.y + box.h - _END_MM, half)
    wide = np.linspace(box.x + _END_MM, box.x + box.w - _END_MM, half)
    vertical = np.column_stack([np.repeat(upright, half), np.tile(tall, 2)])
    horizontal = np.column_stack([np.tile(wide, 2), np.repeat([box.y, box.y + box.h], half)])
    return Outline(np.array([box.x + box.w / 2, box.y + box.h / 2]), np.stack([vertical, horizontal]))


def _rectangles(page: PageLayout, longest_mm: float) -> list[Box]:
    """Rectangles whose four sides are printed: combs in pieces of some cells, and tick boxes."""
    boxes = []
    for field in page.fields:
        run: list[Box] = []
        for cell in field.cells:
            joins = run and abs(run[-1].x + run[-1].w - cell.x) < 0.05 and abs(run[-1].y - cell.y) < 0.05
            if run and (not joins or cell.x + cell.w - run[0].x > longest_mm):
                boxes.append(_around(run))
                run = []
            run.append(cell)
        if run:
            boxes.append(_around(run))
        boxes += [choice.box for choice in field.choices]
    return boxes


def _around(cells: list[Box]) -> Box:
    first, last = cells[0], cells[-1]
    return Box(first.x, first.y, last.x + last.w - first.x, first.h)
