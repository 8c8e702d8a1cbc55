"""Blanks that others printed: their pages, and whether fields and tables stand on them."""

from itertools import pairwise
from typing import Final

from pydantic import Field

from pipeline.forms.fields import FieldSpec, Part, TableSpec
from pipeline.forms.layout import Kind
from pipeline.forms.source import Flaw

LEAST_MM: Final = 50.0
MOST_MM: Final = 450.0
"""How long the sides of a page may be."""

_OVERLAP: Final = 0.9
"""Rows of one table lie at least this share of a column's height apart: drawn boxes are never quite level."""
_BESIDE_TOP: Final = 5.0
"""How far the highest box of a row may lie beside the row's own top, mm."""


class BlankPage(Part):
    """One page of a form that others printed.

    Attributes:
        file: a grey PNG of the empty page, beside the definition.
        width: of the page, mm.
        height: of the page, mm.
    """

    file: str = Field(pattern=r"^[A-Za-z0-9._-]+\.png$", max_length=120)
    width: float = Field(ge=LEAST_MM, le=MOST_MM)
    height: float = Field(ge=LEAST_MM, le=MOST_MM)


def check_place(
    field: FieldSpec, page: BlankPage | None, at: tuple[str | int, ...], below: float = 0.0
) -> None:
    """Whether a field says where it stands, if it is to, and stands on the page.

    Args:
        field: a field, or a table's column in its first row.
        page: the blank page that it is on; None on paper of our own.
        at: the way to it from the definition.
        below: how far its last row lies under the first, mm.

    Raises:
        Flaw: it says nothing, too much, or leaves the page.
    """
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


def check_table(table: TableSpec, page: BlankPage | None, at: tuple[str | int, ...]) -> None:
    """Whether a table says where its rows and columns stand, if it is to: all on the page, none over another.

    Args:
        table: any table of a definition.
        page: the blank page that it is on; None on paper of our own.
        at: the way to it from the definition.

    Raises:
        Flaw: it says too little, too much, or what cannot be.
    """
    if page is None and (table.pitch is not None or table.tops):
        raise Flaw("pitch dan tops hanya untuk blangko jadi", "pitch and tops are for given blanks", *at)
    if page is not None:
        _check_rows(table, at)
    for index, column in enumerate(table.columns):
        way = (*at, "columns", index)
        check_place(column, page, way, table.offsets[-1])
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
