"""Entries of a form's `register` section: what of it becomes which row, and whether the register can keep that."""

from collections.abc import Callable
from typing import Final

from pydantic import Field

from pipeline.forms.attributes import AMOUNTS, COUNTED, DAYS, ENTITIES, FREE, Attribute, Entity
from pipeline.forms.fields import FieldSpec, Part, TableSpec
from pipeline.forms.layout import FieldType
from pipeline.forms.source import Flaw
from pipeline.forms.types import NAMES, TYPES
from pipeline.language import Language, Text

Way = tuple[str | int, ...]

_OR_MEANS: Final = Text(
    ", atau bila sudah dicetak, tulis artinya di definisi (means)",
    ", or where it is on paper, write what it means into the definition (means)",
)
_OR_NOTHING: Final = Text("", "")
_OR: Final[dict[Language, str]] = {"id": " atau ", "en": " or "}


class RegisterEntry(Part):
    """What of a form goes into the register as which entity.

    Attributes:
        table: for one entity a row, the table's name; its `map` then names columns, or fields of the form.
        map: attribute of the entity (`facts.lantai` for a free one) to field or column.
        constants: attribute to a value that is the same on every form.
    """

    entity: Entity
    table: str | None = None
    map: dict[str, str] = Field(min_length=1)
    constants: dict[str, str] = Field(default_factory=dict)


def check_entry(
    entry: RegisterEntry, table: TableSpec | None, field: Callable[[str], FieldSpec | None], at: Way
) -> None:
    """Let an entry pass whose every attribute the register can keep, and which says whom it is about.

    Args:
        entry: one of a definition's.
        table: the table that it names.
        field: the field of a name in the layout, or None.
        at: the way to the entry from the definition.

    Raises:
        Flaw: the register cannot keep one, or nothing says whom the entry is about.
    """
    rules = ENTITIES[entry.entity]
    if table and not (rules.rows or rules.counted):
        raise _no_rows(entry.entity, (*at, "table"))
    columns = table.column_names if table else ()
    for attribute, name in entry.map.items():
        way = (*at, "map", attribute)
        # Of a table whose rows are not the entries, no single value can be told.
        found = None if "." in name and table is None else field(name)
        if name not in columns and found is None:
            raise no_field(name, *way)
        if name in columns:
            found = field(f"{entry.table}.{name}")
        counted = rules.counted and name in columns
        kept = COUNTED if counted else _kept(entry.entity, attribute, way)
        # What is preprinted is never read.
        if kept is not None and found is not None:
            _check_field(kept, attribute, found, way)
    for attribute, value in entry.constants.items():
        way = (*at, "constants", attribute)
        if (kept := _kept(entry.entity, attribute, way)) is not None:
            _check_constant(kept, attribute, value, way)
    if rules.needs and not {*rules.needs} & {*entry.map, *entry.constants}:
        raise _about_nobody(entry.entity, (*at, "map"))


def no_field(name: str, *at: str | int) -> Flaw:
    """A name is that of no field, or of none that can be meant here."""
    return Flaw(f"isian {name} tidak ada di formulir ini", f"this form has no field {name}", *at)


def _kept(entity: Entity, attribute: str, at: Way) -> Attribute | None:
    """What the register keeps of an entity under a name; None where it keeps it without knowing it.

    Raises:
        Flaw: it keeps no such attribute.
    """
    known = ENTITIES[entity].attributes
    if attribute not in known and not attribute.startswith(FREE):
        names = ", ".join(sorted(known))
        raise Flaw(
            f"daftar penerima tidak mengenal {attribute}. Pakai {names}, atau {FREE}{attribute}",
            f"the register knows no {attribute}. Use {names}, or {FREE}{attribute}",
            *at,
        )
    return known.get(attribute)


def _check_field(kept: Attribute, attribute: str, field: FieldSpec, at: Way) -> None:
    """Let a field pass whose every value the register can keep.

    Raises:
        Flaw: it is of another type, may hold more than one answer, or answers that the register does not know.
    """
    if field.type not in kept.types:
        raise _no_fit(attribute, kept, field.name, at)
    answers = [choice.means or choice.value for choice in field.choices]
    strange = [value for value in answers if kept.values and value not in kept.values]
    if strange:
        raise _no_value(attribute, kept, strange[0], at, _OR_MEANS)
    if field.multiple and (kept.values or kept.longest):
        raise Flaw(
            f"{kept.label.id} ({attribute}) hanya satu jawaban; di {field.name} boleh lebih dari satu (multiple)",
            f"{kept.label.en} ({attribute}) is one answer; in {field.name} several may be ticked (multiple)",
            *at,
        )
    longest = max(map(len, answers), default=field.cell_count)
    if kept.longest and longest > kept.longest:
        raise Flaw(
            f"{kept.label.id} ({attribute}) paling panjang {kept.longest} huruf; isi {field.name} dapat {longest}",
            f"{kept.label.en} ({attribute}) has at most {kept.longest} characters; {field.name} may hold {longest}",
            *at,
        )


def _check_constant(kept: Attribute, attribute: str, value: str, at: Way) -> None:
    """Let a value pass that the register can keep.

    Raises:
        Flaw: it cannot.
    """
    if (attribute in DAYS and TYPES[FieldType.DATE].check(value)) or (
        attribute in AMOUNTS and not value.isdecimal()
    ):
        raise _no_fit(attribute, kept, value, at)
    if kept.values and value not in kept.values:
        raise _no_value(attribute, kept, value, at, _OR_NOTHING)


def _no_fit(attribute: str, kept: Attribute, told: str, at: Way) -> Flaw:
    if attribute in DAYS:
        id, en = "tanggal", "a date"
    elif attribute in AMOUNTS:
        id, en = "bilangan", "a number"
    else:
        names = [NAMES[kind] for kind in FieldType if kind in kept.types]
        id, en = (_OR[language].join(name.said(language) for name in names) for language in _OR)
    return Flaw(
        f"{attribute} harus {id}; {told} bukan", f"{attribute} must be {en}, which {told} is not", *at
    )


def _no_value(attribute: str, kept: Attribute, value: str, at: Way, more: Text) -> Flaw:
    known = ", ".join(kept.values)
    return Flaw(
        f"{kept.label.id} ({attribute}) hanya mengenal nilai {known}; ganti nilai {value}{more.id}",
        f"{kept.label.en} ({attribute}) knows only the values {known}; change the value {value}{more.en}",
        *at,
    )


def _no_rows(entity: Entity, at: Way) -> Flaw:
    label = ENTITIES[entity].label
    return Flaw(
        f"{label.id} tidak dapat menjadi baris tabel: tidak jelas milik siapa. Hapus table, pakai isian di luar tabel",
        f"{label.en} cannot be a table's row: nothing says whose it is. Leave out table, use fields outside tables",
        *at,
    )


def _about_nobody(entity: Entity, at: Way) -> Flaw:
    rules = ENTITIES[entity]
    id, en = (
        _OR[language].join(rules.attributes[name].label.said(language) for name in rules.needs)
        for language in _OR
    )
    return Flaw(
        f"{rules.label.id} baru masuk daftar bila ada isian yang menjadi {id} ({', '.join(rules.needs)})",
        f"{rules.label.en}: nothing enters the register unless a field becomes its {en} ({', '.join(rules.needs)})",
        *at,
    )
