"""Answer scales: ruled rows, each a statement with an empty cell under each of a few answers."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from pipeline.drafting.geometry import bottom, middle, right
from pipeline.drafting.labels import clean, head_of
from pipeline.drafting.runs import Run
from pipeline.drafting.types import Chunk, Question, Tick, Writing
from pipeline.forms.layout import Box

_ANSWER: Final = re.compile(
    r"""
    (?:sts|ts|ks|cs|ss|s|n|rr?|y|t|tdk|ya|tidak|ada|sudah|belum|pernah|netral|ragu(?:\W*ragu)?|yes|no|neutral|n/?a)
    | (?:(?:sangat|kurang|tidak|cukup|agak|amat)\s+)*
      (?:setuju|puas|baik|buruk|memuaskan|sesuai|penting|mudah|sulit|mampu|bisa|perlu|ada|pernah|cukup|kurang|jelas)
    | selalu|sering|jarang|kadang(?:\W*kadang)?
    | (?:(?:strongly|somewhat|very|not|dis)\s*)*(?:agree|disagree|satisfied|dissatisfied|good|poor|fair|important)
    | always|often|sometimes|rarely|seldom|never
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""What stands over cells to tick; numbers do not tell, since offices number their columns."""
_SCALES: Final = (
    ("SS", "S", "TS", "STS"),
    ("SS", "S", "N", "TS", "STS"),
    ("SS", "S", "KS", "TS", "STS"),
    ("SS", "S", "R", "TS", "STS"),
    ("SS", "S", "RR", "TS", "STS"),
)
"""Scales of letters, which are read amiss one by one more often than together."""
_KNOWN: Final = 0.5
"""More than such a share of a scale's letters must have been read."""
_HEAD: Final = 14.0
"""Heads stand at most so high above the first row, mm."""
_TOUCH: Final = 1.0
_WIDTH: Final = 0.25
"""Cells of a scale differ in width by at most this share."""


def scale_of(columns: Sequence[Run], said: Sequence[Chunk]) -> tuple[list[Run], list[Question]]:
    """The columns that are the answers of a scale, and a question for each of its rows; none where there is no scale.

    Args:
        columns: what stands evenly below each other, from the left.
        said: the printed words.
    """
    framed = [one for one in columns if isinstance(one.first, Writing) and one.first.framed]
    for run in _touching(framed):
        heads = _in_full([_head(one, said) for one in run])
        kept = [one for one, head in zip(run, heads, strict=True) if _ANSWER.fullmatch(head)]
        if len(kept) < 2 or len(kept) < len(run) - 1 or not _touch_all(kept):
            continue
        labels = tuple(head for head in heads if _ANSWER.fullmatch(head))
        asked = [_question(kept, labels, row, said) for row in range(max(one.rows for one in kept))]
        if len(set(labels)) == len(labels) and 2 * sum(bool(one.text) for one in asked) > len(asked):
            return kept, asked
    return [], []


def _touching(runs: Sequence[Run]) -> list[list[Run]]:
    """Columns of one width, each beside the next."""
    found: list[list[Run]] = []
    for run in runs:
        if found and _touch(found[-1][-1], run):
            found[-1].append(run)
        else:
            found.append([run])
    return [one for one in found if len(one) > 1]


def _touch(one: Run, other: Run) -> bool:
    (first,), (second,) = one.first.boxes, other.first.boxes
    return abs(second.x - right(first)) <= _TOUCH and abs(second.w - first.w) <= _WIDTH * max(
        first.w, second.w
    )


def _touch_all(runs: Sequence[Run]) -> bool:
    return all(_touch(one, other) for one, other in pairwise(runs))


def _head(run: Run, said: Sequence[Chunk]) -> str:
    """The answer over a column: the words centred over it, else those over it line by line, else the lowest of them."""
    (box,) = run.first.boxes
    over = [
        chunk
        for chunk in said
        if box.x - 1 <= chunk.box.x
        and right(chunk.box) <= right(box) + 1
        and -0.5 <= box.y - bottom(chunk.box) <= _HEAD
    ]
    over.sort(key=lambda chunk: bottom(chunk.box))
    ways = [head_of(box, said, ()), " ".join(chunk.text for chunk in over), *(one.text for one in over[-1:])]
    told = [clean(way) for way in ways if way]
    return next((one for one in told if _ANSWER.fullmatch(one)), told[0] if told else "")


def _in_full(heads: list[str]) -> list[str]:
    """Heads as read, or the scale of letters with which most of them agree."""
    for scale in _SCALES:
        for known in (scale, scale[::-1]):
            hits = sum(head.upper() == letter for head, letter in zip(heads, known, strict=False))
            if len(heads) == len(known) and hits > _KNOWN * len(known):
                return list(known)
    return heads


def _question(columns: Sequence[Run], labels: tuple[str, ...], row: int, said: Sequence[Chunk]) -> Question:
    """One row: the words left of its cells, and the cells as boxes to mark."""
    boxes = [_cell(one, row) for one in columns]
    first = boxes[0]
    words = [
        chunk
        for chunk in said
        if first.y <= middle(chunk.box)[1] <= bottom(first)
        and right(chunk.box) <= first.x + 1
        and any(map(str.isalpha, chunk.text))
    ]
    text = " ".join(
        chunk.text for chunk in sorted(words, key=lambda one: (round(bottom(one.box)), one.box.x))
    )
    return Question(clean(text), tuple(map(Tick, boxes)), labels)


def _cell(run: Run, row: int) -> Box:
    """A column's cell in a row, as it was found, else where the pitch has it."""
    found = dict(run.atoms).get(row)
    (first,) = run.first.boxes
    return found.boxes[0] if found else first._replace(y=first.y + row * run.pitch)
