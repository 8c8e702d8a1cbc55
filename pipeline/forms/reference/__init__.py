"""Villages, area codes, code lists and word lists, read from the tables beside this file (see README.md)."""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Final

DISTRICT: Final = "63.11.02"
"""The Home Ministry's code of the sub-district that this office serves: Halong."""


@dataclass(frozen=True, slots=True)
class Village:
    """A village: its full code with dots (`63.11.02.2005`), name and sub-district."""

    code: str
    name: str
    district: str

    @property
    def short(self) -> str:
        """The last four digits, as they stand on forms."""
        return self.code[-4:]


def _rows(table: str) -> list[dict[str, str]]:
    text = resources.files(__name__).joinpath(table).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def villages() -> Mapping[str, Village]:
    """Every village of the office's sub-district under its last four digits."""
    known = (Village(row["code"], row["name"], row["district"]) for row in _rows("villages.csv"))
    return MappingProxyType({village.short: village for village in known if village.district == DISTRICT})


def village(code: str) -> Village | None:
    """The village of a code with or without dots, or of its last four digits; None when unknown here."""
    digits = re.sub(r"\D", "", code)
    if len(digits) not in (4, 10) or not re.fullmatch(r"[\d.]+", code):
        return None
    found = villages().get(digits[-4:])
    return found if found and found.code.replace(".", "").endswith(digits) else None


@cache
def areas() -> Mapping[str, str]:
    """Names of the province's regencies and districts under their digits (`6311`, `631102`)."""
    return MappingProxyType({row["code"].replace(".", ""): row["name"] for row in _rows("areas.csv")})


@cache
def codes(name: str) -> Mapping[str, str]:
    """One code list, code to label (`codes("shdk")["4"]` is `ANAK`); empty when there is no such list."""
    return MappingProxyType({row["code"]: row["label"] for row in _rows("codes.csv") if row["list"] == name})


WORD_LISTS: Final = ("names", "places", "occupations")
"""Names of the word lists that a field may name under `words`."""


@cache
def words(name: str) -> Mapping[str, float]:
    """A word list and its rough weights (guesses: they rank alternatives, never decide).

    Raises:
        KeyError: no list has this name.
    """
    if name not in WORD_LISTS:
        raise KeyError(name)
    return MappingProxyType({row["word"]: float(row["weight"]) for row in _rows(f"words_{name}.csv")})
