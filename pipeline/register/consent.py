"""Whose data stay in the office: what the papers say, beside what the register holds of each household.

A household holds the consent of its newest form. That alone would let data out where a refusal came on a form without
the family card's number, with an older date, or of one who is listed on somebody else's form later. So a refusal
stands until the same person, at the head of a form, consents on paper that is as new and was scanned later. While it
stands, everybody stays whom the forms of that person speak of, but who has consented at the head of an own form since.
Consent is the person's own and can be withdrawn at any time (Law 27 of 2022 on the protection of personal data,
articles 9 and 20).
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from pipeline.forms.catalogue import Catalogue
from pipeline.register.book import Question
from pipeline.register.drafts import CONSENT
from pipeline.register.models import UNREADABLE, WITHHELD, Household, Person
from pipeline.register.papers import dates, settled_sheets, unreadable, values
from pipeline.store.models import Sheet

_NIK: Final = frozenset({"nik"})


@dataclass(frozen=True, slots=True)
class Withheld:
    """Rows of the register that stay in the office whatever their household holds, by key.

    Attributes:
        people: each with the sheet that refuses.
        said: what each of these sheets says, one of `WITHHELD`.
    """

    people: Mapping[int, int] = field(default_factory=dict)
    households: frozenset[int] = frozenset()
    said: Mapping[int, str] = field(default_factory=dict)


def withheld(catalogue: Catalogue) -> Withheld:
    """Everybody whom a standing refusal keeps in the office, as the papers say now, imported or not."""
    said = list(values(catalogue, CONSENT))
    # Where a form asks twice, one refusal is one.
    refused = {sheet: value for sheet, value in said if value in WITHHELD}
    refused |= {sheet: UNREADABLE for sheet, _ in unreadable(catalogue, CONSENT)}
    if not refused:
        return Withheld()
    heads = dict(values(catalogue, _NIK))
    own = _consents(catalogue, {sheet for sheet, _ in said} - refused.keys(), heads)
    standing = {
        sheet: heads.get(sheet, "") for sheet in refused if not own.after(sheet, heads.get(sheet, ""))
    }
    by_head = {nik: sheet for sheet, nik in sorted(standing.items()) if nik}
    # Every form of a head who refuses, and which one of theirs says so.
    forms = {sheet: by_head[nik] for sheet, nik in heads.items() if nik in by_head} | {
        one: one for one in standing
    }
    people: dict[int, int] = {}
    for key, nik, made, voices in Person.objects.values_list("pk", "nik", "sheet", "voices"):
        spoken = {forms[one] for one in (made, *voices) if one in forms}
        if nik in by_head:
            people[key] = by_head[nik]
        elif kept := [one for one in spoken if not own.after(one, nik or "")]:
            people[key] = max(kept)
    rows = Household.objects.values_list("pk", "sheet", "voices")
    homes = frozenset(
        key for key, made, voices in rows if made in forms or not forms.keys().isdisjoint(voices)
    )
    return Withheld(people, homes, refused)


def doubtful(catalogue: Catalogue) -> Iterator[Question]:
    """People who are kept in the office though their household's newest form consents, or though they have none."""
    kept = withheld(catalogue).people
    if not kept:
        return
    sheets = Sheet.objects.in_bulk(set(kept.values()))
    rows = Person.objects.exclude(household__consent__in=WITHHELD).order_by("pk")
    for key, name in rows.values_list("pk", "name"):
        if key in kept:
            yield Question("consent", sheets[kept[key]].serial, name)


@dataclass(frozen=True, slots=True)
class _Consents:
    """Forms on which the person at the head consents, and that nothing on them waits for.

    Attributes:
        by: the head's NIK to the sheets.
        on: sheet to its date.
    """

    by: Mapping[str, Sequence[int]]
    on: Mapping[int, date]

    def after(self, refusal: int, nik: str) -> bool:
        """Whether a person has consented, on paper as new and scanned later, to what a sheet refuses."""
        return any(one > refusal and self.on[one] >= self.on[refusal] for one in self.by.get(nik, ()))


def _consents(catalogue: Catalogue, consenting: Set[int], heads: Mapping[int, str]) -> _Consents:
    settled = set(settled_sheets().values_list("pk", flat=True)) & consenting
    by: dict[str, list[int]] = defaultdict(list)
    for sheet in settled:
        if heads.get(sheet):
            by[heads[sheet]].append(sheet)
    return _Consents(by, dict(dates(catalogue, Sheet.objects.all())))
