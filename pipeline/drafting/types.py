"""What is found on an empty form. Plain values; all boxes in mm from the page's top left corner."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.forms.layout import Box, FieldType

PX: Final = 12
"""Resolution of detection, px per mm (305 dpi): a hairline of 0.1 mm is one pixel wide."""

Grey = NDArray[np.uint8]
"""A grey image (H, W), 0 black; or a mask of the same shape, 255 where it holds."""


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """One straightened page of a blank.

    Attributes:
        grey: uint8 (H, W) at `PX` px per mm.
        width: mm.
        height: mm.
    """

    grey: Grey
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Chunk:
    """Words that stand together on one line: what a person would read in one go."""

    text: str
    box: Box


@dataclass(frozen=True, slots=True)
class Tick:
    """One box or bubble to mark.

    Attributes:
        box: its printed outline.
        round: a circle or ellipse, else a square.
        lettered: whether a character is printed inside.
    """

    box: Box
    round: bool = False
    lettered: bool = False


@dataclass(frozen=True, slots=True)
class Comb:
    """Cells for one character each, from left to right."""

    cells: tuple[Box, ...]

    @property
    def boxes(self) -> tuple[Box, ...]:
        """What is read: its cells."""
        return self.cells

    def moved(self, boxes: Sequence[Box]) -> "Comb":
        """The same comb, its cells elsewhere."""
        return Comb(tuple(boxes))


@dataclass(frozen=True, slots=True)
class Writing:
    """Room for free writing: above a line, or inside a frame."""

    box: Box
    framed: bool

    @property
    def boxes(self) -> tuple[Box, ...]:
        """What is read: its one box."""
        return (self.box,)

    def moved(self, boxes: Sequence[Box]) -> "Writing":
        """The same room elsewhere."""
        return replace(self, box=boxes[0])


@dataclass(frozen=True, slots=True)
class Question:
    """One choice: its text, and each box with the label that it has.

    Attributes:
        several: whether words beside it say that more than one may be ticked.
    """

    text: str
    ticks: tuple[Tick, ...]
    labels: tuple[str, ...]
    several: bool = False

    @property
    def boxes(self) -> tuple[Box, ...]:
        """What is read: the outlines of its boxes."""
        return tuple(tick.box for tick in self.ticks)

    def moved(self, boxes: Sequence[Box]) -> "Question":
        """The same question, its boxes elsewhere."""
        ticks = tuple(replace(tick, box=box) for tick, box in zip(self.ticks, boxes, strict=True))
        return replace(self, ticks=ticks)


Found = Comb | Writing | Question
"""What becomes a field."""


@dataclass(frozen=True, slots=True)
class DraftChoice:
    """One box of a choice, with the value and label guessed for it."""

    value: str
    label: str
    box: Box


@dataclass(frozen=True, slots=True)
class DraftField:
    """A field as the draft proposes it; `at` holds a comb's cells, or the one box of other kinds."""

    name: str
    type: FieldType
    label: str
    at: tuple[Box, ...] = ()
    choices: tuple[DraftChoice, ...] = ()
    multiple: bool = False
    filled: bool = False


@dataclass(frozen=True, slots=True)
class DraftTable:
    """A table as the draft proposes it; its columns say where they stand in the first row.

    Attributes:
        rows: how many there are.
        pitch: from one row to the next, mm.
    """

    name: str
    rows: int
    pitch: float
    columns: tuple[DraftField, ...]


DraftItem = DraftField | DraftTable


@dataclass(frozen=True, slots=True)
class DraftPage:
    """What the draft proposes for a page.

    Attributes:
        items: its fields and tables, from the top.
        heading: what it is called at its head; "" where nothing stands out.
    """

    items: list[DraftItem]
    heading: str
