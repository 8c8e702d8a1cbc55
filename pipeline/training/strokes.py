"""What people draw that is no writing: marks in tick boxes, filled boxes, signatures, thumbprints.

Marks stand around their middle and are 1 high where the box is; signatures and thumbprints likewise.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.training.hands import Floats, Mask, Strokes


def mark(way: str, rng: np.random.Generator) -> Strokes:
    """A `tick`, `cross`, `slash` or `scribble` that stands in, and a little over, its box."""
    reach = float(rng.uniform(0.34, 0.62))
    lines: list[list[tuple[float, float]]]
    if way == "tick":
        lines = [[(-0.8 * reach, 0.0), (-0.2 * reach, 0.75 * reach), (1.15 * reach, -1.1 * reach)]]
    elif way == "cross":
        lines = [[(-reach, -reach), (reach, reach)], [(reach, -reach), (-reach, reach)]]
    elif way == "slash":
        lines = [[(-reach, reach), (reach, -reach)]]
    else:
        turns = int(rng.integers(4, 7))
        lines = [[((-1) ** i * reach * 0.8, reach * (2 * i / (turns - 1) - 1)) for i in range(turns)]]
    return _joined([np.array(line) + rng.normal(0, 0.045, (len(line), 2)) for line in lines])


def filled(rng: np.random.Generator) -> Strokes:
    """A box blackened by a dense zigzag both ways: cancelled."""
    turns = 17
    zigzag = np.stack([np.tile([-0.42, 0.42], turns)[:turns], np.linspace(-0.42, 0.42, turns)], axis=1)
    return _joined([one + rng.normal(0, 0.025, one.shape) for one in (zigzag, zigzag[:, ::-1])])


def signature(rng: np.random.Generator, aspect: float) -> Strokes:
    """A smooth scribble of loops that runs from left to right, about `aspect` as wide as it is high."""
    steps = np.linspace(0, 1, 90)
    wide = min(aspect, 4.0) * float(rng.uniform(0.5, 0.95))
    loops = float(rng.uniform(3, 7))
    envelope = np.interp(
        steps, np.linspace(0, 1, 7), rng.uniform(0.15, 0.5, 7) * np.array([1.2, 1, 1, 1, 1, 0.7, 0.4])
    )
    phase = rng.uniform(0, 2 * np.pi, 3)
    y = envelope * np.sin(2 * np.pi * loops * steps + phase[0]) + 0.08 * np.sin(2 * np.pi * steps + phase[1])
    x = wide * (steps - 0.5) + 0.45 * envelope * np.cos(2 * np.pi * loops * steps + phase[0] + 0.6)
    lines = [np.stack([x, y], axis=1)]
    if rng.random() < 0.5:
        lines.append(np.array([[-0.45 * wide, 0.3], [0.1 * wide, 0.22], [0.5 * wide, rng.uniform(0.0, 0.3)]]))
    return _joined(lines)


def thumbprint(rng: np.random.Generator) -> Mask:
    """An inked thumb: whorled ridges in an oval, patchy."""
    high, wide = 240, 180
    y, x = np.mgrid[0:high, 0:wide].astype(np.float32)
    u, v = (x - wide / 2) / (wide / 2), (y - high / 2) / (high / 2)
    bend = cv2.resize(
        rng.standard_normal((5, 4)).astype(np.float32), (wide, high), interpolation=cv2.INTER_CUBIC
    )
    ridges = 0.5 + 0.5 * np.sin(2 * np.pi * (11 * np.hypot(u, 0.8 * (v - 0.1)) + 0.35 * bend))
    patchy = cv2.resize(
        rng.uniform(0.45, 1.0, (9, 7)).astype(np.float32), (wide, high), interpolation=cv2.INTER_CUBIC
    )
    inside = np.clip((1 - np.hypot(u, v)) * 6, 0, 1)
    picture = np.clip(inside * patchy * (0.25 + 0.75 * ridges) * 255, 0, 255).astype(np.uint8)
    return Mask(picture, float(high), high / 2, wide / 2)


def _joined(lines: Sequence[NDArray[np.float64]]) -> Strokes:
    arrays: list[Floats] = [line.astype(np.float32) for line in lines]
    return Strokes(
        np.concatenate(arrays), tuple(int(end) for end in np.cumsum([len(line) for line in arrays]))
    )
