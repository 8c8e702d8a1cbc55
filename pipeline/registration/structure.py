"""Whether the printed lines lie where the homography says, and the small correction that they ask for.

Every comb and tick box shows four straight lines at known places. Darkness is added up along each, step by
step across it; the darkest step tells how far the line is from its place. What is written over a line is
spread over all steps, the line over one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from pipeline.forms.layout import PageLayout
from pipeline.registration.fit import Floats, Landmark, project, residuals_mm
from pipeline.registration.outlines import ALONG, Outline
from pipeline.registration.plane import Plane

REACH_MM: Final = 1.6
"""How far from its place a line is looked for; the labels above a comb come closer than twice that."""
_STEP_MM: Final = 0.08
_INK_CAP: Final = 0.15
"""Darkness, as a share of the markers', that counts at most: a pen weighs no more than a light grey line."""
_CLEAR: Final = 0.13
"""Lines are seen where all of a landmark stand out by this share of what counts at most …"""
_LEAD: Final = 0.3
"""… and leads the next darkest place by this share of that."""
_PLAIN: Final = 0.5
"""Lines that stand out by this share are no accident of the scan, even by themselves …"""
_GONE: Final = 0.4
"""… and their neighbours, where not this share as dark, are not in their place."""
_IN_PLACE_MM: Final = 0.4
_SPARSE: Final = 7
_HALFTONES: Final = 0.15
"""Share of the ink that is grey: 0.3 and more in grey scans, at most 0.05 in 1-bit ones."""
_APART_MM: Final = 0.64
_PLATEAU: Final = 7
"""Steps over which a line at 150 dpi is equally dark, as all darkness beyond the cap is."""
_DIM: Final = 8
"""Unknowns of a correction: a homography's."""


@dataclass(frozen=True, slots=True, eq=False)
class Offsets:
    """How far printed lines lie from where the homography puts them.

    Attributes:
        at: (N, 2) mm, the middle of each landmark.
        off: (N, 2) mm, to the right and down.
        seen: bool (N, 2), whether the vertical and horizontal lines were seen at all.
        lost: bool (N,), whether one pair of lines is plain to see, the other not where it must be, as on bent
            paper; False in 1-bit scans, where a line vanishes or not by chance.
    """

    at: Floats
    off: Floats
    seen: NDArray[np.bool_]
    lost: NDArray[np.bool_]

    @property
    def lost_share(self) -> float:
        """Share of the landmarks that are lost."""
        return float(self.lost.mean()) if len(self.lost) else 0.0

    def rms_mm(self) -> float:
        """Root mean square distance of the seen lines without the tenth that is furthest off; 0 for no lines.

        The tenth is for lines that something else was taken for: a ruler stroke, a fold, a label.
        """
        distances = np.sort(np.abs(self.off[self.seen]))
        kept = distances[: int(np.ceil(0.9 * len(distances)))]
        return float(np.sqrt(2 * (kept**2).mean())) if len(kept) else 0.0


