"""The month's import: sheets with nothing open become rows of the register, and a second run changes nothing."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q
from django.utils.timezone import localdate

from pipeline.errors import UsageError
from pipeline.forms.catalogue import Catalogue
from pipeline.forms.occasion import date_field
from pipeline.language import Text
from pipeline.register.changes import ENTITIES, state
from pipeline.register.drafts import drafts, key_fields
from pipeline.register.merge import Book, Question, Told, alike, apply
from pipeline.register.models import Change, ImportRun, Person, Row
from pipeline.store.models import Decision, FieldReading, IssuedSheet, Sheet

_SHEETS: Final = 1_000
"""Sheets that are brought in together: enough for few queries, few enough for flat memory."""
_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class Waiting:
    """A sheet that is not imported yet.

    Attributes:
        reason: `missing_side`, `review` (fields to look at) or `unreadable_key` (a person could not read who it is).
        fields: how many fields wait.
    """

    serial: str
    form: str
    reason: str
    fields: int = 0


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, or would do.

    Attributes:
        run: its number, with which it can be undone; None when nothing changed or on a dry run.
        sheets: sheets brought in.
        counts: kind of row to `new`, `updated`, `unchanged`, `removed` to how many.
    """

    run: int | None
    month: str
    sheets: int
    counts: Mapping[str, Mapping[str, int]]
    questions: tuple[Question, ...]
    waiting: tuple[Waiting, ...]

    @property
    def changed(self) -> int:
        """How many rows are new, updated or removed."""
        return sum(n for found in self.counts.values() for what, n in found.items() if what != "unchanged")


def month_of(text: str) -> str:
    """A month written `2026-11`.

    Raises:
        UsageError: it is not one.
    """
    try:
        return date.fromisoformat(f"{text}-01").isoformat()[:7]
    except ValueError:
        raise UsageError(
            Text(
                f"Bulan {text} tidak dikenal. Tulis tahun dan bulan: 2026-11.",
                f"{text} is not a month. Write year and month: 2026-11.",
            )
        ) from None


def import_month(catalogue: Catalogue, month: str | None, *, dry_run: bool = False) -> ImportReport:
    """Imports every sheet that is ready, of one month or of all; all of it or nothing.

    Args:
        catalogue: the forms whose definitions say what goes where.
        month: `2026-11`, by the date written on the form; None for every month.
        dry_run: find out what would change, and change nothing.
    """
    with transaction.atomic():
        report = _import(catalogue, month)
        if dry_run:
            transaction.set_rollback(True)
            return replace(report, run=None)
    return report


def _import(catalogue: Catalogue, month: str | None) -> ImportReport:
    counts: dict[str, Counter[str]] = {name: Counter() for name in ENTITIES}
    run: ImportRun | None = None
    questions: list[Question] = []
    serials: dict[int, str] = {}
    imported = 0
    for sheets in _ready(catalogue, month):
        book = Book.of(sheets)
        for told in sheets:
            apply(told, book)
        changes = _save(book, counts)
        if changes:
            run = run or ImportRun.objects.create(month=month or "")
            for change in changes:
                change.run = run
            Change.objects.bulk_create(changes, batch_size=_BATCH)
        questions += book.questions
        serials |= {told.sheet: told.serial for told in sheets}
        questions += alike([row for _, row in book.touched.values() if isinstance(row, Person)], serials)
        imported += len(sheets)
    return ImportReport(
        run.pk if run else None,
        month or "",
        imported,
        {name: dict(found) for name, found in counts.items()},
        tuple(dict.fromkeys(questions)),
        tuple(waiting_sheets(catalogue, month)),
    )


def _save(book: Book, counts: dict[str, Counter[str]]) -> list[Change]:
    """Writes what is new or differs, and returns every change."""
    changes: list[Change] = []
    for name, model in ENTITIES.items():
        rows = [row for kind, row in book.touched.values() if kind == name]
        for row in rows:
            _settle(row)
        fresh = [row for row in rows if row.pk is None]
        model._default_manager.bulk_create(fresh, batch_size=_BATCH)
        changes += [Change(model=name, row=row.pk, before=None, after=state(row)) for row in fresh]
        old = [(row, before) for row in rows if (before := book.before.get(id(row))) is not None]
        differing = [(row, before, after) for row, before in old if (after := state(row)) != before]
        columns = [field.name for field in model._meta.concrete_fields if not field.primary_key]
        model._default_manager.bulk_update([row for row, _, _ in differing], columns, batch_size=_BATCH)
        changes += [Change(model=name, row=row.pk, before=was, after=now) for row, was, now in differing]
        gone = [row for kind, row in book.gone if kind == name]
        changes += [Change(model=name, row=row.pk, before=state(row), after=None) for row in gone]
        model._default_manager.filter(pk__in=[row.pk for row in gone]).delete()
        counts[name].update(
            new=len(fresh), updated=len(differing), unchanged=len(old) - len(differing), removed=len(gone)
        )
    return changes


