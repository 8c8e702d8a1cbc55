"""A whole sheet: which rules it breaks, and its record."""

from collections.abc import Iterator, Mapping, Sequence

from pipeline.forms.definition import FormDefinition, RuleUse
from pipeline.forms.record import Record, record_model, record_value
from pipeline.recognition.types import Reading
from pipeline.validation.rules import RULES, Argument, Value

Key = tuple[str, int | None]


def broken_rules(definition: FormDefinition, readings: Sequence[Reading]) -> dict[Key, list[str]]:
    """The rules that a sheet breaks: field and row to the reason codes of its rules.

    Every field that a broken rule looks at is named, except the empty rows of a table: a rule does not know
    which of its fields is wrong. Where none of them holds a value, the first one is named.
    """
    values = {(reading.field, reading.row): reading.value for reading in readings}
    broken: dict[Key, list[str]] = {}
    for use in definition.rules:
        rule = RULES[use.name]
        for arguments, keys in _uses(use, values):
            if rule(*arguments):
                continue
            filled = [key for key in keys if values.get(key) not in (None, "absent")]
            for key in filled or keys[:1]:
                broken.setdefault(key, []).append(use.name)
    return broken


def record_of(definition: FormDefinition, readings: Sequence[Reading]) -> Record:
    """The sheet's record; rows of a table without any value are left out.

    Raises:
        pydantic.ValidationError: a value is not of its field's kind.
    """
    plain: dict[str, object] = {}
    rows: dict[str, dict[int, dict[str, object]]] = {}
    for reading in readings:
        value = record_value(definition.field(reading.field), reading.value)
        table, _, column = reading.field.rpartition(".")
        if reading.row is None:
            plain[column] = value
        else:
            rows.setdefault(table, {}).setdefault(reading.row, {})[column] = value
    tables = {
        table: tuple(row for _, row in sorted(numbered.items()) if _holds_something(row))
        for table, numbered in rows.items()
    }
    return record_model(definition).model_validate({**plain, **tables})


def _holds_something(row: Mapping[str, object]) -> bool:
    return any(value not in (None, "absent", ()) for value in row.values())


def _uses(use: RuleUse, values: Mapping[Key, Value]) -> Iterator[tuple[list[Argument], list[Key]]]:
    """Each way to apply a rule: once a row where all its fields are columns of one table, else once."""
    tables = {name.rpartition(".")[0] for name in use.fields}
    if len(tables) == 1 and tables != {""}:
        for row in sorted({row for name, row in values if name in use.fields and row is not None}):
            keys: list[Key] = [(name, row) for name in use.fields]
            yield [values.get(key) for key in keys], keys
        return
    arguments: list[Argument] = []
    looked_at: list[Key] = []
    for name in use.fields:
        column = sorted(((n, r) for n, r in values if n == name), key=lambda key: key[1] or 0)
        looked_at += column or [(name, None)]
        arguments.append(tuple(values[key] for key in column) if "." in name else values.get((name, None)))
    yield arguments, looked_at
