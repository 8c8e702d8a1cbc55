"""What an identity number (NIK) says: where it was issued, when its holder was born, and the sex.

The rules are evidence, not a veto: the number is for life, has no check digit and may keep an old error.
"""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Final

from stdnum import numdb

from pipeline.forms.reference import areas

FEMALE_DAY: Final = 40
"""Added to the day of birth in a woman's number."""

PLACEHOLDERS: Final = frozenset(f"999999999999999{last}" for last in "4569")
"""Stand-ins that surveys write for people without a number."""

_NEW_PROVINCES: Final = frozenset({"92", "93", "94", "95", "96"})
_RETIRED: Final = 6
_MOST_DISTRICTS: Final = 60
"""More than the largest regency has."""
_OLDEST_YEARS: Final = 105


@dataclass(frozen=True, slots=True)
class NikFacts:
    """What a number says; the century of the birth date is a guess (the youngest not in the future)."""

    area: str
    birth_date: date
    sex: str


def parse(nik: str, today: date | None = None) -> NikFacts | None:
    """The facts of 16 digits, or None when they cannot be a NIK.

    Args:
        nik: the digits as text.
        today: the day from which the century is guessed.
    """
    return None if fault(nik) else _facts(nik, today or _today())


def fault(nik: str) -> str | None:
    """The reason code of what makes the digits impossible as a NIK, or None."""
    if len(nik) != 16 or not (nik.isascii() and nik.isdigit()):
        return "nik_length"
    if nik in PLACEHOLDERS:
        return "nik_placeholder"
    if _facts(nik, _today()) is None:
        return "nik_date"
    return "nik_serial" if nik.endswith("0000") else None


@cache
def known_area(prefix: str) -> bool:
    """Whether the first four digits name a regency that exists or existed, and the next two may be a district.

    Districts were merged, and went to regencies split off later, so in a known regency a few numbers above its
    present ones are taken as well.
    """
    district = int(prefix[4:6] or 1)
    if prefix[:4] in areas():
        present = max(int(code[4:]) for code in areas() if len(code) == 6 and code.startswith(prefix[:4]))
        return 1 <= district <= present + _RETIRED
    if not 1 <= district <= _MOST_DISTRICTS:
        return False
    parts = numdb.get("id/loc").info(prefix[:4])
    return (len(parts) == 2 and bool(parts[1][1])) or prefix[:2] in _NEW_PROVINCES


def _today() -> date:
    return datetime.now().astimezone().date()


def _facts(nik: str, today: date) -> NikFacts | None:
    day, month, year = int(nik[6:8]), int(nik[8:10]), int(nik[10:12])
    sex = "P" if day > FEMALE_DAY else "L"
    century = today.year // 100 * 100
    for guess in (century + year, century - 100 + year):
        try:
            born = date(guess, month, day - FEMALE_DAY if sex == "P" else day)
        except ValueError:
            continue
        if born <= today and today.year - guess <= _OLDEST_YEARS:
            return NikFacts(nik[:6], born, sex)
    return None
