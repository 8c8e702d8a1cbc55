"""Tables of a blank: the same boxes again and again, evenly down the page, without words of their own beside them."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil, floor
from typing import Final

import numpy as np

from pipeline.drafting.geometry import around, bottom, clusters, middle, overlap, right, share_inside
from pipeline.drafting.labels import clean, left_of, right_of
from pipeline.drafting.types import Chunk, Comb, Found, Question, Tick, Writing
from pipeline.forms.layout import Box

_LEAST_ROWS: Final = 3
_SAME: Final = 0.7
"""Boxes of one column differ in place and size by at most so much from row to row, mm."""
_EVEN: Final = 0.5
"""Rows lie at most so far beside their pitch, mm."""
_SEEN: Final = 0.6
"""So much of a column must have been found; the rest is put where the pitch has it."""
_PITCH: Final = (5.0, 60.0)
_NARROW: Final = (4.5, 13.0)
"""Widths of frames that are places to write in a table only, mm."""
_COMB: Final = 4
"""A single column of fewer cells is no table."""
_PARTS: Final = 0.75
"""Combs of a table that lie so many cells apart are columns of their own; parts of a date lie nearer."""
_BESIDE: Final = 60.0
_TELLING: Final = 3
"""A row of a table has no words of its own with so many letters."""
_HEAD: Final = 14.0
"""Heads stand at most so high above the first row, mm."""
_LINE: Final = 2.0


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what stands in the first row, and the words at its head."""

    found: Found
    head: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of the same columns; the columns' boxes are those of the first row, mm."""

    rows: int
    pitch: float
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class _Atom:
    """What one row may hold of a column: a comb, a room, or those boxes of a question that stand in one line.

    Attributes:
        source: its number among all that was found; -1 for a frame that is a field in tables only.
    """

    found: Found
    source: int

    @property
    def boxes(self) -> tuple[Box, ...]:
        return boxes_of(self.found)

    @property
    def foot(self) -> float:
        return max(map(bottom, self.boxes))


@dataclass(frozen=True, slots=True)
class _Run:
    """Atoms that stand evenly below each other, with the row of each, from 0."""

    atoms: tuple[tuple[int, _Atom], ...]
    pitch: float
    top: float

    @property
    def rows(self) -> int:
        return self.atoms[-1][0] + 1

    @property
    def first(self) -> Found:
        """What stands in the first row, where all rows say that it is."""
        atoms = [atom.found for _row, atom in self.atoms]
        offsets = [row * self.pitch for row, _atom in self.atoms]
        places = np.asarray(
            [
                [(x, y - below, w, h) for x, y, w, h in boxes_of(found)]
                for found, below in zip(atoms, offsets, strict=True)
            ]
        )
        boxes = [Box(*map(float, place)) for place in np.median(places, axis=0)]
        return _moved(atoms[0], boxes)


def boxes_of(found: Found) -> tuple[Box, ...]:
    """The boxes of what was found, as they are read."""
    if isinstance(found, Comb):
        return found.cells
    return (found.box,) if isinstance(found, Writing) else tuple(tick.box for tick in found.ticks)


def find_tables(
    found: Sequence[Found], frames: Sequence[Box], said: Sequence[Chunk], empty: Callable[[Box], bool]
) -> tuple[list[Table], list[Found]]:
    """The tables of a page, and what stands in none.

    Args:
        found: combs, rooms and questions.
        frames: all frames; narrow ones are cells of a table where they stand in one.
        said: the printed words.
        empty: whether nothing is printed inside a box.
    """
    atoms = [atom for number, one in enumerate(found) for atom in _atoms(one, number)]
    narrow = [
        box for box in frames if _NARROW[0] <= box.w < _NARROW[1] and box.h >= _NARROW[0] and empty(box)
    ]
    atoms += [_Atom(Writing(box, True), -1) for box in narrow]
    runs = [run for same in _alike(atoms) for run in _runs(same)]
    tables: list[Table] = []
    used: list[_Atom] = []
    for group in map(_ruled, _together(runs)):
        if _is_table(group, said):
            tables.append(Table(_rows(group), _pitch(group), tuple(_columns(group, said))))
            used += [atom for run in group for _row, atom in run.atoms]
    return tables, [left for number, one in enumerate(found) if (left := _left(one, number, used))]


