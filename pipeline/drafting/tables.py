"""Tables of a blank: the same boxes again and again, evenly down the page, without words of their own beside them."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from pipeline.drafting.geometry import bottom, clusters, middle, right, share_inside
from pipeline.drafting.labels import clean, left_of, right_of
from pipeline.drafting.runs import SAME, Atom, Run, side_by_side
from pipeline.drafting.scales import scale_of
from pipeline.drafting.types import Chunk, Comb, Found, Question, Tick, Writing
from pipeline.forms.layout import Box, around

_NARROW: Final = (4.5, 13.0)
"""Widths of frames that are places to write in a table only, mm."""
_COMB: Final = 4
"""A single column of fewer cells is no table."""
_BESIDE: Final = 60.0
_TELLING: Final = 3
"""A row of a table has no words of its own with so many letters."""
_HEAD: Final = 14.0
"""Heads stand at most so high above the first row, mm."""
_LINE: Final = 2.0
_NEXT: Final = 2.2
"""Lines of one head are at most so far apart, mm."""


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


def find_tables(
    found: Sequence[Found], frames: Sequence[Box], said: Sequence[Chunk], empty: Callable[[Box], bool]
) -> tuple[list[Table], list[Found]]:
    """The tables of a page, and what stands in none; an answer scale is a question a row.

    Args:
        found: combs, rooms and questions.
        frames: all frames; narrow ones are cells of a table where they stand in one.
        said: the printed words.
        empty: whether nothing is printed inside a box.
    """
    narrow = [
        box for box in frames if _NARROW[0] <= box.w < _NARROW[1] and box.h >= _NARROW[0] and empty(box)
    ]
    tables: list[Table] = []
    asked: list[Question] = []
    used: list[Atom] = []
    for columns in side_by_side(found, narrow):
        answers, rows = scale_of(columns, said)
        if rows:
            asked += rows
            used += [atom for run in answers for _row, atom in run.atoms]
        elif _is_table(group := _ruled(columns), said):
            tables.append(Table(_rows(group), _pitch(group), tuple(_columns(group, said))))
            used += [atom for run in group for _row, atom in run.atoms]
    rest = [left for number, one in enumerate(found) if (left := _left(one, number, used))]
    return tables, [*asked, *rest]


def _is_table(group: Sequence[Run], said: Sequence[Chunk]) -> bool:
    """Whether columns make a table: something to write in, and rows that only their number tells apart."""
    first = [run.first for run in group]
    combs = [one for one in first if isinstance(one, Comb)]
    if len(group) == 1 and not any(len(comb.cells) >= _COMB for comb in combs):
        return False
    if not combs and not any(isinstance(one, Writing) and one.framed for one in first):
        return False
    whole = around(box for one in first for box in one.boxes)
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


def _ruled(group: Sequence[Run]) -> list[Run]:
    """Columns without narrow frames that are no cells of a ruled row: what is left between other boxes."""
    cells = [run.first.box for run in group if isinstance(run.first, Writing) and _is_field(run)]
    return [
        run
        for run in group
        if _is_field(run)
        or any(
            abs(bottom(box) - bottom(cell)) <= SAME and abs(box.h - cell.h) <= SAME
            for box in run.first.boxes
            for cell in cells
        )
    ]


def _is_field(run: Run) -> bool:
    return run.atoms[0][1].source is not None


def _rows(group: Sequence[Run]) -> int:
    return max(run.rows for run in group)


def _pitch(group: Sequence[Run]) -> float:
    return float(np.median([run.pitch for run in group]))


def _columns(group: Sequence[Run], said: Sequence[Chunk]) -> Iterable[Column]:
    """The columns in reading order, each line of a row under its own line of heads where there are as many."""
    parts = [(run.first, run) for run in group]
    lines = clusters(parts, lambda one: middle(around(one[0].boxes))[1], _LINE)
    heads = _heads(around(box for part, _ in parts for box in part.boxes), said)
    if len(heads) < len(lines):
        heads = [[chunk for line in heads for chunk in line]] * len(lines)
    for line, words in zip(lines, heads[-len(lines) :], strict=True):
        near = words if len(lines) > 1 else [chunk for some in heads for chunk in some]
        for part, run in sorted(line, key=lambda one: one[0].boxes[0].x):
            if isinstance(part, Question):
                part = replace(part, labels=_labels(part, run, near, said))
            yield Column(part, _head(around(part.boxes), near))


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
    """The lowest words over a column, that begin nearest to it, with the lines that lead to them; else its number."""
    over = [chunk for chunk in words if chunk.box.x < right(box) + 1 and right(chunk.box) > box.x - 1]
    named = [chunk for chunk in over if any(map(str.isalpha, chunk.text))] or over
    named.sort(key=lambda one: (-round(bottom(one.box)), abs(one.box.x - box.x)))
    lines = named[:1]
    for chunk in named[1:]:
        if _goes_on(chunk.box, lines[0].box):
            lines.insert(0, chunk)
    return clean(" ".join(line.text for line in lines))


def _goes_on(line: Box, below: Box) -> bool:
    """Whether a line of words goes on in one close below it."""
    return -0.5 <= below.y - bottom(line) <= _NEXT and line.x < right(below) and below.x < right(line)


def _labels(question: Question, run: Run, heads: Sequence[Chunk], said: Sequence[Chunk]) -> tuple[str, ...]:
    """What each box stands for: the words beside it in most rows, else those over it, else its number."""
    rows = [atom.found.boxes for _row, atom in run.atoms]
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
    own = [_most(labels) for labels in zip(*(_told(atom.found) for _row, atom in run.atoms), strict=True)]
    return tuple(own) if len(set(own)) == len(own) else tuple("" for _ in question.ticks)


def _told(found: Found) -> tuple[str, ...]:
    return found.labels if isinstance(found, Question) else ()


def _most(texts: Iterable[str]) -> str:
    counted = Counter(clean(text) for text in texts)
    return counted.most_common(1)[0][0] if counted else ""


def _over_tick(tick: Tick, heads: Sequence[Chunk]) -> str:
    x = middle(tick.box)[0]
    over = [chunk for chunk in heads if chunk.box.x <= x <= right(chunk.box) and chunk.box.w < 5 * tick.box.w]
    return clean(max(over, key=lambda one: bottom(one.box)).text) if over else ""


def _left(found: Found, number: int, used: Sequence[Atom]) -> Found | None:
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
    return replace(found, ticks=ticks, labels=labels) if kept else None
