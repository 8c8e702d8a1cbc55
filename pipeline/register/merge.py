"""Brings what sheets say together with what the register knows, in memory; `whose` tells which rows they speak of.

The latest form's word counts for what may change (address, phone, facts). Who a person is (name, birth date, sex)
is never overwritten by another sheet: where they differ, a person decides.
"""

from collections.abc import Collection, Iterable
from datetime import date
from typing import Final

from pipeline.forms.attributes import AMOUNTS, DAYS, FREE
from pipeline.register.book import Book, Question, Told
from pipeline.register.changes import NUMBERS
from pipeline.register.drafts import Draft
from pipeline.register.models import Distribution, Household, Person, Proposal, Row, Tracked, Visit
from pipeline.register.programmes import OTHER
from pipeline.register.whose import default_of, expected, recipient, spoken, take_back
from pipeline.store.models import Sheet

IDENTITY: Final = ("name", "birth_date", "sex")
"""What a NIK stands for: another sheet does not change it unseen."""


def apply(told: Told, book: Book) -> None:
    """Brings one sheet into the book."""
    household: Household | None = None
    head: Person | None = None
    kept: set[tuple[str, str]] = set()
    for draft in told.drafts:
        kept.add((draft.entity, draft.slot))
        if draft.entity == "household":
            household = _household(told, draft, book)
        elif draft.entity == "person":
            person = _person(told, draft, book, household)
            head = head or person
        elif draft.entity == "proposal":
            _proposal(told, draft, book, household, head)
        elif draft.entity == "distribution":
            if not _distribution(told, draft, book):
                kept.remove((draft.entity, draft.slot))
        else:
            _visit(told, draft, book)
    for (name, slot), row in book.rows[told.sheet].items():
        if name in ("proposal", "distribution") and (name, slot) not in kept and row.pk:
            book.gone.append((name, row))


def unsay(told: Told, book: Book, rows: Collection[int]) -> None:
    """Takes back what a sheet has said of some rows (by `id`), to be said anew in the order of dates.

    Its number stays, by which others find a row, and so does who somebody is, as long as the sheet still says so.
    """
    for draft in spoken(told, book):
        row = book.whose[told.sheet, draft.entity, draft.slot]
        if id(row) in rows:
            still = {name for name in IDENTITY if _says(draft, name, getattr(row, name, None))}
            take_back(row, told.sheet, frozenset({NUMBERS[draft.entity], *still} & draft.attributes.keys()))


def _says(draft: Draft, attribute: str, held: object) -> bool:
    value = draft.attributes.get(attribute)
    return value is not None and _typed(attribute, value) == held


def settle_villages(book: Book) -> None:
    """Lets people live where their household does, those too of whom this run does not speak."""
    homes = {row.pk: row for _, row in book.touched.values() if isinstance(row, Household) and row.pk}
    book.load_people_of(row for row in homes.values() if book.before[id(row)]["village"] != row.village)
    villages = {key: home.village for key, home in homes.items()} | book.villages_of_others(homes)
    for row in [*book.people.values(), *(row for _, row in book.touched.values() if row.pk is None)]:
        if isinstance(row, Person):
            fresh = row._state.fields_cache.get("household")
            home = (
                fresh.village
                if isinstance(fresh, Household)
                else villages.get(row.household_id or 0, row.village)
            )
            if home != row.village:
                row.village = home
                book.touch("person", row)


def _household(told: Told, draft: Draft, book: Book) -> Household:
    row = _row_of(told, draft, book)
    if not isinstance(row, Household):
        raise TypeError(row)
    _say(row, told, draft, book)
    return row


def _person(told: Told, draft: Draft, book: Book, household: Household | None) -> Person:
    row = _row_of(told, draft, book)
    if not isinstance(row, Person):
        raise TypeError(row)
    _say(row, told, draft, book)
    if household is not None and _newest(row, "household", told):
        row.household = household
        row.village = household.village
    return row


def _row_of(told: Told, draft: Draft, book: Book) -> Tracked:
    """The row that a draft speaks of; where its own sheet has left it, it is this one's from now on."""
    row = book.whose[told.sheet, draft.entity, draft.slot]
    book.touch(draft.entity, row)
    if id(row) in book.homeless:
        book.homeless.remove(id(row))
        row.sheet_id, row.slot = told.sheet, draft.slot
    return row


