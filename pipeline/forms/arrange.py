"""From a definition to places in mm: sections as blocks, fields left to right and wrapped. Pure."""

from pipeline.errors import DefinitionError
from pipeline.forms import measures as m
from pipeline.forms.definition import FormDefinition, Note, Page, Section
from pipeline.forms.fields import FieldSpec, TableSpec
from pipeline.forms.frame import QR, SERIAL, markers, put_frame
from pipeline.forms.ink import (
    BOLD,
    REGULAR,
    Composition,
    PageInk,
    Run,
    Shape,
    Side,
    text_width,
    wrap,
)
from pipeline.forms.layout import Box, FormLayout, Kind, PageLayout
from pipeline.forms.place import content_height, content_width, option_lines, put, snap
from pipeline.forms.tables import put_table, table_end, table_height
from pipeline.language import Text

_PITCH = 3.0
"""Between lines of a note, mm."""


def compose(definition: FormDefinition) -> Composition:
    """The layout of a form and the ink around its fields.

    Raises:
        DefinitionError: something does not fit; the sentence names the page and section.
    """
    sides = [_side(definition, number, page) for number, page in enumerate(definition.pages, start=1)]
    pages = tuple(
        PageLayout(number, m.PAGE_W, m.PAGE_H, markers(number), QR, SERIAL, tuple(side.fields))
        for number, side in enumerate(sides, start=1)
    )
    return Composition(
        FormLayout(definition.form, definition.code, definition.version, pages),
        tuple(PageInk(tuple(side.runs), tuple(side.shapes), tuple(side.slots)) for side in sides),
    )


def _side(definition: FormDefinition, number: int, page: Page) -> Side:
    side = Side()
    top = put_frame(side, definition, number)
    for section in page.sections:
        bottom = _put_section(side, definition, section, top)
        if bottom > m.CONTENT_BOTTOM:
            raise _overflow(definition, number, section, bottom - m.CONTENT_BOTTOM)
        top = bottom + m.SECTION_GAP
    _refuse_what_sticks_out(definition, side)
    return side


def _refuse_what_sticks_out(definition: FormDefinition, side: Side) -> None:
    right = m.FRAME_X + m.FRAME_W + 0.01
    names = [field.name for field in side.fields if field.box.x + field.box.w > right]
    names += [run.text for run in side.runs if run.box.x + run.box.w > right]
    if names:
        raise _too_wide(definition, names[0])


def _put_section(side: Side, definition: FormDefinition, section: Section, top: float) -> float:
    """Put a section from `top` down; its bottom."""
    _put_bar(side, definition, section, top)
    y = top + m.BAR_H + m.BAR_PAD
    if section.consent and definition.consent:
        y = _put_note(side, definition.consent, y) + m.ROW_GAP
    flow: list[FieldSpec] = []
    ruled = _has_tall_item(section)
    for index, item in enumerate((*section.items, None)):
        if isinstance(item, FieldSpec) and section.labels == "above":
            flow.append(item)
            continue
        y = _put_flow(side, definition, flow, y)
        flow = []
        if isinstance(item, Note):
            y = _put_note(side, item.note, y) + m.ROW_GAP
        elif isinstance(item, FieldSpec):
            if ruled and index:
                y = _put_separator(side, y)
            y = _put_beside(side, section, item, y) + m.ROW_GAP
        elif isinstance(item, TableSpec):
            if table_end(item) > m.GRID_END + 0.01:
                raise _too_wide(definition, item.name)
            put_table(side, item, y - 0.6)
            y += table_height(item) - 0.6 + m.ROW_GAP
    bottom = round(y - m.ROW_GAP + (0.0 if isinstance(section.items[-1], TableSpec) else m.BAR_PAD), 2)
    side.shapes.append(Shape(Box(m.FRAME_X, top, m.FRAME_W, round(bottom - top, 2)), stroke=0.25, grey=0.45))
    return bottom


def _put_bar(side: Side, definition: FormDefinition, section: Section, top: float) -> None:
    """The title bar: the part before the first dot, white on black, then the title."""
    number, dot, title = section.title.id.partition(". ")
    badge = 9.0 if dot else 2.2
    base = round(top + m.BAR_H / 2 + 1.05, 2)
    side.shapes.append(Shape(Box(m.FRAME_X, top, m.FRAME_W, m.BAR_H), fill=0.88))
    if dot:
        side.shapes.append(Shape(Box(m.FRAME_X, top, badge, m.BAR_H), fill=0.15))
        x = m.FRAME_X + (badge - text_width(number, BOLD, m.BAR_SIZE)) / 2
        side.runs.append(Run(round(x, 2), base, number, BOLD, m.BAR_SIZE, 1.0))
    x = m.FRAME_X + badge + (2.2 if dot else 0.0)
    side.runs.append(Run(round(x, 2), base, title if dot else section.title.id, BOLD, m.BAR_SIZE))
    if section.hint:
        start = x + text_width(title or number, BOLD, m.BAR_SIZE) + 2.0
        x = m.FRAME_X + m.FRAME_W - 2.2 - text_width(section.hint.id, REGULAR, 6.6)
        if x < start:
            raise _too_wide(definition, section.title.id)
        side.runs.append(Run(round(x, 2), base, section.hint.id, REGULAR, 6.6, 0.15))


def _put_note(side: Side, note: Text, top: float) -> float:
    lines = wrap(note.id, REGULAR, m.NOTE_SIZE, m.GRID_END - m.GRID_X)
    for index, line in enumerate(lines):
        side.runs.append(Run(m.GRID_X, round(top + 1.9 + index * _PITCH, 2), line, REGULAR, m.NOTE_SIZE, 0.1))
    return top + len(lines) * _PITCH - 0.6


