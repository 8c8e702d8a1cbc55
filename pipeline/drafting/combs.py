"""Rectangles that touch in a row become combs; what is left over is a box to mark or a frame."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from pipeline.drafting.geometry import (
    alike,
    bottom,
    clusters,
    middle,
    overlap,
    right,
    same_row,
    share_inside,
)
from pipeline.drafting.grids import is_stacked
from pipeline.drafting.types import Chunk, Comb, Tick
from pipeline.forms.layout import Box, around

_CELL: Final = (2.4, 13.0)
_CELL_HEIGHT: Final = (3.0, 16.0)
_LEVEL: Final = 0.6
_TOUCH: Final = 0.9
"""Cells with less between them touch, mm."""
_ALIKE: Final = 0.16
_TWIN_GAP: Final = 0.35
"""Single squares nearer than this share of their width are cells of one comb."""
_LEAST_TWINS: Final = 3
_OBLONG: Final = 0.5
_SAME: Final = 0.25
_TILE: Final = 0.8
"""So much of a box its tiles cover together, so much of each lies inside, and none is as wide as that."""
_PART_GAP: Final = 1.7
"""Parts of one comb (day, month, year) are at most so many cells apart."""
_NARROW: Final = 8.0
"""Cells beside that of a label are no broader, mm; columns of a table are."""
_BROAD: Final = 2.5
"""The cell of a label is so many times as broad as one for a character."""
_COLUMNS: Final = 5
"""So many narrow columns side by side may be answers of a table."""
_LEAST_UNITS: Final = 3
"""At least two boxes of a row, and half of them, are one cell wide: heads of a table may be whole times one."""
_RIM: Final = 0.3
"""The sides of two combs reach so far into the gap between them, mm."""


@dataclass(frozen=True, slots=True)
class Sorted:
    """Closed shapes by what they are for."""

    combs: tuple[Comb, ...]
    ticks: tuple[Tick, ...]
    frames: tuple[Box, ...]


def sort_shapes(rectangles: Sequence[Box], ticks: Sequence[Tick]) -> Sorted:
    """Which rectangles are cells of combs, which are boxes to mark, which are frames to write in."""
    unique = _unique([*rectangles, *(tick.box for tick in ticks if not tick.round)])
    flat = [box for box in unique if _CELL_HEIGHT[0] <= box.h <= _CELL_HEIGHT[1]]
    chains = [chain for row in _rows(flat) for chain in _chains(row) if len(chain) > 1]
    chains = _between_labels(chains)
    pitches = [(pitch, chain[0].h) for chain in chains if (pitch := _pitch(chain))]
    found = [Comb(cells) for chain in chains if (cells := _cells(chain, pitches))]
    twins = _twins([tick for tick in ticks if not _in_comb(tick.box, found)])
    found += twins
    found += _singles([tick for tick in ticks if not _in_comb(tick.box, found)], found)
    used = [cell for comb in found for cell in comb.cells]
    free = [
        tick
        for tick in ticks
        if not _covered(tick.box, used)
        and (tick.round or not (is_stacked(tick.box, unique) or _adjoins(tick.box, used)))
    ]
    squares = [
        Tick(box) for box in unique
        if _is_square(box) and not _covered(box, used) and not _covered(box, [tick.box for tick in free])
    ]  # fmt: skip
    marks = [*free, *(tick for tick in squares if any(alike(tick.box, other.box, 0.25) for other in free))]
    taken = [*used, *(tick.box for tick in marks)]
    frames = [box for box in unique if not _covered(box, taken)]
    return Sorted(tuple(found), tuple(marks), tuple(frames))


def join_parts(combs: Sequence[Comb], chunks: Sequence[Chunk], down: Sequence[Box]) -> list[Comb]:
    """Combs of one cell size that follow each other closely with no words and no line between, as one.

    Args:
        combs: the combs as they stand.
        chunks: the printed words.
        down: the page's lines from top to bottom, mm.
    """
    joined: list[Comb] = []
    for comb in sorted(combs, key=lambda one: (round(one.cells[0].y), one.cells[0].x)):
        for index, before in enumerate(joined):
            last, first = before.cells[-1], comb.cells[0]
            gap = first.x - right(last)
            near = 0 < gap <= _PART_GAP * first.w and abs(last.y - first.y) <= _LEVEL
            between = Box(right(last), first.y, max(gap, 0.0), first.h)
            if (
                near
                and alike(last, first, _ALIKE)
                and not any(overlap(one.box, between) > 1 for one in chunks)
                and not any(_parts_off(line, between) for line in down)
            ):
                joined[index] = Comb((*before.cells, *comb.cells))
                break
        else:
            joined.append(comb)
    return joined


def _parts_off(line: Box, between: Box) -> bool:
    """Whether a line down the page, such as that of a table's column, runs through a gap between combs."""
    inside = between.x + _RIM < middle(line)[0] < right(between) - _RIM
    return inside and line.y <= between.y and bottom(line) >= bottom(between)


