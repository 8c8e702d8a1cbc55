"""Who may be in the register twice: a number that was written or read wrongly makes somebody new of one who is known.

Nothing is joined here: who looks like somebody else is a question for a person.
"""

from collections.abc import Iterator, Set
from itertools import permutations
from typing import Final

from django.db.models import Count

from pipeline.register.book import Book, Question
from pipeline.register.models import Household, Person
from pipeline.register.parts import parts

_DIGITS: Final = "0123456789"


def twins(asked: Set[int]) -> Iterator[Question]:
    """Asks about the people that have these keys and may be others of the register, once of each two."""
    for one, other in [*_same_birth(asked), *_same_name(asked)]:
        if (other.pk < one.pk or other.pk not in asked) and _perhaps_one(one, other):
            yield _question(one, other)


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
    for name, birth_date, _ in several.order_by("name", "birth_date"):
        same = list(named.filter(name=name, birth_date=birth_date).select_related("sheet").order_by("pk"))
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


def moved(book: Book) -> Iterator[Question]:
    """Asks about people who came, in this run, from one family to another of nearly the same number."""
    people = [row for _, row in book.touched.values() if isinstance(row, Person)]
    corrected = {id(row) for _, row in book.left}
    before = {row.pk: book.before[id(row)] for row in people if id(row) in book.before.keys() - corrected}
    movers = [
        row for row in people if row.pk in before and before[row.pk]["household_id"] != row.household_id
    ]
    left = {row.pk: before[row.pk]["household_id"] for row in movers}
    homes = {
        home.pk: home
        for part in parts({*left.values()} - {None})
        for home in Household.objects.filter(pk__in=part).select_related("sheet")
    }
    for row in movers:
        old, new = homes.get(left[row.pk]), row.household
        if old and new and old.kk and new.kk and near(old.kk, new.kk):
            yield Question("two_kks", new.sheet.serial, row.name, "kk", old.kk, new.kk, old.sheet.serial)
