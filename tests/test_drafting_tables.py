"""`sotarsa forms new` on blanks that hold tables: which rows make one, where its columns stand, what is none."""

from pathlib import Path

import given_tables as table
import office_blanks as office
import pytest
from drawn_blanks import Pen, scanned

from pipeline.drafting.blank import open_blank
from pipeline.drafting.draft import draft_page
from pipeline.drafting.save import Identity, save_draft
from pipeline.drafting.types import DraftField, DraftItem, DraftTable
from pipeline.forms.catalogue import load_form
from pipeline.forms.layout import Box, FieldType

RULED = (("Nama", 50), ("JK", 9), ("Umur", 11), ("Pekerjaan", 45), ("Tanda tangan", 35))
"""Columns of a ruled table behind the column of numbers, with their widths in mm."""


def tables(items: list[DraftItem]) -> list[DraftTable]:
    return [item for item in items if isinstance(item, DraftTable)]


def first_box(column: DraftField) -> Box:
    return (*column.at, *(choice.box for choice in column.choices))[0]


def write_ruled(path: Path, rows: int = 6) -> list[Box]:
    """A ruled table with heads and numbered rows; the cells of its first row."""
    pen = Pen(path)
    pen.text(60, 22, "DAFTAR HADIR RAPAT", 15)
    pen.text(20, 34, "Hari dan tanggal : ..............................")
    walls = [20, 28]
    for _head, width in RULED:
        walls.append(walls[-1] + width)
    for row in range(rows + 2):
        pen.line(20, 45 + 8 * row, walls[-1], 45 + 8 * row)
    for wall in walls:
        pen.line(wall, 45, wall, 45 + 8 * (rows + 1))
    for (head, _), wall in zip((("No", 8), *RULED), walls, strict=False):
        pen.text(wall + 1.2, 50.4, head)
    for row in range(rows):
        pen.text(22.5, 58.4 + 8 * row, str(row + 1))
    pen.canvas.save()
    return [Box(wall, 53, width, 8) for (_, width), wall in zip(RULED, walls[1:], strict=False)]


@pytest.mark.parametrize("angle", [None, 0.7])
def test_rows_of_combs_and_boxes_become_one_table(tmp_path, angle) -> None:
    pdf = table.write_blank(tmp_path / "keluarga.pdf")
    path = pdf if angle is None else scanned(pdf, tmp_path / "scan.jpg", angle)
    sheet = next(open_blank(path))
    items = draft_page(sheet, set()).items
    (found,) = tables(items)
    assert (found.rows, found.pitch) == (table.ROWS, pytest.approx(table.PITCH, abs=0.02))
    assert [(one.name, one.type, len(one.at) or len(one.choices)) for one in found.columns] == [
        ("tanggal_lahir", FieldType.DATE, 8),
        ("kelamin", FieldType.CHOICE, 2),
        ("umur", FieldType.NUMBER, 2),
        ("tanda_tangan", FieldType.SIGNATURE, 1),
    ]
    if angle is None:
        true = [table.BIRTH[0], table.SEX[0], table.AGE[0], table.SIGNATURE]
        for column, box in zip(found.columns, true, strict=True):
            assert first_box(column) == pytest.approx(box, abs=0.3)
    fields = [item.name for item in items if isinstance(item, DraftField)]
    assert "tanggal_kunjungan" in fields
    draft = save_draft(tmp_path, Identity("keluarga", "KLG-01", 1, "Keluarga"), [sheet], [items], "blangko")
    rows = [field.row for field in load_form(draft).layout.pages[0].fields if field.name == "tabel.umur"]
    assert rows == [1, 2, 3, 4]


def test_a_ruled_table_has_its_narrow_columns_too(tmp_path) -> None:
    cells = write_ruled(tmp_path / "hadir.pdf")
    items = draft_page(next(open_blank(tmp_path / "hadir.pdf")), set()).items
    (found,) = tables(items)
    # What a head leaves of its cell is nothing to write in.
    assert [item.name for item in items if item is not found] == ["hari_dan_tanggal"]
    assert (found.rows, found.pitch) == (6, pytest.approx(8, abs=0.02))
    assert [column.name for column in found.columns] == ["nama", "jk", "umur", "pekerjaan", "tanda_tangan"]
    for column, cell in zip(found.columns, cells, strict=True):
        assert first_box(column) == pytest.approx(cell, abs=0.4)


def test_rows_with_words_of_their_own_are_fields(tmp_path) -> None:
    pen = Pen(tmp_path / "data.pdf")
    pen.text(60, 22, "DATA KELUARGA", 15)
    for row, label in enumerate(("Nama ayah", "Nama ibu", "Nama wali", "Nama kakek")):
        pen.text(20, 45 + 10 * row, f"{label} :")
        for cell in range(12):
            pen.rect(Box(60 + 6 * cell, 40 + 10 * row, 6, 7))
        for tick in (150, 165):
            pen.rect(Box(tick, 41.5 + 10 * row, 4, 4))
    pen.canvas.save()
    items = draft_page(next(open_blank(tmp_path / "data.pdf")), set()).items
    assert tables(items) == []
    assert {"nama_ayah", "nama_ibu", "nama_wali", "nama_kakek"} <= {item.name for item in items}


