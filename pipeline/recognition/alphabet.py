"""The classes of the cell reader: every character that a comb may hold, the empty cell and the crossed-out one."""

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

CHARACTERS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ.,-/'"
BLANK: Final = len(CHARACTERS)
CROSSED: Final = BLANK + 1
DIGITS: Final = slice(0, 10)
LETTERS: Final = slice(CHARACTERS.index("A"), CHARACTERS.index("Z") + 1)
MARKS: Final = range(LETTERS.stop, BLANK)
KINDS: Final = (DIGITS, LETTERS)
"""What a cell of a number and one of a word may hold; few fields ask which of the two a character is."""
STROKES: Final = (CHARACTERS.index("1"), CHARACTERS.index("I"))
"""What may be no more than one stroke."""
CLASSES: Final = CROSSED + 1
_SHOWN: Final = CHARACTERS + " #"


@lru_cache(maxsize=256)
def allowed(alphabet: str) -> NDArray[np.bool_]:
    """Which classes (CLASSES,) a cell of a field with this alphabet may hold; blank and crossed out always may."""
    mask = np.zeros(CLASSES, np.bool_)
    mask[[CHARACTERS.index(c) for c in alphabet if c in CHARACTERS]] = True
    mask[[BLANK, CROSSED]] = True
    mask.flags.writeable = False
    return mask


def character(index: int) -> str:
    """The character of a class; a space for the empty cell, `#` for a crossed-out one."""
    return _SHOWN[index]


def class_of(char: str) -> int:
    """The class of a character as `character` gives it."""
    return _SHOWN.index(char)
