"""Boxes to mark stand in rows and columns: what stands in none is none, and what a row and a column share is one."""

from collections.abc import Sequence
from itertools import product
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.drafting.geometry import alike, bottom, clusters, middle, overlap, right
from pipeline.drafting.types import PX, Grey, Tick
from pipeline.forms.layout import Box

Picture = NDArray[np.float32]

_SIZE: Final = 0.2
_LEAST: Final = 6
"""So many boxes of one size make a grid whose gaps may be filled."""
_OUTLINE: Final = 0.6
"""Which share of an outline must be dark where a grid says that a box is."""
_DARK: Final = 0.62
"""Marked boxes are darker than this share of the paper."""
_SOLID: Final = 0.35
"""A square so much of which is dark is a code, a badge or an example, no box to mark."""
_LEAST_LINE: Final = 3
"""So many boxes of one size in an even line show what it lacks."""
_EVEN: Final = 0.08
"""Steps of an even line differ from whole ones by at most this share."""
_LIKE: Final = 0.7
"""What looks so much like the other boxes of a grid is one (correlation)."""
_HINT: Final = 0.35
"""A box whose outline a stroke hides in part still looks so much like the others."""
_GOES_ON: Final = 0.35
"""Lines that go on from a box darken what surrounds it by more than this share of their own darkness."""
_AROUND: Final = 0.5
"""How much of what lies around a box is looked at with it, mm."""
_ASTRAY: Final = 0.5
"""Boxes lie at most so far beside where their grid has them, mm."""
_FILLED: Final = 0.8
"""A mark fills a box when so much of its inside is dark."""
_BLEEDS: Final = 0.5
"""Less than this share of what surrounds a mark is dark."""
_FAR: Final = 60.0
"""Boxes of one question are nearer to each other, mm."""
_TOUCH: Final = 0.9


def paired(tick: Tick, others: Sequence[Tick]) -> bool:
    """Whether another box of the same size stands in its row or column."""
    return any(_in_line(tick.box, other.box) for other in others if other is not tick)


def in_column(tick: Tick, others: Sequence[Tick]) -> bool:
    """Whether two more of the same size stand above or below: letters O do not."""
    x = middle(tick.box)[0]
    same = [one for one in others if alike(one.box, tick.box, 0.12) and abs(middle(one.box)[0] - x) < 0.4]
    return len(same) > 2


def is_solid(grey: Grey, box: Box) -> bool:
    """Whether the inside of a box (mm) is mostly dark."""
    inside = _cut(grey, Box(box.x + 0.15 * box.w, box.y + 0.15 * box.h, 0.7 * box.w, 0.7 * box.h))
    return bool((inside < _DARK * _paper(grey)).mean() > _SOLID)


def is_stacked(box: Box, others: Sequence[Box]) -> bool:
    """Whether a box of the same width touches it above or below: cells of a table do."""
    return any(
        other is not box
        and abs(other.x - box.x) < 0.4
        and abs(other.w - box.w) < 0.5
        and min(abs(other.y - bottom(box)), abs(box.y - bottom(other))) < _TOUCH
        for other in others
    )


