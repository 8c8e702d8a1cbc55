"""From a registered page to one clean, size-normalised picture of ink a cell; all cells of a page at once.

A cell is sampled straight from the page image with a margin, since ink crosses lines. The printed lines are
known from the layout: their darkness is measured along each comb and divided out (ink and line multiply, as
two filters do), so that ink that crosses a line stays whole. Ink that belongs to a neighbour is told apart by
connected components and left out. What remains is scaled to its own size, as in MNIST (LeCun et al. 1998).
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.registration.plane import Plane

PX_PER_MM: Final = 8.0
MARGIN_MM: Final = 1.5
SIZE: Final = 40
INK_SIZE: Final = 32

_BAND_MM: Final = 0.6
"""How far from its place a printed line is looked for; registration is better than this."""
_DARK_LINE: Final = 0.5
"""A printed line darker than this hides the ink on it (photocopies, 1-bit scans): bridged, not divided out."""
FAINT: Final = 0.16
"""Peak ink of a cell below which nothing was written; a hard pencil on a bad scan still reaches 0.25."""
_SPECK_MM2: Final = 0.06
_TRACE_MM2: Final = 0.12
"""Less than this that is dark inside a cell is not looked at further."""
_MODEL_CELLS: Final = 8
SMALLEST_MM: Final = 3.0
"""Ink smaller than this is not blown up to full size, so that a dot stays a dot."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class CellInk:
    """The ink of N cells.

    Attributes:
        images: uint8 (N, SIZE, SIZE), ink bright on black.
        place: float32 (N, 3), height of the middle of the ink from the cell's bottom, height and width of the
            ink; all as shares of the cell's height.
        amount: float32 (N,), mm² of ink kept; 0 where the cell is empty.
        trace: float32 (N,), mm² that is dark inside a cell without being taken for ink: dust, or a pen too faint.
    """

    images: NDArray[np.uint8]
    place: Floats
    amount: Floats
    trace: Floats


def window_px(width_mm: float, height_mm: float) -> tuple[int, int]:
    """Width and height in px of the patch that a cell of this size is sampled into."""
    return round((width_mm + 2 * MARGIN_MM) * PX_PER_MM), round((height_mm + 2 * MARGIN_MM) * PX_PER_MM)


