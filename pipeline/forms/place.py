"""Placing one field: its cells, boxes or area, from a left top corner in mm."""

from math import ceil

from pipeline.forms import measures as m
from pipeline.forms.fields import Choice, FieldSpec
from pipeline.forms.ink import REGULAR, Run, Shape, Side, rounded, text_width
from pipeline.forms.layout import Box, ChoiceBox, FieldLayout, FieldType, Kind, around


def snap(x: float) -> float:
    """The first grid line at or right of `x`."""
    return m.GRID_X + ceil(round((x - m.GRID_X) / m.CELL_W, 4)) * m.CELL_W


def content_width(spec: FieldSpec, room: float) -> float:
    """How wide a field's cells, boxes or area are when they may take `room` mm."""
    if spec.kind is Kind.COMB:
        gaps = 2 * m.DATE_GAP if spec.type is FieldType.DATE else 0.0
        return spec.cell_count * m.CELL_W + gaps
    if spec.kind is Kind.MARKS:
        return min(room, room if spec.columns else options_width(spec.choices))
    if spec.kind is Kind.AREA:
        return spec.width or m.SIGNATURE_W
    return spec.width or room


def content_height(spec: FieldSpec, width: float) -> float:
    """How high a field is when it is `width` mm wide."""
    if spec.kind is Kind.MARKS:
        return (option_lines(spec, width, spec.columns) - 1) * m.OPTION_PITCH + m.TICK
    if spec.kind is Kind.AREA:
        return spec.height or m.SIGNATURE_H
    if spec.kind is Kind.LINE:
        return spec.height or m.LINE_H
    return m.CELL_H


def option_width(choice: Choice) -> float:
    """A tick box and its label."""
    return m.TICK + m.TICK_LABEL_GAP + text_width(choice.label.id, REGULAR, m.OPTION_SIZE)


def options_width(choices: tuple[Choice, ...]) -> float:
    """All choices side by side."""
    return sum(map(option_width, choices)) + m.OPTION_GAP * (len(choices) - 1)


def option_lines(spec: FieldSpec, width: float, columns: int | None) -> int:
    """On how many lines the choices stand."""
    return 1 + max(line for line, _offset in _option_places(spec.choices, width, columns))


def put(
    side: Side, spec: FieldSpec, box: Box, *, name: str, row: int | None = None, columns: int | None = None
) -> FieldLayout:
    """Put a field into a box whose left top corner and width count; tick boxes stand at its top."""
    cells: tuple[Box, ...] = ()
    choices: tuple[ChoiceBox, ...] = ()
    if spec.kind is Kind.COMB:
        cells = _comb(spec, box)
        extent = rounded(around(cells))
    elif spec.kind is Kind.MARKS:
        choices, labels = _marks(spec, box, columns)
        side.runs += labels
        extent = rounded(around([*(choice.box for choice in choices), *(label.box for label in labels)]))
    else:
        extent = rounded(box)
        side.shapes.append(_area(spec, extent))
    placed = FieldLayout(
        name=name,
        row=row,
        type=spec.type,
        kind=spec.kind,
        box=extent,
        alphabet=spec.rules.alphabet,
        cells=cells,
        choices=choices,
        multiple=spec.multiple,
    )
    side.fields.append(placed)
    return placed


def _comb(spec: FieldSpec, box: Box) -> tuple[Box, ...]:
    date = spec.type is FieldType.DATE
    gaps = [m.DATE_GAP * ((index >= 2) + (index >= 4)) if date else 0.0 for index in range(spec.cell_count)]
    return tuple(
        rounded(Box(box.x + index * m.CELL_W + gap, box.y, m.CELL_W, m.CELL_H))
        for index, gap in enumerate(gaps)
    )


def _marks(spec: FieldSpec, box: Box, columns: int | None) -> tuple[tuple[ChoiceBox, ...], list[Run]]:
    places = _option_places(spec.choices, box.w, columns or spec.columns)
    ticks = [
        rounded(Box(box.x + offset, box.y + line * m.OPTION_PITCH, m.TICK, m.TICK)) for line, offset in places
    ]
    labels = [
        Run(
            round(tick.x + m.TICK + m.TICK_LABEL_GAP, 2),
            round(tick.y + m.TICK / 2 + 0.95, 2),
            choice.label.id,
            REGULAR,
            m.OPTION_SIZE,
        )
        for tick, choice in zip(ticks, spec.choices, strict=True)
    ]
    return tuple(ChoiceBox(c.value, tick) for c, tick in zip(spec.choices, ticks, strict=True)), labels


def _option_places(choices: tuple[Choice, ...], width: float, columns: int | None) -> list[tuple[int, float]]:
    """Line (from 0) and offset in mm of each choice; with columns, a long label takes several of them."""
    pitch = width / columns if columns else None
    places: list[tuple[int, float]] = []
    line, x = 0, 0.0
    for choice in choices:
        wide = option_width(choice)
        if x > 0 and x + wide > width + 0.01:
            line, x = line + 1, 0.0
        places.append((line, x))
        x += ceil((wide + m.OPTION_CLEAR) / pitch) * pitch if pitch else wide + m.OPTION_GAP
    return places


def _area(spec: FieldSpec, box: Box) -> Shape:
    if spec.kind is Kind.LINE:
        return Shape(Box(box.x, round(box.y + box.h - 0.8, 2), box.w, 0.0), stroke=0.2, grey=m.AREA_GREY)
    return Shape(box, stroke=0.2, grey=m.AREA_GREY)
