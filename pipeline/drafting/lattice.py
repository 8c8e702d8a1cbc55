"""Lone characters in even rows and columns, the same in each line of a series: where pale boxes to mark may stand."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from pipeline.drafting.geometry import clusters
from pipeline.drafting.types import PX, Grey

Floats = NDArray[np.float64]

_HEIGHT: Final = (1.0, 4.5)
"""Heights of characters in boxes to mark, mm."""
_BROAD: Final = 1.4
_SPECK: Final = 4
"""So few px are grain, no neighbour."""
_ALONE: Final = (0.7, 0.4)
"""A lone character has no other within such shares of its height, across and down."""
_PALE: Final = 0.5
"""What is paler than this share of a character's own darkness is an outline or grain, no neighbour."""
_LEVELS: Final = (18.0, 30.0, 50.0, 80.0, 120.0)
"""Darknesses between which ink is told apart, grey levels below its paper."""
_SAME: Final = 0.3
"""Characters of one kind of box differ in height by at most so much."""
_REACH: Final = (7.0, 6.0)
"""The next box of a row or column is at most so many heights of a character away."""
_BESIDE: Final = 0.4
"""Neighbours lie at most so many heights beside their row or column."""
_DARK: Final = 0.62
_BLOT: Final = (1.8, 9.0)
"""Sides of a box that was filled in, mm."""
_SOLID: Final = 0.7
_LEAST: Final = (2, 2, 8)
"""Rows, columns, and places that a lattice has at least."""
_LETTERS: Final = 6
_FULL: Final = 0.8
_LINE: Final = 0.6
"""Which share of a lattice's places, and of a row's or column's, must hold a character or a filled box."""
_LIKE: Final = 0.6
_UNLIKE: Final = 0.15
"""How alike neighbours are that show the same character (correlation), and how much less those of a series are."""
_AS_LIKE: Final = 0.85
"""Neighbours in a line of the series are alike by at least this share of the others: numbers of questions are not."""
_EVEN: Final = 0.15


