"""Whose ink is it? Connected components in the windows of cells, each told to belong to its cell or not."""

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.recognition.window import MARGIN_MM, PX_PER_MM

BESIDE_LINE_MM: Final = 0.35
"""So near to the middle of a printed line what is dark may be the line."""
_SPECK_MM2: Final = 0.06
_SLACK_MM: Final = 0.35
"""So far beside its cell the middle of a character may lie."""
_ONE_WIDE: Final = 1.3
_REACHES: Final = 0.45
"""Ink across the line between two cells is one character where it is no wider than so many cells, and reaches less far
into one of them; else two that touch."""
_PAST_MM: Final = 0.25
_STANDS: Final = 0.5
"""Ink of a cell that is left with none may be a character that touches its neighbour where so much of its height
stands past the line."""
_INSIDE: Final = 0.5
_TIP: Final = 0.4
"""Ink that goes on beyond a cell's window is another row's where less than the first share of it lies in the cell, and
what does stands no higher than the second share of the cell."""
_WHOLE: Final = 0.7
"""Where less of it lies in the cell, a character that goes on above or below its window is not all there."""


@dataclass(frozen=True, slots=True, eq=False)
class Components:
    """The connected ink in the windows of N cells.

    Attributes:
        pictures: int32 (N, h, w), the number of the component that each px belongs to, 0 for none.
        stats: int32 (K, 5), left, top, width, height in px of the window, and area in px, of each component.
        middle: float64 (K, 2), x and y of its middle in the window, px.
        cell: int64 (K,), whose window it is in.
        sizes_mm: float64 (N, 2), width and height of each cell.
        adjoining: bool (N,), whether the next cell adjoins this one on its right.
    """

    pictures: NDArray[Any]
    stats: NDArray[Any]
    middle: NDArray[np.float64]
    cell: NDArray[np.int64]
    sizes_mm: NDArray[np.float64]
    adjoining: NDArray[np.bool_]

    @classmethod
    def of(
        cls, binary: NDArray[np.uint8], sizes_mm: NDArray[np.float64], adjoining: NDArray[np.bool_]
    ) -> "Components":
        """Those of windows (N, h, w), ink 1 on 0."""
        n, h, w = binary.shape
        mosaic = np.zeros((n, h + 1, w), np.uint8)
        mosaic[:, :h] = binary
        _, labels, stats, middle = cv2.connectedComponentsWithStats(
            mosaic.reshape(-1, w), connectivity=8, ltype=cv2.CV_32S
        )
        cell = (stats[:, cv2.CC_STAT_TOP] // (h + 1)).astype(np.int64)
        stats[:, cv2.CC_STAT_TOP] -= (cell * (h + 1)).astype(stats.dtype)
        middle[:, 1] -= cell * (h + 1)
        pictures = labels.reshape(n, h + 1, w)[:, :h]
        return cls(pictures, stats, np.asarray(middle, np.float64), cell, sizes_mm, adjoining)


def owned(found: Components) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    """Which components (K,) belong to their cell, and how much ink (N,) in mm² belongs to no cell."""
    stroke = _no_speck(found)
    keep = _in_its_cell(found) & stroke
    cut_off = _leave_out_what_goes_on(keep, found)
    pairs = _shared(found)
    left_out = stroke & ~keep & ~_held_beside(keep, pairs)
    left_out |= _leave_to_the_neighbour(keep, found, pairs) | cut_off
    left_out |= _taken_whole(keep, found, pairs)
    area = np.bincount(found.cell[left_out], _between_lines(found)[left_out], minlength=len(found.pictures))
    return keep, area.astype(np.float32)


def _no_speck(found: Components) -> NDArray[np.bool_]:
    big = np.asarray(found.stats[:, cv2.CC_STAT_AREA] >= _SPECK_MM2 * PX_PER_MM**2)
    big[0] = False
    return big


def _in_its_cell(found: Components) -> NDArray[np.bool_]:
    """Whether the middle of each component lies in its cell, or hardly beside it."""
    margin, slack = round(MARGIN_MM * PX_PER_MM), _SLACK_MM * PX_PER_MM
    ends = margin + found.sizes_mm[found.cell] * PX_PER_MM
    return np.asarray(((found.middle > margin - slack) & (found.middle < ends + slack)).all(axis=1))


def _between_lines(found: Components) -> NDArray[np.float64]:
    """How many mm² (K,) of each component lie between the lines of its cell."""
    low = round((MARGIN_MM + BESIDE_LINE_MM) * PX_PER_MM)
    high = np.round((MARGIN_MM + found.sizes_mm - BESIDE_LINE_MM) * PX_PER_MM).astype(int)
    area = np.zeros(len(found.stats))
    for right, bottom in np.unique(high, axis=0):
        same = (high == (right, bottom)).all(axis=1)
        area += np.bincount(found.pictures[same, low:bottom, low:right].ravel(), minlength=len(area))
    return area / PX_PER_MM**2


def _leave_out_what_goes_on(keep: NDArray[np.bool_], found: Components) -> NDArray[np.bool_]:
    """Drops from `keep` what goes on beyond its cell's window and lies mostly outside the cell, in place.

    Only a part of it is seen, so its middle says little: a tall letter of the row below reaches into this one.

    Returns:
        Which components are kept though much of them lies above or below: characters of which a part is cut off.
    """
    stats, cell = found.stats, found.cell
    margin = round(MARGIN_MM * PX_PER_MM)
    top, left = stats[:, cv2.CC_STAT_TOP], stats[:, cv2.CC_STAT_LEFT]
    bottom, right = top + stats[:, cv2.CC_STAT_HEIGHT], left + stats[:, cv2.CC_STAT_WIDTH]
    size = np.round(found.sizes_mm * PX_PER_MM).astype(int)
    cut = (top <= 0) | (bottom >= size[cell, 1] + 2 * margin)
    goes_on = cut | (left <= 0) | (right >= size[cell, 0] + 2 * margin)
    for label in np.flatnonzero(keep & goes_on):
        w, h = size[cell[label]]
        inside = found.pictures[cell[label], margin : margin + h, margin : margin + w] == label
        share = np.count_nonzero(inside) / stats[label, cv2.CC_STAT_AREA]
        keep[label] = share >= _INSIDE or np.count_nonzero(inside.any(axis=1)) > _TIP * h
        cut[label] &= share < _WHOLE
    return np.asarray(keep & cut)


@dataclass(frozen=True, slots=True)
class _Pair:
    """The same ink as the windows of two adjoining cells show it: component `a` of cell `i`, `b` of the next."""

    i: int
    a: int
    b: int


def _shared(found: Components) -> list[_Pair]:
    """The components that two adjoining cells' windows share."""
    margin = round(MARGIN_MM * PX_PER_MM)
    pairs = []
    inked = np.bincount(found.cell[1:], minlength=len(found.pictures)) > 0
    for i in np.flatnonzero(found.adjoining & inked & np.append(inked[1:], False)).tolist():
        line = margin + round(found.sizes_mm[i, 0] * PX_PER_MM)
        mine = found.pictures[i, :, line - margin : line + margin]
        other = found.pictures[i + 1, :, : 2 * margin]
        width = min(mine.shape[1], other.shape[1])
        mine, other = mine[:, :width], other[:, :width]
        both = (mine > 0) & (other > 0)
        if both.any():
            # As one number each: rows of two are sorted ten times as slowly.
            joined = np.unique(mine[both].astype(np.int64) * len(found.stats) + other[both])
            pairs += [_Pair(i, *divmod(number, len(found.stats))) for number in joined.tolist()]
    return pairs


def _held_beside(keep: NDArray[np.bool_], pairs: list[_Pair]) -> NDArray[np.bool_]:
    """Which components an adjoining cell keeps."""
    held = np.zeros(len(keep), np.bool_)
    for pair in pairs:
        held[pair.a] |= keep[pair.b]
        held[pair.b] |= keep[pair.a]
    return held


def _leave_to_the_neighbour(
    keep: NDArray[np.bool_], found: Components, pairs: list[_Pair]
) -> NDArray[np.bool_]:
    """Drops from `keep` one side's claim to each character that two adjoining cells hold, in place.

    It belongs to the cell in which more of it lies; what is wider than one character, or reaches far into both cells,
    stays in both.

    Returns:
        Which components may be a thin character of their own all the same, and were all that their cell had.
    """
    pictures, stats = found.pictures, found.stats
    margin, past = round(MARGIN_MM * PX_PER_MM), round(_PAST_MM * PX_PER_MM)
    alone = np.zeros(len(keep), np.bool_)
    for pair in pairs:
        if not (keep[pair.a] and keep[pair.b]):
            continue
        i, a, b = pair.i, pair.a, pair.b
        wide = round(found.sizes_mm[i, 0] * PX_PER_MM)
        line = margin + wide
        left = np.count_nonzero(pictures[i, :, :line] == a)
        right = np.count_nonzero(pictures[i + 1, :, margin:] == b)
        if _is_two(pair, found):
            continue
        (dropped, at), (kept, beside) = ((a, i), (b, i + 1)) if left < right else ((b, i + 1), (a, i))
        keep[dropped] = False
        if keep[found.cell == at].any():
            continue
        others = keep & (found.cell == beside)
        others[kept] = False
        within = slice(margin + past, margin + wide) if at > i else slice(margin, line - past)
        rows = np.count_nonzero((pictures[at, :, within] == dropped).any(axis=1))
        alone[dropped] = bool(others.any()) or rows >= _STANDS * stats[dropped, cv2.CC_STAT_HEIGHT]
    return alone


def _taken_whole(keep: NDArray[np.bool_], found: Components, pairs: list[_Pair]) -> NDArray[np.bool_]:
    """Which components only the neighbour keeps, though they may be two characters and their cell has nothing else."""
    lost = np.zeros(len(keep), np.bool_)
    for pair in pairs:
        if keep[pair.a] == keep[pair.b] or not _is_two(pair, found):
            continue
        dropped, at = (pair.b, pair.i + 1) if keep[pair.a] else (pair.a, pair.i)
        lost[dropped] = not keep[found.cell == at].any()
    return lost


def _is_two(pair: _Pair, found: Components) -> bool:
    """Whether what two cells share is wider than one character, or reaches far into both."""
    wide = round(found.sizes_mm[pair.i, 0] * PX_PER_MM)
    line = round(MARGIN_MM * PX_PER_MM) + wide
    start = found.stats[pair.a, cv2.CC_STAT_LEFT]
    end = found.stats[pair.b, cv2.CC_STAT_LEFT] + found.stats[pair.b, cv2.CC_STAT_WIDTH] + wide
    return bool(end - start > _ONE_WIDE * wide or min(line - start, end - line) >= _REACHES * wide)
