"""From pages to sheets: sides find each other by their serial, in any order, from any file, on any day."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import F

from pipeline.forms.catalogue import Form
from pipeline.forms.definition import FormDefinition
from pipeline.page import PageReading, PageStatus
from pipeline.recognition.types import Reading
from pipeline.store.models import Decision, FieldReading, Page, Sheet
from pipeline.store.readings import Key, filled, reading_of, rows_of

SAME_CONTENT: Final = 0.9
"""Share of equal values among the filled ones from which two images show the same sheet: readers err less."""

RULES: Final = "rules"
"""Who reopens a value that a person had confirmed before the other side of its sheet came."""

Status = FieldReading.Status

BrokenRules = Callable[[FormDefinition, Sequence[Reading]], Mapping[Key, Sequence[str]]]
"""The rules across the fields of a sheet: field and row → reason codes of the rules that it breaks."""

Drawn = Callable[[str, int, int], bool]
"""Whether an accepted value is audited: content hash of its file, page image, position on the page."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a side belongs.

    Attributes:
        sheet: its sheet.
        duplicate: whether the sheet already has this side.
        reused: whether the serial stands on other paper too, so that a person has to look.
    """

    sheet: Sheet
    duplicate: bool = False
    reused: bool = False


def place(
    page: Page,
    reading: PageReading,
    form: Form,
    broken_rules: BrokenRules,
    drawn: Drawn = lambda *_: False,
) -> None:
    """Save a read page with its readings and join it to its sheet; inside one transaction of the caller.

    Args:
        page: its row, filled in but not saved; file, image, serial and number are known.
        reading: what was read.
        form: the form in the version of the page.
        broken_rules: run over the whole sheet once every side is there.
        drawn: which accepted values a person audits blindly.
    """
    at = _find(page, reading, form)
    page.sheet = at.sheet
    if at.duplicate:
        page.status, page.reason = PageStatus.SET_ASIDE, "duplicate_side"
        page.save()
        return
    page.save()
    rows = rows_of(page, form.layout.pages[reading_number(page) - 1], reading.readings)
    if at.reused:
        for row in rows:
            if row.value is not None:
                _doubt(row, ["serial_reused"])
    for row in rows:
        if row.status == Status.ACCEPTED and drawn(page.file.sha256, page.image, row.position):
            row.status, row.audit = Status.AUDIT, True
    FieldReading.objects.bulk_create(rows, batch_size=500)
    _complete(at.sheet, form, broken_rules)


def reading_number(page: Page) -> int:
    """Which side a read page is.

    Raises:
        ValueError: the page was not identified.
    """
    if page.number is None:
        raise ValueError(f"page {page.pk} has no number")
    return page.number


def _find(page: Page, reading: PageReading, form: Form) -> _Place:
    """The sheet of a side: one that lacks it beside it in the file, the one it repeats, or a new one."""
    sheets = list(Sheet.objects.select_for_update().filter(serial=page.serial).order_by("copy"))
    sides = Page.objects.filter(sheet__in=sheets).exclude(reason="duplicate_side")
    taken = {side.sheet_id: side for side in sides.filter(number=page.number)}
    fitting = [sheet for sheet in sheets if (sheet.form, sheet.version) == form.key]
    lacking = [sheet for sheet in fitting if sheet.pk not in taken]
    neighbours = sides.filter(file=page.file, image__in=(page.image - 1, page.image + 1))
    beside = set(neighbours.values_list("sheet", flat=True))
    neighbour = next((sheet for sheet in lacking if sheet.pk in beside), None)
    if neighbour is not None:
        return _Place(neighbour, reused=neighbour.copy > 1)
    written = filled((one.reading.field, one.reading.row, one.reading.value) for one in reading.readings)
    for sheet in fitting:
        if sheet.pk in taken and _same(written, _written(taken[sheet.pk])):
            return _Place(sheet, duplicate=True)
    if lacking:
        return _Place(lacking[0], reused=len(sheets) > 1)
    name, version = form.key
    fresh = Sheet.objects.create(serial=page.serial, copy=len(sheets) + 1, form=name, version=version)
    return _Place(fresh, reused=fresh.copy > 1)


def _written(side: Page) -> dict[Key, str]:
    return filled(side.readings.values_list("field", "row", "read_value"))


def _same(one: Mapping[Key, str], other: Mapping[Key, str]) -> bool:
    fields = one.keys() | other.keys()
    equal = sum(one.get(field) == other.get(field) for field in fields)
    return equal >= SAME_CONTENT * len(fields)


def _complete(sheet: Sheet, form: Form, broken_rules: BrokenRules) -> None:
    """Judge a sheet whose last side has come; its sides wait until then."""
    sides = Page.objects.filter(sheet=sheet).exclude(reason="duplicate_side")
    if sides.count() < len(form.layout.pages):
        sides.update(status=PageStatus.SET_ASIDE, reason="missing_side")
        return
    sides.update(status=PageStatus.READ, reason="")
    sheet.complete = True
    sheet.save(update_fields=["complete"])
    rows = list(
        FieldReading.objects.select_for_update()
        .filter(page__in=sides)
        .order_by(F("page__number"), "position")
    )
    broken = broken_rules(form.definition, [reading_of(row) for row in rows])
    for row in rows:
        reasons = broken.get((row.field, row.row), ())
        if reasons:
            _reopen(row, reasons)


def _reopen(row: FieldReading, reasons: Sequence[str]) -> None:
    if row.status == Status.REVIEWED:
        Decision.objects.create(reading=row, kind=Decision.Kind.REOPENED, value=row.value, by=RULES)
    _doubt(row, reasons)
    row.save(update_fields=["status", "audit", "reasons"])


def _doubt(row: FieldReading, reasons: Sequence[str]) -> None:
    if row.status == Status.AUDIT:
        row.audit = False
    row.status = Status.REVIEW
    row.reasons = list(dict.fromkeys([*row.reasons, *reasons]))
