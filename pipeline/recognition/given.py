"""A page of a form that others printed, as if nothing had been printed on it: what the pen left, and paper.

What the blank has (lines of combs, dotted guides, grey letters in the cells, shading) is taken out where it lies.
How dark each tone of the blank came out is measured on the page itself, since a copier, a 1-bit scan and a camera
each make something else of a grey; ink and print multiply, so what is light is divided out, and what is too dark
to see through is bridged from around.
"""

from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.forms.given import picture_of
from pipeline.registration.features import flattened

PX_PER_MM: Final = 10.0
_TONE: Final = 16
"""Grey levels that are taken together as one tone."""
_SPREAD_PX: Final = 2
"""How far print may lie beside its place, or be blurred: 0.2 mm."""
_OPAQUE: Final = 0.55
"""Print that lets less than this of the paper through hides the ink on it."""
_NOT_PRINT: Final = 0.94
_TYPICAL: Final = 0.5
"""Quantile of a tone's brightness on the page that speaks for the print: the pen covers less than the rest."""
_LEAST_PX: Final = 400
_SAMPLE: Final = 20_000
_BRIDGE_MM: Final = 0.3
_PAPER_MM: Final = 1.0

Floats = NDArray[np.float32]


def ink_alone(
    image: NDArray[np.uint8], homography: NDArray[np.float64], blank: bytes, size_mm: tuple[float, float]
) -> NDArray[np.uint8]:
    """The ink of a page image without the blank's print.

    Args:
        image: grey, uint8 (H, W), as scanned.
        homography: (3, 3), mm to px.
        blank: PNG file of the empty page.
        size_mm: its width and height.

    Returns:
        uint8 (h, w), `PX_PER_MM` fine, paper at 255, upright as the blank; mm times `PX_PER_MM` are its px.
    """
    printed = _print(blank, *size_mm)
    page = _on_white(flattened(image, homography, printed.shape, PX_PER_MM))
    kernel = np.ones((2 * _SPREAD_PX + 1, 2 * _SPREAD_PX + 1), np.uint8)
    through = _tones(page, printed)[cv2.erode(printed, kernel) // _TONE]
    light = np.minimum(page / np.maximum(through, _OPAQUE), 1)
    hidden = through < _OPAQUE
    return np.round(np.where(hidden, _bridged(light, hidden), light) * 255).astype(np.uint8)


@lru_cache(maxsize=16)
def _print(blank: bytes, width_mm: float, height_mm: float) -> NDArray[np.uint8]:
    """The tone of a blank at each px: uint8 (h, w), 255 is paper."""
    picture = picture_of(blank)
    size = round(width_mm * PX_PER_MM), round(height_mm * PX_PER_MM)
    way = cv2.INTER_AREA if picture.shape[1] > size[0] else cv2.INTER_LINEAR
    white = _on_white(np.asarray(cv2.resize(picture, size, interpolation=way), np.uint8))
    return np.round(white * 255).astype(np.uint8)


def _on_white(picture: NDArray[np.uint8]) -> Floats:
    """Brightness 0..1 of a grey picture (h, w) with the paper around each place at 1."""
    step = round(_PAPER_MM * PX_PER_MM)
    height, width = picture.shape
    small = cv2.resize(picture, (max(1, width // step), max(1, height // step)), interpolation=cv2.INTER_AREA)
    paper = cv2.medianBlur(cv2.dilate(small, np.ones((5, 5), np.uint8)), 9)
    whole = cv2.resize(np.maximum(paper, 40), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.minimum(picture.astype(np.float32) / whole.astype(np.float32), np.float32(1))


def _tones(page: Floats, printed: NDArray[np.uint8]) -> Floats:
    """How much of the paper each tone of the blank lets through on this page: float32 (256 / _TONE,), 0..1."""
    tone = printed // _TONE
    typical = np.ones(256 // _TONE, np.float32)
    for one in range(len(typical)):
        values = page[tone == one]
        if len(values) >= _LEAST_PX:
            typical[one] = np.quantile(values[:: max(1, len(values) // _SAMPLE)], _TYPICAL)
        elif one:
            typical[one] = typical[one - 1]
    # A darker tone cannot let more through.
    typical = np.minimum.accumulate(typical[::-1])[::-1]
    typical[typical > _NOT_PRINT] = 1
    return typical


def _bridged(page: Floats, hidden: NDArray[np.bool_]) -> Floats:
    """What may stand under print that hides it: the mean of what is seen around, weighted by nearness."""
    seen = (~hidden).astype(np.float32)
    sigma = _BRIDGE_MM * PX_PER_MM
    weight = cv2.GaussianBlur(seen, (0, 0), sigma)
    around = cv2.GaussianBlur(page * seen, (0, 0), sigma)
    return np.where(weight > 0.02, around / np.maximum(weight, 0.02), 1).astype(np.float32)
