"""Writes labelled cells that training never saw: `python -m pipeline.training.held_out ../shared/data --out FOLDER`.

`mnist.npz`: the last 10,000 of MNIST's training images. `unipen-digits.npz`, `unipen-capitals.npz`: every character
of the test writers, labels as they are, drawn once with a plain ballpoint on clean paper (`--checked` leaves out those
whose label is known or likely to be wrong, as training does). `pipeline.training.evaluate` reads them.
"""

import argparse
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.training.evaluate import ALPHABETS, Labelled
from pipeline.training.hands import load_mnist, load_unipen, split_of
from pipeline.training.pen import PenStyle, draw

_SIDE: Final = 64
_PX_PER_MM: Final = 300 / 25.4
_CAPITAL_MM: Final = 4.0
_BALLPOINT_MM: Final = 0.5
_SEED: Final = 20261124


def mnist(data: Path) -> Labelled:
    """MNIST's held-out images; who wrote them is not known."""
    held = load_mnist(data, "test")
    return Labelled(held.images, held.labels.astype(str), np.full(len(held.labels), "mnist"))


def unipen(data: Path, characters: str, checked: bool) -> Labelled:
    """The test writers' characters, each drawn once into the middle of 64 × 64 px at 300 dpi, ink dark."""
    rng = np.random.default_rng(_SEED)
    style = PenStyle.plain(_BALLPOINT_MM)
    images, labels, writers = [], [], []
    for writer, hand in load_unipen(data, characters=characters, as_labelled=not checked).items():
        if split_of(writer) != "test":
            continue
        for char, glyphs in hand.glyphs.items():
            for glyph in glyphs:
                ink = draw(glyph, _PX_PER_MM, _CAPITAL_MM, style, rng, widest_mm=5.0).ink
                images.append(_framed(ink))
                labels.append(char)
                writers.append(writer)
    return Labelled(np.stack(images), np.array(labels), np.array(writers).astype(str))


def save(path: Path, cells: Labelled) -> None:
    """Writes labelled cells as `evaluate.load` reads them."""
    np.savez_compressed(path, x=cells.images, y=cells.labels, source=cells.groups)


def _framed(ink: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Ink (h, w) in the middle of a white square, made smaller where it would not fit."""
    page = np.zeros((_SIDE, _SIDE), np.float32)
    shrink = min(1.0, _SIDE / max(ink.shape))
    if shrink < 1:
        small = cv2.resize(ink, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
        ink = np.asarray(small[:_SIDE, :_SIDE], np.float32)
    h, w = ink.shape
    top, left = (_SIDE - h) // 2, (_SIDE - w) // 2
    page[top : top + h, left : left + w] = ink
    return np.round(255 * (1 - page)).astype(np.uint8)


def main() -> None:
    """Command line; see the module."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument(
        "--checked", action="store_true", help="leave out labels that are known or likely to be wrong"
    )
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    save(arguments.out / "mnist.npz", mnist(arguments.data))
    for kind in ("digits", "capitals"):
        cells = unipen(arguments.data, ALPHABETS[kind], arguments.checked)
        save(arguments.out / f"unipen-{kind}.npz", cells)


if __name__ == "__main__":
    main()
