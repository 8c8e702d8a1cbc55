"""Readings between the reader's records and the store's rows."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from pipeline.forms.definition import FormDefinition
from pipeline.forms.layout import FieldType, PageLayout
from pipeline.page import JudgedReading
from pipeline.recognition.types import Alternative, Reading
from pipeline.store.models import FieldReading, Page

Key = tuple[str, int | None]
"""A field of a page: its name and its table row."""
Broken = Mapping[Key, Sequence[str]]
"""Field and row to the reason codes of the rules that they break."""
BrokenRules = Callable[[FormDefinition, Sequence[Reading]], Broken]
"""The rules across the fields of a sheet."""

_LIKELY: Final = 0.01

ABSENT: Final = "absent"
"""What a signature's field holds when nobody signed: a value, but no ink."""


def rows_of(page: Page, layout: PageLayout, judged: Iterable[JudgedReading]) -> list[FieldReading]:
    """The rows for the readings of a page, in the page's order; not yet saved."""
    types: Mapping[Key, FieldType] = {(f.name, f.row): f.type for f in layout.fields}
    return [
        FieldReading(
            page=page,
            position=position,
            field=one.reading.field,
            row=one.reading.row,
            type=types[one.reading.field, one.reading.row].value,
            value=shown.value,
            read_value=one.reading.value,
            raw=shown.raw,
            confidence=float(shown.confidence),
            score=one.score,
            status=one.status,
            reasons=list(one.reasons),
            alternatives=[[other.value, float(other.probability)] for other in shown.alternatives],
            quad=[[round(float(x), 2), round(float(y), 2)] for x, y in one.reading.quad],
            reader=shown.reader,
        )
        for position, one in enumerate(judged)
        for shown in (one.proposal or one.reading,)
    ]


def reading_of(row: FieldReading) -> Reading:
    """The reading of a row, with the value that counts now."""
    return Reading(
        field=row.field,
        row=row.row,
        value=row.value,
        raw=row.raw,
        confidence=row.confidence,
        quad=tuple((x, y) for x, y in row.quad),
        reader=row.reader,
        alternatives=tuple(Alternative(value, probability) for value, probability in row.alternatives),
        reasons=tuple(row.reasons),
    )


def broken_by(rules: BrokenRules, definition: FormDefinition, rows: Sequence[FieldReading]) -> Broken:
    """The rules that a sheet's values break: as they are shown, or as the shipped reader read what nobody decided.

    What an office's learnt reader proposes so speaks for nothing that enters unseen.
    """
    shown = [reading_of(row) for row in rows]
    read = [
        one if row.status == FieldReading.Status.REVIEWED else replace(one, value=row.read_value)
        for one, row in zip(shown, rows, strict=True)
    ]
    found: dict[Key, list[str]] = {}
    for readings in [read] if read == shown else [read, shown]:
        for key, codes in rules(definition, readings).items():
            found[key] = list(dict.fromkeys([*found.get(key, ()), *codes]))
    return found


def possible(value: str | None, others: Iterable[tuple[str | None, float]]) -> frozenset[str]:
    """The values that ink may hold: what was read, and what it may be instead, with one chance in a hundred."""
    likely = (other for other, probability in others if probability >= _LIKELY)
    return frozenset(one for one in (value, *likely) if one and one != ABSENT)


def filled(values: Iterable[tuple[str, int | None, str | None]]) -> dict[Key, str]:
    """What was written on a page: values under field and row, without the empty ones."""
    return {(field, row): value for field, row, value in values if value and value != ABSENT}
