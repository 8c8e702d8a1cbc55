"""The month's import: sheets with nothing open become rows of the register, and a second run changes nothing."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import Count, Max, Q, QuerySet

from pipeline.errors import UsageError
from pipeline.forms.catalogue import Catalogue
from pipeline.language import Text
from pipeline.register.answers import end_of_joined, unanswered
from pipeline.register.book import Book, Ghosts, Question, Told, Voices
from pipeline.register.changes import ENTITIES, TRACKED, one_at_a_time
from pipeline.register.consent import doubtful
from pipeline.register.drafts import CONSENT, KEY_ATTRIBUTES, drafts
from pipeline.register.lists import Lost
from pipeline.register.merge import apply, settle_villages, unsay
from pipeline.register.models import UNREADABLE, Change, ImportRun, Person
from pipeline.register.papers import dates, settled_sheets, unreadable
from pipeline.register.parts import parts
from pipeline.register.saving import save
from pipeline.register.twins import renumbered, twins
from pipeline.register.whose import assign
from pipeline.store.models import Decision, FieldReading, IssuedSheet, Sheet

_SHEETS: Final = 1_000
"""Sheets that are brought in together: enough for few queries, few enough for flat memory."""
_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class Waiting:
    """A sheet that is not imported yet.

    Attributes:
        reason: `missing_side`, `review` (fields to look at), `unreadable_key` (a person could not read who it is), or,
            where no import is under way, `not_imported`.
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
        sheets: sheets that the register has now.
        new: of these, those that it did not have before.
        counts: kind of row to `new`, `updated`, `unchanged`, `removed` to how many.
        answered: how many questions are not asked, since a person has said that the two are two.
        joined: what was asked about two who were said to be two and whom corrected sheets have made one; the word is
            taken back.
        unmapped: forms whose definitions say nothing to the register, and how many of their sheets are otherwise ready.
        elsewhere: other months than the imported one, and how many of their sheets are ready and not in the register.
    """

    run: int | None
    month: str
    sheets: int
    new: int
    counts: Mapping[str, Mapping[str, int]]
    questions: tuple[Question, ...]
    answered: int
    joined: tuple[Question, ...]
    waiting: tuple[Waiting, ...]
    unmapped: Mapping[str, int]
    elsewhere: Mapping[str, int]

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

    Sheets of any month that are in the register come along where a person has decided on them since the last import:
    what the audit found out later, or somebody corrected, is not left as it was.

    Args:
        catalogue: the forms whose definitions say what goes where.
        month: `2026-11`, by the date written on the form; None for every month.
        dry_run: find out what would change, and change nothing.
    """
    heard = _newest_decision()
    with transaction.atomic():
        one_at_a_time()
        report = _import(catalogue, month, heard)
        if dry_run:
            transaction.set_rollback(True)
            return replace(report, run=None)
    return report


def _import(catalogue: Catalogue, month: str | None, heard: int) -> ImportReport:
    counts: dict[str, Counter[str]] = {name: Counter() for name in ENTITIES}
    run = ImportRun(month=month or "", heard=heard)
    questions: list[Question] = []
    new, people = 0, set[int]()
    ready, voices, ghosts, lost = _ready(catalogue), _voices(), _ghosts(), Lost.of_lists()
    spoken = _spoken_since(voices)
    wanted = sorted(
        (on, key)
        for key, on in ready.items()
        if month is None or on.isoformat()[:7] == month or key in spoken
    )
    for first in range(0, len(wanted), _SHEETS):
        sheets = _told(catalogue, wanted[first : first + _SHEETS])
        book = Book.of(sheets, voices, ghosts, lost)
        known = book.heard()
        changes = save(_heard(catalogue, sheets, book, ready, voices, ghosts), counts)
        if changes:
            if run.pk is None:
                run.save()
            for change in changes:
                change.run = run
            Change.objects.bulk_create(changes, batch_size=_BATCH)
        new += len({told.sheet for told in sheets} & book.heard() - known)
        questions += book.questions
        people |= {row.pk for _, row in book.touched.values() if isinstance(row, Person)}
    keys = {key for _, key in wanted}
    unmapped = _unmapped(catalogue, keys)
    changed = run.pk
    if changed is None and wanted:
        run.save()
    joined = tuple(one.question for one in end_of_joined(run)) if changed else ()
    likenesses, answered = unanswered((*renumbered(people), *twins(people)))
    questions += [*likenesses, *_left(), *doubtful(catalogue)]
    return ImportReport(
        run=changed,
        month=month or "",
        sheets=len(wanted) - sum(unmapped.values()),
        new=new,
        counts={name: dict(found) for name, found in counts.items()},
        questions=tuple(dict.fromkeys(questions)),
        answered=answered,
        joined=joined,
        waiting=tuple(waiting_sheets(catalogue, month)),
        unmapped=unmapped,
        elsewhere=_elsewhere(catalogue, ready.keys() - keys, ready),
    )


