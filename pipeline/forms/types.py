"""The table of field types: what cells may hold, how they become a value, and which values are wrong."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Final

import phonenumbers

from pipeline.forms import nik, reference
from pipeline.forms.layout import FieldType, Kind
from pipeline.language import Text

DIGITS: Final = "0123456789"
CAPITALS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
WRITING: Final = CAPITALS + " .,'-"
MIXED: Final = CAPITALS + DIGITS + " .,'-/"

EARLIEST: Final = date(1900, 1, 1)
"""No date on a form of this office lies before it."""

WARNINGS: Final = frozenset({"nik_area_unknown", "kk_area_unknown", "kk_date"})
"""Reason codes that only warn: the value may well be right."""

_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)


@dataclass(frozen=True, slots=True)
class TypeRules:
    """What is true of every field of one type.

    Attributes:
        kind: how it is written.
        alphabet: the characters a cell may hold, spelled out; "" when there are no cells.
        cells: how many cells it has unless the definition says otherwise.
        normalise: the characters as they stand in the cells (a blank cell is a space) to the value;
            None when empty or when they cannot make a value (`fault` then says why).
        check: the reason code of the rule that a value breaks, or None.
        write: a value to the characters written from the first cell on.
        fixed: whether every cell must be filled, so that the number of cells is no matter of choice.
        unfit: the reason code of characters that are not empty and yet make no value.
    """

    kind: Kind
    alphabet: str
    cells: int
    normalise: Callable[[str], str | None]
    check: Callable[[str], str | None]
    write: Callable[[str], str] = str
    fixed: bool = False
    unfit: str = "unfit"

    def fault(self, raw: str) -> str | None:
        """The reason code of what is wrong with the characters of the cells, or None; empty is not wrong."""
        if not raw.strip():
            return None
        value = self.normalise(raw)
        return self.unfit if value is None else self.check(value)

    def to_cells(self, value: str, n: int) -> str:
        """The character of each of `n` cells for a value, blanks last; the inverse of `normalise`.

        Raises:
            ValueError: the value does not fit, or holds a character that no cell may hold.
        """
        written = self.write(value)
        if len(written) > n or set(written) - set(self.alphabet) - {" "}:
            raise ValueError(value)
        return written.ljust(n)


def _digits(raw: str) -> str | None:
    return raw.replace(" ", "") or None


def _amount(raw: str) -> str | None:
    digits = raw.replace(" ", "")
    return (digits.lstrip("0") or "0") if digits else None


def _words(raw: str) -> str | None:
    return " ".join(raw.upper().split()) or None


def _plain(raw: str) -> str | None:
    return raw.strip() or None


def _date(raw: str) -> str | None:
    """DDMMYYYY to YYYY-MM-DD, only when it is a real date."""
    match = re.fullmatch(r"(\d{2})(\d{2})(\d{4})", raw.strip(), re.ASCII)
    try:
        return date(int(match[3]), int(match[2]), int(match[1])).isoformat() if match else None
    except ValueError:
        return None


def _write_date(value: str) -> str:
    match = _DATE.fullmatch(value)
    if not match:
        raise ValueError(value)
    return match[3] + match[2] + match[1]


def _anything(_value: str) -> str | None:
    return None


def _check_nik(value: str) -> str | None:
    return nik.fault(value) or (None if nik.known_area(value[:6]) else "nik_area_unknown")


def _check_kk(value: str) -> str | None:
    """A family card's number holds where and on which day it was recorded (no + 40)."""
    if not re.fullmatch(r"\d{16}", value, re.ASCII) or value.endswith("0000"):
        return "kk_length"
    try:
        date(2000 + int(value[10:12]), int(value[8:10]), int(value[6:8]))
    except ValueError:
        return "kk_date"
    return None if nik.known_area(value[:6]) else "kk_area_unknown"


def _check_date(value: str) -> str | None:
    try:
        day = date.fromisoformat(value)
        return None if EARLIEST <= day <= _latest() else "date_out_of_range"
    except ValueError:
        return "not_a_date"


