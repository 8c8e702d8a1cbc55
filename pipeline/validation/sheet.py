"""A whole sheet: which rules it breaks, and its record."""

from collections.abc import Iterator, Mapping, Sequence

from pipeline.forms.definition import FormDefinition, RuleUse
from pipeline.forms.record import Record, record_model, record_value
from pipeline.recognition.types import Reading
from pipeline.validation.rules import RULES, Argument, Rule, Value, takes_columns

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
        for arguments, keys in _uses(use, rule, values):
            if rule(*arguments):
                continue
            filled = [key for key in keys if values.get(key) not in (None, "absent")]
            for key in filled or keys[:1]:
                codes = broken.setdefault(key, [])
                codes += [use.name] if use.name not in codes else []
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


def _uses(
    use: RuleUse, rule: Rule, values: Mapping[Key, Value]
) -> Iterator[tuple[list[Argument], list[Key]]]:
    """Each way to apply a rule: once a row of a table where it takes single values of one, else once."""
    takes = list(zip(use.fields, takes_columns(rule), strict=True))
    single = {name for name, column in takes if not column and "." in name}
    rows = sorted({row for name, row in values if name in single and row is not None}) if single else [None]
    for row in rows:
        arguments: list[Argument] = []
        looked_at: list[Key] = []
        for name, column in takes:
            keys: list[Key] = [(name, row if name in single else None)]
            if column:
                keys = sorted((key for key in values if key[0] == name), key=lambda key: key[1] or 0) or keys
            told = tuple(values.get(key) for key in keys)
            arguments.append(told if column else told[0])
            looked_at += keys
        yield arguments, looked_at
