"""Which printed words name a field."""

import re
from collections.abc import Sequence
from typing import Final

from pipeline.drafting.geometry import bottom, right, same_row
from pipeline.drafting.types import Chunk
from pipeline.forms.layout import Box

_BESIDE: Final = 70.0
_ABOVE: Final = 7.0
_CAPTION: Final = 6.0
_HEAD: Final = 30.0
_NEXT: Final = 5.0
"""How far labels may be: before a field, above it, above a column of boxes, beside a box to mark; mm."""
NUMBERING: Final = re.compile(r"^\W*(?:\d{1,3}|[A-Za-z]\d?|[IVX]{1,5})\s?[.)]\s*(?=\w{2})")
"""How numbered words begin."""

_SEX: Final = re.compile(r"^L\s?[/IJl|1]\s?P$")
"""How L/P is read."""


def label_of(box: Box, chunks: Sequence[Chunk], fields: Sequence[Box]) -> str:
    """The words inside a frame's top, before a field or above it, whichever is nearest; "" where there are none.

    Args:
        box: the field's extent.
        chunks: the page's words.
        fields: the extents of all fields; words beyond another field belong to that one.
    """
    before = left_of(box, chunks, fields, _BESIDE)
    above = above_of(box, chunks, _ABOVE)
    if before and above:
        gaps = (box.x - right(before.box)), 2.0 * max(box.y - bottom(above.box), 0.0)
        starts = abs(above.box.x - box.x) < 4.0
        return clean((above if starts and gaps[1] < min(gaps[0], _CAPTION) else before).text)
    found = before or above
    return clean(found.text) if found else ""


def left_of(box: Box, chunks: Sequence[Chunk], fields: Sequence[Box], reach: float) -> Chunk | None:
    """The nearest words before a box in its row, unless another field stands between."""
    near = [
        chunk for chunk in chunks
        if same_row(chunk.box, box) and -1.0 <= box.x - right(chunk.box) <= reach and chunk.box.x < box.x
    ]  # fmt: skip
    if not near:
        return None
    best = max(near, key=lambda chunk: right(chunk.box))
    gap = Box(right(best.box), box.y, box.x - right(best.box), box.h)
    blocked = any(same_row(gap, other) and gap.x - 1 <= other.x < box.x - 0.5 for other in fields)
    return None if blocked else best


def right_of(box: Box, chunks: Sequence[Chunk], fields: Sequence[Box]) -> Chunk | None:
    """The words that begin right behind a box in its row."""
    near = [
        chunk for chunk in chunks
        if same_row(chunk.box, box) and -0.8 <= chunk.box.x - right(box) <= _NEXT
    ]  # fmt: skip
    best = min(near, key=lambda chunk: chunk.box.x, default=None)
    if best and any(same_row(other, box) and right(box) < other.x < best.box.x for other in fields):
        return None
    return best


def above_of(box: Box, chunks: Sequence[Chunk], reach: float) -> Chunk | None:
    """The lowest words above a box that stand over its beginning."""
    near = [
        chunk for chunk in chunks
        if -1.0 <= box.y - bottom(chunk.box) <= reach
        and chunk.box.x < max(right(box), box.x + 6) and right(chunk.box) > box.x
    ]  # fmt: skip
    return min(
        near, key=lambda chunk: (round(box.y - bottom(chunk.box)), abs(chunk.box.x - box.x)), default=None
    )


def head_of(box: Box, chunks: Sequence[Chunk], fields: Sequence[Box]) -> str:
    """The words at the head of a column of boxes: centred over it, one to three lines."""
    middle = box.x + box.w / 2
    over = [
        chunk for chunk in chunks
        if chunk.box.x <= middle <= right(chunk.box) and 0 <= box.y - bottom(chunk.box) <= _HEAD
        and chunk.box.w < 45
    ]  # fmt: skip
    over.sort(key=lambda chunk: -bottom(chunk.box))
    if not over:
        return ""
    lines = [over[0]]
    for chunk in over[1:3]:
        if lines[-1].box.y - bottom(chunk.box) < 2.2 and not any(
            bottom(chunk.box) < field.y < lines[-1].box.y for field in fields
        ):
            lines.append(chunk)
    return clean(" ".join(chunk.text for chunk in reversed(lines)))


def clean(text: str) -> str:
    """A label without its numbering, colon, and filling dots."""
    text = re.sub(r"[.…_]{3,}", " ", text)
    text = _SEX.sub("L/P", NUMBERING.sub("", text.strip()))
    return " ".join(re.sub(r"[\s:;=|_*\-]+$", "", text.strip(" |_'\"`~")).split())
