"""From a registered page to one clean, size-normalised picture of ink a cell; all cells of a page at once.

Cells are sampled with a margin (`window`), the printed lines are taken out (`printed_lines`), ink that belongs to a
neighbour is left out (`ownership`), and what remains is scaled to its own size, as in MNIST (LeCun et al. 1998).
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.recognition.ownership import BESIDE_LINE_MM, Components, owned
from pipeline.recognition.printed_lines import take_out_lines
from pipeline.recognition.window import FAINT, MARGIN_MM, PX_PER_MM, Floats, places_px, sample
from pipeline.registration.plane import Plane

SIZE: Final = 40
INK_SIZE: Final = 32

_TRACE_MM2: Final = 0.12
"""Less than this that is dark inside the cells of a comb is not looked at further."""
_DARKER: Final = (1.6, 0.06)
"""Near a line what is dark may be the line, but not where that is so many times, and by so much, darker than most: a 1
may stand on it."""
_WELL_INSIDE_MM: Final = 0.8
"""So far from its lines what is dark is not a neighbour's tip."""
_ADJOINING_MM: Final = 0.2
_PEN_PX: Final = 30
"""The 30th darkest px of a cell (about 0.5 mm²) speaks for the pen; a lone speck does not."""
_FEW_PX: Final = 400
"""So many px of a cell, evenly spread, tell below what nothing need be sorted."""
_REACHING_MM2: Final = 0.4
"""An I that touches its neighbour leaves more of itself in its cell; letters' tips as much in one of 200 empty ones."""
SMALLEST_MM: Final = 3.0
"""Ink smaller than this is not blown up to full size, so that a dot stays a dot."""


@dataclass(frozen=True, slots=True, eq=False)
class CellInk:
    """The ink of N cells.

    Attributes:
        images: uint8 (N, SIZE, SIZE), ink bright on black.
        place: float32 (N, 3), height of the middle of the ink from the cell's bottom, height and width of the
            ink; all as shares of the cell's height.
        amount: float32 (N,), mm² of ink kept; 0 where the cell is empty.
        trace: float32 (N,), mm² that is dark inside a cell without ink: dust, a pen too faint, what was left out.
        left_out: float32 (N,), mm² of strokes inside a cell that neither it nor its neighbour in the comb has; of an
            empty cell what its neighbours have of them, where that is too much for a tip.
        pen: float32 (N,), how dark the ink is, 0 to 1; 0 where the cell is empty.
    """

    images: NDArray[np.uint8]
    place: Floats
    amount: Floats
    trace: Floats
    left_out: Floats
    pen: Floats

    def beyond_mm(self, heights_mm: NDArray[np.float64]) -> Floats:
        """How far the ink of each cell (N,) reaches out of it above or below, mm; 0 where it is empty."""
        middle, high = self.place[:, 0], self.place[:, 1]
        share = np.maximum(high / 2 - middle, middle + high / 2 - 1)
        return np.where(self.amount > 0, share * heights_mm, 0).astype(np.float32)


def cell_ink(
    image: NDArray[np.uint8],
    plane: Plane,
    boxes: NDArray[np.float64],
    groups: NDArray[np.int64],
) -> CellInk:
    """The ink of all cells of a page: `sample`, `take_out_lines` and `isolate`, the empty combs passed over.

    Args:
        image: uint8 (H, W), grey, paper bright.
        plane: mm to px.
        boxes: float64 (N, 4), left, top, width, height in mm.
        groups: int64 (N,), which cells stand in one comb.
    """
    patches = sample(image, plane, boxes)
    sizes = boxes[:, 2:]
    dark = patches < 1 - FAINT
    inked = (_area_mm2(dark, sizes, BESIDE_LINE_MM) >= _TRACE_MM2) | _on_a_line(patches, sizes)
    written = np.flatnonzero(np.isin(groups, groups[inked]))
    n = len(boxes)
    found = CellInk(
        np.zeros((n, SIZE, SIZE), np.uint8),
        np.zeros((n, 3), np.float32),
        np.zeros(n, np.float32),
        _area_mm2(dark, sizes, _WELL_INSIDE_MM),
        np.zeros(n, np.float32),
        np.zeros(n, np.float32),
    )
    if len(written):
        clean = take_out_lines(patches, sizes, groups, written)
        part = isolate(clean, sizes[written], _adjoining(boxes, groups, written))
        for whole, own in (
            (found.images, part.images),
            (found.place, part.place),
            (found.amount, part.amount),
            (found.left_out, part.left_out),
            (found.pen, part.pen),
        ):
            whole[written] = own
        found.trace[found.amount > 0] = 0
    return found


