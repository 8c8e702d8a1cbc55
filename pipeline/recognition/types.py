"""What a reader says: plain, frozen, picklable records."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Alternative:
    """One value that a field may hold, and its probability."""

    value: str | None
    probability: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read in one field.

    Attributes:
        field: the field's name in the layout.
        row: the table row from 1, or None.
        value: digits as text; dates `YYYY-MM-DD`; names in capitals with single spaces; a choice's values
            joined by `|`; `present` or `absent` for signatures; None where empty.
        raw: the characters as they stand in the cells, before any normalisation.
        confidence: probability that `value` is right, the reader's own until `validation.judge` calibrates it.
        alternatives: the most probable other values, best first.
        doubt: log odds by which the rest of its page speaks against it, beside what the reader itself is sure of.
        reasons: stable codes that say why a person should look; empty when there are none.
        quad: the field's corners in the page image, px, clockwise from the top left.
        reader: which reader and model made it, for provenance.
    """

    field: str
    row: int | None
    value: str | None
    raw: str
    confidence: float
    quad: tuple[tuple[float, float], ...]
    reader: str
    alternatives: tuple[Alternative, ...] = ()
    reasons: tuple[str, ...] = ()
    doubt: float = 0.0
