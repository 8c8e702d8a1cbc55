"""From a sheet's values to what it says for the register, by the definition's `register` section alone. Pure.

A slot names which entry of the definition, and which row or value, a draft comes from: `1`, `2.3`, `4.PKH`. With
its sheet it is what makes an import of the same sheet find what the last one made.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pipeline.forms.definition import FormDefinition
from pipeline.forms.entries import RegisterEntry

Key = tuple[str, int | None]
Values = Mapping[Key, str | None]

KEY_ATTRIBUTES: Final = frozenset({"nik", "kk", "name", "date", "surveyed_on", "programme"})
"""Attributes without which a row would be about nobody or nothing: where one is unreadable, its sheet waits."""

CONSENT: Final = frozenset({"consent"})

_IN_ITS_ROW: Final = ("quantity", "status", "name", "nik")
"""What is written in a roster's row; the rest of its draft stands at the sheet's head."""

_DIGITS: Final = {"rt": 3, "rw": 3}
"""Numbers that have so many digits wherever they are kept, however many of their zeros are written on a form."""

_EMPTY: Final = (None, "", "absent")


@dataclass(frozen=True, slots=True)
class Draft:
    """One row that a sheet speaks of.

    Attributes:
        entity: household, person, proposal, distribution or visit.
        slot: unique in the sheet.
        attributes: attribute to value; only what is filled in. `facts.x` are the register's free ones.
        place: table and row from 1, else None.
        counts: for visits, attribute to value to number of rows.
    """

    entity: str
    slot: str
    attributes: Mapping[str, str]
    place: tuple[str, int] | None = None
    counts: Mapping[str, Mapping[str, int]] | None = None

    @property
    def written(self) -> bool:
        """Whether anything stands there; of a roster's row, which is a draft in any case, in the row itself."""
        return self.entity != "distribution" or (
            any(self.attributes.get(name) for name in _IN_ITS_ROW)
            or self.attributes.get("signature") == "present"
        )


def fields_of(definition: FormDefinition, attributes: frozenset[str]) -> frozenset[str]:
    """The fields of a form that become some attributes."""
    return frozenset(
        _field(definition, entry, column)
        for entry in definition.register_
        for attribute, column in entry.map.items()
        if attribute in attributes
    )


def drafts(definition: FormDefinition, values: Values) -> tuple[Draft, ...]:
    """Everything that a sheet's values say, in the order of the definition's entries and the sheet's rows."""
    return tuple(
        draft
        for slot, entry in enumerate(definition.register_)
        for draft in _of(definition, slot, entry, values)
    )


def _of(definition: FormDefinition, slot: int, entry: RegisterEntry, values: Values) -> Iterator[Draft]:
    if entry.entity == "visit":
        yield _visit(definition, slot, entry, values)
    elif entry.table is not None:
        for row in range(1, definition.table(entry.table).rows + 1):
            yield from _rows(definition, slot, entry, values, row)
    elif entry.entity == "proposal":
        whole = _attributes(definition, entry, values, None)
        for programme in filter(None, whole.get("programme", "").split("|")):
            yield Draft("proposal", f"{slot}.{programme}", {**whole, "programme": programme})
    else:
        whole = _attributes(definition, entry, values, None)
        if whole.keys() - entry.constants.keys():
            yield Draft(entry.entity, str(slot), whole)


def _rows(
    definition: FormDefinition, slot: int, entry: RegisterEntry, values: Values, row: int
) -> Iterator[Draft]:
    """A table's row: people where something is written in it, distributions for every row (who was expected)."""
    own = {
        attribute: value
        for attribute, column in entry.map.items()
        if (value := values.get((f"{entry.table}.{column}", row))) not in _EMPTY
    }
    if own or entry.entity == "distribution":
        yield Draft(
            entry.entity,
            f"{slot}.{row}",
            _attributes(definition, entry, values, row),
            (str(entry.table), row),
        )


def _visit(definition: FormDefinition, slot: int, entry: RegisterEntry, values: Values) -> Draft:
    """One session; its table is only counted."""
    if entry.table is None:
        return Draft("visit", str(slot), _attributes(definition, entry, values, None))
    columns = {column.name for column in definition.table(entry.table).columns}
    counted = {attribute: column for attribute, column in entry.map.items() if column in columns}
    rows = [
        row
        for row in range(1, definition.table(entry.table).rows + 1)
        if any(values.get((f"{entry.table}.{column}", row)) not in _EMPTY for column in columns)
    ]
    counts: dict[str, dict[str, int]] = {"all": {"": len(rows)}}
    for attribute, column in counted.items():
        found = Counter(values.get((f"{entry.table}.{column}", row)) or "" for row in rows)
        counts[attribute] = dict(sorted(found.items()))
    told = _attributes(definition, entry, values, None)
    plain = {attribute: value for attribute, value in told.items() if attribute not in counted}
    return Draft("visit", str(slot), plain, counts=counts)


def _attributes(
    definition: FormDefinition, entry: RegisterEntry, values: Values, row: int | None
) -> dict[str, str]:
    found = dict(entry.constants)
    for attribute, column in entry.map.items():
        name = _field(definition, entry, column)
        value = values.get((name, row if "." in name else None))
        if value is not None and value != "":
            found[attribute] = definition.field(name).meant(value).zfill(_DIGITS.get(attribute, 0))
    return found


def _field(definition: FormDefinition, entry: RegisterEntry, column: str) -> str:
    """The layout's name of what an entry maps: a column of its table, else a field of the form."""
    if entry.table is not None and column in definition.table(entry.table).column_names:
        return f"{entry.table}.{column}"
    return column