@dataclass(frozen=True, slots=True)
class Spot:
    """A lone character, or a box that was filled in: its middle and size, px."""

    x: float
    y: float
    w: float
    h: float
    letter: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row and a column of a lattice meet, px, and what stands there."""

    x: float
    y: float
    spot: Spot | None


@dataclass(frozen=True, slots=True)
class Lattice:
    """Rows and columns that show one series of characters.

    Attributes:
        places: all of its places; some may hold nothing, or ink that is neither a lone character nor a filled box.
        beside: rows and columns that go on from it but are not of its series, or not as long.
        character: width and height of its characters, px.
        pitch: the least step from column to column and from row to row, px.
    """

    places: tuple[Place, ...]
    beside: tuple[tuple[Place, ...], ...]
    character: tuple[float, float]
    pitch: tuple[float, float]


def lattices(grey: Grey, ink: Grey) -> list[Lattice]:
    """The lattices of a page (H, W) at `PX` px per mm; `ink` are its thin strokes.

    Words give none: their letters are not alone. Nor do tables of figures, whose neighbours follow no series.
    """
    blots = _blots(grey)
    marks = _Marks.of(grey, ink, blots)
    found = []
    for height, letters in _sizes(marks.lone()):
        fitting = [
            blot for blot in blots if height <= min(blot.w, blot.h) and max(blot.w, blot.h) < 4 * height
        ]
        for block in _linked([*letters, *fitting], height, marks):
            grid = _Grid.of(block, height)
            kept = _of_series(grey, grid, *_full(grid))
            if kept is not None and _is_lattice(grid, *kept):
                found.append(_lattice(grid, *kept))
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Marks:
    """Connected ink with its darkness, and for each level how much ink at least so dark lies above and left of a px."""

    stats: NDArray[np.int32]
    darkness: Floats
    sums: tuple[NDArray[np.int32], ...]

    @classmethod
    def of(cls, grey: Grey, ink: Grey, blots: Sequence[Spot]) -> "_Marks":
        size = round(1.5 * PX) | 1
        hat = cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, np.ones((size, size), np.uint8))
        free = ink.copy()
        for blot in blots:
            reach = np.asarray((blot.w, blot.h)) / 2 + 0.4 * PX
            (left, top), (right, bottom) = (
                np.maximum(np.round((blot.x, blot.y) + way * reach), 0).astype(int) for way in (-1, 1)
            )
            free[top:bottom, left:right] = 0
        count, labels, stats, _ = cv2.connectedComponentsWithStats(free, connectivity=8)
        darkness = np.zeros(count, hat.dtype)
        inked = free > 0
        np.maximum.at(darkness, np.asarray(labels[inked], np.int32), hat[inked])
        sums = tuple(
            np.asarray(cv2.integral((darkness >= level).astype(np.uint8)[labels]), np.int32)
            for level in _LEVELS
        )
        return cls(np.asarray(stats, np.int32)[1:], darkness[1:].astype(float), sums)

    def lone(self) -> list[Spot]:
        """Characters that have no other beside, above or below them."""
        found = []
        for (x, y, w, h, area), dark in zip(self.stats.tolist(), self.darkness.tolist(), strict=True):
            if not _HEIGHT[0] * PX <= h <= _HEIGHT[1] * PX or w > _BROAD * h:
                continue
            across, down = _ALONE[0] * h, _ALONE[1] * h
            if self.inked(x - across, y - down, x + w + across, y + h + down, dark) <= area + _SPECK:
                found.append(Spot(x + w / 2, y + h / 2, w, h, True))
        return found

    def inked(self, left: float, top: float, right: float, bottom: float, dark: float) -> int:
        """How many px between are not much paler than so dark."""
        level = sum(step < _PALE * dark for step in _LEVELS[:-1])
        sums = self.sums[level]
        (x, beyond), (y, below) = (
            [min(max(round(edge), 0), side - 1) for edge in edges]
            for edges, side in (((left, right), sums.shape[1]), ((top, bottom), sums.shape[0]))
        )
        return int(sums[below, beyond] - sums[y, beyond] - sums[below, x] + sums[y, x])


def _blots(grey: Grey) -> list[Spot]:
    """Dark solid boxes of the size of a box to mark."""
    paper = float(np.percentile(grey[::8, ::8], 90))
    dark = cv2.threshold(grey, _DARK * paper, 255, cv2.THRESH_BINARY_INV)[1]
    core = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((PX + 1, PX + 1), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(core, connectivity=4)
    return [
        Spot(x + w / 2, y + h / 2, w, h, False)
        for x, y, w, h, area in stats[1:].tolist()
        if all(_BLOT[0] * PX <= side <= _BLOT[1] * PX for side in (w, h)) and area >= _SOLID * w * h
    ]


def _sizes(letters: Sequence[Spot]) -> Iterator[tuple[float, list[Spot]]]:
    """Characters of one height, the most frequent height first."""
    left = list(letters)
    while len(left) >= _LETTERS:
        heights = np.asarray([spot.h for spot in left])
        near = np.abs(heights[:, None] - heights) <= _SAME * heights[:, None]
        best = int(near.sum(axis=1).argmax())
        taken = [spot for spot, same in zip(left, near[best], strict=True) if same]
        if len(taken) < _LETTERS:
            return
        yield float(np.median([spot.h for spot in taken])), taken
        left = [spot for spot, same in zip(left, near[best], strict=True) if not same]


def _linked(spots: Sequence[Spot], height: float, marks: _Marks) -> list[list[Spot]]:
    """Spots that are each other's next ones in a row or a column, with nothing between them."""
    at = np.asarray([(spot.x, spot.y) for spot in spots])
    links = [link for axis in (0, 1) for link in _next(at, axis, height) if _free(spots, *link, axis, marks)]
    if not links:
        return []
    ends = np.asarray(links)
    graph = sparse.coo_matrix((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), (len(spots),) * 2)
    count, block = connected_components(graph, directed=False)
    blocks: list[list[Spot]] = [[] for _ in range(count)]
    for spot, number in zip(spots, block.tolist(), strict=True):
        blocks[number].append(spot)
    return [one for one in blocks if sum(spot.letter for spot in one) >= _LETTERS]


