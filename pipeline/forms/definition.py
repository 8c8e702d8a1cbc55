"""The definition language: what a form's YAML file may say, as frozen models.

Reading a file, and naming its line when it is wrong, is `pipeline.forms.source`'s job; this file only knows
what a sound definition is.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    model_validator,
)

from pipeline.forms import reference
from pipeline.forms.layout import Box, FieldType, Kind
from pipeline.forms.source import Flaw, read
from pipeline.forms.types import TYPES, TypeRules
from pipeline.language import Text

Entity = Literal["household", "person", "proposal", "distribution", "visit"]

WIDEST: Final = 33
"""The most comb cells that fit side by side on the page."""

ALPHA: Final = 0.001
ALPHAS: Final = (0.0005, ALPHA, 0.002, 0.005, 0.01)
"""Error rates among values accepted unseen that may be promised; the house's own where a field says nothing."""
CONFIDENCE: Final = 0.95
CONFIDENCES: Final = (CONFIDENCE, 0.99)
"""How sure a promise may be."""


def _both_languages(value: object) -> object:
    return {"id": value, "en": value} if isinstance(value, str) else value


def _on_paper(box: Box) -> Box:
    if min(box.x, box.y) < 0 or min(box.w, box.h) <= 0:
        raise Flaw(
            "kotak ditulis [kiri, atas, lebar, tinggi] dalam mm, tanpa angka negatif",
            "a box is [left, top, width, height] in mm, none of them negative",
        )
    return box


def _call(value: object) -> object:
    if isinstance(value, dict) and len(value) == 1:
        ((name, fields),) = value.items()
        return {"name": name, "fields": fields}
    return value


