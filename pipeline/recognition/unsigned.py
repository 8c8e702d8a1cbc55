"""What people put where a signature is asked for that is none: a line, a cross, a letter or a note why nobody came."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

_LEAST_WIDE_MM: Final = 7.0
"""A signature is wider, a single letter or a tick is not …"""
_THUMB_MM: Final = (5.0, 7.0)
"""… but for a thumbprint: at least so wide and high …"""
_THUMB_WIDE: Final = 1.3
"""… hardly wider than high …"""
_RIDGE_MM: Final = 1.5
_COVERED: Final = 0.5
"""… and such a share of its box covered once its furrows, so wide, are filled."""
_LINES: Final = 2
"""So many straight strokes, as of a cross …"""
_UNBROKEN: Final = 0.93
"""… each inked along such a share of its length …"""
_BOW_MM: Final = 0.35
"""… and up to so far from straight, beside half the width of the pen …"""
_REST: Final = 0.08
"""… make up no signature, but for such a share of the ink."""
_TURN: Final = np.pi / 120
_ENDS: Final = 11
"""Ends of strokes that letters have and signatures seldom; a name in letters may be either."""
_RING: Final = 0.8
"""Radius of the ring around a px, in widths of the pen."""
_STEPS: Final = 24
_FACED: Final = 0.4
"""Share of the ring that a stroke takes which ends there."""
_MIDDLE: Final = 0.5
"""How far in the middle of its stroke such a px lies, in halves of the pen's width."""

Mask = NDArray[np.bool_]


def is_unsigned(ink: Mask, px_per_mm: float) -> bool:
    """Whether the ink of a signature's area may be something else.

    Args:
        ink: bool (h, w), specks left out; some of it is set.
        px_per_mm: of the picture.
    """
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    own = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    high, wide = np.array(own.shape) / px_per_mm
    if wide >= _THUMB_MM[0] and max(_THUMB_MM[1], wide / _THUMB_WIDE) <= high and _is_full(own, px_per_mm):
        return False
    pen = _pen(own)
    return wide < _LEAST_WIDE_MM or _is_straight(own, pen, px_per_mm) or _is_spelled(own, pen)


def _is_full(ink: Mask, px_per_mm: float) -> bool:
    side = round(_RIDGE_MM * px_per_mm)
    around = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return bool(cv2.morphologyEx(ink.astype(np.uint8), cv2.MORPH_CLOSE, around).mean() >= _COVERED)


def _pen(ink: Mask) -> float:
    """The width of the strokes, px."""
    return 2 * float(np.quantile(cv2.distanceTransform(ink.astype(np.uint8), cv2.DIST_L2, 3)[ink], 0.9))


def _is_straight(ink: Mask, pen: float, px_per_mm: float) -> bool:
    """Whether a few straight strokes are all there is, each found as a line (Hough: Duda and Hart 1972)."""
    left = ink.astype(np.uint8)
    total, near = int(left.sum()), pen / 2 + _BOW_MM * px_per_mm
    y, x = np.nonzero(ink)
    for _ in range(_LINES):
        lines = cv2.HoughLines(left, 1, _TURN, 1)
        if lines is None:
            return False
        rho, angle = lines[0, 0, :2]
        on = np.abs(x * np.cos(angle) + y * np.sin(angle) - rho) <= near
        along = np.round(y * np.cos(angle) - x * np.sin(angle))
        # A stroke is found by what no other one has taken; where they cross it goes on all the same.
        own = along[on & (left[y, x] > 0)]
        inked = np.unique(along[on & (along >= own.min()) & (along <= own.max())])
        if len(inked) < _UNBROKEN * (np.ptp(own) + 1):
            return False
        left[y[on], x[on]] = 0
        if np.count_nonzero(left) <= _REST * total:
            return True
    return False


def _is_spelled(ink: Mask, pen: float) -> bool:
    """Whether ink has as many ends of strokes as letters have: there, a ring around a px meets ink once only."""
    radius = max(3.0, _RING * pen)
    wide = np.pad(ink, int(radius) + 2).astype(np.uint8)
    y, x = np.nonzero(cv2.distanceTransform(wide, cv2.DIST_L2, 3) >= _MIDDLE * pen / 2)
    angles = np.arange(_STEPS) * 2 * np.pi / _STEPS
    rows = y[:, None] + np.round(radius * np.sin(angles)).astype(int)
    met = wide[rows, x[:, None] + np.round(radius * np.cos(angles)).astype(int)]
    times = np.count_nonzero(met != np.roll(met, 1, axis=1), axis=1) // 2
    end = (times == 1) & (met.mean(axis=1) <= _FACED)
    ends = np.zeros_like(wide)
    ends[y[end], x[end]] = 1
    return cv2.connectedComponents(ends, connectivity=8)[0] - 1 >= _ENDS
