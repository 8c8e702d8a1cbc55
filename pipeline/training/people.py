"""Made-up families of Halong, consistent in themselves, and what they would write on a form.

No one here exists: every identity number ends in 9001 to 9999, far beyond the people born on one day.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib import resources
from typing import Final

import numpy as np

from pipeline.forms import reference
from pipeline.forms.catalogue import Form
from pipeline.forms.definition import FormDefinition
from pipeline.forms.fields import FieldSpec, TableSpec
from pipeline.forms.layout import FieldLayout, FieldType, Kind

Key = tuple[str, int | None]
Values = Mapping[Key, str | None]

TODAY: Final = date(2026, 11, 12)
RARE: Final = 0.25
"""Share of the words in names, places and occupations that no list knows, on sheets that measure the readers."""

_STREETS: Final = (
    "JL. MERATUS",
    "DUSUN LIYU",
    "JL. PROVINSI",
    "GG. DAMAI",
    "DSN. KARYA",
    "JL. HALONG-AWAYAN",
    "KOMP. BARU",
)
_NOTES: Final = (
    "RUMAH DEKAT SUNGAI",
    "ANAK BUTUH KURSI RODA",
    "SUDAH DIKUNJUNGI",
    "ATAP BOCOR",
    "DATA SESUAI KK",
)
_LIKELY: Final[Mapping[str, str]] = {
    "hasil_pendataan": "1",
    "persetujuan": "setuju",
    "status": "hadir",
    "status_dokumen": "1",
    "status_perkawinan": "2",
}
"""What most people mark; for other fields every choice is as likely."""
_PHONES: Final = (
    "0811",
    "0812",
    "0813",
    "0821",
    "0822",
    "0823",
    "0851",
    "0852",
    "0853",
    "0857",
    "0878",
    "0895",
)
"""Prefixes of the country's mobile networks."""


@dataclass(frozen=True, slots=True)
class Person:
    """Someone made up; `relation` is the code of forms (`03` wife)."""

    name: str
    sex: str
    born: date
    nik: str
    birth_place: str
    relation: str


@dataclass(frozen=True, slots=True)
class Family:
    """A made-up household; the head is no member of `members`."""

    kk: str
    village: str
    address: str
    head: Person
    members: tuple[Person, ...]


def family(rng: np.random.Generator, village: str, most: int = 6) -> Family:
    """A family of a village (four digits) with up to `most` members beside its head."""
    sex = "L" if rng.random() < 0.85 else "P"
    head = person(rng, sex, int(rng.integers(24, 76)), "01")
    members = []
    if sex == "L" and rng.random() < 0.85:
        members.append(person(rng, "P", max(19, _age(head) - int(rng.integers(0, 8))), "03"))
    youngest = max(1, _age(head) - 20)
    for _ in range(int(rng.integers(0, 4))):
        members.append(
            person(rng, str(rng.choice(["L", "P"])), int(rng.integers(0, min(youngest, 30))), "04")
        )
    if rng.random() < 0.15 and _age(head) < 50:
        members.append(person(rng, "P", _age(head) + int(rng.integers(20, 28)), "07"))
    issued = TODAY - timedelta(days=int(rng.integers(100, 5000)))
    kk = f"631102{issued:%d%m%y}{int(rng.integers(9001, 10000)):04d}"
    address = (
        f"{rng.choice(_STREETS)} NO. {rng.integers(1, 120)}"
        if rng.random() < 0.6
        else str(rng.choice(_STREETS))
    )
    return Family(kk, village, address, head, tuple(members[:most]))


