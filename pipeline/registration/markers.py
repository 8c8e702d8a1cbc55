"""The four ArUco markers of a page: found on a reduced image, their corners refined on the full one."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.forms.identity import MARKER_DICTIONARY

Image = NDArray[np.uint8]
Corners = NDArray[np.float64]
"""Four corners (4, 2) in px, clockwise from the marker's own top left."""

MODULES: Final = 7
"""A marker's side in modules: five of data between two of border."""


@dataclass(frozen=True, slots=True)
class _Look:
    """One way to look for markers.

    Attributes:
        long_side: px that the image is reduced to, or near it: whole factors are six times as fast.
        windows: first, last and step of the adaptive threshold's window, px.
        smallest: perimeter of a marker as a share of the image's long side; what is smaller is no marker.
        equalise: level the contrast first (shadows, pale copies).
    """

    long_side: int
    windows: tuple[int, int, int]
    smallest: float
    equalise: bool = False


_FIRST: Final = _Look(1170, (21, 21, 10), 0.095)
"""A4 at 100 dpi; the smallest lies between a marker (0.13) and a comb cell (0.08) of hundreds."""
_FURTHER: Final = (
    _Look(1170, (9, 33, 12), 0.05, equalise=True),
    _Look(1755, (13, 43, 15), 0.03, equalise=True),
    _Look(2800, (21, 61, 20), 0.03),
)
_CLOSE: Final = _Look(400, (9, 45, 12), 0.15, equalise=True)


def find_markers(image: Image) -> Iterator[dict[int, Corners]]:
    """The markers of a grey image (H, W) by id, look by look, each slower and more thorough."""
    for look in (_FIRST, *_FURTHER):
        yield _detect(image, look)


def find_marker_near(image: Image, marker: int, expected: Corners) -> Corners | None:
    """One marker's corners where they must be about (within its own size), None when it is not to be seen."""
    side = float(np.linalg.norm(expected - np.roll(expected, 1, axis=0), axis=1).mean())
    low = np.floor(expected.min(axis=0) - side).astype(int).clip(0)
    high = np.ceil(expected.max(axis=0) + side).astype(int).clip(0)
    crop = image[low[1] : high[1], low[0] : high[0]]
    if min(crop.shape) < MODULES * 2:
        return None
    found = _detect(crop, _CLOSE).get(marker)
    return None if found is None else found + low


def _detect(image: Image, look: _Look) -> dict[int, Corners]:
    factor = max(1, round(max(image.shape) / look.long_side))
    height, width = image.shape[0] // factor, image.shape[1] // factor
    whole = image[: height * factor, : width * factor]
    small = cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA) if factor > 1 else image
    if look.equalise:
        small = cv2.createCLAHE(3.0, (4, 4)).apply(small)
    found, ids, _ = _detector(look).detectMarkers(small)
    if ids is None:
        return {}
    return {
        int(number): _refined(image, (np.asarray(corners, np.float64).reshape(4, 2) + 0.5) * factor - 0.5)
        for number, corners in zip(np.ravel(ids), found, strict=True)
    }


def _refined(image: Image, corners: Corners) -> Corners:
    """The corners to a fraction of a px; one that would wander off (stain, fold) stays where it was seen."""
    module = float(np.linalg.norm(corners - np.roll(corners, 1, axis=0), axis=1).mean()) / MODULES
    half = int(np.clip(module * 0.55, 2, 12))
    low = np.floor(corners.min(axis=0) - 3 * half).astype(int).clip(0)
    high = np.ceil(corners.max(axis=0) + 3 * half).astype(int) + 1
    crop = np.ascontiguousarray(image[low[1] : high[1], low[0] : high[0]])
    points = (corners - low).astype(np.float32).reshape(4, 1, 2)
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_MAX_ITER, 20, 0.02)
    refined = cv2.cornerSubPix(crop, points.copy(), (half, half), (-1, -1), criteria).reshape(4, 2) + low
    wandered = np.linalg.norm(refined - corners, axis=1) > max(2.0, 0.5 * module)
    return np.where(wandered[:, None], corners, refined).astype(np.float64)


@cache
def _detector(look: _Look) -> cv2.aruco.ArucoDetector:
    parameters = cv2.aruco.DetectorParameters()
    first, last, step = look.windows
    parameters.adaptiveThreshWinSizeMin = first
    parameters.adaptiveThreshWinSizeMax = last
    parameters.adaptiveThreshWinSizeStep = step
    parameters.minMarkerPerimeterRate = look.smallest
    parameters.maxMarkerPerimeterRate = 4.0 if look is _CLOSE else 0.4
    parameters.polygonalApproxAccuracyRate = 0.05
    dictionary = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, MARKER_DICTIONARY))
    return cv2.aruco.ArucoDetector(dictionary, parameters)
