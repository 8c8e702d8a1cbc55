"""Writer adaptation: a page is by one hand, and how that hand writes a character tells how to read its others.

The reader's hidden layer holds each character as a point near the middle of its class, and each hand's characters near
a middle of their own, not far from that. The hand's middles are estimated from the whole page, each cell by what it
most likely holds, and every cell is read again against them (MAP adaptation: Gauvain and Lee 1994; Gaussian classes
within Gaussian hands as in PLDA: Prince and Elder 2007). A hand that writes every I like a J is found out by the words
that its I stand in, one whose 1 is a 7 by the area codes of its numbers.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import MissingPartError
from pipeline.language import Text
from pipeline.recognition.alphabet import KINDS
from pipeline.recognition.reader import MODELS, version_of

Floats = NDArray[np.float64]

NAMES: Final = ("digits", "letters")
PARTS: Final = ("middles", "axes", "spread")
"""What the file of models holds of each kind."""
_WEIGHT: Final = 0.04
"""How much the log likelihoods count: a cell's features are far from independent. Chosen on calibration writers."""
_MOST: Final = 3.0
"""Log odds that the hand moves at most: a character that is like none of its hand's may be a slip."""
_OF_ITS_KIND: Final = 0.5
_ONE_HAND: Final = 5.0
"""By so much a character must be likelier, on average, for the page's others: of pages by one hand it is 8 to 50, of
lists that people fill in for themselves mostly less than nothing."""
_FEW: Final = 5
"""With fewer characters on a page nothing is said of the hand."""


@dataclass(frozen=True, slots=True, eq=False)
class WriterModel:
    """How far apart hands are, for one kind of characters; in coordinates where one hand's own spread is 1.

    Attributes:
        middles: (C, K), of each class over all hands.
        axes: (H, K), from the hidden layer to those coordinates.
        spread: (K,), variance of the hands' middles around that of the class.
    """

    middles: Floats
    axes: Floats
    spread: Floats

    def gain(self, hidden: NDArray[np.float32], labels: Floats, kin: NDArray[np.int64]) -> Floats:
        """By how much likelier each character is in this hand than in any, log (N, C).

        Args:
            hidden: (N, H) of the page's characters.
            labels: (N, C), what each most likely holds.
            kin: (N,), characters with the same number tell nothing of each other.
        """
        points = hidden.astype(np.float64) @ self.axes
        whole, anywhere = labels.sum(axis=0), 1 + self.spread
        found = np.empty(labels.shape)
        # One class after the other: what all of them take together does not fit the processor's cache.
        for c, middle in enumerate(self.middles):
            off = points - middle
            weighed = labels[:, c, None] * off
            left = 1 / (1 + (whole[c] - _of_kin(labels[:, c, None], kin)) * self.spread)
            moved = self.spread * left * (weighed.sum(axis=0) - _of_kin(weighed, kin))
            here = 1 + self.spread * left
            found[:, c] = (off**2 / anywhere - (off - moved) ** 2 / here - np.log(here)).sum(axis=1)
        return np.asarray(0.5 * (found + np.log(anywhere).sum()))


def _of_kin(values: Floats, kin: NDArray[np.int64]) -> Floats:
    """The sum (N, K) of the values (N, K) that have the same number."""
    sums = np.zeros((int(kin.max()) + 1, values.shape[1]))
    if len(sums) == len(values):
        return values
    np.add.at(sums, kin, values)
    return np.asarray(sums[kin])


def adapted(
    posteriors: Floats,
    labels: Floats,
    hidden: NDArray[np.float32],
    written: NDArray[np.bool_],
    entries: NDArray[np.int64],
    kin: NDArray[np.int64] | None = None,
) -> Floats:
    """The posteriors of a page's cells, read by the hand that wrote them all.

    Where the page's characters are no likelier for each other several hands wrote it, and nothing is assumed; nor of
    an entry whose own are less likely for the others.

    Args:
        posteriors: (N, CLASSES), rows sum to 1.
        labels: (N, CLASSES), the same with what is known of the entries they stand in.
        hidden: float32 (N, H), the first reader's hidden layer.
        written: bool (N,), which cells hold handwriting.
        entries: (N,), the number of the comb that each cell belongs to.
        kin: (N,), drawn cells with the same number are copies of one sample, which a real page does not hold: they
            tell nothing of each other. None: each is by itself.
    """
    out = posteriors.copy()
    for kind, model in zip(KINDS, writer_models(), strict=True):
        among = np.flatnonzero(written & (posteriors[:, kind].sum(axis=1) > _OF_ITS_KIND))
        if len(among) < _FEW:
            continue
        own = np.arange(len(among)) if kin is None else np.unique(kin[among], return_inverse=True)[1]
        mass = posteriors[among, kind].sum(axis=1, keepdims=True)
        known = labels[among, kind]
        gain = model.gain(hidden[among], known, own)
        fits = (known * gain).sum(axis=1)
        if fits.sum() < _ONE_HAND * known.sum():
            continue
        alien = np.bincount(entries[among], fits)[entries[among]] < 0
        told = np.maximum(_WEIGHT * (gain - gain.max(axis=1, keepdims=True)), -_MOST)
        told[alien] = 0
        weighed = posteriors[among, kind] * np.exp(told)
        out[among, kind] = mass * weighed / weighed.sum(axis=1, keepdims=True)
    return out


@lru_cache(maxsize=2)
def writer_models(folder: Path = MODELS) -> tuple[WriterModel, ...]:
    """The models of digits and of letters that belong to a folder's first reader; see `pipeline.training.writers`.

    Raises:
        MissingPartError: they are not there, or belong to another reader.
    """
    path = folder / "writers.npz"
    if not path.is_file():
        raise MissingPartError(_other(path))
    with np.load(path, allow_pickle=False) as file:
        if str(file["reader"]) != version_of(folder):
            raise MissingPartError(_other(path))
        return tuple(
            WriterModel(*(file[f"{kind}_{part}"].astype(np.float64) for part in PARTS)) for kind in NAMES
        )


def _other(path: Path) -> Text:
    return Text(
        f"Berkas model {path} tidak ada atau milik model lain. Pasang ulang Sotarsa dengan: make setup",
        f"The model file {path} is missing or belongs to another model. Install Sotarsa again with: make setup",
    )
