"""Signature areas and uncombed lines: is there ink, and is it hand or machine that wrote it?"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.forms.layout import Box, Kind, PageLayout
from pipeline.recognition import print
from pipeline.recognition.doubt import Key
from pipeline.recognition.window import FAINT
from pipeline.registration.crop import crop
from pipeline.registration.plane import Plane

PX_PER_MM: Final = 8.0
_INSET_MM: Final = 0.9
_SPECK_MM2: Final = 0.12
_PEN_PX: Final = 60
"""The 60th darkest pixel (1 mm²) speaks for the pen."""
_PALE: Final = 0.3
_SIGNED_MM2: Final = 6.0
_SIGNED_REACH_MM: Final = 6.0
_UNSIGNED_MM2: Final = 0.8
_WRITTEN_MM2: Final = 0.8
_RING_MM: Final = (10.0, 24.0)
"""Radius of an office's stamp and of the rings within it."""
_RING_ARC_MM: Final = 16.0
_RING_SHARE: Final = 0.85
"""Of the ring, where the area shows it, that is inked: pads do not ink evenly, and a thumb's ridges curve too."""
_BESIDE_RING_PX: Final = 10
"""So far from the middle of a ring's line is paper, on one side at least; in a scribble there is ink."""
_RING_TRIES: Final = 1500
_RING_KEPT: Final = 60
_RING_STEPS: Final = 240
_RING_SEED: Final = 1
_CLEAR: Final = 0.9995
_UNCLEAR: Final = 0.6


@dataclass(frozen=True, slots=True, eq=False)
class AreaInk:
    """The inside of an area.

    Attributes:
        picture: uint8 (h, w), upright, paper at 255.
        ink_mm2: what is inked, specks left out.
        reach_mm: the longest extent of one connected stroke.
        pale: whether the ink is so weak that it may be print showing through.
        stamped: whether part of a ring lies in it, as of an office's stamp.
    """

    picture: NDArray[np.uint8]
    ink_mm2: float
    reach_mm: float
    pale: bool = False
    stamped: bool = False


@dataclass(frozen=True, slots=True)
class AreaReading:
    """What a signature area or an uncombed line holds; the fields of `Reading` that it decides."""

    value: str | None
    raw: str
    confidence: float
    reader: str
    reasons: tuple[str, ...] = ()


def read_areas(image: NDArray[np.uint8], plane: Plane, page: PageLayout) -> dict[Key, AreaReading]:
    """Reads every signature area and uncombed line of a page; typed lines go to Tesseract together.

    Raises:
        MissingPartError: a line is typed and Tesseract is not installed.
    """
    inks = {
        (field.name, field.row): (field.kind, area_ink(image, plane, field.box))
        for field in page.fields
        if field.kind in (Kind.AREA, Kind.LINE)
    }
    typed = [
        key
        for key, (kind, ink) in inks.items()
        if kind is Kind.LINE and ink.ink_mm2 > _WRITTEN_MM2 and print.looks_typed(ink.picture, PX_PER_MM)
    ]
    printed = dict(
        zip(typed, print.read_lines([inks[key][1].picture for key in typed], PX_PER_MM), strict=True)
    )
    return {
        key: _signature(ink) if kind is Kind.AREA else _line(ink, printed.get(key))
        for key, (kind, ink) in inks.items()
    }


def _signature(ink: AreaInk) -> AreaReading:
    signed = ink.ink_mm2 >= _SIGNED_MM2 and ink.reach_mm >= _SIGNED_REACH_MM and not (ink.pale or ink.stamped)
    unsigned = ink.ink_mm2 <= _UNSIGNED_MM2
    value = "absent" if unsigned else "present"
    raw = f"{ink.ink_mm2:.1f} mm2"
    if signed or unsigned:
        return AreaReading(value, raw, _CLEAR, "ink 1")
    return AreaReading(value, raw, _UNCLEAR, "ink 1", ("unclear_signature",))


def _line(ink: AreaInk, printed: print.Printed | None) -> AreaReading:
    if ink.ink_mm2 <= _WRITTEN_MM2:
        return AreaReading(None, "", _CLEAR, "ink 1")
    if printed is None or not printed.text:
        return AreaReading(None, "", 0.0, "ink 1", ("handwritten_line",))
    return AreaReading(printed.text, printed.text, printed.confidence, "tesseract", ("machine_print",))


