"""The first reader: a small CNN that gives every cell a distribution over characters, blank and crossed out."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

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


Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What the net makes of N cells.

    Attributes:
        posteriors: (N, CLASSES), rows sum to 1.
        hidden: float32 (N, H), the layer before the last; zeros for cells without ink.
    """

    posteriors: Floats
    hidden: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class CellReader:
    """An ONNX session and the temperature that calibrates its logits (Guo et al. 2017)."""

    session: ort.InferenceSession
    temperature: float
    version: str

    def posteriors(self, ink: CellInk, allowed: NDArray[np.bool_]) -> Floats:
        """Distributions (N, CLASSES) over the classes that `allowed` (N, CLASSES) leaves to each cell."""
        out, inked = _uninked(ink, allowed)
        if inked.any():
            out[inked] = self._chances(self._run(ink, inked, "logits")[0], allowed[inked])
        return out

    def see(self, ink: CellInk, allowed: NDArray[np.bool_]) -> Seen:
        """`posteriors`, and the hidden layer by which a learnt head weighs them.

        Raises:
            MissingPartError: the model file does not give its hidden layer.
        """
        outputs = {output.name: output for output in self.session.get_outputs()}
        if "hidden" not in outputs:
            raise MissingPartError(
                Text(
                    "Berkas model ini belum mendukung sotarsa learn. Pasang ulang Sotarsa dengan: make setup",
                    "This model file does not support sotarsa learn. Install Sotarsa again with: make setup",
                )
            )
        out, inked = _uninked(ink, allowed)
        hidden = np.zeros((len(out), int(outputs["hidden"].shape[1])), np.float32)
        if inked.any():
            logits, hidden[inked] = self._run(ink, inked, "logits", "hidden")
            out[inked] = self._chances(logits, allowed[inked])
        return Seen(out, hidden)

    def _run(self, ink: CellInk, inked: NDArray[np.bool_], *outputs: str) -> list[NDArray[np.float32]]:
        """The net's outputs for the cells that hold ink, `_AT_ONCE` in a run."""
        images, place = ink.images[inked], ink.place[inked]
        runs = [
            self.session.run(
                list(outputs), {"images": images[i : i + _AT_ONCE], "place": place[i : i + _AT_ONCE]}
            )
            for i in range(0, len(images), _AT_ONCE)
        ]
        return [np.concatenate(parts) for parts in zip(*runs, strict=True)]

    def _chances(self, logits: NDArray[np.float32], allowed: NDArray[np.bool_]) -> Floats:
        scaled = np.where(allowed, logits.astype(np.float64) / self.temperature, -np.inf)
        scaled -= scaled.max(axis=1, keepdims=True)
        weights = np.exp(scaled)
        return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _uninked(ink: CellInk, allowed: NDArray[np.bool_]) -> tuple[Floats, NDArray[np.bool_]]:
    """Distributions (N, CLASSES) of cells without ink, zeros for the others, and which those are (N,)."""
    out = np.zeros((len(ink.images), CLASSES))
    inked = ink.amount > 0
    out[~inked, BLANK] = _CERTAIN_BLANK
    out[~inked] += (
        (1 - _CERTAIN_BLANK) * allowed[~inked] / np.maximum(allowed[~inked].sum(1, keepdims=True), 1)
    )
    return out, inked


def open_session(path: Path, exchanged: Mapping[str, ort.OrtValue] | None = None) -> ort.InferenceSession:
    """An ONNX model on the processor, with one thread unless `SOTARSA_READER_THREADS` says otherwise.

    `exchanged` holds weights that take the place of the file's own, by name; they must outlive the session.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = int(os.environ.get("SOTARSA_READER_THREADS", "1"))
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    for name, value in (exchanged or {}).items():
        options.add_initializer(name, value)
    return ort.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])


def version_of(folder: Path = MODELS) -> str:
    """The version of the first reader in a folder, by its card."""
    return str(_card(folder)["version"])


def _card(folder: Path) -> dict[str, Any]:
    card: dict[str, Any] = json.loads((folder / "cells.json").read_text(encoding="utf-8"))
    return card


@lru_cache(maxsize=1)
def cell_reader() -> CellReader:
    """The reader that ships; loaded once a process.

    Raises:
        MissingPartError: the model file is not there.
    """
    return open_reader(MODELS)


def open_reader(folder: Path) -> CellReader:
    """The reader whose weights and card lie in a folder, as they are now.

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
    return CellReader(open_session(path), float(_card(folder)["temperature"]), version_of(folder))
