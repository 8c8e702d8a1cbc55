"""Brings what sheets say together with what the register knows, in memory: exact NIK, exact family card, same slot.

The latest form's word counts for what may change (address, phone, facts). Who a person is (name, birth date, sex)
is never overwritten by another sheet: where they differ, a person decides.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from django.db.models import Q

from pipeline.register.changes import ENTITIES, State, state
from pipeline.register.drafts import Draft
from pipeline.register.models import Distribution, Household, Person, Programme, Proposal, Row, Tracked, Visit
from pipeline.register.programmes import OTHER

IDENTITY: Final = ("name", "birth_date", "sex")
"""What a NIK stands for: another sheet does not change it unseen."""

_DATES: Final = frozenset({"birth_date", "surveyed_on", "date", "asked_on"})
_NUMBERS: Final = frozenset({"quantity"})
_MANY: Final = 500


@dataclass(frozen=True, slots=True)
class Told:
    """One sheet ready for the register: its key, serial, date, drafts, and for a roster who stands in which row."""

    sheet: int
    serial: str
    on: date
    drafts: tuple[Draft, ...]
    expected: Mapping[tuple[str, int], int]


@dataclass(frozen=True, slots=True)
class Question:
    """Something for a person to decide.

    Attributes:
        kind: `identity` (one NIK, two people?), `alike` (two rows, one person?) or `nobody` (aid without a name).
        attribute: which attribute differs, for `identity`.
        known: what the register holds.
        told: what the sheet says.
        other: the serial of the sheet that the register has it from.
    """

    kind: str
    serial: str
    name: str
    attribute: str = ""
    known: str = ""
    told: str = ""
    other: str = ""


@dataclass(slots=True)
class Book:
    """The rows that some sheets touch, as they were and as they become."""

    rows: dict[int, dict[tuple[str, str], Row]] = field(default_factory=lambda: defaultdict(dict))
    households: dict[str, Household] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    people_by_key: dict[int, Person] = field(default_factory=dict)
    programmes: frozenset[str] = frozenset()
    before: dict[int, State | None] = field(default_factory=dict)
    touched: dict[int, tuple[str, Row]] = field(default_factory=dict)
    gone: list[tuple[str, Row]] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)

    @classmethod
    def of(cls, sheets: Sequence[Told]) -> "Book":
        """Loads every row that the sheets may touch."""
        book = cls(programmes=frozenset(Programme.objects.values_list("code", flat=True)))
        keys = [one.sheet for one in sheets]
        for name, model in ENTITIES.items():
            for row in _in_parts(model, "sheet__in", keys):
                book._know(name, row)
        told = [draft.attributes for one in sheets for draft in one.drafts]
        for row in _in_parts(Household, "kk__in", {a["kk"] for a in told if "kk" in a}):
            book._know("household", row)
        for row in _in_parts(Person, "nik__in", {a["nik"] for a in told if "nik" in a}):
            book._know("person", row)
        for row in _in_parts(
            Person, "pk__in", {person for one in sheets for person in one.expected.values()}
        ):
            book._know("person", row)
        return book

    def _know(self, name: str, row: Row) -> None:
        known = self.rows[row.sheet_id].setdefault((name, row.slot), row)
        if known is not row:
            return
        if row.pk is not None:
            self.before[id(row)] = state(row)
        if isinstance(row, Household) and row.kk:
            self.households[row.kk] = row
        if isinstance(row, Person):
            if row.nik:
                self.people[row.nik] = row
            if row.pk is not None:
                self.people_by_key[row.pk] = row

    def row(self, name: str, sheet: int, slot: str) -> Row:
        """The row of a slot, made when it is not there yet; touched from now on."""
        found = self.rows[sheet].get((name, slot))
        if found is None:
            found = ENTITIES[name](sheet_id=sheet, slot=slot)
            self.rows[sheet][name, slot] = found
        return self.touch(name, found)

    def touch(self, name: str, row: Row) -> Row:
        """Marks a row as one that this run speaks of."""
        self.touched.setdefault(id(row), (name, row))
        return row


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
            _distribution(told, draft, book)
        else:
            _visit(told, draft, book)
    for (name, slot), row in book.rows[told.sheet].items():
        if name in ("proposal", "distribution") and (name, slot) not in kept and row.pk:
            book.gone.append((name, row))


def _household(told: Told, draft: Draft, book: Book) -> Household:
    known = book.households.get(draft.attributes.get("kk", ""))
    row = book.touch("household", known) if known else book.row("household", told.sheet, draft.slot)
    if not isinstance(row, Household):
        raise TypeError(row)
    _take_back(row, draft, told)
    for attribute, value in draft.attributes.items():
        _put(row, attribute, value, told)
    if row.kk:
        book.households.setdefault(row.kk, row)
    return row


def _person(told: Told, draft: Draft, book: Book, household: Household | None) -> Person:
    known = book.people.get(draft.attributes.get("nik", ""))
    row = book.touch("person", known) if known else book.row("person", told.sheet, draft.slot)
    if not isinstance(row, Person):
        raise TypeError(row)
    _take_back(row, draft, told)
    for attribute, value in draft.attributes.items():
        held = getattr(row, attribute, "") if attribute in IDENTITY else ""
        mine = row.sources.get(attribute, ["", told.sheet])[1] == told.sheet
        if held and not mine and held != _typed(attribute, value):
            book.questions.append(
                Question(
                    "identity", told.serial, row.name, attribute, str(held), value, _serial_of(row, attribute)
                )
            )
            continue
        _put(row, attribute, value, told)
    if household is not None and _newest(row, "household", told):
        row.household = household
        row.village = household.village
    if row.nik:
        book.people.setdefault(row.nik, row)
    return row


def _proposal(told: Told, draft: Draft, book: Book, household: Household | None, head: Person | None) -> None:
    row = book.row("proposal", told.sheet, draft.slot)
    if isinstance(row, Proposal):
        row.household, row.person = household, head
        row.programme_id = _programme(draft, book)
        _fill(row, draft, ("asked_on", "priority"))


def _distribution(told: Told, draft: Draft, book: Book) -> None:
    person = book.people_by_key.get(told.expected.get(draft.place, 0)) if draft.place else None
    written = any(draft.attributes.get(name) for name in ("quantity", "status", "name", "nik"))
    written = written or draft.attributes.get("signature") == "present"
    if person is None and (draft.attributes.get("nik") or draft.attributes.get("name")):
        known = {k: v for k, v in draft.attributes.items() if k in ("nik", "name", "village")}
        person = _person(told, Draft("person", draft.slot, known, draft.place), book, None)
    if person is None:
        if not written:
            return
        # What was handed over counts, though a person must say to whom.
        book.questions.append(Question("nobody", told.serial, " ".join(map(str, draft.place or ()))))
    row = book.row("distribution", told.sheet, draft.slot)
    if isinstance(row, Distribution):
        row.person = person
        row.programme_id = _programme(draft, book)
        _fill(row, draft, ("village", "date", "quantity", "unit", "status", "signature"))


def _visit(told: Told, draft: Draft, book: Book) -> None:
    row = book.row("visit", told.sheet, draft.slot)
    if isinstance(row, Visit):
        counts = {name: dict(found) for name, found in (draft.counts or {}).items()}
        row.attended = sum(counts.pop("all", {}).values())
        row.counts = counts
        _fill(row, draft, ("date", "village", "topic", "speaker"))


def _programme(draft: Draft, book: Book) -> str:
    code = draft.attributes.get("programme", OTHER)
    return code if code in book.programmes else OTHER


def _fill(row: Row, draft: Draft, attributes: Iterable[str]) -> None:
    """Sets plain attributes, what is not written back to its column's default."""
    for name in attributes:
        told = draft.attributes.get(name)
        default = _default(row, name)
        setattr(row, name, default if told is None else _typed(name, told))
    row.facts = {name[6:]: value for name, value in draft.attributes.items() if name.startswith("facts.")}


