"""Characters that a hand writes alike, told by how they look among all characters of the page.

What one hand writes alike, the reader takes for the same however sure it is, and joint decoding with it: a NIK and a
birth date hold each other's digits, and agree in what is wrong. So an entry is trusted less where its characters look
like others of the page.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.recognition.alphabet import CHARACTERS, KINDS, LETTERS

_NEIGHBOURS: Final = 3
_PER_DIGIT: Final = 10.0
"""Log odds that a number loses where one of its digits always looks like another kind …"""
_PER_LETTER: Final = 4.0
"""… and a word where all its letters do; chosen on calibration writers."""


def looks_alike(
    hidden: NDArray[np.float32],
    posteriors: NDArray[np.float64],
    inked: NDArray[np.bool_],
    kin: NDArray[np.int64] | None = None,
) -> NDArray[np.float64]:
    """How often each digit or letter of a page looks more like another of its kind than like itself: (36,), 0..1.

    Where a hand writes 7 as it writes 4, what is read as the one lies among what is read as the other, however sure
    the reader is of each (nearest neighbours in the reader's own hidden layer: Cover and Hart 1967).

    Args:
        hidden: float32 (N, H) of the page's cells.
        posteriors: (N, CLASSES).
        inked: bool (N,), which cells hold ink.
        kin: (N,), cells with the same number are no neighbours of each other, see `adapt.adapted`.
    """
    kin = np.arange(len(hidden)) if kin is None else kin
    best = posteriors.argmax(axis=1)
    alike = np.zeros(LETTERS.stop)
    for kind in KINDS:
        among = np.flatnonzero(inked & (best >= kind.start) & (best < kind.stop))
        if len(among):
            read = best[among] - kind.start
            alike[kind] = _alike(hidden[among], read, kin[among], kind.stop - kind.start)
    return alike


def _alike(
    hidden: NDArray[np.float32], read: NDArray[np.intp], kin: NDArray[np.int64], characters: int
) -> NDArray[np.float64]:
    count = np.bincount(read, minlength=characters)
    unit = hidden / np.maximum(np.linalg.norm(hidden, axis=1, keepdims=True), 1e-9)
    apart = kin[:, None] != kin
    far = np.where(apart, -unit @ unit.T, np.inf)
    # Only so many neighbours can be of a character's own kind.
    k = np.minimum(_NEIGHBOURS, (apart & (read[:, None] == read)).sum(axis=1))
    nearest = np.argsort(far, axis=1)[:, :_NEIGHBOURS]
    i, rank = np.nonzero(np.arange(nearest.shape[1]) < k[:, None])
    mixed = np.zeros((characters, characters))
    np.add.at(mixed, (read[i], read[nearest[i, rank]]), 1 / k[i])
    np.fill_diagonal(mixed, 0)
    pairs = (mixed + mixed.T) / np.maximum(np.minimum(count[:, None], count[None]), 1)
    return np.asarray(np.minimum(pairs.max(axis=1), 1.0))


def likeness(raw: str, alike: NDArray[np.float64]) -> float:
    """Log odds by which characters that look like others of their page speak against an entry.

    Args:
        raw: its characters, as they are read.
        alike: (36,), as `looks_alike` tells.
    """
    digits = [float(alike[CHARACTERS.index(c)]) for c in raw if c.isdigit()]
    letters = [float(alike[CHARACTERS.index(c)]) for c in raw if c.isalpha()]
    return _PER_DIGIT * max(digits, default=0.0) + _PER_LETTER * float(np.mean(letters or [0.0]))
