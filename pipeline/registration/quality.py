"""What is plainly wrong with a picture that could not be registered, so that it can be taken better."""

from collections.abc import Mapping
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.forms.layout import PageLayout
from pipeline.registration.fit import affine, project
from pipeline.registration.markers import Corners

CORNERS: Final = ("corner_top_left", "corner_top_right", "corner_bottom_right", "corner_bottom_left")
"""The reason for each corner that is cut off, clockwise as the markers are."""

_LONG_SIDE: Final = 1170
"""A4 at 100 dpi: what is blurred at this size is blurred for any reader."""
_MM_PER_PX: Final = 297 / _LONG_SIDE
_FEWEST_PX: Final = 1050
"""Of the long side: 90 dpi on A4 that fills the picture; less shows no cell's lines."""
_DARK: Final = 70.0
"""Paper in a bad light still reaches 90."""
_BLUR_MM: Final = 0.5
"""A marker's module is 1.4 mm; an edge softer than this (one sigma) has swallowed the next one."""
_EDGES: Final = 0.999
_FLAT_CONTRAST: Final = 25.0
_BURNT: Final = 253
_PAPER_LIT: Final = 235.0
_GLARE_SHARE: Final = 0.01
"""Of the picture, in one spot: on A4 25 mm by 25 mm."""
_GREYS: Final = (32, 224)
_FEW_GREYS: Final = 0.05
"""Of a 1-bit picture, whose oblong pixels were made square, 3 % are grey; of a photo in the dark more than half."""
_BLACK_SHARE: Final = 0.25
"""No form has so much print: it is shadow that became black."""


def fault(image: NDArray[np.uint8], found: Mapping[int, Corners], pages: Mapping[int, PageLayout]) -> str:
    """The reason code of what is plainly wrong with a grey image (H, W); "" where nothing is.

    Args:
        image: grey, as scanned, not registered.
        found: the corners of the markers that were seen, by id.
        pages: a page for each marker id that may be seen.
    """
    if max(image.shape) < _FEWEST_PX:
        return "too_small"
    factor = max(1, round(max(image.shape) / _LONG_SIDE))
    small = np.asarray(
        cv2.resize(image, None, fx=1 / factor, fy=1 / factor, interpolation=cv2.INTER_AREA), np.uint8
    )
    if np.percentile(small, 90) < _DARK:
        return "too_dark"
    cut = _cut_off(image.shape, found, pages)
    if cut:
        return cut
    if _blur_mm(small) > _BLUR_MM:
        return "too_blurred"
    if _is_blotted(image):
        return "blotted"
    return "glare" if _has_glare(small) else ""


def _cut_off(shape: tuple[int, ...], found: Mapping[int, Corners], pages: Mapping[int, PageLayout]) -> str:
    """The first corner whose marker, by those that are seen, lies beyond the image."""
    for number, page in pages.items():
        if number not in found:
            continue
        here = {marker.id: marker for marker in page.markers}
        seen = [here[marker] for marker in found if marker in here]
        mm = np.concatenate([np.array(marker.box.corners) for marker in seen])
        px = np.concatenate([found[marker.id] for marker in seen])
        to_px = affine(mm, px)
        height, width = shape[:2]
        for corner, marker in enumerate(page.markers):
            x, y = project(to_px, np.array(marker.box.corners)).mean(axis=0)
            if marker.id not in found and not (0 <= x < width and 0 <= y < height):
                return CORNERS[corner]
    return ""


def _blur_mm(small: NDArray[np.uint8]) -> float:
    """How soft the sharpest edges are, one sigma in mm if the page fills the picture; 0 without any contrast.

    A step of height c that a Gaussian of sigma s has softened is nowhere steeper than c / (s sqrt(2 pi)).
    """
    grey = cv2.GaussianBlur(small, (0, 0), 0.6).astype(np.float32)
    low, high = np.percentile(grey, (0.5, 95))
    if high - low < _FLAT_CONTRAST:
        return 0.0
    steep = np.hypot(
        cv2.Sobel(grey, cv2.CV_32F, 1, 0, scale=1 / 8), cv2.Sobel(grey, cv2.CV_32F, 0, 1, scale=1 / 8)
    )
    steepest = float(np.quantile(steep, _EDGES))
    return float((high - low) / (max(steepest, 1e-3) * np.sqrt(2 * np.pi))) * _MM_PER_PX


def _is_blotted(image: NDArray[np.uint8]) -> bool:
    """Whether a picture is black and white only, and black where there is no print."""
    low, high = _GREYS
    black, light = float((image < low).mean()), float((image >= high).mean())
    return black > _BLACK_SHARE and 1 - black - light < _FEW_GREYS


def _has_glare(small: NDArray[np.uint8]) -> bool:
    """Whether one burnt-out spot lies on paper that is less bright elsewhere."""
    if np.percentile(small, 60) > _PAPER_LIT:
        return False
    _, _, stats, _ = cv2.connectedComponentsWithStats((small >= _BURNT).astype(np.uint8))
    return bool(len(stats) > 1 and stats[1:, cv2.CC_STAT_AREA].max() > _GLARE_SHARE * small.size)
