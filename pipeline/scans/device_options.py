"""What a scanner can do, as `scanimage --all-options` lists it, and the options that scan whole sheets in grey."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.errors import SotarsaError
from pipeline.language import Text

_PAPER_MM: Final = (216.0, 330.0)
"""The widest and the longest sheet of an office: Letter across, F4 down. A4 lies inside."""

_GREY: Final = re.compile(r"\bgr[ae]y", re.IGNORECASE)
_EIGHT: Final = re.compile(r"^8\b")
_FEEDER: Final = re.compile(r"adf|feeder|duplex", re.IGNORECASE)
_DUPLEX: Final = re.compile(r"duplex", re.IGNORECASE)
_OPTION: Final = re.compile(r"^\s+-{1,2}(?P<name>[a-z][a-z0-9-]*)\s(?P<values>.*?)\s?\[(?P<now>[^\]]*)\]")
_RANGE: Final = re.compile(r"^(?P<low>-?[\d.]+)\.\.(?P<high>-?[\d.]+)")
_UNIT: Final = re.compile(r"(?<=\d)(dpi|mm|bit|%|us|pel)$")


class ScannerFault(SotarsaError):
    """The scanner stopped or did not start; what it gave before is whole and stays."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What one option of a scanner can be: words or numbers in a list, or a range of numbers."""

    words: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 0.0

    def at_least(self, wanted: float) -> float | None:
        """The smallest number that is not below `wanted`, else the largest that there is."""
        if not self.words:
            return min(max(wanted, self.low), self.high)
        numbers = [float(word) for word in self.words if word.replace(".", "", 1).isdecimal()]
        return min((one for one in numbers if one >= wanted), default=max(numbers, default=None))


def settings(has: Mapping[str, Choice], dpi: int, source: str | None) -> list[str]:
    """The options that scan whole sheets in grey, as far as this scanner has them.

    Raises:
        ScannerFault: it has no such source.
    """
    from_where = _source(has["source"].words if "source" in has else (), source)
    across, down = _PAPER_MM
    wanted = {
        "--source": from_where,
        "--adf-mode": _word(has, "adf-mode", _DUPLEX) if source is None else None,
        "--mode": _word(has, "mode", _GREY),
        "--depth": _word(has, "depth", _EIGHT),
        "--resolution": _number(has, "resolution", dpi),
        "--page-width": _number(has, "page-width", across),
        "--page-height": _number(has, "page-height", down),
        "-x": _number(has, "page-width" if "page-width" in has else "x", across),
        "-y": _number(has, "page-height" if "page-height" in has else "y", down),
    }
    told = [part for option, value in wanted.items() if value is not None for part in (option, value)]
    endless = from_where is None or not _FEEDER.search(from_where)
    return [*told, "--batch-count=1"] if endless else told


def _source(sources: Sequence[str], wanted: str | None) -> str | None:
    """The source that was asked for, as the scanner spells it; else its best feeder.

    Raises:
        ScannerFault: it has no such source.
    """
    if wanted is None:
        return max(
            sources, key=lambda one: (bool(_FEEDER.search(one)), bool(_DUPLEX.search(one))), default=None
        )
    for one in sources:
        if one.casefold() == wanted.casefold():
            return one
    known = ", ".join(sources) or "-"
    raise ScannerFault(
        Text(
            f"Pemindai ini tidak punya sumber kertas “{wanted}”. Yang ada: {known}",
            f"This scanner has no source “{wanted}”. It has: {known}",
        )
    )


def _word(has: Mapping[str, Choice], option: str, sign: re.Pattern[str]) -> str | None:
    return next((word for word in has.get(option, Choice()).words if sign.search(word)), None)


def _number(has: Mapping[str, Choice], option: str, wanted: float) -> str | None:
    value = has[option].at_least(wanted) if option in has else None
    return None if value is None else f"{value:g}"


def options(told: str) -> dict[str, Choice]:
    """What a scanner can, from `scanimage --all-options`; options that are switched off are left out."""
    found = {}
    for line in told.splitlines():
        option = _OPTION.match(line)
        if option is None or option["now"] == "inactive":
            continue
        values = option["values"]
        span = _RANGE.match(values)
        found[option["name"]] = (
            Choice(low=float(span["low"]), high=float(span["high"]))
            if span
            else Choice(tuple(_UNIT.sub("", word) for word in values.split("|")))
        )
    return found
