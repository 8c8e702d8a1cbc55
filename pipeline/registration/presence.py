"""Whether the form's own print is there: the outlines of all cells, tick boxes and areas, where they should be.

Markers and QR code say which page it is, not that the page is whole. What lies under a slip of paper or a flash,
beyond the edge of the picture, on a sheet that was pasted together or in a file that lost some bytes looks like
empty fields, or like fields that they are not.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.forms.identity import marker_modules
from pipeline.forms.layout import Box, FieldLayout, Kind, Marker, PageLayout
from pipeline.registration.fit import Floats
from pipeline.registration.structure import is_bitonal
from pipeline.registration.types import Registration

_REACH_MM: Final = 0.9
_STEP_MM: Final = 0.15
_ALONG: Final = 8
"""Points that are looked at along each side."""
_END_MM: Final = 0.6
_BESIDE_MM: Final = 0.4
_CAP: Final = 0.25
"""Darkness that counts at most: a pen weighs no more than a printed line."""
_PALEST: Final = 40
_VISIBLE: Final = 0.04
"""A page shows outlines of a kind where the best quarter of them is this much darker than the paper beside."""
_PLAIN: Final = 0.6 * _CAP
"""Where a grey scan shows outlines of a kind so plainly it has wiped out no other kind's; copies show 0.45 at most."""
_SHARE: Final = 0.25
_CELL_SHARE: Final = 0.35
_TICK_SHARE: Final = 0.4
"""… and an outline is there when it has this share of their darkness; a tick box is read to within 0.3 mm."""
_INKED_SHARE: Final = 0.25
_BLACK: Final = 0.9 * _CAP
"""Ink on both sides of a line takes from what it stands out by: one that is black in its place needs less of it."""
_MOST_GONE: Final = 0.5
"""Where more of a kind's outlines are not there, those that are may be chance."""
_SPARED: Final = 8
"""One cell in so many may hide its outline under ink; none may lack it."""
_WHOLE_SHARE: Final = 0.7
"""Share of a page's fields that must be there; half a page under a slip leaves as much."""
_MARKER_THERE: Final = 0.5
"""Correlation of a marker with its own pattern, at least; else it was torn off, or lies under something."""
_WIPED: Final = 0.1
"""Share of the cells of a 1-bit scan that lack a side from which pale lines fell below its threshold here and there."""
_FADED: Final = 0.8
"""The palest marker is at least so black as the blackest, or a file lost bytes, or light fell on a part of the page."""
_NEAR_MM: Final = 45.0
"""Tick boxes up to so far above or below speak for outlines that a copier or a 1-bit scan wiped out …"""
_FEW_BARE: Final = 20
_GAP: Final = 3
"""… but where it left some, not for so many cells in a row, or all of a field, that show no side of theirs."""