def parts(comb: Comb, apart: float) -> list[Comb]:
    """What stands apart, by such a share of a cell, in a comb that was taken as one."""
    found = [[comb.cells[0]]]
    for before, cell in pairwise(comb.cells):
        if cell.x - right(before) >= apart * cell.w:
            found.append([])
        found[-1].append(cell)
    return [Comb(tuple(part)) for part in found]


def extent(comb: Comb) -> Box:
    """The box around all cells."""
    return around(comb.cells)


def _unique(boxes: list[Box]) -> list[Box]:
    kept: list[Box] = []
    for box in boxes:
        if not any(share_inside(box, other) > 0.7 and share_inside(other, box) > 0.7 for other in kept):
            kept.append(box)
    return [box for box in kept if not _is_tiled(box, kept)]


def _is_tiled(box: Box, others: Sequence[Box]) -> bool:
    """Whether cells fill a box side by side: a broken guide between them was seen in one way, and not in another."""
    parts = [
        other
        for other in others
        if other.w < _TILE * box.w and abs(other.h - box.h) <= _LEVEL and share_inside(other, box) > _TILE
    ]
    return len(parts) > 1 and sum(part.w for part in parts) > _TILE * box.w


def _rows(boxes: list[Box]) -> list[list[Box]]:
    return [
        sorted(same, key=lambda box: box.x)
        for row in clusters(boxes, lambda box: box.y, _LEVEL / 2)
        for same in clusters(row, lambda box: box.h, _LEVEL)
    ]


def _chains(row: list[Box]) -> list[list[Box]]:
    chains: list[list[Box]] = []
    for box in row:
        if chains and -0.3 <= box.x - right(chains[-1][-1]) <= _TOUCH:
            chains[-1].append(box)
        else:
            chains.append([box])
    return chains


def _between_labels(chains: list[list[Box]]) -> list[list[Box]]:
    """Chains without the broad boxes between narrow ones of one width: the cells of labels, which touch those of combs.

    Some narrow boxes with as many right above or below are columns of a table.
    """
    found: list[list[Box]] = []
    parts: list[list[Box]] = []
    for chain in chains:
        narrow = min(box.w for box in chain)
        if _pitch(chain) is not None or narrow > _NARROW:
            found.append(chain)
            continue
        pieces = [[chain[0]]]
        for before, box in pairwise(chain):
            if max(before.w, box.w) > _BROAD * narrow:
                pieces.append([])
            pieces[-1].append(box)
        cells = [piece for piece in pieces if len(piece) > 1 and _pitch(piece) is not None]
        parts += cells
        found += [] if cells else [chain]
    alone = [
        part
        for part in parts
        if len(part) > _COLUMNS or not any(_is_above(part, one) or _is_above(one, part) for one in parts)
    ]
    return found + alone


def _is_above(one: list[Box], other: list[Box]) -> bool:
    """Whether as many boxes stand right below others."""
    upper, lower = around(one), around(other)
    edges = upper.x - lower.x, right(upper) - right(lower), bottom(upper) - lower.y
    return len(one) == len(other) and max(map(abs, edges)) <= _TOUCH


