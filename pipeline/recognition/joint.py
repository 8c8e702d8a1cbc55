"""Joint decoding of fields that speak of each other: the NIK, the birth date, the sex.

The most probable *combination* is searched under weights that say how often the facts on a form agree. The weights
are argued, not learnt: about 3 in 100 numbers keep a date that differs from the one the holder tells, most by
one digit. They move only what the ink leaves open: `recognise` sends a sure reading that was outvoted to a person.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.forms import nik as nik_facts
from pipeline.forms import reference
from pipeline.forms.layout import FieldType
from pipeline.forms.types import TYPES, WARNINGS
from pipeline.recognition.alphabet import class_of
from pipeline.recognition.decode import Entry, best_entries

_ONE_DIGIT_OFF: Final = float(np.log(0.02 / 50))
_OTHER_DATE: Final = float(np.log(0.01 / 30_000))
_OTHER_SEX: Final = float(np.log(0.01))
_IMPOSSIBLE: Final = float(np.log(1e-4))
_UNKNOWN_CODE: Final = float(np.log(0.01))
_HOME: Final = reference.DISTRICT.replace(".", "")
_NIK_AREAS: Final = tuple(float(np.log(p)) for p in (0.8, 0.02, 0.002, 0.0001))
"""Four in five people were first registered in this very district, one in fifty in each other one of the regency."""
_KK_AREAS: Final = tuple(float(np.log(p)) for p in (0.97, 0.002, 0.0002, 0.00001))
"""A family card is issued where the family lives."""
_UNLIKELY: Final = float(np.log(1e-5))
"""A number whose area or date of recording nobody knows; written all the same by one in so many."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One value a field may have: the raw entry, its value, its log probability."""

    raw: str
    value: str | None
    score: float


def candidates(
    entries: Sequence[Entry], field_type: FieldType, codes: frozenset[str] = frozenset()
) -> tuple[Candidate, ...]:
    """The entries of one comb with what each is worth under the rules of its own type, best first.

    `codes` are the values that a code field may have; none: any.
    """
    rules = TYPES[field_type]
    found = []
    for entry in entries:
        clean = entry.raw.replace("#", "")
        value = rules.normalise(clean)
        found.append(
            Candidate(entry.raw, value, entry.score + _own_weight(field_type, entry.raw, value, codes))
        )
    return tuple(sorted(found, key=lambda c: -c.score))


def _own_weight(field_type: FieldType, raw: str, value: str | None, codes: frozenset[str]) -> float:
    if not raw.strip():
        return 0.0
    if value is None:
        return _IMPOSSIBLE
    if codes and value not in codes:
        return _UNKNOWN_CODE
    fault = TYPES[field_type].check(value)
    if fault is not None:
        return _UNLIKELY if fault in WARNINGS else _IMPOSSIBLE
    areas = {FieldType.NIK: _NIK_AREAS, FieldType.KK: _KK_AREAS}.get(field_type)
    return _area_weight(value, areas) if areas else 0.0


def _area_weight(number: str, weights: tuple[float, ...]) -> float:
    """What a number is worth by where it was issued: this district, this regency, this province, elsewhere."""
    return next(
        w for w, length in zip(weights, (6, 4, 2, 0), strict=True) if number.startswith(_HOME[:length])
    )


def as_ruled(posteriors: NDArray[np.float64], field_type: FieldType) -> NDArray[np.float64]:
    """What the cells of a comb most likely hold, with what the rules of its type say of them: (cells, CLASSES)."""
    found = candidates(best_entries(posteriors), field_type)
    out = np.zeros_like(posteriors)
    cells = np.arange(len(posteriors))
    for candidate, chance in zip(found, probabilities(found, 0.0), strict=True):
        out[cells, [class_of(char) for char in candidate.raw]] += chance
    return out


def agree(
    nik: Sequence[Candidate], born: Sequence[Candidate], sex: Sequence[Candidate]
) -> tuple[tuple[Candidate, ...], ...]:
    """Weighs each candidate of a NIK, a birth date and a sex by its best company.

    Returns:
        The three fields' candidates with max-marginal scores, best first (max-product on a triangle, exact).
    """
    facts = [nik_facts.parse(c.value) if c.value else None for c in nik]
    pair_date = np.array([[_date_weight(f, d) for d in born] for f in facts])
    pair_sex = np.array([[_sex_weight(f, s) for s in sex] for f in facts])
    own = [np.array([c.score for c in field]) for field in (nik, born, sex)]
    joint = own[0][:, None, None] + own[1][None, :, None] + own[2][None, None, :]
    joint = joint + pair_date[:, :, None] + pair_sex[:, None, :]
    best = (joint.max(axis=(1, 2)), joint.max(axis=(0, 2)), joint.max(axis=(0, 1)))
    return tuple(
        tuple(
            sorted(
                (Candidate(c.raw, c.value, float(s)) for c, s in zip(field, scores, strict=True)),
                key=lambda c: -c.score,
            )
        )
        for field, scores in zip((nik, born, sex), best, strict=True)
    )


def _date_weight(facts: nik_facts.NikFacts | None, born: Candidate) -> float:
    if facts is None or born.value is None:
        return 0.0 if not born.raw.strip() else _OTHER_DATE / 2
    # Only two digits of the year are in a NIK.
    told, held = born.value[2:], facts.birth_date.isoformat()[2:]
    off = sum(a != b for a, b in zip(told, held, strict=True))
    return (0.0, _ONE_DIGIT_OFF)[off] if off < 2 else _OTHER_DATE


def _sex_weight(facts: nik_facts.NikFacts | None, sex: Candidate) -> float:
    if facts is None or sex.value not in ("L", "P"):
        return 0.0
    return 0.0 if facts.sex == sex.value else _OTHER_SEX


def probabilities(found: Sequence[Candidate], rest: float) -> list[float]:
    """Probabilities of the candidates, `rest` (0..1) being what the search left out, for the others."""
    scores = np.array([c.score for c in found])
    weights = np.exp(scores - scores.max())
    return [float(p) for p in weights / weights.sum() * (1 - rest)]
