"""Placing a table: head, rows of one or two lines, numbers, and places for register text."""

from dataclasses import dataclass

from pipeline.forms import measures as m
from pipeline.forms.fields import FieldSpec, PrintedColumn, TableSpec
from pipeline.forms.ink import BOLD, REGULAR, Run, Shape, Side, Slot, rounded, text_width, wrap
from pipeline.forms.layout import Box, Kind
from pipeline.forms.place import content_width, options_width, put, snap


@dataclass(frozen=True, slots=True)
class _Column:
    """A column where it stands: left end and width in mm, and the room its heading has."""

    spec: FieldSpec | PrintedColumn
    x: float
    w: float
    room: float


def table_end(table: TableSpec) -> float:
    """The right end of the widest line of a table."""
    return max(column.x + column.w for line in _lines(table) for column in line)


def table_height(table: TableSpec) -> float:
    """The height of a table with its head."""
    return _head_height(_lines(table)) + table.rows * _row_height(table)


def put_table(side: Side, table: TableSpec, top: float) -> None:
    """Put a table onto a page, from `top` mm down."""
    lines = _lines(table)
    _put_head(side, lines, top)
    start, height = top + _head_height(lines), _row_height(table)
    for index in range(table.rows):
        _put_row(side, table, lines, index + 1, start + index * height)
    for index in range(table.rows + 1):
        strong = index in (0, table.rows)
        rule = Box(m.FRAME_X, round(start + index * height, 2), m.FRAME_W, 0.0)
        side.shapes.append(Shape(rule, stroke=0.25 if strong else 0.12, grey=0.45 if strong else 0.75))


def _lines(table: TableSpec) -> list[list[_Column]]:
    """The columns of each line; preprinted ones stand at the left of the first."""
    left = m.GRID_X + m.CELL_W
    placed: list[list[_Column]] = []
    printed: list[_Column] = []
    for column in table.preprinted:
        printed.append(_Column(column, left, column.width, column.width))
        left = left + column.width + m.TABLE_GAP
    for line in range(1, table.lines + 1):
        x = snap(left)
        columns = list(printed) if line == 1 else []
        specs = [spec for spec in table.columns if spec.line == line]
        for spec in specs:
            width = _column_width(spec)
            end = snap(x + max(width, _longest_word(spec)) + m.TABLE_GAP)
            columns.append(_Column(spec, x, width, end - x - m.TABLE_GAP))
            x = end
        placed.append(columns)
    return placed


def _column_width(spec: FieldSpec) -> float:
    if spec.kind is Kind.MARKS:
        return options_width(spec.choices)
    return content_width(spec, spec.width or 30.0)


def _longest_word(spec: FieldSpec) -> float:
    return max(text_width(word, BOLD, m.HEAD_SIZE) for word in spec.label.id.split())


def _row_height(table: TableSpec) -> float:
    return table.lines * m.CELL_H + (table.lines - 1) * m.TABLE_LINE_GAP + 2 * m.TABLE_ROW_PAD


def _heading(column: _Column) -> list[tuple[str, str]]:
    """The lines of a column's heading with their fonts: label, then hint."""
    lines = [(text, BOLD) for text in wrap(column.spec.label.id, BOLD, m.HEAD_SIZE, column.room)]
    if isinstance(column.spec, FieldSpec) and column.spec.hint:
        hint = column.spec.hint.id
        label_w = text_width(f"{lines[-1][0]}  ", BOLD, m.HEAD_SIZE)
        both = label_w + text_width(hint, REGULAR, m.HEAD_SIZE - 0.6)
        if len(lines) > 1 or both > column.room:
            lines += [(text, REGULAR) for text in wrap(hint, REGULAR, m.HEAD_SIZE - 0.6, column.room)]
    return lines


def _line_heads(lines: list[list[_Column]]) -> list[float]:
    return [max((len(_heading(column)) for column in line), default=0) * m.TABLE_HEAD_PITCH for line in lines]


def _head_height(lines: list[list[_Column]]) -> float:
    return sum(_line_heads(lines)) + 0.9 * (len(lines) - 1) + 1.2


def _put_head(side: Side, lines: list[list[_Column]], top: float) -> None:
    y = top
    for line, height in zip(lines, _line_heads(lines), strict=True):
        for column in line:
            heading = _heading(column)
            for index, (text, font) in enumerate(heading):
                size = m.HEAD_SIZE if font == BOLD else m.HEAD_SIZE - 0.6
                base = y + height - (len(heading) - 1 - index) * m.TABLE_HEAD_PITCH - 0.3
                side.runs.append(Run(round(column.x, 2), round(base, 2), text, font, size))
            hint = column.spec.hint if isinstance(column.spec, FieldSpec) else None
            if hint and all(font == BOLD for _text, font in heading):
                x = column.x + text_width(f"{heading[-1][0]}  ", BOLD, m.HEAD_SIZE)
                side.runs.append(
                    Run(round(x, 2), round(y + height - 0.3, 2), hint.id, REGULAR, m.HEAD_SIZE - 0.6, 0.3)
                )
        y += height + 0.9


def _put_row(side: Side, table: TableSpec, lines: list[list[_Column]], row: int, top: float) -> None:
    inner = _row_height(table) - 2 * m.TABLE_ROW_PAD
    number = str(table.first_number + row - 1)
    base = top + m.TABLE_ROW_PAD + m.CELL_H / 2 + 1.0
    x = m.GRID_X + m.CELL_W - 2.0 - text_width(number, BOLD, 7.5)
    side.runs.append(Run(round(x, 2), round(base, 2), number, BOLD, 7.5))
    for index, line in enumerate(lines):
        y = top + m.TABLE_ROW_PAD + index * (m.CELL_H + m.TABLE_LINE_GAP)
        for column in line:
            if isinstance(column.spec, PrintedColumn):
                box = rounded(Box(column.x, y, column.w, m.CELL_H))
                side.slots.append(Slot(table.name, row, column.spec.name, box))
                continue
            spec = column.spec
            tick = spec.kind is Kind.MARKS
            height = min(spec.height or m.CELL_H, inner)
            corner = Box(column.x, y + (m.CELL_H - m.TICK) / 2 if tick else y, column.w, height)
            put(side, spec, corner, name=f"{table.name}.{spec.name}", row=row)
