"""Tesseract, which reads machine print: the only place that runs it, and that says so where it is missing."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import pytesseract
from numpy.typing import NDArray

from pipeline.errors import MissingPartError
from pipeline.language import Text

Image = NDArray[np.uint8]

SURE: Final = 0.8
"""From this confidence on a word is believed: most in type have 0.84, few by hands that look like type 0.8."""
_LANGUAGES: Final = "ind+eng"
_MISSING: Final = Text(
    "Tesseract belum terpasang. Pasang dengan: apt-get install tesseract-ocr tesseract-ocr-ind",
    "Tesseract is missing. Install it with: apt-get install tesseract-ocr tesseract-ocr-ind",
)


def scattered_words(picture: Image, px_per_mm: float) -> dict[str, list[Any]]:
    """Tesseract's table (`text`, `conf`, `left`, `top`, `width`, `height` in px) of the words anywhere on a picture.

    Raises:
        MissingPartError: Tesseract is not installed.
    """
    return _table(picture, "--psm 11", px_per_mm)


def words_of_lines(pictures: Sequence[Image], px_per_mm: float) -> list[list[tuple[str, float]]]:
    """The words of pictures (uint8 (h, w)) of one line each, with their confidence 0..1; one process for all.

    Raises:
        MissingPartError: Tesseract is not installed.
    """
    if not pictures:
        return []
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{number}.png" for number in range(len(pictures))]
        for path, picture in zip(paths, pictures, strict=True):
            cv2.imwrite(str(path), picture)
        listing = Path(folder) / "list.txt"
        listing.write_text("\n".join(map(str, paths)), encoding="utf-8")
        table = _table(str(listing), "--psm 7", px_per_mm)
    words: list[list[tuple[str, float]]] = [[] for _ in pictures]
    for page, text, confidence in zip(table["page_num"], table["text"], table["conf"], strict=True):
        if str(text).strip():
            words[int(page) - 1].append((str(text).strip(), float(confidence) / 100))
    return words


def one_line(picture: Image, characters: str) -> str:
    """What stands in a picture (uint8 (h, w)) of one line of these characters; "" where nothing is read.

    Raises:
        MissingPartError: Tesseract is not installed.
    """
    with _told():
        try:
            config = f"--psm 7 -c tessedit_char_whitelist={characters}"
            return str(pytesseract.image_to_string(picture, config=config)).strip()
        except pytesseract.TesseractError:
            return ""


def _table(picture: Image | str, config: str, px_per_mm: float) -> dict[str, list[Any]]:
    with _told():
        table: dict[str, list[Any]] = pytesseract.image_to_data(
            picture,
            lang=_LANGUAGES,
            config=f"{config} --dpi {round(px_per_mm * 25.4)}",
            output_type=pytesseract.Output.DICT,
        )
        return table


@contextmanager
def _told() -> Iterator[None]:
    """Run Tesseract in one thread; pages are read side by side."""
    os.environ.setdefault("OMP_THREAD_LIMIT", "1")
    try:
        yield
    except pytesseract.TesseractNotFoundError as error:
        raise MissingPartError(_MISSING) from error
