"""Cell images that others cut: of any size, ink dark or bright, with remains of printed lines at their rims."""

from dataclasses import dataclass, fields
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.recognition.cells import CellInk, isolate
from pipeline.recognition.window import MARGIN_MM, PX_PER_MM, ranked

_CELL_MM: Final = 7.0
_CHUNK: Final = 1024
_RIM: Final = 0.03
"""Share of a cell's side within which a printed line's remains reach its rim."""
_THIN: Final = 0.08
"""Remains of a line reach no further into the cell than this share of its side."""
_INK: Final = 0.4
_THICK: Final = 0.13
"""Share of a cell's side that a printed line takes, at most."""
_REACH: Final = 0.25
"""Share of a cell's side within which its printed line is looked for."""
_SLOPES_PX: Final = (0, -1, 1, -2, 2, -3, 3)
"""By how much a line may fall along the cell, the gentlest first."""
_LEAST_CONTRAST: Final = 12
"""Levels of grey between paper and ink below which a cell is empty."""
_SPAN: Final = 0.75
"""Share of a side along which a line is dark, at least; a letter's own bar, cut close, is seldom that straight."""
_TRACE_MM2: Final = 0.3
_HUNG: Final = 0.06
"""Share of a side where ink goes on from a line, at most, for the line to be no letter's bar."""
_PAST: Final = 0.5
"""Share of a side that is still dark just inside a line, at most."""

_RIM_PX: Final = 3
_SHADED: Final = 0.3
"""Share of the contrast by which the paper along one side of a cell differs from that along another, in shadow."""
_WIDEST_MM: Final = 2.5
"""No stroke is wider; in a cell of 7 mm."""

Floats = NDArray[np.float32]


