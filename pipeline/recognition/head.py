"""What an office's own hands add to the first reader: its last layer, refitted on cells that people confirmed.

The shipped net stays as it is. A head moves the chances of the characters among each other by what the net's last
hidden layer saw; how likely a cell is blank or crossed out stays as the net says.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.outputs import whole
from pipeline.recognition.alphabet import BLANK

_TINY: Final = 1e-300


@dataclass(frozen=True, slots=True)
class Card:
    """How a head came about.

    Attributes:
        parent: version of the shipped reader that it belongs to.
        made: date, ISO 8601.
        cells: confirmed cells that it was fitted on.
        sheets: from how many sheets.
        held_out: cells that it was judged on.
        strength: how strongly it was held to the shipped weights, see `recognition.refit`.
    """

    parent: str
    made: str
    cells: int
    sheets: int
    held_out: int
    strength: float


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """A change of the first reader's last layer; picklable.

    Attributes:
        weights: float32 (H, BLANK), added to the last layer's, in units of its calibrated logits.
        bias: float32 (BLANK,).
    """

    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    card: Card

    @property
    def version(self) -> str:
        """The first 8 digits of the SHA-256 of its numbers."""
        return hashlib.sha256(self.weights.tobytes() + self.bias.tobytes()).hexdigest()[:8]

    def weigh(self, posteriors: NDArray[np.float64], hidden: NDArray[np.float32]) -> NDArray[np.float64]:
        """The posteriors with the characters weighed anew.

        Args:
            posteriors: (N, CLASSES), rows sum to 1, by the shipped reader.
            hidden: (N, H), its last hidden layer.
        """
        before = posteriors[:, :BLANK]
        push = (hidden @ self.weights + self.bias).astype(np.float64)
        push -= np.where(before > 0, push, -np.inf).max(axis=1, keepdims=True, initial=-1e9)
        after = before * np.exp(np.minimum(push, 0))
        after *= before.sum(axis=1, keepdims=True) / np.maximum(after.sum(axis=1, keepdims=True), _TINY)
        return np.concatenate([after, posteriors[:, BLANK:]], axis=1)


def save_head(path: Path, head: Head) -> None:
    """Writes a head, whole or not at all; numbers and card, no ink and no values.

    Raises:
        UsageError: it cannot be written there.
        OSError: the disk is full, or gave up.
    """
    with whole(path) as part, part.open("wb") as stream:
        np.savez(stream, weights=head.weights, bias=head.bias, card=np.array(json.dumps(asdict(head.card))))


def load_head(path: Path) -> Head:
    """The head of a file.

    Raises:
        OSError: the file cannot be read.
        ValueError: it holds something else.
    """
    with np.load(path, allow_pickle=False) as file:
        card = Card(**json.loads(str(file["card"])))
        return Head(file["weights"], file["bias"], card)