def area_ink(image: NDArray[np.uint8], plane: Plane, box: Box) -> AreaInk:
    """The ink inside a box in mm of the form; the printed outline stays outside."""
    # Half a px up: the line that is written on begins where the inset ends.
    corner = _INSET_MM - 0.5 / PX_PER_MM
    inside = Box(box.x + corner, box.y + corner, box.w - 2 * _INSET_MM, box.h - 2 * _INSET_MM)
    picture = crop(image, plane, inside, PX_PER_MM)
    paper = max(float(np.quantile(picture[::4, ::4], 0.7)), 40.0)
    picture = np.minimum(picture * (255 / paper), 255).astype(np.uint8)
    dark = 1 - picture.astype(np.float32) / 255
    peak = float(np.partition(dark.ravel(), -_PEN_PX)[-_PEN_PX])
    if peak < FAINT:
        return AreaInk(picture, 0.0, 0.0)
    inked = (dark > 0.4 * max(peak, 2 * FAINT)).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(inked, connectivity=8)
    big = stats[1:][stats[1:, cv2.CC_STAT_AREA] >= _SPECK_MM2 * PX_PER_MM**2]
    if not len(big):
        return AreaInk(picture, 0.0, 0.0)
    reach = float(np.hypot(big[:, cv2.CC_STAT_WIDTH], big[:, cv2.CC_STAT_HEIGHT]).max()) / PX_PER_MM
    amount = float(big[:, cv2.CC_STAT_AREA].sum()) / PX_PER_MM**2
    return AreaInk(picture, amount, reach, peak < _PALE, has_ring(inked))


def has_ring(inked: NDArray[np.uint8]) -> bool:
    """Whether an arc of a stamp's ring runs through a picture uint8 (h, w), `PX_PER_MM` fine, ink not 0.

    Circles through three inked px each (RANSAC, Fischler and Bolles 1981); nobody's pen follows one so far.
    """
    ys, xs = np.nonzero(inked)
    if len(xs) < 3:
        return False
    rng = np.random.default_rng(_RING_SEED)
    picked = rng.integers(len(xs), size=(_RING_TRIES, 3))
    z = xs[picked] + 1j * ys[picked]
    # The circle through three points, by complex numbers: the first at 0, the second at 1.
    with np.errstate(divide="ignore", invalid="ignore"):
        w = (z[:, 2] - z[:, 0]) / (z[:, 1] - z[:, 0])
        centre = (z[:, 1] - z[:, 0]) * (w - np.abs(w) ** 2) / (2j * w.imag) + z[:, 0]
        radius = np.abs(z[:, 0] - centre)
        fit = (radius >= _RING_MM[0] * PX_PER_MM) & (radius <= _RING_MM[1] * PX_PER_MM)
    centre, radius = centre[fit, None], radius[fit, None]
    thick = np.asarray(cv2.dilate(inked, np.ones((3, 3), np.uint8)), np.uint8)
    shown, dark = _round(thick, centre, radius, _RING_STEPS // 6)
    best = np.argsort(-dark * (dark >= _RING_SHARE * shown) * radius[:, 0])[:_RING_KEPT]
    centre, radius = centre[best], radius[best]
    shown, dark = _round(thick, centre, radius)
    beside = np.stack([_round(inked, centre, radius + off)[1] for off in (-_BESIDE_RING_PX, _BESIDE_RING_PX)])
    step_mm = 2 * np.pi * radius[:, 0] / _RING_STEPS / PX_PER_MM
    long = (dark * step_mm >= _RING_ARC_MM) & (dark >= _RING_SHARE * shown)
    return bool((long & (beside.min(axis=0) <= _RING_SHARE / 2 * dark)).any())


def _round(
    inked: NDArray[np.uint8],
    centre: NDArray[np.complex128],
    radius: NDArray[np.float64],
    steps: int = _RING_STEPS,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How many of so many points on each circle (N, 1) lie in the picture, and how many of these are inked."""
    on = centre + radius * np.exp(2j * np.pi * np.arange(steps) / steps)
    x, y = np.round(on.real).astype(int), np.round(on.imag).astype(int)
    h, w = inked.shape
    shown = (x >= 0) & (x < w) & (y >= 0) & (y < h)
    dark = shown & (inked[np.clip(y, 0, h - 1), np.clip(x, 0, w - 1)] > 0)
    return shown.sum(axis=1), dark.sum(axis=1)
