"""The register as tables for other programs. Who refused that their data leave the office stays out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import F, QuerySet, Value
from django.db.models.functions import Coalesce

from pipeline.forms.catalogue import Catalogue
from pipeline.register.consent import Withheld, withheld
from pipeline.register.models import WITHHELD, Distribution, Household, Person, Row, Visit

_CHUNK: Final = 2_000


@dataclass(frozen=True, slots=True)
class Table:
    """One export: whose rows it holds, and its columns, in order, with where each comes from."""

    of: type[Row]
    columns: Mapping[str, str]

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names."""
        return tuple(self.columns)

    def total(self) -> int:
        """How many rows there are, also those of people who keep their data in the office."""
        return self.of._default_manager.count()


PEOPLE: Final = Table(
    Person,
    {
        "id": "pk", "nik": "nik", "name": "name", "sex": "sex", "birth_date": "birth_date",
        "birth_place": "birth_place", "phone": "phone", "village": "village", "relation": "relation",
        "household": "household_id", "kk": "household__kk", "facts": "facts", "serial": "sheet__serial",
        "consent": "household__consent",
    },
)  # fmt: skip
HOUSEHOLDS: Final = Table(
    Household,
    {
        "id": "pk", "kk": "kk", "village": "village", "rt": "rt", "rw": "rw", "address": "address",
        "surveyed_on": "surveyed_on", "consent": "consent", "facts": "facts", "serial": "sheet__serial",
    },
)  # fmt: skip
DISTRIBUTIONS: Final = Table(
    Distribution,
    {
        "id": "pk", "date": "date", "village": "village", "programme": "programme_id", "person": "person_id",
        "name": "person__name", "nik": "person__nik", "quantity": "quantity", "unit": "unit", "status": "status",
        "signature": "signature", "serial": "sheet__serial",
    },
)  # fmt: skip
VISITS: Final = Table(
    Visit,
    {
        "id": "pk", "date": "date", "village": "village", "topic": "topic", "speaker": "speaker",
        "attended": "attended", "counts": "counts", "serial": "sheet__serial",
    },
)  # fmt: skip


def people(catalogue: Catalogue, refused: bool = False) -> Iterator[dict[str, object]]:
    """One row a person; with `refused`, also those who keep their data in the office, and what they said."""
    kept = withheld(catalogue)
    said: dict[object, str] = {person: kept.said[sheet] for person, sheet in kept.people.items()}
    for row in _rows(_consenting(Person.objects.all(), "household__consent", refused), PEOPLE):
        if row["id"] not in said:
            yield row
        elif refused:
            yield {**row, "consent": said[row["id"]]}


def households(catalogue: Catalogue, refused: bool = False) -> Iterator[dict[str, object]]:
    """One row a household; with `refused`, also those who keep their data in the office."""
    kept = Withheld() if refused else withheld(catalogue)
    found = _consenting(Household.objects.all(), "consent", refused)
    return (row for row in _rows(found, HOUSEHOLDS) if row["id"] not in kept.households)


def distributions(catalogue: Catalogue, refused: bool = False) -> Iterator[dict[str, object]]:
    """One row a line of a roster, nameless ones too; with `refused`, also those who keep their data in the office."""
    kept = Withheld() if refused else withheld(catalogue)
    found = _consenting(Distribution.objects.all(), "person__household__consent", refused)
    return (row for row in _rows(found, DISTRIBUTIONS) if row["person"] not in kept.people)


def visits() -> Iterator[dict[str, object]]:
    """One row an information session."""
    return _rows(Visit.objects.all(), VISITS)


def _consenting(found: QuerySet[Any], consent: str, refused: bool) -> QuerySet[Any]:
    if refused:
        return found
    asked: QuerySet[Any] = found.annotate(told=Coalesce(F(consent), Value("")))
    return asked.exclude(told__in=WITHHELD)


def _rows(found: QuerySet[Any], table: Table) -> Iterator[dict[str, object]]:
    for values in found.order_by("pk").values_list(*table.columns.values()).iterator(_CHUNK):
        row = dict(zip(table.columns, values, strict=True))
        yield {
            name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in row.items()
        }
