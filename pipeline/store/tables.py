"""Rows as a table for other programs: JSON lines, CSV or a spreadsheet, row by row."""

import csv
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from pipeline.errors import UsageError
from pipeline.language import Text
from pipeline.outputs import whole

if TYPE_CHECKING:
    import xlsxwriter

Row = Mapping[str, object]

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""How a cell starts that a spreadsheet would run as a formula."""

_SHEET_ROWS: Final = 1_048_575
"""What a spreadsheet holds below its head."""

_NO_FILE: Final = Text(
    "Untuk xlsx sebutkan berkasnya: --out BERKAS.xlsx", "For xlsx name a file: --out FILE.xlsx"
)
_TOO_LONG: Final = Text("Terlalu banyak baris untuk xlsx. Pakai csv.", "Too many rows for xlsx. Use csv.")


class Format(StrEnum):
    """How a table is written."""

    JSONL = "jsonl"
    CSV = "csv"
    XLSX = "xlsx"


def write_table(rows: Iterable[Row], columns: Sequence[str], form: Format, out: Path | None) -> int:
    """Write rows as they come, so that a large store takes no more memory than a small one.

    Args:
        rows: each with every column.
        columns: their order.
        form: CSV and spreadsheets hold texts as texts (a NIK keeps its digits, nothing becomes a formula);
            lists and objects stand in them as `a|b` or JSON.
        out: the file, replaced whole or not at all; None for standard output.

    Returns:
        How many rows were written.

    Raises:
        UsageError: a spreadsheet without `out`, with too many rows, or a folder that is not there or shut.
        OSError: the disk is full, or gave up.
    """
    if out is None:
        if form is Format.XLSX:
            raise UsageError(_NO_FILE)
        return _WRITERS[form](rows, columns, sys.stdout)
    if not out.parent.is_dir():
        where = out.parent
        raise UsageError(
            Text(f"Folder {where} tidak ada. Buat dulu.", f"There is no folder {where}. Make it first.")
        )
    with whole(out) as part:
        if form is Format.XLSX:
            return _xlsx(rows, columns, part)
        with part.open("w", encoding="utf-8", newline="") as stream:
            return _WRITERS[form](rows, columns, stream)


_OTHERS: Final = frozenset(
    {".doc", ".docx", ".htm", ".html", ".odt", ".ods", ".pdf", ".rtf", ".xls", ".xlsm"}
)
"""Endings of documents that would not open with a table in them."""


def format_of(chosen: Format | None, out: Path | None, default: Format) -> Format:
    """The format that was chosen, else what the file's name ends in, else the default.

    Raises:
        UsageError: the name is that of a document of another kind.
    """
    if chosen is None and out is not None:
        if out.suffix.lower() in _OTHERS:
            raise UsageError(
                Text(
                    f"{out.name}: tabel ditulis sebagai .xlsx, .csv, atau .jsonl. Pakai salah satu akhiran itu.",
                    f"{out.name}: tables are written as .xlsx, .csv or .jsonl. Use one of these endings.",
                )
            )
        return next((one for one in Format if out.suffix.lower() == f".{one.value}"), default)
    return chosen or default


def _jsonl(rows: Iterable[Row], columns: Sequence[str], stream: IO[str]) -> int:
    count = 0
    for row in rows:
        stream.write(json.dumps({column: row[column] for column in columns}, ensure_ascii=False) + "\n")
        count += 1
    return count


def _csv(rows: Iterable[Row], columns: Sequence[str], stream: IO[str]) -> int:
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    count = 0
    for row in rows:
        writer.writerow([_guarded(_flat(row[column])) for column in columns])
        count += 1
    return count


_WRITERS: Final[dict[Format, Callable[[Iterable[Row], Sequence[str], IO[str]], int]]] = {
    Format.JSONL: _jsonl,
    Format.CSV: _csv,
}


def _xlsx(rows: Iterable[Row], columns: Sequence[str], out: Path) -> int:
    import xlsxwriter

    book = xlsxwriter.Workbook(
        str(out), {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    sheet = book.add_worksheet()
    text, head = book.add_format({"num_format": "@"}), book.add_format({"bold": True, "bottom": 1})
    sheet.freeze_panes(1, 0)
    sheet.write_row(0, 0, columns, head)
    count = 0
    for count, row in enumerate(rows, start=1):
        if count > _SHEET_ROWS:
            raise UsageError(_TOO_LONG)
        for column, name in enumerate(columns):
            value = _flat(row[name])
            if isinstance(value, int | float):
                sheet.write_number(count, column, value)
            elif value != "":
                sheet.write_string(count, column, value, text)
    close_book(book)
    return count


def close_book(book: "xlsxwriter.Workbook") -> None:
    """Write a workbook out.

    Raises:
        OSError: the disk is full, or gave up.
    """
    from xlsxwriter.exceptions import FileCreateError

    try:
        book.close()
    except FileCreateError as error:
        raise error.args[0] from error


def _flat(value: Any) -> str | int | float:  # noqa: ANN401
    """A value as one cell holds it."""
    if value is None:
        return ""
    if isinstance(value, list | tuple) and all(isinstance(one, str | int) for one in value):
        return "|".join(map(str, value))
    if isinstance(value, list | tuple | dict):
        return json.dumps(value, ensure_ascii=False)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def _guarded(value: str | float) -> str | float:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
