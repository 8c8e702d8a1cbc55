"""Whether the cells of bent paper stand where they were found: each printed line must be dark all along.

Ink only darkens, so a line that is in its place is dark whatever is written over it; a place that was taken from a
neighbour's line, or from a stroke of the pen, finds bare paper at one of a comb's ends at least.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.forms.layout import PageLayout
from pipeline.registration.fit import Floats
from pipeline.registration.plane import Plane

_ALONG: Final = 12
_INSET_MM: Final = 0.8
_BESIDE_MM: Final = np.arange(-0.3, 0.31, 0.1)
_BARE: Final = 0.3
"""Share of a line that may be pale: worn print, a crease."""
_DARK: Final = 0.4
"""A line is there when it is as dark as this share of the page's middle line."""
_PALE: Final = 0.08
"""Lines of bent paper in good photos reach 0.2 of the paper's brightness, in photos out of focus 0.02 to 0.06."""


def unconfirmed(image: NDArray[np.uint8], plane: Plane, page: PageLayout) -> Floats:
    """The middles (N, 2), in mm, of cells and tick boxes of which a line is not in its place on a grey image (H, W)."""
    boxes = _boxes(page)
    dark = _darkness(image, plane, boxes)
    middle = boxes[:, :2] + boxes[:, 2:] / 2
    return np.asarray(middle[(dark < _DARK * np.median(dark)).any(axis=1)])


def lines_blurred(image: NDArray[np.uint8], plane: Plane, page: PageLayout) -> bool:
    """Whether the lines along or across a page are so pale on a grey image (H, W) that they cannot be told from noise.

    A hand that moved blurs the lines across its way only, so each direction is looked at by itself.
    """
    dark = _darkness(image, plane, _boxes(page))
    return bool(min(np.median(dark[:, :2]), np.median(dark[:, 2:])) < _PALE) if len(dark) else False


def _boxes(page: PageLayout) -> Floats:
    """Cells and tick boxes (N, 4) of a page, in mm."""
    return np.array(
        [box for field in page.fields for box in (*field.cells, *(choice.box for choice in field.choices))],
        np.float64,
    ).reshape(-1, 4)


def _darkness(image: NDArray[np.uint8], plane: Plane, boxes: Floats) -> Floats:
    """How dark the left, right, top and bottom lines of boxes are (N, 4), as shares of the paper around them."""
    points = _points(boxes)
    middle = boxes[:, :2] + boxes[:, 2:] / 2
    px = plane.near(points.reshape(len(boxes), -1, 2), middle).reshape(len(boxes), -1, 2).astype(np.float32)
    grey = cv2.remap(image, px[..., 0], px[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    bright = grey.reshape(points.shape[:-1]).astype(np.float32)
    paper = np.percentile(bright, 80, axis=(1, 2, 3), keepdims=True)
    along = np.sort(1 - bright / np.maximum(paper, 1), axis=2)
    return np.asarray(along[:, :, int(_BARE * _ALONG)].max(axis=-1), np.float64)


def _points(boxes: Floats) -> Floats:
    """Points in mm around the lines of boxes (N, 4): left, right, top, bottom; (N, 4, _ALONG, beside, 2)."""
    share = np.linspace(0, 1, _ALONG)[None, :, None]
    x, y, w, h = (boxes[:, i, None, None] for i in range(4))
    tall = y + _INSET_MM + share * (h - 2 * _INSET_MM) + 0 * _BESIDE_MM
    wide = x + _INSET_MM + share * (w - 2 * _INSET_MM) + 0 * _BESIDE_MM
    sides = [
        np.stack([x + _BESIDE_MM + 0 * tall, tall], axis=-1),
        np.stack([x + w + _BESIDE_MM + 0 * tall, tall], axis=-1),
        np.stack([wide, y + _BESIDE_MM + 0 * wide], axis=-1),
        np.stack([wide, y + h + _BESIDE_MM + 0 * wide], axis=-1),
    ]
    return np.stack(sides, axis=1)
