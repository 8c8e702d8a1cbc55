"""The second reader: what PP-OCRv6 small, trained by others on other hands, sees in the cells that are in doubt.

Its ONNX file (Apache-2.0) comes inside the `rapidocr` package and is not changed. Its last layer, which tells 18,710
signs apart, is exchanged for the identity as the file is opened, so that it gives what it sees in each frame of a line
(120 numbers) and a small head of our own, trained on our cells, tells what that means (features of a net trained
elsewhere and a new head: Donahue et al., "DeCAF", ICML 2014). The doubtful cells of a page are pasted closely into
short lines; each frame speaks for the slot that it lies in. What the head says is weighed with the first reader's
posterior. Without the file more goes to review.
"""

import hashlib
import json
import os
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from pipeline.recognition.cells import INK_SIZE, SIZE
from pipeline.recognition.reader import MODELS, open_session

DOUBT: Final = 0.97
"""A cell that the first reader gives less than this is shown to the second."""
SEEN: Final = 120
"""What the model sees of a frame, numbers."""
FRAMES: Final = 4
"""Frames of a slot."""
_LAYER: Final = ("linear_8.w_0", "linear_8.b_0")
"""The weights and the bias of the model's last layer."""
_GENTLE: Final = 0.25
"""The model ends in a softmax, from which what it saw is told again; so scaled, nothing is too small for 32 bits."""
_LINE: Final = 8
_AT_ONCE: Final = 8 * _LINE
_HEIGHT: Final = 48
_SLOT: Final = 32
_INK: Final = 30
_SWITCH: Final = "SOTARSA_READERS"

Floats = NDArray[np.float64]
Narrow = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """The model without its last layer.

    Attributes:
        session: gives a softmax over `SEEN` numbers and a zero for each frame.
        layer: what stands in place of its last layer; must live as long as the session.
    """

    session: ort.InferenceSession
    layer: tuple[ort.OrtValue, ort.OrtValue]

    def features(self, images: NDArray[np.uint8]) -> Narrow:
        """What the model sees in each cell, float32 (N, FRAMES * SEEN).

        Args:
            images: uint8 (N, SIZE, SIZE), as `cells.CellInk` holds them.
        """
        parts = [self._features(images[i : i + _AT_ONCE]) for i in range(0, len(images), _AT_ONCE)]
        return np.concatenate(parts)

    def _features(self, images: NDArray[np.uint8]) -> Narrow:
        lines = -(-len(images) // _LINE)
        out = np.log(np.asarray(self.session.run(None, {"x": _lines(images, lines)})[0], np.float32))
        seen = (out[:, :, :SEEN] - out[:, :, SEEN:]) / np.float32(_GENTLE)
        return np.asarray(seen.reshape(lines * _LINE, FRAMES * SEEN)[: len(images)])


@dataclass(frozen=True, slots=True, eq=False)
class SecondReader:
    """The model's sight, the head that tells what it means, and how much each reader counts.

    Attributes:
        head: two dense layers, weights float32 (in, out) and bias (out,), a rectifier between them.
        counts: exponents of the first reader's posterior and of this one's where they are multiplied.
    """

    sight: Sight
    head: tuple[tuple[Narrow, Narrow], tuple[Narrow, Narrow]]
    counts: tuple[float, float]

    def posteriors(self, images: NDArray[np.uint8], allowed: NDArray[np.bool_]) -> Floats:
        """What each cell holds, by this reader alone: (N, CLASSES), rows sum to 1.

        Args:
            images: uint8 (N, SIZE, SIZE), as `cells.CellInk` holds them.
            allowed: bool (N, CLASSES), what each cell may hold.
        """
        (w1, b1), (w2, b2) = self.head
        logits = np.maximum(self.sight.features(images) @ w1 + b1, 0) @ w2 + b2
        return _chances(np.where(allowed, logits.astype(np.float64), -np.inf))

    def weigh(self, posteriors: Floats, images: NDArray[np.uint8], allowed: NDArray[np.bool_]) -> Floats:
        """The posteriors with this reader's evidence on the cells that are in doubt.

        Args:
            posteriors: (N, CLASSES), rows sum to 1, by the first reader.
            images: uint8 (N, SIZE, SIZE).
            allowed: bool (N, CLASSES), what each cell may hold.
        """
        doubtful = np.flatnonzero(posteriors.max(axis=1) < DOUBT)
        if not len(doubtful):
            return posteriors
        out = posteriors.copy()
        out[doubtful] = self.joined(
            posteriors[doubtful], self.posteriors(images[doubtful], allowed[doubtful])
        )
        return out

    def joined(self, first: Floats, second: Floats) -> Floats:
        """The product of both readers' posteriors (N, CLASSES), each to its exponent."""
        with np.errstate(divide="ignore"):
            return _chances(self.counts[0] * np.log(first) + self.counts[1] * np.log(second))


def _chances(logits: Floats) -> Floats:
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _lines(images: NDArray[np.uint8], lines: int) -> Narrow:
    """Pastes cells (N, SIZE, SIZE) into float32 (lines, 3, 48, w), ink -1 on paper 1."""
    size = round(SIZE * _INK / INK_SIZE)
    tall = cv2.resize(images.reshape(-1, SIZE), (size, len(images) * size), interpolation=cv2.INTER_LINEAR)
    ink = np.zeros((lines * _LINE, _HEIGHT, _SLOT), np.float32)
    top, left = (_HEIGHT - size) // 2, (size - _SLOT) // 2
    ink[: len(images), top : top + size] = tall.reshape(-1, size, size)[:, :, left : left + _SLOT]
    row = ink.reshape(lines, _LINE, _HEIGHT, _SLOT).transpose(0, 2, 1, 3).reshape(lines, 1, _HEIGHT, -1)
    return np.repeat(1 - row * np.float32(2 / 255), 3, axis=1)


def open_sight(path: Path) -> Sight:
    """The model of a file, its last layer exchanged for the identity."""
    weights = np.zeros((SEEN, SEEN + 1), np.float32)
    np.fill_diagonal(weights, _GENTLE)
    layer = (
        ort.OrtValue.ortvalue_from_numpy(weights),
        ort.OrtValue.ortvalue_from_numpy(np.zeros(SEEN + 1, np.float32)),
    )
    return Sight(open_session(path, dict(zip(_LAYER, layer, strict=True))), layer)


def model_file() -> Path | None:
    """The model's file inside the `rapidocr` package, which is not imported for it."""
    spec = find_spec("rapidocr")
    places = spec.submodule_search_locations if spec else None
    files = [path for place in places or () for path in Path(place, "models").glob("PP-OCRv6_rec_small.onnx")]
    return files[0] if files else None


@lru_cache(maxsize=1)
def second_reader(folder: Path = MODELS) -> SecondReader | None:
    """The second reader, loaded once a process.

    None where the model is not installed, is another than the head was trained on, or `SOTARSA_READERS=first`.
    """
    path, card_file = model_file(), folder / "second.json"
    if path is None or not card_file.is_file() or os.environ.get(_SWITCH) == "first":
        return None
    card = json.loads(card_file.read_text(encoding="utf-8"))
    if digest(path) != card["model"]:
        return None
    with np.load(folder / "second.npz", allow_pickle=False) as file:
        w1, b1, w2, b2 = (file[name].astype(np.float32) for name in ("w1", "b1", "w2", "b2"))
    return SecondReader(open_sight(path), ((w1, b1), (w2, b2)), (card["first"], card["second"]))


def digest(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def readers() -> str:
    """Which calibration holds here: `both`, or `first` where the second reader is missing."""
    return "first" if second_reader() is None else "both"
