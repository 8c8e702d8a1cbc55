"""Fields and tables of a form: what may be said of each, as frozen models that stand alone."""

import math
import re
from collections import Counter
from collections.abc import Iterable
from functools import cached_property
from typing import Annotated, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    model_validator,
)

from pipeline.forms import reference
from pipeline.forms.layout import Box, FieldType, Kind
from pipeline.forms.source import Flaw
from pipeline.forms.types import TYPES, TypeRules
from pipeline.language import Text

MOST_ROWS: Final = 100
WIDEST: Final = 33
"""The most comb cells that fit side by side on the page."""
SMALLEST_MM: Final = 2.0
"""A cell or a box to mark that is smaller cannot be told from its own outline."""

ALPHA: Final = 0.001
ALPHAS: Final = (0.0005, ALPHA, 0.002, 0.005, 0.01)
"""Error rates among values accepted unseen that may be promised; the house's own where a field says nothing."""
CONFIDENCE: Final = 0.95
CONFIDENCES: Final = (CONFIDENCE, 0.99)
"""How sure a promise may be."""


_COMMANDING: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What a terminal obeys, or what turns the direction of the text around it; line ends and tabs do neither."""


def _both_languages(value: object) -> object:
    return {"id": value, "en": value} if isinstance(value, str) else value


def _printable(label: Text) -> Text:
    if not label.id.strip():
        raise Flaw("masih kosong; tulis teksnya", "is empty; write its text")
    if _COMMANDING.search(label.id + label.en):
        raise Flaw(
            "memuat karakter kendali yang tidak tampak; ketik ulang teksnya",
            "holds control characters that are not seen; type its text again",
        )
    return label


def _on_paper(box: Box) -> Box:
    if not all(map(math.isfinite, box)) or min(box.x, box.y) < 0 or min(box.w, box.h) <= 0:
        raise Flaw(
            "kotak ditulis [kiri, atas, lebar, tinggi] dalam mm, semua bilangan biasa, tanpa angka negatif",
            "a box is [left, top, width, height] in mm, all ordinary numbers, none of them negative",
        )
    return box


Label = Annotated[Text, BeforeValidator(_both_languages), AfterValidator(_printable)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
Place = Annotated[Box, AfterValidator(_on_paper)]


class Part(BaseModel):
    """Anything that a definition is made of: fixed once read, and a key that nobody knows is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


ChoiceValue = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]+$", max_length=20)]


class Choice(Part):
    """One value that may be chosen, and its label; for a code field, one known code.

    Attributes:
        at: on a given blank, the outline of its tick box.
        means: what the register is told where this is chosen, if not the value itself; paper may have it otherwise.
    """

    value: ChoiceValue
    label: Label
    at: Place | None = None
    means: ChoiceValue | None = None


