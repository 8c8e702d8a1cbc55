"""Closed shapes between printed lines: rectangular cells and frames, square and round boxes to mark."""

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.drafting.brackets import bracketed
from pipeline.drafting.geometry import bottom, overlap, right, share_inside
from pipeline.drafting.grids import completed, in_column, is_solid, paired
from pipeline.drafting.lines import Lines
from pipeline.drafting.pale import pale_ticks
from pipeline.drafting.types import PX, Grey, Tick
from pipeline.forms.layout import Box

_MARGIN: Final = 2.0
"""Nothing this near the paper's edge is a field, mm."""
_CELL_LEAST: Final = (2.4, 3.0)
_EXTENT: Final = 0.88
"""Which share of its bounding box a rectangle fills at least."""
_HELD: Final = 0.95
"""A field lies with such a share inside of the rectangle that holds it."""
_ROUND: Final = 0.9
"""What fills less of it is a ring."""
_CORNER: Final = 0.4
"""Lines may end so far before the corner where they should meet, mm."""
_TICK: Final = (2.1, 13.0)
"""Sides of boxes to mark, mm."""
_RING: Final = 26.0
"""Rings may be larger: on small cards, or where a photo of one is taken for a large sheet."""
_BUBBLE: Final = 2.8
"""The smallest bubble; letters O of running text are smaller, mm."""
_ASPECT: Final = 1.9
_SQUARE: Final = 1.35
"""Bubbles may be twice as wide as high, boxes are nearly square."""
_SHADE: Final = 10
"""How much darker than the paper a tinted cell or ground is at least."""
_GAPS: Final = (0.0, 0.35, 0.7, 1.0)
"""Breaks in the outline of a box that are bridged, mm; the least that closes it counts."""
_EDGE: Final = PX
_DENTS: Final = np.ones((PX // 2 + 1, PX // 2 + 1), np.uint8)
"""Grain that sticks to an outline from within is not part of its shape."""
_LETTER: Final = 5.0
"""What is higher is no letter of a heading, mm."""
_STEM: Final = 0.5
"""What lies between two letters reaches so far into them, mm."""
_BAR: Final = 0.3
"""Narrower glyphs may be sides of cells, and tell nothing of letters."""
_STROKE: Final = 0.2
"""The stroke of a bubble is at most this share of its size; letters are bolder."""


def rectangles(grey: Grey, lines: Lines) -> list[Box]:
    """Rectangles bounded by lines or by the edge of a shade, whatever is printed inside; outlines in mm."""
    barrier = _barrier(lines)
    ground = cv2.morphologyEx(grey, cv2.MORPH_CLOSE, np.ones((PX * 3 // 2 | 1,) * 2, np.uint8))
    paper = float(np.percentile(ground[::8, ::8], 98))
    shaded = np.asarray(cv2.threshold(ground, paper - _SHADE, 255, cv2.THRESH_BINARY_INV)[1], np.uint8)
    found: list[Box] = []
    for level in (cv2.bitwise_not(shaded), shaded):
        free = cv2.bitwise_and(np.asarray(level, np.uint8), cv2.bitwise_not(barrier))
        _, _, stats, _ = cv2.connectedComponentsWithStats(free, connectivity=4)
        for x, y, w, h, area in stats[1:].tolist():
            if w < _CELL_LEAST[0] * PX or h < _CELL_LEAST[1] * PX or area < _EXTENT * w * h:
                continue
            found.append(_outline(barrier, x, y, w, h))
    glyphs = _glyphs(lines.ink)
    return [
        box
        for box in found
        if _on_page(box, grey)
        and not is_solid(grey, box)
        and not (box.h <= _LETTER and _among_letters(box, glyphs))
    ]


def holders(lines: Lines, fields: Sequence[Box]) -> list[Box]:
    """Rectangles bounded by lines that hold fields with lines of their own, as the cells of a table do; mm.

    Args:
        lines: the page's lines.
        fields: cells and boxes to mark.
    """
    barrier = _barrier(lines)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(cv2.bitwise_not(barrier), connectivity=4)
    found = []
    for number, (x, y, w, h, _area) in enumerate(stats.tolist()):
        rim = Box(x / PX, y / PX, w / PX, h / PX)
        if number == 0 or not any(share_inside(field, rim) > _HELD for field in fields):
            continue
        piece = np.asarray(labels[y : y + h, x : x + w] == number, np.uint8)
        contours, _ = cv2.findContours(piece, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        if max(map(cv2.contourArea, contours)) >= _EXTENT * w * h:
            found.append(_outline(barrier, x, y, w, h))
    return found


def _barrier(lines: Lines) -> Grey:
    """What parts the paper: all lines, those that end alone led on to the corners where they should meet."""
    met = cv2.bitwise_or(_led_on(lines.across, lines.down, (1, 0)), _led_on(lines.down, lines.across, (0, 1)))
    return np.asarray(cv2.dilate(met, np.ones((3, 3), np.uint8)), np.uint8)


def _led_on(lines: Grey, others: Grey, way: tuple[int, int]) -> Grey:
    """Lines led on along a way (x, y) where none of the others meets their end: one that does is their corner."""
    reach = round(2 * _CORNER * PX) | 1
    short, long = (tuple(1 + step * (size - 1) for step in way[::-1]) for size in (3, reach))
    ends = cv2.subtract(lines, cv2.erode(lines, np.ones(short, np.uint8)))
    alone = cv2.subtract(ends, cv2.dilate(others, np.ones((5, 5), np.uint8)))
    return np.asarray(cv2.bitwise_or(lines, cv2.dilate(alone, np.ones(long, np.uint8))), np.uint8)


def is_tinted(grey: Grey, box: Box) -> bool:
    """Whether most of a box (mm) is darker than the page's paper."""
    inside = grey[round(box.y * PX) : round(bottom(box) * PX), round(box.x * PX) : round(right(box) * PX)]
    return bool(np.median(inside) < np.percentile(grey[::8, ::8], 98) - _SHADE)


def ticks(grey: Grey, lines: Lines) -> list[Tick]:
    """Squares and circles of the size of a box to mark, empty or with a character inside.

    A circle, or a square with a letter, counts only beside another: letters and punched holes stand alone.
    Typed ones are found by their brackets, boxes too pale for that by the lattice of their characters.
    """
    found: list[Tick] = []
    for gap in _GAPS:
        size = round(gap * PX) | 1
        mask = cv2.morphologyEx(lines.ink, cv2.MORPH_CLOSE, np.ones((size, size), np.uint8))
        fresh = [tick for tick in _holes(np.asarray(mask, np.uint8), lines.ink) if _on_page(tick.box, grey)]
        found += [tick for tick in fresh if not any(_covers(other, tick) for other in found)]
    found = [tick for tick in found if not any(_holds(other, tick) for other in found)]
    found = [
        tick
        for tick in found
        if (min(tick.box.w, tick.box.h) >= _BUBBLE if tick.round else not is_solid(grey, tick.box))
    ]
    glyphs = _glyphs(lines.ink)
    letters = [glyph for glyph in glyphs if not any(overlap(glyph, tick.box) for tick in found)]
    found = [
        tick for tick in found if in_column(tick, found) or not _among_letters(_whole(tick, glyphs), letters)
    ]
    found = [tick for tick in found if not (tick.round or tick.lettered) or paired(tick, found)]
    found = completed(grey, lines.ink, found)
    for more in (bracketed(lines.ink), pale_ticks(grey, lines.ink)):
        found += [tick for tick in more if not any(_covers(one, tick) for one in found)]
    return found


def _covers(other: Tick, tick: Tick) -> bool:
    return overlap(tick.box, other.box) > 0.3 * tick.box.w * tick.box.h


def _holds(other: Tick, tick: Tick) -> bool:
    return other.box.w > 1.15 * tick.box.w and share_inside(tick.box, other.box) > 0.9


def _holes(mask: Grey, ink: Grey) -> list[Tick]:
    """Paper that ink closes in, as boxes to mark."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(cv2.bitwise_not(mask), connectivity=4)
    found = []
    for number, (x, y, w, h, _area) in enumerate(stats.tolist()):
        if number == 0 or not _TICK[0] * PX * 0.8 <= min(w, h) <= max(w, h) <= _RING * PX:
            continue
        if max(w, h) > _ASPECT * min(w, h):
            continue
        piece = np.asarray(labels[y : y + h, x : x + w] == number, np.uint8)
        framed = cv2.copyMakeBorder(piece, _EDGE, _EDGE, _EDGE, _EDGE, cv2.BORDER_CONSTANT, value=0)
        piece = np.asarray(cv2.morphologyEx(framed, cv2.MORPH_CLOSE, _DENTS), np.uint8)
        contours, _ = cv2.findContours(piece, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        outer = max(contours, key=cv2.contourArea)
        area = cv2.contourArea(outer)
        hull = cv2.contourArea(cv2.convexHull(outer))
        extent = (area + (w + h)) / (w * h)
        if hull == 0 or area / hull < 0.93 or extent < 0.74:
            continue
        stroke = _stroke(ink, x, y, w, h)
        side = min(w, h) + 2 * stroke
        if stroke == 0 or stroke > _STROKE * side or side < _TICK[0] * PX:
            continue
        box = Box(*(value / PX for value in (x - stroke / 2, y - stroke / 2, w + stroke, h + stroke)))
        filled = cv2.drawContours(np.zeros_like(piece), [outer], -1, 1, cv2.FILLED)
        whole = np.asarray(filled, np.uint8)[_EDGE : _EDGE + h, _EDGE : _EDGE + w]
        inside = (cv2.erode(whole, np.ones((5, 5), np.uint8)) > 0) & (ink[y : y + h, x : x + w] > 0)
        if extent >= _EXTENT + 0.02 and max(box.w, box.h) > _SQUARE * min(box.w, box.h):
            continue
        if extent >= _ROUND and max(box.w, box.h) > _TICK[1]:
            continue
        found.append(Tick(box, extent < _ROUND, bool(inside.sum() > 0.02 * area)))
    return found


def _stroke(ink: Grey, x: int, y: int, w: int, h: int) -> float:
    """The width of the line around a hole, px: the median of four sides at their middles, 0 when open."""
    reach, mid_x, mid_y = 2 * PX, x + w // 2, y + h // 2
    rays = (
        ink[mid_y, max(x - reach, 0) : x][::-1],
        ink[mid_y, x + w : x + w + reach],
        ink[max(y - reach, 0) : y, mid_x][::-1],
        ink[y + h : y + h + reach, mid_x],
    )
    widths = []
    for ray in rays:
        dark = np.flatnonzero(ray[:PX] > 0)
        if len(dark) == 0:
            widths.append(0.0)
            continue
        rest = np.flatnonzero(ray[dark[0] :] == 0)
        widths.append(float(rest[0]) if len(rest) else float(reach))
    return float(np.median(widths))


def _outline(barrier: Grey, x: int, y: int, w: int, h: int) -> Box:
    """The middle of the lines around a free rectangle, in mm."""
    inset_x, inset_y = w // 4, h // 4
    rows, columns = slice(y + inset_y, y + h - inset_y), slice(x + inset_x, x + w - inset_x)
    reach = PX
    strips = (
        (barrier[rows, max(x - reach, 0) : x] > 0).mean(axis=0)[::-1],
        (barrier[max(y - reach, 0) : y, columns] > 0).mean(axis=1)[::-1],
        (barrier[rows, x + w : x + w + reach] > 0).mean(axis=0),
        (barrier[y + h : y + h + reach, columns] > 0).mean(axis=1),
    )
    left, top, beyond, below = (_run(strip) / 2 for strip in strips)
    return Box(*(value / PX for value in (x - left, y - top, w + left + beyond, h + top + below)))


def _run(strip: NDArray[np.float64]) -> float:
    """Twice the way to the middle of the line that begins a strip; a slanted line begins a little later."""
    dark = np.flatnonzero(strip >= 0.5)
    if not len(dark):
        return 0.0
    gaps = np.flatnonzero(strip[dark[0] :] < 0.5)
    return float(2 * dark[0] + (gaps[0] if len(gaps) else 0))


def _on_page(box: Box, grey: Grey) -> bool:
    height, width = (side / PX for side in grey.shape)
    return bool(min(box.x, box.y, width - right(box), height - bottom(box)) >= _MARGIN)


def _glyphs(ink: Grey) -> list[Box]:
    """Connected ink of the size of letters, mm."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    return [
        Box(x / PX, y / PX, w / PX, h / PX)
        for x, y, w, h, area in stats[1:].tolist()
        if 1.2 * PX <= h <= 12 * PX and w <= 12 * PX and area > 0.15 * w * h
    ]


def _whole(tick: Tick, glyphs: list[Box]) -> Box:
    """All the ink that a box or ring is part of, where that has a letter's size: a D is more than its bowl."""
    return next((glyph for glyph in glyphs if share_inside(tick.box, glyph) > 0.9), tick.box)


def _among_letters(box: Box, letters: list[Box]) -> bool:
    """Whether what looks like a box stands in a word: letters of its height and base line are its neighbours.

    One of its own width tells nothing by itself, since it may be another box; one on each side does, and so does one
    whose own neighbour has another width: the D of a word that goes on with A and F.
    """
    beside = [other for other in letters if _is_beside(box, other)]
    further = [third for other in beside for third in letters if _is_beside(other, third)]
    if any(abs(other.w - box.w) > 0.12 * box.w for other in (*beside, *further)):
        return True
    return len({other.x > box.x for other in beside}) == 2


def _is_beside(box: Box, other: Box) -> bool:
    """Whether a glyph stands next to a box as letters do in a word."""
    gap = max(other.x - right(box), box.x - right(other))
    same = abs(other.h - box.h) < 0.25 * box.h and abs(bottom(other) - bottom(box)) < 0.15 * box.h
    return same and -_STEM < gap < 0.3 * box.h and other.w > _BAR * other.h
