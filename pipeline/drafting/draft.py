"""One page of a blank to the fields that a draft proposes, in reading order."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final

import cv2
import numpy as np

from pipeline.drafting.choices import questions
from pipeline.drafting.combs import Sorted, extent, join_parts, parts, sort_shapes
from pipeline.drafting.geometry import bottom, clusters, right
from pipeline.drafting.guess import comb_type, free_name, name_of, sex_values, value_of, writing_type
from pipeline.drafting.heading import heading
from pipeline.drafting.instructions import says_several, without_several
from pipeline.drafting.labels import label_of
from pipeline.drafting.lines import Lines, find_lines, segments
from pipeline.drafting.shapes import holders, is_tinted, rectangles, ticks
from pipeline.drafting.tables import Table, find_tables
from pipeline.drafting.types import (
    PX,
    Chunk,
    Comb,
    DraftChoice,
    DraftField,
    DraftPage,
    DraftTable,
    Found,
    Grey,
    Question,
    Sheet,
    Writing,
)
from pipeline.drafting.words import chunks, read_behind, read_words
from pipeline.drafting.writing import frames, written_lines
from pipeline.forms.layout import Box, FieldType, around

_LONG: Final = 8 * PX
"""Shorter lines may be stems of letters, px."""

_GROUND: Final = 3 * PX | 1
"""Letters are thinner than this, px; what is broader is the ground that they stand on."""

_RIM: Final = 0.8
"""So much of a box may be its outline, mm."""
_INKED: Final = 0.004
"""A box so much of which is ink has something printed inside."""
_APART: Final = 0.2
"""Parts of a comb that are named one by one lie so many cells apart."""
_SHORT: Final = 4
"""They have so many cells at most."""
_TABLE: Final = "tabel"


def draft_page(sheet: Sheet, taken: set[str]) -> DraftPage:
    """The fields and tables of a page, with guessed types and names, and its heading.

    Args:
        sheet: the straightened page.
        taken: names that other pages already use; the page's own are added.

    Raises:
        MissingPartError: Tesseract is not installed.
    """
    lines = find_lines(sheet.grey)
    shapes = sort_shapes(rectangles(sheet.grey, lines), ticks(sheet.grey, lines))
    page = _without(sheet.grey, lines, shapes)
    said = chunks(read_words(page))
    said += read_behind(page, [tick.box for tick in shapes.ticks], said)
    combs = join_parts(shapes.combs, said, segments(lines.down))
    marked = [tick.box for tick in shapes.ticks]
    taken_boxes = [*marked, *(cell for comb in combs for cell in comb.cells)]
    framed = [
        room
        for room in frames(shapes.frames, [*taken_boxes, *holders(lines, taken_boxes)], said)
        if not _is_heading(room, sheet, shapes)
    ]
    edges = [*marked, *map(extent, combs), *shapes.frames]
    written = written_lines(segments(lines.across), edges, said, partial(is_tinted, sheet.grey))
    rooms = [*framed, *written]
    fields = [*marked, *(extent(comb) for comb in combs), *(room.box for room in rooms)]
    asked = questions(sheet.grey, shapes.ticks, said, fields)
    tables, rest = find_tables(
        [*combs, *rooms, *asked], shapes.frames, said, lambda box: _is_empty(lines.ink, box)
    )
    items = [
        item
        for one in _in_reading_order([*tables, *rest])
        for item in ([_table(one, taken)] if isinstance(one, Table) else _fields(one, said, fields, taken))
    ]
    return DraftPage(items, heading(said, sheet.height))


def _is_heading(room: Writing, sheet: Sheet, shapes: Sorted) -> bool:
    """Whether a room is what a tinted bar leaves beside or below its words."""
    return room.box not in shapes.frames and is_tinted(sheet.grey, room.box)


def _without(grey: Grey, lines: Lines, shapes: Sorted) -> Grey:
    """The page without lines, cells and boxes to mark, so that only words are left to read."""
    ground = cv2.morphologyEx(grey, cv2.MORPH_CLOSE, np.ones((_GROUND, _GROUND), np.uint8))
    page = np.asarray(cv2.divide(grey, ground, scale=255), np.uint8)
    paper = np.uint8(255)
    for mask, size in ((lines.across, (_LONG, 1)), (lines.down, (1, _LONG))):
        long = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones(size[::-1], np.uint8))
        page[cv2.dilate(long, np.ones((3, 3), np.uint8)) > 0] = paper
    for box in [
        *(cell for comb in shapes.combs for cell in comb.cells),
        *(tick.box for tick in shapes.ticks),
    ]:
        rows = slice(max(round((box.y - 0.3) * PX), 0), round((box.y + box.h + 0.3) * PX))
        page[rows, max(round((box.x - 0.3) * PX), 0) : round((box.x + box.w + 0.3) * PX)] = paper
    return page


def _is_empty(ink: Grey, box: Box) -> bool:
    """Whether nothing is printed inside a box."""
    rows = slice(round((box.y + _RIM) * PX), round((bottom(box) - _RIM) * PX))
    inside = ink[rows, round((box.x + _RIM) * PX) : round((right(box) - _RIM) * PX)]
    return inside.size > 0 and float((inside > 0).mean()) < _INKED


def _in_reading_order(found: Sequence[Found | Table]) -> list[Found | Table]:
    def first(one: Found | Table) -> Box:
        return (one.columns[0].found if isinstance(one, Table) else one).boxes[0]

    rows = clusters(found, lambda one: first(one).y + first(one).h / 2, 2.0)
    return [one for row in rows for one in sorted(row, key=lambda one: first(one).x)]


def _table(table: Table, taken: set[str]) -> DraftTable:
    name = free_name(_TABLE, taken)
    taken.add(name)
    own: set[str] = set()
    columns = tuple(_named(column.found, column.head, own) for column in table.columns)
    return DraftTable(name, table.rows, round(table.pitch, 3), columns)


def _fields(found: Found, said: Sequence[Chunk], fields: Sequence[Box], taken: set[str]) -> list[DraftField]:
    label = "" if isinstance(found, Question) else label_of(around(found.boxes), said, fields)
    if isinstance(found, Comb) and (several := _each_named(found, label)):
        return [_named(part, name, taken) for part, name in several]
    return [_named(found, label, taken)]


def _each_named(comb: Comb, label: str) -> list[tuple[Comb, str]]:
    """The short parts of a comb whose label names each of them, as RT/RW does; none of a date."""
    names = [name.strip() for name in label.split("/")]
    some = parts(comb, _APART)
    each = 1 < len(some) == len(names) and max(len(part.cells) for part in some) <= _SHORT
    date = comb_type(label, len(comb.cells)) is FieldType.DATE
    return list(zip(some, names, strict=True)) if each and not date else []


def _named(found: Found, label: str, taken: set[str]) -> DraftField:
    """A field with the type and name that its label tells; its name is added to those taken."""
    if isinstance(found, Question):
        return _choice(replace(found, text=label or found.text), taken)
    kind = comb_type(label, len(found.boxes)) if isinstance(found, Comb) else writing_type(label)
    name = name_of(label, kind, taken)
    taken.add(name)
    return DraftField(name, kind, label or name, found.boxes)


def _choice(question: Question, taken: set[str]) -> DraftField:
    name = name_of(without_several(question.text), FieldType.CHOICE, taken)
    taken.add(name)
    values = sex_values(question.labels)
    for number, label in enumerate(question.labels[len(values) :], start=1):
        values.append(value_of(label, number, values))
    choices = [
        DraftChoice(value, label or value, tick.box)
        for value, label, tick in zip(values, question.labels, question.ticks, strict=True)
    ]
    filled = any(tick.round or tick.lettered for tick in question.ticks)
    several = question.several or says_several(question.text)
    return DraftField(name, FieldType.CHOICE, question.text or name, (), tuple(choices), several, filled)
