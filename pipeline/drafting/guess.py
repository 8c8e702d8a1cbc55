"""What a field probably means, from its label and its cells: type, name, value."""

import re
import unicodedata
from collections.abc import Container, Sequence
from typing import Final

from pipeline.forms.layout import FieldType, Kind
from pipeline.forms.types import TYPES

_LONGEST_NAME: Final = 40
_LONGEST_LABEL: Final = 32
_LONGEST_VALUE: Final = 20
_FEW: Final = 4
"""Combs of so few cells without a telling label hold codes."""

_MEANINGS: Final[tuple[tuple[FieldType, str], ...]] = (
    (FieldType.KK, r"\bkk\b|kartu keluarga|family card"),
    (FieldType.NIK, r"\bnik\b|\bktp\b|kependudukan|identity"),
    (FieldType.DATE, r"tanggal|\btgl\b|\bdate\b|birthday|d\W*d\W*m\W*m"),
    (FieldType.PHONE, r"telp|telepon|ponsel|seluler|phone|mobile|\bhp\b|\bwa\b|whatsapp"),
    (FieldType.VILLAGE, r"kode (desa|kelurahan)|village code"),
    (FieldType.CODE, r"\bkode\b|\bcode\b|\brt\b|\brw\b|\bpos\b|\bnomor\b|\bno\b|number"),
    (FieldType.MONEY, r"\brp\b|rupiah|penghasilan|pendapatan|biaya|harga|gaji|income|\$|\bspend\b|amount"),
    (FieldType.COUNT, r"jumlah|banyak|berapa|how many"),
    (FieldType.NUMBER, r"\bumur\b|\busia\b|\bage\b|luas|berat|tinggi|tahun|year"),
    (
        FieldType.PLACE,
        r"tempat|\bkota\b|kabupaten|kecamatan|\bdesa\b|kelurahan|provinsi|place|\bcity\b|location",
    ),
    (FieldType.NAME, r"\bnama\b|name\b"),
)
_SIGNED: Final = re.compile(r"tanda ?tangan|\bttd\b|paraf|^mengetahui|signature|signed")

_SEXES: Final = (("L", r"l|laki\W*laki|lelaki|pria|male|man"), ("P", r"p|perempuan|wanita|female|woman"))


def comb_type(label: str, cells: int) -> FieldType:
    """The type of a comb: the first meaning that its label has and its number of cells allows."""
    low = label.lower()
    for kind, pattern in _MEANINGS:
        rules = TYPES[kind]
        if re.search(pattern, low) and (not rules.fixed or rules.cells == cells):
            return kind
    return FieldType.CODE if cells <= _FEW else FieldType.TEXT


def writing_type(label: str) -> FieldType:
    """A signature where the label asks for one, else a line of free writing."""
    return FieldType.SIGNATURE if _SIGNED.search(label.lower()) else FieldType.LINE


def name_of(label: str, kind: FieldType, taken: Container[str]) -> str:
    """A name in small letters, digits and `_` that no other field has."""
    plain = slug(label)[:_LONGEST_LABEL].rstrip("_")
    if not plain[:1].isalpha():
        plain = f"{'pilihan' if TYPES[kind].kind is Kind.MARKS else 'isian'}_{plain}".rstrip("_")
    return _free(plain, taken, _LONGEST_NAME)


def value_of(label: str, number: int, taken: Container[str]) -> str:
    """A choice's value: the label's own letter or number, else its words, else the number in its row."""
    plain = "_".join(re.findall(r"[A-Za-z0-9]+", _ascii(label)))
    if len(plain) > _LONGEST_VALUE:
        plain = plain[:_LONGEST_VALUE].rpartition("_")[0] or plain[:_LONGEST_VALUE]
    plain = plain.strip("_")
    return _free(plain if len(plain) == 1 else plain.lower() or str(number), taken, _LONGEST_VALUE)


def sex_values(labels: Sequence[str]) -> list[str]:
    """`L` and `P`, as everywhere in the office, where two labels are those of men and women; else nothing."""
    found = [value for label in labels for value, pattern in _SEXES if re.fullmatch(pattern, label.lower())]
    return found if sorted(found) == ["L", "P"] and len(labels) == len(found) else []


def slug(text: str) -> str:
    """Words in small ASCII letters, joined by `_`."""
    return "_".join(re.findall(r"[a-z0-9]+", _ascii(text).lower()))


def _ascii(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def free_name(stem: str, taken: Container[str]) -> str:
    """A name that begins with a stem and that no other has."""
    return _free(stem, taken, _LONGEST_NAME)


def _free(plain: str, taken: Container[str], longest: int) -> str:
    name, number = plain, 2
    while name in taken:
        ending = f"_{number}"
        name, number = f"{plain[: longest - len(ending)]}{ending}", number + 1
    return name