def _put(row: Tracked, attribute: str, value: str, told: Told) -> None:
    """Sets one attribute, unless a later form has spoken of it."""
    if not _newest(row, attribute, told):
        return
    if attribute.startswith("facts."):
        row.facts = {**row.facts, attribute[6:]: value}
    else:
        setattr(row, attribute, _typed(attribute, value))


def _take_back(row: Tracked, draft: Draft, told: Told) -> None:
    """Empties what this very sheet said before and, corrected since, says no more."""
    for attribute, (_on, sheet) in list(row.sources.items()):
        if sheet != told.sheet or attribute in draft.attributes or attribute == "household":
            continue
        row.sources = {name: source for name, source in row.sources.items() if name != attribute}
        if attribute.startswith("facts."):
            row.facts = {name: value for name, value in row.facts.items() if name != attribute[6:]}
        else:
            setattr(row, attribute, _default(row, attribute))


def _default(row: Row, column: str) -> object:
    return next(one for one in row._meta.concrete_fields if one.name == column).get_default()


def _newest(row: Tracked, attribute: str, told: Told) -> bool:
    """Whether no later form has spoken of an attribute; from now on this one has."""
    source = [told.on.isoformat(), told.sheet]
    if row.sources.get(attribute, source) > source:
        return False
    row.sources = {**row.sources, attribute: source}
    return True


def _typed(attribute: str, value: str) -> str | int | date:
    if attribute in _DATES:
        return date.fromisoformat(value)
    return int(value) if attribute in _NUMBERS else value


def _serial_of(row: Tracked, attribute: str) -> str:
    from pipeline.store.models import Sheet

    found = Sheet.objects.filter(pk=row.sources[attribute][1]).values_list("serial", flat=True).first()
    return found or ""


def alike(people: Sequence[Person], serials: Mapping[int, str]) -> list[Question]:
    """People without a NIK whose name, birth date and village somebody else has too."""
    without = [one for one in people if not one.nik and one.name and one.birth_date]
    counts: Counter[tuple[str, date | None, str]] = Counter()
    for first in range(0, len(without), _MANY):
        part = without[first : first + _MANY]
        wanted = Q()
        for one in part:
            wanted |= Q(name=one.name, birth_date=one.birth_date, village=one.village)
        for name, born, village in Person.objects.filter(wanted).values_list("name", "birth_date", "village"):
            counts[name, born, village] += 1
    return [
        Question("alike", serials.get(one.sheet_id, ""), one.name, "birth_date", str(one.birth_date))
        for one in without
        if counts[one.name, one.birth_date, one.village] > 1
    ]


def _in_parts(model: type[Any], lookup: str, keys: Iterable[Any]) -> Iterable[Any]:
    """Rows whose key is among many, in parts that every database takes."""
    wanted = sorted(keys)
    for first in range(0, len(wanted), _MANY):
        yield from model._default_manager.filter(**{lookup: wanted[first : first + _MANY]})
