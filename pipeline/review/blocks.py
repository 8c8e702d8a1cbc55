"""Pictures in a terminal: each character holds two by two dots in its best two greys (▀ ▌ ▚ …)."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.forms.fields import FieldSpec
from pipeline.forms.layout import Box, FieldLayout, Kind
from pipeline.review.entry import choice_keys
from pipeline.review.picture import Ink

_MOST_STRIPS: Final = 3
_FINEST: Final = 2.4
"""Columns a mm from which a larger picture shows no more."""
_MARGIN_MM: Final = 0.8
_TILE_MARGIN_MM: Final = 1.6
_TILE_LINES: Final = (7, 6, 5, 4, 3)
_CAPTION: Final = 18
_PALEST_INK: Final = 30.0
"""Anything paler than paper by less than this is paper; the printed lines of cells stay faint."""
_BLACK: Final = 0.94
"""The darkness of this quantile of the dots is shown as black: thin strokes pale when dots are few."""
_LEAST_BLACK: Final = 50.0
_OVERLAP_MM: Final = 3.0
"""Strips of a line of writing repeat so much, that every letter is whole in one of them."""

_GLYPHS: Final = " ▘▝▀▖▌▞▛"
_PATTERNS: Final = np.array([[(code >> dot) & 1 for dot in range(4)] for code in range(8)], np.float64)
"""Which of the dots (top left, top right, bottom left, bottom right) take the foreground; the other eight
patterns are these with the two greys exchanged."""

_RESET: Final = "\x1b[0m"
_GREYS: Final = 24
_FIRST_GREY: Final = 232


class Colours(Enum):
    """What a terminal can show."""

    GREY = "256"
    TRUE = "truecolor"


@dataclass(frozen=True, slots=True)
class Room:
    """What a picture may take of the terminal, in characters; captions come on top."""

    width: int
    lines: int


@dataclass(frozen=True, slots=True)
class Tile:
    """A part of a field that is drawn apart: where it lies in mm, with its margin, and what stands below."""

    box: Box
    margin: float = _MARGIN_MM
    caption: str = ""
    chosen: bool = False


def draw_field(
    ink: Ink, layout: FieldLayout, spec: FieldSpec, value: str | None, room: Room, colours: Colours
) -> list[str]:
    """A field's ink as lines of characters: combs and lines in strips, choices as numbered tiles."""
    if layout.kind is Kind.MARKS:
        return _draw_choices(ink, _choice_tiles(layout, spec, value), room, colours)
    strips = best_strips(layout, room)
    scale = min(_scale(tile, room, len(strips)) for tile in strips)
    return [line for tile in strips for line in _drawn(ink, tile, scale, colours)]


def best_strips(layout: FieldLayout, room: Room) -> list[Tile]:
    """A field in one to three strips, whichever shows its ink largest."""
    most = min(_MOST_STRIPS, max(len(layout.cells), 1)) if layout.kind is Kind.COMB else _MOST_STRIPS
    ways = [_strips(layout, count) for count in range(1, most + 1)]
    if layout.kind is Kind.AREA:
        ways = ways[:1]
    return max(ways, key=lambda way: min(_scale(tile, room, len(way)) for tile in way))


def dots(picture: NDArray[np.uint8], columns: int, lines: int, colours: Colours) -> list[str]:
    """A grey picture (H, W) as `lines` lines of `columns` characters; dark ink on light paper."""
    dark = np.maximum(255 - _PALEST_INK - picture.astype(np.float32), 0)
    small = cv2.resize(dark, (columns * 2, lines * 2), interpolation=cv2.INTER_AREA)
    black = max(float(np.quantile(small, _BLACK)), _LEAST_BLACK)
    grey = 255 * (1 - np.minimum(small.astype(np.float64) / black, 1))
    blocks = grey.reshape(lines, 2, columns, 2).transpose(0, 2, 1, 3).reshape(lines, columns, 4)
    front = _PATTERNS.sum(axis=1)
    total = blocks.sum(axis=2, keepdims=True)
    inside = blocks @ _PATTERNS.T
    light = np.where(front > 0, inside / np.maximum(front, 1), 0.0)
    rest = (total - inside) / (4 - front)
    explained = front * light**2 + (4 - front) * rest**2
    best = explained.argmax(axis=2)
    at = best[..., None]
    foreground = np.take_along_axis(light, at, 2)[..., 0]
    background = np.take_along_axis(rest, at, 2)[..., 0]
    return [_line(best[y], foreground[y], background[y], colours) for y in range(lines)]


