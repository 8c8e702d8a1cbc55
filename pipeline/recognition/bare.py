"""What was written on a page: where it is dark though the printer left it bare.

Where the printer puts ink is known to the hundredth of a mm, so what is dark on paper that should be bare was written
there.
"""

from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.forms.ink import PageInk
from pipeline.forms.layout import Box, PageLayout
from pipeline.registration.crop import crop
from pipeline.registration.plane import Plane

PX_PER_MM: Final = 4.0
_TILE_PX: Final = 36
"""Side of the tiles whose paper is measured by itself."""
_DARK: Final = 0.75
"""Share of the paper's light below which something is written."""
_PRINT_MM: Final = 0.4
"""So far around printed ink nothing is looked for: type is blurred, paper shrinks."""

Mask = NDArray[np.bool_]
"""A page upright, (h, w), `PX_PER_MM` fine."""
Part = tuple[slice, slice]
"""Rows and columns of a page."""


def dark_on(image: NDArray[np.uint8], plane: Plane, page: PageLayout) -> Mask:
    """Where a page is dark, printed or written.

    Args:
        image: uint8 (H, W), grey, paper bright.
        plane: mm to px.
        page: its layout.
    """
    upright = crop(image, plane, Box(0.0, 0.0, page.width_mm, page.height_mm), PX_PER_MM)
    return np.asarray(upright < _DARK * _paper(upright))


def _paper(upright: NDArray[np.uint8]) -> NDArray[np.float32]:
    """How bright the paper is around each px of a page."""
    h, w = (-(-side // _TILE_PX) for side in upright.shape)
    beyond = [(0, n * _TILE_PX - side) for n, side in zip((h, w), upright.shape, strict=True)]
    whole = np.pad(upright, beyond, mode="reflect")
    tiles = whole.reshape(h, _TILE_PX, w, _TILE_PX).swapaxes(1, 2)
    sparse = tiles[:, :, ::3, ::3].reshape(h, w, -1)
    k = int(0.8 * sparse.shape[2])
    level = np.partition(sparse, k, axis=2)[:, :, k].astype(np.float32)
    paper = cv2.resize(level, whole.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(paper[: upright.shape[0], : upright.shape[1]], np.float32)


@lru_cache(maxsize=16)
def unprinted(page: PageLayout, print_: PageInk) -> Mask:
    """Where on a page nothing is printed but its fields."""
    size = round(page.height_mm * PX_PER_MM), round(page.width_mm * PX_PER_MM)
    bare = np.ones(size, bool)
    printed = [letter for run in print_.runs for letter in run.letters] + [slot.box for slot in print_.slots]
    printed += [page.qr, page.serial] if page.qr and page.serial else []
    printed += [marker.box for marker in page.markers]
    for box in printed:
        take_out(bare, box, _PRINT_MM)
    for shape in print_.shapes:
        for box in [shape.box] if shape.fill is not None else sides_of(shape.box):
            take_out(bare, box, _PRINT_MM + shape.stroke / 2)
    bare.flags.writeable = False
    return bare


def part_of(box: Box) -> Part:
    """The px of a box in mm."""
    ends = box.x, box.y, box.x + box.w, box.y + box.h
    x0, y0, x1, y1 = (max(0, round(side * PX_PER_MM)) for side in ends)
    return slice(y0, y1), slice(x0, x1)


def sides_of(box: Box) -> list[Box]:
    """The four sides of a box, without width."""
    return [
        Box(box.x, box.y, box.w, 0.0),
        Box(box.x, box.y + box.h, box.w, 0.0),
        Box(box.x, box.y, 0.0, box.h),
        Box(box.x + box.w, box.y, 0.0, box.h),
    ]


def take_out(bare: Mask, box: Box, around_mm: float) -> None:
    """Says of a box, and so much around it, that it is not bare."""
    bare[part_of(box.grown(around_mm))] = False