def _next(at: Floats, axis: int, height: float) -> list[tuple[int, int]]:
    """Pairs along an axis, each the other's nearest."""
    along = at[None, :, axis] - at[:, None, axis]
    aside = np.abs(at[None, :, 1 - axis] - at[:, None, 1 - axis])
    fits = (along > 0.5 * height) & (along <= _REACH[axis] * height) & (aside <= _BESIDE * height)
    way = np.where(fits, along, np.inf)
    after, before = way.argmin(axis=1), way.argmin(axis=0)
    return [
        (one, int(other))
        for one, other in enumerate(after)
        if np.isfinite(way[one, other]) and before[other] == one
    ]


def _free(spots: Sequence[Spot], one: int, other: int, axis: int, marks: _Marks) -> bool:
    """Whether nothing as dark as a character stands between two spots."""
    first, second = spots[one], spots[other]
    dark = _LEVELS[2] / _PALE
    half = max(min(first.w, second.w) if axis else min(first.h, second.h), 0.0) / 2
    if axis:
        area = (first.x - half, first.y + first.h / 2 + 1, first.x + half, second.y - second.h / 2 - 1)
    else:
        area = (first.x + first.w / 2 + 1, first.y - half, second.x - second.w / 2 - 1, first.y + half)
    return area[2] <= area[0] or area[3] <= area[1] or marks.inked(*area, dark) <= _SPECK


@dataclass(frozen=True, slots=True, eq=False)
class _Grid:
    """A block's spots by row and column, before those that do not belong to it are left out.

    Attributes:
        spots: what stands where.
        rows: where each row runs, once the lean is taken out.
        columns: where each column runs.
        lean: what takes the lean out (2, 2).
    """

    spots: Mapping[tuple[int, int], Spot]
    rows: Floats
    columns: Floats
    lean: Floats

    @classmethod
    def of(cls, block: Sequence[Spot], height: float) -> "_Grid":
        at = np.asarray([(spot.x, spot.y) for spot in block])
        lean = _lean(at, height)
        straight = at @ lean.T
        number, runs = [], []
        for axis in (1, 0):
            at_line = straight[:, axis].tolist()
            lines = clusters(range(len(block)), at_line.__getitem__, _BESIDE * height)
            number.append({one: line for line, some in enumerate(lines) for one in some})
            runs.append(
                np.asarray([_middle([(block[one], straight[one, axis]) for one in some]) for some in lines])
            )
        spots = {(number[0][one], number[1][one]): spot for one, spot in enumerate(block)}
        return cls(spots, runs[0], runs[1], lean)

    def share(self, rows: Sequence[int], columns: Sequence[int]) -> float:
        """Which share of the places where rows and columns meet holds a spot."""
        there = [(row, column) in self.spots for row in rows for column in columns]
        return sum(there) / len(there) if there else 0.0

    def place(self, row: int, column: int) -> Place:
        """The place where a row and a column meet."""
        x, y = np.linalg.solve(self.lean, (self.columns[column], self.rows[row])).tolist()
        return Place(x, y, self.spots.get((row, column)))


def _full(grid: _Grid) -> tuple[list[int], list[int]]:
    """The rows and columns most of whose places hold a spot."""
    rows, columns = list(range(len(grid.rows))), list(range(len(grid.columns)))
    while True:
        kept = [row for row in rows if grid.share([row], columns) >= _LINE]
        wide = [column for column in columns if grid.share(kept, [column]) >= _LINE]
        if (kept, wide) == (rows, columns):
            return rows, columns
        rows, columns = kept, wide


