"""The separator sheet: which village, team, day and batch the sheets behind it belong to."""

import re
import zlib
from dataclasses import dataclass
from datetime import date
from typing import Final
from urllib.parse import quote, unquote

from pipeline.errors import UsageError
from pipeline.forms import frame, reference
from pipeline.forms import measures as m
from pipeline.forms.ink import BOLD, REGULAR, PageInk, Run, Shape, text_width, unprintable, wrap
from pipeline.forms.layout import Box, Marker
from pipeline.language import MONTHS, Text

NAME: Final = "pemisah"
"""What it is called where a form's name is asked for."""

MARKERS: Final = tuple(
    Marker((48, 49)[corner % 2], one.box) for corner, one in enumerate(frame.markers(page=1))
)
"""The usual four squares; their two ids lie behind those of the twelfth page, the last that a form may have."""

QR: Final = Box(73.0, 186.0, 64.0, 64.0)

_TEAM: Final = 40
_BATCH: Final = 60
_TEXT: Final = re.compile(
    r"SOTARSA\|PEMISAH\|1\|(?P<village>(?:\d{4})?)\|(?P<day>(?:\d{4}-\d\d-\d\d)?)"
    r"\|(?P<team>[!-{}~]*)\|(?P<batch>[!-{}~]*)\|(?P<check>[0-9A-F]{8})"
)
_TITLE: Final = "PEMISAH"
_TITLE_BASE: Final = 61.5
_LINES_TOP: Final = 86.0
_LINE_PITCH: Final = 24.5
_LABEL_X: Final = 22.0
_VALUE_X: Final = 58.0
_VALUE_W: Final = 130.0
_VALUE_SIZE: Final = 30.0
_ADVICE: Final = (
    "Letakkan di atas tumpukan. Semua lembar di belakangnya dalam berkas pindaian yang sama dicatat untuk "
    "keterangan di atas, sampai lembar pemisah berikutnya atau akhir berkas. Boleh difotokopi dan dipakai lagi."
)


@dataclass(frozen=True, slots=True)
class Separator:
    """What a separator says of the sheets behind it; "" or None is not said.

    Attributes:
        village: four digits.
        team: who collected them, up to 40 characters.
        day: when they were filled in.
        batch: the lot as the office calls it, up to 60 characters.
    """

    village: str = ""
    team: str = ""
    day: date | None = None
    batch: str = ""

    def qr_text(self) -> str:
        """All of it in ASCII, with a CRC-32 at the end."""
        day = self.day.isoformat() if self.day else ""
        body = f"SOTARSA|PEMISAH|1|{self.village}|{day}|{quote(self.team)}|{quote(self.batch)}"
        return f"{body}|{_check(body)}"


def parse_separator(text: str) -> Separator | None:
    """The separator in a QR code's text, or None when it is not a whole one, or none that is printed here."""
    match = _TEXT.fullmatch(text)
    if match is None or match["check"] != _check(text.rpartition("|")[0]):
        return None
    try:
        day = date.fromisoformat(match["day"]) if match["day"] else None
    except ValueError:
        return None
    team, batch = unquote(match["team"]), unquote(match["batch"])
    fits = len(team) <= _TEAM and len(batch) <= _BATCH and f"{team}{batch}".isprintable()
    return Separator(match["village"], team, day, batch) if fits else None


def make_separator(village: str, team: str, day: date | None, batch: str) -> Separator:
    """A separator of what the office typed.

    Args:
        village: four digits, "" for none.
        team: any text; runs of white space count as one space.
        day: the day that the sheets were filled in.
        batch: as `team`.

    Raises:
        UsageError: it says nothing, or a text is too long or has characters that the font lacks.
    """
    team, batch = " ".join(team.split()), " ".join(batch.split())
    if not (village or team or day or batch):
        raise UsageError(
            Text(
                "Sebutkan paling sedikit satu: --village, --team, --date atau --batch.",
                "Name at least one of --village, --team, --date and --batch.",
            )
        )
    for option, text, most in (("--team", team, _TEAM), ("--batch", batch, _BATCH)):
        if len(text) > most:
            raise UsageError(
                Text(
                    f"{option} paling panjang {most} huruf. Singkatkan.",
                    f"{option} has at most {most} characters. Shorten it.",
                )
            )
        if strange := unprintable(text):
            raise UsageError(
                Text(
                    f"{option} memuat huruf atau tanda yang tidak dapat dicetak: {strange}. Ganti dengan huruf Latin.",
                    f"{option} has characters that cannot be printed: {strange}. Write it in Latin letters.",
                )
            )
    return Separator(village, team, day, batch)


def separator_ink(separator: Separator) -> PageInk:
    """What is printed beside the markers and the QR code, in letters that are read across a table."""
    size = min(104.0, 104.0 * 170.0 / text_width(_TITLE, BOLD, 104.0))
    runs = [_centred(_TITLE_BASE, _TITLE, BOLD, size), _centred(24.0, "SOTARSA", BOLD, 11.0)]
    shapes = [Shape(Box(m.FRAME_X, y, m.FRAME_W, h), fill=0.0) for y, h in ((30.0, 1.6), (66.0, 1.6))]
    for number, (label, value) in enumerate(_facts(separator)):
        base = _LINES_TOP + number * _LINE_PITCH
        fit = min(_VALUE_SIZE, _VALUE_SIZE * _VALUE_W / max(text_width(value, BOLD, _VALUE_SIZE), 1.0))
        runs += [Run(_LABEL_X, base, label, REGULAR, 15.0), Run(_VALUE_X, base, value, BOLD, fit)]
        shapes.append(Shape(Box(_LABEL_X, base + 7.0, 166.0, 0.0), stroke=0.3, grey=0.4))
    advice = wrap(_ADVICE, REGULAR, 10.0, 150.0)
    runs += [_centred(259.0 + 4.8 * i, line, REGULAR, 10.0) for i, line in enumerate(advice)]
    check = separator.qr_text().rpartition("|")[2]
    runs.append(_centred(284.5, f"Kode periksa {check}", "Courier", 9.0))
    return PageInk(tuple(runs), tuple(shapes), ())


def _facts(separator: Separator) -> tuple[tuple[str, str], ...]:
    village = reference.villages().get(separator.village)
    named = f"{village.name} ({village.short})" if village else separator.village
    day = separator.day
    written = f"{day.day} {MONTHS[day.month - 1].id} {day.year}" if day else ""
    facts = (("Desa", named), ("Tim", separator.team), ("Tanggal", written), ("Batch", separator.batch))
    return tuple((label, value or "–") for label, value in facts)


def _check(body: str) -> str:
    return f"{zlib.crc32(body.encode()):08X}"


def _centred(y: float, text: str, font: str, size: float) -> Run:
    return Run(round((m.PAGE_W - text_width(text, font, size)) / 2, 2), y, text, font, size)
