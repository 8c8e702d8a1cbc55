"""A blank as straight pages: photos are cut out of their table, scans are turned level, all have their size in mm."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.drafting.lines import thin_ink
from pipeline.drafting.types import PX, Grey, Sheet
from pipeline.errors import UsageError
from pipeline.forms.blanks import LEAST_MM, MOST_MM
from pipeline.language import Text
from pipeline.scans.pages import open_pages
from pipeline.scans.types import UnreadableFile, UnreadablePage

Places = NDArray[np.float32]

_A4: Final = (210.0, 297.0)
_PAPERS: Final = (_A4, (215.0, 330.0), (215.9, 279.4), (148.0, 210.0), (297.0, 420.0), (215.9, 355.6))
"""A4, F4, Letter, A5, A3, Legal; portrait, mm."""
_NEAR: Final = 0.02
_CREDIBLE: Final = (100.0, 450.0)
_SCREEN_DPI: Final = 100.0
"""Cameras and programs write 72 or 96 dpi without having measured anything."""
_SEARCH: Final = ((5.0, 0.25), (0.25, 0.05), (0.05, 0.01))
"""Turns are tried so far to both sides of the best one, in such steps, degrees."""
_LONG: Final = 10 * PX
"""Strokes this long are lines, px."""
_LEAST_INK: Final = 20 * PX
"""So many px of line tell a turn."""
_ENOUGH: Final = 60_000
"""More px of line tell it no better, and take longer."""
_LEVEL: Final = 0.03
"""Less skew than this moves nothing by more than 0.1 mm, degrees."""


def open_blank(path: Path) -> Iterator[Sheet]:
    """The pages of a PDF, TIFF, JPEG or PNG as straight sheets.

    Raises:
        UnreadableFile: the file, or one of its pages, gives no image.
        UsageError: a page is too long and narrow to be one.
        MissingPartError: poppler is not installed.
    """
    for page in open_pages(path):
        if isinstance(page, UnreadablePage):
            raise UnreadableFile(page.reason, page.detail)
        yield straight(page.decode(), page.dpi)


def straight(grey: Grey, dpi: float | None) -> Sheet:
    """A page image (H, W) as a straight sheet.

    Args:
        grey: uint8, any resolution; a scan, a rendered page, or a photo with the whole paper on a darker table.
        dpi: what its file claims; where that is not credible, the paper is guessed by its shape.

    Raises:
        UsageError: it is too long and narrow to be a page.
    """
    if max(grey.shape) * LEAST_MM > min(grey.shape) * MOST_MM:
        raise _too_narrow(grey)
    quad = _paper(grey)
    if quad is not None:
        grey, dpi = _cut_out(grey, quad), None
    width, height = _size(grey.shape[1], grey.shape[0], dpi)
    if max(width, height) > MOST_MM:
        raise _too_narrow(grey)
    size = round(width * PX), round(height * PX)
    shrinks = size[0] < grey.shape[1]
    scaled = cv2.resize(grey, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
    level = _turned(np.asarray(scaled, np.uint8))
    return Sheet(_even(level) if quad is not None else level, width, height)


def _too_narrow(grey: Grey) -> UsageError:
    height, width = grey.shape
    return UsageError(
        Text(
            f"Gambar {width} x {height} piksel terlalu panjang dan sempit untuk satu halaman. "
            "Pindai halaman demi halaman pada 300 dpi, lalu ulangi.",
            f"A picture of {width} x {height} px is too long and narrow for a page. "
            "Scan page by page at 300 dpi, then try again.",
        )
    )


def _size(width: int, height: int, dpi: float | None) -> tuple[float, float]:
    """The paper's width and height in mm."""
    if dpi and dpi > _SCREEN_DPI:
        across, down = (round(side / dpi * 25.4, 1) for side in (width, height))
        if all(_CREDIBLE[0] <= side <= _CREDIBLE[1] for side in (across, down)):
            return _named(across, down)
    ratio = max(width, height) / min(width, height)
    short, long = min(_PAPERS[:3], key=lambda paper: abs(paper[1] / paper[0] - ratio))
    if abs(long / short - ratio) > _NEAR * ratio:
        short, long = _A4[0], round(_A4[0] * ratio, 1)
    return (short, long) if height >= width else (long, short)


def _named(across: float, down: float) -> tuple[float, float]:
    """The nearest paper when a size is within 1 mm of it: scanners and programs round."""
    for short, long in _PAPERS:
        for paper in ((short, long), (long, short)):
            if abs(across - paper[0]) <= 1 and abs(down - paper[1]) <= 1:
                return paper
    return across, down


