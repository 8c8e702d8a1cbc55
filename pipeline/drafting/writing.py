"""Room for free writing: empty frames, and lines with a label."""

from collections.abc import Sequence
from typing import Final

from pipeline.drafting.geometry import bottom, overlap, right, share_inside
from pipeline.drafting.types import Chunk, Writing
from pipeline.forms.layout import Box, around

_FRAME: Final = (13.0, 4.5, 90.0)
"""Least width, least and largest height of a frame, mm."""
_LEAST_LINE: Final = 15.0
_THICKEST: Final = 1.0
_LINE_HEIGHT: Final = 7.0
"""Room above a line unless something stands nearer, mm."""
_LEAST_ROOM: Final = 3.0
_LABEL_GAP: Final = 30.0
_PITCH: Final = (5.0, 14.0)
_WRITTEN: Final = 0.4
"""A frame or line so much of which already has words is no room for writing."""


def frames(boxes: Sequence[Box], taken: Sequence[Box], chunks: Sequence[Chunk]) -> list[Writing]:
    """Frames that hold nothing, or a label at their top or left; without the part that the label takes."""
    found: list[Writing] = []
    for box in boxes:
        if box.w < _FRAME[0] or not _FRAME[1] <= box.h <= _FRAME[2]:
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


def written_lines(across: Sequence[Box], taken: Sequence[Box], chunks: Sequence[Chunk]) -> list[Writing]:
    """Lines to write on: a label stands before them, or they go on below such a line.

    Args:
        across: the page's lines from left to right, mm.
        taken: boxes of other fields and frames; their edges are no lines to write on.
        chunks: the printed words.
    """
    found: list[Writing] = []
    for line in sorted(across, key=lambda box: box.y):
        if line.w < _LEAST_LINE or line.h > _THICKEST or any(_edge(line, box) for box in taken):
            continue
        top = line.y - _room_above(line, [*(chunk.box for chunk in chunks), *taken, *across])
        room = Box(line.x, top, line.w, line.y - top)
        if room.h < _LEAST_ROOM:
            continue
        labelled = any(_labels(chunk.box, line) for chunk in chunks)
        goes_on = any(
            _PITCH[0] <= line.y - bottom(other.box) <= _PITCH[1] and abs(right(other.box) - right(line)) < 3
            for other in found
        )
        if labelled or goes_on:
            found.append(Writing(room, False))
    return found


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
    free = _LINE_HEIGHT
    for other in others:
        common = min(right(other), right(line)) - max(other.x, line.x)
        if common > 2.0 and other is not line and other.y < line.y - 0.5:
            free = min(free, line.y - bottom(other))
    return free - 0.3 if free < _LINE_HEIGHT else free


def _edge(line: Box, box: Box) -> bool:
    """Whether a line runs along a box or inside of it."""
    drawn = line._replace(h=max(line.h, 0.1))
    return overlap(drawn, box.grown(1.2)) > 0.1 * drawn.w * drawn.h


def _labels(word: Box, line: Box) -> bool:
    gap = line.x - right(word)
    return -3.0 <= gap <= _LABEL_GAP and abs(bottom(word) - line.y) <= 2.5
