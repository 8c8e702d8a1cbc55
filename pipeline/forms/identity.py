"""What a printed sheet says of itself: the serial and the QR code's text."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MARKER_DICTIONARY: Final = "DICT_5X5_50"
MARKER_MM: Final = 10.0

_SERIAL = re.compile(r"(?P<code>[A-Z]{3})-(?P<village>\d{4})-(?P<year>\d{2})-(?P<number>\d{5})", re.ASCII)
_QR = re.compile(
    r"SOTARSA\|(?P<code>[A-Z]{3}-\d{2})\|(?P<version>\d{1,3})\|(?P<page>\d{1,2})\|(?P<serial>[A-Z0-9-]{1,24})",
    re.ASCII,
)

NO_VILLAGE: Final = "0000"
"""What stands for the village in the serial of a sheet that was issued to none."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Which sheet and side a page is: form code (`FPS-01`), version, page (from 1), serial."""

    code: str
    version: int
    page: int
    serial: str

    def qr_text(self) -> str:
        """The text of the page's QR code, in QR's alphanumeric-friendly characters."""
        return f"SOTARSA|{self.code}|{self.version}|{self.page}|{self.serial}"


@lru_cache(maxsize=8)
def marker_modules(number: int, dictionary: str = MARKER_DICTIONARY) -> "NDArray[np.bool_]":
    """Which modules of an ArUco marker are black, its rim of one module among them: bool (n, n)."""
    import cv2

    known = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, dictionary))
    black: NDArray[np.bool_] = cv2.aruco.generateImageMarker(known, number, known.markerSize + 2) == 0
    black.flags.writeable = False
    return black


def parse_qr(text: str) -> Identity | None:
    """The identity in a QR code's text, or None when it is not one of ours."""
    match = _QR.fullmatch(text)
    if match is None or not is_serial(match["serial"]):
        return None
    return Identity(match["code"], int(match["version"]), int(match["page"]), match["serial"])


def serial_of(code: str, village: str, year: int, number: int) -> str:
    """The serial `FPS-2005-26-00017` of form `FPS-01`, village `2005` (four digits), year and number.

    Raises:
        ValueError: the parts do not make a serial.
    """
    serial = f"{code[:3]}-{village}-{year % 100:02d}-{number:05d}"
    if not is_serial(serial):
        raise ValueError(serial)
    return serial


def is_serial(text: str) -> bool:
    """Whether a text is a well-formed serial."""
    return _SERIAL.fullmatch(text) is not None


def village_of(serial: str) -> str | None:
    """The four digits of the village that a serial was issued to; see `NO_VILLAGE`."""
    match = _SERIAL.fullmatch(serial)
    return match["village"] if match else None