def _atoms(found: Found, number: int) -> Iterable[_Atom]:
    if isinstance(found, Comb):
        yield from (_Atom(part, number) for part in _parts(found))
        return
    if isinstance(found, Writing):
        yield _Atom(found, number)
        return
    pairs = list(zip(found.ticks, found.labels, strict=True))
    for row in clusters(pairs, lambda pair: middle(pair[0].box)[1], _LINE / 2):
        row.sort(key=lambda pair: pair[0].box.x)
        ticks, labels = zip(*row, strict=True)
        yield _Atom(Question(found.text, tuple(ticks), tuple(labels)), number)


def _parts(comb: Comb) -> list[Comb]:
    """What stands apart in a comb that was taken as one."""
    parts = [[comb.cells[0]]]
    for before, cell in pairwise(comb.cells):
        if cell.x - right(before) >= _PARTS * cell.w:
            parts.append([])
        parts[-1].append(cell)
    return [Comb(tuple(part)) for part in parts]


def _alike(atoms: Sequence[_Atom]) -> list[list[_Atom]]:
    """Atoms of one kind whose boxes stand over each other."""
    groups: list[list[_Atom]] = []
    for atom in sorted(atoms, key=lambda one: one.foot):
        for group in groups:
            if _over(group[0], atom):
                group.append(atom)
                break
        else:
            groups.append([atom])
    return groups


def _over(one: _Atom, other: _Atom) -> bool:
    if type(one.found) is not type(other.found) or len(one.boxes) != len(other.boxes):
        return False
    down = other.foot - one.foot
    height = _SAME if not isinstance(one.found, Writing) else 4 * _SAME
    return all(
        abs(a.x - b.x) <= _SAME
        and abs(a.w - b.w) <= _SAME
        and abs(bottom(a) + down - bottom(b)) <= _SAME
        and abs(a.h - b.h) <= height
        for a, b in zip(one.boxes, other.boxes, strict=True)
    )


def _runs(group: Sequence[_Atom]) -> list[_Run]:
    """The evenly spaced rows of a column, the longest first; a row may be missing here and there."""
    found: list[_Run] = []
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


def _chain(group: Sequence[_Atom], start: int, pitch: float) -> _Run:
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
    return _Run(tuple(rows), pitch, first)


def _together(runs: Sequence[_Run]) -> list[list[_Run]]:
    """Columns whose rows go together; the one with the most rows says how many there are."""
    groups: list[list[_Run]] = []
    for run in sorted(runs, key=lambda one: (-one.rows, -len(one.atoms), one.top)):
        for group in groups:
            placed = _beside(group[0], run)
            if placed is not None and not any(_covers(placed, other) for other in group):
                group.append(placed)
                break
        else:
            groups.append([run])
    return [_trimmed(group) for group in groups]


def _beside(seed: _Run, run: _Run) -> _Run | None:
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


def _trimmed(group: Sequence[_Run]) -> list[_Run]:
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
    return sorted(kept, key=lambda one: around(boxes_of(one.first)).x)


def _covers(one: _Run, other: _Run) -> bool:
    mine, theirs = around(boxes_of(one.first)), around(boxes_of(other.first))
    return overlap(mine, theirs) > 0.3 * min(mine.w * mine.h, theirs.w * theirs.h)


def _is_table(group: Sequence[_Run], said: Sequence[Chunk]) -> bool:
    """Whether columns make a table: something to write in, and rows that only their number tells apart."""
    first = [run.first for run in group]
    combs = [one for one in first if isinstance(one, Comb)]
    if len(group) == 1 and not any(len(comb.cells) >= _COMB for comb in combs):
        return False
    if not combs and not any(isinstance(one, Writing) and one.framed for one in first):
        return False
    whole = around(box for one in first for box in boxes_of(one))
    pitch, rows = _pitch(group), _rows(group)
    told: list[set[str]] = []
    for row in range(rows):
        top = whole.y + row * pitch
        above = min(pitch - whole.h, 0.0) if row == 0 else whole.h - pitch
        band = Box(whole.x - _BESIDE, top + above, whole.w + _BESIDE, whole.h - above)
        inside = [chunk for chunk in said if share_inside(chunk.box, band) > 0.6]
        told.append({clean(chunk.text).casefold() for chunk in inside})
    again = Counter(text for words in told for text in words)
    own = [
        any(sum(map(str.isalpha, text)) >= _TELLING and again[text] <= rows / 2 for text in words)
        for words in told
    ]
    return sum(own) <= rows / 2


def _ruled(group: Sequence[_Run]) -> list[_Run]:
    """Columns without narrow frames that are no cells of a ruled row: what is left between other boxes."""
    cells = [run.first.box for run in group if isinstance(run.first, Writing) and _is_field(run)]
    return [
        run
        for run in group
        if _is_field(run)
        or any(
            abs(bottom(box) - bottom(cell)) <= _SAME and abs(box.h - cell.h) <= _SAME
            for box in boxes_of(run.first)
            for cell in cells
        )
    ]


