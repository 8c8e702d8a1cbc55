"""What happens to a page before it reaches us, each kind at three strengths, with where each mm ended up."""

import io
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.training import damage_photos as photos
from pipeline.training import degrade, scanner
from pipeline.training.batch_file import as_jpeg
from pipeline.training.damage_optics import PAGE_PX_PER_MM, Damaged, Map, Points
from pipeline.training.hands import Floats

Rng = np.random.Generator


Damage = Callable[[Floats, int, Rng], Damaged]
"""A clean page, float32 (H, W) 0..1 at 300 dpi, a strength 0 to 2, chance: to the damaged page."""

_CLEAN: Final = scanner.Scanner(skew=0.4, noise=0.008, dust=3)


def _placed(matrix: NDArray[np.float64]) -> Map:
    """The map of a page that was moved by an affine matrix (2, 3) from px at 300 dpi."""

    def to_px(points: Points) -> Points:
        return np.asarray((points * PAGE_PX_PER_MM - 0.5) @ matrix[:, :2].T + matrix[:, 2])

    return to_px


def _scanned(page: Floats, rng: Rng, glass: scanner.Scanner = _CLEAN) -> tuple[NDArray[np.uint8], Map]:
    turned = replace(glass, skew=float(rng.normal(0, glass.skew)))
    return turned.scan(page, rng), _placed(turned.matrix(*page.shape))


def _scan(page: Floats, rng: Rng, glass: scanner.Scanner = _CLEAN) -> Damaged:
    image, to_px = _scanned(page, rng, glass)
    return Damaged(as_jpeg(image, 80), ".jpg", to_px)


def turned(page: Floats, strength: int, rng: Rng) -> Damaged:
    """Turned: by EXIF alone, by a quarter without EXIF, upside down and 4° askew."""
    if strength == 2:
        askew = replace(_CLEAN, skew=0.0)
        image, to_px = _scanned(page, rng, askew)
        matrix = cv2.getRotationMatrix2D((image.shape[1] / 2, image.shape[0] / 2), 184.0, 0.93)
        image = degrade.as_picture(cv2.warpAffine(image, matrix, image.shape[::-1], borderValue=255.0))
        return Damaged(
            as_jpeg(image, 80), ".jpg", lambda points: to_px(points) @ matrix[:, :2].T + matrix[:, 2]
        )
    image, to_px = _scanned(page, rng)
    quarter = np.ascontiguousarray(np.rot90(image))
    if strength == 0:
        out, exif = io.BytesIO(), Image.Exif()
        exif[0x0112] = 6
        Image.fromarray(quarter).save(out, "JPEG", quality=80, exif=exif)
        return Damaged(out.getvalue(), ".jpg", to_px)
    side = image.shape[1]

    def quarter_px(points: Points) -> Points:
        px = to_px(points)
        return np.column_stack([px[:, 1], side - 1 - px[:, 0]])

    return Damaged(as_jpeg(quarter, 80), ".jpg", quarter_px)


def photocopy(page: Floats, strength: int, rng: Rng) -> Damaged:
    """A copy, the copy of a copy, and one more."""
    return _scan(scanner.photocopied(page.copy(), rng, strength + 1), rng)


def fax(page: Floats, strength: int, rng: Rng) -> Damaged:
    """One bit a px, Group 4: 300 dpi, 200 dpi, 200 dpi across by 100 down."""
    across, down = ((300, 300), (200, 200), (204, 98))[strength]
    image, to_px = _scanned(page, rng, replace(_CLEAN, noise=0.004, dust=8))
    h, w = image.shape
    size = round(w * across / 300), round(h * down / 300)
    small = degrade.as_picture(cv2.resize(image, size, interpolation=cv2.INTER_AREA))
    out = io.BytesIO()
    Image.fromarray(degrade.one_bit(small, 170)).convert("1").save(
        out, "TIFF", compression="group4", dpi=(across, down)
    )
    # The reader makes oblong px square, at the finer of both resolutions.
    scale = np.array([size[0] / w, size[0] / w if across != down else size[1] / h])
    if across != down:
        scale[1] = round(size[1] * across / down) / h
    return Damaged(out.getvalue(), ".tif", lambda points: (to_px(points) + 0.5) * scale - 0.5)


def colour_600(page: Floats, strength: int, rng: Rng) -> Damaged:
    """Colour at 600 dpi on tinted paper, as JPEG of quality 85, 60 or 30."""
    image, to_px = _scanned(page, rng)
    large = cv2.resize(image, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR).astype(np.float32)
    ink = 1 - large / 255
    paper, pen = np.array([225, 240, 245], np.float32), np.array([110, 40, 30], np.float32)
    colour = paper - ink[..., None] * (paper - pen)
    data = as_jpeg(np.clip(colour, 0, 255).astype(np.uint8), (85, 60, 30)[strength])
    return Damaged(data, ".jpg", lambda points: (to_px(points) + 0.5) * 2 - 0.5)


