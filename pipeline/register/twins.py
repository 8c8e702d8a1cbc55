"""Who may be in the register twice: a number that was written or read wrongly makes somebody new of one who is known.

Nothing is joined here: who looks like somebody else is a question for a person; `answers` keeps what is answered.
"""

import shlex
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from itertools import groupby, permutations
from typing import Final

from django.db.models import Count

from pipeline.register.book import Question
from pipeline.register.models import Household, Person
from pipeline.register.parts import parts

_DIGITS: Final = "0123456789"

Side = tuple[str, str]
"""What the screen calls one of two by: the number, "" for a person without a NIK, and the serial."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """Two rows that may be one, and the question about them.

    Attributes:
        known: the side that the question calls known: a family card, or who a person is (`who`).
        told: the other side.
    """

    question: Question
    known: str
    told: str

    @property
    def pair(self) -> frozenset[str]:
        """What an answer is about, whichever side is called known."""
        return frozenset((self.known, self.told))

    @property
    def sides(self) -> tuple[Side, Side]:
        """What the screen calls the known and the other one by."""
        return (_number(self.known), self.question.other), (_number(self.told), self.question.serial)

    @property
    def words(self) -> tuple[str, ...]:
        """What singles it out: both numbers; where one is lacking its serial, and the name: a sheet names several."""
        name = () if all(number for number, _ in self.sides) else (self.question.name,)
        return (*sorted(number or serial for number, serial in self.sides), *name)

    def answerable(self) -> "Likeness":
        """The same with the command that says that the two are two."""
        one, other, *name = self.words
        command = ("sotarsa", "register", "apart", one, other, *(("--name", *name) if name else ()))
        return replace(self, question=replace(self.question, answer=shlex.join(command)))


def who(person: Person) -> str:
    """A person as far as it bears on being somebody else: NIK, or else the place on paper; name; birth date."""
    first = person.nik or f"{person.sheet.serial}/{person.sheet.copy}/{person.slot}"
    return f"{first} {person.name} {person.birth_date or ''}".rstrip()


def _number(key: str) -> str:
    first = key.partition(" ")[0]
    return first if first.isdecimal() else ""


def twins(asked: Set[int]) -> Iterator[Likeness]:
    """Asks about the people that have these keys and may be others of the register, once of each two."""
    for one, other in [*_same_birth(asked), *_same_name(asked)]:
        if (other.pk < one.pk or other.pk not in asked) and _perhaps_one(one, other):
            yield Likeness(_question(one, other), who(other), who(one)).answerable()


def near(number: str, other: str) -> bool:
    """Whether two numbers differ in one digit, or in two neighbours that changed places.

    Nine in ten slips in copying a number are one of these (Verhoeff, "Error Detecting Decimal Codes", Amsterdam 1969).
    """
    return other in _near(number)


def _near(number: str) -> set[str]:
    """All such numbers."""
    ends = [(number[:i], number[i:]) for i in range(len(number))]
    changed = {head + digit + tail[1:] for head, tail in ends for digit in _DIGITS}
    swapped = {head + tail[1] + tail[0] + tail[2:] for head, tail in ends if len(tail) > 1}
    return (changed | swapped) - {number}


def _same_birth(asked: Set[int]) -> Iterator[tuple[Person, Person]]:
    """Those of whom others have name and birth date, with each of those."""
    named = Person.objects.exclude(name="").exclude(birth_date=None)
    several = named.values_list("name", "birth_date").annotate(people=Count("pk")).filter(people__gt=1)
    for part in parts({name for name, _, _ in several}):
        rows = named.filter(name__in=part).select_related("sheet").order_by("name", "birth_date", "pk")
        for _, same in groupby(rows, key=lambda row: (row.name, row.birth_date)):
            yield from ((one, other) for one, other in permutations(same, 2) if one.pk in asked)


def _same_name(asked: Set[int]) -> Iterator[tuple[Person, Person]]:
    """Those of whom no form tells the birth date, with whoever has their name and nearly their NIK."""
    undated = Person.objects.filter(birth_date=None, nik__isnull=False).exclude(name="")
    for part in parts(asked):
        for one in undated.filter(pk__in=part).select_related("sheet"):
            others = Person.objects.filter(nik__in=_near(one.nik or ""), name=one.name)
            yield from ((one, other) for other in others.select_related("sheet"))


def _perhaps_one(one: Person, other: Person) -> bool:
    return one.village == other.village or bool(one.nik and other.nik and near(one.nik, other.nik))


def _question(one: Person, other: Person) -> Question:
    if one.nik and other.nik:
        return Question("two_niks", one.sheet.serial, one.name, "nik", other.nik, one.nik, other.sheet.serial)
    return Question(
        "alike",
        one.sheet.serial,
        one.name,
        "birth_date",
        str(other.birth_date),
        str(one.birth_date),
        other.sheet.serial,
    )


def renumbered(asked: Set[int]) -> Iterator[Likeness]:
    """Asks about those of these people whom forms name in two families of nearly the same number."""
    several = [
        row
        for part in parts(asked)
        for row in Person.objects.filter(pk__in=part).select_related("household__sheet")
        if len(row.voices) > 1
    ]
    families = _families_of({sheet for row in several for sheet in row.voices})
    for row in several:
        new = row.household
        olds = dict.fromkeys(old for sheet in row.voices for old in families[sheet])
        for kk, serial in olds:
            if new and new.kk and near(kk, new.kk):
                question = Question("two_kks", new.sheet.serial, row.name, "kk", kk, new.kk, serial)
                yield Likeness(question, kk, new.kk).answerable()


def _families_of(sheets: Set[int]) -> Mapping[int, Sequence[tuple[str, str]]]:
    """For each of these sheets the family cards that it speaks of, and the serials that these were first on."""
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    if sheets:
        rows = Household.objects.filter(kk__isnull=False).order_by("pk")
        for kk, serial, voices in rows.values_list("kk", "sheet__serial", "voices").iterator(10_000):
            for sheet in sheets & set(voices):
                found[sheet].append((kk or "", serial))
    return found
