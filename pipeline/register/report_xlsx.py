"""The month's report as a workbook: one sheet a table, as the office sends it on."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import xlsxwriter

from pipeline.language import Text, figure
from pipeline.register.figures import MonthFigures
from pipeline.register.wording import REASONS, month_name
from pipeline.store.tables import close_book

_INK: Final = "#1F3A4D"
_WIDE: Final = 34

Cells = Sequence[Sequence[str | int]]


def write_xlsx(figures: MonthFigures, path: Path) -> None:
    """Writes the workbook."""
    book = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False})
    title = book.add_format({"bold": True, "font_size": 14, "font_color": _INK})
    head = book.add_format(
        {"bold": True, "font_color": "white", "bg_color": _INK, "text_wrap": True, "border": 1}
    )
    text = book.add_format({"border": 1})
    number = book.add_format({"border": 1, "num_format": "#,##0"})
    total = book.add_format({"border": 1, "bold": True, "num_format": "#,##0", "top": 2})
    for name, columns, rows, summed in tables(figures):
        sheet = book.add_worksheet(str(name)[:31])
        sheet.write_string(0, 0, f"{name} · {month_name(figures.month)}", title)
        for column, label in enumerate(columns):
            sheet.write_string(2, column, str(label), head)
        for i, row in enumerate(rows, start=3):
            for column, value in enumerate(row):
                if isinstance(value, str):
                    sheet.write_string(i, column, value, text)
                else:
                    sheet.write_number(i, column, value, number)
        if summed and rows:
            sheet.write_string(len(rows) + 3, 0, str(Text("Jumlah", "Total")), total)
            for column in range(1, len(columns)):
                values = [row[column] for row in rows]
                if all(isinstance(value, int) for value in values):
                    sheet.write_number(len(rows) + 3, column, sum(int(value) for value in values), total)
                else:
                    sheet.write_string(len(rows) + 3, column, "", total)
        sheet.set_column(0, 0, _WIDE)
        sheet.set_column(1, len(columns) - 1, 16)
        sheet.freeze_panes(3, 1)
    close_book(book)


def tables(figures: MonthFigures) -> list[tuple[Text, list[Text], Cells, bool]]:
    """The report's tables: name, columns, rows, and whether a sum stands below; the PDF shows the same."""
    villages = [
        (v.name, v.people_before, v.people - v.people_before, v.people, v.households, v.visits, v.attended)
        for v in figures.villages
    ]
    programmes = [
        (
            p.name,
            p.proposed_before,
            p.proposed - p.proposed_before,
            p.proposed,
            p.planned,
            p.delivered,
            _amounts(p.quantities),
        )
        for p in figures.programmes
    ]
    waiting = [(w.serial, w.form, str(REASONS[w.reason]), w.fields) for w in figures.waiting]
    return [
        (
            Text("Desa", "Villages"),
            [
                Text("Desa", "Village"),
                Text("Orang s.d. bulan lalu", "People up to last month"),
                Text("Orang bulan ini", "People this month"),
                Text("Orang s.d. bulan ini", "People up to this month"),
                Text("Keluarga s.d. bulan ini", "Households up to this month"),
                Text("Sosialisasi bulan ini", "Sessions this month"),
                Text("Peserta bulan ini", "Attended this month"),
            ],
            villages,
            True,
        ),
        (
            Text("Program", "Programmes"),
            [
                Text("Program", "Programme"),
                Text("Usulan s.d. bulan lalu", "Asked up to last month"),
                Text("Usulan bulan ini", "Asked this month"),
                Text("Usulan s.d. bulan ini", "Asked up to this month"),
                Text("Rencana penerima bulan ini", "Planned this month"),
                Text("Penerima bulan ini", "Delivered this month"),
                Text("Bantuan bulan ini", "Quantity this month"),
            ],
            programmes,
            True,
        ),
        (
            Text("Menunggu", "Waiting"),
            [
                Text("Nomor lembar", "Sheet"),
                Text("Formulir", "Form"),
                Text("Menunggu", "Waits for"),
                Text("Isian", "Fields"),
            ],
            waiting,
            False,
        ),
    ]


def _amounts(quantities: Mapping[str, int]) -> str:
    return ", ".join(f"{figure(n, ',')} {unit}" for unit, n in sorted(quantities.items()))
