"""Which fields of a form say where and when it was filled in."""

from typing import Final

from pipeline.forms.definition import FormDefinition
from pipeline.forms.layout import FieldType, FormLayout

DATES: Final = ("surveyed_on", "date", "asked_on")
"""Attributes of the register that say when a form was filled in."""


def date_field(definition: FormDefinition) -> str | None:
    """The field that says when a form was filled in, if the definition maps one."""
    for name in DATES:
        for entry in definition.register_:
            if name in entry.map:
                return entry.map[name]
    return None


def day_field(definition: FormDefinition, layout: FormLayout) -> str | None:
    """`date_field`, else the form's first plain date that is not mapped to something else (a birth date)."""
    mapped = {column for entry in definition.register_ for column in entry.map.values()}
    return date_field(definition) or _first(layout, FieldType.DATE, mapped)


def village_field(layout: FormLayout) -> str | None:
    """The form's first plain field for a village."""
    return _first(layout, FieldType.VILLAGE, set())


def _first(layout: FormLayout, kind: FieldType, without: set[str]) -> str | None:
    fields = (field for page in layout.pages for field in page.fields)
    named = (one.name for one in fields if one.type is kind and one.row is None and one.name not in without)
    return next(named, None)
