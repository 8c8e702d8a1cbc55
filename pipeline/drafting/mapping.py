"""What of a draft surely goes into the register: the fields of one person and one family, by type and label.

Only what can mean nothing else is proposed: a wrong guess that is overlooked would be a wrong register.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from pipeline.drafting.types import DraftField, DraftItem, DraftTable
from pipeline.forms.attributes import ENTITIES, Entity
from pipeline.forms.entries import RegisterEntry
from pipeline.forms.layout import FieldType

_ANY: Final = ""
_DAY: Final = r"(tanggal|tgl\.?)"
_PERSON: Final[tuple[tuple[str, str], ...]] = (
    ("nik", _ANY),
    ("name", r"nama( lengkap)?( anggota( keluarga)?)?|(full )?name"),
    ("sex", r"(jenis )?kelamin|sex|gender|l\W*p"),
    ("birth_date", rf"(tempat\W+(dan )?)?{_DAY} lahir|date of birth|birth ?date"),
    ("birth_place", r"tempat lahir|place of birth|birth ?place"),
)
"""Attributes of a person, and the labels of fields that can be nothing else; of some the type alone says so."""

_ALONE: Final = (("phone", _ANY),)
_VILLAGE: Final = (("village", _ANY),)
_HOUSEHOLD: Final[tuple[tuple[str, str], ...]] = (
    ("kk", _ANY),
    ("rt", r"rt"),
    ("rw", r"rw"),
    ("address", r"alamat( (lengkap|rumah|tempat tinggal|domisili|sekarang))?|(home )?address"),
    ("surveyed_on", rf"{_DAY} (pendataan|survei|survey|wawancara|pencacahan)|date of (the )?survey"),
)
_TYPES: Final[dict[str, FieldType]] = {
    "nik": FieldType.NIK, "kk": FieldType.KK, "phone": FieldType.PHONE, "village": FieldType.VILLAGE,
}  # fmt: skip
"""Of these attributes only fields of this type are sure."""

_OTHERS: Final = re.compile(
    r"petugas|\bpendata\b|pencacah\b|surve[iy]or|enumerator|pewawancara|operator|saksi|kuasa|wali|wakil|ayah|bapak|\bibu\b|istri|"
    r"suami|pasangan|kepala|lurah|camat|ketua|\brt\b.*\bnama|penanggung|darurat|kantor|instansi|officer|witness|"
    r"father|mother|spouse|wife|husband|guardian|emergency|office"
)
"""Labels that name somebody else than the person a form is about."""


def entries(pages: Iterable[Sequence[DraftItem]]) -> list[RegisterEntry]:
    """The entries of the register section that the fields of all pages leave no doubt about."""
    items = [item for page in pages for item in page]
    alone = [item for item in items if isinstance(item, DraftField)]
    household = _sure("household", _HOUSEHOLD, alone)
    person = _sure("person", _PERSON, alone)
    found: list[RegisterEntry] = []
    if "kk" in household:
        household |= _sure("household", _VILLAGE, alone)
        found.append(RegisterEntry(entity="household", map=household))
    if "nik" in person:
        person |= _sure("person", _ALONE, alone)
        # Who belongs to a family lives where it does.
        person |= {} if "kk" in household else _sure("person", _VILLAGE, alone)
        found.append(RegisterEntry(entity="person", map=person))
    return found + [entry for item in items if isinstance(item, DraftTable) for entry in _rows(item)]


def _rows(table: DraftTable) -> Iterable[RegisterEntry]:
    """People listed with name and NIK; where they sign, they may as well have come to a meeting or received aid."""
    person = _sure("person", _PERSON, table.columns)
    signed = any(column.type is FieldType.SIGNATURE for column in table.columns)
    if {"nik", "name"} <= person.keys() and not signed:
        yield RegisterEntry(entity="person", table=table.name, map=person)


def _sure(
    entity: Entity, meanings: Sequence[tuple[str, str]], fields: Sequence[DraftField]
) -> dict[str, str]:
    """Attribute to the one field that can be meant by it, a comb rather than a line; none where there are several.

    Where a label says more than that (the recipient's name), the plain one may be of whoever signs at the foot.
    """
    found = {}
    for attribute, labels in meanings:
        more = labels and rf".*\b({labels})\b.*"
        near = [field for field in fields if _means(field, entity, attribute, more)]
        meant = [field for field in near if _means(field, entity, attribute, labels)]
        doubtful = len(meant) < len(near)
        meant = [field for field in meant if field.type is not FieldType.LINE] or meant
        if len(meant) == 1 and not doubtful:
            found[attribute] = meant[0].name
    return found


def _means(field: DraftField, entity: Entity, attribute: str, labels: str) -> bool:
    kept = ENTITIES[entity].attributes[attribute]
    label = re.sub(r"\s*\(.*", "", field.label.lower()).strip(" .:*")
    if field.type not in kept.types or _OTHERS.search(field.label.lower()):
        return False
    if kept.longest and len(field.at) > kept.longest:
        return False
    if kept.values and (field.multiple or not {one.value for one in field.choices} <= {*kept.values}):
        return False
    return field.type is _TYPES.get(attribute, field.type) and bool(not labels or re.fullmatch(labels, label))
