"""Words in combs that were filled in by machine: told by their even type, and read again by Tesseract.

The cell reader knows hands: serifs make it take a T for an I. Digits it reads as well in type, so only combs that
hold letters are looked at here, all of a page in one process.
"""

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.recognition.alphabet import BLANK, CHARACTERS
from pipeline.recognition.cells import INK_SIZE, SMALLEST_MM, CellInk
from pipeline.tesseract import SURE, words_of_lines

Floats = NDArray[np.float64]

_LEAST: Final = 4
"""With fewer characters nothing can be said of how even they are."""
_EVEN_MM: Final = 0.13
_ON_LINE: Final = 0.75
_ALIKE: Final = 0.6
_PX_PER_MM: Final = 14.0
_GAP_MM: Final = 0.5
_SPACE_MM: Final = 2.5
_RIM_MM: Final = 2.0
_LETTER_MM: Final = 1.2
_STOP: Final = CHARACTERS.index(".")
_STOP_MM2: Final = 0.05
_A_STOP: Final = 0.7
"""How likely that much ink behind a letter is a full stop and no dust."""
_SURE: Final = 0.97
_OF_THE_HAND: Final = 0.25
"""How much the cell reader's log likelihood counts beside Tesseract's: it has not learnt type."""


def looks_even(ink: CellInk, comb: slice, heights_mm: Floats) -> bool:
    """Whether the ink of one comb may be machine print: on one base line, and alike high.

    Args:
        ink: of N cells.
        comb: those of the comb.
        heights_mm: float64 (N,), of the cells.
    """
    inked = np.arange(comb.start, comb.stop)[ink.amount[comb] > 0]
    if len(inked) < _LEAST:
        return False
    middle, tall = ink.place[inked, 0] * heights_mm[inked], ink.place[inked, 1] * heights_mm[inked]
    feet = middle - tall / 2
    on_line = np.abs(feet - np.median(feet)) <= _EVEN_MM
    alike = np.abs(tall - np.median(tall)) <= _EVEN_MM
    return bool(on_line.mean() >= _ON_LINE and alike.mean() >= _ALIKE)


def print_weighed(
    posteriors: Floats,
    ink: CellInk,
    combs: Sequence[slice],
    heights_mm: Floats,
    allowed: NDArray[np.bool_],
) -> tuple[Floats, list[slice]]:
    """Posteriors with what Tesseract reads in combs, and in which of them it knows machine print.

    Of hands Tesseract is seldom sure: where it is not, or reads another number of letters, all stays as before.

    Args:
        posteriors: (N, CLASSES), rows sum to 1; not changed.
        ink: of the N cells.
        combs: the cells of each comb that looks even.
        heights_mm: float64 (N,), of the cells.
        allowed: (N, CLASSES), what each cell may hold.

    Raises:
        MissingPartError: Tesseract is not installed.
    """
    out, typed = posteriors.copy(), []
    lines = words_of_lines([_line(ink, comb, heights_mm) for comb in combs], _PX_PER_MM)
    for comb, words in zip(combs, lines, strict=True):
        text = "".join(word for word, _ in words)
        letters = comb.start + np.flatnonzero(_tall(ink, comb, heights_mm))
        if len(text) != len(letters) or min((sure for _, sure in words), default=0.0) < SURE:
            continue
        typed.append(comb)
        for cell, told in zip(letters, text.upper(), strict=True):
            seen = CHARACTERS.find(told)
            if seen >= 0 and allowed[cell, seen]:
                out[cell] = _weighed(posteriors[cell], seen, allowed[cell])
        stops = _full_stops(ink, comb)
        stops = stops[allowed[stops, _STOP]]
        out[stops] = 0
        out[stops, _STOP], out[stops, BLANK] = _A_STOP, 1 - _A_STOP
    return out, typed


def _tall(ink: CellInk, comb: slice, heights_mm: Floats) -> NDArray[np.bool_]:
    """Which cells of a comb hold more than a stop, a comma or a dash, which the cell reader knows well enough."""
    return np.asarray(ink.place[comb, 1] * heights_mm[comb] >= _LETTER_MM)


def _full_stops(ink: CellInk, comb: slice) -> NDArray[np.intp]:
    """The cells of a typed comb that hold no more than a full stop: less ink than any pen leaves."""
    bare = (ink.amount[comb] == 0) & (ink.trace[comb] >= _STOP_MM2)
    bare[1:] &= ink.amount[comb][:-1] > 0
    bare[0] = False
    return np.asarray(comb.start + np.flatnonzero(bare))


def _weighed(own: Floats, seen: int, allowed: NDArray[np.bool_]) -> Floats:
    """One cell's posterior (CLASSES,) after Tesseract read a character there; blank and crossed out stay as likely."""
    characters = own[:BLANK] ** _OF_THE_HAND * allowed[:BLANK]
    characters *= np.where(
        np.arange(BLANK) == seen, _SURE, (1 - _SURE) / max(1, int(allowed[:BLANK].sum()) - 1)
    )
    out = own.copy()
    out[:BLANK] = characters / characters.sum() * own[:BLANK].sum()
    return out


def _line(ink: CellInk, comb: slice, heights_mm: Floats) -> NDArray[np.uint8]:
    """The letters of a comb set closely as in a line of print: uint8 (h, w), paper at 255."""
    tall = round((float(heights_mm[comb].max()) + 2 * _RIM_MM) * _PX_PER_MM)
    gap = np.zeros((tall, round(_GAP_MM * _PX_PER_MM)), np.uint8)
    parts = [np.zeros((tall, round(_RIM_MM * _PX_PER_MM)), np.uint8)]
    for cell, letter in enumerate(_tall(ink, comb, heights_mm), comb.start):
        if letter:
            parts += [_character(ink, cell, float(heights_mm[cell]), tall), gap]
        elif parts[-1].shape[1] != round(_SPACE_MM * _PX_PER_MM):
            parts.append(np.zeros((tall, round(_SPACE_MM * _PX_PER_MM)), np.uint8))
    parts.append(parts[0])
    return np.asarray(255 - np.hstack(parts), np.uint8)


def _character(ink: CellInk, cell: int, height_mm: float, tall: int) -> NDArray[np.uint8]:
    """One cell's ink at its own size and height above the base line, in a strip `tall` px high as wide as the ink."""
    image, (middle, high, wide) = ink.images[cell], ink.place[cell] * height_mm
    factor = max(high, wide, SMALLEST_MM) * _PX_PER_MM / INK_SIZE
    x, y = image.shape[1] / 2, image.shape[0] / 2
    width = max(1, round(float(wide) * _PX_PER_MM) + 2)
    at = tall - (_RIM_MM + float(middle)) * _PX_PER_MM
    move = np.array([[factor, 0, width / 2 - factor * x], [0, factor, at - factor * y]], np.float64)
    return np.asarray(cv2.warpAffine(image, move, (width, tall), flags=cv2.INTER_LINEAR), np.uint8)
