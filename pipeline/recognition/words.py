"""How sure a word is: what the ink says, and whether anybody is called so.

The value stays the ink's own best reading, however rare. Word lists only tell how likely it is to be right, and in
which order other readings are shown: a word is taken from its list, or is none that the list knows and may be any
letters. A reading that is no known word, while the ink would nearly as well be one, is unlikely to be right; one that
is a known word, and no other known word is near, is likely to be.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.forms import reference
from pipeline.recognition.alphabet import CHARACTERS
from pipeline.recognition.decode import Entry

_UNLISTED: Final = 0.3
"""Share of words that are in no list: argued, not counted; names of the mountains are hardly in any."""
_LETTERS: Final = 26
_OTHERS: Final = 3
"""Words of the list that are offered in place of each word that was read."""
_NEVER: Final = 1e-9
_ALONE: Final = math.log(0.01)
"""How much less likely a mark is that stands by itself, away from any word: it may be dust."""

Logs = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class _Slot:
    """Some cells that hold one word.

    Attributes:
        known: the words of the list that have so many letters, each with its row.
        inks: float64 (n,), log probability of each of them by its ink alone.
        boost: by how much a listed word is likelier than any letters, log odds.
        total: log odds, against any letters, that the cells hold a word as words are.
    """

    known: Mapping[str, int]
    inks: Logs
    boost: float
    total: float

    @classmethod
    def of(cls, logs: Logs, words: str) -> "_Slot":
        """The slot of some cells, `logs` (cells, characters) being what their ink says."""
        length = len(logs)
        known, rows = _list(words, length)
        inks = logs[np.arange(length), rows].sum(axis=1)
        boost = math.log(1 - _UNLISTED) + length * math.log(_LETTERS) - math.log(max(len(known), 1))
        total = np.logaddexp(math.log(_UNLISTED), boost + np.logaddexp.reduce(inks, initial=-np.inf))
        return cls(known, inks, boost, float(total))

    def weight(self, word: str) -> float:
        """What the list adds to the log probability of a word."""
        unlisted = math.log(_UNLISTED)
        return float(np.logaddexp(unlisted, self.boost) if word in self.known else unlisted) - self.total

    def nearest(self) -> dict[str, float]:
        """The words of the list that the ink is most like, and their log probability by the ink."""
        names = list(self.known)
        return {names[i]: float(self.inks[i]) for i in np.argsort(-self.inks)[:_OTHERS]}


def with_words(posteriors: NDArray[np.float64], entries: Sequence[Entry], words: str) -> tuple[Entry, ...]:
    """The entries of a comb, scored anew by a word list, the ink's best still first, and known words beside them.

    Args:
        posteriors: (cells, CLASSES), each row sums to 1.
        entries: best first, as `decode.best_entries` gives them.
        words: the name of a list, see `forms.reference.WORD_LISTS`.

    Returns:
        The first entry, then all others and their like from the list, best first; scores are log probabilities.
    """
    logs = np.log(np.maximum(posteriors[:, : len(CHARACTERS)], _NEVER))
    slots: dict[tuple[int, int], _Slot] = {}

    def slot(start: int, word: str) -> _Slot:
        end = start + len(word)
        if (start, end) not in slots:
            slots[start, end] = _Slot.of(logs[start:end], words)
        return slots[start, end]

    inks = {entry.raw: entry.score for entry in entries}
    best = entries[0].raw
    for start, word in _words_of(best):
        own = sum(logs[start + i, CHARACTERS.index(c)] for i, c in enumerate(word))
        for other, ink in slot(start, word).nearest().items():
            raw = best[:start] + other + best[start + len(word) :]
            inks.setdefault(raw, float(inks[best] + ink - own))
    found = [
        Entry(
            raw,
            min(
                0.0,
                ink
                + sum(slot(start, word).weight(word) for start, word in _words_of(raw))
                + _ALONE * sum(not any(map(str.isalnum, part)) for part in raw.split()),
            ),
        )
        for raw, ink in inks.items()
    ]
    return found[0], *sorted(found[1:], key=lambda entry: -entry.score)


def _words_of(raw: str) -> list[tuple[int, str]]:
    """The words of an entry of two letters and more, and where each begins."""
    found, at = [], 0
    for letters, run in groupby(raw, str.isalpha):
        word = "".join(run)
        if letters and len(word) > 1:
            found.append((at, word))
        at += len(word)
    return found


@lru_cache(maxsize=128)
def _list(words: str, length: int) -> tuple[dict[str, int], NDArray[np.intp]]:
    """The words of a list that have so many letters, each with its row, and their characters (n, length)."""
    parts = sorted({part for entry in reference.words(words) for _, part in _words_of(entry)})
    fit = [part for part in parts if len(part) == length]
    rows = np.array([[CHARACTERS.index(c) for c in part] for part in fit], np.intp).reshape(-1, length)
    return {part: i for i, part in enumerate(fit)}, rows
