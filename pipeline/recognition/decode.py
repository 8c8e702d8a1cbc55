"""From distributions over cells to the most probable entries of a comb, best first."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.recognition.alphabet import character

_PER_CELL: Final = 5
_NEVER: Final = 1e-9
_SWITCH: Final = float(np.log(0.05))
"""How much less likely a letter beside a digit is than its like; `RT03` and `NO.8B` are rare beside words."""
_SURE: Final = 0.9999
"""A cell above this has one candidate; its rest cannot matter among the best entries."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One way to read a whole comb: its characters (blank ` `, crossed out `#`) and its log probability."""

    raw: str
    score: float


def best_entries(posteriors: NDArray[np.float64], k: int = 24) -> tuple[Entry, ...]:
    """The k most probable entries of a comb whose cells are independent given the ink.

    Where letters and digits may stand side by side, a word that changes from one to the other is less likely than
    one that does not: `0` and `O` look alike, and only their company tells them apart.

    Args:
        posteriors: (cells, CLASSES), each row sums to 1.
        k: how many entries are kept.

    Returns:
        Best first; scores are natural logarithms.
    """
    cells = [_options(row) for row in posteriors]
    mixed = {True, False} <= {c.isdigit() for options in cells for _, c in options if c.isalnum()}
    beam: list[tuple[float, str]] = [(0.0, "")]
    for options in cells:
        beam = [
            (score + s + (_SWITCH if mixed and _switches(raw[-1:], c) else 0.0), raw + c)
            for score, raw in beam
            for s, c in options
        ]
        if len(options) > 1:
            beam = sorted(beam, reverse=True)[:k]
    return tuple(Entry(raw, score) for score, raw in sorted(beam, reverse=True))


def _options(row: NDArray[np.float64]) -> list[tuple[float, str]]:
    """What one cell may hold, with log probabilities."""
    best = int(row.argmax())
    if row[best] >= _SURE:
        return [(float(np.log(row[best])), character(best))]
    order = np.argsort(row)[::-1][:_PER_CELL]
    return [(float(np.log(row[i])), character(int(i))) for i in order if row[i] > _NEVER]


def _switches(before: str, after: str) -> bool:
    return (before.isalpha() and after.isdigit()) or (before.isdigit() and after.isalpha())
