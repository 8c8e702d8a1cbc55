"""Hands between two hands: writers that nobody collected, from the strokes of those that somebody did.

Two writers who make a character of the same strokes make it in the same way; what lies between their strokes, or a
little beyond, is how a third one would. New hands on the line between two are to handwriting what mixing examples is
to pictures (Zhang et al., "mixup", ICLR 2018), but stay handwriting, since strokes are mixed and not ink.
"""

from dataclasses import dataclass
from itertools import permutations
from typing import Final

import numpy as np

from pipeline.training.hands import Floats, Glyph, Hand, Strokes

_POINTS: Final = 24
"""Along each stroke."""
_MOST_STROKES: Final = 4
_FAR: Final = 0.24
"""In shares of the glyph's side: strokes further apart than this, on average, are another way to write it."""


@dataclass(frozen=True, slots=True)
class Between:
    """The hand that lies `share` of the way from one hand to another, wherever both write alike.

    Attributes:
        share: 0 is `own`, 1 is `other`; a little below 0 and above 1 lies beyond them.
    """

    own: Hand
    other: Hand
    share: float

    @property
    def id(self) -> str:
        """See `Hand`."""
        return f"{self.own.id}~{self.other.id}"

    @property
    def characters(self) -> str:
        """See `Hand`."""
        return self.own.characters

    @property
    def weight(self) -> float:
        """See `Hand`."""
        return self.own.weight

    def has(self, char: str) -> bool:
        """See `Hand`."""
        return self.own.has(char)

    def glyph(self, char: str, rng: np.random.Generator) -> Glyph:
        """See `Hand`; the own hand's glyph where the two write otherwise."""
        glyph = self.own.glyph(char, rng)
        if not isinstance(glyph, Strokes) or not self.other.has(char):
            return glyph
        other = self.other.glyph(char, rng)
        if not isinstance(other, Strokes):
            return glyph
        return between(glyph, other, self.share) or glyph


def between(one: Strokes, other: Strokes, share: float) -> Strokes | None:
    """The glyph `share` of the way from one to another; None where they are not made of like strokes."""
    n = len(one.ends)
    if n != len(other.ends) or n > _MOST_STROKES:
        return None
    a, b = _even(one), _even(other)
    like, met = _framed(a), _framed(b)
    # Which stroke answers to which, and whether it was drawn the other way round.
    ways, seen = np.stack([b, b[:, ::-1]]), np.stack([met, met[:, ::-1]])
    apart = np.linalg.norm(like[None, :, None] - seen[:, None], axis=-1).mean(axis=-1)
    nearest, way = apart.min(axis=0), apart.argmin(axis=0)
    order = min(permutations(range(n)), key=lambda p: sum(nearest[i, j] for i, j in enumerate(p)))
    if np.mean([nearest[i, j] for i, j in enumerate(order)]) > _FAR:
        return None
    goal = np.stack([ways[way[i, j], j] for i, j in enumerate(order)])
    points = a + np.float32(share) * (goal - a)
    return Strokes(points.reshape(-1, 2), tuple(_POINTS * (i + 1) for i in range(n)))


def _framed(strokes: Floats) -> Floats:
    """The same strokes in a box of side 1, their narrow side at least half as long as the other."""
    low, high = strokes.min(axis=(0, 1)), strokes.max(axis=(0, 1))
    size = high - low
    framed: Floats = (strokes - (low + high) / 2) / np.maximum(size, 0.5 * size.max() + 1e-6)
    return framed


def _even(glyph: Strokes) -> Floats:
    """Each stroke as points at even steps along it: (strokes, _POINTS, 2)."""
    out = np.empty((len(glyph.ends), _POINTS, 2), np.float32)
    for stroke, line in zip(out, glyph.lines(), strict=True):
        steps = np.linalg.norm(np.diff(line, axis=0), axis=1)
        along = np.concatenate([[0.0], np.cumsum(steps)])
        at = np.linspace(0, along[-1], _POINTS)
        for axis in (0, 1):
            stroke[:, axis] = np.interp(at, along, line[:, axis])
    return out