def scaled(page: Floats, strength: int, rng: Rng) -> Damaged:
    """Printed at 95, 90 or 110 %; what is larger than A4 is on larger paper."""
    factor = (0.95, 0.90, 1.10)[strength]
    h, w = (round(side * max(factor, 1.0)) for side in page.shape)
    left, top = (w - factor * page.shape[1]) / 2, (h - factor * page.shape[0]) / 2
    matrix = np.array([[factor, 0, left], [0, factor, top]])
    soft = degrade.soften(page, 0.3) if factor < 1 else page
    grown = np.asarray(
        cv2.warpAffine(soft, matrix, (w, h), flags=cv2.INTER_AREA, borderValue=1.0), np.float32
    )
    image, to_px = _scanned(grown, rng)

    def both(points: Points) -> Points:
        px = (points * PAGE_PX_PER_MM - 0.5) @ matrix[:, :2].T + matrix[:, 2]
        return to_px((px + 0.5) / PAGE_PX_PER_MM)

    return Damaged(as_jpeg(image, 80), ".jpg", both)


def cropped(page: Floats, strength: int, rng: Rng) -> Damaged:
    """Margins cut off: one marker gone, two of one side, two of the bottom that take fields along."""
    made = page.copy()
    h, w = page.shape
    corner, edge = round(22 * PAGE_PX_PER_MM), round(19 * PAGE_PX_PER_MM)
    if strength == 0:
        rows = slice(0, corner) if rng.random() < 0.5 else slice(h - corner, h)
        made[rows, slice(0, edge) if rng.random() < 0.5 else slice(w - edge, w)] = 1
        return _scan(made, rng)
    image, to_px = _scanned(made, rng)
    if strength == 1:
        return Damaged(as_jpeg(np.ascontiguousarray(image[:, : w - edge]), 80), ".jpg", to_px)
    return Damaged(as_jpeg(np.ascontiguousarray(image[: h - corner]), 80), ".jpg", to_px)


def f4_glass(page: Floats, strength: int, rng: Rng) -> Damaged:
    """On glass of 215 × 330 mm with a white lid, a grey one, an open one; ever more askew."""
    lid, askew = ((1.0, 0.5), (0.6, 1.5), (0.03, 3.0))[strength]
    h, w = page.shape
    high, wide = round(330 * PAGE_PX_PER_MM), round(215 * PAGE_PX_PER_MM)
    turn = cv2.getRotationMatrix2D((w / 2, h / 2), askew if rng.random() < 0.5 else -askew, 1.0)
    turn[:, 2] += [(wide - w) / 2, float(rng.uniform(0.1, 0.9)) * (high - h)]
    laid = cv2.warpAffine(page, turn, (wide, high), flags=cv2.INTER_LINEAR, borderValue=lid)
    flat = replace(_CLEAN, skew=0.0)
    image = flat.scan(np.asarray(laid, np.float32), rng)
    return Damaged(as_jpeg(image, 80), ".jpg", _placed(np.asarray(turn, np.float64)))


def holes(page: Floats, strength: int, rng: Rng) -> Damaged:
    """Two punched holes in the margin; then one through a marker; then one through the QR code and a staple too."""
    made = page.copy()
    middle = page.shape[0] / PAGE_PX_PER_MM / 2
    punched = [(10.0, middle - 40), (10.0, middle + 40)]
    punched += [(14.0, 14.0 if rng.random() < 0.5 else 2 * middle - 14)] if strength else []
    punched += [(178.0, 20.0)] if strength == 2 else []
    for x, y in punched:
        at = round(x * PAGE_PX_PER_MM), round(y * PAGE_PX_PER_MM)
        cv2.circle(made, at, round(3 * PAGE_PX_PER_MM), 0.08, -1, cv2.LINE_AA)
    if strength == 2:
        start, end = (
            (round(194 * PAGE_PX_PER_MM), round(9 * PAGE_PX_PER_MM)),
            (round(202 * PAGE_PX_PER_MM), round(15 * PAGE_PX_PER_MM)),
        )
        cv2.line(made, start, end, 0.15, round(0.7 * PAGE_PX_PER_MM), cv2.LINE_AA)
    return _scan(made, rng)


