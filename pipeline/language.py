"""The two languages of the office: Bahasa Indonesia first, English at a switch."""

import os
from dataclasses import dataclass
from typing import Final, Literal, cast

Language = Literal["id", "en"]
DEFAULT: Final[Language] = "id"


def language() -> Language:
    """The language of this process, from `SOTARSA_LANG` (anything unknown is Indonesian)."""
    chosen = os.environ.get("SOTARSA_LANG", DEFAULT)
    return cast(Language, chosen) if chosen in ("id", "en") else DEFAULT


def figure(value: float, form: str) -> str:
    """A number in the form of `format()`, with the marks of the current language: 3,118.5 or 3.118,5."""
    text = format(value, form)
    return text if language() == "en" else text.translate(_INDONESIAN)


_INDONESIAN: Final = str.maketrans({",": ".", ".": ","})


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence or label in both languages; `str()` gives the current one."""

    id: str
    en: str

    def __str__(self) -> str:
        return self.en if language() == "en" else self.id

    def format(self, **values: object) -> str:
        """The sentence in the current language with its placeholders filled in."""
        return str(self).format(**values)
