"""Where each mm of a form lies on an image: a plane fitted through what was found, and how far off it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FLAT_MM: Final = 0.12
"""A page with a marker missing that fits this well without perspective was scanned flat."""
_BETTER: Final = 0.3
"""A marker is left out (dog-eared corner) where that brings the residual below this share of itself."""
_SUSPECT_MM: Final = 0.1
_SWELLS_MM: Final = 0.3
"""By so much toner, copiers and dark 1-bit scans thicken what is black at most, or thin it."""


@dataclass(frozen=True, slots=True)
class Landmark:
    """Points found together: where they are printed, (N, 2) in mm, and where they lie, (N, 2) in px."""

    mm: Floats
    px: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A homography (3, 3) from mm to px, the landmarks that it goes by, and their residual in mm."""

    homography: Floats
    landmarks: tuple[Landmark, ...]
    residual_mm: float


def project(homography: Floats, points: Floats) -> Floats:
    """Points (..., 2) through a homography (3, 3)."""
    homogeneous = points @ homography[:, :2].T + homography[:, 2]
    return np.asarray(homogeneous[..., :2] / homogeneous[..., 2:])


def fit_plane(landmarks: Sequence[Landmark]) -> Fit | None:
    """The plane through two landmarks or more; None when they do not lie as on any page seen from its front.

    Four give a homography, without the one that disagrees with the others if there is one. Fewer say little
    of perspective, so an affine plane is preferred where it is as good as exact.
    """
    if len(landmarks) < 2:
        return None
    whole = _best(tuple(landmarks))
    if whole is None or whole.residual_mm < _SUSPECT_MM or len(landmarks) < 4:
        return whole
    fewer = [_best(tuple(landmarks[:i]) + tuple(landmarks[i + 1 :])) for i in range(len(landmarks))]
    best = min((fit for fit in fewer if fit), key=lambda fit: fit.residual_mm, default=whole)
    return best if best.residual_mm < _BETTER * whole.residual_mm else whole


def inverse(homography: Floats) -> Floats:
    """The homography (3, 3) that undoes one."""
    return np.asarray(np.linalg.inv(homography), np.float64)


def residuals_mm(homography: Floats, landmarks: Sequence[Landmark]) -> Floats:
    """How far each point, found px taken back to mm, is from where it is printed: (N, 2) in mm."""
    mm = np.concatenate([landmark.mm for landmark in landmarks])
    px = np.concatenate([landmark.px for landmark in landmarks])
    return np.asarray(project(inverse(homography), px) - mm)


def off_mm(homography: Floats, landmarks: Sequence[Landmark]) -> float:
    """Root mean square of how far the landmarks are off, but for what thickens or thins all of them alike.

    A dark scan moves the edges of a marker apart, and its middle nowhere.
    """
    off = residuals_mm(homography, landmarks)
    aside = np.concatenate([landmark.mm - landmark.mm.mean(axis=0) for landmark in landmarks])
    out = aside / np.linalg.norm(aside, axis=1, keepdims=True)
    swollen = np.clip((off * out).sum(axis=1).mean(), -_SWELLS_MM, _SWELLS_MM)
    return float(np.sqrt(((off - swollen * out) ** 2).sum(axis=1).mean()))


def faces_us(homography: Floats, width_mm: float, height_mm: float) -> bool:
    """Whether the whole page lies before the camera, neither mirrored nor folded over the horizon."""
    corners = np.array([[0, 0], [width_mm, 0], [width_mm, height_mm], [0, height_mm]])
    depth = corners @ homography[2, :2] + homography[2, 2]
    if np.any(depth * depth[0] <= 0):
        return False
    return bool(cv2.contourArea(project(homography, corners).astype(np.float32), oriented=True) > 0)


def _best(landmarks: tuple[Landmark, ...]) -> Fit | None:
    mm = np.concatenate([landmark.mm for landmark in landmarks])
    px = np.concatenate([landmark.px for landmark in landmarks])
    flat = _checked(affine(mm, px), landmarks)
    if len(landmarks) < 4 and flat and flat.residual_mm < FLAT_MM:
        return flat
    homography, _ = cv2.findHomography(mm, px, 0)
    full = None if homography is None else _checked(np.asarray(homography, np.float64), landmarks)
    return full or flat


def affine(mm: Floats, px: Floats) -> Floats:
    """The plane (3, 3) without perspective that is nearest to points (N, 2), in mm, at px (N, 2)."""
    solution, *_ = np.linalg.lstsq(np.column_stack([mm, np.ones(len(mm))]), px, rcond=None)
    return np.vstack([solution.T, [0.0, 0.0, 1.0]])


def _checked(homography: Floats, landmarks: tuple[Landmark, ...]) -> Fit | None:
    if not np.isfinite(homography).all() or abs(np.linalg.det(homography)) < 1e-12:
        return None
    return Fit(homography, landmarks, off_mm(homography, landmarks))
