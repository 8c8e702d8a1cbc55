"""The next printed roster: who is expected for a programme in a village."""

from collections.abc import Mapping
from typing import Final

from pipeline.errors import UsageError
from pipeline.forms.catalogue import Catalogue
from pipeline.language import Text
from pipeline.register.consent import withheld
from pipeline.register.models import WITHHELD, Person, Programme, Proposal

_SHOWN_FIRST: Final = 6
_SHOWN_LAST: Final = 4


RosterRow = Mapping[str, object]
"""One preprinted row: `person` (its key), and `name` and masked `nik` as they are printed."""


def masked(nik: str | None) -> str:
    """A NIK as it may lie on a table in the village hall: area and serial, the birth date hidden."""
    if not nik:
        return ""
    return nik[:_SHOWN_FIRST] + "*" * (len(nik) - _SHOWN_FIRST - _SHOWN_LAST) + nik[-_SHOWN_LAST:]


def roster_rows(catalogue: Catalogue, village: str, programme: str, capacity: int) -> list[list[RosterRow]]:
    """The people for whom a programme was proposed in a village, by name, in sheets of `capacity` rows.

    Args:
        catalogue: the forms, whose sheets say who refused.
        village: its last four digits.
        programme: its code.
        capacity: rows on one sheet.

    Raises:
        UsageError: there is no such programme, or nobody to print: an empty roster would look like a finding.
    """
    if not Programme.objects.filter(code=programme).exists():
        known = ", ".join(Programme.objects.values_list("code", flat=True))
        raise UsageError(
            Text(
                f"Program {programme} tidak dikenal. Yang ada: {known}.",
                f"There is no programme {programme}. Known: {known}.",
            )
        )
    asked = Proposal.objects.filter(programme=programme).exclude(status=Proposal.Status.REJECTED)
    people = (
        Person.objects.filter(pk__in=asked.values("person"), village=village)
        .exclude(household__consent__in=WITHHELD)
        .order_by("name", "pk")
    )
    kept = withheld(catalogue).people
    rows: list[RosterRow] = [
        {"person": one.pk, "name": one.name, "nik": masked(one.nik)} for one in people if one.pk not in kept
    ]
    if not rows:
        raise UsageError(
            Text(
                f"Belum ada orang di desa {village} yang diusulkan untuk {programme}. Impor dulu bulan terakhir "
                "(sotarsa import), atau hilangkan --programme: penerima lalu terbaca hanya di baris yang berkotak.",
                f"Nobody in village {village} was proposed for {programme} yet. Import the last month first "
                "(sotarsa import), or leave out --programme: recipients are then read in the rows with cells only.",
            )
        )
    return [rows[i : i + capacity] for i in range(0, len(rows), capacity)]