@pytest.mark.parametrize("angle", [None, 0.5])
def test_combs_in_the_cells_of_a_table_stay_apart(tmp_path, angle) -> None:
    """The table's column line stands between them; what a head or a comb leaves of its cell is no field."""
    office.write_tables(tmp_path / "anggota.pdf")
    path = tmp_path / "anggota.pdf"
    path = path if angle is None else scanned(path, tmp_path / "scan.jpg", angle)
    items = draft_page(next(open_blank(path)), set()).items
    people, goods = tables(items)
    assert [(one.name, one.type, len(one.at)) for one in people.columns] == [
        ("nama", FieldType.NAME, 12),
        ("nomor_induk_kependudukan", FieldType.NIK, 16),
    ]
    assert [(one.name, one.type, len(one.at)) for one in goods.columns] == [
        ("barang", FieldType.LINE, 1),
        ("jumlah", FieldType.COUNT, 4),
    ]
    if angle is None:
        first = [first_box(column) for column in (*people.columns, goods.columns[1])]
        for box, true in zip(first, (office.NAMES, office.NIKS, office.SUMS), strict=True):
            assert box == pytest.approx(true[0], abs=0.3)
        # A cell of words names the one beside it, also where a colon has a cell of its own.
        assert [item.name for item in items if isinstance(item, DraftField)] == ["nama_petugas", "jabatan"]


def test_columns_are_named_by_words_not_by_their_numbers(tmp_path) -> None:
    pen = Pen(tmp_path / "hadir.pdf")
    pen.text(60, 22, "DAFTAR HADIR", 15)
    walls, floors = (20, 30, 90, 180), (45, 55, 61, *(71 + 10 * row for row in range(4)))
    for y in floors:
        pen.line(walls[0], y, walls[-1], y)
    for x in walls:
        pen.line(x, floors[0], x, floors[-1])
    for x, head in ((31.5, "Nama"), (91.5, "Tanda tangan")):
        pen.text(x, 51.5, head)
    for number, x in enumerate((24, 58, 133), 1):
        pen.text(x, 59.4, f"({number})", 8)
        pen.text(23, 57.4 + 10 * number, f"{number}.")
    pen.canvas.save()
    items = draft_page(next(open_blank(tmp_path / "hadir.pdf")), set()).items
    (found,) = tables(items)
    assert [one.name for one in items] == [found.name]
    assert [(one.name, one.type) for one in found.columns] == [
        ("nama", FieldType.LINE),
        ("tanda_tangan", FieldType.SIGNATURE),
    ]


def test_two_rows_are_none(tmp_path) -> None:
    write_ruled(tmp_path / "dua.pdf", rows=2)
    assert tables(draft_page(next(open_blank(tmp_path / "dua.pdf")), set()).items) == []


def write_statements(path: Path, heads: tuple[tuple[str, ...], ...], widths: tuple[float, ...]) -> None:
    """Numbered statements in a ruled table, with an empty cell under each head, which may have two lines."""
    pen = Pen(path)
    rows = ("Pernyataan", "Petugas ramah", "Antrean tidak lama", "Biaya jelas", "Syarat mudah dipahami")
    walls = [130 + sum(widths[:n]) for n in range(len(widths))]
    for number, words in enumerate(rows):
        top = 90 + 9 * number
        for x, w in ((20, 10), (30, 100), *zip(walls, widths, strict=True)):
            pen.rect(Box(x, top, w, 9))
        pen.text(32, top + 6, words)
        if number:
            pen.text(23, top + 6, str(number))
    for x, lines in zip(walls, heads, strict=True):
        for number, words in enumerate(lines):
            pen.text(x + 1.5, (94 if len(lines) > 1 else 96) + 3.5 * number, words, 8)
    pen.canvas.save()


def test_what_the_text_of_a_row_leaves_of_its_cell_is_no_place_to_write(tmp_path) -> None:
    write_statements(tmp_path / "biaya.pdf", (("Jan",), ("Feb",), ("Mar",), ("Apr",)), (16,) * 4)
    (page,) = open_blank(tmp_path / "biaya.pdf")
    (found,) = draft_page(page, set()).items
    assert isinstance(found, DraftTable)
    assert (found.rows, [column.name for column in found.columns]) == (4, ["jan", "feb", "mar", "apr"])


@pytest.mark.parametrize(
    ("heads", "widths", "values"),
    [
        ((("SS",), ("S",), ("TS",), ("STS",)), (16,) * 4, ["ss", "S", "ts", "sts"]),
        ((("Ya",), ("Tidak",), ("Keterangan",)), (10.5, 10.5, 30), ["ya", "tidak"]),
        ((("SS",), ("S",), ("TS",), ("STS",)), (10.5,) * 4, ["ss", "S", "ts", "sts"]),
        (
            (("Sangat", "Puas"), ("Puas",), ("Tidak", "Puas")),
            (18,) * 3,
            ["sangat_puas", "puas", "tidak_puas"],
        ),
    ],
)
def test_an_answer_scale_is_a_choice_a_row(tmp_path, heads, widths, values) -> None:
    write_statements(tmp_path / "kepuasan.pdf", heads, widths)
    (page,) = open_blank(tmp_path / "kepuasan.pdf")
    items = draft_page(page, set()).items
    asked = [item for item in items if isinstance(item, DraftField) and item.choices]
    assert [one.name for one in asked] == [
        "petugas_ramah",
        "antrean_tidak_lama",
        "biaya_jelas",
        "syarat_mudah_dipahami",
    ]
    for row, one in enumerate(asked):
        assert [choice.value for choice in one.choices] == values
        for number, choice in enumerate(one.choices):
            cell = 130 + sum(widths[:number]), 99 + 9 * row, widths[number], 9
            assert choice.box == pytest.approx(cell, abs=0.4)
    assert len(items) - len(asked) == (4 if heads[-1] == ("Keterangan",) else 0), "remarks are written"
    draft = save_draft(tmp_path, Identity("puas", "PUA-01", 1, "Puas"), [page], [items], "kepuasan.pdf")
    assert load_form(draft).layout.pages[0].fields[0].name == "petugas_ramah"
