"""Rings of an office's stamp, which lies across an area or near it and is no signature."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

PX_PER_MM: Final = 8.0
AROUND_MM: Final = 16.0
"""So far around an area a ring is followed that shows little of itself within it."""
_RADIUS_MM: Final = (10.0, 24.0)
"""Of an office's stamp and of the rings within it."""
_SHARE: Final = 0.85
"""Of a ring, where it can be seen, that is inked: pads do not ink evenly, and a thumb's ridges curve too."""
_GOES_ON: Final = 0.55
"""Of all of a ring, with what lies around the area; of what loops make, two thirds are not there."""
_BESIDE_PX: Final = 10
"""So far from the middle of a ring's line is paper, on one side at least; in a scribble there is ink."""
_WITHIN_MM: Final = 16.0
"""Of a ring must lie in the area …"""
_ARC_MM: Final = 30.0
_OUT_MM: Final = 12.0
"""… or an arc of it in the area and around, so much of it further out than a signature goes."""
_SIGNED_PX: Final = 16
_AROUND_PX: Final = round(AROUND_MM * PX_PER_MM)
_TRIES: Final = 1500
_KEPT: Final = 60
_STEPS: Final = 240
_SEED: Final = 1

Inked = NDArray[np.uint8]
Floats = NDArray[np.float64]
Circles = tuple[NDArray[np.complex128], Floats]
"""Middles (N, 1) and radii (N, 1), px."""


def stamped(inked: Inked) -> bool:
    """Whether a stamp's ring runs through the ink of an area.

    Circles through three inked px each (RANSAC, Fischler and Bolles 1981); nobody's pen follows one so far.

    Args:
        inked: uint8 (h, w), the area and `AROUND_MM` around it on all sides, `PX_PER_MM` fine, ink not 0.
    """
    area = np.ascontiguousarray(inked[_part(_AROUND_PX)])
    crosses = area[[0, -1]].any() or area[:, [0, -1]].any()
    return _within(area, inked) or (bool(crosses) and _around(inked))


def _within(inked: Inked, wide: Inked) -> bool:
    """Whether an arc long enough lies in an area, of a ring that is inked all through it and goes on around it."""
    places = np.argwhere(inked)
    thick, circles = _thick(inked), _circles(places, places)
    shown, dark = _seen(thick, circles, _STEPS // 6)
    dark, shown = dark.sum(axis=1), shown.sum(axis=1)
    best = np.argsort(-dark * (dark >= _SHARE * shown) * circles[1][:, 0])[:_KEPT]
    middle, radius = circles[0][best], circles[1][best]
    shown, dark = (seen.sum(axis=1) for seen in _seen(thick, (middle, radius)))
    beside = [_seen(inked, (middle, radius + off))[1].sum(axis=1) for off in (-_BESIDE_PX, _BESIDE_PX)]
    long = (dark * _step_mm(radius) >= _WITHIN_MM) & (dark >= _SHARE * shown)
    ring = long & (np.minimum(*beside) <= _SHARE / 2 * dark)
    shown, dark = (seen.sum(axis=1) for seen in _seen(_thick(wide), (middle + _AROUND_PX * (1 + 1j), radius)))
    return bool((ring & (dark >= _GOES_ON * shown)).any())


def _part(edge: int) -> tuple[slice, slice]:
    """All of a picture but so many px at each edge."""
    return (slice(edge, -edge),) * 2


def _around(inked: Inked) -> bool:
    """Whether a ring goes through the area's ink of which an arc is inked that leads far out of it."""
    inside, outside = np.zeros_like(inked), np.ones_like(inked)
    inside[_part(_AROUND_PX)] = inked[_part(_AROUND_PX)]
    outside[_part(_AROUND_PX - _SIGNED_PX)] = 0
    thick, circles = _thick(inked), _circles(np.argwhere(inside), np.argwhere(inked))
    dark = _arcs(_seen(thick, circles, _STEPS // 4)[1], circles[1])
    best = np.argsort(-dark.max(axis=1, initial=0))[:_KEPT]
    middle, radius = circles[0][best], circles[1][best]
    dark, out = (_arcs(_seen(one, (middle, radius))[1], radius) for one in (thick, thick * outside))
    beside = [_arcs(_seen(inked, (middle, radius + off))[1], radius) for off in (-_BESIDE_PX, _BESIDE_PX)]
    ring = (dark >= _SHARE) & (np.minimum(*beside) <= _SHARE / 2 * dark)
    return bool((ring & (out * _ARC_MM >= _OUT_MM)).any())


def _thick(inked: Inked) -> Inked:
    return np.asarray(cv2.dilate(inked, np.ones((3, 3), np.uint8)), np.uint8)


def _circles(first: NDArray[np.int64], others: NDArray[np.int64]) -> Circles:
    """Circles as large as a stamp's through one of the `first` places (n, 2) and two of the others (m, 2)."""
    if len(first) < 3:
        return np.zeros((0, 1), np.complex128), np.zeros((0, 1))
    rng = np.random.default_rng(_SEED)
    picked = rng.integers([len(first), len(others), len(others)], size=(_TRIES, 3))
    a, b, c = (at[i] @ [1j, 1] for at, i in zip((first, others, others), picked.T, strict=True))
    # The circle through three points, by complex numbers: the first at 0, the second at 1.
    with np.errstate(divide="ignore", invalid="ignore"):
        w = (c - a) / (b - a)
        middle = (b - a) * (w - np.abs(w) ** 2) / (2j * w.imag) + a
        radius = np.abs(a - middle)
        fit = (radius >= _RADIUS_MM[0] * PX_PER_MM) & (radius <= _RADIUS_MM[1] * PX_PER_MM)
    return middle[fit, None], radius[fit, None]


def _seen(inked: Inked, circles: Circles, steps: int = _STEPS) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which of so many places on each circle lie in the picture, and which of these are inked: (N, steps)."""
    middle, radius = circles
    on = middle + radius * np.exp(2j * np.pi * np.arange(steps) / steps)
    x, y = np.round(on.real).astype(int), np.round(on.imag).astype(int)
    h, w = inked.shape
    shown = (x >= 0) & (x < w) & (y >= 0) & (y < h)
    return shown, shown & (inked[np.clip(y, 0, h - 1), np.clip(x, 0, w - 1)] > 0)


def _step_mm(radius: Floats, steps: int = _STEPS) -> Floats:
    """How far apart places on circles (N, 1) lie, in mm: (N,)."""
    return 2 * np.pi * radius[:, 0] / steps / PX_PER_MM


def _arcs(dark: NDArray[np.bool_], radius: Floats) -> Floats:
    """The inked share of the arc of `_ARC_MM` that begins at each place of circles: (N, steps)."""
    n, steps = dark.shape
    long = np.maximum(1, np.round(_ARC_MM / _step_mm(radius, steps))).astype(int)[:, None]
    upto = np.cumsum(np.hstack([np.zeros((n, 1)), dark, dark]), axis=1)
    begin = np.arange(steps)
    ends = np.take_along_axis(upto, begin + long, axis=1)
    return np.asarray((ends - upto[:, :steps]) / long)
