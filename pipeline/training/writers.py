"""Fits how far apart hands are: `python -m pipeline.training.writers --data ../shared/data --out FOLDER`.

Every training writer's characters are drawn, each once, into cells with their printed lines, and seen by the first
reader. The scatter of its hidden layer within a hand and class, and between hands of one class, makes the models of
`recognition.adapt` (two-covariance PLDA; the axes make the one the identity and the other diagonal).
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.recognition.adapt import NAMES, PARTS, WriterModel
from pipeline.recognition.alphabet import CHARACTERS, KINDS, allowed
from pipeline.recognition.reader import CellReader, open_reader
from pipeline.training.hands import PenHand, Split, load_unipen, split_of
from pipeline.training.held_out import framed, in_the_middle
from pipeline.training.loose import loose_cells
from pipeline.training.pen import PenStyle, draw

_PX_PER_MM: Final = 300 / 25.4
_WIDEST_MM: Final = 5.0
_TALL_MM: Final = (3.3, 5.4)
_FEWEST: Final = 30
"""A writer with fewer characters of a kind is left out."""
_RIDGE: Final = 0.1
"""Share of the mean variance within a hand that is added in every direction."""
_SURE: Final = 2
"""Only hands with more samples of a class tell how far apart hands are."""


def fit(seen: list[tuple[NDArray[np.float32], NDArray[np.int64]]], classes: int) -> WriterModel:
    """The model of characters as several hands wrote them.

    Args:
        seen: for each hand, the hidden layer (N, H) and the class (N,) of its characters.
        classes: how many there are.
    """
    points = np.concatenate([hidden for hidden, _ in seen]).astype(np.float64)
    labels = np.concatenate([found for _, found in seen])
    hands = np.repeat(np.arange(len(seen)), [len(found) for _, found in seen])
    middles = np.stack([points[labels == c].mean(axis=0) for c in range(classes)])
    kinds, which, count = np.unique(hands * classes + labels, return_inverse=True, return_counts=True)
    own = np.zeros((len(kinds), points.shape[1]))
    np.add.at(own, which, points)
    own /= count[:, None]
    left = points - own[which]
    within = left.T @ left / (len(points) - len(kinds))
    within += _RIDGE * np.trace(within) / len(within) * np.eye(len(within))
    sure = count > _SURE
    off = own[sure] - middles[kinds[sure] % classes]
    # A mean of n samples lies off its hand's middle by the scatter within the hand over n; the ridge takes off more
    # where there is little of it, and little is known.
    between = off.T @ off / sure.sum() - within * np.mean(1 / count[sure])
    values, vectors = np.linalg.eigh(within)
    white = vectors / np.sqrt(values)
    spread, turn = np.linalg.eigh(white.T @ between @ white)
    axes = white @ turn
    return WriterModel(middles @ axes, axes, np.maximum(spread, 0))


def hands_seen(
    data: Path, reader: CellReader, split: Split, characters: str, seed: int
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.int64]]]:
    """What a first reader sees of all characters of each of the split's writers, each drawn once.

    Yields:
        For each writer the hidden layer (N, H) and the class (N,).
    """
    classes = allowed(characters)
    for writer, hand in load_unipen(data, characters=characters).items():
        if split_of(writer) != split or sum(map(len, hand.glyphs.values())) < _FEWEST:
            continue
        images, labels = _drawn(hand, np.random.default_rng([seed, writer]))
        ink = loose_cells(images)
        seen = reader.see(ink, np.repeat(classes[None], len(labels), axis=0))
        kept = ink.amount > 0
        yield seen.hidden[kept], labels[kept] - CHARACTERS.index(characters[0])


def _drawn(hand: PenHand, rng: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    style, tall = PenStyle.sample(rng), float(rng.uniform(*_TALL_MM))
    glyphs = [(CHARACTERS.index(char), glyph) for char, found in hand.glyphs.items() for glyph in found]
    drawn = [draw(glyph, _PX_PER_MM, tall, style, rng, widest_mm=_WIDEST_MM).ink for _, glyph in glyphs]
    return framed(np.stack([in_the_middle(ink) for ink in drawn]), rng), np.array([c for c, _ in glyphs])


def save(data: Path, folder: Path, seed: int) -> None:
    """Writes the models that belong to a folder's first reader beside it."""
    reader = open_reader(folder)
    parts: dict[str, NDArray[np.float32]] = {}
    for name, kind in zip(NAMES, KINDS, strict=True):
        seen = list(hands_seen(data, reader, "train", CHARACTERS[kind], seed))
        model = fit(seen, kind.stop - kind.start)
        parts |= {f"{name}_{part}": getattr(model, part).astype(np.float32) for part in PARTS}
    np.savez(folder / "writers.npz", allow_pickle=False, reader=np.array(reader.version), **parts)


def main() -> None:
    """Command line; see the module."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="where the first reader lies")
    parser.add_argument("--seed", type=int, default=20261129)
    arguments = parser.parse_args()
    save(arguments.data, arguments.out, arguments.seed)


if __name__ == "__main__":
    main()
