"""Machine print in uncombed lines, by Tesseract: all lines of a page in one process."""

from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.tesseract import SURE, words_of_lines

_LEAST_LETTERS: Final = 4
_SOME_AGAIN: Final = 8
"""Among so many letters of type one comes again."""
_RIM: Final = 2
"""px by which a letter may lie otherwise on the scanner's grid."""
_SAME: Final = 0.88
"""Correlation of one letter of type with the same again; of a hand it is at most 0.86, of type at least 0.91."""


@dataclass(frozen=True, slots=True)
class Printed:
    """What Tesseract read in one picture: the text with single spaces and its least word confidence, 0..1."""

    text: str
    confidence: float


def looks_typed(picture: NDArray[np.uint8], px_per_mm: float) -> bool:
    """Whether the ink in a line (uint8 (h, w), paper at 255) is machine print.

    Type stands on one straight base line, its letters have one height or two, and where they are many one comes again
    just as it was; a hand has seldom the first, and hardly ever the last.
    """
    inked = (picture < 150).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(inked, connectivity=8)
    heights = stats[1:, cv2.CC_STAT_HEIGHT] / px_per_mm
    letters = stats[1:][(heights > 1.0) & (heights < 5.0)]
    if len(letters) < _LEAST_LETTERS:
        return False
    feet = (letters[:, cv2.CC_STAT_TOP] + letters[:, cv2.CC_STAT_HEIGHT]) / px_per_mm
    on_line = np.abs(feet - np.median(feet)) <= 0.13
    tall = letters[:, cv2.CC_STAT_HEIGHT] / px_per_mm
    alike = np.abs(tall[:, None] - tall[None, :]) <= 0.13
    even = bool(on_line.mean() >= 0.75 and alike.mean(axis=1).max() >= 0.5)
    return even and (len(letters) < _SOME_AGAIN or _comes_again(picture, letters))


def _comes_again(picture: NDArray[np.uint8], letters: NDArray[Any]) -> bool:
    """Whether two of the letters (n, 5: left, top, width, height, area in px) look the same to the last px."""
    boxes = letters[:, [cv2.CC_STAT_LEFT, cv2.CC_STAT_TOP, cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].tolist()
    # A bare stroke, all ink, is like any other.
    boxes = [box for box in boxes if picture[box[1] : box[1] + box[3], box[0] : box[0] + box[2]].std() > 0]
    seen = cv2.copyMakeBorder(picture, _RIM, _RIM, _RIM, _RIM, cv2.BORDER_REPLICATE)
    for (x, y, w, h), (left, top, width, height) in combinations(boxes, 2):
        if abs(w - width) <= 1 and abs(h - height) <= 1:
            around = seen[y : y + h + 2 * _RIM, x : x + w + 2 * _RIM]
            same = cv2.matchTemplate(
                around, picture[top : top + height, left : left + width], cv2.TM_CCOEFF_NORMED
            )
            if float(same.max()) >= _SAME:
                return True
    return False


def read_lines(pictures: list[NDArray[np.uint8]], px_per_mm: float) -> list[Printed]:
    """Reads pictures of one line each (uint8 (h, w), paper bright) in one Tesseract process.

    The text is "" where Tesseract is not sure of every word: then a hand wrote that looked like type, and what it makes
    of that would only mislead.

    Raises:
        MissingPartError: Tesseract is not installed.
    """
    framed = [cv2.copyMakeBorder(one, 20, 20, 20, 20, cv2.BORDER_CONSTANT, value=255) for one in pictures]
    lines = words_of_lines([np.asarray(one, np.uint8) for one in framed], px_per_mm)
    return [_printed(words) for words in lines]


def _printed(words: list[tuple[str, float]]) -> Printed:
    # Specks read as stops and colons.
    kept = [(word, sure) for word, sure in words if sure >= SURE or any(map(str.isalnum, word))]
    least = min((sure for _, sure in kept), default=0.0)
    return Printed(" ".join(word for word, _ in kept) if least >= SURE else "", least)
