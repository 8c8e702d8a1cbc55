"""Ink on paper: laying drawn glyphs onto a page, printed lines, local habits of writing, and crossing out."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.training.hands import Floats, Glyph, Strokes
from pipeline.training.pen import Drawn


def lay(page: Floats, drawn: Drawn, x: int, y: int, darkness: float) -> None:
    """Lays ink with its origin at (x, y) px onto a page (H, W) of brightness 0..1, in place.

    Ink and paper multiply, as filters do; what lies beyond the page is cut off.
    """
    left, top = x + drawn.left, y + drawn.top
    h, w = drawn.ink.shape
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + w, page.shape[1]), min(top + h, page.shape[0])
    if x0 < x1 and y0 < y1:
        page[y0:y1, x0:x1] *= 1 - np.float32(darkness) * drawn.ink[y0 - top : y1 - top, x0 - left : x1 - left]


def rule(page: Floats, left: float, top: float, right: float, bottom: float, grey: float) -> None:
    """Prints a filled rectangle with edges at fractions of a px, in place; `grey` is its brightness."""
    x0, y0 = max(int(left), 0), max(int(top), 0)
    x1, y1 = min(int(np.ceil(right)), page.shape[1]), min(int(np.ceil(bottom)), page.shape[0])
    if x0 >= x1 or y0 >= y1:
        return
    x, y = np.arange(x0, x1), np.arange(y0, y1)
    across = np.clip(np.minimum(x + 1, right) - np.maximum(x, left), 0, 1)
    down = np.clip(np.minimum(y + 1, bottom) - np.maximum(y, top), 0, 1)
    cover = (down[:, None] * across[None]).astype(np.float32)
    page[y0:y1, x0:x1] *= 1 - np.float32(1 - grey) * cover


_HABITS: Final[dict[str, tuple[tuple[float, tuple[tuple[float, float], ...]], ...]]] = {
    "7": ((0.30, ((-0.22, -0.5), (0.26, -0.52))),),
    "1": (
        (0.22, ((0.03, -1.0), (-0.24, -0.72))),
        (0.12, ((-0.24, 0.0), (0.24, 0.0))),
    ),
    "0": ((0.02, ((0.24, -0.92), (-0.24, -0.08))),),
    "Z": ((0.12, ((-0.24, -0.5), (0.26, -0.52))),),
}
"""Strokes that some people add: the bar of a seven, the serif and foot of a one, the slash of a zero."""


def habits(rng: np.random.Generator) -> dict[str, tuple[Floats, ...]]:
    """Which strokes a writer adds to which characters."""
    return {
        char: tuple(np.array(line, np.float32) for chance, line in lines if rng.random() < chance)
        for char, lines in _HABITS.items()
    }


def closed_four(glyph: Glyph, rng: np.random.Generator) -> Glyph:
    """A four whose top is closed, as some hands write it: its left tip joined to the head of its stem."""
    if not isinstance(glyph, Strokes):
        return glyph
    points = glyph.points
    middle = float(np.median(points[:, 0]))
    left, right = points[points[:, 0] < middle], points[points[:, 0] >= middle]
    if not len(left):
        return glyph
    line = np.stack([left[left[:, 1].argmin()], right[right[:, 1].argmin()]])
    line += rng.normal(0, 0.03, line.shape).astype(np.float32)
    return Strokes(np.concatenate([points, line]), (*glyph.ends, glyph.ends[-1] + 2))


def with_habits(glyph: Glyph, added: tuple[Floats, ...], rng: np.random.Generator) -> Glyph:
    """The glyph with a writer's own strokes added; pictures stay as they are."""
    if not added or not isinstance(glyph, Strokes):
        return glyph
    # A one leans with its stem: its serif begins at the highest point, its foot stands under the lowest.
    top, foot = (glyph.points[i] for i in (glyph.points[:, 1].argmin(), glyph.points[:, 1].argmax()))
    lines = []
    for line in added:
        share = np.clip(-line[:, 1:], 0, 1)
        axis = foot * (1 - share) + top * share
        moved = axis + np.stack([line[:, 0], np.zeros(len(line), np.float32)], axis=1)
        if abs(float(top[0] - foot[0])) > 0.35:
            moved = line
        lines.append((moved + rng.normal(0, 0.025, moved.shape)).astype(np.float32))
    ends = [*glyph.ends]
    for line in lines:
        ends.append(ends[-1] + len(line))
    return Strokes(np.concatenate([glyph.points, *lines]), tuple(ends))


def crossing(rng: np.random.Generator) -> Strokes:
    """Strokes that cross a character out: one to three lines, a cross, a scribble, or a blackened cell."""
    way = int(rng.choice(5, p=[0.25, 0.2, 0.15, 0.25, 0.15]))
    lines: list[NDArray[np.float64]]
    if way == 0:
        slope = rng.uniform(-0.5, 0.5)
        lines = [np.array([[-0.55, -0.5 + slope], [0.55, -0.5 - slope]])]
    elif way == 1:
        slope = rng.uniform(-0.3, 0.3)
        lines = [
            np.array([[-0.55, y + slope], [0.55, y - slope]])
            for y in np.linspace(-0.75, -0.25, int(rng.integers(2, 4)))
        ]
    elif way == 2:
        lines = [np.array([[-0.5, -1.0], [0.5, 0.0]]), np.array([[0.5, -1.0], [-0.5, 0.0]])]
    else:
        turns = int(rng.integers(5, 9)) if way == 3 else int(rng.integers(11, 17))
        x = np.tile([-0.5, 0.5], turns)[:turns]
        y = np.linspace(-1.0, 0.05, turns)
        lines = [np.stack([x, y], axis=1)]
        if rng.random() < 0.5:
            across, down = np.linspace(-0.5, 0.5, turns), np.tile([-1.0, 0.05], turns)[:turns]
            lines.append(np.stack([across, down], axis=1))
    noisy = [(line + rng.normal(0, 0.05, line.shape)).astype(np.float32) for line in lines]
    ends = np.cumsum([len(line) for line in noisy])
    return Strokes(np.concatenate(noisy), tuple(int(end) for end in ends))
