"""From pages to sheets: sides find each other by their serial, in any order, from any file, on any day."""

from django.db.models import Count, Exists, F, OuterRef, Q

from pipeline.forms.catalogue import Form
from pipeline.forms.layout import FieldType
from pipeline.page import PageReading, PageStatus
from pipeline.recognition.confidence import GROUPS
from pipeline.store import promises
from pipeline.store.doubts import Status, accept, compare, doubt, reopen
from pipeline.store.lottery import NO_AUDIT, Audit
from pipeline.store.models import Batch, FieldReading, Page, Refutation, Sheet
from pipeline.store.pairing import find
from pipeline.store.readings import BrokenRules, broken_by, rows_of
from pipeline.store.separators import BLANK, PAPERS, strangers


def place(
    page: Page,
    reading: PageReading,
    form: Form,
    broken_rules: BrokenRules,
    audit: Audit = NO_AUDIT,
) -> None:
    """Save a read page with its readings and join it to its sheet; inside one transaction of the caller.

    Args:
        page: its row, filled in but not saved; file, image, serial and number are known, and what the separator
            before it says.
        reading: what was read.
        form: the form in the version of the page.
        broken_rules: run over the whole sheet once every side is there.
        audit: how accepted values are drawn for it.
    """
    promises.hold()
    at = find(page, reading.readings, form)
    page.sheet, page.serial = at.sheet, at.sheet.serial
    if at.repeats is not None:
        page.status, page.reason = PageStatus.SET_ASIDE, "duplicate_side"
        page.detail = ", ".join(compare(at.repeats, reading.readings))
        page.save()
        return
    page.save()
    rows = rows_of(page, form.layout.pages[reading_number(page) - 1], reading.readings)
    if at.reused:
        for row in rows:
            if row.value is not None:
                doubt(row, ["serial_reused"])
    for row in strangers(page, form, rows):
        doubt(row, ["separator_disagrees"])
    doubted, refuted = promises.refuted(), _refuted(page.file.batch)
    for row, judged in zip(rows, reading.readings, strict=True):
        if promises.waits(row, judged.made_with, doubted):
            promises.send(row)
        elif row.status == Status.ACCEPTED:
            alpha = form.definition.field(row.field).alpha
            row.audit_share = audit.share
            row.audit_chance = audit.chance(audit.share, row.confidence, alpha)
            if GROUPS[FieldType(row.type)] in refuted:
                doubt(row, ["audit_refuted"])
            else:
                accept(row)
    FieldReading.objects.bulk_create(rows, batch_size=500)
    _complete(at.sheet, form, broken_rules)
    if at.reused:
        _doubt_pairs(page.serial)


def _refuted(batch: Batch) -> frozenset[str]:
    """The groups of fields of a lot that the audit has sent back: what is scanned into it later waits, too."""
    known = Refutation.objects.values_list("group", "lots")
    groups = {group for group, lots in known if batch.pk in lots}
    return frozenset(GROUPS.values() if "" in groups else groups)


def _doubt_pairs(serial: str) -> None:
    """Send to review what stands on sheets whose sides may not belong together, now that other paper has their serial.

    While there was one sheet of the serial, whatever side came was taken for its own: one that came in another file,
    or next to a page that could not be read.
    """
    sheets = Sheet.objects.filter(serial=serial, complete=True)
    sides = ~Q(pages__reason="duplicate_side")
    apart = sheets.annotate(files=Count("pages__file", distinct=True, filter=sides)).filter(files__gt=1)
    unread = Page.objects.filter(
        file=OuterRef("file"), image__range=(OuterRef("image") - 1, OuterRef("image") + 1), sheet=None
    ).exclude(reason__in=(BLANK, *PAPERS))
    beside = Page.objects.filter(Exists(unread), sheet__in=sheets).exclude(reason="duplicate_side")
    rows = FieldReading.objects.select_for_update(of=("self",)).filter(
        Q(page__sheet__in=apart) | Q(page__sheet__in=beside.values("sheet")), value__isnull=False
    )
    for row in rows:
        if "serial_reused" not in row.reasons:
            reopen(row, ["serial_reused"])


def join(side: Page, other: Page, form: Form, broken_rules: BrokenRules) -> None:
    """Put a side that waits alone onto the sheet of another that waits alone; inside one transaction of the caller."""
    if side.sheet is None or other.sheet is None:
        raise ValueError(f"pages {side.pk} and {other.pk} are no sides of sheets")
    left = other.sheet
    other.sheet, other.serial = side.sheet, side.sheet.serial
    other.save(update_fields=["sheet", "serial"])
    left.delete()
    _complete(side.sheet, form, broken_rules)


def reading_number(page: Page) -> int:
    """Which side a read page is.

    Raises:
        ValueError: the page was not identified.
    """
    if page.number is None:
        raise ValueError(f"page {page.pk} has no number")
    return page.number


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
    broken = broken_by(broken_rules, form.definition, rows)
    for row in rows:
        reasons = broken.get((row.field, row.row), ())
        if reasons:
            reopen(row, reasons)
