"""A hand for tests: every character as plain strokes, without any file of handwriting."""

import numpy as np

from pipeline.recognition.alphabet import CHARACTERS
from pipeline.training.hands import PenHand, Strokes


def block_strokes(char: str) -> Strokes:
    """A shape that differs from character to character; marks stay small and in their place."""
    if char in ".,-/'":
        ends = {
            ".": ((0, -0.05), (0.02, 0)),
            ",": ((0.02, -0.1), (-0.05, 0.15)),
            "-": ((-0.2, -0.45), (0.2, -0.45)),
            "/": ((-0.25, 0.05), (0.25, -1.0)),
            "'": ((0.02, -1.0), (0, -0.75)),
        }[char]
        return Strokes(np.array(ends, np.float32), (2,))
    rng = np.random.default_rng(ord(char))
    stem = np.array([[0, -1.0], [0, 0]])
    rest = np.stack([rng.uniform(-0.3, 0.3, 3), rng.uniform(-1, 0, 3)], axis=1)
    lines = [stem] if char == "I" else [stem, rest]
    return Strokes(
        np.concatenate(lines).astype(np.float32), tuple(np.cumsum([len(one) for one in lines]).tolist())
    )


BLOCK = PenHand("block", {char: (block_strokes(char),) for char in CHARACTERS})
