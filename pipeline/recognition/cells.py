"""From a registered page to one clean, size-normalised picture of ink a cell; all cells of a page at once.

A cell is sampled straight from the page image with a margin, since ink crosses lines. The printed lines are
known from the layout: their darkness is measured along each comb and divided out (ink and line multiply, as
two filters do), so that ink that crosses a line stays whole. Ink that belongs to a neighbour is told apart by
connected components and left out. What remains is scaled to its own size, as in MNIST (LeCun et al. 1998).
"""

import math
from dataclasses import dataclass
from typing import Any, Final

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
"""Less than this that is dark inside the cells of a comb is not looked at further."""
_BESIDE_LINE_MM: Final = 0.35
"""So near to the middle of a printed line what is dark may be the line …"""
_DARKER: Final = (1.6, 0.06)
"""… but not where a line is so many times, and by so much, darker than most: a 1 may stand on it."""
_WELL_INSIDE_MM: Final = 0.8
"""So far from its lines what is dark is not a neighbour's tip."""
_PAST_MM: Final = 0.25
_STANDS: Final = 0.5
"""Ink of a cell that is left with none may be a character that touches its neighbour where so much of its height
stands past the line."""
_MODEL_CELLS: Final = 8
_ALONG: Final = 0.85
"""Share of a cell's side along which a printed line is dark, at least …"""
_ACROSS: Final = 0.85
"""… in this share of a comb's cells; the foot of a 2 beside the line is shorter, and not every cell holds one."""
_NO_LINE: Final = 0.97
_SPEAK_FOR_ALL: Final = 3
"""So many combs tell together where lines are printed …"""
_STRAY_PX: Final = 2
"""… and each lies no further than this from where they say."""
_ADJOINING_MM: Final = 0.2
_ONE_WIDE: Final = 1.3
_REACHES: Final = 0.45
"""Ink across the line between two cells is one character where it is no wider than so many cells, and reaches less far
into one of them; else two that touch."""
_INSIDE: Final = 0.5
_TIP: Final = 0.4
"""Ink that goes on beyond a cell's window is another row's where less than the first share of it lies in the cell, and
what does stands no higher than the second share of the cell."""
_WHOLE: Final = 0.7
"""Where less of it lies in the cell, a character that goes on above or below its window is not all there."""
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
        trace: float32 (N,), mm² that is dark inside a cell without ink: dust, a pen too faint, what was left out.
        left_out: float32 (N,), mm² of strokes inside a cell that neither it nor its neighbour in the comb has.
    """

    images: NDArray[np.uint8]
    place: Floats
    amount: Floats
    trace: Floats
    left_out: Floats


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
    """The ink of all cells of a page: `sample`, `take_out_lines` and `isolate`, the empty combs passed over.

    Args:
        image: uint8 (H, W), grey, paper bright.
        plane: mm to px.
        boxes: float64 (N, 4), left, top, width, height in mm.
        groups: int64 (N,), which cells stand in one comb.
    """
    patches = sample(image, plane, boxes)
    sizes = boxes[:, 2:]
    dark = _dark(patches, sizes, _BESIDE_LINE_MM) >= _TRACE_MM2
    written = np.flatnonzero(np.isin(groups, groups[dark | _on_a_line(patches, sizes)]))
    n = len(boxes)
    found = CellInk(
        np.zeros((n, SIZE, SIZE), np.uint8),
        np.zeros((n, 3), np.float32),
        np.zeros(n, np.float32),
        _dark(patches, sizes, _WELL_INSIDE_MM),
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


def _dark(patches: Floats, sizes_mm: NDArray[np.float64], inset_mm: float) -> Floats:
    """How many mm² (N,) are dark inside each cell's outline, so far from it."""
    inset = round((MARGIN_MM + inset_mm) * PX_PER_MM)
    dark = patches[:, inset:, inset:] < 1 - FAINT
    right = np.round((MARGIN_MM + sizes_mm - inset_mm) * PX_PER_MM).astype(int) - inset
    amount = np.empty(len(patches))
    for w, h in np.unique(right, axis=0):
        same = (right == (w, h)).all(axis=1)
        amount[same] = np.count_nonzero(dark[same, :h, :w], axis=(1, 2))
    return (amount / PX_PER_MM**2).astype(np.float32)


