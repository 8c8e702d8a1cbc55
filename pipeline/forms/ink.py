"""What the printer draws besides cells, boxes and landmarks: texts, shapes, and places for register text.

All in mm from the page's top left corner; greys run from 0 (black) to 1 (white).
"""

from dataclasses import dataclass, field
from typing import Final

from reportlab.pdfbase.pdfmetrics import stringWidth

from pipeline.forms.layout import Box, FieldLayout, FormLayout

PT: Final = 25.4 / 72
"""mm of a typographic point."""

REGULAR: Final = "Helvetica"
BOLD: Final = "Helvetica-Bold"

_ENCODING: Final = "cp1252"
"""What these fonts hold; anything else comes out as a black square."""

_ASCENT = 0.73
_DESCENT = 0.21
_HANGING: Final = frozenset("gjpqyQ,;()[]{}|/@_§")
"""Characters that reach below the baseline."""


def unprintable(text: str) -> str:
    """The characters of a text that the fonts lack, each once."""
    strange = (one for one in text if not one.isprintable() or not one.encode(_ENCODING, "ignore"))
    return "".join(dict.fromkeys(strange))


@dataclass(frozen=True, slots=True)
class Run:
    """A line of text: left end and baseline in mm, size in pt."""

    x: float
    y: float
    text: str
    font: str = REGULAR
    size: float = 7.0
    grey: float = 0.0

    @property
    def box(self) -> Box:
        """What the letters cover."""
        up, down = self.size * PT * _ASCENT, self.size * PT * _DESCENT
        return Box(self.x, self.y - up, text_width(self.text, self.font, self.size), up + down)

    @property
    def letters(self) -> list[Box]:
        """What each letter covers, down to the baseline or below it: all fonts of these metrics agree on that."""
        up, down = self.size * PT * _ASCENT, self.size * PT * _DESCENT
        ends = [self.x + text_width(self.text[:n], self.font, self.size) for n in range(len(self.text) + 1)]
        return [
            Box(left, self.y - up, right - left, up + (down if letter in _HANGING else 0.0))
            for letter, left, right in zip(self.text, ends[:-1], ends[1:], strict=True)
            if not letter.isspace()
        ]


@dataclass(frozen=True, slots=True)
class Shape:
    """A rectangle; a line when it has no height or no width. `stroke` mm, none when 0."""

    box: Box
    fill: float | None = None
    stroke: float = 0.0
    grey: float = 0.0


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a preprinted column's text of one table row stands."""

    table: str
    row: int
    column: str
    box: Box


@dataclass(slots=True)
class Side:
    """One page while it is being composed."""

    runs: list[Run] = field(default_factory=list)
    shapes: list[Shape] = field(default_factory=list)
    slots: list[Slot] = field(default_factory=list)
    fields: list[FieldLayout] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class PageInk:
    """What is printed on one page beside the fields of its layout."""

    runs: tuple[Run, ...]
    shapes: tuple[Shape, ...]
    slots: tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class Composition:
    """A form ready to print: where its fields are, and the ink around them, page by page."""

    layout: FormLayout
    ink: tuple[PageInk, ...]


def text_width(text: str, font: str, size: float) -> float:
    """Width of a text in mm at a size in pt."""
    return float(stringWidth(text, font, size)) * PT


def wrap(text: str, font: str, size: float, width: float) -> list[str]:
    """The lines of a text no wider than `width` mm; a single longer word stands alone."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, font, size) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def rounded(box: Box) -> Box:
    """A box to the hundredth of a mm, so that layouts are the same on every machine."""
    return Box(*(round(value, 2) for value in box))
