"""Whose data stay in the office: what the papers say, beside what the register holds of each household.

A household holds the consent of its newest form. That alone would let data out where a refusal came on a form without
the family card's number, with an older date, or of one who is listed on somebody else's form later. So a refusal
stands until the same person, at the head of a form, consents on paper that is as new and was scanned later; while it
stands, everybody stays whom the forms of that person speak of. Consent is the person's own and can be withdrawn at any
time (Law 27 of 2022 on the protection of personal data, articles 20 and 9).
"""

from collections import defaultdict
from collections.abc import Iterator, Set
from dataclasses import dataclass
from typing import Final

from pipeline.forms.catalogue import Catalogue
from pipeline.register.book import Question
from pipeline.register.drafts import CONSENT
from pipeline.register.models import WITHHELD, Household, Person
from pipeline.register.papers import dates, unreadable, values
from pipeline.store.models import FieldReading, Sheet

_NIK: Final = frozenset({"nik"})


@dataclass(frozen=True, slots=True)
class Withheld:
    """Rows of the register that stay in the office whatever their household holds, by key.

    Attributes:
        sheets: the forms that refuse.
    """

    people: frozenset[int] = frozenset()
    households: frozenset[int] = frozenset()
    sheets: frozenset[int] = frozenset()


def withheld(catalogue: Catalogue) -> Withheld:
    """Everybody whom a standing refusal keeps in the office, as the papers say now, imported or not."""
    refusing = _refusing(catalogue)
    if not refusing:
        return Withheld()
    heads = {head for head in refusing.values() if head}
    told = refusing.keys() | {sheet for sheet, head in _heads(catalogue).items() if head in heads}
    return Withheld(_spoken(Person, told), _spoken(Household, told), frozenset(refusing))


def doubtful(catalogue: Catalogue) -> Iterator[Question]:
    """People who are kept in the office though their household's newest form consents, or though they have none."""
    found = withheld(catalogue)
    if not found.people:
        return
    serials = dict(Sheet.objects.filter(pk__in=found.sheets).values_list("pk", "serial"))
    rows = Person.objects.exclude(household__consent__in=WITHHELD).order_by("pk")
    for key, name, made, voices in rows.values_list("pk", "name", "sheet", "voices"):
        if key in found.people:
            yield Question(
                "consent", next((serials[one] for one in (made, *voices) if one in serials), ""), name
            )


def _refusing(catalogue: Catalogue) -> dict[int, str]:
    """Forms that refuse and that no later one of the same head takes back, each with its head's NIK, "" for none."""
    told = {sheet: (value, status) for sheet, value, status in values(catalogue, CONSENT)}
    refused = {sheet for sheet, (value, _) in told.items() if value in WITHHELD}
    refused |= {sheet for sheet, _ in unreadable(catalogue, CONSENT)}
    if not refused:
        return {}
    heads, on = _heads(catalogue), dict(dates(catalogue, Sheet.objects.all()))
    # What waits for a person may refuse, but does not consent.
    consents: dict[str, list[int]] = defaultdict(list)
    for sheet, (_, status) in told.items():
        if sheet not in refused and status != FieldReading.Status.REVIEW:
            consents[heads.get(sheet, "")].append(sheet)

    def taken_back(sheet: int) -> bool:
        head = heads.get(sheet, "")
        return bool(head) and any(one > sheet and on[one] >= on[sheet] for one in consents[head])

    return {sheet: heads.get(sheet, "") for sheet in refused if not taken_back(sheet)}


def _heads(catalogue: Catalogue) -> dict[int, str]:
    """The NIK of the person at the head of each form."""
    return {sheet: value for sheet, value, _ in values(catalogue, _NIK)}


def _spoken(model: type[Person] | type[Household], sheets: Set[int]) -> frozenset[int]:
    """The rows of which any of these sheets speaks."""
    rows = model.objects.values_list("pk", "sheet", "voices")
    return frozenset(key for key, made, voices in rows if made in sheets or not sheets.isdisjoint(voices))