def completed(grey: Grey, ink: Grey, ticks: Sequence[Tick]) -> list[Tick]:
    """The boxes, and those that a row and a column share although the print or a mark hid their outline."""
    dark = np.asarray(cv2.threshold(grey, _DARK * _paper(grey), 255, cv2.THRESH_BINARY_INV)[1], np.uint8)
    wide = np.asarray(cv2.dilate(cv2.bitwise_or(ink, dark), np.ones((3, 3), np.uint8)), np.uint8)
    found = list(ticks)
    for same in _sizes(ticks):
        if len(same) < _LEAST_LINE:
            continue
        rows = clusters(same, lambda tick: middle(tick.box)[1], 0.25 * same[0].box.h)
        columns = clusters(same, lambda tick: middle(tick.box)[0], 0.25 * same[0].box.w)
        w, h = (float(np.median([tick.box[side] for tick in same])) for side in (2, 3))
        round_ = sum(tick.round for tick in same) > len(same) / 2
        lettered = sum(tick.lettered for tick in same) > len(same) / 2
        typical = _typical(grey, same, w, h)
        apart = round_ or _stands_alone(typical)
        places: list[tuple[float, float]] = []
        if apart:
            places += [at for line in rows for at in _gaps(line, 0)]
            places += [at for line in columns for at in _gaps(line, 1)]
        if len(same) >= _LEAST:
            places += _crossings(rows, columns, 1 if apart else 2)
        grown = list(same)
        waiting = [Box(x - w / 2, y - h / 2, w, h) for x, y in places]
        while near := [box for box in waiting if _beside(box, grown) and _is_free(box, found)]:
            waiting = [box for box in waiting if box not in near]
            sure = [_settled(grey, dark, box, typical) for box in near] if apart else []
            hinted = [
                box
                for box in near
                if _outlined(wide, box, round_) and (not apart or _likeness(grey, box, typical)[0] >= _HINT)
            ]
            for box in (*(box for box in sure if box), *hinted):
                if _is_free(box, found):
                    found.append(Tick(box, round_, lettered))
                    grown += found[-1:] if apart else []
    return found


def _is_free(box: Box, found: Sequence[Tick]) -> bool:
    return not any(overlap(box, tick.box) > 0.05 * box.w * box.h for tick in found)


def _settled(grey: Grey, dark: Grey, box: Box, typical: Picture) -> Box | None:
    """Where a box is that looks like the others of its size, or that a mark fills; None where neither is."""
    like, x, y = _likeness(grey, box, typical)
    if like >= _LIKE:
        return box._replace(x=box.x + x, y=box.y + y)
    return box if _is_filled(dark, box) else None


def _crossings(
    rows: Sequence[list[Tick]], columns: Sequence[list[Tick]], least: int
) -> list[tuple[float, float]]:
    """Where rows and columns of at least so many boxes meet, mm."""
    some = ([line for line in lines if len(line) >= least] for lines in (rows, columns))
    return [(_near(column, row, 0), _near(row, column, 1)) for row, column in product(*some)]


def _stands_alone(typical: Picture) -> bool:
    """Whether paper lies around the boxes of one size; the lines of a comb's cells go on into their neighbours."""
    rim = np.concatenate([typical[0], typical[-1], typical[:, 0], typical[:, -1]])
    paper = float(np.median(rim))
    return bool(paper - rim.min() < _GOES_ON * (paper - typical.min()))


def _gaps(line: Sequence[Tick], axis: int) -> list[tuple[float, float]]:
    """Where an even row (axis 0) or column (1) lacks a box, mm."""
    at = np.asarray(sorted((middle(tick.box) for tick in line), key=lambda one: one[axis]))
    steps = np.diff(at[:, axis])
    if len(at) < _LEAST_LINE or steps.min() <= 0:
        return []
    times = steps / steps.min()
    if (np.abs(times - times.round()) > _EVEN * times).any() or times.max() >= _LEAST_LINE + 0.5:
        return []
    return [
        tuple((before + (after - before) * part / count).tolist())
        for before, after, count in zip(at[:-1], at[1:], times.round().astype(int).tolist(), strict=True)
        for part in range(1, count)
    ]


def _typical(grey: Grey, same: Sequence[Tick], w: float, h: float) -> Picture:
    """What the boxes of one size look like: the median of them, with a little of what lies around."""
    return np.median([_picture(grey, tick.box, w, h, 0.0) for tick in same], axis=0).astype(np.float32)


def _likeness(grey: Grey, box: Box, typical: Picture) -> tuple[float, float, float]:
    """How alike what stands at a box is to the others of its size (-1..1), and how far beside it it stands, mm.

    The correlation is of contrasts: a pale outline is as like as a dark one.
    """
    here = _picture(grey, box, box.w, box.h, _ASTRAY)
    _, like, _, at = cv2.minMaxLoc(cv2.matchTemplate(here, typical, cv2.TM_CCOEFF_NORMED))
    reach = round((_AROUND + _ASTRAY) * PX) - round(_AROUND * PX)
    return float(like), (at[0] - reach) / PX, (at[1] - reach) / PX