def person(rng: np.random.Generator, sex: str, age: int, relation: str = "") -> Person:
    """A person of a sex (`L` or `P`) and age; most were registered first in Halong."""
    born = TODAY - timedelta(days=age * 365 + age // 4 + int(rng.integers(1, 360)))
    areas = [code for code in reference.areas() if len(code) == 6]
    area = "631102" if rng.random() < 0.8 or not areas else str(rng.choice(areas))
    day = born.day + (40 if sex == "P" else 0)
    nik = f"{area}{day:02d}{born:%m%y}{int(rng.integers(9001, 10000)):04d}"
    first = str(rng.choice(_first_names()[sex]))
    return Person(_surnamed(rng, first), sex, born, nik, _word(rng, "places"), relation)


def fill_in(
    form: Form, rng: np.random.Generator, village: str | None = None, rare: float = 0.0
) -> dict[Key, str | None]:
    """A value for every field of a form, None where it is left empty; works for forms never seen before.

    `rare` is the chance that a word of a name, place or occupation is one that no list knows.
    """
    own = village or str(rng.choice(list(reference.villages())))
    tables = {table.name: table.rows for table in form.definition.tables()}
    room = [rows for name, rows in tables.items() if _holds_family(form.definition.table(name))]
    kin = family(rng, own, min(room, default=6))
    written = {name: _rows_written(form.definition, rng, name, rows, kin) for name, rows in tables.items()}
    values: dict[Key, str | None] = {}
    for page in form.layout.pages:
        for field in page.fields:
            table = field.name.partition(".")[0] if field.row else ""
            rows = written.get(table, ())
            who = rows[field.row - 1] if field.row and field.row <= len(rows) else None
            if table and who is None:
                values[field.name, field.row] = "absent" if field.kind is Kind.AREA else None
                continue
            spec = form.definition.field(field.name)
            values[field.name, field.row] = _value(spec, field, who or kin.head, kin, rng)
    _agree(form.definition, values, written)
    if rare:
        fields = (field for page in form.layout.pages for field in page.fields)
        for key in [(one.name, one.row) for one in fields if one.type in _OF_WORDS]:
            values[key] = _unheard(values[key] or "", rng, rare) or None
    return values


_OF_WORDS: Final = (FieldType.NAME, FieldType.PLACE, FieldType.TEXT)
_ALIKE: Final = ("AEIOU", "BDGKPT", "CJSZ", "FHVW", "LMNR", "QXY")
"""Letters of which one stands for another in an unheard name, so that it can still be spoken."""


def _unheard(value: str, rng: np.random.Generator, rare: float) -> str:
    """The value with some of its words changed by a letter, or two, into names that nobody has listed."""
    words = value.split(" ")
    for i, word in enumerate(words):
        places = [k for k, char in enumerate(word) if char.isalpha()]
        if len(places) < 3 or rng.random() >= rare:
            continue
        for k in rng.choice(places, int(rng.integers(1, 3)), replace=False):
            kind = next(kind for kind in _ALIKE if word[k] in kind)
            word = word[:k] + str(rng.choice([c for c in kind if c != word[k]])) + word[k + 1 :]
        words[i] = word
    return " ".join(words)


@cache
def _first_names() -> Mapping[str, tuple[str, ...]]:
    """First names under the sex that bears them, from `first_names.csv`."""
    text = resources.files(__package__).joinpath("first_names.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    return {sex: tuple(row["name"] for row in rows if row["sex"] == sex) for sex in ("L", "P")}


def recount(values: dict[Key, str | None]) -> None:
    """Makes the total of a roster agree with its rows, in place."""
    if ("jumlah_penerima", None) in values:
        came = [value for (name, row), value in values.items() if row and name.endswith(".status")]
        values["jumlah_penerima", None] = str(sum(value in ("hadir", "wakil") for value in came))


def _age(one: Person) -> int:
    return (TODAY - one.born).days // 365


def _surnamed(rng: np.random.Generator, first: str) -> str:
    if rng.random() < 0.3:
        return first
    second = str(rng.choice([name for name in reference.words("names") if name.isalpha() and len(name) > 4]))
    return f"{first} {second}"


def _word(rng: np.random.Generator, words: str) -> str:
    known = reference.words(words)
    weights = np.array(list(known.values()))
    if words == "occupations":
        # Those that weigh more are what people write; the rest is the official list, with its bishops.
        weights = np.where(weights > 1, weights, 0)
    return str(rng.choice(list(known), p=weights / weights.sum()))


def _holds_family(table: TableSpec) -> bool:
    return {FieldType.NIK, FieldType.DATE} <= {column.type for column in table.columns}


def _rows_written(
    definition: FormDefinition, rng: np.random.Generator, table: str, rows: int, kin: Family
) -> tuple[Person, ...]:
    """Who stands in the rows of a table: the family, the people of a printed roster, or anyone."""
    spec = definition.table(table)
    if _holds_family(spec):
        return kin.members[:rows]
    many = rows if spec.preprinted else int(rng.integers(rows // 3, rows + 1))
    return tuple(person(rng, str(rng.choice(["L", "P"])), int(rng.integers(17, 80))) for _ in range(many))


def _value(
    spec: FieldSpec, field: FieldLayout, who: Person, kin: Family, rng: np.random.Generator
) -> str | None:
    if not spec.required and field.row is None and rng.random() < 0.15:
        return "absent" if field.kind is Kind.AREA else None
    n = len(field.cells)
    match field.type:
        case FieldType.NIK:
            return who.nik
        case FieldType.KK:
            return kin.kk
        case FieldType.VILLAGE:
            return kin.village
        case FieldType.DATE:
            born = "lahir" in field.name or "birth" in field.name
            return (who.born if born else TODAY - timedelta(days=int(rng.integers(0, 9)))).isoformat()
        case FieldType.PHONE:
            return f"{rng.choice(_PHONES)}{rng.integers(10**7, 10**8)}"[:n]
        case FieldType.NAME:
            return _fitting(who.name if field.row or spec.name == "nama" else person(rng, "L", 40).name, n)
        case FieldType.PLACE:
            return _fitting(who.birth_place, n)
        case FieldType.TEXT:
            return _fitting(_word(rng, spec.words) if spec.words else kin.address, n)
        case FieldType.COUNT | FieldType.MONEY | FieldType.NUMBER:
            return _amount(field.type, n, rng)
        case FieldType.CODE:
            return _code(spec, n, who, rng)
        case FieldType.CHOICE:
            return _choice(spec, who, rng)
        case FieldType.SIGNATURE:
            return "present" if spec.required or rng.random() < 0.85 else "absent"
        case FieldType.LINE:
            return str(rng.choice(_NOTES))


def _fitting(text: str, n: int) -> str:
    """The words of a text that fit into n cells."""
    while len(text) > n and " " in text:
        text = text.rpartition(" ")[0]
    return text[:n].rstrip()


def _amount(kind: FieldType, n: int, rng: np.random.Generator) -> str:
    if kind is FieldType.MONEY:
        most = min(10**n - 1, 6_000_000)
        return str(
            int(rng.integers(1, max(2, most // 50_000))) * 50_000 if most >= 50_000 else rng.integers(1, most)
        )
    return str(int(rng.integers(0, min(10**n, 10 ** max(1, min(n, 2))))))


def _code(spec: FieldSpec, n: int, who: Person, rng: np.random.Generator) -> str:
    codes = [choice.value for choice in spec.choices]
    if who.relation in codes:
        return who.relation
    if codes:
        return str(rng.choice(codes))
    return f"{int(rng.integers(1, min(10**n, 20))):0{n}d}"


def _choice(spec: FieldSpec, who: Person, rng: np.random.Generator) -> str | None:
    values = [choice.value for choice in spec.choices]
    if set(values) == {"L", "P"}:
        return who.sex
    if not spec.multiple:
        likely = _LIKELY.get(spec.name)
        return likely if likely in values and rng.random() < 0.85 else str(rng.choice(values))
    chosen = [value for value in values if rng.random() < 2.5 / len(values)]
    return "|".join(chosen or values[:1] if spec.required else chosen) or None


def _agree(
    definition: FormDefinition, values: dict[Key, str | None], written: Mapping[str, tuple[Person, ...]]
) -> None:
    """Makes counts agree with the rows they count, and leaves empty what an absent recipient cannot have."""
    for rule in definition.rules:
        if rule.name == "members_counted":
            count, column = rule.fields
            values[count, None] = str(1 + len(written[column.partition(".")[0]]))
    for sex, name in (("L", "jumlah_l"), ("P", "jumlah_p")):
        if (name, None) in values and len(written) == 1:
            (people,) = written.values()
            values[name, None] = str(sum(one.sex == sex for one in people))
    recount(values)
    for (name, row), value in list(values.items()):
        table, _, column = name.partition(".")
        if row and column == "status" and value == "tidak":
            for other in ("jumlah", "tanda_tangan"):
                if (f"{table}.{other}", row) in values:
                    values[f"{table}.{other}", row] = "absent" if other == "tanda_tangan" else None
