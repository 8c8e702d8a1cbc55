"""Boxes to mark, put together into questions: which belong to one choice, what each stands for."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import cv2
import numpy as np

from pipeline.drafting.geometry import alike, bottom, clusters, middle, overlap, right
from pipeline.drafting.instructions import says_several, without_several
from pipeline.drafting.labels import above_of, clean, head_of, left_of, right_of
from pipeline.drafting.types import PX, Chunk, Grey, Question, Tick
from pipeline.drafting.words import read_symbols
from pipeline.forms.layout import Box, around

_SIZE: Final = 0.2
_NEAR: Final = 1.6
"""Bubbles less than so many of their widths apart are one block."""
_APART: Final = 70.0
_STEP: Final = 2.6
"""The next line of one choice is at most so many boxes lower."""
_MOST: Final = 0.6
_LABEL: Final = 5.0
_BESIDE: Final = 150.0
"""How far before a box its label is at most, and how far before a row of boxes their question, mm."""
_QUESTION_ABOVE: Final = 32.0
_NOTE_ABOVE: Final = 10.0
"""A line that says that several may be ticked stands at most so high above the first box, mm."""

_SERIES: Final = ("0123456789", "1234567890", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


@dataclass(frozen=True, slots=True)
class _Words:
    """The page's words, and all boxes that words may belong to."""

    chunks: tuple[Chunk, ...]
    fields: tuple[Box, ...]


def questions(
    grey: Grey, ticks: Sequence[Tick], chunks: Sequence[Chunk], fields: Sequence[Box]
) -> list[Question]:
    """The choices that boxes to mark form.

    Args:
        grey: the page (H, W) at `PX` px per mm.
        ticks: all boxes to mark.
        chunks: the printed words.
        fields: the boxes of all fields, boxes to mark among them.

    Raises:
        MissingPartError: Tesseract is not installed.
    """
    notes = [chunk for chunk in chunks if says_several(chunk.text) and not without_several(chunk.text)]
    words = _Words(tuple(chunk for chunk in chunks if chunk not in notes), tuple(fields))
    plain: list[list[Tick]] = []
    lettered: list[Tick] = []
    for same in _sizes(ticks):
        if sum(tick.lettered for tick in same) > max(len(same) / 2, 2):
            lettered += same
        else:
            plain.append(same)
    rows = [row for same in plain for row in _runs(same, words)]
    found = [question for same in _stacks(rows, words) for question in _labelled(same, words)]
    blocks = [group for block in _blocks(lettered) for group in _in_block(grey, block)]
    read = read_symbols([[_inside(grey, tick.box) for tick in group] for group in blocks])
    for group, text in zip(blocks, read, strict=True):
        labels = _series(text, len(group))
        found.append(Question(_asked(group, words, labels, 8.0), tuple(group), labels))
    several = [one for note in notes if (one := _meant(note.box, found)) is not None]
    return [replace(one, several=any(one is other for other in several)) for one in found]


def _meant(note: Box, found: Sequence[Question]) -> Question | None:
    """The question beside which, or nearest above whose boxes, a line stands."""
    near = []
    for one in found:
        whole = around(one.boxes)
        above = max(whole.y - bottom(note), 0.0)
        if above <= _NOTE_ABOVE and note.y < bottom(whole):
            near.append((round(above), abs(whole.x - note.x), one))
    return min(near, key=lambda told: told[:2], default=(0, 0.0, None))[2]


def _sizes(ticks: Sequence[Tick]) -> list[list[Tick]]:
    classes: list[list[Tick]] = []
    for tick in ticks:
        for one in classes:
            if one[0].round == tick.round and alike(one[0].box, tick.box, _SIZE):
                one.append(tick)
                break
        else:
            classes.append([tick])
    return classes


