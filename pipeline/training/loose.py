"""Cell images that others cut: of any size, ink dark or bright, with remains of printed lines at their rims."""

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.recognition.cells import MARGIN_MM, PX_PER_MM, CellInk, isolate

_CELL_MM: Final = 7.0
_CHUNK: Final = 1024
_RIM: Final = 0.03
"""Share of a cell's side within which a printed line's remains reach its rim."""
_THIN: Final = 0.08
"""Remains of a line reach no further into the cell than this share of its side."""
_INK: Final = 0.4

Floats = NDArray[np.float32]


def loose_cells(images: NDArray[np.uint8]) -> CellInk:
    """The ink of cell images, each image being its whole cell.

    Args:
        images: uint8 (N, H, W), all with bright ink or all with dark ink.
    """
    if ink_is_bright(images):
        images = 255 - images
    parts = [_clean(images[i : i + _CHUNK]) for i in range(0, len(images), _CHUNK)]
    return CellInk(
        np.concatenate([part.images for part in parts]),
        np.concatenate([part.place for part in parts]),
        np.concatenate([part.amount for part in parts]),
        np.concatenate([part.trace for part in parts]),
    )


def ink_is_bright(images: NDArray[np.uint8]) -> bool:
    """Whether the images hold bright ink on dark: paper is what most of a cell shows."""
    sample = images[:: max(1, len(images) // 512)].reshape(-1, images.shape[1] * images.shape[2])
    low, middle, high = np.quantile(sample, (0.01, 0.5, 0.99), axis=1)
    return bool(np.mean(middle < (low + high) / 2) > 0.5)


def _clean(images: NDArray[np.uint8]) -> CellInk:
    n, height, width = images.shape
    tall = round(_CELL_MM * PX_PER_MM)
    wide = max(1, round(width * tall / height))
    margin = round(MARGIN_MM * PX_PER_MM)
    patches = np.ones((n, tall + 2 * margin, wide + 2 * margin), np.float32)
    inner = patches[:, margin : margin + tall, margin : margin + wide]
    way = cv2.INTER_AREA if height > tall else cv2.INTER_LINEAR
    for i, image in enumerate(images):
        inner[i] = cv2.resize(image, (wide, tall), interpolation=way)
    sparse = np.sort(inner[:, ::2, ::2].reshape(n, -1), axis=1)
    ink, paper = (sparse[:, int(share * sparse.shape[1]), None, None] for share in (0.01, 0.75))
    inner[:] = np.clip((inner - ink) / np.maximum(paper - ink, 1), 0, 1)
    _rims_out(inner)
    return isolate(patches, np.tile([wide / PX_PER_MM, tall / PX_PER_MM], (n, 1)))


def _rims_out(cells: Floats) -> None:
    """Takes out thin remains of lines along the rims of (n, h, w), in place, where other ink is left."""
    n, h, w = cells.shape
    mosaic = np.zeros((n, h + 1, w), np.uint8)
    mosaic[:, :h] = cells < 1 - _INK
    _, labels, stats, _ = cv2.connectedComponentsWithStats(
        mosaic.reshape(-1, w), connectivity=8, ltype=cv2.CV_32S
    )
    cell = stats[:, cv2.CC_STAT_TOP] // (h + 1)
    left, top = stats[:, cv2.CC_STAT_LEFT], stats[:, cv2.CC_STAT_TOP] - cell * (h + 1)
    right, bottom = left + stats[:, cv2.CC_STAT_WIDTH], top + stats[:, cv2.CC_STAT_HEIGHT]
    thin = (
        ((left <= _RIM * w) & (right <= _THIN * w))
        | ((right >= (1 - _RIM) * w) & (left >= (1 - _THIN) * w))
        | ((top <= _RIM * h) & (bottom <= _THIN * h))
        | ((bottom >= (1 - _RIM) * h) & (top >= (1 - _THIN) * h))
    )
    thin[0] = False
    area = stats[:, cv2.CC_STAT_AREA]
    rest = np.bincount(cell[1:][~thin[1:]], area[1:][~thin[1:]], minlength=n)
    out = thin & (rest[np.minimum(cell, n - 1)] > area)
    # Its soft edge goes with it.
    rim = _near(labels, out, 5)
    kept = ~out
    kept[0] = False
    cells[(rim & ~_near(labels, kept, 3)).reshape(n, h + 1, w)[:, :h]] = 1


def _near(labels: NDArray[Any], which: NDArray[np.bool_], size: int) -> NDArray[np.bool_]:
    """The px of these components and around them."""
    return np.asarray(cv2.dilate(which.astype(np.uint8)[labels], np.ones((size, size), np.uint8)) > 0)
