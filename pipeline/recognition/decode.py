"""From distributions over cells to the most probable entries of a comb, best first."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.recognition.alphabet import character

_PER_CELL: Final = 5
_SURE: Final = 0.9999
"""A cell above this has one candidate; its rest cannot matter among the best entries."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One way to read a whole comb: its characters (blank ` `, crossed out `#`) and its log probability."""

    raw: str
    score: float


def best_entries(posteriors: NDArray[np.float64], k: int = 24) -> tuple[Entry, ...]:
    """The k most probable entries of a comb whose cells are independent given the ink.

    Args:
        posteriors: (cells, CLASSES), each row sums to 1.
        k: how many entries are kept.

    Returns:
        Best first; scores are natural logarithms.
    """
    beam: list[tuple[float, str]] = [(0.0, "")]
    for row in posteriors:
        top = int(row.argmax())
        if row[top] >= _SURE:
            step, mark = float(np.log(row[top])), character(top)
            beam = [(score + step, raw + mark) for score, raw in beam]
            continue
        order = np.argsort(row)[::-1][:_PER_CELL]
        options = [(float(np.log(row[i])), character(int(i))) for i in order if row[i] > 1e-9]
        beam = sorted(((score + s, raw + c) for score, raw in beam for s, c in options), reverse=True)[:k]
    return tuple(Entry(raw, score) for score, raw in beam)
