"""Printed lists, and whom they name: by the key of a person, which outlives the undoing of an import.

Paper keeps naming people whose import was undone. When they are imported again they get the key back that the list has
for them. They may have been corrected meanwhile, so two of the three things that they are known by must be the same:
NIK, name, and the place on paper that made them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, combinations
from typing import Final

from pipeline.register.models import Change, Person
from pipeline.register.parts import parts
from pipeline.store.models import IssuedSheet
from pipeline.store.spoiling import spoilt_now

Sign = tuple[tuple[str, object], ...]
"""Two of the things that a person is known by."""

_MANY: Final = 500


def people_on_lists() -> dict[int, str]:
    """The people whom printed lists name that were not spoilt, each with the serial of such a list."""
    spoilt = spoilt_now()
    return {person: serial for serial, person in _named() if serial not in spoilt}


def lost(serials: Iterable[str]) -> int:
    """How many people some lists name who are not in the register."""
    return len(_gone(person for part in parts(serials) for _, person in _named(part)))


@dataclass(slots=True)
class Lost:
    """People whom a list names, spoilt or not, and who are not in the register.

    Attributes:
        by: the signs of each, and the key that the list has.
    """

    by: dict[Sign, int] = field(default_factory=dict)

    @classmethod
    def of_lists(cls) -> "Lost":
        """All of them, as the register last held them."""
        last: dict[int, Mapping[str, object]] = {}
        for part in parts(_gone(person for _, person in _named())):
            for change in Change.objects.filter(model="person", row__in=part).order_by("pk"):
                last[change.row] = change.after or change.before or {}
        return cls(
            {
                sign: key
                for key, one in last.items()
                for sign in _signs(one["nik"], one["name"], one["sheet_id"], one["slot"])
            }
        )

    def found(self, nik: str, name: str, sheet: int, slot: str) -> int | None:
        """The key of the one who is this, once; None where nobody is."""
        key = next((self.by[sign] for sign in _signs(nik, name, sheet, slot) if sign in self.by), None)
        if key is not None:
            self.by = {sign: one for sign, one in self.by.items() if one != key}
        return key


def _signs(nik: object, name: object, sheet: object, slot: object) -> Iterator[Sign]:
    known = [("nik", nik), ("name", name), ("place", (sheet, slot))]
    return combinations([one for one in known if one[1]], 2)


def _named(serials: list[str] | None = None) -> Iterator[tuple[str, int]]:
    """Serials of printed lists, all or of these, with the key of each person named, as they were printed."""
    issued = IssuedSheet.objects.exclude(rows={}).order_by("pk")
    found = issued if serials is None else issued.filter(serial__in=serials)
    for serial, tables in found.values_list("serial", "rows").iterator(_MANY):
        for row in chain.from_iterable(tables.values()):
            yield serial, int(row["person"])


def _gone(people: Iterable[int]) -> set[int]:
    named = set(people)
    here = {
        key
        for part in parts(named)
        for key in Person.objects.filter(pk__in=part).values_list("pk", flat=True)
    }
    return named - here
