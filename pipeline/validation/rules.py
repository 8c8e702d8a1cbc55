"""Rules across the fields of a sheet: small named functions that a form definition lists by name.

A rule is evidence, never a veto: where it is broken, its fields wait for a person, and their values stay as read.
Every rule holds as long as a value that it needs is not there.
"""

import inspect
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import Final

from pipeline.errors import DefinitionError
from pipeline.forms import nik as nik_facts
from pipeline.forms import reference
from pipeline.forms.definition import FormDefinition
from pipeline.language import Text

Value = str | None
Column = tuple[Value, ...]
Argument = Value | Column
Rule = Callable[..., bool]
"""Takes the values of its fields in the definition's order: a `Column` whole, a `Value` of a table row by row."""

_UNKNOWN: Final = Text(
    "Formulir {form}: aturan {rule} tidak dikenal. Yang ada: {known}.",
    "Form {form}: there is no rule {rule}. Known: {known}.",
)
_FIELDS: Final = Text(
    "Formulir {form}: aturan {rule} menyebut {count} isian, seharusnya: {asked}.",
    "Form {form}: the rule {rule} names {count} fields, but asks for: {asked}.",
)
_ROWS: Final = Text(
    "Formulir {form}: aturan {rule} membandingkan baris dua tabel ({tables}). Sebutkan kolom dari satu tabel saja.",
    "Form {form}: the rule {rule} compares rows of two tables ({tables}). Name columns of one table only.",
)
RECEIVED: Final = frozenset({"hadir", "wakil"})
"""Marks of a roster's row that say that the aid was handed over."""


def nik_agrees_with_birth_date(nik: Value, birth_date: Value) -> bool:
    """Day, month and the year's last two digits stand in the NIK (day + 40 for women)."""
    facts = nik_facts.parse(nik) if nik else None
    return facts is None or birth_date is None or facts.birth_date.isoformat()[2:] == birth_date[2:]


def sex_agrees_with_nik(sex: Value, nik: Value) -> bool:
    """A woman's NIK adds 40 to the day of birth."""
    facts = nik_facts.parse(nik) if nik else None
    return facts is None or sex is None or facts.sex == sex


def kk_differs_from_nik(kk: Value, nik: Value) -> bool:
    """A family card's number is not a person's."""
    return kk is None or kk != nik


def niks_differ(nik: Value, others: Column) -> bool:
    """Nobody stands twice on one sheet."""
    known = [one for one in (nik, *others) if one]
    return len(known) == len(set(known))


def members_counted(count: Value, names: Column) -> bool:
    """The members of the household are the head and those listed; more only where the table is full."""
    told, listed = _number(count), sum(name is not None for name in names) + 1
    return told in (None, listed) or (all(names) and int(told or 0) > listed)


def village_known(village: Value) -> bool:
    """The four digits are a village of the sub-district."""
    return village is None or village in reference.villages()


def date_not_in_future(day: Value) -> bool:
    """Nothing on a sheet happens after today."""
    return day is None or day <= datetime.now().astimezone().date().isoformat()


def not_born_after(birth_date: Value, day: Value) -> bool:
    """Nobody is registered before being born."""
    return birth_date is None or day is None or birth_date <= day


def signed_when_received(status: Value, signature: Value) -> bool:
    """Who received signs, and nobody else does; an untouched row is unsigned."""
    return (status in RECEIVED) == (signature == "present")


def quantity_when_received(status: Value, quantity: Value) -> bool:
    """A quantity stands where aid was handed over, and nowhere else."""
    given = quantity is not None and quantity.strip("0") != ""
    return given == (status in RECEIVED)


def received_counted(count: Value, statuses: Column) -> bool:
    """The number at the foot of a roster is that of the rows marked as received."""
    return _number(count) in (None, sum(status in RECEIVED for status in statuses))


def men_counted(count: Value, sexes: Column) -> bool:
    """The number of men at the foot of a list is that of its rows."""
    return _number(count) in (None, sexes.count("L"))


def women_counted(count: Value, sexes: Column) -> bool:
    """The number of women at the foot of a list is that of its rows."""
    return _number(count) in (None, sexes.count("P"))


def _number(count: Value) -> int | None:
    return int(count) if count is not None and count.isdecimal() else None


RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        rule.__name__: rule
        for rule in (
            nik_agrees_with_birth_date,
            sex_agrees_with_nik,
            kk_differs_from_nik,
            niks_differ,
            members_counted,
            village_known,
            date_not_in_future,
            not_born_after,
            signed_when_received,
            quantity_when_received,
            received_counted,
            men_counted,
            women_counted,
        )
    }
)
"""Every rule under its name, which is also the reason code of a value that breaks it."""


@cache
def takes_columns(rule: Rule) -> tuple[bool, ...]:
    """For each field that a rule takes, whether it takes a table's column whole."""
    return tuple(one.annotation is Column for one in inspect.signature(rule).parameters.values())


def check_rules(definition: FormDefinition) -> None:
    """Let a definition pass whose every rule is known and looks at fields that it can compare.

    Raises:
        DefinitionError: a rule is not, or does not.
    """
    for use in definition.rules:
        rule = RULES.get(use.name)
        if rule is None:
            raise DefinitionError(
                _UNKNOWN.filled(form=definition.form, rule=use.name, known=", ".join(sorted(RULES)))
            )
        try:
            inspect.signature(rule).bind(*use.fields)
        except TypeError:
            asked = ", ".join(inspect.signature(rule).parameters)
            raise DefinitionError(
                _FIELDS.filled(form=definition.form, rule=use.name, count=len(use.fields), asked=asked)
            ) from None
        single = [name for name, column in zip(use.fields, takes_columns(rule), strict=True) if not column]
        tables = {name.partition(".")[0] for name in single if "." in name}
        if len(tables) > 1:
            told = ", ".join(sorted(tables))
            raise DefinitionError(_ROWS.filled(form=definition.form, rule=use.name, tables=told))
