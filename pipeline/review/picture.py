"""The ink of a review item: cut from the archived page image, upright, at a fixed scale in mm."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.forms.layout import Box, FieldLayout, around
from pipeline.review.items import ReviewItem
from pipeline.scans.pages import open_pages
from pipeline.scans.types import PageImage, UnreadableFile, UnreadablePage
from pipeline.store.archive import Archive

PX_PER_MM: Final = 8.0
MARGIN_MM: Final = 2.5
"""Ink crosses the lines of its cells, and a little of the paper around shows where one is."""

_PAPER: Final = 0.7
"""The brightness of this quantile of a crop is paper."""
_DARKEST_PAPER: Final = 40.0

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Ink:
    """A page image and where a field lies on it.

    Attributes:
        image: uint8 (H, W), as scanned.
        homography: float64 (3, 3), mm of the form to px of the page image, true near the field.
    """

    image: Picture
    homography: NDArray[np.float64]

    def cut(self, box: Box, margin: float = MARGIN_MM) -> Picture:
        """A box of the form in mm, with `margin` mm around it: uint8 at `PX_PER_MM`, upright, paper white."""
        left, top = box.x - margin, box.y - margin
        size = tuple(max(1, round((side + 2 * margin) * PX_PER_MM)) for side in (box.w, box.h))
        to_mm = np.array([[1 / PX_PER_MM, 0, left], [0, 1 / PX_PER_MM, top], [0, 0, 1]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        crop = cv2.warpPerspective(self.image, self.homography @ to_mm, size, flags=flags, borderValue=255)
        paper = max(float(np.quantile(crop[::4, ::4], _PAPER)), _DARKEST_PAPER)
        return np.asarray(np.minimum(crop * (255 / paper), 255), np.uint8)


class Pictures:
    """The page images of the items shown; the one shown last stays decoded, its file stays open for the next."""

    def __init__(self, home: Path) -> None:
        self._archive = Archive(home)
        self._folder = home / "crops"
        self._path: Path | None = None
        self._pages: Iterator[PageImage | UnreadablePage] = iter(())
        self._at = 0
        self._image: Picture | None = None

    def ink(self, item: ReviewItem, layout: FieldLayout) -> Ink | None:
        """The page image of an item with its field, or None when the archive cannot give it."""
        image = self._page(self._archive.path(item.sha256, item.suffix), item.image)
        return None if image is None else Ink(image, _homography(item, layout))

    def save(self, item: ReviewItem, layout: FieldLayout, ink: Ink) -> Path:
        """Write the crop of an item as PNG under the home's `crops/`; the same item has the same file.

        Raises:
            OSError: the folder cannot be written.
        """
        name = re.sub(r"[^A-Za-z0-9.-]", "_", f"{item.serial}-{item.page}-{item.field}")
        row = "" if item.row is None else f"-{item.row}"
        path = self._folder / f"{name}{row}-{item.id}.png"
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        encoded = cv2.imencode(".png", ink.cut(extent(layout)))[1]
        path.write_bytes(encoded.tobytes())
        return path

    def _page(self, path: Path, image: int) -> Picture | None:
        if path != self._path or image < self._at:
            self._path, self._at, self._image = path, 0, None
            self._pages = open_pages(path)
        try:
            while self._at < image:
                page = next(self._pages)
                self._at, self._image = page.image, None
                if self._at == image and isinstance(page, PageImage):
                    self._image = page.decode()
        except (StopIteration, UnreadableFile):
            self._at, self._image = image, None
        return self._image


def extent(layout: FieldLayout) -> Box:
    """All of a field, in mm: its cells or marks, and what is printed beside them."""
    return around([*layout.parts, layout.box])


def _homography(item: ReviewItem, layout: FieldLayout) -> NDArray[np.float64]:
    """From mm of the form to px, by the corners that the reader left (clockwise from the top left)."""
    corners = around(layout.parts).corners
    there = cv2.getPerspectiveTransform(np.array(corners, np.float32), np.array(item.quad, np.float32))
    return np.asarray(there, np.float64)
