"""A layout as other programs read it: the JSON of `sotarsa forms layout`."""

from typing import Any

from pipeline.forms.layout import Box, FieldLayout, FormLayout, Kind, PageLayout
from pipeline.forms.types import CAPITALS


def describe(layout: FormLayout) -> dict[str, Any]:
    """The layout in mm as one JSON object; an alphabet's capitals are written as the run `A-Z`."""
    return {
        "form": layout.form,
        "code": layout.code,
        "version": layout.version,
        "pages": [_page(page) for page in layout.pages],
    }


def _page(page: PageLayout) -> dict[str, Any]:
    fields = [_field(field) for field in page.fields]
    return {"page": page.page, "width_mm": page.width_mm, "height_mm": page.height_mm, "fields": fields}


def _field(field: FieldLayout) -> dict[str, Any]:
    head = {"name": field.name, "row": field.row, "type": field.type.value, "kind": field.kind.value}
    if field.kind is Kind.COMB:
        alphabet = field.alphabet.replace(CAPITALS, "A-Z")
        return {**head, "alphabet": alphabet, "cells": [_box(cell) for cell in field.cells]}
    if field.kind is Kind.MARKS:
        choices = [{"value": choice.value, "box": _box(choice.box)} for choice in field.choices]
        return {**head, "multiple": field.multiple, "choices": choices}
    return {**head, "box": _box(field.box)}


def _box(box: Box) -> list[float]:
    return [box.x, box.y, box.w, box.h]