def _is_field(run: _Run) -> bool:
    return run.atoms[0][1].source >= 0


def _rows(group: Sequence[_Run]) -> int:
    return max(run.rows for run in group)


def _pitch(group: Sequence[_Run]) -> float:
    return float(np.median([run.pitch for run in group]))


def _columns(group: Sequence[_Run], said: Sequence[Chunk]) -> Iterable[Column]:
    """The columns in reading order, each line of a row under its own line of heads where there are as many."""
    parts = [(run.first, run) for run in group]
    lines = clusters(parts, lambda one: middle(around(boxes_of(one[0])))[1], _LINE)
    heads = _heads(around(box for part, _ in parts for box in boxes_of(part)), said)
    if len(heads) < len(lines):
        heads = [[chunk for line in heads for chunk in line]] * len(lines)
    for line, words in zip(lines, heads[-len(lines) :], strict=True):
        near = words if len(lines) > 1 else [chunk for some in heads for chunk in some]
        for part, run in sorted(line, key=lambda one: boxes_of(one[0])[0].x):
            if isinstance(part, Question):
                part = replace(part, labels=_labels(part, run, near, said))
            yield Column(part, _head(around(boxes_of(part)), near))


def _heads(whole: Box, said: Sequence[Chunk]) -> list[list[Chunk]]:
    """The lines of words above a table, from the top."""
    over = [
        chunk
        for chunk in said
        if -0.5 <= whole.y - bottom(chunk.box) <= _HEAD
        and chunk.box.x < right(whole)
        and right(chunk.box) > whole.x
    ]
    return clusters(over, lambda chunk: middle(chunk.box)[1], 1.2)


def _head(box: Box, words: Sequence[Chunk]) -> str:
    """The lowest words over a column, that begin nearest to it."""
    over = [chunk for chunk in words if chunk.box.x < right(box) + 1 and right(chunk.box) > box.x - 1]
    best = min(over, key=lambda one: (-round(bottom(one.box)), abs(one.box.x - box.x)), default=None)
    return clean(best.text) if best else ""


def _labels(question: Question, run: _Run, heads: Sequence[Chunk], said: Sequence[Chunk]) -> tuple[str, ...]:
    """What each box stands for: the words beside it in most rows, else those over it, else its number."""
    rows = [boxes_of(atom.found) for _row, atom in run.atoms]
    fields = [box for row in rows for box in row]
    for beside in (right_of, lambda box, chunks, others: left_of(box, chunks, others, 5.0)):
        labels = [
            _most(chunk.text for row in rows if (chunk := beside(row[place], said, fields)))
            for place in range(len(question.ticks))
        ]
        if all(labels) and len(set(labels)) == len(labels):
            return tuple(labels)
    over = [_over_tick(tick, heads) for tick in question.ticks]
    if all(over) and len(set(over)) == len(over):
        return tuple(over)
    return tuple("" for _ in question.ticks)


def _most(texts: Iterable[str]) -> str:
    counted = Counter(clean(text) for text in texts)
    return counted.most_common(1)[0][0] if counted else ""


def _over_tick(tick: Tick, heads: Sequence[Chunk]) -> str:
    x = middle(tick.box)[0]
    over = [chunk for chunk in heads if chunk.box.x <= x <= right(chunk.box) and chunk.box.w < 5 * tick.box.w]
    return clean(max(over, key=lambda one: bottom(one.box)).text) if over else ""


def _moved(found: Found, boxes: Sequence[Box]) -> Found:
    if isinstance(found, Comb):
        return Comb(tuple(boxes))
    if isinstance(found, Writing):
        return Writing(boxes[0], found.framed)
    ticks = tuple(replace(tick, box=box) for tick, box in zip(found.ticks, boxes, strict=True))
    return Question(found.text, ticks, found.labels)


def _left(found: Found, number: int, used: Sequence[_Atom]) -> Found | None:
    """What of something found stands in no table."""
    taken = {box for atom in used if atom.source == number for box in atom.boxes}
    if not taken:
        return found
    if isinstance(found, Comb):
        cells = tuple(cell for cell in found.cells if cell not in taken)
        return Comb(cells) if cells else None
    if isinstance(found, Writing):
        return None
    kept = [pair for pair in zip(found.ticks, found.labels, strict=True) if pair[0].box not in taken]
    ticks, labels = tuple(tick for tick, _ in kept), tuple(label for _, label in kept)
    return Question(found.text, ticks, labels) if kept else None
