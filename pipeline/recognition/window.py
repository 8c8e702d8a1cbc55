"""The window of a cell: sampled through the plane, with a margin, since ink crosses lines."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.registration.plane import Plane

PX_PER_MM: Final = 8.0
MARGIN_MM: Final = 1.5
FAINT: Final = 0.16
"""Peak ink of a cell below which nothing was written; a hard pencil on a bad scan still reaches 0.25."""

Floats = NDArray[np.float32]


def window_px(width_mm: float, height_mm: float) -> tuple[int, int]:
    """Width and height in px of the patch that a cell of this size is sampled into."""
    return round((width_mm + 2 * MARGIN_MM) * PX_PER_MM), round((height_mm + 2 * MARGIN_MM) * PX_PER_MM)


def places_px(size_mm: NDArray[np.float64]) -> tuple[int, int, int, int]:
    """Where the left, right, upper and lower line of a cell lie in its patch."""
    ends = (MARGIN_MM, MARGIN_MM + size_mm[0], MARGIN_MM, MARGIN_MM + size_mm[1])
    left, right, top, bottom = (round(float(end) * PX_PER_MM) for end in ends)
    return left, right, top, bottom


def sample(image: NDArray[np.uint8], plane: Plane, boxes: NDArray[np.float64]) -> Floats:
    """Samples boxes with their margin from a page image.

    Args:
        image: uint8 (H, W), grey, paper bright.
        plane: mm to px.
        boxes: float64 (N, 4), left, top, width, height in mm.

    Returns:
        float32 (N, h, w), brightness with the local paper at 1; `PX_PER_MM` fine, large enough for the largest
        box; what lies beyond a smaller box's own margin, or beyond the image, is paper.
    """
    w, h = window_px(float(boxes[:, 2].max()), float(boxes[:, 3].max()))
    middle = boxes[:, :2] + boxes[:, 2:] / 2
    origin = boxes[:, :2] - MARGIN_MM
    centre, jacobian = plane.frames(middle)
    start = centre + np.einsum("nij,nj->ni", jacobian, origin - middle)
    x = (np.arange(w, dtype=np.float32) + 0.5) / np.float32(PX_PER_MM)
    y = (np.arange(h, dtype=np.float32) + 0.5) / np.float32(PX_PER_MM)
    j, o = jacobian.astype(np.float32), start.astype(np.float32)
    map_x = o[:, 0, None, None] + j[:, 0, 0, None, None] * x + (j[:, 0, 1, None] * y)[:, :, None] - 0.5
    map_y = o[:, 1, None, None] + j[:, 1, 0, None, None] * x + (j[:, 1, 1, None] * y)[:, :, None] - 0.5
    n = len(boxes)
    patches = np.empty((n, h, w), np.uint8)
    rows = max(1, 30000 // h)  # cv2.remap takes images below 32,768 px a side
    for first in range(0, n, rows):
        part = slice(first, min(n, first + rows))
        patches[part] = cv2.remap(
            image, map_x[part].reshape(-1, w), map_y[part].reshape(-1, w), cv2.INTER_LINEAR, borderValue=255
        ).reshape(-1, h, w)
    own_w = np.round((boxes[:, 2] + 2 * MARGIN_MM) * PX_PER_MM).astype(int)
    own_h = np.round((boxes[:, 3] + 2 * MARGIN_MM) * PX_PER_MM).astype(int)
    for i in np.flatnonzero((own_w < w) | (own_h < h)):
        patches[i, own_h[i] :] = 255
        patches[i, :, own_w[i] :] = 255
    return whiten(patches)


def whiten(patches: NDArray[np.uint8]) -> Floats:
    """Brightness (N, h, w) with the paper of each patch at 1, ink towards 0."""
    # The paper's level: a high quantile of a sparse grid of pixels, since ink and lines never fill a window.
    sparse = patches[:, 1::4, 1::4].reshape(len(patches), -1)
    paper = ranked(sparse, int(sparse.shape[1] * 0.7))
    scale = 1.0 / np.maximum(paper, 40).astype(np.float32)
    return np.minimum(patches * scale[:, None, None], np.float32(1))


def ranked(rows: NDArray[np.uint8], rank: int) -> NDArray[np.uint8]:
    """What stands at this rank, counted from 0 and the least, in each of the rows (N, m): by counting, not sorting."""
    own = rows + 256 * np.arange(len(rows))[:, None]
    counts = np.bincount(own.ravel(), minlength=256 * len(rows)).reshape(-1, 256)
    return np.asarray((counts.cumsum(axis=1) > rank).argmax(axis=1), np.uint8)
