"""The whole way of one page as one pure function: image in, readings out. No database, no global state."""

from dataclasses import dataclass
from enum import StrEnum

from pipeline.forms.identity import Identity
from pipeline.recognition.types import Reading


class PageStatus(StrEnum):
    """What became of a page image."""

    READ = "read"
    SET_ASIDE = "set_aside"


@dataclass(frozen=True, slots=True)
class JudgedReading:
    """A reading and what is done with it: `accepted` or `review` (its reasons then say why)."""

    reading: Reading
    status: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PageReading:
    """All that a page image gave.

    Attributes:
        reason: stable code of why it was set aside, "" when read.
        detail: what was seen, in English, for the log.
        identity: form code, version, page and serial, as far as known.
        form: the definition's name, "" when unknown.
        turn: degrees clockwise (0, 90, 180, 270) that bring the page image upright.
        residual_mm: registration residual, NaN when not registered.
    """

    status: PageStatus
    reason: str = ""
    detail: str = ""
    form: str = ""
    identity: Identity | None = None
    turn: int = 0
    residual_mm: float = float("nan")
    readings: tuple[JudgedReading, ...] = ()