def stamps(page: Floats, strength: int, rng: Rng) -> Damaged:
    """One, two or four round office stamps of 38 mm, anywhere on the page."""
    h, w = page.shape
    through = np.full((h, w), 255, np.uint8)
    for _ in range((1, 2, 4)[strength]):
        at = int(rng.uniform(0.15, 0.85) * w), int(rng.uniform(0.15, 0.9) * h)
        ink = float(rng.uniform(90, 150))
        for radius, thick in ((19.0, 1.0), (17.0, 0.4), (11.0, 0.4)):
            cv2.circle(
                through, at, round(radius * PAGE_PX_PER_MM), ink, round(thick * PAGE_PX_PER_MM), cv2.LINE_AA
            )
        text_at = at[0] - round(9.5 * PAGE_PX_PER_MM), at[1] + round(1.2 * PAGE_PX_PER_MM)
        cv2.putText(through, "HALONG", text_at, cv2.FONT_HERSHEY_SIMPLEX, 1.9, ink, 7, cv2.LINE_AA)
    # The pad does not ink evenly.
    blotches = rng.standard_normal((h // 8, w // 8)).astype(np.float32)
    covers = np.clip(0.75 + 0.5 * cv2.resize(blotches, (w, h), interpolation=cv2.INTER_LINEAR), 0, 1)
    return _scan(np.asarray(page * (1 - covers * (1 - through / np.float32(255))), np.float32), rng)


def cups(page: Floats, strength: int, rng: Rng) -> Damaged:
    """Rings of one, two or four cups of coffee, with drops."""
    for _ in range((1, 2, 4)[strength]):
        page = scanner.coffee(page, rng)
    return _scan(page, rng)


def blots(page: Floats, strength: int, rng: Rng) -> Damaged:
    """So many drops of ink anywhere on the page, up to 3 mm wide."""
    made = page.copy()
    h, w = made.shape
    for _ in range((10, 30, 90)[strength]):
        at = int(rng.uniform(0.05, 0.95) * w), int(rng.uniform(0.05, 0.95) * h)
        axes = tuple(round(float(rng.uniform(0.3, 1.5)) * PAGE_PX_PER_MM) for _ in range(2))
        cv2.ellipse(made, at, axes, float(rng.uniform(0, 180)), 0, 360, 0.15, -1, cv2.LINE_AA)
    return _scan(made, rng)


def torn_corner(page: Floats, strength: int, rng: Rng) -> Damaged:
    """A corner torn off, 15, 30 or 60 mm along both edges."""
    made, side = page.copy(), (15.0, 30.0, 60.0)[strength] * PAGE_PX_PER_MM
    h, w = page.shape
    corner = np.array([[0, 0], [w, 0], [w, h], [0, h]][int(rng.integers(4))], np.float64)
    inward = np.sign(np.array([w, h]) / 2 - corner)
    edge = np.linspace(0, 1, 12)[:, None]
    ragged = (corner + inward * [side, 0]) * edge + (corner + inward * [0, side * 1.1]) * (1 - edge)
    ragged[1:-1] += rng.normal(0, 0.05 * side, (10, 2))
    cv2.fillPoly(made, [np.vstack([corner, ragged]).round().astype(np.int32)], float(rng.choice([1.0, 0.05])))
    return _scan(made, rng)


def none(page: Floats, strength: int, rng: Rng) -> Damaged:
    """An office scan at 300, 200 and 150 dpi."""
    image, to_px = _scanned(page, rng)
    factor = (1.0, 2 / 3, 0.5)[strength]
    small = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return Damaged(
        as_jpeg(degrade.as_picture(small), 80), ".jpg", lambda points: (to_px(points) + 0.5) * factor - 0.5
    )


KINDS: Final[Mapping[str, tuple[Damage, tuple[str, str, str]]]] = {
    "office scan": (none, ("300 dpi", "200 dpi", "150 dpi")),
    "photo from the side": (photos.perspective, ("8°", "18°", "30°")),
    "bowed paper, photo": (photos.bow, ("4 mm", "10 mm", "20 mm")),
    "wavy paper, photo": (photos.wave, ("1.5 mm", "3 mm", "6 mm")),
    "folded paper, photo": (photos.fold, ("4°", "9°", "16°")),
    "shadow, photo": (photos.shadow, ("30 %", "50 %", "70 %")),
    "flash, photo": (photos.glare, ("25 mm", "50 mm", "90 mm")),
    "blur, photo": (photos.blur, ("0.15 mm", "0.3 mm", "0.5 mm")),
    "low light, photo": (photos.low_light, ("1/3", "1/6", "1/12")),
    "table around, photo": (photos.far_away, ("75 %", "60 %", "45 %")),
    "turned": (turned, ("EXIF", "quarter", "184°")),
    "photocopied": (photocopy, ("once", "twice", "three times")),
    "1-bit": (fax, ("300 dpi", "200 dpi", "204 × 98 dpi")),
    "colour, 600 dpi": (colour_600, ("quality 85", "quality 60", "quality 30")),
    "scaled print": (scaled, ("95 %", "90 %", "110 %")),
    "cropped margins": (cropped, ("one marker", "right side", "bottom")),
    "F4 glass": (f4_glass, ("white lid", "grey lid", "open lid")),
    "holes and staples": (holes, ("margin", "marker", "marker, QR")),
    "stamps": (stamps, ("one", "two", "four")),
    "torn corner": (torn_corner, ("15 mm", "30 mm", "60 mm")),
    "phone photo": (photos.village, ("with care", "as usual", "in haste")),
    "coffee": (cups, ("one cup", "two", "four")),
    "blots": (blots, ("10", "30", "90")),
}
"""Kind of damage: how it is done, and what its three strengths are called."""
