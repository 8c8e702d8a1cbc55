"""Room for free writing: empty frames, and lines with a label."""

from collections.abc import Callable, Sequence
from typing import Final

from pipeline.drafting.geometry import bottom, overlap, right, same_row, share_inside
from pipeline.drafting.types import Chunk, Writing
from pipeline.forms.layout import Box, around

_FRAME: Final = (13.0, 4.5, 90.0)
"""Least width, least and largest height of a frame, mm."""
_LEAST_RIM: Final = 0.3
"""A comb stands so far inside the frame that holds it, mm."""
_LEAST_LINE: Final = 10.0
_THICKEST: Final = 1.0
_SAME: Final = 0.7
"""Edges of frames that touch or go on differ by at most so much, mm."""
_LINE_HEIGHT: Final = 7.0
"""Room above a line unless something stands nearer, mm."""
_LEAST_ROOM: Final = 3.0
_LABEL_GAP: Final = 70.0
_ASTRIDE: Final = 3.0
"""Words may reach so far into the line that they name, mm."""
_ON: Final = 2.5
"""The feet of words lie at most so far above or below the line that they name, mm."""
_INDENT: Final = 8.0
"""Lines begin at most so far beside the words over them, mm."""
_PITCH: Final = (5.0, 14.0)
_WRITTEN: Final = 0.4
"""A frame or line so much of which already has words is no room for writing."""


def frames(boxes: Sequence[Box], taken: Sequence[Box], chunks: Sequence[Chunk]) -> list[Writing]:
    """Frames that hold nothing, or a label at their top or left; without the part that the label takes.

    Args:
        boxes: the frames.
        taken: cells, boxes to mark, and what holds them.
        chunks: the printed words.
    """
    heads = _heads(boxes, taken, chunks)
    found: list[Writing] = []
    for box in boxes:
        if box.w < _FRAME[0] or not _FRAME[1] <= box.h <= _FRAME[2] or box in heads:
            continue
        if any(_leaves(cell, box) for cell in taken):
            continue
        others = [*taken, *(other for other in boxes if other is not box)]
        if any(share_inside(other, box) > 0.8 for other in others):
            continue
        if any(share_inside(box, other.box) > 0.9 for other in found):
            continue
        room = _room(box, [chunk.box for chunk in chunks if share_inside(chunk.box, box) > 0.6])
        if room:
            found.append(Writing(room, True))
    return found


def _heads(boxes: Sequence[Box], fields: Sequence[Box], chunks: Sequence[Chunk]) -> set[Box]:
    """Frames whose words name the frame beside or below them, which is there to be filled: heads of rows and columns.

    Where the heads of rows and columns meet, there is one more. The number of a column is no name.
    """
    words = [chunk.box for chunk in chunks if any(map(str.isalpha, chunk.text))]
    named = [box for box in boxes if any(share_inside(word, box) > 0.6 for word in words)]
    free = [*fields, *(box for box in boxes if box not in named)]
    rows = [box for box in named if any(_ends_at(box, one) for one in free)]
    columns = [box for box in named if any(_stands_on(box, one) for one in free)]
    corners = [
        box
        for box in named
        if any(_ends_at(box, one) for one in columns) and any(_stands_on(box, one) for one in rows)
    ]
    return {*rows, *columns, *corners}


def _leaves(cell: Box, box: Box) -> bool:
    """Whether a lower cell of a comb begins or ends where a box does, which is then the rest of the comb's frame."""
    inside = box.y + _LEAST_RIM <= cell.y and bottom(cell) <= bottom(box) - _LEAST_RIM
    return inside and min(abs(right(cell) - box.x), abs(cell.x - right(box))) <= _SAME


def _ends_at(box: Box, other: Box) -> bool:
    """Whether a frame of the same height begins where another ends."""
    edges = right(box) - other.x, box.y - other.y, bottom(box) - bottom(other)
    return max(map(abs, edges)) <= _SAME


