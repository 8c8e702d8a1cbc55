"""The first reader: a small CNN that gives every cell a distribution over characters, blank and crossed out."""

import json
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from pipeline.errors import MissingPartError
from pipeline.language import Text
from pipeline.recognition.alphabet import BLANK, CLASSES
from pipeline.recognition.cells import CellInk

MODELS: Final = Path(__file__).parent / "models"

_AT_ONCE: Final = 128
"""Cells in one run of the net: its memory grows with them, and a full page has 900."""
_CERTAIN_BLANK: Final = 1 - 1e-9
"""A cell without any ink is empty, however many of them a comb has."""


@dataclass(frozen=True, slots=True, eq=False)
class CellReader:
    """An ONNX session and the temperature that calibrates its logits (Guo et al. 2017)."""

    session: ort.InferenceSession
    temperature: float
    version: str

    def posteriors(self, ink: CellInk, allowed: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Distributions (N, CLASSES) over the classes that `allowed` (N, CLASSES) leaves to each cell."""
        out = np.zeros((len(ink.images), CLASSES))
        inked = ink.amount > 0
        out[~inked, BLANK] = _CERTAIN_BLANK
        out[~inked] += (
            (1 - _CERTAIN_BLANK) * allowed[~inked] / np.maximum(allowed[~inked].sum(1, keepdims=True), 1)
        )
        if inked.any():
            logits = self._logits(ink.images[inked], ink.place[inked])
            scaled = np.where(allowed[inked], logits.astype(np.float64) / self.temperature, -np.inf)
            scaled -= scaled.max(axis=1, keepdims=True)
            weights = np.exp(scaled)
            out[inked] = weights / weights.sum(axis=1, keepdims=True)
        return out

    def _logits(self, images: NDArray[np.uint8], place: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scores (N, CLASSES) of cells, `_AT_ONCE` in a run."""
        runs = [
            self.session.run(None, {"images": images[i : i + _AT_ONCE], "place": place[i : i + _AT_ONCE]})[0]
            for i in range(0, len(images), _AT_ONCE)
        ]
        return np.concatenate([np.asarray(run, np.float32) for run in runs])


def open_session(path: Path) -> ort.InferenceSession:
    """An ONNX model on the processor, with one thread unless `SOTARSA_READER_THREADS` says otherwise."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = int(os.environ.get("SOTARSA_READER_THREADS", "1"))
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return ort.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])


@lru_cache(maxsize=2)
def cell_reader(folder: Path = MODELS) -> CellReader:
    """The reader whose weights and card lie in a folder; loaded once a process.

    Raises:
        MissingPartError: the model file is not there.
    """
    path = folder / "cells.onnx"
    if not path.is_file():
        raise MissingPartError(
            Text(
                f"Berkas model {path} tidak ada. Pasang ulang Sotarsa dengan: make setup",
                f"The model file {path} is missing. Install Sotarsa again with: make setup",
            )
        )
    card = json.loads((folder / "cells.json").read_text(encoding="utf-8"))
    return CellReader(open_session(path), float(card["temperature"]), str(card["version"]))
