"""The two languages of the office: Bahasa Indonesia first, English at a switch."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

Language = Literal["id", "en"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
DEFAULT: Final[Language] = "id"


def language() -> Language:
    """The language of this process, from `SOTARSA_LANG` (anything unknown is Indonesian)."""
    chosen = os.environ.get("SOTARSA_LANG", DEFAULT)
    return chosen if chosen in LANGUAGES else DEFAULT


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
        return self.said(language())

    def said(self, language: Language) -> str:
        """The text in one language."""
        return self.en if language == "en" else self.id

    def format(self, **values: object) -> str:
        """The sentence in the current language with its placeholders filled in."""
        return str(self).format(**values)

    def filled(self, **values: object) -> "Text":
        """The sentence in both languages with its placeholders filled in; a text among the values is so in each."""
        return Text(*(self.said(one).format(**_said(values, one)) for one in LANGUAGES))


MONTHS: Final = (
    Text("Januari", "January"),
    Text("Februari", "February"),
    Text("Maret", "March"),
    Text("April", "April"),
    Text("Mei", "May"),
    Text("Juni", "June"),
    Text("Juli", "July"),
    Text("Agustus", "August"),
    Text("September", "September"),
    Text("Oktober", "October"),
    Text("November", "November"),
    Text("Desember", "December"),
)


def _said(values: Mapping[str, object], language: Language) -> dict[str, object]:
    return {key: one.said(language) if isinstance(one, Text) else one for key, one in values.items()}
