"""What printers, scanners and photocopiers do to a picture of a page: one small seeded function each."""

from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.training.hands import Floats

Picture = NDArray[np.uint8]

_TILE: Final = 1024


@lru_cache(maxsize=1)
def _tile() -> Floats:
    """A patch of normal noise to lay down at random places; fresh noise would cost ten times more."""
    return np.random.default_rng(7).standard_normal((_TILE, _TILE), np.float32)


def add_noise(page: Floats, sigma: float, rng: np.random.Generator) -> None:
    """Adds sensor noise of standard deviation `sigma` to brightness (H, W) in 0..1, in place."""
    tile = _tile()
    flip = slice(None, None, -1 if rng.random() < 0.5 else 1)
    y, x = (int(v) for v in rng.integers(0, _TILE, 2))
    for top in range(-y, page.shape[0], _TILE):
        for left in range(-x, page.shape[1], _TILE):
            part = page[max(top, 0) : top + _TILE, max(left, 0) : left + _TILE]
            own = tile[max(-top, 0) :, max(-left, 0) :][: part.shape[0], : part.shape[1]]
            part += np.float32(sigma) * own[flip]


def uneven_light(page: Floats, strength: float, rng: np.random.Generator) -> None:
    """Darkens parts of a page smoothly by up to `strength`, in place."""
    field = 1 - np.float32(strength) * rng.random((3, 3), np.float32)
    page *= cv2.resize(field, page.shape[::-1], interpolation=cv2.INTER_LINEAR)


def soften(page: Floats, sigma: float) -> Floats:
    """Blurs by a Gaussian of `sigma` px; below 0.2 the page stays as it is."""
    return page if sigma < 0.2 else np.asarray(cv2.GaussianBlur(page, (0, 0), sigma), np.float32)


def specks(page: Floats, count: int, rng: np.random.Generator, most_px: float = 4.0) -> None:
    """Strews dark dots of dust over a page, in place."""
    h, w = page.shape
    for x, y, r, grey in zip(
        rng.integers(0, w, count),
        rng.integers(0, h, count),
        np.exp(rng.uniform(np.log(0.7), np.log(most_px), count)),
        rng.uniform(0.1, 0.7, count),
        strict=True,
    ):
        cv2.circle(page, (int(x), int(y)), max(1, round(float(r) / 2)), float(grey), -1)


def to_bytes(page: Floats) -> Picture:
    """Brightness 0..1 to uint8."""
    bright: Picture = np.clip(page * np.float32(255) + np.float32(0.5), 0, 255).astype(np.uint8)
    return bright


def as_picture(image: object) -> Picture:
    """The image as the uint8 array that cv2 does not promise to its type checker."""
    picture: Picture = np.asarray(image, dtype=np.uint8)
    return picture


def jpeg(image: Picture, quality: int) -> Picture:
    """The image after one round of JPEG."""
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return as_picture(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE))


def one_bit(image: Picture, level: int) -> Picture:
    """Black where the image is darker than `level`, white elsewhere."""
    return np.where(image < level, 0, 255).astype(np.uint8)
