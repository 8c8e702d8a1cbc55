"""The record of a form: its validated values as a Pydantic model, derived from the definition."""

from datetime import date
from enum import Enum
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from pipeline.forms.definition import FormDefinition
from pipeline.forms.fields import FieldSpec, TableSpec
from pipeline.forms.layout import FieldType

_NUMBERS: Final = (FieldType.COUNT, FieldType.MONEY, FieldType.NUMBER)


class Record(BaseModel):
    """What every form's record has in common: nothing unknown, nothing changed later, empty is None."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def record_model(definition: FormDefinition) -> type[Record]:
    """The record model of a form: dates, whole numbers, enums for choices, a list of rows for each table."""
    name = _camel(definition.form)
    members: dict[str, Any] = {}
    for section in definition.sections():
        for item in section.items:
            if isinstance(item, FieldSpec):
                members[item.name] = _member(item, name)
            elif isinstance(item, TableSpec):
                members[item.name] = _rows(item, name)
    return create_model(f"{name}V{definition.version}", __base__=Record, **members)


def record_value(spec: FieldSpec, value: str | None) -> object:
    """A reading's value as the record takes it: several choices as a tuple, empty when nothing is ticked."""
    if spec.multiple:
        return tuple(value.split("|")) if value else ()
    return value


def _rows(table: TableSpec, form: str) -> tuple[Any, Any]:
    name = f"{form}{_camel(table.name)}"
    columns: dict[str, Any] = {spec.name: _member(spec, name) for spec in table.columns}
    row: Any = create_model(name, __base__=Record, **columns)
    return (tuple[row, ...], Field(default=(), max_length=table.rows))


def _member(spec: FieldSpec, owner: str) -> tuple[Any, Any]:
    """Type and default of one field."""
    kind: Any = _kind(spec, owner)
    if spec.multiple:
        return (tuple[kind, ...], Field(default=(), title=spec.label.id))
    return (kind | None, Field(default=None, title=spec.label.id))


def _kind(spec: FieldSpec, owner: str) -> object:
    if spec.type is FieldType.CHOICE:
        values = {_constant(choice.value): choice.value for choice in spec.choices}
        return Enum(f"{owner}{_camel(spec.name)}", values, type=str, module=__name__)
    if spec.type is FieldType.SIGNATURE:
        return Literal["present", "absent"]
    if spec.type is FieldType.DATE:
        return date
    return int if spec.type in _NUMBERS else str


def _camel(name: str) -> str:
    return name.title().replace("_", "")


def _constant(value: str) -> str:
    return value.upper() if value[0].isalpha() else f"V{value}"
