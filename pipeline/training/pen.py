"""Draws a glyph anew each time, as a pen of some kind would on paper."""

from dataclasses import dataclass, replace
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.training.hands import Glyph, Mask, Strokes

Floats = NDArray[np.float32]
Tool = Literal["ballpoint", "pencil", "felt"]

_FINE: Final = 2
"""Strokes are drawn this many times finer and averaged down, which gives soft edges."""
_SHIFT: Final = 4
"""Fixed-point bits of cv2's coordinates."""

_TOOLS: Final[tuple[Tool, ...]] = ("ballpoint", "pencil", "felt")
_TOOL_SHARES: Final = (0.68, 0.17, 0.15)
_WIDTHS_MM: Final[dict[Tool, tuple[float, float]]] = {
    "ballpoint": (0.3, 0.65),
    "pencil": (0.35, 0.8),
    "felt": (0.55, 1.2),
}
_DARKNESS: Final[dict[Tool, tuple[float, float]]] = {
    "ballpoint": (0.62, 0.95),
    "pencil": (0.4, 0.8),
    "felt": (0.75, 0.97),
}
_PRESSURE: Final[dict[Tool, float]] = {"ballpoint": 0.18, "pencil": 0.3, "felt": 0.06}


@dataclass(frozen=True, slots=True)
class PenStyle:
    """How one person writes on one sheet; single characters vary a little around it.

    Attributes:
        width_mm: of the line.
        darkness: share of the paper's light that full ink takes away.
        slant: shear, positive to the right.
        rotation: radians.
        aspect: width factor.
        wobble: smooth distortion, in shares of the character's height.
        pressure: how much lighter the line may become along its way, 0..1.
        breaks: chance a character has a gap in a stroke.
        retouch: chance that a stroke of it was drawn twice.
        loose: by how much each stroke strays from its place by itself, in shares of the character's height.
    """

    tool: Tool
    width_mm: float
    darkness: float
    slant: float
    rotation: float
    aspect: float
    wobble: float
    pressure: float
    breaks: float
    retouch: float
    loose: float = 0.0

    @classmethod
    def plain(cls, width_mm: float) -> "PenStyle":
        """A ballpoint in a steady hand."""
        return cls("ballpoint", width_mm, 0.9, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0)

    @classmethod
    def sample(cls, rng: np.random.Generator) -> "PenStyle":
        """A pen and a writer's mood."""
        tool = _TOOLS[int(rng.choice(len(_TOOLS), p=_TOOL_SHARES))]
        return cls(
            tool,
            width_mm=float(rng.uniform(*_WIDTHS_MM[tool])),
            darkness=float(rng.uniform(*_DARKNESS[tool])),
            slant=float(rng.normal(0, 0.12)),
            rotation=float(rng.normal(0, 0.04)),
            aspect=float(np.exp(rng.normal(0, 0.12))),
            wobble=float(rng.uniform(0.0, 0.035)),
            pressure=_PRESSURE[tool] * float(rng.uniform(0.4, 1.3)),
            breaks=float(rng.choice([0.0, 0.02, 0.08], p=[0.6, 0.3, 0.1])),
            retouch=float(rng.choice([0.0, 0.03], p=[0.6, 0.4])),
        )

    def varied(self, rng: np.random.Generator) -> "PenStyle":
        """The style as hands that nobody collected may have it: slanted further, or put together loosely."""
        far = float(rng.choice([1.0, 2.5], p=[0.7, 0.3]))
        return replace(
            self,
            slant=self.slant * far,
            aspect=self.aspect ** (1 + 0.4 * (far - 1)),
            loose=float(rng.choice([0.0, 0.02, 0.045], p=[0.4, 0.35, 0.25])),
        )

    def for_height(self, height_mm: float) -> "PenStyle":
        """The style with a line no wider than a sixth of a capital: nobody writes small with a thick pen."""
        return replace(self, width_mm=min(self.width_mm, height_mm / 6))


@dataclass(frozen=True, slots=True, eq=False)
class _Frame:
    """How capital heights become px: see `draw`."""

    matrix: Floats
    px_per_mm: float
    height_mm: float
    widest_mm: float
    shift_px: tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """Ink float32 (h, w) in 0..1, and where its top left px lies from the glyph's middle on the baseline."""

    ink: Floats
    left: int
    top: int