def _say(row: Tracked, told: Told, draft: Draft, book: Book) -> None:
    """Brings what a draft says of a row into it; who a person is only where nothing else was said."""
    same = [one for one in spoken(told, book) if book.whose[told.sheet, one.entity, one.slot] is row]
    first = same[0].slot == draft.slot
    if first:
        take_back(row, told.sheet, frozenset({"household"}.union(*(one.attributes for one in same))))
    for attribute, value in draft.attributes.items():
        source = row.sources.get(attribute)
        own = source is None or source[1] == told.sheet
        held = getattr(row, attribute) if attribute in IDENTITY else ""
        if held and not (own and first) and held != _typed(attribute, value):
            other = _serial_of(row, attribute)
            book.questions.append(
                Question("identity", told.serial, _name_of(row), attribute, str(held), value, other)
            )
        elif held and not own:
            # Who says the same does not take over who said it first.
            continue
        # Of two rows of one sheet with one number the first says who it is; the second adds what that leaves open.
        elif first or source is None or not own:
            _put(row, attribute, value, told)


def _name_of(row: Row) -> str:
    """The name of a person, "" for other rows."""
    return row.name if isinstance(row, Person) else ""


def _proposal(told: Told, draft: Draft, book: Book, household: Household | None, head: Person | None) -> None:
    row = book.row("proposal", told.sheet, draft.slot)
    if isinstance(row, Proposal):
        row.household, row.person = household, head
        row.programme_id = _programme(draft, book)
        _fill(row, draft, ("asked_on", "priority"))


def _distribution(told: Told, draft: Draft, book: Book) -> bool:
    """Brings one row of a roster into the book; whether anything stands there."""
    person = expected(told, draft, book)
    if (named := recipient(told, draft, book)) is not None:
        person = _person(told, named, book, None)
    if person is None:
        if not draft.written:
            return False
        # What was handed over counts, though a person must say to whom.
        book.questions.append(Question("nobody", told.serial, " ".join(map(str, draft.place or ()))))
    row = book.row("distribution", told.sheet, draft.slot)
    if isinstance(row, Distribution):
        row.person = person
        row.programme_id = _programme(draft, book)
        _fill(row, draft, ("village", "date", "quantity", "unit", "status", "signature"))
    return True


def _visit(told: Told, draft: Draft, book: Book) -> None:
    row = book.row("visit", told.sheet, draft.slot)
    if isinstance(row, Visit):
        counts = {name: dict(found) for name, found in (draft.counts or {}).items()}
        row.attended = sum(counts.pop("all", {}).values())
        row.counts = counts
        _fill(row, draft, ("date", "village", "topic", "speaker"))


def _programme(draft: Draft, book: Book) -> str:
    code = draft.attributes.get("programme", OTHER).upper()
    return code if code in book.programmes else OTHER


def _fill(row: Row, draft: Draft, attributes: Iterable[str]) -> None:
    """Sets plain attributes, what is not written back to its column's default."""
    for name in attributes:
        told = draft.attributes.get(name)
        default = default_of(row, name)
        setattr(row, name, default if told is None else _typed(name, told))
    row.facts = {
        name.removeprefix(FREE): value for name, value in draft.attributes.items() if name.startswith(FREE)
    }


def _put(row: Tracked, attribute: str, value: str, told: Told) -> None:
    """Sets one attribute, unless a later form has spoken of it."""
    if not _newest(row, attribute, told):
        return
    if attribute.startswith(FREE):
        row.facts[attribute.removeprefix(FREE)] = value
    else:
        setattr(row, attribute, _typed(attribute, value))


def _newest(row: Tracked, attribute: str, told: Told) -> bool:
    """Whether no later form has spoken of an attribute; from now on this one has."""
    source = [told.on.isoformat(), told.sheet]
    held = row.sources.get(attribute, source)
    if held[1] != told.sheet and held > source:
        return False
    row.sources[attribute] = source
    return True


def _typed(attribute: str, value: str) -> str | int | date:
    if attribute in DAYS:
        return date.fromisoformat(value)
    return int(value) if attribute in AMOUNTS else value


def _serial_of(row: Tracked, attribute: str) -> str:
    found = Sheet.objects.filter(pk=row.sources[attribute][1]).values_list("serial", flat=True).first()
    return found or ""
