"""Printed lines taken out of cells: their darkness is measured along each comb and divided out.

Ink and line multiply, as two filters do, so that ink that crosses a line stays whole.
"""

import math
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.recognition.window import PX_PER_MM, Floats, places_px

_BAND_MM: Final = 0.6
"""How far from its place a printed line is looked for; registration is better than this."""
_DARK_LINE: Final = 0.5
"""A printed line darker than this hides the ink on it (photocopies, 1-bit scans): bridged, not divided out."""
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
_REACH_PX: Final = round(_BAND_MM * PX_PER_MM)


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
        for side, place in enumerate(places_px(sizes_mm[own[0]])):
            _line_out(part if side < 2 else part.transpose(0, 2, 1), place, lines[side])
        out[mine] = part
    return out


def _shown(model: Floats, size_mm: NDArray[np.float64]) -> Floats:
    """How bright the four lines of some cells (m, h, w) of a comb are, step by step across each: (4, steps)."""
    inset = round(0.8 * PX_PER_MM)
    places = places_px(size_mm)
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