def _elsewhere(catalogue: Catalogue, others: Set[int], ready: Mapping[int, date]) -> dict[str, int]:
    """The months of these sheets, and how many of each are not in the register."""
    dated = sorted((ready[key], key) for key in others)
    return dict(Counter(told.on.isoformat()[:7] for told in _unheard(catalogue, dated)))


def _unmapped(catalogue: Catalogue, wanted: Set[int]) -> dict[str, int]:
    """Of these sheets, how many each form has whose definition does not say what goes into the register."""
    silent = {form.key for form in catalogue.forms() if not form.definition.register_}
    sheets = Sheet.objects.filter(form__in={name for name, _ in silent})
    found = sheets.order_by("form").values_list("pk", "form", "version")
    return dict(Counter(form for key, form, version in found if key in wanted and (form, version) in silent))


def corrected() -> int:
    """How many sheets that made rows of the register a person has decided on since the last import."""
    decided = _decided_since()
    return 0 if decided is None else len(_made_by(decided))


def _spoken_since(voices: Voices) -> Set[int]:
    """Sheets that the register has rows of, or that speak of some, and that a person has decided on since."""
    decided = _decided_since()
    if decided is None:
        return frozenset()
    return _made_by(decided) | (voices.keys() & set(decided.values_list("reading__page__sheet", flat=True)))


def _decided_since() -> QuerySet[Any, Any] | None:
    """The sheets of decisions that no import has heard; None before the first."""
    heard = ImportRun.objects.filter(undone_at=None).aggregate(newest=Max("heard"))["newest"]
    if heard is None:
        return None
    return Decision.objects.filter(pk__gt=heard).values("reading__page__sheet").distinct()


def _made_by(decided: QuerySet[Any, Any] | list[int]) -> set[int]:
    """Those of some sheets that made rows."""
    made: set[int] = set()
    for model in ENTITIES.values():
        made |= set(model._default_manager.filter(sheet__in=decided).values_list("sheet", flat=True))
    return made