def _runs(ticks: list[Tick], words: _Words) -> list[list[Tick]]:
    """Boxes in one row that no question interrupts."""
    runs: list[list[Tick]] = []
    for row in clusters(ticks, lambda tick: middle(tick.box)[1], 0.3 * ticks[0].box.h):
        row.sort(key=lambda tick: tick.box.x)
        runs.append([row[0]])
        for before, tick in pairwise(row):
            gap = tick.box.x - right(before.box)
            between = Box(right(before.box), tick.box.y, gap, tick.box.h)
            told = [
                chunk
                for chunk in words.chunks
                if overlap(chunk.box, between) > 0.3 * chunk.box.w * chunk.box.h
            ]
            if gap > _APART or len(told) > 1 or _fielded(between, words):
                runs.append([])
            runs[-1].append(tick)
    return runs


def _fielded(between: Box, words: _Words) -> bool:
    return any(overlap(field, between) > 0.5 * field.w * field.h for field in words.fields)


def _side(ticks: Sequence[Tick], words: _Words) -> str:
    """Where the labels of boxes stand: `right`, `left` or `head`."""
    after = sum(right_of(tick.box, words.chunks, words.fields) is not None for tick in ticks)
    before = sum(left_of(tick.box, words.chunks, words.fields, _LABEL) is not None for tick in ticks)
    if after >= max(_MOST * len(ticks), before if len(ticks) > 1 else 1):
        return "right"
    return "left" if before >= _MOST * len(ticks) else "head"


def _stacks(rows: list[list[Tick]], words: _Words) -> list[list[list[Tick]]]:
    """Rows that lie under each other, evenly, with no question between them."""
    stacks: list[list[list[Tick]]] = []
    for row in sorted(rows, key=lambda run: (run[0].box.y, run[0].box.x)):
        for stack in stacks:
            if _continues(stack, row, words):
                stack.append(row)
                break
        else:
            stacks.append([row])
    return stacks


def _continues(stack: list[list[Tick]], row: list[Tick], words: _Words) -> bool:
    last, first = stack[-1][0].box, row[0].box
    step = first.y - last.y
    if (
        not alike(last, first, _SIZE)
        or abs(first.x - last.x) > 0.3 * first.w
        or not 0 < step <= _STEP * first.h
    ):
        return False
    if len(stack) > 1 and abs(step - (last.y - stack[-2][0].box.y)) > 0.25 * step:
        return False
    gap = Box(first.x, bottom(last) + 0.3, 12.0, max(step - first.h - 0.6, 0.0))
    told = [chunk for chunk in words.chunks if sum(map(str.isalnum, chunk.text)) > 2]
    if any(overlap(chunk.box, gap) > 0.5 * chunk.box.w * chunk.box.h for chunk in told):
        return False
    if len(row) == 1 and len(stack[-1]) == 1:
        return True
    side = _side(row, words)
    if side == "right":
        return left_of(first, words.chunks, words.fields, _BESIDE) is None
    return _side(stack[-1], words) == side and not (side == "left" and _asks(first, words))


def _asks(first: Box, words: _Words) -> bool:
    """Whether words stand before the label that stands before a row's first box."""
    label = left_of(first, words.chunks, words.fields, _LABEL)
    return label is not None and left_of(label.box, words.chunks, words.fields, _BESIDE) is not None


def _labelled(stack: list[list[Tick]], words: _Words) -> list[Question]:
    """A stack of rows as one question with its labels beside the boxes, or as a row a question under heads."""
    ticks = [tick for row in stack for tick in row]
    side = _side(ticks, words)
    if side == "head" or (side == "left" and any(len(row) > 1 for row in stack) and _matrix(stack, words)):
        return [_under_heads(stack, row, words) for row in stack]
    labels = []
    for tick in ticks:
        beside = (
            right_of(tick.box, words.chunks, words.fields)
            if side == "right"
            else left_of(tick.box, words.chunks, words.fields, 12.0)
        )
        labels.append(clean(beside.text) if beside else "")
    return [Question(_asked(ticks, words, labels), tuple(ticks), tuple(labels))]


def _matrix(stack: list[list[Tick]], words: _Words) -> bool:
    return all(head_of(tick.box, words.chunks, words.fields) for tick in stack[0][1:])


