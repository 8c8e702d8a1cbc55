"""Whether a page carries no ink at all."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

_LONG_SIDE: Final = 600
_MARGIN: Final = 0.04
"""Share of each side that is not looked at: scanner edges, punched holes, staples."""
_DARK: Final = 0.82
"""What is darker than this share of the paper around it is ink; what shines through is lighter."""
_INK_SHARE: Final = 0.0004
"""Ink on less than this share of the page is dust; on A4 it is 25 mm², about a written word."""


def is_blank(image: NDArray[np.uint8]) -> bool:
    """Whether a grey page image (H, W) is empty paper: hardly any of it is darker than the paper around."""
    factor = max(1, round(max(image.shape) / _LONG_SIDE))
    height, width = image.shape[0] // factor, image.shape[1] // factor
    if not height or not width:
        return True
    small = cv2.resize(
        image[: height * factor, : width * factor], (width, height), interpolation=cv2.INTER_AREA
    )
    top, left = int(height * _MARGIN), int(width * _MARGIN)
    inner = small[top : height - top, left : width - left]
    if inner.size == 0:
        return True
    paper = cv2.medianBlur(cv2.dilate(inner, np.ones((5, 5), np.uint8)), 31)
    return float((inner < _DARK * paper).mean()) < _INK_SHARE