def _newest_decision() -> int:
    """The newest decision, once none with a lower key is under way any more."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            # A key is given before it can be seen; the lock waits for those who hold one, and goes at once.
            table = connection.ops.quote_name(Decision._meta.db_table)
            with connection.cursor() as cursor:
                cursor.execute(f"LOCK TABLE {table} IN SHARE MODE")
        return Decision.objects.aggregate(newest=Max("pk"))["newest"] or 0


def _voices() -> Voices:
    found: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for name, model in TRACKED.items():
        rows = model.objects.values_list("pk", "sheet", "voices")
        for key, made, voices in rows.iterator(10_000):
            for sheet in voices:
                if sheet != made:
                    found[sheet].append((name, key))
    return found


def _ghosts() -> Ghosts:
    names = dict(Person.objects.filter(voices=[]).values_list("pk", "name"))
    had = Change.objects.filter(model="person", row__in=sorted(names), before__nik__isnull=False)
    return {
        (nik, names[change.row]): change.row
        for change in had.order_by("pk")
        if (nik := (change.before or {})["nik"])
    }


def _heard(
    catalogue: Catalogue,
    sheets: Sequence[Told],
    book: Book,
    ready: Mapping[int, date],
    voices: Voices,
    ghosts: Ghosts,
) -> Book:
    """The book after these sheets, and whoever else speaks of what they speak of or have left, were heard in order."""
    asked = [told.sheet for told in sheets]
    heard = {told.sheet: told for told in sheets}
    news: Sequence[Told] = sheets
    while news:
        for told in news:
            assign(told, book)
        again = sorted((ready[sheet], sheet) for sheet in book.unheard(asked, heard) if sheet in ready)
        news = _told(catalogue, again)
        book.load(news, voices, ghosts)
        heard |= {told.sheet: told for told in news}
    rows = {id(row) for row in book.spoken(asked)}
    for told in heard.values():
        unsay(told, book, rows)
    for told in sorted(heard.values(), key=lambda told: (told.on, told.sheet)):
        apply(told, book)
    settle_villages(book)
    return book


def _left() -> Iterator[Question]:
    """People of whom no sheet speaks any more, kept because aid was handed to them or a list names them."""
    for name, serial in Person.objects.filter(voices=[]).values_list("name", "sheet__serial").order_by("pk"):
        yield Question("left", serial, name)


def unheard_sheets(catalogue: Catalogue, month: str) -> Iterator[Waiting]:
    """Sheets of a month that are ready, and of which the register does not know yet."""
    ready = sorted((on, key) for key, on in _ready(catalogue).items() if on.isoformat()[:7] == month)
    for told in _unheard(catalogue, ready):
        yield Waiting(told.serial, told.form, "not_imported")


def _unheard(catalogue: Catalogue, ready: Sequence[tuple[date, int]]) -> Iterator[Told]:
    """Those of some sheets that say something to the register and have not been heard."""
    made = {key for part in parts(key for _, key in ready) for key in _made_by(part)}
    rest = [one for one in ready if one[1] not in made]
    voices = _voices() if rest else {}
    silent = [one for one in rest if one[1] not in voices]
    for first in range(0, len(silent), _SHEETS):
        for told in _told(catalogue, silent[first : first + _SHEETS]):
            if any(draft.written or draft.place in told.expected for draft in told.drafts):
                yield told


def _ready(catalogue: Catalogue) -> dict[int, date]:
    """Sheets that are complete, with nothing open and nobody unreadable, and the date of each."""
    blocked = set(unreadable_sheets(catalogue))
    return {key: on for key, on in dates(catalogue, settled_sheets()) if key not in blocked}


def _told(catalogue: Catalogue, dated: Sequence[tuple[date, int]]) -> list[Told]:
    keys = [key for _, key in dated]
    sheets = Sheet.objects.in_bulk(keys)
    values: dict[int, dict[tuple[str, int | None], str | None]] = {key: {} for key in keys}
    rows = FieldReading.objects.filter(page__sheet__in=keys, value__isnull=False)
    for key, name, row, value in rows.values_list("page__sheet", "field", "row", "value").iterator(10_000):
        values[key][name, row] = value
    for key, name in unreadable(catalogue, CONSENT, keys):
        values[key][name, None] = UNREADABLE
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
        told.append(Told(key, sheet.serial, sheet.form, on, drafts(definition, values[key]), expected))
    return told


def months(catalogue: Catalogue) -> tuple[str, ...]:
    """The months in which sheets were filled in, first to last."""
    return tuple(sorted({on.isoformat()[:7] for _, on in dates(catalogue, Sheet.objects.all())}))


def unreadable_sheets(catalogue: Catalogue) -> Iterator[int]:
    """Sheets on which a person could not read a field that says who or what they are about."""
    found = unreadable(catalogue, KEY_ATTRIBUTES)
    yield from dict.fromkeys(sheet for sheet, _ in found)


def waiting_sheets(catalogue: Catalogue, month: str | None) -> Iterator[Waiting]:
    """Sheets that are not in the register yet, and what they wait for."""
    blocked = set(unreadable_sheets(catalogue))
    open_fields = Count("pages__readings", filter=Q(pages__readings__status=FieldReading.Status.REVIEW))
    sheets = list(Sheet.objects.annotate(open_fields=open_fields).order_by("serial", "copy"))
    filled = dict(dates(catalogue, sheets))
    for sheet in sheets:
        on = filled.get(sheet.pk)
        if on is None or (month is not None and on.isoformat()[:7] != month):
            continue
        if not sheet.complete:
            yield Waiting(sheet.serial, sheet.form, "missing_side", sheet.open_fields)
        elif sheet.open_fields:
            yield Waiting(sheet.serial, sheet.form, "review", sheet.open_fields)
        elif sheet.pk in blocked:
            yield Waiting(sheet.serial, sheet.form, "unreadable_key")
