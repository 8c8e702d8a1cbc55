"""What speaks against a reading beyond its own ink: the rest of the page, by the same hand with the same pen."""

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from statistics import median
from typing import Final

from pipeline.forms.layout import Kind, PageLayout
from pipeline.recognition.decode import Entry
from pipeline.recognition.joint import Candidate
from pipeline.recognition.types import Reading
from pipeline.registration.types import Registration

Key = tuple[str, int | None]
"""A field of a page: its name and its table row."""

_TWICE: Final = 2
_OFTEN: Final = 0.06
"""Share of a digit that looks like its twin from which the hand, not one slip of the pen, is to blame."""
_ALIKE: Final = 2.0
"""Log odds that a number loses which holds a digit that this hand writes like another; chosen as `_Trust` says."""
_FEW: Final = 5
"""With fewer numbers, or words, on a page nothing is said of the hand."""
_TRACE_MM2: Final = 0.15
"""Specks in an empty field: more than one grain of dust."""
_FAINT_FIELDS: Final = 3
_PALER: Final = 0.63
"""Less than one character in a thousand is so pale beside most of a page by the same pen, and no thumbprint is."""


@dataclass(frozen=True, slots=True)
class _Trust:
    """How entries of one kind speak of the hand: below `clear` one is doubtful; where all are, each loses `most`.

    `most` is in log odds, chosen on calibration writers, who also prove it.
    """

    clear: float
    most: float


_NUMBERS: Final = _Trust(0.9, 6.0)
_WORDS: Final = _Trust(0.5, 1.5)


@dataclass(frozen=True, slots=True)
class Guess:
    """A field's candidates before they become a reading; scores are log probabilities, best first.

    Attributes:
        rest: probability of what the search left out.
        ink: what the ink alone says, before any rule.
        trace: mm² that is dark in its cells without ink.
        doubt: log odds by which characters that look like others on the page speak against it.
        pens: how dark the ink of each written cell or marked box is, 0 to 1.
    """

    found: tuple[Candidate, ...]
    rest: float
    reasons: tuple[str, ...] = ()
    ink: Entry | None = None
    trace: float = 0.0
    doubt: float = 0.0
    pens: tuple[float, ...] = ()


def doubt_beside(guesses: Mapping[Key, Guess], beside: Set[Key]) -> dict[Key, Guess]:
    """Doubts the combs that have writing around them."""
    return {
        key: replace(guess, reasons=(*guess.reasons, "ink_outside")) if key in beside else guess
        for key, guess in guesses.items()
    }


def doubt_twins(guesses: dict[Key, Guess], page: PageLayout) -> frozenset[Key]:
    """Finds digits that this hand writes alike and trusts every number that holds one less, in place.

    Where the rules of a NIK or a family card outvote the ink twice in the same way (a 1 that looks like a 7),
    nothing outvotes it in the page's other numbers.

    Returns:
        Those numbers.
    """
    numbers = {(f.name, f.row) for f in page.fields if f.kind is Kind.COMB and f.alphabet.isdigit()}
    pairs = [
        (told, seen)
        for key in numbers
        for told, seen in zip(guesses[key].found[0].raw, _seen(guesses[key]), strict=False)
        if told.isdigit() and seen.isdigit()
    ]
    written = Counter(told for told, _ in pairs)
    twins = Counter((told, seen) for told, seen in pairs if told != seen)
    alike = {
        digit
        for (told, seen), count in twins.items()
        if count >= _TWICE and count >= _OFTEN * written[told]
        for digit in (told, seen)
    }
    doubted = frozenset(key for key in numbers if alike & set(guesses[key].found[0].raw))
    for key in doubted:
        guesses[key] = replace(guesses[key], doubt=guesses[key].doubt + _ALIKE)
    return doubted


def doubt_hand(
    readings: Sequence[Reading], page: PageLayout, alike: Set[Key] = frozenset()
) -> tuple[Reading, ...]:
    """Trusts the numbers of a page less the more of them are doubtful, and its words the more of these are.

    A hand's habits repeat: where many of its characters are hard to read, those that look clear are wrong more often.

    Args:
        readings: of the page.
        page: its layout.
        alike: numbers that hold a digit which the hand writes like another: doubtful, however clear they look.
    """
    combs = {(f.name, f.row): f.alphabet.isdigit() for f in page.fields if f.kind is Kind.COMB}
    lost: dict[Key, float] = {}
    for numbers, trust in ((True, _NUMBERS), (False, _WORDS)):
        written = [one for one in readings if combs.get((one.field, one.row)) is numbers and one.raw.strip()]
        if len(written) < _FEW:
            continue
        doubtful = sum(
            one.confidence < trust.clear or "outvoted" in one.reasons or (one.field, one.row) in alike
            for one in written
        )
        lost |= {(one.field, one.row): trust.most * doubtful / len(written) for one in written}
    return tuple(replace(one, doubt=one.doubt + lost.get((one.field, one.row), 0.0)) for one in readings)


def _seen(guess: Guess) -> str:
    return guess.ink.raw if guess.ink else ""


def doubt_faint(readings: Sequence[Reading], guesses: Mapping[Key, Guess]) -> tuple[Reading, ...]:
    """Doubts empty fields with traces of ink, and on a page with several of them everything that seems empty."""
    empty = [reading.value in (None, "absent") and not reading.reasons for reading in readings]
    faint = [
        here
        and (guess := guesses.get((reading.field, reading.row))) is not None
        and guess.trace >= _TRACE_MM2
        for reading, here in zip(readings, empty, strict=True)
    ]
    doubted = empty if sum(faint) >= _FAINT_FIELDS else faint
    return tuple(
        replace(reading, reasons=("faint",)) if doubt else reading
        for reading, doubt in zip(readings, doubted, strict=True)
    )


def doubt_paler(readings: Sequence[Reading], pens: Mapping[Key, tuple[float, ...]]) -> tuple[Reading, ...]:
    """Doubts what is much paler than most of its page: rubbed out, or shining through from the other side.

    Args:
        readings: of the page.
        pens: how dark the ink of each written cell, marked box and signature is, 0 to 1.
    """
    found = [pen for own in pens.values() for pen in own]
    least = _PALER * median(found) if found else 0.0
    return tuple(
        replace(one, reasons=tuple(dict.fromkeys((*one.reasons, "faint"))))
        if min(pens.get((one.field, one.row), ()), default=1.0) < least
        else one
        for one in readings
    )


def doubt_place(readings: Sequence[Reading], registration: Registration) -> tuple[Reading, ...]:
    """Doubts the fields that may not lie where they were looked for; readings are in the layout's order."""
    return tuple(
        reading
        if registration.is_certain(field.box)
        else replace(reading, reasons=(*reading.reasons, "uncertain_place"))
        for reading, field in zip(readings, registration.page.fields, strict=True)
    )


def doubt_unseen(readings: Sequence[Reading], seen: Sequence[bool]) -> tuple[Reading, ...]:
    """Doubts fields whose printed outline is not where it should be; `seen` is in the order of the readings."""
    return tuple(
        reading if here else replace(reading, reasons=(*reading.reasons, "not_seen"))
        for reading, here in zip(readings, seen, strict=True)
    )


def doubt_crossed(readings: Sequence[Reading], crossed: Set[Key]) -> tuple[Reading, ...]:
    """Doubts the fields that a stroke runs across which is no part of them, the empty ones, too."""
    return tuple(
        replace(one, reasons=tuple(dict.fromkeys((*one.reasons, "crossed_out"))))
        if (one.field, one.row) in crossed
        else one
        for one in readings
    )
