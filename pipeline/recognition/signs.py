"""Signs that say that nothing stands here, or the same as above: to a net that knows characters alone they are a 1."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.recognition.window import MARGIN_MM, Floats

_INK: Final = 110
"""Of 255: a px that is more than grey."""
_PART: Final = 0.25
"""Each stroke of a ditto mark has such a share of its ink."""
_SLIM: Final = 0.5
"""Width by length of a stroke, as standard deviations along its axes; a slash is slimmer yet …"""
_BARE: Final = 0.25
"""… and a 1 with its serif, or a foot, is not so slim."""
_LEVEL: Final = 0.6
"""The strokes of a ditto mark stand beside each other along such a share of the shorter one."""
_LEANING: Final = 25.0
_FURTHER: Final = 10.0
"""A slash leans by so much from upright, and by so much further than this hand's other ones, degrees."""
_FEW: Final = 5
"""Fewer ones than that do not tell how far a hand's lean."""
_BARBS: Final = 3
"""So many strokes stand side by side above the point of an arrow …"""
_POINT: Final = 0.6
_POINT_PX: Final = 2
"""… whose last px are no wider than such a share of them; the foot of a 1 is."""
_BEYOND_MM: Final = MARGIN_MM - 0.15
"""One 1 in two hundred reaches so far out of its cell; a line down a column does."""


def signs(
    images: NDArray[np.uint8],
    ones: NDArray[np.bool_],
    written: NDArray[np.bool_],
    beyond_mm: Floats,
    groups: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Which cells (N,) hold a ditto mark, a slash, an arrow or a line that runs on, and their comb nothing else.

    Args:
        images: uint8 (N, SIZE, SIZE) as `cells.CellInk` holds them, ink 255.
        ones: bool (N,), which are read as a bare stroke: a 1 or an I.
        written: bool (N,), which hold ink.
        beyond_mm: float32 (N,), how far ink reaches out of its cell, above or below.
        groups: int64 (N,), which cells stand in one comb.
    """
    ones = ones & written
    alone = ones & ~np.isin(groups, groups[written & ~ones])
    odd = alone & (beyond_mm >= _BEYOND_MM)
    slim, lean = np.ones(len(images)), np.zeros(len(images))
    # What other numbers hold tells how the hand leans, and is looked at only where there is something to tell.
    for i in np.flatnonzero(ones if alone.any() else alone):
        ink = images[i] > _INK
        slim[i], lean[i] = _axes(ink)
        odd[i] |= alone[i] and (_has_barbs(ink) or _is_ditto(ink))
    others = ones & ~alone
    usual = float(np.median(lean[others])) if others.sum() >= _FEW else 0.0
    odd |= alone & (slim <= _BARE) & (np.abs(lean) >= _LEANING) & (np.abs(lean - usual) >= _FURTHER)
    return np.asarray(odd & ~np.isin(groups, groups[written & ~odd]))


def _is_ditto(ink: NDArray[np.bool_]) -> bool:
    """Whether ink (h, w) is two slim strokes side by side."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8)
    large = 1 + np.flatnonzero(stats[1:, cv2.CC_STAT_AREA] >= _PART * np.count_nonzero(ink))
    if len(large) != 2 or any(_axes(labels == one)[0] > _SLIM for one in large):
        return False
    top, high = stats[large, cv2.CC_STAT_TOP], stats[large, cv2.CC_STAT_HEIGHT]
    return bool((top + high).min() - top.max() >= _LEVEL * high.min())


def _has_barbs(ink: NDArray[np.bool_]) -> bool:
    """Whether ink (h, w) parts in three strokes side by side in the lower half of its height, and ends in a point."""
    rows = ink[ink.any(axis=1)]
    low = rows[len(rows) // 2 :].astype(np.int8)
    begun = np.diff(low, axis=1, prepend=0) == 1
    if begun.sum(axis=1).max(initial=0) < _BARBS:
        return False
    wide = [np.flatnonzero(part.any(axis=0)) for part in (low, low[-_POINT_PX:])]
    return bool(np.ptp(wide[1]) <= _POINT * np.ptp(wide[0]))


def _axes(ink: NDArray[np.bool_]) -> tuple[float, float]:
    """Width by length of ink (h, w), and how far its longer axis leans to the right of upright, degrees."""
    y, x = np.nonzero(ink)
    if len(x) < 2:
        return 1.0, 0.0
    spread, axes = np.linalg.eigh(np.cov(x, -y))
    across, up = axes[:, 1] * (1 if axes[1, 1] >= 0 else -1)
    slim = float(np.sqrt(max(spread[0], 0.0) / max(spread[1], 1e-9)))
    return slim, float(np.degrees(np.arctan2(across, up)))