def _paper(grey: Grey) -> NDArray[np.float32] | None:
    """The corners (4, 2) of a paper on a darker table, clockwise; None where it fills the image."""
    scale = 800 / max(grey.shape)
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    small = cv2.morphologyEx(cv2.GaussianBlur(small, (5, 5), 0), cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    frame = np.concatenate(
        [small[:8].ravel(), small[-8:].ravel(), small[:, :8].ravel(), small[:, -8:].ravel()]
    )
    threshold, bright = cv2.threshold(small, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    if np.percentile(frame, 60) > threshold:
        return None
    contours, _ = cv2.findContours(bright, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    largest = cv2.convexHull(max(contours, key=cv2.contourArea))
    share = cv2.contourArea(largest) / (small.shape[0] * small.shape[1])
    around = cv2.arcLength(largest, closed=True)
    for slack in (0.01, 0.02, 0.03, 0.05):
        corners = cv2.approxPolyDP(largest, slack * around, closed=True).reshape(-1, 2)
        if len(corners) == 4 and 0.1 < share < 0.97:
            return _clockwise(np.asarray(corners / scale, np.float32))
    return None


def _clockwise(corners: NDArray[np.float32]) -> NDArray[np.float32]:
    sums, differences = corners.sum(axis=1), corners[:, 1] - corners[:, 0]
    order = [sums.argmin(), differences.argmin(), sums.argmax(), differences.argmax()]
    return corners[order]


def _cut_out(grey: Grey, quad: NDArray[np.float32]) -> Grey:
    top, beside, below, left = (float(np.linalg.norm(quad[(i + 1) % 4] - quad[i])) for i in range(4))
    width, height = (top + below) / 2, (beside + left) / 2
    times = 2.0
    target = np.asarray([[0, 0], [width, 0], [width, height], [0, height]], np.float32) * times
    warp = cv2.getPerspectiveTransform(quad, target)
    size = round(width * times), round(height * times)
    return np.asarray(cv2.warpPerspective(grey, warp, size, flags=cv2.INTER_CUBIC), np.uint8)


def _even(grey: Grey) -> Grey:
    """The paper of a photo equally bright everywhere."""
    small = cv2.resize(grey, None, fx=0.1, fy=0.1, interpolation=cv2.INTER_AREA)
    ground = cv2.GaussianBlur(cv2.dilate(small, np.ones((9, 9), np.uint8)), (0, 0), 8)
    ground = cv2.resize(ground, (grey.shape[1], grey.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.divide(grey, ground, scale=250), np.uint8)


def _turned(grey: Grey) -> Grey:
    """The page with its long lines level."""
    angle = skew(grey)
    if abs(angle) < _LEVEL:
        return grey
    height, width = grey.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    paper = float(np.percentile(grey[::8, ::8], 90))
    turned = cv2.warpAffine(grey, turn, (width, height), flags=cv2.INTER_CUBIC, borderValue=paper)
    return np.asarray(turned, np.uint8)


def skew(grey: Grey) -> float:
    """How far the long lines of a page at `PX` px per mm are turned, degrees; 0 where there are none.

    The turn under which their ink falls into the fewest rows and columns (projection profiles, Postl 1986).
    """
    x, y = _line_ink(thin_ink(grey))
    if len(x) < _LEAST_INK:
        return 0.0
    best = 0.0
    for reach, step in _SEARCH:
        best = max(best + np.arange(-reach, reach + step / 2, step), key=partial(_sharpness, x, y))
    return round(float(best), 2)


def _line_ink(ink: Grey) -> tuple[Places, Places]:
    """Where the ink of connected strokes longer than letters is, x and y in px; evenly some where there is much."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    long = stats[:, (cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT)].max(axis=1) >= _LONG
    long[0] = False
    y, x = np.nonzero(long[labels])
    every = max(len(x) // _ENOUGH, 1)
    return x[::every].astype(np.float32), y[::every].astype(np.float32)


def _sharpness(x: Places, y: Places, degrees: float) -> float:
    """How few rows and columns hold the ink of a page turned back by so much: the sum of their squares."""
    sine, cosine = np.sin(np.radians(degrees)), np.cos(np.radians(degrees))
    ways = (y * cosine - x * sine, x * cosine + y * sine)
    counts = [np.bincount((way - way.min()).astype(np.int32)).astype(float) for way in ways]
    return float(sum(count @ count for count in counts))
