"""What a registered page says of itself: its QR code, or the serial printed beside it."""

import re
from collections.abc import Iterator
from typing import Final

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray

from pipeline.forms import reference
from pipeline.forms.identity import NO_VILLAGE, is_serial, village_of
from pipeline.forms.layout import Box
from pipeline.registration.crop import crop
from pipeline.registration.plane import Plane
from pipeline.tesseract import one_line

Image = NDArray[np.uint8]

_QR_QUIET_MM: Final = 2.5
_QR_PX_PER_MM: Final = 12.0
_SERIAL_MARGIN_MM: Final = 0.8
_SERIAL_SIZES: Final = (6.0, 8.0, 11.0)
"""px per mm at which the serial is read, then once more sharpened; all readings must agree, as a serial has no
check digit and a blurred 0 is as good as a 6."""
_SERIAL_LEAST: Final = 4.0
"""px per mm below which a serial is not read: 100 dpi."""
_ANYWHERE: Final = (1200, 2400, 5000)
_WHITELIST: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"
_LOOKS_LIKE_SERIAL: Final = re.compile(r"([A-Z0-9]{3})-?([A-Z0-9]{4})-?([A-Z0-9]{2})-?([A-Z0-9]{5})")
_TO_LETTERS: Final = str.maketrans("0158", "OISB")
_TO_DIGITS: Final = str.maketrans("OQDIJLSBZGA", "00011158264")


def qr_text_at(image: Image, plane: Plane, qr: Box) -> str | None:
    """The text of the QR code whose square `qr` (mm) the plane puts on a grey image (H, W)."""
    upright = crop(image, plane, qr.grown(_QR_QUIET_MM), _QR_PX_PER_MM)
    return next((text for variant in _variants(upright) for text in _qr_texts(variant)), None)


def qr_texts_anywhere(image: Image) -> list[str]:
    """The texts of all QR codes of a grey image (H, W), looked for at rising sizes until there is one."""
    for long_side in _ANYWHERE:
        factor = max(1, round(max(image.shape) / long_side))
        height, width = image.shape[0] // factor, image.shape[1] // factor
        small = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA) if factor > 1 else image
        texts = _qr_texts(np.asarray(small, np.uint8))
        if texts or factor == 1:
            return texts
    return []


def printed_serial(image: Image, plane: Plane, serial: Box) -> str | None:
    """The serial printed in a box (mm), read by Tesseract; None unless all its readings agree.

    Raises:
        MissingPartError: Tesseract is not installed.
    """
    if not _is_legible(image, plane, serial):
        return None
    found: str | None = None
    for upright in _serial_looks(image, plane, serial):
        read = _as_serial(one_line(upright, _WHITELIST))
        if read is None or found not in (None, read):
            return None
        found = read
    return found


def _is_legible(image: Image, plane: Plane, serial: Box) -> bool:
    """Whether the whole serial is on the picture and large enough: half a 0 at the edge looks like a 6."""
    corners = [
        [serial.x, serial.y],
        [serial.x + serial.w, serial.y + serial.h],
        [serial.x + serial.w, serial.y],
    ]
    start, end, right = plane.to_pixels(np.array(corners))
    low, high = np.minimum(start, end), np.maximum(start, end)
    whole = (low >= 0).all() and high[0] <= image.shape[1] and high[1] <= image.shape[0]
    return bool(whole and np.linalg.norm(right - start) >= _SERIAL_LEAST * serial.w)


def _serial_looks(image: Image, plane: Plane, serial: Box) -> Iterator[Image]:
    for size in _SERIAL_SIZES:
        upright = crop(image, plane, serial.grown(_SERIAL_MARGIN_MM), size)
        yield upright
    soft = cv2.GaussianBlur(upright, (0, 0), 0.55 * size)
    yield np.asarray(cv2.addWeighted(upright, 2.5, soft, -1.5, 0), np.uint8)


def _variants(upright: Image) -> Iterator[Image]:
    """The crop as it is, then as it may have been before a pen, a copier or a stain passed over it."""
    yield upright
    soft = cv2.GaussianBlur(upright, (0, 0), 2.0)
    yield np.asarray(soft, np.uint8)
    yield np.asarray(cv2.createCLAHE(4.0, (4, 4)).apply(soft), np.uint8)
    for size in (3, 5):
        kernel = np.ones((size, size), np.uint8)
        yield np.asarray(cv2.morphologyEx(upright, cv2.MORPH_CLOSE, kernel), np.uint8)
        yield np.asarray(cv2.morphologyEx(upright, cv2.MORPH_OPEN, kernel), np.uint8)
    threshold = cv2.adaptiveThreshold(soft, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, 71, 8)
    yield np.asarray(threshold, np.uint8)


def _qr_texts(image: Image) -> list[str]:
    found = zxingcpp.read_barcodes(
        np.ascontiguousarray(image), formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
    )
    return [code.text for code in found if code.text]


def _as_serial(text: str) -> str | None:
    """The serial in a machine reading, its letters and digits taken for what their places allow."""
    match = _LOOKS_LIKE_SERIAL.search(text.replace(" ", ""))
    if match is None:
        return None
    code, *numbers = match.groups()
    serial = "-".join([code.translate(_TO_LETTERS), *(number.translate(_TO_DIGITS) for number in numbers)])
    return serial if is_serial(serial) and _is_issued_here(serial) else None


def _is_issued_here(serial: str) -> bool:
    """Whether a serial names a village that there is, or none; print has no check digit."""
    return village_of(serial) in {NO_VILLAGE, *reference.villages()}
