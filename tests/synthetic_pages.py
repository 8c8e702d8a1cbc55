"""A small form drawn straight into pixels, and what printers, scanners and phones do to it."""

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
import segno

from pipeline.forms.identity import MARKER_DICTIONARY, Identity
from pipeline.forms.layout import Box, ChoiceBox, FieldLayout, FieldType, FormLayout, Kind, Marker, PageLayout

MARKERS = ((8.0, 8.0), (192.0, 8.0), (192.0, 279.0), (8.0, 279.0))
SERIAL = "FPS-2005-26-00017"
IDENTITY = Identity("FPS-01", 1, 1, SERIAL)


def comb(name: str, x: float, y: float, count: int) -> FieldLayout:
    cells = tuple(Box(x + 5.5 * i, y, 5.5, 7.0) for i in range(count))
    box = Box(x, y, 5.5 * count, 7.0)
    return FieldLayout(name, None, FieldType.NIK, Kind.COMB, box, "0123456789", cells)


def ticks(name: str, x: float, y: float, count: int) -> FieldLayout:
    choices = tuple(ChoiceBox(str(i), Box(x + 30.0 * i, y, 4.5, 4.5)) for i in range(count))
    return FieldLayout(
        name, None, FieldType.CHOICE, Kind.MARKS, Box(x, y, 30.0 * count, 4.5), choices=choices
    )


def page_layout(page: int = 1) -> PageLayout:
    markers = tuple(Marker(4 * (page - 1) + i, Box(x, y, 10.0, 10.0)) for i, (x, y) in enumerate(MARKERS))
    rows = [comb(f"comb{i}", 14.25, 50.0 + 24.0 * i, 30) for i in range(9)]
    rows += [ticks(f"ticks{i}", 14.25, 63.0 + 24.0 * i, 6) for i in range(9)]
    qr, serial = Box(166.0, 8.0, 20.0, 20.0), Box(98.0, 19.6, 63.0, 6.4)
    return PageLayout(page, 210.0, 297.0, markers, qr, serial, tuple(rows))


def form_layout(code: str = "FPS-01", version: int = 1, pages: int = 2) -> FormLayout:
    return FormLayout("pendataan", code, version, tuple(page_layout(page) for page in range(1, pages + 1)))


@dataclass(frozen=True)
class OneForm:
    layout: FormLayout
    blanks: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Shelf:
    """A catalogue of layouts."""

    layouts: tuple[FormLayout, ...]

    def forms(self) -> Iterable[OneForm]:
        return [OneForm(layout) for layout in self.layouts]

    def by_code(self, code: str, version: int) -> OneForm | None:
        return next(
            (form for form in self.forms() if (form.layout.code, form.layout.version) == (code, version)),
            None,
        )


SHELF = Shelf((form_layout(),))


def draw(identity: Identity = IDENTITY, dpi: int = 300, layout: PageLayout | None = None) -> np.ndarray:
    """A printed page, uint8 (H, W); a point of x mm lies at x * dpi / 25.4 - 0.5 px."""
    layout = layout or page_layout(identity.page)
    fine = 2 * dpi / 25.4
    page = np.full((round(layout.height_mm * fine), round(layout.width_mm * fine)), 255, np.uint8)

    def px(value: float) -> int:
        return round(value * fine)

    def outline(box: Box, grey: int, stroke: float) -> None:
        half = stroke / 2
        for x, y, w, h in (
            (box.x - half, box.y - half, box.w + stroke, stroke),
            (box.x - half, box.y + box.h - half, box.w + stroke, stroke),
            (box.x - half, box.y - half, stroke, box.h + stroke),
            (box.x + box.w - half, box.y - half, stroke, box.h + stroke),
        ):
            page[px(y) : px(y + h), px(x) : px(x + w)] = grey

    def put(bits: np.ndarray, box: Box) -> None:
        picture = cv2.resize(bits, (px(box.w), px(box.h)), interpolation=cv2.INTER_NEAREST)
        page[px(box.y) : px(box.y) + picture.shape[0], px(box.x) : px(box.x) + picture.shape[1]] = picture

    for field in layout.fields:
        for cell in field.cells:
            outline(cell, 184, 0.22)
        for choice in field.choices:
            outline(choice.box, 90, 0.3)
    dictionary = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, MARKER_DICTIONARY))
    for marker in layout.markers:
        put(cv2.aruco.generateImageMarker(dictionary, marker.id, 70), marker.box)
    qr = segno.make_qr(identity.qr_text(), error="m")
    put(np.array([[0 if dark else 255 for dark in row] for row in qr.matrix], np.uint8), layout.qr)
    box = layout.serial
    scale = 4.6 * fine / cv2.getTextSize(identity.serial, cv2.FONT_HERSHEY_SIMPLEX, 1.0, 1)[0][1] * 0.75
    cv2.putText(page, identity.serial, (px(box.x + 0.5), px(box.y + 5.2)), cv2.FONT_HERSHEY_SIMPLEX, scale, 0,
                px(0.45), cv2.LINE_AA)  # fmt: skip
    return cv2.resize(page, (page.shape[1] // 2, page.shape[0] // 2), interpolation=cv2.INTER_AREA)


def printed_to_px(dpi: int = 300) -> np.ndarray:
    """The homography (3, 3) of a page as drawn: mm to px."""
    scale = dpi / 25.4
    return np.array([[scale, 0, -0.5], [0, scale, -0.5], [0, 0, 1.0]])


def warp(page: np.ndarray, matrix: np.ndarray, size: tuple[int, int], ground: int = 255) -> np.ndarray:
    """The page image seen through a homography (px to px), on a ground of one grey."""
    return cv2.warpPerspective(page, matrix, size, flags=cv2.INTER_AREA, borderValue=ground)


def to_corners(page: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """The homography from the page image's corners, clockwise from the top left, to `corners` (4, 2) px."""
    height, width = page.shape
    own = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) - 0.5
    return cv2.getPerspectiveTransform(own, corners.astype(np.float32)).astype(np.float64)


def noisy(image: np.ndarray, seed: int = 0, sigma: float = 6.0, blur: float = 0.8) -> np.ndarray:
    """What a cheap scanner adds."""
    generator = np.random.default_rng(seed)
    soft = cv2.GaussianBlur(image, (0, 0), blur).astype(np.float32) * 0.9 + 15
    return np.clip(soft + generator.normal(0, sigma, image.shape), 0, 255).astype(np.uint8)


def turned(image: np.ndarray, quarters: int) -> tuple[np.ndarray, np.ndarray]:
    """The image turned clockwise by quarters, and the matrix (3, 3) that does so."""
    matrix = np.eye(3)
    for _ in range(quarters):
        matrix = np.array([[0.0, -1.0, image.shape[0] - 1], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]) @ matrix
        image = np.ascontiguousarray(cv2.rotate(image, cv2.ROTATE_90_CLOCKWISE))
    return image, matrix


def shrunk(image: np.ndarray, factor: int) -> np.ndarray:
    """The image at a whole fraction of its size."""
    height, width = image.shape[0] // factor, image.shape[1] // factor
    return cv2.resize(
        image[: height * factor, : width * factor], (width, height), interpolation=cv2.INTER_AREA
    )