def _picture(grey: Grey, box: Box, w: float, h: float, more: float) -> Picture:
    x, y = middle(box)
    size = tuple(round(side * PX) + 2 * round((_AROUND + more) * PX) for side in (w, h))
    return cv2.getRectSubPix(grey, size, (x * PX, y * PX)).astype(np.float32)


def _is_filled(dark: Grey, box: Box) -> bool:
    """Whether a mark fills a box, and is no part of something larger."""
    x, y = middle(box)
    inside = _cut(dark, Box(x - 0.3 * box.w, y - 0.3 * box.h, 0.6 * box.w, 0.6 * box.h))
    if inside.size == 0 or (inside > 0).mean() < _FILLED:
        return False
    return _share_around(dark, box) < _BLEEDS


def _share_around(dark: Grey, box: Box) -> float:
    """How much of the rim of a box half as large again is dark."""
    x, y = middle(box)
    size = round(1.6 * box.w * PX), round(1.6 * box.h * PX)
    whole = cv2.getRectSubPix(dark, size, (x * PX, y * PX)) > 0
    rim = np.concatenate([whole[0], whole[-1], whole[:, 0], whole[:, -1]])
    return float(rim.mean())


def _sizes(ticks: Sequence[Tick]) -> list[list[Tick]]:
    classes: list[list[Tick]] = []
    for tick in ticks:
        one = next((one for one in classes if alike(one[0].box, tick.box, _SIZE)), None)
        if one is None:
            classes.append([tick])
        else:
            one.append(tick)
    return classes


def _near(line: list[Tick], across: list[Tick], axis: int) -> float:
    """Where a row or column runs near where it meets another: pages are never quite level, mm."""
    other = float(np.median([middle(tick.box)[1 - axis] for tick in across]))
    nearest = sorted(line, key=lambda tick: abs(middle(tick.box)[1 - axis] - other))[:3]
    return float(np.median([middle(tick.box)[axis] for tick in nearest]))


def _beside(box: Box, same: Sequence[Tick]) -> bool:
    """Whether one of the grid is a direct neighbour."""
    x, y = middle(box)
    return any(
        abs(middle(tick.box)[0] - x) + abs(middle(tick.box)[1] - y) < 3.2 * max(box.w, box.h) for tick in same
    )


def _outlined(dark: Grey, box: Box, round_: bool) -> bool:
    turns = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    reach = 1.0 if round_ else 1.0 / np.maximum(np.abs(np.cos(turns)), np.abs(np.sin(turns)))
    xs = (box.x + box.w / 2 * (1 + np.cos(turns) * reach)) * PX
    ys = (box.y + box.h / 2 * (1 + np.sin(turns) * reach)) * PX
    rows = np.clip(ys.round().astype(int), 0, dark.shape[0] - 1)
    columns = np.clip(xs.round().astype(int), 0, dark.shape[1] - 1)
    seen = dark[rows, columns] > 0
    if round_:
        return bool(seen.mean() >= _OUTLINE)
    sides = (np.cos(turns) > 0.8, np.sin(turns) > 0.8, np.cos(turns) < -0.8, np.sin(turns) < -0.8)
    return all(bool(seen[side].mean() >= _OUTLINE) for side in sides)


def _in_line(first: Box, second: Box) -> bool:
    if not alike(first, second, 0.15):
        return False
    (x, y), (other_x, other_y) = middle(first), middle(second)
    across, down = abs(x - other_x), abs(y - other_y)
    return min(across, down) < 0.25 * first.w and max(across, down) < _FAR


def _cut(grey: Grey, box: Box) -> Grey:
    return grey[round(box.y * PX) : round(bottom(box) * PX), round(box.x * PX) : round(right(box) * PX)]


def _paper(grey: Grey) -> float:
    return float(np.percentile(grey[::8, ::8], 90))