def _latest() -> date:
    """The end of next year: no form speaks of later days."""
    return date(datetime.now().astimezone().year + 1, 12, 31)


def _check_phone(value: str) -> str | None:
    try:
        number = phonenumbers.parse(value, "ID")
    except phonenumbers.NumberParseException:
        return "phone_invalid"
    return None if phonenumbers.is_valid_number_for_region(number, "ID") else "phone_invalid"


def _check_village(value: str) -> str | None:
    return None if value in reference.villages() else "village_unknown"


def _check_letters(value: str) -> str | None:
    return None if any(character.isalnum() for character in value) else "no_letters"


def _check_presence(value: str) -> str | None:
    return None if value in ("present", "absent") else "unfit"


TYPES: Final[Mapping[FieldType, TypeRules]] = MappingProxyType(
    {
        FieldType.NIK: TypeRules(Kind.COMB, DIGITS, 16, _digits, _check_nik, fixed=True),
        FieldType.KK: TypeRules(Kind.COMB, DIGITS, 16, _digits, _check_kk, fixed=True),
        FieldType.DATE: TypeRules(
            Kind.COMB, DIGITS, 8, _date, _check_date, _write_date, fixed=True, unfit="not_a_date"
        ),
        FieldType.PHONE: TypeRules(Kind.COMB, DIGITS, 13, _digits, _check_phone),
        FieldType.VILLAGE: TypeRules(Kind.COMB, DIGITS, 4, _digits, _check_village, fixed=True),
        FieldType.NAME: TypeRules(Kind.COMB, WRITING, 24, _words, _check_letters),
        FieldType.PLACE: TypeRules(Kind.COMB, WRITING, 16, _words, _check_letters),
        FieldType.TEXT: TypeRules(Kind.COMB, MIXED, 24, _words, _check_letters),
        FieldType.CODE: TypeRules(Kind.COMB, DIGITS, 2, _digits, _anything),
        FieldType.COUNT: TypeRules(Kind.COMB, DIGITS, 3, _amount, _anything),
        FieldType.MONEY: TypeRules(Kind.COMB, DIGITS, 8, _amount, _anything),
        FieldType.NUMBER: TypeRules(Kind.COMB, DIGITS, 3, _amount, _anything),
        FieldType.CHOICE: TypeRules(Kind.MARKS, "", 0, _plain, _anything),
        FieldType.SIGNATURE: TypeRules(Kind.AREA, "", 0, _plain, _check_presence),
        FieldType.LINE: TypeRules(Kind.LINE, "", 0, _plain, _anything),
    }
)
"""Every field type and its rules."""

NAMES: Final[Mapping[FieldType, Text]] = MappingProxyType(
    {
        FieldType.NIK: Text("NIK (16 angka)", "NIK (16 digits)"),
        FieldType.KK: Text("Nomor KK (16 angka)", "Family card number (16 digits)"),
        FieldType.DATE: Text("Tanggal (8 angka)", "Date (8 digits)"),
        FieldType.PHONE: Text("Nomor telepon", "Phone number"),
        FieldType.VILLAGE: Text("Kode desa (4 angka)", "Village code (4 digits)"),
        FieldType.NAME: Text("Nama orang", "Name of a person"),
        FieldType.PLACE: Text("Nama tempat", "Name of a place"),
        FieldType.TEXT: Text("Huruf dan angka", "Letters and digits"),
        FieldType.CODE: Text("Kode angka", "Code of digits"),
        FieldType.COUNT: Text("Banyaknya", "Count"),
        FieldType.MONEY: Text("Uang (rupiah)", "Money (rupiah)"),
        FieldType.NUMBER: Text("Bilangan", "Number"),
        FieldType.CHOICE: Text("Pilihan (kotak centang)", "Choice (tick boxes)"),
        FieldType.SIGNATURE: Text("Tanda tangan", "Signature"),
        FieldType.LINE: Text("Tulisan bebas", "Free writing"),
    }
)
"""The office's words for the types of fields."""