def _on_a_line(patches: Floats, sizes_mm: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether the left or right line (N,) of a cell is so much darker than most lines that a stroke stands on it."""
    reach, inset = round(_BESIDE_LINE_MM * PX_PER_MM), round(_WELL_INSIDE_MM * PX_PER_MM)
    darkness = np.empty((len(patches), 2))
    places = np.array([_places_px(size) for size in sizes_mm])
    for left, right, top, bottom in np.unique(places, axis=0):
        same = (places == (left, right, top, bottom)).all(axis=1)
        rows = patches[same, top + inset : bottom - inset]
        for side, place in enumerate((left, right)):
            darkness[same, side] = 1 - rows[:, :, place - reach : place + reach + 1].mean(axis=(1, 2))
    times, by = _DARKER
    usual = float(np.median(darkness))
    return np.asarray((darkness > max(times * usual, usual + by)).any(axis=1))


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
    combs = np.unique(groups[wanted])
    members = [np.flatnonzero(groups == comb) for comb in combs]
    # A few cells tell what a comb's lines look like.
    shown = np.stack(
        [_shown(patches[own[:: max(1, len(own) // _MODEL_CELLS)]], sizes_mm[own[0]]) for own in members]
    )
    for comb, own, lines in zip(combs, members, _line_like(shown), strict=True):
        mine = np.flatnonzero(groups[wanted] == comb)
        part = out[mine]
        for side, place in enumerate(_places_px(sizes_mm[own[0]])):
            _line_out(part if side < 2 else part.transpose(0, 2, 1), place, lines[side])
        out[mine] = part
    return out


_REACH_PX: Final = round(_BAND_MM * PX_PER_MM)


def _places_px(size_mm: NDArray[np.float64]) -> tuple[int, int, int, int]:
    """Where the left, right, upper and lower line of a cell lie in its patch."""
    ends = (MARGIN_MM, MARGIN_MM + size_mm[0], MARGIN_MM, MARGIN_MM + size_mm[1])
    left, right, top, bottom = (round(float(end) * PX_PER_MM) for end in ends)
    return left, right, top, bottom


def _shown(model: Floats, size_mm: NDArray[np.float64]) -> Floats:
    """How bright the four lines of some cells (m, h, w) of a comb are, step by step across each: (4, steps)."""
    inset = round(0.8 * PX_PER_MM)
    places = _places_px(size_mm)
    profiles = []
    for side, place in enumerate(places):
        across, along = (model, places[2:]) if side < 2 else (model.transpose(0, 2, 1), places[:2])
        band = across[:, along[0] + inset : along[1] - inset, place - _REACH_PX : place + _REACH_PX + 1]
        k = int(band.shape[1] * _ALONG)
        levels = np.sort(np.partition(band, k, axis=1)[:, k], axis=0)
        profiles.append(levels[math.ceil(_ACROSS * (len(levels) - 1))])
    return np.stack(profiles).astype(np.float32)


def _line_like(shown: Floats) -> Floats:
    """What the printed lines of some combs (n, 4, steps) leave of the light; 1 where no line is.

    All combs of a page are printed alike: what is dark in one of them, where the others have no line, is ink.
    """
    through = np.where(shown > _NO_LINE, np.float32(1), shown)
    if len(shown) >= _SPEAK_FOR_ALL:
        for sides in (slice(0, 2), slice(2, 4)):
            usual = np.median(through[:, sides].reshape(-1, shown.shape[2]), axis=0)
            near = cv2.erode(usual[None], np.ones((1, 2 * _STRAY_PX + 1), np.uint8))[0]
            through[:, sides][:, :, near > _NO_LINE] = 1
    # Printers round each line to a dot of their own, so one cell's line lies up to a pixel beside the others'.
    beside = np.pad(through, ((0, 0), (0, 0), (1, 1)), constant_values=1)
    return np.asarray(np.minimum(through, np.minimum(beside[:, :, 2:], beside[:, :, :-2])))


def _line_out(part: Floats, place: int, through: Floats) -> None:
    """Takes an upright line out of (n, h, w), in place; `through` (steps,) is what it leaves of the light."""
    low = place - _REACH_PX
    band = part[:, :, low : low + len(through)]
    dark = through < _DARK_LINE
    band[:, :, ~dark] = np.minimum(band[:, :, ~dark] / through[~dark], 1)
    if dark.any():
        columns = low + np.flatnonzero(dark)
        before, after = max(columns[0] - 2, 0), min(columns[-1] + 2, part.shape[2] - 1)
        bridge = np.maximum(part[:, :, before], part[:, :, after])
        part[:, :, before + 1 : after] = bridge[:, :, None]


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
    pictures = labels.reshape(n, h + 1, w)
    cut_off = _leave_out_what_goes_on(keep, pictures, stats, cell, sizes_mm)
    inside = _inside(pictures, len(stats), sizes_mm)
    pairs = _shared(pictures, sizes_mm, np.zeros(n, np.bool_) if adjoining is None else adjoining)
    left_out = big & ~keep & ~_held_beside(keep, pairs)
    left_out |= _leave_to_the_neighbour(keep, pictures, stats, sizes_mm, pairs)
    left_out |= cut_off
    left_out[0] = False
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
    lost = np.bincount(cell[left_out], inside[left_out], minlength=n)[:n]
    zeros = np.zeros(n, np.float32)
    return CellInk(
        images, place.astype(np.float32), amount.astype(np.float32), zeros, lost.astype(np.float32)
    )


def _inside(pictures: NDArray[Any], count: int, sizes_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """How many mm² (count,) of each component lie between the lines of its cell."""
    low = round((MARGIN_MM + _BESIDE_LINE_MM) * PX_PER_MM)
    high = np.round((MARGIN_MM + sizes_mm - _BESIDE_LINE_MM) * PX_PER_MM).astype(int)
    area = np.zeros(count)
    for right, bottom in np.unique(high, axis=0):
        same = (high == (right, bottom)).all(axis=1)
        area += np.bincount(pictures[same, low:bottom, low:right].ravel(), minlength=count)
    return area / PX_PER_MM**2


@dataclass(frozen=True, slots=True)
class _Pair:
    """The same ink as the windows of two adjoining cells show it: component `a` of cell `i`, `b` of the next."""

    i: int
    a: int
    b: int


def _shared(
    pictures: NDArray[Any], sizes_mm: NDArray[np.float64], adjoining: NDArray[np.bool_]
) -> list[_Pair]:
    """The components that two adjoining cells' windows share."""
    margin = round(MARGIN_MM * PX_PER_MM)
    found = []
    for i in np.flatnonzero(adjoining).tolist():
        line = margin + round(sizes_mm[i, 0] * PX_PER_MM)
        mine, other = pictures[i, :, line - margin : line + margin], pictures[i + 1, :, : 2 * margin]
        width = min(mine.shape[1], other.shape[1])
        mine, other = mine[:, :width], other[:, :width]
        both = (mine > 0) & (other > 0)
        if both.any():
            found += [
                _Pair(i, int(a), int(b)) for a, b in np.unique(np.stack([mine[both], other[both]], 1), axis=0)
            ]
    return found


def _held_beside(keep: NDArray[np.bool_], pairs: list[_Pair]) -> NDArray[np.bool_]:
    """Which components an adjoining cell keeps."""
    held = np.zeros(len(keep), np.bool_)
    for pair in pairs:
        held[pair.a] |= keep[pair.b]
        held[pair.b] |= keep[pair.a]
    return held


def _leave_out_what_goes_on(
    keep: NDArray[np.bool_],
    pictures: NDArray[Any],
    stats: NDArray[Any],
    cell: NDArray[np.int64],
    sizes_mm: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Drops from `keep` what goes on beyond its cell's window and lies mostly outside the cell, in place.

    Only a part of it is seen, so its middle says little: a tall letter of the row below reaches into this one.

    Returns:
        Which components are kept though much of them lies above or below: characters of which a part is cut off.
    """
    margin, rows = round(MARGIN_MM * PX_PER_MM), pictures.shape[1]
    top = stats[:, cv2.CC_STAT_TOP] - cell * rows
    bottom, right = (
        top + stats[:, cv2.CC_STAT_HEIGHT],
        stats[:, cv2.CC_STAT_LEFT] + stats[:, cv2.CC_STAT_WIDTH],
    )
    size = np.round(sizes_mm * PX_PER_MM).astype(int)
    cut = (top <= 0) | (bottom >= size[cell, 1] + 2 * margin)
    goes_on = cut | (stats[:, cv2.CC_STAT_LEFT] <= 0) | (right >= size[cell, 0] + 2 * margin)
    for label in np.flatnonzero(keep & goes_on):
        w, h = size[cell[label]]
        inside = pictures[cell[label], margin : margin + h, margin : margin + w] == label
        share = np.count_nonzero(inside) / stats[label, cv2.CC_STAT_AREA]
        keep[label] = share >= _INSIDE or np.count_nonzero(inside.any(axis=1)) > _TIP * h
        cut[label] &= share < _WHOLE
    return np.asarray(keep & cut)


def _leave_to_the_neighbour(
    keep: NDArray[np.bool_],
    pictures: NDArray[Any],
    stats: NDArray[Any],
    sizes_mm: NDArray[np.float64],
    pairs: list[_Pair],
) -> NDArray[np.bool_]:
    """Drops from `keep` one side's claim to each character that two adjoining cells hold, in place.

    It belongs to the cell in which more of it lies; what is wider than one character, or reaches far into both cells,
    stays in both.

    Returns:
        Which components may be a thin character of their own all the same, and were all that their cell had.
    """
    margin, past = round(MARGIN_MM * PX_PER_MM), round(_PAST_MM * PX_PER_MM)
    alone = np.zeros(len(keep), np.bool_)
    for pair in pairs:
        if not (keep[pair.a] and keep[pair.b]):
            continue
        i, a, b = pair.i, pair.a, pair.b
        wide = round(sizes_mm[i, 0] * PX_PER_MM)
        line = margin + wide
        left = np.count_nonzero(pictures[i, :, :line] == a)
        right = np.count_nonzero(pictures[i + 1, :, margin:] == b)
        start = stats[a, cv2.CC_STAT_LEFT]
        end = stats[b, cv2.CC_STAT_LEFT] + stats[b, cv2.CC_STAT_WIDTH] + wide
        if end - start <= _ONE_WIDE * wide and min(line - start, end - line) < _REACHES * wide:
            (dropped, at), (kept, beside) = ((a, i), (b, i + 1)) if left < right else ((b, i + 1), (a, i))
            keep[dropped] = False
            if keep[np.unique(pictures[at])].any():
                continue
            others = np.unique(pictures[beside])
            others = others[keep[others] & (others != kept)]
            within = slice(margin + past, margin + wide) if at > i else slice(margin, line - past)
            rows = np.count_nonzero((pictures[at, :, within] == dropped).any(axis=1))
            alone[dropped] = bool(len(others)) or rows >= _STANDS * stats[dropped, cv2.CC_STAT_HEIGHT]
    return alone


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