def measure_offsets(
    image: NDArray[np.uint8], plane: Plane, outlines: Sequence[Outline], contrast: float
) -> Offsets:
    """Where the lines of outlines are on a grey image (H, W), beside where the plane puts them.

    Args:
        image: grey, as scanned.
        plane: where each mm is taken to lie.
        outlines: the lines to look for.
        contrast: grey levels between print and paper, see `contrast_of`.
    """
    if not outlines:
        return Offsets(np.zeros((0, 2)), np.zeros((0, 2)), np.zeros((0, 2), bool), np.zeros(0, bool))
    at = np.stack([outline.middle for outline in outlines])
    steps = np.arange(-REACH_MM, REACH_MM + _STEP_MM / 2, _STEP_MM)
    lines = np.stack([outline.lines for outline in outlines])
    across = np.zeros((2, len(steps), 2))
    across[0, :, 0] = across[1, :, 1] = steps
    points = lines[:, :, :, None, :] + across[None, :, None, :, :]
    px = plane.near(points.reshape(len(outlines), -1, 2), at).reshape(-1, 2).astype(np.float32)
    sampled = cv2.remap(image, px[:, 0].reshape(len(outlines), -1), px[:, 1].reshape(len(outlines), -1),
                        cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # fmt: skip
    grey = sampled.reshape(len(outlines), 2, ALONG, len(steps)).astype(np.float32)
    off, strength, in_place = _peaks(grey / contrast)
    strength[[not outline.upright for outline in outlines], 0] = 0.0
    clear, plain = strength > _CLEAR, strength.max(axis=1)
    seen = (clear & clear.all(axis=1, keepdims=True)) | (strength > _PLAIN)
    gone = ~seen & (in_place < _GONE * plain[:, None])
    gone[:, 0] &= [outline.upright for outline in outlines]
    lost = (plain > _PLAIN) & gone.any(axis=1)
    return Offsets(at, off, seen, lost & (not is_bitonal(image)))


def correction(homography: Floats, landmarks: tuple[Landmark, ...], offsets: Offsets) -> Floats:
    """The homography (3, 3) that fits markers and seen lines best; a line weighs as much as a corner."""
    mm = np.concatenate([landmark.mm for landmark in landmarks])
    off = np.concatenate([residuals_mm(homography, landmarks), offsets.off])
    at = np.concatenate([mm, offsets.at])
    weight = np.concatenate([np.ones_like(mm, bool), offsets.seen]).astype(np.float64)
    centre, scale = at.mean(axis=0), 100.0
    x, y = ((at - centre) / scale).T
    one, none = np.ones_like(x), np.zeros_like(x)
    rows_x = np.stack([x, y, one, none, none, none, x * x, x * y], axis=1)
    rows_y = np.stack([none, none, none, x, y, one, x * y, y * y], axis=1)
    rows, goal = np.concatenate([rows_x, rows_y]), np.concatenate([off[:, 0], off[:, 1]])
    weights = np.concatenate([weight[:, 0], weight[:, 1]])
    solution = np.zeros(_DIM)
    for _ in range(4):
        miss = np.abs(rows @ solution - goal)
        robust = weights * np.minimum(1.0, 0.15 / np.maximum(miss, 1e-9))
        gram = rows.T @ (robust[:, None] * rows) + 1e-6 * np.eye(_DIM)
        solution = np.linalg.solve(gram, rows.T @ (robust * goal))
    to_unit = np.array([[1 / scale, 0, -centre[0] / scale], [0, 1 / scale, -centre[1] / scale], [0, 0, 1]])
    a, b, c, d, e, f, g, h = solution / scale
    shift = np.array([[1 + a, b, c], [d, 1 + e, f], [-g, -h, 1]])
    return np.asarray(homography @ np.linalg.inv(to_unit) @ shift @ to_unit)


def contrast_of(image: NDArray[np.uint8], homography: Floats, page: PageLayout) -> float:
    """Grey levels between the markers' black and the white around it, by the median of all; at least 20."""
    inside = np.array([[0.7, 0.7], [9.3, 0.7], [9.3, 9.3], [0.7, 9.3]])
    outside = np.array([[-0.7, -0.7], [10.7, -0.7], [10.7, 10.7], [-0.7, 10.7]])
    corner = np.array([[marker.box.x, marker.box.y] for marker in page.markers])
    px = project(homography, corner[:, None, None] + np.stack([inside, outside])[None]).round().astype(int)
    height, width = image.shape
    grey = image[px[..., 1].clip(0, height - 1), px[..., 0].clip(0, width - 1)].astype(np.float64)
    return max(20.0, float(np.median(grey[:, 1]) - np.median(grey[:, 0])))


def is_bitonal(image: NDArray[np.uint8]) -> bool:
    """Whether a grey image (H, W) holds black and white only, but for what JPEG adds."""
    grey = image[::_SPARSE, ::_SPARSE]
    return float(((grey > 60) & (grey < 225)).sum()) < _HALFTONES * float((grey < 225).sum())


def _peaks(grey: NDArray[np.float32]) -> tuple[Floats, Floats, Floats]:
    """Where both lines of a pair are darkest, (N, 2) in mm, how plain they are, how dark their own place.

    Plainness and darkness are (N, 2), from 0 to 1.

    Args:
        grey: (N, 2, ALONG, steps), 1 is the markers' contrast; half of the points are on one line of a pair.
    """
    paper = np.percentile(grey, 80, axis=(2, 3), keepdims=True)
    dark = np.minimum(np.maximum(paper - grey, 0), _INK_CAP)
    number, axes, along, steps = dark.shape
    profile = dark.reshape(number, axes, 2, along // 2, steps).mean(axis=3).min(axis=2)
    first = sliding_window_view(profile, _PLATEAU, axis=-1).mean(axis=-1).argmax(axis=-1)
    position = np.arange(steps) * _STEP_MM - REACH_MM
    away = np.abs(position - position[first + _PLATEAU // 2][..., None])
    summit = np.where(away < _APART_MM, profile, 0.0)
    weight = np.maximum(summit - 0.6 * summit.max(axis=-1, keepdims=True), 1e-9)
    off = (weight * position).sum(axis=-1) / weight.sum(axis=-1)
    rise = summit.max(axis=-1) - np.median(profile, axis=-1)
    lead = summit.max(axis=-1) - np.where(away > _APART_MM + _STEP_MM, profile, 0.0).max(axis=-1)
    within = (first > 0) & (first < steps - _PLATEAU)
    plain = np.where((lead > _LEAD * rise) & within, rise / _INK_CAP, 0.0)
    in_place = np.where(np.abs(position) < _IN_PLACE_MM, profile, 0.0).max(axis=-1) / _INK_CAP
    return off.astype(np.float64), plain.astype(np.float64), in_place.astype(np.float64)
