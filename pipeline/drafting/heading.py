"""What a form is called: the largest words near the top of its first page, where they stand out."""

import re
from collections.abc import Sequence
from typing import Final

import numpy as np

from pipeline.drafting.geometry import bottom, right
from pipeline.drafting.labels import NUMBERING, clean
from pipeline.drafting.types import Chunk

_HEAD: Final = 0.35
"""A heading stands in so much of the page, from the top."""
_STANDS_OUT: Final = 1.15
"""Its letters are so much larger than those of most of the words."""
_SAME: Final = 0.15
_NEXT: Final = 1.2
"""Its lines have letters of the same size, and lie at most so many times their size apart."""
_LEAST: Final = 6
"""It has so many letters at least."""
_WORD: Final = 3
"""Its largest line has so many: the code of a form such as F-1.01 has fewer."""
_DEEP: Final = frozenset("gjpqyQJ,;()[]/|")
_TALL: Final = frozenset("bdfhklt()[]/|")
_HIGH: Final = (0.52, 0.72)
"""How high words without and with tall letters are, as a share of their type's size …"""
_BELOW: Final = 0.21
"""… and how much further letters such as g and p reach."""
_OFFICE: Final = re.compile(
    r"^\W*(?:pemerintah|kementerian|republik|provinsi|kabupaten|kecamatan|kota|kelurahan|dinas|badan|kantor|"
    r"sekretariat|ministry|department|government)\b",
    re.IGNORECASE,
)
"""How the lines of a letterhead begin, which are often larger than the form's own heading."""


def heading(said: Sequence[Chunk], height: float) -> str:
    """The heading of a page, of one line or more; "" where no words stand out.

    Args:
        said: the printed words of the page.
        height: the page's, mm.
    """
    if not said:
        return ""
    usual = float(np.median([_size(chunk) for chunk in said]))
    large = [
        chunk
        for chunk in said
        if bottom(chunk.box) <= _HEAD * height
        and _size(chunk) >= _STANDS_OUT * usual
        and not _OFFICE.match(chunk.text)
        and not NUMBERING.match(chunk.text)
    ]
    named = [chunk for chunk in large if sum(map(str.isalpha, chunk.text)) >= _WORD]
    largest = max(named, key=_size, default=None)
    if largest is None:
        return ""
    lines = [largest]
    for chunk in sorted(large, key=lambda one: abs(one.box.y - largest.box.y)):
        if any(_goes_on(chunk, line) for line in lines):
            lines.append(chunk)
    text = clean(" ".join(line.text for line in sorted(lines, key=lambda one: one.box.y)))
    return text if sum(map(str.isalpha, text)) >= _LEAST else ""


def _size(chunk: Chunk) -> float:
    """How large the type of some words is, mm."""
    deep = any(letter in _DEEP for letter in chunk.text)
    tall = any(letter.isupper() or letter.isdigit() or letter in _TALL for letter in chunk.text)
    return chunk.box.h / (_HIGH[tall] + _BELOW * deep)


def _goes_on(chunk: Chunk, line: Chunk) -> bool:
    """Whether words are the next line of others, above or below."""
    one, other = sorted((chunk, line), key=lambda some: some.box.y)
    size = _size(line)
    return (
        abs(_size(chunk) - size) <= _SAME * size
        and 0 < other.box.y - bottom(one.box) <= _NEXT * size
        and one.box.x < right(other.box)
        and other.box.x < right(one.box)
    )
