"""What sheets say as they stand in the store: when they were filled in, what nobody could read on them."""

from collections.abc import Iterable, Iterator, Sequence, Set
from datetime import date

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.timezone import localdate

from pipeline.forms.catalogue import Catalogue
from pipeline.forms.occasion import date_field
from pipeline.register.drafts import fields_of
from pipeline.store.models import Decision, FieldReading, Sheet

_Key = tuple[str, int, str]
"""A field, by its form, the version, and its name there."""


def settled_sheets() -> QuerySet[Sheet]:
    """Sheets that are complete and wait for nobody."""
    waits = FieldReading.objects.filter(page__sheet=OuterRef("pk"), status=FieldReading.Status.REVIEW)
    return Sheet.objects.filter(complete=True).exclude(Exists(waits))


def dates(catalogue: Catalogue, sheets: Iterable[Sheet]) -> Iterator[tuple[int, date]]:
    """Each sheet with the date written on it, or else the day that it was scanned."""
    fields = {form.key: date_field(form.definition) for form in catalogue.forms()}
    names = {(*key, name) for key, name in fields.items() if name is not None}
    written = {sheet: value for sheet, _, value in _written(names)}
    for sheet in sheets:
        if (sheet.form, sheet.version) in fields:
            value = written.get(sheet.pk)
            yield sheet.pk, date.fromisoformat(value) if value else localdate(sheet.created_at)


def unreadable(
    catalogue: Catalogue, attributes: frozenset[str], sheets: Sequence[int] | None = None
) -> Iterator[tuple[int, str]]:
    """Sheets, all or of these, and fields that nobody could read, of those that become some attributes."""
    keys = {
        (*form.key, name) for form in catalogue.forms() for name in fields_of(form.definition, attributes)
    }
    # The last word counts: who found out later that the field is empty has let the sheet go.
    later = Decision.objects.filter(reading=OuterRef("reading"), pk__gt=OuterRef("pk"))
    last = Decision.objects.filter(~Exists(later), kind=Decision.Kind.UNREADABLE)
    found = FieldReading.objects.filter(
        status=FieldReading.Status.REVIEWED, value=None, pk__in=last.values("reading")
    )
    if sheets is not None:
        found = found.filter(page__sheet__in=sheets)
    for sheet, form, version, name in found.values_list(
        "page__sheet", "page__sheet__form", "page__sheet__version", "field"
    ).distinct():
        if (form, version, name) in keys:
            yield sheet, name


def values(catalogue: Catalogue, attributes: frozenset[str]) -> Iterator[tuple[int, str]]:
    """Sheets, with what the fields outside tables hold that become some attributes."""
    fields = {
        (*form.key, name): form.definition.field(name)
        for form in catalogue.forms()
        for name in fields_of(form.definition, attributes)
        if "." not in name
    }
    for sheet, key, value in _written(fields.keys()):
        yield sheet, fields[key].meant(value)


def _written(names: Set[_Key]) -> Iterator[tuple[int, _Key, str]]:
    """Sheets, with what some fields hold."""
    rows = FieldReading.objects.filter(
        field__in={name for _, _, name in names}, value__isnull=False, page__sheet__isnull=False
    ).exclude(page__reason="duplicate_side")
    columns = ("page__sheet", "page__sheet__form", "page__sheet__version", "field", "value")
    for sheet, form, version, name, value in rows.values_list(*columns).iterator(10_000):
        if (form, version, name) in names:
            yield sheet, (form, version, name), value
