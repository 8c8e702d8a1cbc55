"""The month's figures for the sub-district head: aggregates only, nobody's name or number."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, TruncDate

from pipeline.forms.catalogue import Catalogue
from pipeline.forms.reference import villages
from pipeline.register.importing import Waiting, unheard_sheets, waiting_sheets
from pipeline.register.models import Distribution, Household, Person, Programme, Proposal, Visit
from pipeline.validation.rules import RECEIVED


@dataclass(frozen=True, slots=True)
class VillageFigures:
    """One village: people reached before the month and with it, households with it, sessions and who came."""

    village: str
    name: str
    people_before: int
    people: int
    households: int
    visits: int
    attended: int


@dataclass(frozen=True, slots=True)
class ProgrammeFigures:
    """One programme in the month: households that asked so far, people expected, people served, quantity by unit."""

    code: str
    name: str
    proposed_before: int
    proposed: int
    planned: int
    delivered: int
    quantities: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class MonthFigures:
    """Everything that the month's report says.

    Attributes:
        month: `2026-11`.
        villages: every village of the sub-district, in the order of their codes.
        programmes: those that anybody asked for or received.
        others: people on rosters up to the month's end whose household was not surveyed; no village counts them.
        waiting: sheets that are not in the register yet.
    """

    month: str
    villages: tuple[VillageFigures, ...]
    programmes: tuple[ProgrammeFigures, ...]
    others: int
    waiting: tuple[Waiting, ...]

    @property
    def people_before(self) -> int:
        """People reached before the month."""
        return sum(one.people_before for one in self.villages)

    @property
    def people(self) -> int:
        """People reached by the month's end."""
        return sum(one.people for one in self.villages)

    @property
    def households(self) -> int:
        """Households reached by the month's end."""
        return sum(one.households for one in self.villages)

    @property
    def visited(self) -> int:
        """Villages in which anybody was reached so far."""
        return sum(one.people > 0 for one in self.villages)

    @property
    def planned(self) -> int:
        """People expected on the month's rosters."""
        return sum(one.planned for one in self.programmes)

    @property
    def delivered(self) -> int:
        """Of them, people who received their aid."""
        return sum(one.delivered for one in self.programmes)

    @property
    def not_imported(self) -> int:
        """Sheets that are ready for the register and were not brought in."""
        return sum(one.reason == "not_imported" for one in self.waiting)

    @property
    def attended(self) -> int:
        """People who came to the month's information sessions."""
        return sum(one.attended for one in self.villages)


def bounds(month: str) -> tuple[date, date]:
    """The first day of a month `2026-11` and of the next."""
    first = date.fromisoformat(f"{month}-01")
    return first, (first + timedelta(days=32)).replace(day=1)


def figures(catalogue: Catalogue, month: str) -> MonthFigures:
    """Counts the register as it stands at the end of a month."""
    first, end = bounds(month)
    return MonthFigures(
        month,
        _villages(first, end),
        _programmes(first, end),
        _dated(Distribution.objects.filter(person__household=None), "date")
        .filter(on__lt=end)
        .aggregate(people=Count("person", distinct=True))["people"],
        (*unheard_sheets(catalogue, month), *waiting_sheets(catalogue, month)),
    )


def _dated(found: QuerySet[Any], day: str) -> QuerySet[Any]:
    """Rows with the day that they count for (`on`): the one written on their form, else the day it was scanned."""
    of, _, _ = day.rpartition("__")
    scanned = "__".join(filter(None, (of, "sheet__created_at")))
    dated: QuerySet[Any] = found.annotate(on=Coalesce(day, TruncDate(scanned)))
    return dated


def _villages(first: date, end: date) -> tuple[VillageFigures, ...]:
    at_home = Person.objects.exclude(household=None)
    people = _before_and_now(_dated(at_home, "household__surveyed_on"), "village", first, end)
    households = _before_and_now(_dated(Household.objects.all(), "surveyed_on"), "village", first, end)
    sessions = {
        row["village"]: (row["n"], row["came"])
        for row in _dated(Visit.objects.all(), "date")
        .filter(on__gte=first, on__lt=end)
        .values("village")
        .annotate(n=Count("pk"), came=Sum("attended"))
    }
    known = villages()
    codes = [*known, *sorted({*people, *households, *sessions} - known.keys())]
    return tuple(
        VillageFigures(
            code,
            known[code].name if code in known else code or "-",
            *people.get(code, (0, 0)),
            households.get(code, (0, 0))[1],
            *sessions.get(code, (0, 0)),
        )
        for code in codes
    )


def _before_and_now(dated: QuerySet[Any], by: str, first: date, end: date) -> dict[str, tuple[int, int]]:
    """How many rows there were before a month and are with it, under what they are counted by."""
    counts = {"before": Count("pk", filter=Q(on__lt=first)), "now": Count("pk")}
    rows = dated.filter(on__lt=end).values(by).annotate(**counts)
    return {row[by]: (row["before"], row["now"]) for row in rows}


def _programmes(first: date, end: date) -> tuple[ProgrammeFigures, ...]:
    asked = _before_and_now(_dated(Proposal.objects.all(), "asked_on"), "programme", first, end)
    month = _dated(Distribution.objects.all(), "date").filter(on__gte=first, on__lt=end)
    served = Q(status__in=RECEIVED)
    rosters = {
        row["programme"]: (row["planned"], row["delivered"])
        for row in month.values("programme").annotate(
            planned=Count("pk"), delivered=Count("pk", filter=served)
        )
    }
    quantities: dict[str, dict[str, int]] = {}
    for row in month.filter(served).values("programme", "unit").annotate(total=Sum("quantity")):
        quantities.setdefault(row["programme"], {})[row["unit"]] = row["total"] or 0
    return tuple(
        ProgrammeFigures(
            one.code,
            str(one),
            *asked.get(one.code, (0, 0)),
            *rosters.get(one.code, (0, 0)),
            quantities.get(one.code, {}),
        )
        for one in Programme.objects.all()
        if one.code in asked or one.code in rosters
    )