Label = Annotated[Text, BeforeValidator(_both_languages)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
Place = Annotated[Box, AfterValidator(_on_paper)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Choice(_Model):
    """One value that may be chosen, and its label; for a code field, one known code.

    Attributes:
        at: on a given blank, the outline of its tick box.
    """

    value: str = Field(pattern=r"^[A-Za-z0-9_]+$", max_length=20)
    label: Label
    at: Place | None = None


class FieldSpec(_Model):
    """One field, or one column of a table.

    Attributes:
        hint: an example or explanation in small type.
        cells: number of comb cells; the type's own number unless given.
        choices: what may be ticked; for a code, the codes that exist (empty: any).
        multiple: whether several boxes may be ticked.
        words: the word list that ranks a reader's alternatives.
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
        if twice := _repeated(choice.value for choice in self.choices):
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


class PrintedColumn(_Model):
    """A table column that is printed from the register and never read."""

    name: Name
    label: Label
    width: float = Field(ge=5, le=120, description="mm")


class TableSpec(_Model):
    """A table: the same columns in every row.

    Attributes:
        rows: number of rows, numbered from 1.
        lines: on how many lines of cells one row stands.
        first_number: the number printed in the first row, where a table continues another.
        pitch: on a given blank, mm from one row to the next; the columns say where they stand in the first (`at`).
        tops: on a given blank with uneven rows, the top of each row instead, mm.
    """

    name: Name = Field(alias="table")
    rows: int = Field(ge=1, le=60)
    pitch: float | None = Field(default=None, ge=2, le=200)
    tops: tuple[float, ...] = Field(default=(), max_length=60)
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
        if twice := _repeated(self.column_names):
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


class Note(_Model):
    """A paragraph in small type across the section."""

    note: Label


def _kind_of_item(item: object) -> str:
    keys: Any = item if isinstance(item, dict) else {"table": 1} if isinstance(item, TableSpec) else {}
    if isinstance(item, Note) or "note" in keys:
        return "<note>"
    return "<table>" if "table" in keys or "rows" in keys else "<field>"


Item = Annotated[
    Annotated[FieldSpec, Tag("<field>")]
    | Annotated[TableSpec, Tag("<table>")]
    | Annotated[Note, Tag("<note>")],
    Discriminator(_kind_of_item),
]


class Section(_Model):
    """A block of a page with a title bar.

    Attributes:
        hint: in small type at the right of the title bar.
        labels: whether labels stand above their fields or in a column at the left.
        label_width: mm of that column.
        columns: in how many aligned columns the choices of the section stand (labels at the left).
        consent: whether the section opens with the form's consent text.
    """

    title: Label
    hint: Label | None = None
    labels: Literal["above", "left"] = "above"
    label_width: float = Field(default=40, ge=10, le=150)
    columns: int = Field(default=4, ge=1, le=8)
    consent: bool = False
    items: tuple[Item, ...] = Field(min_length=1)


class BlankPage(_Model):
    """One page of a form that others printed.

    Attributes:
        file: a grey PNG of the empty page, beside the definition.
        width: of the page, mm.
        height: of the page, mm.
    """

    file: str = Field(pattern=r"^[A-Za-z0-9._-]+\.png$", max_length=120)
    width: float = Field(ge=50, le=450)
    height: float = Field(ge=50, le=450)


class Page(_Model):
    """One side of the sheet; of a given blank, one that holds no field may have no section."""

    sections: tuple[Section, ...] = ()


class RuleUse(_Model):
    """A rule across fields: the name of its function in `pipeline.validation`, and the fields it looks at."""

    name: Name
    fields: tuple[str, ...] = Field(min_length=1)


class RegisterEntry(_Model):
    """What of a form goes into the register as which entity.

    Attributes:
        table: for one entity a row, the table's name; its `map` then names columns, or fields of the form.
        map: attribute of the entity (`facts.lantai` for a free one) to field or column.
        constants: attribute to a value that is the same on every form.
    """

    entity: Entity
    table: str | None = None
    map: dict[str, str] = Field(min_length=1)
    constants: dict[str, str] = Field(default_factory=dict)


class FormDefinition(_Model):
    """All that is on a form: the only place that says it.

    Attributes:
        form: its name in commands and file names.
        code: its code on paper and in the QR code.
        blank: the pages of a form that others printed; its fields then say where they stand (`at`).
        letterhead: the office, its largest line last but for the address; not for a given blank.
        legend: whether page 1 explains how boxes are filled in.
        consent: the text by which a person consents to the processing of personal data.
    """

    form: Name
    code: str = Field(pattern=r"^[A-Z]{3}-\d{2}$")
    version: int = Field(ge=1, le=999)
    title: Label
    blank: tuple[BlankPage, ...] = Field(default=(), max_length=12)
    letterhead: tuple[str, ...] = Field(default=(), max_length=3)
    legend: bool = True
    consent: Label | None = None
    pages: tuple[Page, ...] = Field(min_length=1, max_length=12)
    rules: tuple[Annotated[RuleUse, BeforeValidator(_call)], ...] = ()
    register_: tuple[RegisterEntry, ...] = Field(default=(), alias="register")

    @cached_property
    def _by_name(self) -> dict[str, FieldSpec]:
        return dict(self.fields())

    def sections(self) -> Iterator[Section]:
        """Every section, in the order printed."""
        return (section for page in self.pages for section in page.sections)

    def tables(self) -> Iterator[TableSpec]:
        """Every table, in the order printed."""
        return (item for section in self.sections() for item in section.items if isinstance(item, TableSpec))

    def fields(self) -> Iterator[tuple[str, FieldSpec]]:
        """Every field under its name in the layout (`nik`, `anggota.nama`), in the order printed."""
        for section in self.sections():
            for item in section.items:
                if isinstance(item, FieldSpec):
                    yield item.name, item
                elif isinstance(item, TableSpec):
                    yield from ((f"{item.name}.{column.name}", column) for column in item.columns)

    def field(self, name: str) -> FieldSpec:
        """The field of a name such as `nik` or `anggota.nama`.

        Raises:
            KeyError: there is none.
        """
        return self._by_name[name]

    def table(self, name: str) -> TableSpec:
        """The table of a name.

        Raises:
            KeyError: there is none.
        """
        for table in self.tables():
            if table.name == name:
                return table
        raise KeyError(name)

    @model_validator(mode="after")
    def _placed(self) -> "FormDefinition":
        """Whether everything says where it stands, and only where it must: on a blank that others printed."""
        if not self.blank and not self.letterhead:
            raise Flaw("kepala surat (letterhead) belum diisi", "the letterhead is missing")
        if self.blank and len(self.blank) != len(self.pages):
            raise Flaw("banyaknya halaman berbeda dari blank", "blank has another number of pages", "pages")
        for number, page in enumerate(self.pages):
            if not (self.blank or page.sections):
                raise Flaw("halaman masih kosong", "the page is empty", "pages", number, "sections")
            for part, section in enumerate(page.sections):
                for index, item in enumerate(section.items):
                    at = ("pages", number, "sections", part, "items", index)
                    paper = self.blank[number] if self.blank else None
                    if isinstance(item, FieldSpec):
                        _check_place(item, paper, at)
                    elif isinstance(item, TableSpec):
                        _check_table(item, paper, at)
                    elif paper:
                        raise Flaw(
                            "blangko jadi tidak memuat catatan", "no note can stand on a given blank", *at
                        )
        return self

    @model_validator(mode="after")
    def _sound(self) -> "FormDefinition":
        tables = {table.name: table for table in self.tables()}
        fields = [name for name, _spec in self.fields()]
        if twice := _repeated([*fields, *(table.name for table in self.tables())]):
            raise Flaw(f"nama {twice} dipakai dua kali", f"the name {twice} is used twice", "pages")
        if self.consent is None and any(section.consent for section in self.sections()):
            raise Flaw("teks persetujuan (consent) belum ada", "the consent text is missing", "pages")
        for index, rule in enumerate(self.rules):
            for name in rule.fields:
                if name not in fields and name not in tables:
                    raise _no_field(name, "rules", index)
        for index, entry in enumerate(self.register_):
            if entry.table is not None and entry.table not in tables:
                raise _no_field(entry.table, "register", index, "table")
            columns = tables[entry.table].column_names if entry.table else ()
            for attribute, name in entry.map.items():
                if name not in columns and name not in fields:
                    raise _no_field(name, "register", index, "map", attribute)
        return self


def load_definition(path: Path) -> FormDefinition:
    """The form definition of a YAML file.

    Raises:
        DefinitionError: the file is no sound definition; the sentence names file and line.
    """
    return read(path, FormDefinition)


_OVERLAP: Final = 0.9
"""Rows of one table lie at least this share of a column's height apart: drawn boxes are never quite level."""
_BESIDE_TOP: Final = 5.0
"""How far the highest box of a row may lie beside the row's own top, mm."""


def _check_table(table: TableSpec, page: BlankPage | None, at: tuple[str | int, ...]) -> None:
    if page is None and (table.pitch is not None or table.tops):
        raise Flaw("pitch dan tops hanya untuk blangko jadi", "pitch and tops are for given blanks", *at)
    if page is not None:
        _check_rows(table, at)
    for index, column in enumerate(table.columns):
        way = (*at, "columns", index)
        _check_place(column, page, way, table.offsets[-1])
        boxes = [box for box in column.places if box is not None]
        read = column.kind in (Kind.COMB, Kind.MARKS) and boxes
        height = max(box.y + box.h for box in boxes) - min(box.y for box in boxes) if read else 0.0
        if any(below - above < _OVERLAP * height for above, below in pairwise(table.offsets) if page):
            raise Flaw(
                f"baris tabel {table.name} saling menindih pada kolom {column.name}",
                f"the rows of table {table.name} overlap in column {column.name}",
                *way,
            )


def _check_rows(table: TableSpec, at: tuple[str | int, ...]) -> None:
    """Whether a table on a given blank says where its rows stand, once."""
    if table.preprinted or table.lines > 1:
        raise Flaw(
            "tabel di blangko jadi tidak memakai preprinted dan lines",
            "a table on a given blank has no preprinted columns and no lines",
            *at,
        )
    if table.rows > 1 and table.pitch is None and not table.tops:
        raise Flaw(
            f"jarak antarbaris tabel {table.name} (pitch) belum diisi",
            f"the pitch of the rows of table {table.name} is missing",
            *at,
        )
    if table.tops and (table.pitch is not None or len(table.tops) != table.rows):
        raise Flaw(
            f"tops memuat sisi atas tiap baris ({table.rows} bilangan), tanpa pitch",
            f"tops holds the top of each row ({table.rows} numbers), without pitch",
            *at,
            "tops",
        )
    first = min((box.y for column in table.columns for box in column.places if box), default=None)
    falling = any(below <= above for above, below in pairwise(table.tops))
    if falling or (table.tops and first is not None and abs(first - table.tops[0]) > _BESIDE_TOP):
        raise Flaw(
            "tops menurut urutan dari atas, dan yang pertama ialah baris tempat kolom-kolomnya diletakkan",
            "tops go down the page, and the first is that of the row in which the columns are placed",
            *at,
            "tops",
        )


def _check_place(
    field: FieldSpec, page: BlankPage | None, at: tuple[str | int, ...], below: float = 0.0
) -> None:
    """Whether a field says where it stands; its last row lies `below` mm under the first."""
    if page is None:
        if any(field.places) or field.filled:
            raise Flaw("at dan filled hanya untuk blangko jadi", "at and filled are for given blanks", *at)
        return
    for box in field.places:
        if box is None:
            raise Flaw(
                f"letak {field.name} (at) belum diisi", f"the place of {field.name} (at) is missing", *at
            )
        if box.x + box.w > page.width or box.y + box.h + below > page.height:
            raise Flaw(f"{field.name} keluar dari halaman", f"{field.name} leaves the page", *at)


def _no_field(name: str, *at: str | int) -> Flaw:
    return Flaw(f"isian {name} tidak ada di formulir ini", f"this form has no field {name}", *at)


def _repeated(names: Iterable[str]) -> str | None:
    return next((name for name, count in Counter(names).items() if count > 1), None)