def _line(
    best: NDArray[np.int64], front: NDArray[np.float64], back: NDArray[np.float64], colours: Colours
) -> str:
    painted = []
    last = ""
    for pattern, light, rest in zip(best.tolist(), front.tolist(), back.tolist(), strict=True):
        code = _code(round(light), round(rest), colours)
        painted.append((code if code != last else "") + _GLYPHS[pattern])
        last = code
    return "".join(painted) + _RESET


def _code(front: int, back: int, colours: Colours) -> str:
    if colours is Colours.TRUE:
        return f"\x1b[38;2;{front};{front};{front};48;2;{back};{back};{back}m"
    return f"\x1b[38;5;{_grey(front)};48;5;{_grey(back)}m"


def _grey(level: int) -> int:
    return _FIRST_GREY + min(level * _GREYS // 256, _GREYS - 1)


def _scale(tile: Tile, room: Room, strips: int) -> float:
    """Columns a mm at which a tile fits; a line is as high as two columns are wide."""
    across, down = tile.box.w + 2 * tile.margin, tile.box.h + 2 * tile.margin
    return min(room.width / across, 2 * (room.lines // strips) / down, _FINEST)


def _drawn(ink: Ink, tile: Tile, scale: float, colours: Colours) -> list[str]:
    columns = max(1, round((tile.box.w + 2 * tile.margin) * scale))
    lines = max(1, round((tile.box.h + 2 * tile.margin) * scale / 2))
    return dots(ink.cut(tile.box, tile.margin), columns, lines, colours)


def _strips(layout: FieldLayout, count: int) -> list[Tile]:
    if layout.kind is not Kind.COMB:
        return [Tile(box) for box in _cut(layout.box, count)]
    each = -(-len(layout.cells) // count)
    firsts = range(0, len(layout.cells), each)
    return [Tile(_row(layout.cells[first : first + each], each)) for first in firsts]


def _cut(box: Box, count: int) -> list[Box]:
    """A line of writing in `count` pieces side by side, a little more than its share each."""
    share = (box.w - _OVERLAP_MM) / count
    return [Box(box.x + number * share, box.y, share + _OVERLAP_MM, box.h) for number in range(count)]


def _row(cells: Sequence[Box], count: int) -> Box:
    """The box of some cells, as wide as `count` of them where the last strip is shorter."""
    first, last = cells[0], cells[-1]
    width = last.x + last.w - first.x
    return Box(first.x, first.y, width * count / len(cells), first.h)


def _choice_tiles(layout: FieldLayout, spec: FieldSpec, value: str | None) -> list[Tile]:
    chosen = (value or "").split("|")
    keys = choice_keys(spec)
    words = {one.value: f"{key} {one.label}" for key, one in zip(keys, spec.choices, strict=True)}
    return [Tile(one.box, _TILE_MARGIN_MM, words[one.value], one.value in chosen) for one in layout.choices]


def _draw_choices(ink: Ink, tiles: Sequence[Tile], room: Room, colours: Colours) -> list[str]:
    for lines in _TILE_LINES:
        columns = max(2 * lines, min(_CAPTION, max(len(tile.caption) for tile in tiles))) + 2
        a_row = max(1, room.width // columns)
        rows = -(-len(tiles) // a_row)
        if rows * (lines + 1) <= room.lines + 1:
            break
    drawn = []
    for first in range(0, len(tiles), a_row):
        part = tiles[first : first + a_row]
        pictures = [dots(ink.cut(tile.box, tile.margin), 2 * lines, lines, colours) for tile in part]
        gap = " " * (columns - 2 * lines)
        drawn += [gap.join(line) for line in zip(*pictures, strict=True)]
        drawn.append("".join(_caption(tile, columns) for tile in part).rstrip())
    return drawn


def _caption(tile: Tile, columns: int) -> str:
    text = tile.caption if len(tile.caption) < columns else tile.caption[: columns - 2] + "…"
    pad = " " * (columns - len(text))
    return (f"\x1b[1;7m{text}{_RESET}" if tile.chosen else text) + pad
