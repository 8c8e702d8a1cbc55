"""Signature areas and uncombed lines: is there ink, and is it hand or machine that wrote it?"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.forms.layout import Box, Kind, PageLayout
from pipeline.recognition import print
from pipeline.recognition.doubt import Key
from pipeline.recognition.rings import AROUND_MM, PX_PER_MM, stamped
from pipeline.recognition.unsigned import is_unsigned
from pipeline.recognition.window import FAINT
from pipeline.registration.crop import crop
from pipeline.registration.plane import Plane

_INSET_MM: Final = 0.9
_SPECK_MM2: Final = 0.12
_PEN_PX: Final = 60
"""The 60th darkest pixel (1 mm²) speaks for the pen."""
_PALE: Final = 0.3
"""Ink that is so weak may be print showing through."""
_STROKES: Final = 0.9
_SIGNED_MM2: Final = 6.0
_SIGNED_REACH_MM: Final = 6.0
_UNSIGNED_MM2: Final = 0.8
_WRITTEN_MM2: Final = 0.8
_CLEAR: Final = 0.9995
_UNCLEAR: Final = 0.6


@dataclass(frozen=True, slots=True, eq=False)
class AreaInk:
    """The inside of an area.

    Attributes:
        picture: uint8 (h, w), upright, paper at 255.
        ink: bool (h, w), where something is inked, specks left out.
        ink_mm2: what is inked, specks left out.
        reach_mm: the longest extent of one connected stroke.
        pen: how dark the ink is, 0 to 1.
        level: brightness 0 to 255 of the page below which something is ink.
    """

    picture: NDArray[np.uint8]
    ink: NDArray[np.bool_]
    ink_mm2: float
    reach_mm: float
    pen: float = 0.0
    level: float = 0.0


@dataclass(frozen=True, slots=True)
class AreaReading:
    """What a signature area or an uncombed line holds; the fields of `Reading` that it decides, and how dark it is."""

    value: str | None
    raw: str
    confidence: float
    reader: str
    reasons: tuple[str, ...] = ()
    pens: tuple[float, ...] = ()


def read_areas(image: NDArray[np.uint8], plane: Plane, page: PageLayout) -> dict[Key, AreaReading]:
    """Reads every signature area and uncombed line of a page; typed lines go to Tesseract together.

    Raises:
        MissingPartError: a line is typed and Tesseract is not installed.
    """
    signatures = {
        (field.name, field.row): _signature(image, plane, field.box)
        for field in page.fields
        if field.kind is Kind.AREA
    }
    lines = {
        (field.name, field.row): area_ink(image, plane, field.box)
        for field in page.fields
        if field.kind is Kind.LINE
    }
    typed = [
        key
        for key, ink in lines.items()
        if ink.ink_mm2 > _WRITTEN_MM2 and print.looks_typed(ink.picture, PX_PER_MM)
    ]
    printed = dict(
        zip(typed, print.read_lines([lines[key].picture for key in typed], PX_PER_MM), strict=True)
    )
    return signatures | {key: _line(ink, printed.get(key)) for key, ink in lines.items()}


def _signature(image: NDArray[np.uint8], plane: Plane, box: Box) -> AreaReading:
    ink = area_ink(image, plane, box)
    unsigned = ink.ink_mm2 <= _UNSIGNED_MM2
    value = "absent" if unsigned else "present"
    raw = f"{ink.ink_mm2:.1f} mm2"
    plain = ink.ink_mm2 >= _SIGNED_MM2 and ink.reach_mm >= _SIGNED_REACH_MM and ink.pen >= _PALE
    plain = plain and not is_unsigned(ink.ink, PX_PER_MM)
    if unsigned or (plain and not _is_stamped(image, plane, box, ink.level)):
        return AreaReading(value, raw, _CLEAR, "ink 1", pens=() if unsigned else (ink.pen,))
    return AreaReading(value, raw, _UNCLEAR, "ink 1", ("unclear_signature",))


def _line(ink: AreaInk, printed: print.Printed | None) -> AreaReading:
    if ink.ink_mm2 <= _WRITTEN_MM2:
        return AreaReading(None, "", _CLEAR, "ink 1")
    if printed is None or not printed.text:
        return AreaReading(None, "", 0.0, "ink 1", ("handwritten_line",))
    return AreaReading(printed.text, printed.text, printed.confidence, "tesseract", ("machine_print",))


def area_ink(image: NDArray[np.uint8], plane: Plane, box: Box) -> AreaInk:
    """The ink inside a box in mm of the form; the printed outline stays outside."""
    picture = crop(image, plane, _inside(box), PX_PER_MM)
    paper = max(float(np.quantile(picture[::4, ::4], 0.7)), 40.0)
    picture = np.minimum(picture * (255 / paper), 255).astype(np.uint8)
    dark = 1 - picture.astype(np.float32) / 255
    peak = float(np.partition(dark.ravel(), -_PEN_PX)[-_PEN_PX])
    if peak < FAINT:
        return AreaInk(picture, np.zeros(picture.shape, bool), 0.0, 0.0)
    least = 0.4 * max(peak, 2 * FAINT)
    _, labels, stats, _ = cv2.connectedComponentsWithStats((dark > least).astype(np.uint8), connectivity=8)
    large = stats[:, cv2.CC_STAT_AREA] >= _SPECK_MM2 * PX_PER_MM**2
    large[0] = False
    big, ink = stats[large], large[labels]
    if not len(big):
        return AreaInk(picture, ink, 0.0, 0.0)
    reach = float(np.hypot(big[:, cv2.CC_STAT_WIDTH], big[:, cv2.CC_STAT_HEIGHT]).max()) / PX_PER_MM
    amount = float(big[:, cv2.CC_STAT_AREA].sum()) / PX_PER_MM**2
    # Where strokes cross, pale ink is dark.
    pen = float(np.quantile(dark[ink], _STROKES))
    return AreaInk(picture, ink, amount, reach, min(peak, pen), paper * (1 - least))


def _inside(box: Box) -> Box:
    # Half a px up: the line that is written on begins where the inset ends.
    corner = _INSET_MM - 0.5 / PX_PER_MM
    return Box(box.x + corner, box.y + corner, box.w - 2 * _INSET_MM, box.h - 2 * _INSET_MM)


def _is_stamped(image: NDArray[np.uint8], plane: Plane, box: Box, level: float) -> bool:
    """Whether a stamp's ring runs through the inside of a box, ink being darker than `level`."""
    wide = crop(image, plane, _inside(box).grown(AROUND_MM), PX_PER_MM)
    return stamped((wide < level).astype(np.uint8))
