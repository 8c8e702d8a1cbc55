"""The second reader: PP-OCRv6 small, a line recogniser trained by others on other hands, for cells in doubt.

Its ONNX file (Apache-2.0) comes inside the `rapidocr` package and is run directly: the doubtful cells of a page are
pasted closely into short lines, and each CTC frame speaks for the slot that it lies in. What it says is weighed
into the first reader's posterior as one more piece of evidence. Without the file more goes to review.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from pipeline.recognition.alphabet import BLANK, CHARACTERS
from pipeline.recognition.cells import INK_SIZE, SIZE
from pipeline.recognition.reader import open_session

DOUBT: Final = 0.97
"""A cell that the first reader gives less than this is shown to the second."""
_WEIGHT: Final = 0.2
"""How much the second reader's log likelihood counts; fitted on the calibration writers."""
_NEVER: Final = 1e-6
_LINE: Final = 8
_AT_ONCE: Final = 8 * _LINE
"""Cells in one run: a line's scores take 6 MB, and a page of nothing but doubtful cells has 100 lines."""
_HEIGHT: Final = 48
_SLOT: Final = 40
_INK: Final = 36
_SWITCH: Final = "SOTARSA_READERS"


@dataclass(frozen=True, slots=True, eq=False)
class SecondReader:
    """An ONNX session and which of its classes stand for each of our characters.

    Attributes:
        columns: for each of `alphabet.CHARACTERS`, the model's classes of the character and of its small letter.
    """

    session: ort.InferenceSession
    columns: tuple[tuple[int, ...], ...]

    def likelihoods(self, images: NDArray[np.uint8]) -> NDArray[np.float64]:
        """What each cell holds, by this reader alone.

        Args:
            images: uint8 (N, SIZE, SIZE), as `cells.CellInk` holds them.

        Returns:
            (N, len(CHARACTERS)), each at least 1e-6, not normalised.
        """
        parts = [self._likelihoods(images[i : i + _AT_ONCE]) for i in range(0, len(images), _AT_ONCE)]
        return np.concatenate(parts)

    def _likelihoods(self, images: NDArray[np.uint8]) -> NDArray[np.float64]:
        n = len(images)
        lines = -(-n // _LINE)
        x = _lines(images, lines)
        out = np.asarray(self.session.run(None, {self.session.get_inputs()[0].name: x})[0])
        # The best of the frames whose middle lies in a slot speaks for it.
        frames = out.shape[1] // _LINE
        best = out.reshape(lines * _LINE, frames, -1).max(axis=1)[:n]
        found = np.stack([best[:, list(column)].sum(axis=1) for column in self.columns], axis=1)
        return np.maximum(found.astype(np.float64), _NEVER)

    def weigh(
        self, posteriors: NDArray[np.float64], images: NDArray[np.uint8], allowed: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """The posteriors with this reader's evidence on the cells that are in doubt.

        How likely a cell is to be blank or crossed out stays as the first reader saw it.

        Args:
            posteriors: (N, CLASSES), rows sum to 1.
            images: uint8 (N, SIZE, SIZE).
            allowed: (N, CLASSES), what each cell may hold.
        """
        characters = posteriors[:, :BLANK]
        doubtful = np.flatnonzero((posteriors.max(axis=1) < DOUBT) & (characters.max(axis=1) > 1 - DOUBT))
        if not len(doubtful):
            return posteriors
        before = characters[doubtful]
        after = before * np.where(allowed[doubtful, :BLANK], self.likelihoods(images[doubtful]), 0) ** _WEIGHT
        after *= (before.sum(axis=1) / np.maximum(after.sum(axis=1), 1e-300))[:, None]
        out = posteriors.copy()
        out[doubtful, :BLANK] = after
        return out


def _lines(images: NDArray[np.uint8], lines: int) -> NDArray[np.float32]:
    """Pastes cells (N, SIZE, SIZE) into float32 (lines, 3, 48, w), ink -1 on paper 1."""
    size = round(SIZE * _INK / INK_SIZE)
    tall = cv2.resize(images.reshape(-1, SIZE), (size, len(images) * size), interpolation=cv2.INTER_LINEAR)
    ink = np.zeros((lines * _LINE, _HEIGHT, _SLOT), np.float32)
    top, left = (_HEIGHT - size) // 2, (size - _SLOT) // 2
    ink[: len(images), top : top + size] = tall.reshape(-1, size, size)[:, :, left : left + _SLOT]
    row = ink.reshape(lines, _LINE, _HEIGHT, _SLOT).transpose(0, 2, 1, 3).reshape(lines, 1, _HEIGHT, -1)
    return np.repeat(1 - row * np.float32(2 / 255), 3, axis=1)


def _columns(names: Sequence[str]) -> tuple[tuple[int, ...], ...]:
    places = {name: i for i, name in enumerate(names, 1)}
    return tuple(tuple(places[c] for c in dict.fromkeys((c, c.lower()))) for c in CHARACTERS)


def model_file() -> Path | None:
    """The model's file inside the `rapidocr` package, which is not imported for it."""
    spec = find_spec("rapidocr")
    places = spec.submodule_search_locations if spec else None
    files = [path for place in places or () for path in Path(place, "models").glob("PP-OCRv6_rec_small.onnx")]
    return files[0] if files else None


@lru_cache(maxsize=1)
def second_reader() -> SecondReader | None:
    """The second reader, loaded once a process; None where it is not installed or `SOTARSA_READERS=first`."""
    path = model_file()
    if path is None or os.environ.get(_SWITCH) == "first":
        return None
    session = open_session(path)
    names = session.get_modelmeta().custom_metadata_map["character"].split("\n")
    return SecondReader(session, _columns(names))


def readers() -> str:
    """Which calibration holds here: `both`, or `first` where the second reader is missing."""
    return "first" if second_reader() is None else "both"
