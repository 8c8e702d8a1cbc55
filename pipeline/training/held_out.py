"""Writes labelled cells that training never saw: `python -m pipeline.training.held_out ../shared/data --out FOLDER`.

`mnist.npz`: the last 10,000 of MNIST's training images. `unipen-digits.npz`, `unipen-capitals.npz`: every character
of the test writers, labels as they are, drawn once with a plain ballpoint on clean paper (`--checked` leaves out those
whose label is known or likely to be wrong, as training does). `--framed` writes the same with their cells' printed
lines, cut inside, on or beyond them. `--others FILE …` adds the hands that others collected, drawn likewise.
`pipeline.training.evaluate` reads them.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.training.evaluate import ALPHABETS, Labelled
from pipeline.training.hands import PenHand, load_mnist, load_unipen, split_of
from pipeline.training.others import load_others
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
    """The test writers' characters, as `drawn` draws them."""
    hands = load_unipen(data, characters=characters, as_labelled=not checked)
    return drawn([hand for writer, hand in hands.items() if split_of(writer) == "test"], characters)


def drawn(hands: Sequence[PenHand], characters: str) -> Labelled:
    """The hands' characters, each drawn once into the middle of 64 × 64 px at 300 dpi, ink dark."""
    rng = np.random.default_rng(_SEED)
    style = PenStyle.plain(_BALLPOINT_MM)
    images, labels, writers = [], [], []
    for hand in hands:
        for char, glyphs in hand.glyphs.items():
            for glyph in glyphs if char in characters else ():
                ink = draw(glyph, _PX_PER_MM, _CAPITAL_MM, style, rng, widest_mm=5.0).ink
                images.append(in_the_middle(ink))
                labels.append(char)
                writers.append(hand.id.rpartition(":")[2])
    return Labelled(np.stack(images), np.array(labels), np.array(writers))


def framed(
    images: NDArray[np.uint8], rng: np.random.Generator, gaps: tuple[int, int] = (-1, 12)
) -> NDArray[np.uint8]:
    """Cells (N, H, W) with printed lines around each and its neighbours, a little turned, cut somewhere near them.

    Args:
        images: dark ink on white.
        rng: draws the lines' grey, width and turn, and where each cell is cut.
        gaps: least and most px by which it is cut beyond its lines.

    Returns:
        uint8 (N, H, W), scaled back to the size they had.
    """
    return np.stack([_framed_cell(image, rng, int(rng.integers(gaps[0], gaps[1] + 1))) for image in images])


def _framed_cell(image: NDArray[np.uint8], rng: np.random.Generator, gap: int) -> NDArray[np.uint8]:
    h, w = image.shape
    room = gap + 12
    page = cv2.copyMakeBorder(image, room, room, room, room, cv2.BORDER_CONSTANT, value=255)
    lines = np.full_like(page, 255)
    for k in (-1, 0, 1):
        corners = (room + k * w, room), (room + (k + 1) * w, room + h)
        cv2.rectangle(lines, *corners, int(rng.integers(20, 190)), int(rng.integers(1, 4)), cv2.LINE_AA)
    turn = cv2.getRotationMatrix2D((room + w / 2, room + h / 2), float(rng.uniform(-1.2, 1.2)), 1.0)
    page = np.minimum(page, cv2.warpAffine(lines, turn, page.shape[::-1], borderValue=255))
    top, left = np.round(room - gap + rng.normal(0, 1, 2)).astype(int)
    cut = page[top : top + h + 2 * gap, left : left + w + 2 * gap]
    return np.asarray(cv2.resize(cut, (w, h), interpolation=cv2.INTER_AREA), np.uint8)


def save(path: Path, cells: Labelled) -> None:
    """Writes labelled cells as `evaluate.load` reads them."""
    np.savez_compressed(path, x=cells.images, y=cells.labels, source=cells.groups)


def in_the_middle(ink: NDArray[np.float32]) -> NDArray[np.uint8]:
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
    parser.add_argument("--framed", action="store_true", help="with the printed lines of their cells")
    parser.add_argument(
        "--others", type=Path, nargs="*", default=(), help="files of `pipeline.training.others`"
    )
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    sets = {"mnist": mnist(arguments.data)}
    sets |= {path.name: drawn(load_others(path), ALPHABETS["all"]) for path in arguments.others}
    for kind in ("digits", "capitals"):
        sets[f"unipen-{kind}"] = unipen(arguments.data, ALPHABETS[kind], arguments.checked)
    if arguments.framed:
        # MNIST's digits have no cell.
        del sets["mnist"]
        rng = np.random.default_rng(_SEED)
        sets = {
            f"{name}-framed": replace(cells, images=framed(cells.images, rng)) for name, cells in sets.items()
        }
    for name, cells in sets.items():
        save(arguments.out / f"{name}.npz", cells)


if __name__ == "__main__":
    main()