def _under_heads(stack: list[list[Tick]], row: list[Tick], words: _Words) -> Question:
    labels = []
    for tick in row:
        top = next((one for one in stack[0] if abs(one.box.x - tick.box.x) < tick.box.w / 2), tick)
        labels.append(head_of(top.box, words.chunks, words.fields))
    before = left_of(row[0].box, words.chunks, words.fields, _BESIDE)
    text = clean(before.text) if before else _asked(row, words, labels)
    return Question(text, tuple(row), tuple(labels))


def _asked(
    ticks: Sequence[Tick], words: _Words, labels: Sequence[str], reach: float = _QUESTION_ABOVE
) -> str:
    """The text of a question: before its first box, else above it, without what labels a box."""
    whole, first = around(tick.box for tick in ticks), ticks[0].box
    free = [chunk for chunk in words.chunks if clean(chunk.text) not in labels]
    before = left_of(first, free, words.fields, _BESIDE)
    if before:
        return clean(before.text)
    wide = Box(0.0, whole.y, right(whole), whole.h)
    above = above_of(whole, free, 6.0) or above_of(wide, free, reach)
    return clean(above.text) if above else ""


def _blocks(ticks: Sequence[Tick]) -> list[list[Tick]]:
    """Bubbles of one size that stand close together, in both directions."""
    blocks: list[list[Tick]] = []
    for tick in ticks:
        near = [block for block in blocks if any(_close(tick.box, other.box) for other in block)]
        merged = [tick, *(other for block in near for other in block)]
        blocks = [block for block in blocks if block not in near] + [merged]
    return blocks


def _close(first: Box, second: Box) -> bool:
    (x, y), (other_x, other_y) = middle(first), middle(second)
    if not alike(first, second, 0.25):
        return False
    across, down = abs(x - other_x), abs(y - other_y)
    reach = (1 + _NEAR) * max(first.w, first.h)
    return (down < 0.3 * first.h and across < reach) or (across < 0.3 * first.w and down < reach)


def _in_block(grey: Grey, block: list[Tick]) -> list[list[Tick]]:
    """The rows of a block, or its columns where the same character stands in a row all along."""
    rows = clusters(block, lambda tick: middle(tick.box)[1], 0.35 * block[0].box.h)
    columns = clusters(block, lambda tick: middle(tick.box)[0], 0.35 * block[0].box.w)
    along, down = _likeness(grey, rows), _likeness(grey, columns)
    if len(rows) == 1 or (len(columns) > 1 and down >= along):
        return [sorted(row, key=lambda tick: tick.box.x) for row in rows]
    return [sorted(column, key=lambda tick: tick.box.y) for column in columns]


def _likeness(grey: Grey, groups: list[list[Tick]]) -> float:
    """How alike the characters of neighbours in a group are, -1..1."""
    scores = []
    for group in groups:
        pictures = [_normal(_inside(grey, tick.box)) for tick in group]
        scores += [float((a * b).mean()) for a, b in pairwise(pictures)]
    return float(np.mean(scores)) if scores else -1.0


def _inside(grey: Grey, box: Box) -> Grey:
    """What is printed inside a bubble, without its outline."""
    x, y = box.x + 0.2 * box.w, box.y + 0.17 * box.h
    rows = slice(round(y * PX), round((y + 0.66 * box.h) * PX))
    return grey[rows, round(x * PX) : round((x + 0.6 * box.w) * PX)]


def _normal(picture: Grey) -> "np.ndarray[tuple[int, int], np.dtype[np.float32]]":
    small = cv2.resize(picture, (24, 24), interpolation=cv2.INTER_AREA).astype(np.float32)
    spread = float(small.std()) or 1.0
    return np.asarray((small - small.mean()) / spread, np.float32)


def _series(read: str, count: int) -> tuple[str, ...]:
    """The characters of a group: as read when each gave one, else the series that agrees best, else numbers."""
    known = [series[:count] for series in _SERIES if len(series) >= count]
    best = max(known, key=lambda one: sum(letter in one for letter in read), default="")
    hits = sum(letter in best for letter in read)
    if len(read) == count and len(set(read)) == count and hits < count - 2:
        return tuple(read)
    if best and hits >= 0.4 * count:
        return tuple(best)
    return (
        tuple(read)
        if len(read) == count and len(set(read)) == count
        else tuple(map(str, range(1, count + 1)))
    )