class FieldSpec(Part):
    """One field, or one column of a table.

    Attributes:
        hint: an example or explanation in small type.
        cells: number of comb cells; the type's own number unless given.
        choices: what may be ticked; for a code, the codes that exist (empty: any).
        multiple: whether several boxes may be ticked.
        words: the word list that tells how likely a reading is, and ranks the others.
        alpha: the promised error rate among values accepted unseen, where it differs from the house's.
        confidence: how sure that promise is, where it differs from the house's.
        line: in a table, which line of the row the column stands on.
        columns: in how many aligned columns the choices stand; side by side as they fit unless given.
        width: mm, for signatures and lines of writing.
        height: mm, for signatures and lines of writing.
        new_row: whether the field starts a new row of its section.
        at: on a given blank, its cells from left to right, or the one box of an area or a line.
        filled: on a given blank, whether a filled box is a mark (bubbles) rather than a cancelled one.
    """

    name: Name
    type: FieldType
    label: Label
    hint: Label | None = None
    cells: int | None = Field(default=None, ge=1, le=WIDEST)
    required: bool = False
    choices: tuple[Choice, ...] = ()
    multiple: bool = False
    words: str | None = None
    alpha: float = ALPHA
    confidence: float = CONFIDENCE
    line: int = Field(default=1, ge=1, le=2)
    columns: int | None = Field(default=None, ge=1, le=8)
    width: float | None = Field(default=None, ge=8, le=186)
    height: float | None = Field(default=None, ge=5, le=60)
    new_row: bool = False
    at: tuple[Place, ...] = ()
    filled: bool = False

    @cached_property
    def _means(self) -> dict[str, str]:
        return {choice.value: choice.means for choice in self.choices if choice.means}

    def meant(self, value: str) -> str:
        """What the register is told of a value of this field."""
        means = self._means
        return "|".join(dict.fromkeys(means.get(one, one) for one in value.split("|"))) if means else value

    @property
    def rules(self) -> TypeRules:
        """The rules of the field's type."""
        return TYPES[self.type]

    @property
    def kind(self) -> Kind:
        """How the field is written."""
        return self.rules.kind

    @property
    def cell_count(self) -> int:
        """Number of comb cells; 0 for other kinds."""
        return (len(self.at) or self.cells or self.rules.cells) if self.kind is Kind.COMB else 0

    @property
    def places(self) -> tuple[Box | None, ...]:
        """Where a given blank has it: one box a cell or choice, or one in all; None where that is not said."""
        if self.kind is Kind.MARKS:
            return tuple(choice.at for choice in self.choices)
        return self.at or (None,)

    @model_validator(mode="after")
    def _sound(self) -> "FieldSpec":
        if self.type is FieldType.CHOICE and not self.choices:
            raise Flaw("pilihan (choices) belum diisi", "its choices are missing")
        if self.choices and self.type not in (FieldType.CHOICE, FieldType.CODE):
            raise Flaw(
                "hanya choice dan code yang punya choices", "only choice and code have choices", "choices"
            )
        if twice := repeated(choice.value for choice in self.choices):
            raise Flaw(f"nilai {twice} ditulis dua kali", f"value {twice} is there twice", "choices")
        if self.multiple and self.type is not FieldType.CHOICE:
            raise Flaw("multiple hanya untuk choice", "multiple is for choices only", "multiple")
        if self.cells and self.kind is not Kind.COMB:
            raise Flaw("jenis ini tidak memakai kotak huruf", "this type has no cells", "cells")
        for key, cells in (("cells", self.cells), ("at", len(self.at))):
            if cells and self.rules.fixed and cells != self.rules.cells:
                raise Flaw(
                    f"jenis {self.type} selalu {self.rules.cells} kotak",
                    f"type {self.type} always has {self.rules.cells} cells",
                    key,
                )
        if self.at and self.kind in (Kind.AREA, Kind.LINE) and len(self.at) > 1:
            raise Flaw("jenis ini hanya satu kotak", "this type has one box", "at")
        if self.at and self.kind is Kind.MARKS:
            raise Flaw("letak ditulis pada tiap pilihan", "each choice says its own place", "at")
        small = [box for box in self.places if box and min(box.w, box.h) < SMALLEST_MM]
        if small and self.kind in (Kind.COMB, Kind.MARKS):
            raise Flaw(
                f"kotak terkecil {SMALLEST_MM:g} x {SMALLEST_MM:g} mm; ada yang {small[0].w:g} x {small[0].h:g} mm",
                f"boxes are at least {SMALLEST_MM:g} x {SMALLEST_MM:g} mm; one is {small[0].w:g} x {small[0].h:g} mm",
            )
        if self.filled and self.kind is not Kind.MARKS:
            raise Flaw("filled hanya untuk choice", "filled is for choices only", "filled")
        _promised("alpha", self.alpha, ALPHAS)
        _promised("confidence", self.confidence, CONFIDENCES)
        if self.words and self.words not in reference.WORD_LISTS:
            known = ", ".join(reference.WORD_LISTS)
            raise Flaw(f"daftar kata yang ada: {known}", f"the word lists are: {known}", "words")
        return self


def _promised(key: str, value: float, known: tuple[float, ...]) -> None:
    if value not in known:
        listed = ", ".join(map(str, known))
        raise Flaw(f"yang dapat dijanjikan: {listed}", f"what can be promised: {listed}", key)


class PrintedColumn(Part):
    """A table column that is printed from the register and never read."""

    name: Name
    label: Label
    width: float = Field(ge=5, le=120, description="mm")


class TableSpec(Part):
    """A table: the same columns in every row.

    Attributes:
        rows: number of rows, numbered from 1.
        lines: on how many lines of cells one row stands.
        first_number: the number printed in the first row, where a table continues another.
        pitch: on a given blank, mm from one row to the next; the columns say where they stand in the first (`at`).
        tops: on a given blank with uneven rows, the top of each row instead, mm.
    """

    name: Name = Field(alias="table")
    rows: int = Field(ge=1, le=MOST_ROWS)
    pitch: float | None = Field(default=None, ge=2, le=200)
    tops: tuple[FiniteFloat, ...] = Field(default=(), max_length=MOST_ROWS)
    lines: int = Field(default=1, ge=1, le=2)
    columns: tuple[FieldSpec, ...] = Field(min_length=1)
    preprinted: tuple[PrintedColumn, ...] = ()
    first_number: int = Field(default=1, ge=1)

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of all columns, preprinted ones first."""
        return (*(column.name for column in self.preprinted), *(column.name for column in self.columns))

    @property
    def offsets(self) -> tuple[float, ...]:
        """How far each row of a table on a given blank lies below the first, mm."""
        if self.tops:
            return tuple(round(top - self.tops[0], 3) for top in self.tops)
        return tuple(round(row * (self.pitch or 0.0), 3) for row in range(self.rows))

    @model_validator(mode="after")
    def _sound(self) -> "TableSpec":
        if twice := repeated(self.column_names):
            raise Flaw(f"kolom {twice} ada dua kali", f"column {twice} is there twice", "columns")
        for index, column in enumerate(self.columns):
            if column.line > self.lines:
                raise Flaw(
                    "baris kolom melebihi lines tabel",
                    "the column's line exceeds the table's lines",
                    "columns",
                    index,
                    "line",
                )
        return self


def repeated(names: Iterable[str]) -> str | None:
    """The first name that is there more than once."""
    return next((name for name, count in Counter(names).items() if count > 1), None)
