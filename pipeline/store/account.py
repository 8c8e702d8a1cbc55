"""What became of the paper: of the serials issued to each village, which came back, and which did not."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Final

from django.utils.timezone import localdate

from pipeline.forms.catalogue import Catalogue
from pipeline.forms.identity import NO_VILLAGE, is_serial, village_of
from pipeline.store.models import IssuedSheet, Page, Sheet
from pipeline.store.spoiling import spoilt_now


class State(StrEnum):
    """What became of one paper."""

    WAITING = "waiting"
    MISSING = "missing"
    SPOILT = "spoilt"
    FOREIGN = "foreign"
    COMPLETE = "complete"


PHOTOCOPY: Final = "photocopy"
"""Note of a second paper with a serial that was issued once."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One paper.

    Attributes:
        village: four digits, or `NO_VILLAGE`.
        note: why it was spoilt, or `PHOTOCOPY`.
        lacks: the sides that have not come.
        issued: whether it was printed here under this serial.
    """

    form: str
    village: str
    serial: str
    state: State
    note: str = ""
    lacks: tuple[int, ...] = ()
    issued: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One form in one village: papers issued, and how many are in each state."""

    form: str
    village: str
    issued: int
    counts: Mapping[State, int]


@dataclass(frozen=True, slots=True)
class Range:
    """Papers in a row with the same fate; `serials` is one serial or `FPS-2005-26-00017-00023`."""

    form: str
    village: str
    state: State
    serials: str
    count: int
    note: str
    lacks: tuple[int, ...]


def entries(
    catalogue: Catalogue, form: str | None = None, village: str | None = None, year: int | None = None
) -> list[Entry]:
    """Every paper that was issued or came back, by form, village and serial.

    Args:
        catalogue: says how many sides a form has.
        form: only this form's, by name.
        village: only this village's, four digits.
        year: only serials of this year; papers without a serial of ours, by the year that they came in.
    """
    named = {"form": form} if form else {}
    came = list(Sheet.objects.filter(**named).order_by("serial", "copy"))
    issued = {
        serial: (name, place)
        for serial, name, place in IssuedSheet.objects.filter(**named).values_list(
            "serial", "form", "village"
        )
    }
    lacking, told, spoilt = _lacking(catalogue, came), _told_villages(), spoilt_now()
    seen = {sheet.serial for sheet in came}
    found = [
        _came(
            sheet,
            village_of(sheet.serial) or told.get(sheet.pk, NO_VILLAGE),
            lacking.get(sheet.pk, ()),
            sheet.serial in issued,
            spoilt,
        )
        for sheet in came
    ]
    for serial, (name, place) in issued.items():
        if serial not in seen:
            state = State.SPOILT if serial in spoilt else State.MISSING
            found.append(Entry(name, place, serial, state, spoilt.get(serial, ""), issued=True))
    years = {sheet.serial: localdate(sheet.created_at).year for sheet in came}
    kept = (
        one
        for one in found
        if village in (None, one.village) and year in (None, _year(one.serial) or years.get(one.serial))
    )
    return sorted(kept, key=lambda one: (one.form, one.village, one.serial))


def lines(found: Iterable[Entry]) -> Iterator[Line]:
    """Entries counted, one line for each form and village."""
    for (form, village), group in groupby(found, key=lambda one: (one.form, one.village)):
        papers = list(group)
        counts = Counter(one.state for one in papers)
        issued = sum(one.issued for one in papers)
        yield Line(form, village, issued, {state: counts[state] for state in State})


def ranges(found: Iterable[Entry]) -> Iterator[Range]:
    """Entries with serials in a row and the same fate folded, by form, village and state."""
    order = list(State)
    listed = sorted(found, key=lambda one: (one.form, one.village, order.index(one.state), one.serial))
    for _, group in groupby(enumerate(listed), key=lambda pair: _fold(pair[1], pair[0])):
        row = [one for _, one in group]
        first, last = row[0], row[-1]
        serials = first.serial if len(row) == 1 else f"{first.serial}-{last.serial[-5:]}"
        yield Range(first.form, first.village, first.state, serials, len(row), first.note, first.lacks)


def _fold(one: Entry, position: int) -> tuple[object, ...]:
    """What entries in a row share: their fate, and how far their number is from their position."""
    whole = is_serial(one.serial)
    number = int(one.serial[-5:]) - position if whole else position
    head = one.serial[:-5] if whole else one.serial
    return one.form, one.village, one.state, one.note, one.lacks, head, number


def _came(
    sheet: Sheet,
    village: str,
    lacks: tuple[int, ...],
    issued: bool,
    spoilt: Mapping[str, str],
) -> Entry:
    """The entry of a sheet that came back, with at least one side."""
    facts = (sheet.form, village, sheet.serial)
    if is_serial(sheet.serial) and (sheet.copy > 1 or not issued):
        return Entry(*facts, State.FOREIGN, PHOTOCOPY if sheet.copy > 1 else "", lacks)
    if sheet.complete:
        return Entry(*facts, State.COMPLETE, issued=issued)
    if sheet.serial in spoilt:
        return Entry(*facts, State.SPOILT, spoilt[sheet.serial], issued=issued)
    return Entry(*facts, State.WAITING, "", lacks, issued)


def _lacking(catalogue: Catalogue, came: Iterable[Sheet]) -> dict[int, tuple[int, ...]]:
    """Of each sheet that waits, the sides that have not come."""
    sides = {form.key: len(form.layout.pages) for form in catalogue.forms()}
    there: defaultdict[int, set[int | None]] = defaultdict(set)
    waiting = Page.objects.filter(sheet__complete=False, sheet__isnull=False)
    for sheet, number in waiting.values_list("sheet_id", "number"):
        there[sheet or 0].add(number)
    return {
        one.pk: tuple(sorted(set(range(1, sides.get((one.form, one.version), 0) + 1)) - there[one.pk]))
        for one in came
        if not one.complete
    }


def _told_villages() -> dict[int, str]:
    """The villages that separators say of sheets; a serial says it better."""
    stamped = Page.objects.exclude(village="").filter(sheet__isnull=False)
    return {sheet or 0: village for sheet, village in stamped.values_list("sheet_id", "village")}


def _year(serial: str) -> int | None:
    return 2000 + int(serial[9:11]) if is_serial(serial) else None
