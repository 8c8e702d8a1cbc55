"""What the other fields say that a rule held beside an item: so that nobody has to turn the page to judge it."""

from collections.abc import Iterable, Iterator
from typing import Final

from pipeline.forms.catalogue import Catalogue
from pipeline.forms.definition import FormDefinition
from pipeline.forms.fields import FieldSpec
from pipeline.review.items import ReviewItem
from pipeline.store.models import FieldReading

_JOINT: Final = ("nik_agrees_with_birth_date", "sex_agrees_with_nik")
"""The rules along which fields are read together: `outvoted` is about them."""

Companions = tuple[tuple[FieldSpec, str | None], ...]


def companions(item: ReviewItem, reasons: Iterable[str], forms: Catalogue) -> Companions:
    """The fields that broken rules compare an item with, and their values now; columns as a whole are left out.

    Raises:
        UsageError: this computer does not know the form in that version.
    """
    definition = forms.get(item.form, item.version).definition
    names = list(dict.fromkeys(_others(item.field, set(reasons), definition)))
    if not names:
        return ()
    rows = FieldReading.objects.filter(page__sheet=item.sheet, field__in=names)
    values = {(row.field, row.row): row.value for row in rows.exclude(page__reason="duplicate_side")}
    found = ((name, (name, item.row if "." in name else None)) for name in names)
    return tuple((definition.field(name), values[key]) for name, key in found if key in values)


def _others(field: str, reasons: set[str], definition: FormDefinition) -> Iterator[str]:
    told = reasons | (set(_JOINT) if "outvoted" in reasons else set())
    fields = {name for name, _ in definition.fields()}
    for rule in definition.rules:
        if rule.name in told and field in rule.fields:
            yield from (name for name in rule.fields if name != field and name in fields)
