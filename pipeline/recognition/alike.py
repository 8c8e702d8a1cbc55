"""Digits that a hand writes alike, told by how they look among all digits of the page.

A NIK and a birth date hold each other's digits: a habit misreads both alike, and they agree in what is wrong, of which
joint decoding is then sure. So these two are trusted less where their digits look like others of the page.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.forms.layout import FieldType

_DIGITS: Final = 10
_NEIGHBOURS: Final = 3
_PER_LIKENESS: Final = 10.0
"""Log odds that a number loses where each of its digits of some kind looks like another kind; chosen on calibration
writers."""
_TELL_THE_SAME: Final = frozenset({FieldType.NIK, FieldType.DATE})


def looks_alike(
    hidden: NDArray[np.float32], posteriors: NDArray[np.float64], inked: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """How often each digit of a page looks more like another digit of it than like its own kind: (10,), 0..1.

    Where a hand writes 7 as it writes 4, what is read as the one lies among what is read as the other, however sure
    the reader is of each (nearest neighbours in the reader's own hidden layer: Cover and Hart 1967).

    Args:
        hidden: float32 (N, H) of the page's cells.
        posteriors: (N, CLASSES).
        inked: bool (N,), which cells hold ink.
    """
    best = posteriors.argmax(axis=1)
    among = np.flatnonzero(inked & (best < _DIGITS))
    if not len(among):
        return np.zeros(_DIGITS)
    read = best[among]
    count = np.bincount(read, minlength=_DIGITS)
    unit = hidden[among] / np.maximum(np.linalg.norm(hidden[among], axis=1, keepdims=True), 1e-9)
    far = -unit @ unit.T
    np.fill_diagonal(far, 1)
    # A digit that stands k + 1 times has k of its own kind to be among.
    k = np.minimum(_NEIGHBOURS, count[read] - 1)
    nearest = np.argsort(far, axis=1)[:, :_NEIGHBOURS]
    i, rank = np.nonzero(np.arange(nearest.shape[1]) < k[:, None])
    mixed = np.zeros((_DIGITS, _DIGITS))
    np.add.at(mixed, (read[i], read[nearest[i, rank]]), 1 / k[i])
    np.fill_diagonal(mixed, 0)
    pairs = (mixed + mixed.T) / np.maximum(np.minimum(count[:, None], count[None]), 1)
    return np.asarray(np.minimum(pairs.max(axis=1), 1.0))


def likeness(raw: str, field_type: FieldType, alike: NDArray[np.float64]) -> float:
    """Log odds by which digits that look like others of their page speak against a number.

    Args:
        raw: its characters, as they are read.
        field_type: its type; only NIKs and dates lose any.
        alike: (10,), as `looks_alike` tells.
    """
    if field_type not in _TELL_THE_SAME:
        return 0.0
    return _PER_LIKENESS * max((float(alike[int(c)]) for c in set(raw) if c.isdigit()), default=0.0)
