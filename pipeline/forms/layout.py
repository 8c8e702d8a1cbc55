"""Where everything of a printed form lies, in mm from the page's top left corner. Plain values.

These records are what the other rooms know of a form: the printer draws them, registration looks for the
markers, recognition samples the cells, and `sotarsa forms layout` prints them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

Point = tuple[float, float]


class Box(NamedTuple):
    """A rectangle in mm: left, top, width, height."""

    x: float
    y: float
    w: float
    h: float

    @property
    def corners(self) -> tuple[Point, Point, Point, Point]:
        """Its corners, clockwise from the left top."""
        right, bottom = self.x + self.w, self.y + self.h
        return (self.x, self.y), (right, self.y), (right, bottom), (self.x, bottom)

    def grown(self, by: float) -> "Box":
        """The same with so many mm more on each side; less, where negative."""
        return Box(self.x - by, self.y - by, self.w + 2 * by, self.h + 2 * by)


def around(boxes: Iterable[Box]) -> Box:
    """The smallest box that holds all of them."""
    listed = list(boxes)
    left, top = min(box.x for box in listed), min(box.y for box in listed)
    right, bottom = max(box.x + box.w for box in listed), max(box.y + box.h for box in listed)
    return Box(left, top, right - left, bottom - top)


class Kind(StrEnum):
    """How a field is written on paper."""

    COMB = "comb"
    MARKS = "marks"
    AREA = "area"
    LINE = "line"


class FieldType(StrEnum):
    """What a field means; the table of their rules is `pipeline.forms.types.TYPES`."""

    NIK = "nik"
    KK = "kk"
    DATE = "date"
    PHONE = "phone"
    VILLAGE = "village"
    NAME = "name"
    PLACE = "place"
    TEXT = "text"
    CODE = "code"
    COUNT = "count"
    MONEY = "money"
    NUMBER = "number"
    CHOICE = "choice"
    SIGNATURE = "signature"
    LINE = "line"


@dataclass(frozen=True, slots=True)
class ChoiceBox:
    """One tick box and the value that it stands for; `box` is its printed outline."""

    value: str
    box: Box


@dataclass(frozen=True, slots=True)
class FieldLayout:
    """One field on a page: once for a plain field, once a row for a table's column.

    Attributes:
        name: `nik`, or `anggota.nama` for a table's column.
        row: from 1 in tables, else None.
        alphabet: the characters a comb may hold, spelled out (no ranges).
        cells: a comb's cells from left to right, empty for other kinds.
        choices: a choice's boxes in the order printed, empty for other kinds.
        multiple: whether several boxes may be marked.
        box: the extent of the whole field.
    """

    name: str
    row: int | None
    type: FieldType
    kind: Kind
    box: Box
    alphabet: str = ""
    cells: tuple[Box, ...] = ()
    choices: tuple[ChoiceBox, ...] = ()
    multiple: bool = False

    @property
    def parts(self) -> tuple[Box, ...]:
        """Its cells, or its boxes to mark, or else the one place to write."""
        return self.cells or tuple(choice.box for choice in self.choices) or (self.box,)


@dataclass(frozen=True, slots=True)
class Marker:
    """One ArUco marker: its id in `MARKER_DICTIONARY` and its square."""

    id: int
    box: Box


@dataclass(frozen=True, slots=True)
class PageLayout:
    """One printed side: its size, landmarks and fields.

    Attributes:
        page: from 1.
        markers: four, clockwise from the top left; ids are 4 * (page - 1) + corner; empty on a given blank.
        qr: the square of the QR code without its quiet zone; None on a given blank.
        serial: the box of the human-readable serial; None on a given blank.
    """

    page: int
    width_mm: float
    height_mm: float
    markers: tuple[Marker, ...]
    qr: Box | None
    serial: Box | None
    fields: tuple[FieldLayout, ...]


@dataclass(frozen=True, slots=True)
class FormLayout:
    """A printed form: every page of one version of one definition."""

    form: str
    code: str
    version: int
    pages: tuple[PageLayout, ...]
