"""Blots: ink that a pen dropped or a finger pressed, which a net that knows characters alone takes for a 0."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

_INK: Final = 110
"""Of 255: a px that is more than grey."""
_FULL: Final = 0.55
"""Of the upright rectangle around it a slanting ellipse half as wide as long fills so much."""
_SOLID: Final = 0.9
"""Of the hull around it; a filled 8 leaves more free at its waist."""
_ROUND: Final = 0.5
"""Width by length; a 1 and a full stop's tail are longer."""


def blots(images: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which cells hold nothing but a blot: solid, and about as wide as long.

    Args:
        images: uint8 (N, SIZE, SIZE) as `cells.CellInk` holds them, ink 255.
    """
    ink = images > _INK
    area = ink.sum(axis=(1, 2))
    wide, high = (_extent(np.asarray(ink.any(axis=axis))) for axis in (1, 2))
    likely = (area > 0) & (area >= _FULL * wide * high)
    likely &= np.minimum(wide, high) >= _ROUND * np.maximum(wide, high)
    found = np.zeros(len(images), bool)
    for i in np.flatnonzero(likely):
        found[i] = _is_blot(ink[i].astype(np.uint8))
    return found


def _extent(shown: NDArray[np.bool_]) -> NDArray[np.int64]:
    """From the first to the last that is shown, of each row: (N,)."""
    size = shown.shape[1]
    return np.where(shown.any(axis=1), size - shown[:, ::-1].argmax(axis=1) - shown.argmax(axis=1), 0)


def _is_blot(ink: NDArray[np.uint8]) -> bool:
    places = cv2.findNonZero(ink)
    hull = cv2.convexHull(places)
    # The hull runs through the middles of px, half a px within the ink.
    around = cv2.contourArea(hull) + cv2.arcLength(hull, True) / 2 + 1
    _, sides, _ = cv2.minAreaRect(places)
    return len(places) >= _SOLID * around and min(sides) >= _ROUND * max(sides)
