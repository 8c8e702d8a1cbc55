"""A part of the form taken out of the page image upright, as if the paper had lain flat."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.forms.layout import Box
from pipeline.registration.fit import Floats
from pipeline.registration.plane import Plane

Image = NDArray[np.uint8]

_MESH_MM: Final = 4.0
"""Between these points bent paper is taken for even; it curls by less than 0.02 mm over that."""


def crop(image: Image, plane: Plane, box: Box, px_per_mm: float) -> Image:
    """A box in mm taken out upright from a grey image (H, W), at `px_per_mm`; what lies outside is white."""
    size = max(1, round(box.w * px_per_mm)), max(1, round(box.h * px_per_mm))
    scale = 1 / px_per_mm
    to_mm = np.array([[scale, 0, box.x + scale / 2], [0, scale, box.y + scale / 2], [0, 0, 1]])
    if plane.bend is None:
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        upright = cv2.warpPerspective(image, plane.homography @ to_mm, size, flags=flags, borderValue=255)
        return np.asarray(upright, np.uint8)
    across, down = (_between(side, max(2, round(side * scale / _MESH_MM) + 1)) for side in size)
    mesh = np.stack(np.meshgrid(across.argmax(axis=0), down.argmax(axis=0)), axis=-1).astype(np.float64)
    px = plane.to_pixels(mesh * scale + to_mm[:2, 2])
    x, y = (np.asarray(down @ px[..., i] @ across.T, np.float32) for i in (0, 1))
    return np.asarray(cv2.remap(image, x, y, cv2.INTER_LINEAR, borderValue=255), np.uint8)


def _between(length: int, nodes: int) -> Floats:
    """How much each of some nodes, spread evenly over a side, weighs at each of its px: (length, nodes)."""
    at = np.linspace(0, nodes - 1, length)
    return np.asarray(np.maximum(0.0, 1 - np.abs(at[:, None] - np.arange(nodes))))