def loose_cells(images: NDArray[np.uint8]) -> CellInk:
    """The ink of cell images, each image being its whole cell.

    Args:
        images: uint8 (N, H, W), all with bright ink or all with dark ink.
    """
    if ink_is_bright(images):
        images = 255 - images
    parts = [_clean(images[i : i + _CHUNK]) for i in range(0, len(images), _CHUNK)]
    names = [one.name for one in fields(CellInk)]
    return CellInk(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def ink_is_bright(images: NDArray[np.uint8]) -> bool:
    """Whether the images hold bright ink on dark: paper is what most of a cell shows."""
    sample = images[:: max(1, len(images) // 512)].reshape(-1, images.shape[1] * images.shape[2])
    low, middle, high = np.quantile(sample, (0.01, 0.5, 0.99), axis=1)
    return bool(np.mean(middle < (low + high) / 2) > 0.5)


def _clean(images: NDArray[np.uint8]) -> CellInk:
    n, height, width = images.shape
    tall = round(_CELL_MM * PX_PER_MM)
    wide = max(1, round(width * tall / height))
    margin = round(MARGIN_MM * PX_PER_MM)
    patches = np.ones((n, tall + 2 * margin, wide + 2 * margin), np.float32)
    inner = patches[:, margin : margin + tall, margin : margin + wide]
    way = cv2.INTER_AREA if height > tall else cv2.INTER_LINEAR
    for i, image in enumerate(images):
        inner[i] = cv2.resize(image, (wide, tall), interpolation=way)
    # What is resized from bytes holds whole numbers.
    sparse = inner[:, ::2, ::2].reshape(n, -1).astype(np.uint8)
    levels = np.stack([ranked(sparse, int(share * sparse.shape[1])) for share in (0.01, 0.75)])
    ink, paper = levels.astype(np.float32)[:, :, None, None]
    _shade_out(inner, paper, paper - ink)
    inner[:] = np.clip(1 - (paper - inner) / np.maximum(paper - ink, _LEAST_CONTRAST), 0, 1)
    _frame_out(inner)
    _rims_out(inner)
    return isolate(patches, np.tile([wide / PX_PER_MM, tall / PX_PER_MM], (n, 1)))


def _shade_out(cells: Floats, paper: Floats, contrast: Floats) -> None:
    """Brings the paper of cells (n, h, w) that lie half in shadow to its own level, in place."""
    rims = np.stack([side[:, :_RIM_PX].mean(axis=(1, 2)) for side in _sides(cells)])
    width = round(_WIDEST_MM * PX_PER_MM)
    around = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    for i in np.flatnonzero(np.ptp(rims, axis=0) > _SHADED * contrast[:, 0, 0]):
        # What is darker than its surroundings and wider than any stroke is shadow (a black top-hat takes it out).
        shade = cv2.GaussianBlur(cv2.morphologyEx(cells[i], cv2.MORPH_CLOSE, around), (0, 0), width / 4)
        cells[i] *= np.clip(paper[i] / np.maximum(shade, 1), 1, None)


@dataclass(frozen=True, slots=True, eq=False)
class _Lines:
    """What looks like a printed line along one side of N cells.

    Attributes:
        seen: bool (N,).
        across: bool (N,), it runs from end to end, as the line between two cells does.
        fine: bool (N,), it is thinner than most pens write, and lies at the rim or runs across.
        alone: bool (N,), no ink hangs on it as a stem does on a letter's bar.
        inside: int (N, w), the first row past it in each column.
    """

    seen: NDArray[np.bool_]
    across: NDArray[np.bool_]
    fine: NDArray[np.bool_]
    alone: NDArray[np.bool_]
    inside: NDArray[np.int64]


def _frame_out(cells: Floats) -> None:
    """Takes the printed lines along the sides of (n, h, w) out, in place, with all that lies beyond them."""
    # Most cells have little along any side, and looking for lines is dear.
    spans = [_dark(side).any(axis=1).mean(axis=1) for side in _sides(cells)]
    some = np.flatnonzero(np.max(spans, axis=0) >= _SPAN)
    cells[some] = _unframed(cells[some])


def _unframed(cells: Floats) -> Floats:
    lines = [_lines(side) for side in _sides(cells)]
    # A thick letter may have bars along three sides, but not all four, nor three that are longer than itself.
    boxed = np.sum([line.seen for line in lines], axis=0) == 4
    boxed |= np.sum([line.seen & line.across for line in lines], axis=0) >= 3
    cornered = np.sum([line.fine for line in lines], axis=0) >= 2
    bare = cells.copy()
    for side, line in zip(_sides(bare), lines, strict=True):
        out = line.seen & (boxed | (line.fine & (line.alone | cornered)))
        rows = np.arange(side.shape[1])[:, None]
        side[(rows < line.inside[:, None]) & out[:, None, None]] = 1
    # What is nothing but lines was a letter, such as an L cut close.
    written = np.count_nonzero(bare < 1 - _INK, axis=(1, 2)) >= _TRACE_MM2 * PX_PER_MM**2
    return np.where(written[:, None, None], bare, cells)


def _sides(cells: Floats) -> list[Floats]:
    """Views of (n, h, w) with the top, the bottom, the left and the right side on top."""
    flipped = cells.swapaxes(1, 2)
    return [cells, cells[:, ::-1], flipped, flipped[:, ::-1]]


def _dark(cells: Floats) -> NDArray[np.bool_]:
    """Where the tops of (n, h, w), as far as a line is looked for, are darker than paper."""
    return np.asarray(cells[:, : round(_REACH * cells.shape[1]) + max(_SLOPES_PX)] < 1 - _INK / 2)


def _lines(cells: Floats) -> _Lines:
    """The straight line nearest to the top of each cell (n, h, w)."""
    n, h, w = cells.shape
    dark = _dark(cells)
    rows, picked = np.arange(-max(_SLOPES_PX), round(_REACH * h)), np.arange(n)
    falls = np.round(np.multiply.outer(_SLOPES_PX, np.linspace(-0.5, 0.5, w))).astype(int)
    cover = np.empty((len(falls), n, len(rows)))
    ends = np.empty((len(falls), n, len(rows)), bool)
    for k, fall in enumerate(falls):
        at = rows[:, None] + fall
        there = at >= 0
        along = dark[:, np.maximum(at, 0), np.arange(w)] & there
        cover[k] = along.sum(axis=2) / np.maximum(there.sum(axis=1), w // 2)
        ends[k] = along[:, :, 0] & along[:, :, -1]
    slope = cover.max(axis=2).argmax(axis=0)
    cover, ends = cover[slope, picked], ends[slope, picked]
    strong = cover >= _SPAN
    first = strong.argmax(axis=1)
    past = (cover < _PAST) & (np.arange(len(rows)) > first[:, None])
    last = past.argmax(axis=1)
    seen = strong.any(axis=1) & past.any(axis=1) & (last - first <= _THICK * h)
    across = ends[picked, first]
    fine = seen & (last - first <= _THIN * h) & (across | (rows[first] <= _RIM * h))
    alone = cover[picked, np.minimum(last + 1, len(rows) - 1)] <= _HUNG
    # The soft edge of a line goes with it.
    return _Lines(seen, across, fine, alone, rows[last][:, None] + 1 + falls[slope])


def _rims_out(cells: Floats) -> None:
    """Takes out thin remains of lines along the rims of (n, h, w), in place, where other ink is left."""
    n, h, w = cells.shape
    mosaic = np.zeros((n, h + 1, w), np.uint8)
    mosaic[:, :h] = cells < 1 - _INK
    _, labels, stats, _ = cv2.connectedComponentsWithStats(
        mosaic.reshape(-1, w), connectivity=8, ltype=cv2.CV_32S
    )
    cell = stats[:, cv2.CC_STAT_TOP] // (h + 1)
    left, top = stats[:, cv2.CC_STAT_LEFT], stats[:, cv2.CC_STAT_TOP] - cell * (h + 1)
    right, bottom = left + stats[:, cv2.CC_STAT_WIDTH], top + stats[:, cv2.CC_STAT_HEIGHT]
    thin = (
        ((left <= _RIM * w) & (right <= _THIN * w))
        | ((right >= (1 - _RIM) * w) & (left >= (1 - _THIN) * w))
        | ((top <= _RIM * h) & (bottom <= _THIN * h))
        | ((bottom >= (1 - _RIM) * h) & (top >= (1 - _THIN) * h))
    )
    thin[0] = False
    area = stats[:, cv2.CC_STAT_AREA]
    rest = np.bincount(cell[1:][~thin[1:]], area[1:][~thin[1:]], minlength=n)
    out = thin & (rest[np.minimum(cell, n - 1)] > area)
    # Its soft edge goes with it.
    rim = _near(labels, out, 5)
    kept = ~out
    kept[0] = False
    cells[(rim & ~_near(labels, kept, 3)).reshape(n, h + 1, w)[:, :h]] = 1


def _near(labels: NDArray[Any], which: NDArray[np.bool_], size: int) -> NDArray[np.bool_]:
    """The px of these components and around them."""
    return np.asarray(cv2.dilate(which.astype(np.uint8)[labels], np.ones((size, size), np.uint8)) > 0)
