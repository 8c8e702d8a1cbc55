"""Whether the printed lines lie where the homography says, and the small correction that they ask for.

Every comb and tick box shows four straight lines at known places. Darkness is added up along each, step by
step across it; the darkest step tells how far the line is from its place. What is written over a line is
spread over all steps, the line over one.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from pipeline.forms.layout import Box, PageLayout
from pipeline.registration.fit import Floats, Landmark, project, residuals_mm

REACH_MM: Final = 1.6
"""How far from its place a line is looked for; the labels above a comb come closer than twice that."""
_STEP_MM: Final = 0.08
_ALONG: Final = 32
"""Points that are added up along the lines of one landmark."""
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
_END_MM: Final = 0.5
_LONGEST_MM: Final = 28.0
_BINS: Final = (4, 7)
_PER_BIN: Final = 2
_DIM: Final = 8
"""Unknowns of a correction: a homography's."""


@dataclass(frozen=True, slots=True, eq=False)
class Offsets:
    """How far printed lines lie from where the homography puts them.

    Attributes:
        at: (N, 2) mm, the middle of each landmark.
        off: (N, 2) mm, to the right and down.
        seen: bool (N, 2), whether the vertical and horizontal lines were seen at all.
        lost: share of the landmarks of which one pair of lines is plain to see, the other not where it must
            be, as on bent paper; 0 in 1-bit scans, where a line vanishes or not by chance.
    """

    at: Floats
    off: Floats
    seen: NDArray[np.bool_]
    lost: float

    def rms_mm(self) -> float:
        """Root mean square distance of the seen lines without the tenth that is furthest off; 0 for no lines.

        The tenth is for lines that something else was taken for: a ruler stroke, a fold, a label.
        """
        distances = np.sort(np.abs(self.off[self.seen]))
        kept = distances[: int(np.ceil(0.9 * len(distances)))]
        return float(np.sqrt(2 * (kept**2).mean())) if len(kept) else 0.0


def measure_offsets(image: NDArray[np.uint8], homography: Floats, page: PageLayout) -> Offsets:
    """Where the page's lines are on a grey image (H, W), for landmarks spread over the page."""
    boxes = _spread(page)
    if not boxes:
        return Offsets(np.zeros((0, 2)), np.zeros((0, 2)), np.zeros((0, 2), bool), 0.0)
    at = np.array([[box.x + box.w / 2, box.y + box.h / 2] for box in boxes])
    steps = np.arange(-REACH_MM, REACH_MM + _STEP_MM / 2, _STEP_MM)
    lines = np.stack([_points_on_lines(box) for box in boxes])
    across = np.zeros((2, len(steps), 2))
    across[0, :, 0] = across[1, :, 1] = steps
    points = lines[:, :, :, None, :] + across[None, :, None, :, :]
    px = project(homography, points.reshape(-1, 2)).astype(np.float32)
    sampled = cv2.remap(image, px[:, 0].reshape(len(boxes), -1), px[:, 1].reshape(len(boxes), -1),
                        cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # fmt: skip
    grey = sampled.reshape(len(boxes), 2, _ALONG, len(steps)).astype(np.float32)
    off, strength, in_place = _peaks(grey / _contrast(image, homography, page))
    clear, plain = strength > _CLEAR, strength.max(axis=1)
    seen = (clear & clear.all(axis=1, keepdims=True)) | (strength > _PLAIN)
    lost = (plain > _PLAIN) & (~seen & (in_place < _GONE * plain[:, None])).any(axis=1)
    return Offsets(at, off, seen, 0.0 if _is_bitonal(image) else float(lost.mean()))


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


def _spread(page: PageLayout) -> list[Box]:
    """The boxes to look at: at most `_PER_BIN` in each part of the page, the widest first."""
    bins: dict[tuple[int, int], list[Box]] = {}
    for box in _outlines(page):
        column = int((box.x + box.w / 2) / page.width_mm * _BINS[0])
        row = int((box.y + box.h / 2) / page.height_mm * _BINS[1])
        bins.setdefault((column, row), []).append(box)
    return [box for group in bins.values() for box in sorted(group, key=lambda box: -box.w)[:_PER_BIN]]


def _outlines(page: PageLayout) -> list[Box]:
    """Rectangles whose four sides are printed: combs in pieces of some cells, and tick boxes."""
    boxes = []
    for field in page.fields:
        run: list[Box] = []
        for cell in field.cells:
            joins = run and abs(run[-1].x + run[-1].w - cell.x) < 0.05 and abs(run[-1].y - cell.y) < 0.05
            if run and (not joins or cell.x + cell.w - run[0].x > _LONGEST_MM):
                boxes.append(_around(run))
                run = []
            run.append(cell)
        if run:
            boxes.append(_around(run))
        boxes += [choice.box for choice in field.choices]
    return boxes


def _around(cells: list[Box]) -> Box:
    first, last = cells[0], cells[-1]
    return Box(first.x, first.y, last.x + last.w - first.x, first.h)


def _points_on_lines(box: Box) -> Floats:
    """Points in mm on the two vertical lines, then on the two horizontal ones: (2, _ALONG, 2)."""
    half = _ALONG // 2
    tall = np.linspace(box.y + _END_MM, box.y + box.h - _END_MM, half)
    wide = np.linspace(box.x + _END_MM, box.x + box.w - _END_MM, half)
    left_right = np.repeat([box.x, box.x + box.w], half)
    top_bottom = np.repeat([box.y, box.y + box.h], half)
    return np.stack(
        [np.column_stack([left_right, np.tile(tall, 2)]), np.column_stack([np.tile(wide, 2), top_bottom])]
    )


def _contrast(image: NDArray[np.uint8], homography: Floats, page: PageLayout) -> float:
    """Grey levels between the markers' black and the white around it, by the median of all; at least 20."""
    inside = np.array([[0.7, 0.7], [9.3, 0.7], [9.3, 9.3], [0.7, 9.3]])
    outside = np.array([[-0.7, -0.7], [10.7, -0.7], [10.7, 10.7], [-0.7, 10.7]])
    corner = np.array([[marker.box.x, marker.box.y] for marker in page.markers])
    px = project(homography, corner[:, None, None] + np.stack([inside, outside])[None]).round().astype(int)
    height, width = image.shape
    grey = image[px[..., 1].clip(0, height - 1), px[..., 0].clip(0, width - 1)].astype(np.float64)
    return max(20.0, float(np.median(grey[:, 1]) - np.median(grey[:, 0])))


def _is_bitonal(image: NDArray[np.uint8]) -> bool:
    """Whether a grey image (H, W) holds black and white only, but for what JPEG adds."""
    grey = image[::_SPARSE, ::_SPARSE]
    return float(((grey > 60) & (grey < 225)).sum()) < _HALFTONES * float((grey < 225).sum())


def _peaks(grey: NDArray[np.float32]) -> tuple[Floats, Floats, Floats]:
    """Where both lines of a pair are darkest, (N, 2) in mm, how plain they are, how dark their own place.

    Plainness and darkness are (N, 2), from 0 to 1.

    Args:
        grey: (N, 2, _ALONG, steps), 1 is the markers' contrast; half of the points are on one line of a pair.
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
