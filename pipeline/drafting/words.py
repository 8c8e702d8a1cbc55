"""The printed words of a blank, by Tesseract, and what stands inside bubbles."""

import re
from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np

from pipeline.drafting.geometry import bottom, overlap, right, same_row
from pipeline.drafting.types import PX, Chunk, Grey
from pipeline.forms.layout import Box, around
from pipeline.tesseract import scattered_words, words_of_lines

_LEAST_CONFIDENCE: Final = 30.0
_SPACE: Final = 0.85
"""Words further apart than this share of their height (and 1.6 mm) are not read in one go."""
_JOINING: Final = re.compile(r"[-–/&+<>]")
"""What stands between words of one line, and says nothing alone."""
_BEHIND: Final = (0.6, 6.0)
"""Where behind a box to mark its label begins, and so far it is looked for, mm."""
_INK: Final = 160
"""Darker is print, on paper of 255."""
_LETTER: Final = (1.4, 5.0)
"""How high a lone letter is, mm."""


def read_words(grey: Grey) -> list[Chunk]:
    """Every word of a page (H, W) at `PX` px per mm, alone, and signs that join words.

    Raises:
        MissingPartError: Tesseract is not installed.
    """
    table = scattered_words(grey, PX)
    found = []
    rows = zip(*(table[key] for key in ("text", "conf", "left", "top", "width", "height")), strict=True)
    for text, confidence, x, y, w, h in rows:
        word = str(text).strip()
        if float(confidence) < _LEAST_CONFIDENCE:
            continue
        told = any(map(str.isalnum, word)) and 0.8 <= h / PX <= 15
        if told or _JOINING.fullmatch(word):
            found.append(Chunk(word, Box(x / PX, y / PX, w / PX, h / PX)))
    return found


def chunks(words: Sequence[Chunk]) -> list[Chunk]:
    """Words of one line that follow each other closely, joined; from the top left."""
    joined: list[Chunk] = []
    for word in sorted(words, key=lambda one: one.box.x):
        for index, before in enumerate(joined):
            gap = word.box.x - right(before.box)
            reach = max(_SPACE * min(word.box.h, before.box.h), 1.6)
            ends = before.text.endswith(":")
            if same_row(before.box, word.box) and -1.0 <= gap <= reach and not ends:
                joined[index] = Chunk(f"{before.text} {word.text}", around((before.box, word.box)))
                break
        else:
            joined.append(word)
    told = [one for one in joined if any(map(str.isalnum, one.text))]
    return sorted(told, key=lambda one: (bottom(one.box), one.box.x))


def read_behind(grey: Grey, boxes: Sequence[Box], said: Sequence[Chunk]) -> list[Chunk]:
    """Lone letters right behind boxes to mark, such as blood groups, which are overlooked among words.

    Args:
        grey: the page (H, W) at `PX` px per mm, without its lines and boxes.
        boxes: boxes to mark.
        said: the words that were read.

    Raises:
        MissingPartError: Tesseract is not installed.
    """
    places = []
    for box in boxes:
        strip = Box(right(box) + _BEHIND[0], box.y, _BEHIND[1] - _BEHIND[0], box.h)
        inside = grey[
            round(strip.y * PX) : round(bottom(strip) * PX), round(strip.x * PX) : round(right(strip) * PX)
        ]
        y, x = np.nonzero(inside < _INK)
        if len(x) and not any(overlap(chunk.box, strip) > 0 for chunk in said):
            w, h = (int(np.ptp(at)) + 1 for at in (x, y))
            at = Box(strip.x + x.min() / PX, strip.y + y.min() / PX, w / PX, h / PX)
            if _LETTER[0] <= at.h <= _LETTER[1] and at.w <= 2 * at.h:
                places.append((at, inside))
    read = read_symbols([[picture] for _, picture in places])
    return [
        Chunk(text, at) for text, (at, _) in zip(read, places, strict=True) if any(map(str.isalnum, text))
    ]


def read_symbols(rows: Sequence[Sequence[Grey]]) -> list[str]:
    """The characters of each row of pictures of one character each (H, W), paper bright; one process for all.

    Raises:
        MissingPartError: Tesseract is not installed.
    """
    lines = words_of_lines([_in_one_line(row) for row in rows], PX)
    return ["".join(word for word, _ in line).replace(" ", "") for line in lines]


def _in_one_line(row: Sequence[Grey]) -> Grey:
    tall = 4 * PX
    pieces = [np.full((tall, 2 * PX), 255, np.uint8)]
    for picture in row:
        times = tall * 0.6 / max(picture.shape[0], 1)
        glyph = cv2.resize(picture, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC)
        spare = tall - glyph.shape[0]
        pieces.append(
            np.asarray(
                cv2.copyMakeBorder(
                    glyph, spare // 2, spare - spare // 2, PX, PX, cv2.BORDER_CONSTANT, value=255
                ),
                np.uint8,
            )
        )
    return np.hstack([*pieces, pieces[0]])
