"""The definition language: what a form's YAML file may say, as frozen models.

Reading a file, and naming its line when it is wrong, is `pipeline.forms.source`'s job; this file only knows
what a sound definition is.
"""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from pipeline.forms.blanks import BlankPage, check_place, check_table
from pipeline.forms.entries import RegisterEntry, check_entry, no_field
from pipeline.forms.fields import FieldSpec, Label, Name, Part, TableSpec, repeated
from pipeline.forms.source import Flaw, read

MOST_PAGES: Final = 12


def _call(value: object) -> object:
    if isinstance(value, dict) and len(value) == 1:
        ((name, fields),) = value.items()
        return {"name": name, "fields": fields}
    return value


class Note(Part):
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


class Section(Part):
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


class Page(Part):
    """One side of the sheet; of a given blank, one that holds no field may have no section."""

    sections: tuple[Section, ...] = ()


class RuleUse(Part):
    """A rule across fields: the name of its function in `pipeline.validation`, and the fields it looks at."""

    name: Name
    fields: tuple[str, ...] = Field(min_length=1)


class FormDefinition(Part):
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
    blank: tuple[BlankPage, ...] = Field(default=(), max_length=MOST_PAGES)
    letterhead: tuple[str, ...] = Field(default=(), max_length=3)
    legend: bool = True
    consent: Label | None = None
    pages: tuple[Page, ...] = Field(min_length=1, max_length=MOST_PAGES)
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
                        check_place(item, paper, at)
                    elif isinstance(item, TableSpec):
                        check_table(item, paper, at)
                    elif paper:
                        raise Flaw(
                            "blangko jadi tidak memuat catatan", "no note can stand on a given blank", *at
                        )
        return self

    @model_validator(mode="after")
    def _sound(self) -> "FormDefinition":
        fields = [name for name, _spec in self.fields()]
        if twice := repeated([*fields, *(table.name for table in self.tables())]):
            raise Flaw(f"nama {twice} dipakai dua kali", f"the name {twice} is used twice", "pages")
        if self.consent is None and any(section.consent for section in self.sections()):
            raise Flaw("teks persetujuan (consent) belum ada", "the consent text is missing", "pages")
        for index, rule in enumerate(self.rules):
            for name in rule.fields:
                if name not in fields:
                    raise no_field(name, "rules", index)
        return self


def check_register(definition: FormDefinition) -> None:
    """Let a definition pass of which the register can keep all that is mapped to it.

    Raises:
        Flaw: it cannot.
    """
    tables, fields = {table.name: table for table in definition.tables()}, dict(definition.fields())
    for index, entry in enumerate(definition.register_):
        if entry.table is not None and entry.table not in tables:
            raise no_field(entry.table, "register", index, "table")
        table = tables[entry.table] if entry.table else None
        check_entry(entry, table, fields.get, ("register", index))


def load_definition(path: Path) -> FormDefinition:
    """The form definition of a YAML file.

    Raises:
        DefinitionError: the file is no sound definition; the sentence names file and line.
    """
    return read(path, FormDefinition, check_register)


def load_paper(path: Path) -> FormDefinition:
    """The same, whether or not the register can keep what is mapped to it: enough to read what is on paper.

    Raises:
        DefinitionError: the file is no sound definition otherwise; the sentence names file and line.
    """
    return read(path, FormDefinition)
