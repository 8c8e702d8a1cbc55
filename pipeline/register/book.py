"""The rows of the register that some sheets speak of, in memory: as they were, whose they are, as they become."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pipeline.register.changes import ENTITIES, NUMBERS, State, state
from pipeline.register.drafts import Draft
from pipeline.register.lists import Lost
from pipeline.register.models import Household, Person, Programme, Row, Tracked
from pipeline.register.parts import parts

Voices = Mapping[int, Sequence[tuple[str, int]]]
"""For each sheet the rows, by entity and key, that it speaks of though another made them."""

Ghosts = Mapping[tuple[str, str], int]
"""People of whom no sheet speaks any more, by the NIK that they had and their name."""


@dataclass(frozen=True, slots=True)
class Told:
    """One sheet ready for the register, and for a roster who stands in which of its rows."""

    sheet: int
    serial: str
    form: str
    on: date
    drafts: tuple[Draft, ...]
    expected: Mapping[tuple[str, int], int]


@dataclass(frozen=True, slots=True)
class Question:
    """Something for a person to decide.

    Attributes:
        kind: `identity` (one NIK, two people?), `alike` and `two_niks` (two rows, one person?), `two_kks` (two rows,
            one family?), `nobody` (aid without a name), `left` (aid for somebody whom no sheet names any more) or
            `consent` (one form refuses, another consents).
        attribute: which attribute differs.
        known: what the register holds.
        told: what the sheet says.
        other: the serial of the sheet that the register has it from.
        answer: the command that says that two are two, where the question is whether they are.
    """

    kind: str
    serial: str
    name: str
    attribute: str = ""
    known: str = ""
    told: str = ""
    other: str = ""
    answer: str = ""


@dataclass(slots=True)
class Book:
    """The rows that some sheets touch, as they were and as they become.

    Attributes:
        rows: for each sheet the rows that it made, by entity and slot.
        known: rows that several sheets may speak of, by entity and number.
        said: for each sheet the rows that it spoke of before this run.
        whose: sheet, entity and slot to the row that the draft speaks of, see `whose.assign`.
        homeless: by `id`, rows whose sheet speaks of them no more; who speaks of one next takes it over.
        left: rows from which a sheet took its word back.
        lost: people whom printed lists name and whom the register no longer has.
        returned: of these, who is told of again: by `id`, the key that new rows get back.
        before: by `id`, what rows were.
        touched: by `id`, the rows that this run speaks of.
        gone: rows that a sheet alone speaks of and now does not.
    """

    rows: dict[int, dict[tuple[str, str], Row]] = field(default_factory=lambda: defaultdict(dict))
    known: dict[tuple[str, str], Tracked] = field(default_factory=dict)
    said: dict[int, list[tuple[str, Tracked]]] = field(default_factory=lambda: defaultdict(list))
    whose: dict[tuple[int, str, str], Tracked] = field(default_factory=dict)
    homeless: set[int] = field(default_factory=set)
    left: list[tuple[str, Tracked]] = field(default_factory=list)
    people: dict[int, Person] = field(default_factory=dict)
    ghosts: dict[tuple[str, str], Person] = field(default_factory=dict)
    lost: Lost = field(default_factory=Lost)
    returned: dict[int, int] = field(default_factory=dict)
    programmes: frozenset[str] = frozenset()
    before: dict[int, State] = field(default_factory=dict)
    touched: dict[int, tuple[str, Row]] = field(default_factory=dict)
    gone: list[tuple[str, Row]] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    _loaded: set[tuple[str, int]] = field(default_factory=set)

    @classmethod
    def of(cls, sheets: Sequence[Told], voices: Voices, ghosts: Ghosts, lost: Lost) -> "Book":
        """Loads every row that the sheets may touch."""
        book = cls(programmes=frozenset(Programme.objects.values_list("code", flat=True)), lost=lost)
        book.load(sheets, voices, ghosts)
        return book

    def load(self, sheets: Sequence[Told], voices: Voices, ghosts: Ghosts) -> None:
        """Loads what these sheets may touch, too."""
        made = [one.sheet for one in sheets]
        told = [draft.attributes for one in sheets for draft in one.drafts]
        spoken = [one for sheet in made for one in voices.get(sheet, ())]
        for name, model in ENTITIES.items():
            self._know(name, _in_parts(model, "sheet__in", made))
            self._know(name, _in_parts(model, "pk__in", {key for entity, key in spoken if entity == name}))
        for name, number in NUMBERS.items():
            wanted = {attributes[number] for attributes in told if number in attributes}
            wanted -= {held for entity, held in self.known if entity == name}
            self._know(name, _in_parts(ENTITIES[name], f"{number}__in", wanted))
        expected = {person for one in sheets for person in one.expected.values()}
        self._know("person", _in_parts(Person, "pk__in", expected))
        named = {(one.get("nik", ""), one.get("name", "")) for one in told} & ghosts.keys()
        self._know("person", _in_parts(Person, "pk__in", {ghosts[one] for one in named}))
        self.ghosts |= {one: self.people[ghosts[one]] for one in named}

    def load_people_of(self, households: Iterable[Row]) -> None:
        """Loads everybody who lives in some households, whichever sheet speaks of them."""
        self._know("person", _in_parts(Person, "household__in", [row.pk for row in households]))

    def villages_of_others(self, homes: Collection[int]) -> dict[int, str]:
        """Where households lie of which this run does not speak, though it speaks of people in them; by their keys."""
        touched = [row for _, row in self.touched.values() if isinstance(row, Person)]
        others = {row.household_id for row in touched if row.household_id} - set(homes)
        return {
            row.pk: row.village
            for row in _in_parts(Household, "pk__in", others)
            if isinstance(row, Household)
        }

    def _know(self, name: str, rows: Iterable[Row]) -> None:
        for row in rows:
            if (name, row.pk) in self._loaded:
                continue
            self._loaded.add((name, row.pk))
            self.before[id(row)] = state(row)
            self.rows[row.sheet_id][name, row.slot] = row
            if isinstance(row, Person):
                self.people[row.pk] = row
            if isinstance(row, Tracked):
                # What it was stays as it was, whatever is said of it now.
                row.sources, row.facts = dict(row.sources), dict(row.facts)
                for sheet in row.voices:
                    self.said[sheet].append((name, row))
                if number := getattr(row, NUMBERS[name]):
                    self.known[name, number] = row

    def row(self, name: str, sheet: int, slot: str) -> Row:
        """The row of a slot, made when it is not there yet; touched from now on."""
        found = self.rows[sheet].get((name, slot))
        return self.touch(name, found) if found is not None else self.make(name, sheet, slot)

    def make(self, name: str, sheet: int, slot: str) -> Row:
        """A new row in a slot, whatever held it before."""
        row = ENTITIES[name](sheet_id=sheet, slot=slot)
        self.rows[sheet][name, slot] = row
        return self.touch(name, row)

    def give_back(self, row: Person, key: int) -> None:
        """Lets a new row have the key under which a printed list names this person."""
        self.returned[id(row)] = key
        self.people[key] = row

    def touch(self, name: str, row: Row) -> Row:
        """Marks a row as one that this run speaks of."""
        self.touched.setdefault(id(row), (name, row))
        return row

    def number(self, name: str, row: Tracked, number: str) -> None:
        """From now on a row is found by this number, "" for none, and by no other."""
        held = getattr(row, NUMBERS[name])
        if held and held != number and self.known.get((name, held)) is row:
            del self.known[name, held]
        if number:
            self.known.setdefault((name, number), row)

    def heard(self) -> set[int]:
        """Sheets that made rows, or that speak of some."""
        made = {sheet for sheet, rows in self.rows.items() if rows}
        return made | self.said.keys() | {sheet for sheet, _, _ in self.whose}

    def unheard(self, asked: Iterable[int], heard: Iterable[int]) -> set[int]:
        """Sheets whose word may count again: who else speaks of what these speak of, or of what somebody has left."""
        rows = [*(row for _, row in self.left), *self.spoken(asked)]
        return {sheet for row in rows for sheet in row.voices} - set(heard)

    def spoken(self, sheets: Iterable[int]) -> list[Tracked]:
        """The rows that some sheets speak of, each once."""
        wanted = set(sheets)
        return list({id(row): row for (sheet, _, _), row in self.whose.items() if sheet in wanted}.values())

    def orphans(self, name: str) -> list[Tracked]:
        """The rows of a kind of which no sheet speaks any more, each once."""
        left = {id(row): row for kind, row in self.left if kind == name and row.pk is not None}
        return [row for row in left.values() if not row.voices]


def _in_parts(model: type[Any], lookup: str, keys: Iterable[Any]) -> Iterator[Any]:
    """Rows whose key is among many."""
    for part in parts(keys):
        yield from model._default_manager.filter(**{lookup: part})