def _stands_on(box: Box, other: Box) -> bool:
    """Whether a frame of the same width begins below another."""
    edges = bottom(box) - other.y, box.x - other.x, right(box) - right(other)
    return max(map(abs, edges)) <= _SAME


def written_lines(
    across: Sequence[Box], taken: Sequence[Box], chunks: Sequence[Chunk], tinted: Callable[[Box], bool]
) -> list[Writing]:
    """Lines to write on: a label stands before them or over several of them, or they go on below such a line.

    Args:
        across: the page's lines from left to right, mm.
        taken: the extents of other fields and frames; their edges are no lines to write on.
        chunks: the printed words.
        tinted: whether a box lies on a tinted bar, whose edges are no lines to write on.
    """
    words = [chunk.box for chunk in chunks]
    rooms = []
    for line in sorted(across, key=lambda box: box.y):
        if line.w < _LEAST_LINE or line.h > _THICKEST or any(_edge(line, box) for box in taken):
            continue
        high = _room_above(line, [*words, *taken, *across])
        if high >= _LEAST_ROOM:
            rooms.append(Box(line.x, line.y - high, line.w, high))
    plain = [room for room in rooms if not tinted(room)]
    found: list[Box] = []
    for room in rooms:
        goes_on = any(_is_next(other, room) and abs(right(other) - right(room)) < 3 for other in found)
        if goes_on or _is_labelled(room, words, [*taken, *rooms]) or _begins(room, words, plain):
            found.append(room)
    return [Writing(room, False) for room in found]


def _room(box: Box, words: list[Box]) -> Box | None:
    if not words:
        return box
    label = around(words)
    below, beside = bottom(box) - bottom(label) - 0.5, right(box) - right(label) - 1.0
    if label.y - box.y < 3.0 and below >= max(_FRAME[1], 0.5 * box.h):
        return Box(box.x, bottom(label) + 0.5, box.w, below)
    if label.x - box.x < 4.0 and beside >= max(20.0, _WRITTEN * box.w):
        return Box(right(label) + 1.0, box.y, beside, box.h)
    return None


def _room_above(line: Box, others: Sequence[Box]) -> float:
    """How far the paper above a line is free, mm."""
    free = min(_LINE_HEIGHT, line.y)
    for other in others:
        common = min(right(other), right(line)) - max(other.x, line.x)
        if common > 2.0 and other is not line and other.y < line.y - 0.5:
            free = min(free, line.y - bottom(other))
    return free - 0.3 if free < _LINE_HEIGHT else free


def _edge(line: Box, box: Box) -> bool:
    """Whether a line runs along a box or inside of it."""
    drawn = line._replace(h=max(line.h, 0.1))
    return overlap(drawn, box.grown(1.2)) > 0.1 * drawn.w * drawn.h


def _is_labelled(room: Box, words: Sequence[Box], others: Sequence[Box]) -> bool:
    """Whether words stand before a line, on it, with nothing else between."""
    before = [
        word
        for word in words
        if -_ASTRIDE <= room.x - right(word) <= _LABEL_GAP and abs(bottom(word) - bottom(room)) <= _ON
    ]
    end = max(map(right, before), default=None)
    return end is not None and not any(
        same_row(other, room) and end - _ASTRIDE <= other.x < room.x for other in others
    )


def _begins(room: Box, words: Sequence[Box], rooms: Sequence[Box]) -> bool:
    """Whether a line without words of its own is the first of several alike, and words stand over its beginning."""
    alone = room in rooms and not any(overlap(word, room) for word in words)
    goes_on = any(
        _is_next(room, other) and max(abs(other.x - room.x), abs(right(other) - right(room))) <= _SAME
        for other in rooms
    )
    asked = any(
        _LEAST_ROOM <= bottom(room) - bottom(word) <= _PITCH[1] and abs(word.x - room.x) <= _INDENT
        for word in words
    )
    return alone and goes_on and asked


def _is_next(room: Box, other: Box) -> bool:
    return _PITCH[0] <= bottom(other) - bottom(room) <= _PITCH[1]