def _put_flow(side: Side, definition: FormDefinition, specs: list[FieldSpec], top: float) -> float:
    """Put fields with labels above them, left to right; where the next row begins."""
    rows: list[list[tuple[FieldSpec, Box]]] = []
    x = m.GRID_X
    for spec in specs:
        wide = max(_natural(spec), _label_width(spec))
        if wide > m.GRID_END - m.GRID_X + 0.01:
            raise _too_wide(definition, spec.name)
        if not rows or spec.new_row or x + wide > m.GRID_END + 0.01:
            rows.append([])
            x = m.GRID_X
        width = content_width(spec, m.GRID_END - x)
        rows[-1].append((spec, Box(x, 0.0, width, content_height(spec, width))))
        x = snap(x + max(width, _label_width(spec)) + m.DATE_GAP)
    for row in rows:
        tallest = max(box.h for _spec, box in row)
        marks = all(spec.kind is Kind.MARKS for spec, _box in row)
        label_h = m.MARKS_LABEL_H if marks else m.LABEL_H
        for spec, box in row:
            _put_label(side, spec, box.x, top + 2.0)
            down = (m.CELL_H - m.TICK) / 2 if spec.kind is Kind.MARKS and tallest == m.CELL_H else 0.0
            put(side, spec, Box(box.x, top + label_h + down, box.w, box.h), name=spec.name)
        top += label_h + tallest + m.ROW_GAP
    return top


def _natural(spec: FieldSpec) -> float:
    """The least room that a field asks of its row before it wraps to the next."""
    full = m.GRID_END - m.GRID_X
    if spec.kind is Kind.LINE:
        return spec.width or 40.0
    return content_width(spec, full)


def _label_width(spec: FieldSpec) -> float:
    hint = text_width(spec.hint.id, REGULAR, m.HINT_SIZE) + 1.6 if spec.hint else 0.0
    return text_width(spec.label.id, BOLD, m.LABEL_SIZE) + hint


def _put_label(side: Side, spec: FieldSpec, x: float, base: float) -> None:
    x, base = round(x, 2), round(base, 2)
    side.runs.append(Run(x, base, spec.label.id, BOLD, m.LABEL_SIZE))
    if spec.hint:
        after = round(x + text_width(spec.label.id, BOLD, m.LABEL_SIZE) + 1.6, 2)
        side.runs.append(Run(after, base, spec.hint.id, REGULAR, m.HINT_SIZE, 0.3))


def _put_beside(side: Side, section: Section, spec: FieldSpec, top: float) -> float:
    """Put a field with its label in the left column; its bottom."""
    x = snap(m.GRID_X + section.label_width)
    room = m.GRID_END - x
    columns = spec.columns or section.columns
    width = room if spec.kind is Kind.MARKS else content_width(spec, room)
    height = content_height(spec, width)
    if spec.kind is Kind.MARKS:
        height = (option_lines(spec, room, columns) - 1) * m.OPTION_PITCH + m.TICK
    label = wrap(spec.label.id, BOLD, m.LABEL_SIZE, x - m.GRID_X - 2)
    words = [(line, BOLD, m.LABEL_SIZE, 0.0) for line in label]
    if spec.hint:
        hint = wrap(spec.hint.id, REGULAR, m.HINT_SIZE, x - m.GRID_X - 2)
        words += [(line, REGULAR, m.HINT_SIZE, 0.3) for line in hint]
    first = m.TICK if spec.kind is Kind.MARKS else m.CELL_H
    base = top + first / 2 + 0.9 - (len(words) - 1) * 1.35 * (len(words) * 2.7 > first)
    base = max(base, top + 1.9)
    for index, (line, font, size, grey) in enumerate(words):
        side.runs.append(Run(m.GRID_X, round(base + index * 2.7, 2), line, font, size, grey))
    put(side, spec, Box(x, top, width, height), name=spec.name, columns=columns)
    return top + max(height, (base - top) + (len(words) - 1) * 2.7 + 0.6)


def _has_tall_item(section: Section) -> bool:
    """Whether a choice of a section with labels at the left takes more than one line."""
    room = m.GRID_END - snap(m.GRID_X + section.label_width)
    return section.labels == "left" and any(
        option_lines(item, room, item.columns or section.columns) > 1
        for item in section.items
        if isinstance(item, FieldSpec) and item.kind is Kind.MARKS
    )


def _put_separator(side: Side, y: float) -> float:
    """A hairline below what ends a row gap above `y`; where the next row begins."""
    line = round(y - m.ROW_GAP + m.SEPARATOR_GAP, 2)
    side.shapes.append(Shape(Box(m.FRAME_X, line, m.FRAME_W, 0.0), stroke=0.12, grey=0.75))
    return line + m.SEPARATOR_GAP


def _overflow(definition: FormDefinition, page: int, section: Section, over: float) -> DefinitionError:
    return DefinitionError(
        Text(
            f"Formulir {definition.form} halaman {page}: bagian “{section.title.id}” melewati batas bawah "
            f"sejauh {over:.1f} mm. Pindahkan sebagian isian ke halaman lain atau kurangi baris tabel.",
            f"Form {definition.form}, page {page}: section “{section.title.en}” runs {over:.1f} mm over the "
            f"bottom. Move fields to another page or take rows out of the table.",
        )
    )


def _too_wide(definition: FormDefinition, name: str) -> DefinitionError:
    return DefinitionError(
        Text(
            f"Formulir {definition.form}: isian {name} lebih lebar daripada halaman. "
            "Kurangi kotak atau kolomnya.",
            f"Form {definition.form}: {name} is wider than the page. Take out cells or columns.",
        )
    )