def _of_series(
    grey: Grey, grid: _Grid, rows: list[int], columns: list[int]
) -> tuple[list[int], list[int]] | None:
    """The rows and columns in which neighbours show the same character one way and others the other way.

    None where there is no such series. A line whose characters are not alike where those of the others are is left out.
    """
    along = [_likeness(grey, [grid.spots.get((row, column)) for column in columns]) for row in rows]
    down = [_likeness(grey, [grid.spots.get((row, column)) for row in rows]) for column in columns]
    same = [float(np.median(np.concatenate(some))) if any(map(len, some)) else 0.0 for some in (along, down)]
    if max(same) < _LIKE or max(same) - min(same) < _UNLIKE:
        return None
    if same[0] > same[1]:
        return [row for row, like in zip(rows, along, strict=True) if _is_alike(like, same[0])], columns
    return rows, [column for column, like in zip(columns, down, strict=True) if _is_alike(like, same[1])]


def _is_alike(like: Floats, others: float) -> bool:
    return not len(like) or bool(np.median(like) >= _AS_LIKE * others)


def _is_lattice(grid: _Grid, rows: Sequence[int], columns: Sequence[int]) -> bool:
    """Whether there are enough rows and columns, nearly full, and even at least one way."""
    if len(rows) < _LEAST[0] or len(columns) < _LEAST[1] or len(rows) * len(columns) < _LEAST[2]:
        return False
    letters = sum(
        spot.letter for (row, column), spot in grid.spots.items() if row in rows and column in columns
    )
    if letters < _LETTERS or grid.share(rows, columns) < _FULL:
        return False
    return any(
        _is_even(np.diff(runs[list(lines)])) for runs, lines in ((grid.rows, rows), (grid.columns, columns))
    )


def _lattice(grid: _Grid, rows: Sequence[int], columns: Sequence[int]) -> Lattice:
    places = tuple(grid.place(row, column) for row in rows for column in columns)
    aside = [
        *([(row, column) for row in rows] for column in range(len(grid.columns)) if column not in columns),
        *([(row, column) for column in columns] for row in range(len(grid.rows)) if row not in rows),
    ]
    beside = [tuple(grid.place(*at) for at in line if at in grid.spots) for line in aside]
    letters = [(place.spot.w, place.spot.h) for place in places if place.spot and place.spot.letter]
    w, h = np.median(letters, axis=0).tolist()
    pitch = tuple(
        float(np.diff(runs[list(lines)]).min())
        for runs, lines in ((grid.columns, columns), (grid.rows, rows))
    )
    return Lattice(places, tuple(line for line in beside if len(line) > 1), (w, h), (pitch[0], pitch[1]))


def _lean(at: Floats, height: float) -> Floats:
    """What makes rows level and columns upright (2, 2), by the median slant of neighbours."""
    slants = []
    for axis in (0, 1):
        ways = np.asarray([at[b] - at[a] for a, b in _next(at, axis, height)]).reshape(-1, 2)
        slants.append(float(np.median(ways[:, 1 - axis] / ways[:, axis])) if len(ways) else 0.0)
    return np.asarray([[1.0, -slants[1]], [-slants[0], 1.0]])


def _middle(line: Sequence[tuple[Spot, float]]) -> float:
    """Where a row or column runs: filled boxes say it only where no character does."""
    letters = [at for spot, at in line if spot.letter]
    return float(np.median(letters or [at for _, at in line]))


def _is_even(steps: Floats) -> bool:
    times = steps / np.median(steps)
    return bool((np.abs(times - np.maximum(times.round(), 1)) <= _EVEN).all())


def _likeness(grey: Grey, line: Sequence[Spot | None]) -> Floats:
    """The correlation of the characters of direct neighbours, -1..1."""
    found = []
    for one, other in pairwise(line):
        if one is not None and other is not None and one.letter and other.letter:
            side = round(1.2 * max(one.h, other.h))
            small, large = _around(grey, one, side), _around(grey, other, side + side // 4)
            if small.shape == (side, side) and min(large.shape) >= side:
                found.append(float(cv2.matchTemplate(large, small, cv2.TM_CCOEFF_NORMED).max()))
    return np.asarray(found)


def _around(grey: Grey, spot: Spot, side: int) -> Grey:
    left, top = max(round(spot.x - side / 2), 0), max(round(spot.y - side / 2), 0)
    return grey[top : top + side, left : left + side]