def draw(
    glyph: Glyph,
    px_per_mm: float,
    height_mm: float,
    style: PenStyle,
    rng: np.random.Generator,
    *,
    widest_mm: float = 100.0,
    shift_px: tuple[float, float] = (0.0, 0.0),
) -> Drawn:
    """Draws a glyph once.

    Args:
        glyph: what to write.
        px_per_mm: of the paper's picture.
        height_mm: of a capital.
        style: the writer's pen; the character varies around it.
        rng: source of that variation.
        widest_mm: a wider character is squeezed, as people do in a cell.
        shift_px: fractions of a px by which the glyph's origin lies right of and below a whole px.
    """
    frame = _Frame(_matrix(style, rng.standard_normal(4)), px_per_mm, height_mm, widest_mm, shift_px)
    drawn = (
        _strokes(glyph, frame, style, rng) if isinstance(glyph, Strokes) else _mask(glyph, frame, style, rng)
    )
    if style.pressure > 0.01:
        field = 1 - style.pressure * rng.random((3, 3), np.float32)
        h, w = drawn.ink.shape
        cv2.multiply(drawn.ink, cv2.resize(field, (w, h), interpolation=cv2.INTER_LINEAR), dst=drawn.ink)
        if style.tool == "pencil":
            grain = rng.random((h // 2 + 1, w // 2 + 1), np.float32)
            drawn.ink[:] *= 1 - np.float32(0.4) * cv2.resize(grain, (w, h), interpolation=cv2.INTER_LINEAR)
    return drawn


def _matrix(style: PenStyle, u: NDArray[np.float64]) -> Floats:
    """Shear, turn and stretch (2, 2) of one character."""
    slant, turn = style.slant + 0.05 * u[0], style.rotation + 0.03 * u[1]
    wide, high = style.aspect * np.exp(0.06 * u[2]), np.exp(0.05 * u[3])
    c, s = np.cos(turn), np.sin(turn)
    # y points down: a slant to the right moves what is above (negative y) to positive x.
    return np.array([[c * wide, -s * high - slant * high], [s * wide, c * high]], np.float32)


def _strokes(glyph: Strokes, frame: _Frame, style: PenStyle, rng: np.random.Generator) -> Drawn:
    fine = frame.px_per_mm * _FINE
    points = (_loosened(glyph, style.loose, rng) if style.loose else glyph.points) @ frame.matrix.T
    if style.wobble > 0.003:
        phase = rng.uniform(0, 6.283, 4).astype(np.float32)
        # Two slow waves across the character, each axis moved by the other's place.
        points = points + np.float32(style.wobble) * np.sin(points[:, ::-1] * np.float32(5.5) + phase[:2])
        points += np.float32(style.wobble) * np.sin(points * np.float32(3.1) + phase[2:])
    points *= np.float32(frame.height_mm * fine)
    low, high = points.min(axis=0), points.max(axis=0)
    widest = frame.widest_mm * fine
    if high[0] - low[0] > widest:
        squeeze = np.float32(widest / (high[0] - low[0]))
        points[:, 0] *= squeeze
        low[0], high[0] = low[0] * squeeze, high[0] * squeeze
    thick = max(1, round(style.width_mm * fine * float(np.exp(0.08 * rng.standard_normal()))))
    pad = thick // 2 + 2 * _FINE
    left = int(np.floor((low[0] - pad) / _FINE))
    top = int(np.floor((low[1] - pad) / _FINE))
    w = int(np.ceil((high[0] + pad) / _FINE)) - left + 1
    h = int(np.ceil((high[1] + pad) / _FINE)) - top + 1
    origin = np.array([left - frame.shift_px[0], top - frame.shift_px[1]], np.float32) * _FINE
    whole = np.round((points - origin) * (1 << _SHIFT)).astype(np.int32)
    starts = (0, *glyph.ends[:-1])
    lines = [whole[a:b] for a, b in zip(starts, glyph.ends, strict=True)]
    if style.breaks and rng.random() < style.breaks:
        lines = _broken(lines, rng)
    canvas = np.zeros((h * _FINE, w * _FINE), np.uint8)
    cv2.polylines(canvas, lines, False, 255, thick, cv2.LINE_8, _SHIFT)
    if style.retouch and rng.random() < style.retouch:
        again = lines[int(rng.integers(len(lines)))]
        aside = np.round(rng.normal(0, 0.18 * fine, 2) * (1 << _SHIFT)).astype(np.int32)
        cv2.polylines(canvas, [again + aside], False, 255, thick, cv2.LINE_8, _SHIFT)
    small = cv2.resize(canvas, (w, h), interpolation=cv2.INTER_AREA)
    return Drawn(small.astype(np.float32) * np.float32(1 / 255), left, top)


def _loosened(glyph: Strokes, loose: float, rng: np.random.Generator) -> Floats:
    """The points (N, 2) of a glyph, each of whose strokes is moved, turned and stretched a little by itself."""
    n = len(glyph.ends)
    lengths = np.diff((0, *glyph.ends))
    which = np.repeat(np.arange(n), lengths)
    middles = np.add.reduceat(glyph.points, (0, *glyph.ends[:-1]), axis=0) / lengths[:, None]
    angle, size = 1.5 * loose * rng.standard_normal(n), np.exp(1.5 * loose * rng.standard_normal(n))
    c, s = size * np.cos(angle), size * np.sin(angle)
    turns = np.stack([np.stack([c, -s], axis=1), np.stack([s, c], axis=1)], axis=1)
    moved = middles + loose * rng.standard_normal((n, 2))
    points: Floats = np.einsum("nij,nj->ni", turns[which], glyph.points - middles[which]).astype(np.float32)
    return points + moved[which].astype(np.float32)


def _broken(lines: list[NDArray[np.int32]], rng: np.random.Generator) -> list[NDArray[np.int32]]:
    """The strokes with a short gap in the longest one, where the pen skipped."""
    longest = max(range(len(lines)), key=lambda i: len(lines[i]))
    line = lines[longest]
    if len(line) < 4:
        return lines
    at = int(rng.integers(1, len(line) - 2))
    a, b = line[at], line[at + 1]
    early, late = (a + (b - a) * np.float32(part) for part in (0.35, 0.65))
    first = np.concatenate([line[: at + 1], early[None].astype(np.int32)])
    second = np.concatenate([late[None].astype(np.int32), line[at + 1 :]])
    return [*lines[:longest], first, second, *lines[longest + 1 :]]


def _mask(glyph: Mask, frame: _Frame, style: PenStyle, rng: np.random.Generator) -> Drawn:
    scale = frame.height_mm * frame.px_per_mm / glyph.capital
    widest = 1.15 * frame.widest_mm * frame.px_per_mm
    h, w = glyph.picture.shape
    box = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
    box -= np.array([glyph.middle, glyph.baseline], np.float32)
    a = frame.matrix * np.float32(scale)
    reach = box @ a.T
    wide = float(np.ptp(reach[:, 0]))
    # A mask has an empty rim of about a sixth, which may lie beyond the limit.
    if wide > widest:
        a = np.array([[widest / wide], [1.0]], np.float32) * a
        reach = box @ a.T
    left, top = (int(np.floor(v)) - 1 for v in reach.min(axis=0))
    right, bottom = (int(np.ceil(v)) + 1 for v in reach.max(axis=0))
    # cv2 counts px from their middles, the box from their corners.
    own = np.array([0.5 - glyph.middle, 0.5 - glyph.baseline], np.float32)
    move = a @ own + np.array([frame.shift_px[0] - left - 0.5, frame.shift_px[1] - top - 0.5], np.float32)
    ink = cv2.warpAffine(
        glyph.picture, np.hstack([a, move[:, None]]), (right - left, bottom - top), flags=cv2.INTER_LINEAR
    ).astype(np.float32)
    ink *= np.float32(1 / 255)
    if style.wobble > 0.003:
        ink = _bent(ink, style.wobble * frame.height_mm * frame.px_per_mm, rng)
    # A steeper edge at another level thickens or thins the line and undoes the softness of small pictures.
    level = float(rng.uniform(0.25, 0.6))
    return Drawn(np.clip((ink - level) * np.float32(2.5) + np.float32(0.5), 0, 1), left, top)


def _bent(ink: Floats, reach_px: float, rng: np.random.Generator) -> Floats:
    h, w = ink.shape
    field = rng.uniform(-1, 1, (2, 4, 4)).astype(np.float32) * np.float32(1.6 * reach_px)
    x = cv2.resize(field[0], (w, h), interpolation=cv2.INTER_CUBIC) + np.arange(w, dtype=np.float32)
    y = cv2.resize(field[1], (w, h), interpolation=cv2.INTER_CUBIC) + np.arange(h, dtype=np.float32)[:, None]
    return np.asarray(cv2.remap(ink, x, y, cv2.INTER_LINEAR), np.float32)