def _pitch(chain: list[Box]) -> float | None:
    """The width of a cell, when all boxes of a chain are whole multiples of it."""
    narrow = min(box.w for box in chain)
    units = [box.w for box in chain if box.w <= narrow * (1 + _ALIKE)]
    pitch = sum(units) / len(units)
    if not _CELL[0] <= pitch <= _CELL[1] or not 0.3 <= pitch / chain[0].h <= 1.9:
        return None
    whole = all(abs(box.w / pitch - round(box.w / pitch)) <= 0.15 for box in chain)
    return pitch if whole and 2 * len(units) >= max(len(chain), _LEAST_UNITS) else None


def _cells(chain: list[Box], pitches: list[tuple[float, float]]) -> tuple[Box, ...]:
    """The cells of a chain; guides that the print lost are put back where the pitch has them."""
    pitch = _pitch(chain) if len(chain) > 1 else None
    if pitch is None and len(chain) > 1:
        pitch = next((width for width, height in pitches if _fits(chain, width, height)), None)
    if pitch is None:
        return ()
    cells: list[Box] = []
    for box in chain:
        parts = max(round(box.w / pitch), 1)
        width = box.w / parts
        cells += [Box(box.x + part * width, box.y, width, box.h) for part in range(parts)]
    return tuple(cells)


def _fits(chain: list[Box], width: float, height: float) -> bool:
    return abs(chain[0].h - height) <= _LEVEL and all(
        abs(box.w / width - round(box.w / width)) <= 0.1 and box.w > 0.8 * width for box in chain
    )


def _twins(ticks: list[Tick]) -> list[Comb]:
    """Single squares that stand close together in one row, with none like them above or below."""
    squares = [tick.box for tick in ticks if not tick.round]
    found = []
    for row in _rows(squares):
        chains: list[list[Box]] = []
        for box in row:
            last = chains[-1][-1] if chains else None
            if last and 0 < box.x - right(last) <= _TWIN_GAP * box.w and alike(last, box, _ALIKE):
                chains[-1].append(box)
            else:
                chains.append([box])
        found += [
            Comb(tuple(chain)) for chain in chains
            if len(chain) >= _LEAST_TWINS and not any(_stacked(chain, box) for box in squares)
        ]  # fmt: skip
    return found


def _singles(ticks: list[Tick], combs: list[Comb]) -> list[Comb]:
    """Boxes that are no squares but have the size of the page's cells: combs of one cell."""
    return [
        Comb((tick.box,))
        for tick in ticks
        if not tick.round
        and abs(tick.box.w - tick.box.h) > _OBLONG
        and any(
            abs(comb.cells[0].w - tick.box.w) < _SAME and abs(comb.cells[0].h - tick.box.h) < _SAME
            for comb in combs
        )
    ]


def _stacked(chain: list[Box], box: Box) -> bool:
    whole = around(chain)
    near = min(abs(bottom(whole) - box.y), abs(bottom(box) - whole.y)) <= 0.8 * box.h
    return (
        box not in chain and near and whole.x <= middle(box)[0] <= right(whole) and not same_row(box, whole)
    )


def _is_square(box: Box) -> bool:
    return 2.1 <= box.w <= 9 and 0.8 <= box.w / box.h <= 1.25


def _adjoins(box: Box, cells: Sequence[Box]) -> bool:
    """Whether a box begins or ends where cells do: it is what lies between two combs."""
    return any(
        same_row(box, cell) and min(abs(right(cell) - box.x), abs(right(box) - cell.x)) <= _RIM
        for cell in cells
    )


def _in_comb(box: Box, combs: list[Comb]) -> bool:
    return _covered(box, [cell for comb in combs for cell in comb.cells])


def _covered(box: Box, others: Sequence[Box]) -> bool:
    area = box.w * box.h
    return any(overlap(box, other) > 0.4 * min(area, other.w * other.h) for other in others)
