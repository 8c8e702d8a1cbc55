"""The record of a form: its validated values as a Pydantic model, derived from the definition."""

from datetime import date
from enum import StrEnum
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from pipeline.forms.definition import FieldSpec, FormDefinition, TableSpec
from pipeline.forms.layout import FieldType

_NUMBERS: Final = (FieldType.COUNT, FieldType.MONEY, FieldType.NUMBER)


class Record(BaseModel):
    """What every form's record has in common: nothing unknown, nothing changed later, empty is None."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def record_model(definition: FormDefinition) -> type[Record]:
    """The record model of a form: dates, whole numbers, enums for choices, a list of rows for each table."""
    name = definition.form.title().replace("_", "")
    members: dict[str, Any] = {}
    for section in definition.sections():
        for item in section.items:
            if isinstance(item, FieldSpec):
                members[item.name] = _member(item, name)
            elif isinstance(item, TableSpec):
                members[item.name] = _rows(item, name)
    return create_model(f"{name}V{definition.version}", __base__=Record, **members)


def record_value(spec: FieldSpec, value: str | None) -> object:
    """A reading's value as the record takes it: several choices as a tuple, an empty one as an empty tuple."""
    if spec.multiple:
        return tuple(value.split("|")) if value else ()
    return value


def _rows(table: TableSpec, form: str) -> tuple[Any, Any]:
    name = f"{form}{table.name.title().replace('_', '')}"
    row = create_model(name, __base__=Record, **{spec.name: _member(spec, name) for spec in table.columns})
    return (tuple[row, ...], Field(default=(), max_length=table.rows))  # type: ignore[valid-type]


def _member(spec: FieldSpec, owner: str) -> tuple[Any, Any]:
    """Type and default of one field."""
    facts = {"title": spec.label.id}
    if spec.type is FieldType.CHOICE:
        values = {choice.value.upper() if choice.value[0].isalpha() else f"V{choice.value}": choice.value
                  for choice in spec.choices}
        chosen = StrEnum(f"{owner}{spec.name.title().replace('_', '')}", values)
        if spec.multiple:
            return (tuple[chosen, ...], Field(default=(), **facts))  # type: ignore[valid-type]
        return (chosen | None, Field(default=None, **facts))
    plain: Any = str
    if spec.type is FieldType.DATE:
        plain = date
    elif spec.type in _NUMBERS:
        plain = int
    elif spec.type is FieldType.SIGNATURE:
        plain = Literal["present", "absent"]
    return (plain | None, Field(default=None, **facts))