def _settle(row: Row) -> None:
    """Takes over the keys of rows that this run has just made."""
    for name, other in list(row._state.fields_cache.items()):
        if isinstance(other, Row):
            setattr(row, name, other)


def _open() -> Exists:
    return Exists(FieldReading.objects.filter(page__sheet=OuterRef("pk"), status=FieldReading.Status.REVIEW))


def _ready(catalogue: Catalogue, month: str | None) -> Iterator[list[Told]]:
    """Sheets that are complete, with nothing open and nobody unreadable, in the order they were filled in."""
    ready = Sheet.objects.filter(complete=True).exclude(_open())
    blocked = set(unreadable_sheets(catalogue))
    dated = sorted(
        (on, key)
        for key, on in _dates(catalogue, ready)
        if key not in blocked and (month is None or on.isoformat()[:7] == month)
    )
    for first in range(0, len(dated), _SHEETS):
        yield _told(catalogue, dated[first : first + _SHEETS])


def _dates(catalogue: Catalogue, sheets: Iterable[Sheet]) -> Iterator[tuple[int, date]]:
    """Each sheet with the date written on it, or else the day that it was scanned."""
    fields = {form.key: date_field(form.definition) for form in catalogue.forms()}
    written = dict(
        FieldReading.objects.filter(field__in=set(filter(None, fields.values())), value__isnull=False)
        .exclude(page__sheet=None)
        .values_list("page__sheet", "value")
    )
    for sheet in sheets:
        if (sheet.form, sheet.version) in fields:
            value = written.get(sheet.pk)
            yield sheet.pk, date.fromisoformat(value) if value else localdate(sheet.created_at)


def _told(catalogue: Catalogue, dated: Sequence[tuple[date, int]]) -> list[Told]:
    keys = [key for _, key in dated]
    sheets = Sheet.objects.in_bulk(keys)
    values: dict[int, dict[tuple[str, int | None], str | None]] = {key: {} for key in keys}
    rows = FieldReading.objects.filter(page__sheet__in=keys, value__isnull=False)
    for key, name, row, value in rows.values_list("page__sheet", "field", "row", "value").iterator(10_000):
        values[key][name, row] = value
    issued = dict(
        IssuedSheet.objects.filter(serial__in=[sheet.serial for sheet in sheets.values()])
        .exclude(rows={})
        .values_list("serial", "rows")
    )
    told = []
    for on, key in dated:
        sheet = sheets[key]
        definition = catalogue.get(sheet.form, sheet.version).definition
        expected = {
            (table, int(one["row"])): int(one["person"])
            for table, rows in issued.get(sheet.serial, {}).items()
            for one in rows
        }
        told.append(Told(key, sheet.serial, on, drafts(definition, values[key]), expected))
    return told


def unreadable_sheets(catalogue: Catalogue) -> Iterator[int]:
    """Sheets on which a person could not read a field that says who or what they are about."""
    keys = {(*form.key, name) for form in catalogue.forms() for name in key_fields(form.definition)}
    # The last word counts: who found out later that the field is empty has let the sheet go.
    later = Decision.objects.filter(reading=OuterRef("reading"), pk__gt=OuterRef("pk"))
    last = Decision.objects.filter(~Exists(later), kind=Decision.Kind.UNREADABLE)
    found = FieldReading.objects.filter(
        status=FieldReading.Status.REVIEWED, value=None, pk__in=last.values("reading")
    )
    for sheet, form, version, name in found.values_list(
        "page__sheet", "page__sheet__form", "page__sheet__version", "field"
    ).distinct():
        if (form, version, name) in keys:
            yield sheet


def waiting_sheets(catalogue: Catalogue, month: str | None) -> Iterator[Waiting]:
    """Sheets that are not in the register yet, and what they wait for."""
    blocked = set(unreadable_sheets(catalogue))
    open_fields = Count("pages__readings", filter=Q(pages__readings__status=FieldReading.Status.REVIEW))
    sheets = list(Sheet.objects.annotate(open_fields=open_fields).order_by("serial", "copy"))
    dates = dict(_dates(catalogue, sheets))
    for sheet in sheets:
        on = dates.get(sheet.pk)
        if on is None or (month is not None and on.isoformat()[:7] != month):
            continue
        if not sheet.complete:
            yield Waiting(sheet.serial, sheet.form, "missing_side", sheet.open_fields)
        elif sheet.open_fields:
            yield Waiting(sheet.serial, sheet.form, "review", sheet.open_fields)
        elif sheet.pk in blocked:
            yield Waiting(sheet.serial, sheet.form, "unreadable_key")
