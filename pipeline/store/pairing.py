"""Which sheet a side belongs to: by its serial, by its neighbours, by its place in the file, by its content."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.forms.catalogue import Form
from pipeline.forms.layout import FieldType, Kind
from pipeline.page import JudgedReading
from pipeline.store.models import Page, Sheet
from pipeline.store.readings import Key, filled, possible

SAME_CONTENT: Final = 0.9
"""Share of equal values among the filled ones from which two images show the same sheet: readers err less."""

IDENTIFYING: Final = frozenset({FieldType.NIK, FieldType.KK, FieldType.DATE})
"""Who and when: where ink leaves no doubt that one of these differs, it is other paper, whatever else is alike (the
same roster, photocopied for the next month)."""

TELLING: Final = 12
"""So many characters in cells tell papers apart; fewer (an almost empty back) may be alike on different papers."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a side belongs.

    Attributes:
        sheet: its sheet.
        repeats: the side that it shows once more, if it does.
        reused: whether the serial stands on other paper too, so that a person has to look.
    """

    sheet: Sheet
    repeats: Page | None = None
    reused: bool = False


def find(page: Page, readings: Sequence[JudgedReading], form: Form) -> Place:
    """The sheet of a side, made where there is none yet; sheets of its serial are locked.

    Args:
        page: not yet saved; file, image, serial ("" where the form carries none) and number are known.
        readings: what was read on it.
        form: the form in the version of the page.
    """
    return _by_serial(page, readings, form) if page.serial else _by_place(page, form)


def made_serial(code: str, sha256: str, image: int) -> str:
    """The serial of a sheet whose paper carries none: `KUE-5F2A90C1-00003`, the same at every run.

    Args:
        code: the form's code.
        sha256: content hash of the file that its first side came in.
        image: number of that side's page image, from 1.
    """
    return f"{code[:3]}-{sha256[:8].upper()}-{image:05d}"


def _by_place(page: Page, form: Form) -> Place:
    """The sheet of the image before, where it lacks this side; of the image behind, where that came earlier."""
    same = Page.objects.filter(file=page.file, form=page.form, version=page.version, sheet__isnull=False)
    before = same.filter(image=page.image - 1)
    behind = same.filter(image=page.image + 1, number__gt=page.number)
    for beside in (*before, *behind):
        if not Page.objects.filter(sheet=beside.sheet, number=page.number).exists():
            return Place(Sheet.objects.select_for_update().get(pages=beside))
    serial = made_serial(form.definition.code, page.file.sha256, page.image)
    return Place(_fresh(serial, Sheet.objects.filter(serial=serial).count() + 1, form))


def _by_serial(page: Page, readings: Sequence[JudgedReading], form: Form) -> Place:
    """One that lacks the side beside it in the file, the one it repeats, one that waits, or a new one."""
    written = filled((one.reading.field, one.reading.row, one.reading.value) for one in readings)
    sheets = list(Sheet.objects.select_for_update().filter(serial=page.serial).order_by("copy"))
    known = Page.objects.filter(sheet__in=sheets).select_related("file")
    sides = list(known.exclude(reason="duplicate_side"))
    taken = {side.sheet_id: side for side in sides if side.number == page.number}
    fitting = [sheet for sheet in sheets if (sheet.form, sheet.version) == form.key]
    lacking = [sheet for sheet in fitting if sheet.pk not in taken]
    beside = list(known.filter(file=page.file, image__in=(page.image - 1, page.image + 1)))
    neighbour = next((one for one in lacking if one.pk in {side.sheet_id for side in beside}), None)
    if neighbour is not None:
        return Place(neighbour, reused=neighbour.copy > 1)
    repeated = [
        taken[one.pk]
        for one in fitting
        if one.pk in taken and _same(written, taken[one.pk]) and not _other_paper(readings, taken[one.pk])
    ]
    again = {
        side.sheet_id for side in beside if side.reason == "duplicate_side" and side.number != page.number
    }
    sure = [one for one in repeated if _telling(written, form) or one.sheet_id in again]
    other = sure or [one for one in repeated if one.file_id != page.file_id and not lacking]
    if other:
        return Place(next(one for one in sheets if one.pk == other[0].sheet_id), repeats=other[0])
    if lacking:
        return Place(_waiting(page, lacking, sides), reused=len(sheets) > 1)
    copy = len(sheets) + 1
    return Place(_fresh(page.serial, copy, form), reused=copy > 1)


def _waiting(page: Page, lacking: Sequence[Sheet], sides: Sequence[Page]) -> Sheet:
    """Of the sheets that lack a side, the one whose other side has the same place among its like in its file.

    Fronts and backs of photocopied sheets come as two files in one order; the batch at hand comes first.
    """
    wanted = {sheet.pk: sheet for sheet in lacking}
    place = 1 + sum(_before(side, page) for side in sides)
    waiting = [side for side in sides if side.sheet_id in wanted]
    best = max(
        waiting,
        key=lambda side: (
            side.file.batch_id == page.file.batch_id,
            1 + sum(_before(other, side) for other in sides) == place,
            -wanted[side.sheet_id or 0].copy,
        ),
        default=None,
    )
    return wanted[best.sheet_id or 0] if best else lacking[0]


def _before(one: Page, other: Page) -> bool:
    """Whether a side stands before another of its kind in the same file."""
    return (one.file_id, one.number) == (other.file_id, other.number) and one.image < other.image


def _fresh(serial: str, copy: int, form: Form) -> Sheet:
    name, version = form.key
    return Sheet.objects.create(serial=serial, copy=copy, form=name, version=version)


def _telling(written: Mapping[Key, str], form: Form) -> bool:
    combs = {(f.name, f.row) for page in form.layout.pages for f in page.fields if f.kind is Kind.COMB}
    return sum(len(value) for key, value in written.items() if key in combs) >= TELLING


def _same(written: Mapping[Key, str], side: Page) -> bool:
    known = filled(side.readings.values_list("field", "row", "read_value"))
    fields = written.keys() | known.keys()
    equal = sum(written.get(field) == known.get(field) for field in fields)
    return equal >= SAME_CONTENT * len(fields)


def _other_paper(readings: Sequence[JudgedReading], side: Page) -> bool:
    """Whether what identifies a paper is another on this side, however either is misread."""
    here = {(one.reading.field, one.reading.row): one.reading for one in readings}
    for row in side.readings.filter(type__in=IDENTIFYING):
        reading = here[row.field, row.row]
        now = possible(reading.value, ((one.value, one.probability) for one in reading.alternatives))
        known = possible(row.read_value, row.alternatives) | possible(row.value, ())
        if now and known and now.isdisjoint(known):
            return True
    return False
