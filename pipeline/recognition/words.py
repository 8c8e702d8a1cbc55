"""How sure a word is: what the ink says, and whether anybody is called so.

The value stays the ink's own best reading, however rare. Word lists only tell how likely it is to be right, and in
which order other readings are shown: a word is taken from its list, letter by letter spelt otherwise now and then (a
noisy channel: Kernighan, Church and Gale 1990), or is none that the list knows and may be any letters. A reading that
is no known word, while the ink would nearly as well be one, is unlikely to be right; one that is a known word, and no
other known word is near, is likely to be.
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
from pipeline.recognition.alphabet import CHARACTERS, LETTERS, character
from pipeline.recognition.decode import Entry

_UNLISTED: Final = 0.1
"""Share of words that are like none in a list: argued, not counted; names of the mountains are hardly in any."""
_SPELT_OTHERWISE: Final = 0.03
"""Share of letters in which a word differs from the one of the list that it is a form of: one word in five does."""
_ANY: Final = LETTERS.stop - LETTERS.start
_SLIP: Final = math.log(_SPELT_OTHERWISE / _ANY)
_KEPT: Final = math.log(1 - _SPELT_OTHERWISE + _SPELT_OTHERWISE / _ANY)
_MISREAD: Final = 0.001
"""Share of letters that are others though their ink is clear: some hands write two alike."""
_OTHERS: Final = 3
"""Words of the list that are offered in place of each word that was read."""
_NEVER: Final = 1e-9
_ALONE: Final = math.log(0.01)
"""How much less likely a mark is that stands by itself, away from any word: it may be dust."""

Chances = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class _Slot:
    """Some cells that hold one word.

    Attributes:
        known: the words of the list that have so many letters, each with its row.
        rows: intp (n, cells), their letters.
        inks: float64 (cells, letters), how likely each is by its ink alone.
        spelt: float64 (n, cells), how likely each letter of each word is where it may be spelt otherwise.
        boost: by how much a listed word is likelier than any letters, log odds.
        total: log odds, against any letters, that the cells hold a word as words are.
    """

    known: Mapping[str, int]
    rows: NDArray[np.intp]
    inks: Chances
    spelt: Chances
    boost: float
    total: float

    @classmethod
    def of(cls, inks: Chances, words: str) -> "_Slot":
        """The slot of some cells by what their ink says."""
        known, rows = _list(words, len(inks))
        boost = math.log(1 - _UNLISTED) + len(inks) * math.log(_ANY) - math.log(max(len(known), 1))
        any_letter = inks.mean(axis=1)
        spelt = (1 - _SPELT_OTHERWISE) * inks[np.arange(len(inks)), rows] + _SPELT_OTHERWISE * any_letter
        unlisted = math.log(_UNLISTED) + float(np.log(_ANY * any_letter).sum())
        listed = boost + np.logaddexp.reduce(np.log(spelt).sum(axis=1), initial=-np.inf)
        return cls(known, rows, inks, spelt, boost, float(np.logaddexp(unlisted, listed)))

    def weight(self, word: str) -> float:
        """What the list adds to the log probability of a word."""
        same = (self.rows == _letters(word)).sum(axis=1)
        spelt = same * _KEPT + (len(word) - same) * _SLIP
        listed = self.boost + np.logaddexp.reduce(spelt, initial=-np.inf)
        return float(np.logaddexp(math.log(_UNLISTED), listed)) - self.total

    def nearest(self) -> dict[str, float]:
        """The words of the list that the ink is most like, and their log probability by the ink."""
        names = list(self.known)
        logs = np.log(self.inks)[np.arange(len(self.inks)), self.rows].sum(axis=1)
        return {names[i]: float(logs[i]) for i in np.argsort(-logs)[:_OTHERS]}

    def letters(self) -> Chances:
        """How likely each letter is in each cell (cells, letters), the word's other letters being what they are."""
        words = np.exp(self.boost + np.log(self.spelt).sum(axis=1) - self.total)[:, None] / self.spelt
        out = (_SPELT_OTHERWISE / _ANY * words.sum(axis=0))[:, None] * self.inks
        cells = np.arange(len(self.inks))
        same = (1 - _SPELT_OTHERWISE) * words * self.inks[cells, self.rows]
        np.add.at(out, (np.broadcast_to(cells, self.rows.shape), self.rows), same)
        unlisted = _UNLISTED * math.exp(float(np.log(_ANY * self.inks.mean(axis=1)).sum()) - self.total)
        out += unlisted * self.inks / self.inks.sum(axis=1, keepdims=True)
        return np.asarray(out / out.sum(axis=1, keepdims=True))


def not_too_sure(posteriors: Chances, classes: NDArray[np.bool_], inked: NDArray[np.bool_]) -> Chances:
    """The posteriors of a word's cells, each that holds ink with a small chance of being anything.

    Args:
        posteriors: (cells, CLASSES), rows sum to 1.
        classes: bool (cells, CLASSES), what each may hold.
        inked: bool (cells,), which hold ink.
    """
    anything = classes / classes.sum(axis=1, keepdims=True)
    return np.where(inked[:, None], (1 - _MISREAD) * posteriors + _MISREAD * anything, posteriors)


def as_words(posteriors: Chances, words: str) -> Chances:
    """What the cells of a comb most likely hold, with what its word list says of them: (cells, CLASSES)."""
    out = posteriors.copy()
    for start, word in _words_of("".join(map(character, posteriors.argmax(axis=1)))):
        mine = slice(start, start + len(word))
        inks = posteriors[mine, LETTERS]
        told = _Slot.of(inks + _MISREAD / _ANY, words).letters()
        out[mine, LETTERS] = inks.sum(axis=1, keepdims=True) * told
    return out


def with_words(posteriors: Chances, entries: Sequence[Entry], words: str) -> tuple[Entry, ...]:
    """The entries of a comb, scored anew by a word list, the ink's best still first, and known words beside them.

    Args:
        posteriors: (cells, CLASSES), each row sums to 1.
        entries: best first, as `decode.best_entries` gives them.
        words: the name of a list, see `forms.reference.WORD_LISTS`.

    Returns:
        The first entry, then all others and their like from the list, best first; scores are log probabilities.
    """
    letters = np.maximum(posteriors[:, LETTERS], _NEVER)
    slots: dict[tuple[int, int], _Slot] = {}

    def slot(start: int, word: str) -> _Slot:
        end = start + len(word)
        if (start, end) not in slots:
            slots[start, end] = _Slot.of(letters[start:end], words)
        return slots[start, end]

    inks = {entry.raw: entry.score for entry in entries}
    best = entries[0].raw
    for start, word in _words_of(best):
        own = float(np.log(letters[start + np.arange(len(word)), _letters(word)]).sum())
        for other, ink in slot(start, word).nearest().items():
            raw = best[:start] + other + best[start + len(word) :]
            inks.setdefault(raw, inks[best] + ink - own)
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


def _letters(word: str) -> NDArray[np.intp]:
    return np.array([CHARACTERS.index(c) for c in word], np.intp) - LETTERS.start


@lru_cache(maxsize=128)
def _list(words: str, length: int) -> tuple[dict[str, int], NDArray[np.intp]]:
    """The words of a list that have so many letters, each with its row, and their letters (n, length)."""
    parts = sorted({part for entry in reference.words(words) for _, part in _words_of(entry)})
    fit = [part for part in parts if len(part) == length]
    rows = np.array([_letters(part) for part in fit], np.intp).reshape(-1, length)
    return {part: i for i, part in enumerate(fit)}, rows
