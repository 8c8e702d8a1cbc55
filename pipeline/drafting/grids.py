"""Boxes to mark stand in rows and columns: what stands in none is none, and what a row and a column share is one."""

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np

from pipeline.drafting.geometry import alike, bottom, clusters, middle, overlap, right
from pipeline.drafting.types import PX, Grey, Tick
from pipeline.forms.layout import Box

_SIZE: Final = 0.2
_LEAST: Final = 6
"""So many boxes of one size make a grid whose gaps may be filled."""
_OUTLINE: Final = 0.6
"""Which share of an outline must be dark where a grid says that a box is."""
_DARK: Final = 0.62
"""Marked boxes are darker than this share of the paper."""
_SOLID: Final = 0.35
"""A square so much of which is dark is a code, a badge or an example, no box to mark."""
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
    dark = cv2.bitwise_or(ink, cv2.threshold(grey, _DARK * _paper(grey), 255, cv2.THRESH_BINARY_INV)[1])
    wide = np.asarray(cv2.dilate(dark, np.ones((3, 3), np.uint8)), np.uint8)
    found = list(ticks)
    for same in _sizes(ticks):
        if len(same) < _LEAST:
            continue
        rows = clusters(same, lambda tick: middle(tick.box)[1], 0.25 * same[0].box.h)
        columns = clusters(same, lambda tick: middle(tick.box)[0], 0.25 * same[0].box.w)
        w, h = (float(np.median([tick.box[side] for tick in same])) for side in (2, 3))
        round_ = sum(tick.round for tick in same) > len(same) / 2
        lettered = sum(tick.lettered for tick in same) > len(same) / 2
        for row in [row for row in rows if len(row) > 1]:
            for column in [column for column in columns if len(column) > 1]:
                box = Box(_near(column, row, 0) - w / 2, _near(row, column, 1) - h / 2, w, h)
                free = not any(overlap(box, tick.box) > 0.05 * w * h for tick in found)
                if free and _beside(box, same) and _outlined(wide, box, round_):
                    found.append(Tick(box, round_, lettered))
    return found


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
    return bool((dark[rows, columns] > 0).mean() >= _OUTLINE)


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
