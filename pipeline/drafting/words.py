"""The printed words of a blank, by Tesseract, and what stands inside bubbles."""

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np

from pipeline.drafting.geometry import bottom, right, same_row
from pipeline.drafting.types import PX, Chunk, Grey
from pipeline.forms.layout import Box, around
from pipeline.tesseract import scattered_words, words_of_lines

_LEAST_CONFIDENCE: Final = 30.0
_SPACE: Final = 0.85
"""Words further apart than this share of their height (and 1.6 mm) are not read in one go."""


def read_words(grey: Grey) -> list[Chunk]:
    """Every word of a page (H, W) at `PX` px per mm, alone.

    Raises:
        MissingPartError: Tesseract is not installed.
    """
    table = scattered_words(grey, PX)
    found = []
    rows = zip(*(table[key] for key in ("text", "conf", "left", "top", "width", "height")), strict=True)
    for text, confidence, x, y, w, h in rows:
        word = str(text).strip()
        if float(confidence) < _LEAST_CONFIDENCE or not any(letter.isalnum() for letter in word):
            continue
        if 0.8 <= h / PX <= 15:
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
    return sorted(joined, key=lambda one: (bottom(one.box), one.box.x))


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