def fields_seen(image: NDArray[np.uint8], registration: Registration) -> tuple[bool, ...]:
    """For each field of a registered page, in the layout's order, whether its outline is seen on a grey image (H, W).

    Pale outlines are wiped out by copiers and 1-bit scans, those of cells first; then the tick boxes at their height
    decide. Where others that are as pale show, they were not wiped out, but lie under something.
    Of a blank that others printed the tiles have told (`features`), whatever its outlines look like. Where a page
    lacks much of its print, or its markers are not alike black, nothing on it is taken for seen.
    """
    if not registration.page.markers:
        return (True,) * len(registration.page.fields)
    boxes, corners_mm, field_of, kinds = _outlines(registration.page)
    if not boxes:
        return ()
    if _is_faded(image, registration):
        return (False,) * len(registration.page.fields)
    corners = registration.to_pixels(corners_mm)
    contrast, darkest, bare = _sides(image, corners, boxes, _OFF_MM[kinds])
    ranked = np.sort(contrast, axis=1)
    # The palest side of a tick box or an area; two of a cell, as a stroke may run along one; the foot of a line.
    strength = np.choose(kinds, [ranked[:, :2].mean(axis=1), ranked[:, 0], ranked[:, 0], contrast[:, -1]])
    height = corners_mm[:, :, 1].mean(axis=1)
    seen = np.zeros(len(boxes), bool)
    ticks = kinds == _TICKS
    lost = np.asarray(~((corners >= 0) & (corners < image.shape[::-1])).all(axis=(1, 2)))
    black = darkest[ticks].min(axis=1) >= _BLACK
    seen[ticks] = _there(strength[ticks], np.where(black, _INKED_SHARE, _TICK_SHARE))
    pale = [kind for kind in (_CELLS, _AREAS, _LINES) if (kinds == kind).any()]
    usual = {kind: float(np.quantile(strength[kinds == kind], 0.75)) for kind in pale}
    bitonal = is_bitonal(image)
    plain = not bitonal and max(usual.values(), default=0.0) >= _PLAIN
    cells_shown = False
    for kind in pale:
        mine = np.flatnonzero(kinds == kind)
        # Ink may hide a line, but not turn it into paper.
        gone = (darkest[mine] < _SHARE * usual[kind]).any(axis=1) & (kind == _CELLS)
        wiped = usual[kind] < _VISIBLE or (gone.mean() > _WIPED and bitonal)
        if wiped and not (plain or cells_shown):
            near = ticks & (np.abs(height[mine][:, None] - height) <= _NEAR_MM)
            beside = (near & seen).any(axis=1) & ((near & ~seen).sum(axis=1) <= 1)
            seen[mine] = beside & ~_in_gap(ranked[mine, -1], bare[mine], field_of[mine])
        else:
            seen[mine] = _there(strength[mine], _CELL_SHARE if kind == _CELLS else _SHARE)
            lost[mine] |= gone
            cells_shown |= kind == _CELLS and not wiped
    fields = len(registration.page.fields)
    hidden, missing = (np.bincount(field_of, which, fields) for which in (~seen, lost))
    combs = np.array([field.kind is Kind.COMB for field in registration.page.fields])
    spared = np.where(combs, np.bincount(field_of, minlength=fields) // _SPARED, 0)
    whole = (missing == 0) & (hidden <= spared)
    # What is left of two sheets that lay on each other may stand in place by chance.
    return tuple(bool(one) for one in whole & (whole.mean() >= _WHOLE_SHARE))


def _is_faded(image: NDArray[np.uint8], registration: Registration) -> bool:
    """Whether some of the markers that can be seen are much paler than others: so may the ink beside them be.

    A file that lost bytes, and a reflection, leave print that can still be found and ink that cannot.
    """
    seen = [_blackness(image, registration, marker) for marker in registration.page.markers]
    there = [one for one in seen if one is not None]
    return bool(there) and min(there) < _FADED * max(there)


def _blackness(image: NDArray[np.uint8], registration: Registration, marker: Marker) -> float | None:
    """Share of the light that a marker's darkest modules take, 0 to 1; None where its pattern is not there.

    What lies behind a torn corner may be as dark as ink, or as light as paper.
    """
    black = marker_modules(marker.id)
    middles = (np.arange(len(black)) + 0.5) / len(black)
    across, down = np.meshgrid(marker.box.x + middles * marker.box.w, marker.box.y + middles * marker.box.h)
    x, y = registration.to_pixels(np.stack([across, down], axis=-1).reshape(-1, 2)).astype(np.float32).T
    grey = _sampled(image, x[:, None], y[:, None])[:, 0].reshape(black.shape)
    if not grey.std() or -np.corrcoef(grey.ravel(), black.ravel())[0, 1] < _MARKER_THERE:
        return None
    darkest, light = float(np.quantile(grey[black], 0.1)), float(np.quantile(grey[~black], 0.9))
    return 1 - darkest / max(light, 1.0)


_CELLS, _TICKS, _AREAS, _LINES = range(4)
_KINDS: Final = {Kind.COMB: _CELLS, Kind.MARKS: _TICKS, Kind.AREA: _AREAS, Kind.LINE: _LINES}
_OFF_MM: Final = np.array([0.3, 0.15, 0.3, 0.3])
"""How far from its place the middle of each kind's lines may be; a tick box that is further off shows its own
outline as a mark, the lines being 0.3 mm wide."""
_LINE_UP_MM: Final = 0.8
"""A line of writing is ruled this far above the foot of its box."""
_PART_MM: Final = 12.0
"""… and is looked at in parts so long: a slip of paper may hide a few words of it."""


@lru_cache(maxsize=64)
def _outlines(page: PageLayout) -> tuple[list[Box], Floats, NDArray[np.int64], NDArray[np.int64]]:
    """All outlines: boxes, their corners (N, 4, 2) in mm, the field (N,) and the kind (N,) of each."""
    parts = [(i, field.kind, box) for i, field in enumerate(page.fields) for box in _boxes(field)]
    boxes = [box for _, _, box in parts]
    corners = [box.corners for box in boxes]
    return (
        boxes,
        np.array(corners, np.float64).reshape(-1, 4, 2),
        np.array([i for i, _, _ in parts], np.int64),
        np.array([_KINDS[kind] for _, kind, _ in parts], np.int64),
    )


def _boxes(field: FieldLayout) -> Sequence[Box]:
    if field.kind is Kind.LINE:
        parts = math.ceil(field.box.w / _PART_MM)
        wide, high = field.box.w / parts, field.box.h - _LINE_UP_MM
        return [Box(field.box.x + i * wide, field.box.y, wide, high) for i in range(parts)]
    return field.parts


def _there(strength: Floats, share: float | Floats) -> NDArray[np.bool_]:
    """Which outlines of one kind are there, by those of the page that are plainest."""
    if not len(strength):
        return np.zeros(0, bool)
    usual = float(np.quantile(strength, 0.75))
    seen = strength >= share * usual
    if usual < _VISIBLE or seen.mean() < _MOST_GONE:
        return np.zeros(len(strength), bool)
    return seen


def _in_gap(strongest: Floats, bare: NDArray[np.bool_], field_of: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which outlines (N,) lie in a stretch of their field that shows nothing, on a page that shows parts of most.

    Args:
        strongest: (N,), of the plainest side of each.
        bare: (N,), which have no ink near their sides: there only print can show.
        field_of: (N,), ascending.
    """
    usual = float(np.quantile(strongest[bare] if bare.sum() >= _FEW_BARE else strongest, 0.75))
    gap = np.zeros(len(strongest), bool)
    if usual < _VISIBLE:
        return gap
    blank = strongest < _SHARE * usual
    start = 0
    for (field, nothing), run in groupby(zip(field_of.tolist(), blank.tolist(), strict=True)):
        end = start + len(list(run))
        gap[start:end] = nothing and end - start >= min(_GAP, int((field_of == field).sum()))
        start = end
    return gap


def _sides(
    image: NDArray[np.uint8], corners: Floats, boxes: Sequence[Box], off_mm: Floats
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """How much darker each side of boxes is than what lies on both sides of it, and than paper; 0 to `_CAP`.

    Args:
        image: grey, uint8 (H, W); beyond its edges is paper.
        corners: (N, 4, 2) px, where the boxes' corners lie, clockwise from their top left.
        boxes: N, in mm.
        off_mm: (N,), how far from its place a line may be.

    Returns:
        Twice (N, 4): left, right, top, bottom; and (N,), which boxes have nothing dark beside their sides.
    """
    size = np.array([[box.w, box.h] for box in boxes])
    across = np.arange(-_REACH_MM, _REACH_MM + _STEP_MM / 2, _STEP_MM)
    inset = (_END_MM / size)[:, :, None]
    along = inset + np.linspace(0, 1, _ALONG) * (1 - 2 * inset)
    shape = len(boxes), 4, _ALONG, len(across)
    u, v = np.empty(shape, np.float32), np.empty(shape, np.float32)
    for side in (0, 1):
        u[:, side] = (side + across / size[:, :1])[:, None, :]
        v[:, side] = along[:, 1, :, None]
        u[:, 2 + side] = along[:, 0, :, None]
        v[:, 2 + side] = (side + across / size[:, 1:])[:, None, :]
    # Within a cell the bilinear map between its corners is as good as the page's own.
    start, right, down = corners[:, 0], corners[:, 1] - corners[:, 0], corners[:, 3] - corners[:, 0]
    twist = corners[:, 2] - corners[:, 1] - down
    x, y = (
        sum(
            (part[:, i, None, None, None] * share).astype(np.float32)
            for part, share in ((start, np.float32(1)), (right, u), (down, v), (twist, u * v))
        )
        for i in (0, 1)
    )
    grey = _sampled(image, np.asarray(x), np.asarray(y))
    flat = grey.reshape(len(boxes), -1)
    rank = int(flat.shape[1] * 0.75)
    paper = np.maximum(np.partition(flat, rank, axis=1)[:, rank], _PALEST)
    dark = np.clip(1 - grey / paper[:, None, None, None], 0, _CAP)
    profile = dark.mean(axis=2)
    near = np.abs(across) <= off_mm[:, None, None] + _STEP_MM / 2
    beside = profile[:, :, np.abs(across) > _BESIDE_MM].max(axis=(1, 2))
    return _peaks(profile, across, off_mm), np.where(near, profile, 0).max(axis=-1), beside < _VISIBLE


def _sampled(image: NDArray[np.uint8], x: NDArray[np.float32], y: NDArray[np.float32]) -> NDArray[np.float32]:
    """The image at places of any shape, first axis in parts: cv2 takes less than 32,768 px a side."""
    shape, wide = x.shape, int(np.prod(x.shape[1:]))
    grey = np.empty((shape[0], wide), np.uint8)
    for first in range(0, shape[0], 30000):
        part = slice(first, first + 30000)
        grey[part] = cv2.remap(
            image, x.reshape(-1, wide)[part], y.reshape(-1, wide)[part], cv2.INTER_LINEAR, borderValue=255
        )
    return grey.reshape(shape).astype(np.float32)


def _peaks(profile: NDArray[np.float32], across: Floats, off_mm: Floats) -> Floats:
    """The darkest place of profiles (N, 4, steps) within (N,) mm of the middle, less what is beside it."""
    best = np.zeros(profile.shape[:-1])
    for i in np.flatnonzero(np.abs(across) <= off_mm.max() + _STEP_MM / 2):
        beside = np.abs(across - across[i])
        around = profile[..., (beside > _BESIDE_MM) & (beside < _REACH_MM + _STEP_MM)].mean(axis=-1)
        near = (abs(across[i]) <= off_mm + _STEP_MM / 2)[:, None]
        best = np.where(near, np.maximum(best, profile[..., i] - around), best)
    return best