def sample(image: NDArray[np.uint8], plane: Plane, boxes: NDArray[np.float64]) -> Floats:
    """Samples boxes with their margin from a page image.

    Args:
        image: uint8 (H, W), grey, paper bright.
        plane: mm to px.
        boxes: float64 (N, 4), left, top, width, height in mm.

    Returns:
        float32 (N, h, w), brightness with the local paper at 1; `PX_PER_MM` fine, large enough for the largest
        box; what lies beyond a smaller box's own margin, or beyond the image, is paper.
    """
    w, h = window_px(float(boxes[:, 2].max()), float(boxes[:, 3].max()))
    middle = boxes[:, :2] + boxes[:, 2:] / 2
    origin = boxes[:, :2] - MARGIN_MM
    centre, jacobian = plane.frames(middle)
    start = centre + np.einsum("nij,nj->ni", jacobian, origin - middle)
    x = (np.arange(w, dtype=np.float32) + 0.5) / np.float32(PX_PER_MM)
    y = (np.arange(h, dtype=np.float32) + 0.5) / np.float32(PX_PER_MM)
    j, o = jacobian.astype(np.float32), start.astype(np.float32)
    map_x = o[:, 0, None, None] + j[:, 0, 0, None, None] * x + (j[:, 0, 1, None] * y)[:, :, None] - 0.5
    map_y = o[:, 1, None, None] + j[:, 1, 0, None, None] * x + (j[:, 1, 1, None] * y)[:, :, None] - 0.5
    n = len(boxes)
    patches = np.empty((n, h, w), np.uint8)
    rows = max(1, 30000 // h)  # cv2.remap takes images below 32,768 px a side
    for first in range(0, n, rows):
        part = slice(first, min(n, first + rows))
        patches[part] = cv2.remap(
            image, map_x[part].reshape(-1, w), map_y[part].reshape(-1, w), cv2.INTER_LINEAR, borderValue=255
        ).reshape(-1, h, w)
    own_w = np.round((boxes[:, 2] + 2 * MARGIN_MM) * PX_PER_MM).astype(int)
    own_h = np.round((boxes[:, 3] + 2 * MARGIN_MM) * PX_PER_MM).astype(int)
    for i in np.flatnonzero((own_w < w) | (own_h < h)):
        patches[i, own_h[i] :] = 255
        patches[i, :, own_w[i] :] = 255
    return whiten(patches)


def whiten(patches: NDArray[np.uint8]) -> Floats:
    """Brightness (N, h, w) with the paper of each patch at 1, ink towards 0."""
    # The paper's level: a high quantile of a sparse grid of pixels, since ink and lines never fill a window.
    sparse = patches[:, 1::4, 1::4].reshape(len(patches), -1)
    paper = np.partition(sparse, int(sparse.shape[1] * 0.7), axis=1)[:, int(sparse.shape[1] * 0.7)]
    scale = 1.0 / np.maximum(paper, 40).astype(np.float32)
    return np.minimum(patches * scale[:, None, None], np.float32(1))


def cell_ink(
    image: NDArray[np.uint8],
    plane: Plane,
    boxes: NDArray[np.float64],
    groups: NDArray[np.int64],
) -> CellInk:
    """The ink of all cells of a page: `sample`, `take_out_lines` and `isolate`, the empty cells passed over.

    Args:
        image: uint8 (H, W), grey, paper bright.
        plane: mm to px.
        boxes: float64 (N, 4), left, top, width, height in mm.
        groups: int64 (N,), which cells stand in one comb.
    """
    patches = sample(image, plane, boxes)
    trace = _dark(patches, boxes[:, 2:])
    written = np.flatnonzero(trace >= _TRACE_MM2)
    found = CellInk(
        np.zeros((len(boxes), SIZE, SIZE), np.uint8),
        np.zeros((len(boxes), 3), np.float32),
        np.zeros(len(boxes), np.float32),
        trace,
    )
    if len(written):
        clean = take_out_lines(patches, boxes[:, 2:], groups, written)
        part = isolate(clean, boxes[written, 2:])
        found.images[written], found.place[written], found.amount[written] = (
            part.images,
            part.place,
            part.amount,
        )
        found.trace[found.amount > 0] = 0
    return found


def _dark(patches: Floats, sizes_mm: NDArray[np.float64]) -> Floats:
    """How many mm² (N,) are dark well inside each cell's outline."""
    inset = round((MARGIN_MM + _BAND_MM + 0.2) * PX_PER_MM)
    dark = patches[:, inset:, inset:] < 1 - FAINT
    right = np.round((MARGIN_MM + sizes_mm - _BAND_MM - 0.2) * PX_PER_MM).astype(int) - inset
    amount = np.empty(len(patches))
    for w, h in np.unique(right, axis=0):
        same = (right == (w, h)).all(axis=1)
        amount[same] = np.count_nonzero(dark[same, :h, :w], axis=(1, 2))
    return (amount / PX_PER_MM**2).astype(np.float32)


def take_out_lines(
    patches: Floats,
    sizes_mm: NDArray[np.float64],
    groups: NDArray[np.int64],
    wanted: NDArray[np.int64] | None = None,
) -> Floats:
    """Takes the printed outline of the cells out of their patches and leaves the ink.

    Args:
        patches: float32 (N, h, w) as `sample` gives them; not changed.
        sizes_mm: float64 (N, 2), width and height of each cell.
        groups: int64 (N,), which cells stand in one comb: their lines are alike and are measured together.
        wanted: int64 (M,), ascending, which cells to clean; all of them unless given.

    Returns:
        float32 (M, h, w).
    """
    wanted = np.arange(len(patches)) if wanted is None else wanted
    out = patches[wanted]
    for group in np.unique(groups[wanted]):
        members = np.flatnonzero(groups == group)
        width, height = sizes_mm[members[0]]
        mine = np.flatnonzero(groups[wanted] == group)
        # A few cells tell what a comb's lines look like.
        model, part = patches[members[:: max(1, len(members) // _MODEL_CELLS)]], out[mine]
        rows = slice(round((MARGIN_MM + 0.8) * PX_PER_MM), round((MARGIN_MM + height - 0.8) * PX_PER_MM))
        columns = slice(round((MARGIN_MM + 0.8) * PX_PER_MM), round((MARGIN_MM + width - 0.8) * PX_PER_MM))
        _lines_out(part, model, [MARGIN_MM, MARGIN_MM + width], rows)
        _lines_out(
            part.transpose(0, 2, 1), model.transpose(0, 2, 1), [MARGIN_MM, MARGIN_MM + height], columns
        )
        out[mine] = part
    return out


def _lines_out(part: Floats, model: Floats, places_mm: list[float], along: slice) -> None:
    """Takes upright lines at these places out of (n, h, w), in place.

    `model` (m, h, w) shows the same lines; `along` are the rows between the cross lines.
    """
    reach = round(_BAND_MM * PX_PER_MM)
    for place in places_mm:
        middle = round(place * PX_PER_MM)
        low, high = max(0, middle - reach), min(part.shape[2], middle + reach + 1)
        band = model[:, along, low:high]
        k = int(band.shape[1] * 0.7)
        through = np.median(np.partition(band, k, axis=1)[:, k], axis=0)
        through = np.where(through > 0.97, 1, through).astype(np.float32)
        # Printers round each line to a dot of their own, so one cell's line lies up to a pixel beside the others'.
        through = np.minimum(through, np.minimum(np.append(through[1:], 1), np.append(1, through[:-1])))
        dark = through < _DARK_LINE
        light = ~dark
        part[:, :, low:high][:, :, light] = np.minimum(part[:, :, low:high][:, :, light] / through[light], 1)
        if dark.any():
            columns = low + np.flatnonzero(dark)
            before, after = max(columns[0] - 2, 0), min(columns[-1] + 2, part.shape[2] - 1)
            bridge = np.maximum(part[:, :, before], part[:, :, after])
            part[:, :, before + 1 : after] = bridge[:, :, None]


def isolate(patches: Floats, sizes_mm: NDArray[np.float64]) -> CellInk:
    """Finds each cell's own ink and scales it to `INK_SIZE` in the middle of a `SIZE` square.

    Args:
        patches: float32 (N, h, w), brightness without printed lines.
        sizes_mm: float64 (N, 2), width and height of each cell.
    """
    n, h, w = patches.shape
    ink = 1 - patches
    margin = round(MARGIN_MM * PX_PER_MM)
    inner = ink[:, margin - 2 : h - margin + 2, margin - 2 : w - margin + 2]
    flat = inner.reshape(n, -1)
    # The 30th darkest pixel (about 0.5 mm²) speaks for the pen; a lone speck does not.
    k = flat.shape[1] - 30
    peak = np.partition(flat, k, axis=1)[:, k]
    level = np.maximum(peak, 2 * FAINT)
    binary = (ink > 0.4 * level[:, None, None]).astype(np.uint8)
    binary[peak < FAINT] = 0
    mosaic = np.zeros((n, h + 1, w), np.uint8)
    mosaic[:, :h] = binary
    _, labels, stats, centres = cv2.connectedComponentsWithStats(
        mosaic.reshape(-1, w), connectivity=8, ltype=cv2.CV_32S
    )
    cell = (stats[:, cv2.CC_STAT_TOP] // (h + 1)).astype(int)
    own_w, own_h = sizes_mm[cell, 0] * PX_PER_MM, sizes_mm[cell, 1] * PX_PER_MM
    x, y = centres[:, 0], centres[:, 1] - cell * (h + 1)
    slack = 0.35 * PX_PER_MM
    within = (
        (x > margin - slack)
        & (x < margin + own_w + slack)
        & (y > margin - slack)
        & (y < margin + own_h + slack)
    )
    big = stats[:, cv2.CC_STAT_AREA] >= _SPECK_MM2 * PX_PER_MM**2
    keep = within & big
    keep[0] = False
    amount = np.bincount(cell[keep], stats[keep, cv2.CC_STAT_AREA], minlength=n)[:n] / PX_PER_MM**2

    left = np.full(n, w, np.int64)
    top, right, bottom = np.full(n, h, np.int64), np.zeros(n, np.int64), np.zeros(n, np.int64)
    kept = np.flatnonzero(keep)
    box = stats[kept].astype(np.int64)
    box[:, cv2.CC_STAT_TOP] -= cell[kept] * (h + 1)
    np.minimum.at(left, cell[kept], box[:, 0])
    np.minimum.at(top, cell[kept], box[:, 1])
    np.maximum.at(right, cell[kept], box[:, 0] + box[:, 2])
    np.maximum.at(bottom, cell[kept], box[:, 1] + box[:, 3])

    mask = cv2.dilate(keep.astype(np.uint8)[labels], np.ones((3, 3), np.uint8))
    own = np.zeros((n, h + 1, w), np.float32)
    own[:, :h] = np.minimum(ink / level[:, None, None], 1)
    own *= mask.reshape(n, h + 1, w)
    images = _normalise(own, left, top, right, bottom, amount > 0)
    height = sizes_mm[:, 1] * PX_PER_MM
    place = np.stack(
        [(margin + height - (top + bottom) / 2) / height, (bottom - top) / height, (right - left) / height],
        axis=1,
    )
    place[amount == 0] = 0
    return CellInk(images, place.astype(np.float32), amount.astype(np.float32), np.zeros(n, np.float32))


def _normalise(
    own: Floats,
    left: NDArray[np.int64],
    top: NDArray[np.int64],
    right: NDArray[np.int64],
    bottom: NDArray[np.int64],
    inked: NDArray[np.bool_],
) -> NDArray[np.uint8]:
    """Scales the ink in each window of (N, h, w) to the middle of uint8 (N, SIZE, SIZE)."""
    n, h, w = own.shape
    images = np.zeros((n, SIZE, SIZE), np.uint8)
    which = np.flatnonzero(inked)
    if not len(which):
        return images
    extent = np.maximum(np.maximum(right - left, bottom - top)[which], SMALLEST_MM * PX_PER_MM)
    step = (extent / INK_SIZE).astype(np.float32)
    grid = np.arange(SIZE, dtype=np.float32) - np.float32((SIZE - 1) / 2)
    x = ((left + right - 1)[which] / 2).astype(np.float32)[:, None] + step[:, None] * grid
    y = ((top + bottom - 1)[which] / 2).astype(np.float32)[:, None] + step[:, None] * grid
    inside = (y >= 0) & (y <= h - 1)
    y = np.clip(y, 0, h - 1)
    chunk = 30000 // h
    soft = (
        cv2.blur(own.reshape(-1, w), (2, 2), anchor=(0, 0))
        if float(np.median(step)) > 1.5
        else own.reshape(-1, w)
    )
    for first in range(0, n, chunk):
        part = np.flatnonzero((which >= first) & (which < first + chunk))
        if not len(part):
            continue
        rows = y[part] + ((which[part] - first) * h).astype(np.float32)[:, None]
        map_y = np.broadcast_to(rows[:, :, None], (len(part), SIZE, SIZE)).reshape(-1, SIZE)
        map_x = np.broadcast_to(x[part][:, None, :], (len(part), SIZE, SIZE)).reshape(-1, SIZE)
        got = cv2.remap(
            soft[first * h : (first + chunk) * h],
            np.ascontiguousarray(map_x),
            np.ascontiguousarray(map_y),
            cv2.INTER_LINEAR,
        ).reshape(-1, SIZE, SIZE)
        got *= inside[part][:, :, None]
        images[which[part]] = np.round(got * 255).astype(np.uint8)
    return images
