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

from pipeline.forms.catalogue import Form
from pipeline.forms.given import picture_of
from pipeline.forms.layout import PageLayout
from pipeline.registration.features import flattened
from pipeline.registration.plane import Plane
from pipeline.registration.types import Registration

PX_PER_MM: Final = 10.0
ON_BLANK: Final = Plane(np.diag([PX_PER_MM, PX_PER_MM, 1.0]))
"""Where each mm lies on a picture that `ink_alone` makes."""
_TONE: Final = 16
"""Grey levels that are taken together as one tone."""
_SPREAD_PX: Final = 2
"""How far print may lie beside its place, or be blurred: 0.2 mm."""
_OPAQUE: Final = 0.55
"""Print that lets less than this of the paper through hides the ink on it."""
_NOT_PRINT: Final = 0.94
_BRIGHT: Final = 0.9
"""What is as bright as this share of the paper shows paper, whatever may be printed near it."""
_EXPLAINED: Final = 0.7
"""What print in reach leaves less dark than this, were it printed right there, may be that print or pale ink."""
_TYPICAL: Final = 0.5
"""Quantile of a tone's brightness on the page that speaks for the print: the pen covers less than the rest."""
_LEAST_PX: Final = 400
_SAMPLE: Final = 20_000
_BRIDGES_MM: Final = (0.9, 0.3)
"""How far around hidden print is looked, sigmas: near by where anything is seen there, else further off."""
_SOMETHING: Final = 0.02
_PAPER_MM: Final = 1.0
_PATCH_MM: Final = 11
"""Paper is what is brightest within so many mm; a filled bubble or a tick box is smaller."""
_LEAST_PAPER: Final = 0.16
"""Of the page's typical paper: what is darker around has none, and is not stretched to white."""

Floats = NDArray[np.float32]


def laid_open(
    image: NDArray[np.uint8], registration: Registration, form: Form
) -> tuple[NDArray[np.uint8], Plane]:
    """What fields are read from, and mm to its px: the page image, without the print of a blank of others."""
    if not form.blanks:
        return image, registration.plane
    page = registration.page
    return ink_alone(image, registration.plane, form.blanks[page.page - 1], page), ON_BLANK


def ink_alone(image: NDArray[np.uint8], plane: Plane, blank: bytes, page: PageLayout) -> NDArray[np.uint8]:
    """The ink of a page image without the blank's print.

    Args:
        image: grey, uint8 (H, W), as scanned.
        plane: mm to px.
        blank: PNG file of the empty page.
        page: its layout.

    Returns:
        uint8 (h, w), `PX_PER_MM` fine, paper at 255, upright as the blank; `ON_BLANK` is its plane.
    """
    printed = _print(blank, page.width_mm, page.height_mm)
    seen = _on_white(flattened(image, plane, printed.shape, PX_PER_MM))
    kernel = np.ones((2 * _SPREAD_PX + 1, 2 * _SPREAD_PX + 1), np.uint8)
    through = _tones(seen, printed)[cv2.erode(printed, kernel) // _TONE]
    light = np.minimum(seen / np.maximum(through, _OPAQUE), 1)
    dark = seen < _BRIGHT
    hidden = (through < _OPAQUE) & dark
    perhaps = (through < 1) & dark & ~hidden & (light > _EXPLAINED)
    around = _bridged(light, hidden | perhaps)
    # Nothing is darker without its print than with it.
    alone = np.where(hidden, np.maximum(around, seen), np.where(perhaps, np.clip(around, seen, light), light))
    return np.round(alone * 255).astype(np.uint8)


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
    paper = cv2.medianBlur(cv2.dilate(small, np.ones((_PATCH_MM, _PATCH_MM), np.uint8)), _PATCH_MM)
    # Held against the page's own paper: a page in bad light is dark all over, and its paper is paper still.
    least = max(1.0, _LEAST_PAPER * float(np.median(paper)))
    whole = cv2.resize(
        np.maximum(paper.astype(np.float32), least), (width, height), interpolation=cv2.INTER_LINEAR
    )
    return np.asarray(np.minimum(picture.astype(np.float32) / whole, 1), np.float32)


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
    out = np.ones_like(page)
    for reach in _BRIDGES_MM:
        weight = cv2.GaussianBlur(seen, (0, 0), reach * PX_PER_MM)
        around = cv2.GaussianBlur(page * seen, (0, 0), reach * PX_PER_MM)
        near = weight > _SOMETHING
        out[near] = around[near] / weight[near]
    return out
