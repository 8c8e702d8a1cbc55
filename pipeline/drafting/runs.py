"""What comes again evenly down a page: the columns that a table may have."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil, floor
from typing import Final

import numpy as np

from pipeline.drafting.combs import parts
from pipeline.drafting.geometry import bottom, clusters, middle, overlap
from pipeline.drafting.types import Comb, Found, Writing
from pipeline.forms.layout import Box, around

_LEAST_ROWS: Final = 3
SAME: Final = 0.7
"""Boxes of one column differ in place and size by at most so much from row to row, mm."""
_EVEN: Final = 0.5
"""Rows lie at most so far beside their pitch, mm."""
_SEEN: Final = 0.6
"""So much of a column must have been found; the rest is put where the pitch has it."""
_PITCH: Final = (5.0, 60.0)
_PARTS: Final = 0.75
"""Combs of a table that lie so many cells apart are columns of their own; parts of a date lie nearer."""
_LEVEL: Final = 1.0
"""Boxes of a question whose middles follow each other so nearly stand in one line, mm."""


@dataclass(frozen=True, slots=True)
class Atom:
    """What one row may hold of a column: a comb, a room, or those boxes of a question that stand in one line.

    Attributes:
        source: its number among all that was found; None for a frame that is a field in tables only.
    """

    found: Found
    source: int | None

    @property
    def boxes(self) -> tuple[Box, ...]:
        """Where it is read."""
        return self.found.boxes

    @property
    def foot(self) -> float:
        """Its lowest edge, mm: what is evenly spaced stands on lines."""
        return max(map(bottom, self.boxes))


@dataclass(frozen=True, slots=True)
class Run:
    """Atoms that stand evenly below each other, with the row of each, from 0."""

    atoms: tuple[tuple[int, Atom], ...]
    pitch: float
    top: float

    @property
    def rows(self) -> int:
        """How many rows it has, with those that were not found."""
        return self.atoms[-1][0] + 1

    @property
    def first(self) -> Found:
        """What stands in the first row, where all rows say that it is."""
        atoms = [atom.found for _row, atom in self.atoms]
        offsets = [row * self.pitch for row, _atom in self.atoms]
        places = np.asarray(
            [
                [(x, y - below, w, h) for x, y, w, h in found.boxes]
                for found, below in zip(atoms, offsets, strict=True)
            ]
        )
        boxes = [Box(*map(float, place)) for place in np.median(places, axis=0)]
        return atoms[0].moved(boxes)


def side_by_side(found: Sequence[Found], narrow: Sequence[Box]) -> list[list[Run]]:
    """Columns whose rows go together, from the left; what is no column of a table may be among them.

    Args:
        found: combs, rooms and questions.
        narrow: frames that are places to write in a table only.
    """
    atoms = [atom for number, one in enumerate(found) for atom in _atoms(one, number)]
    atoms += [Atom(Writing(box, True), None) for box in narrow]
    return _together([run for same in _alike(atoms) for run in _runs(same)])


def _atoms(found: Found, number: int) -> Iterable[Atom]:
    if isinstance(found, Comb):
        yield from (Atom(part, number) for part in parts(found, _PARTS))
        return
    if isinstance(found, Writing):
        yield Atom(found, number)
        return
    pairs = list(zip(found.ticks, found.labels, strict=True))
    for row in clusters(pairs, lambda pair: middle(pair[0].box)[1], _LEVEL):
        row.sort(key=lambda pair: pair[0].box.x)
        ticks, labels = zip(*row, strict=True)
        yield Atom(replace(found, ticks=tuple(ticks), labels=tuple(labels)), number)


def _alike(atoms: Sequence[Atom]) -> list[list[Atom]]:
    """Atoms of one kind whose boxes stand over each other."""
    groups: list[list[Atom]] = []
    for atom in sorted(atoms, key=lambda one: one.foot):
        for group in groups:
            if _over(group[0], atom):
                group.append(atom)
                break
        else:
            groups.append([atom])
    return groups


def _over(one: Atom, other: Atom) -> bool:
    if type(one.found) is not type(other.found) or len(one.boxes) != len(other.boxes):
        return False
    down = other.foot - one.foot
    height = SAME if not isinstance(one.found, Writing) else 4 * SAME
    return all(
        abs(a.x - b.x) <= SAME
        and abs(a.w - b.w) <= SAME
        and abs(bottom(a) + down - bottom(b)) <= SAME
        and abs(a.h - b.h) <= height
        for a, b in zip(one.boxes, other.boxes, strict=True)
    )


def _runs(group: Sequence[Atom]) -> list[Run]:
    """The evenly spaced rows of a column, the longest first; a row may be missing here and there."""
    found: list[Run] = []
    left = list(group)
    while len(left) >= _LEAST_ROWS:
        steps = sorted(round(b.foot - a.foot, 1) for a, b in pairwise(left))
        pitches = {step for step in steps if _PITCH[0] <= step <= _PITCH[1]}
        best = max(
            (_chain(left, start, pitch) for pitch in pitches for start in range(len(left))),
            key=lambda run: len(run.atoms),
            default=None,
        )
        if best is None or len(best.atoms) < _LEAST_ROWS:
            break
        found.append(best)
        taken = {id(atom) for _row, atom in best.atoms}
        left = [atom for atom in left if id(atom) not in taken]
    return found


def _chain(group: Sequence[Atom], start: int, pitch: float) -> Run:
    """The atoms from one on that follow each other at a pitch."""
    first = group[start].foot
    rows = [(0, group[start])]
    for atom in group[start + 1 :]:
        last, before = rows[-1]
        step = round((atom.foot - before.foot) / pitch)
        if step < 1 or abs(atom.foot - before.foot - step * pitch) > _EVEN:
            continue
        if (len(rows) + 1) / (last + step + 1) < _SEEN:
            break
        rows.append((last + step, atom))
    if len(rows) > 1:
        pitch = float(np.polyfit([row for row, _ in rows], [atom.foot for _, atom in rows], 1)[0])
    return Run(tuple(rows), pitch, first)


def _together(runs: Sequence[Run]) -> list[list[Run]]:
    """Columns whose rows go together; the one with the most rows says how many there are."""
    groups: list[list[Run]] = []
    for run in sorted(runs, key=lambda one: (-one.rows, -len(one.atoms), one.top)):
        for group in groups:
            placed = _beside(group[0], run)
            if placed is not None and not any(_covers(placed, other) for other in group):
                group.append(placed)
                break
        else:
            groups.append([run])
    return [_trimmed(group) for group in groups]


def _beside(seed: Run, run: Run) -> Run | None:
    """A run with the rows of another, or None where it is no column of that table."""
    if abs(seed.pitch - run.pitch) > _EVEN / 2 or len(run.atoms) < _SEEN * seed.rows:
        return None
    down = (run.top - seed.top) / seed.pitch
    ways = [row for row in (floor(down), ceil(down)) if 0 <= row <= seed.rows - run.rows]
    if run.rows == seed.rows and abs(down) < 1:
        ways = [0]
    if not ways:
        return None
    ahead = min(ways, key=lambda row: abs(down - row))
    atoms = tuple((row + ahead, atom) for row, atom in run.atoms)
    return replace(run, atoms=atoms, top=run.top - ahead * seed.pitch)


def _trimmed(group: Sequence[Run]) -> list[Run]:
    """Columns without the rows at both ends that most of them lack, from the left."""
    seen = Counter(row for run in group for row, _atom in run.atoms)
    full = [row for row, times in seen.items() if 2 * times >= len(group)]
    first, last = min(full), max(full)
    kept = [
        replace(
            run,
            atoms=tuple((row - first, atom) for row, atom in run.atoms if first <= row <= last),
            top=run.top + first * run.pitch,
        )
        for run in group
    ]
    return sorted(kept, key=lambda one: around(one.first.boxes).x)


def _covers(one: Run, other: Run) -> bool:
    mine, theirs = around(one.first.boxes), around(other.first.boxes)
    return overlap(mine, theirs) > 0.3 * min(mine.w * mine.h, theirs.w * theirs.h)