def _adjoining(
    boxes: NDArray[np.float64], groups: NDArray[np.int64], which: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """For each of these cells whether the next of them adjoins it, as in a comb without a gap."""
    ends = boxes[which, 0] + boxes[which, 2]
    near = np.abs(np.append(boxes[which[1:], 0], np.inf) - ends) < _ADJOINING_MM
    return np.asarray(near & (np.append(groups[which[1:]], -1) == groups[which]))


def _area_mm2(dark: NDArray[np.bool_], sizes_mm: NDArray[np.float64], inset_mm: float) -> Floats:
    """How many mm² (N,) of windows (N, h, w) are dark inside each cell's outline, so far from it."""
    inset = round((MARGIN_MM + inset_mm) * PX_PER_MM)
    ends = np.round((MARGIN_MM + sizes_mm - inset_mm) * PX_PER_MM).astype(int)
    amount = np.empty(len(dark))
    for right, bottom in np.unique(ends, axis=0):
        same = (ends == (right, bottom)).all(axis=1)
        amount[same] = np.count_nonzero(dark[same, inset:bottom, inset:right], axis=(1, 2))
    return (amount / PX_PER_MM**2).astype(np.float32)


def _on_a_line(patches: Floats, sizes_mm: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether the left or right line (N,) of a cell is so much darker than most lines that a stroke stands on it."""
    reach, inset = round(BESIDE_LINE_MM * PX_PER_MM), round(_WELL_INSIDE_MM * PX_PER_MM)
    darkness = np.empty((len(patches), 2))
    for size in np.unique(sizes_mm, axis=0):
        same = (sizes_mm == size).all(axis=1)
        left, right, top, bottom = places_px(size)
        rows = patches[same, top + inset : bottom - inset]
        for side, place in enumerate((left, right)):
            darkness[same, side] = 1 - rows[:, :, place - reach : place + reach + 1].mean(axis=(1, 2))
    times, by = _DARKER
    usual = float(np.median(darkness))
    return np.asarray((darkness > max(times * usual, usual + by)).any(axis=1))


def isolate(
    patches: Floats, sizes_mm: NDArray[np.float64], adjoining: NDArray[np.bool_] | None = None
) -> CellInk:
    """Finds each cell's own ink and scales it to `INK_SIZE` in the middle of a `SIZE` square.

    Args:
        patches: float32 (N, h, w), brightness without printed lines.
        sizes_mm: float64 (N, 2), width and height of each cell.
        adjoining: bool (N,), whether the next cell adjoins this one on its right; none does unless given.
    """
    n, h, w = patches.shape
    ink = 1 - patches
    margin = round(MARGIN_MM * PX_PER_MM)
    inner = ink[:, margin - 2 : h - margin + 2, margin - 2 : w - margin + 2]
    peak = _peak(inner.reshape(n, -1))
    level = np.maximum(peak, 2 * FAINT)
    binary = (ink > 0.4 * level[:, None, None]).astype(np.uint8)
    binary[peak < FAINT] = 0
    found = Components.of(binary, sizes_mm, np.zeros(n, np.bool_) if adjoining is None else adjoining)
    keep, left_out = owned(found)
    stats, cell = found.stats, found.cell
    amount = np.bincount(cell[keep], stats[keep, cv2.CC_STAT_AREA], minlength=n)[:n] / PX_PER_MM**2
    reaching = _area_mm2(binary > 0, sizes_mm, BESIDE_LINE_MM)
    reaching[(amount > 0) | (reaching < _REACHING_MM2)] = 0

    left = np.full(n, w, np.int64)
    top, right, bottom = np.full(n, h, np.int64), np.zeros(n, np.int64), np.zeros(n, np.int64)
    kept = np.flatnonzero(keep)
    box = stats[kept].astype(np.int64)
    np.minimum.at(left, cell[kept], box[:, 0])
    np.minimum.at(top, cell[kept], box[:, 1])
    np.maximum.at(right, cell[kept], box[:, 0] + box[:, 2])
    np.maximum.at(bottom, cell[kept], box[:, 1] + box[:, 3])

    mine = np.zeros((n, h + 1, w), np.uint8)
    mine[:, :h] = keep[found.pictures]
    own = np.zeros((n, h + 1, w), np.float32)
    own[:, :h] = np.minimum(ink / level[:, None, None], 1)
    own *= cv2.dilate(mine.reshape(-1, w), np.ones((3, 3), np.uint8)).reshape(n, h + 1, w)
    images = _normalise(own, left, top, right, bottom, amount > 0)
    height = sizes_mm[:, 1] * PX_PER_MM
    place = np.stack(
        [(margin + height - (top + bottom) / 2) / height, (bottom - top) / height, (right - left) / height],
        axis=1,
    )
    place[amount == 0] = 0
    zeros = np.zeros(n, np.float32)
    return CellInk(
        images,
        place.astype(np.float32),
        amount.astype(np.float32),
        zeros,
        np.maximum(left_out, reaching).astype(np.float32),
        np.where(amount > 0, peak, 0).astype(np.float32),
    )


def _peak(ink: Floats) -> Floats:
    """How dark the pen is in each of the rows (N, m): their 30th darkest px, 0 where that is fainter than any pen."""
    # Of some of the px the 30th darkest is no darker than of all: few are left to sort.
    some = ink[:, :: max(1, ink.shape[1] // _FEW_PX)]
    least = np.maximum(np.partition(some, -_PEN_PX, axis=1)[:, -_PEN_PX], np.float32(FAINT))
    row, px = np.nonzero(ink >= least[:, None])
    sorted_rows = np.sort(2.0 * row + ink[row, px])
    counts = np.bincount(row, minlength=len(ink))
    seen = np.flatnonzero(counts >= _PEN_PX)
    peak = np.zeros(len(ink), np.float32)
    peak[seen] = sorted_rows[np.cumsum(counts)[seen] - _PEN_PX] - 2.0 * seen
    return peak


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
