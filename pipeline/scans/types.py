"""A page image as it came from the scanner, and the ways in which a file or page can fail to be one."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import SotarsaError
from pipeline.reasons import PAGE_REASONS

MAX_PIXELS: Final = 100_000_000
"""The largest page image that is decoded: A4 at 1,000 dpi. More is a mistake or a decompression bomb."""

_UPRIGHT: Final = 1
_ROTATIONS: Final = {3: cv2.ROTATE_180, 6: cv2.ROTATE_90_CLOCKWISE, 8: cv2.ROTATE_90_COUNTERCLOCKWISE}
_FLIPS: Final = {2: 1, 4: 0}
_TRANSPOSES: Final = {5: None, 7: -1}


class UnreadableFile(SotarsaError):
    """A file, or one page of it, that gives no image.

    Attributes:
        reason: stable code of `pipeline.reasons.PAGE_REASONS`.
        detail: what was seen, in English, for the log.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(PAGE_REASONS[reason])
        self.reason = reason
        self.detail = detail

    def __reduce__(self) -> tuple[type["UnreadableFile"], tuple[str, str]]:
        return type(self), (self.reason, self.detail)


@dataclass(frozen=True, slots=True)
class PageImage:
    """One page of a scanned file, still encoded, so that it travels cheaply to the process that reads it.

    Attributes:
        source: the file's name, without its folder.
        image: the page's number in the file, from 1.
        encoded: JPEG, PNG or PNM.
        orientation: EXIF's code (1-8) for how the stored image is turned to be seen as its author meant.
        dpi: what the file claims, None when it claims nothing credible.
    """

    source: str
    image: int
    encoded: bytes
    orientation: int = _UPRIGHT
    dpi: float | None = None

    def decode(self) -> NDArray[np.uint8]:
        """The page as a grey image, uint8 (H, W), 0 black.

        Raises:
            UnreadableFile: the encoded image is damaged.
        """
        try:
            grey = cv2.imdecode(
                np.frombuffer(self.encoded, np.uint8), cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION
            )
        except cv2.error as error:
            raise UnreadableFile("unreadable_file", f"{self.source} page {self.image}: {error}") from error
        if grey is None:
            raise UnreadableFile("unreadable_file", f"{self.source} page {self.image}: cannot be decoded")
        return oriented(np.asarray(grey, np.uint8), self.orientation)


@dataclass(frozen=True, slots=True)
class UnreadablePage:
    """One page of a file that gives no image, while its neighbours do.

    Attributes:
        source: the file's name, without its folder.
        image: the page's number in the file, from 1.
        reason: stable code of `pipeline.reasons.PAGE_REASONS`.
        detail: what was seen, in English, for the log.
    """

    source: str
    image: int
    reason: str
    detail: str = ""


def oriented(image: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """An image (H, W) as EXIF's orientation code (1-8) says it is meant to be seen; (H, W) or (W, H)."""
    if orientation in _ROTATIONS:
        return np.asarray(cv2.rotate(image, _ROTATIONS[orientation]), np.uint8)
    if orientation in _FLIPS:
        return np.asarray(cv2.flip(image, _FLIPS[orientation]), np.uint8)
    if orientation in _TRANSPOSES:
        transposed = cv2.transpose(image)
        axis = _TRANSPOSES[orientation]
        return np.asarray(transposed if axis is None else cv2.flip(transposed, axis), np.uint8)
    return image
