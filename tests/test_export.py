"""Exports to the letter: keys, order, nulls, texts that stay texts."""

import csv
import json

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from notes import BACK, SERIAL, VALUES, fields_on, note, put, scan_notes

from pipeline.errors import UsageError
from pipeline.store import exports
from pipeline.store.tables import Format, format_of, write_table

READING_KEYS = [
    "source",
    "image",
    "form",
    "form_version",
    "serial",
    "page",
    "field",
    "row",
    "value",
    "raw",
    "confidence",
    "status",
    "reasons",
    "quad",
]


def test_a_reading_is_as_the_contract_says(store, tmp_path, capsys):
    front, back = note(1, values=VALUES, doubt={"nama": "?"}), note(2, values=BACK)
    scan_notes(store, put(tmp_path / "batch-01.tif", front, back))
    write_table(exports.readings(), exports.READING_COLUMNS, Format.JSONL, None)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == fields_on(1) + fields_on(2)
    assert all(list(line) == READING_KEYS for line in lines)
    nik = next(line for line in lines if line["field"] == "nik")
    assert nik == {
        "source": "batch-01.tif",
        "image": 1,
        "form": "pendataan",
        "form_version": 1,
        "serial": SERIAL,
        "page": 1,
        "field": "nik",
        "row": None,
        "value": VALUES["nik"],
        "raw": VALUES["nik"],
        "confidence": 0.9991,
        "status": "accepted",
        "reasons": [],
        "quad": [[1.0, 2.0], [3.0, 2.0], [3.0, 4.0], [1.0, 4.0]],
    }
    name = next(line for line in lines if line["field"] == "nama")
    assert (name["status"], name["reasons"]) == ("review", ["low_confidence"])
    assert {line["row"] for line in lines if line["field"] == "anggota.nik"} == set(range(1, 7))
    assert next(line for line in lines if line["field"] == "rw")["value"] is None


def test_pages_are_all_listed_and_duplicates_have_no_readings(store, tmp_path):
    deck = put(
        tmp_path / "a.tif", note(1, values=VALUES), note(fault="blank"), note(1, values={**VALUES, "x": "y"})
    )
    (tmp_path / "b.pdf").touch()
    scan_notes(store, deck, tmp_path / "b.pdf")
    rows = list(exports.pages())
    assert all(set(row) == set(exports.PAGE_COLUMNS) for row in rows)
    assert [(row["source"], row["image"], row["serial"], row["status"], row["reason"]) for row in rows] == [
        ("a.tif", 1, SERIAL, "set_aside", "missing_side"),
        ("a.tif", 2, None, "set_aside", "blank"),
        ("a.tif", 3, SERIAL, "set_aside", "duplicate_side"),
        ("b.pdf", 1, None, "set_aside", "empty_file"),
    ]
    assert "kosong" in rows[1]["message"]
    assert len(list(exports.readings())) == fields_on(1)


def test_one_batch_can_be_asked_for_and_another_is_wrong_usage(store, tmp_path):
    scan_notes(store, put(tmp_path / "a.png", note(1, values=VALUES)), batch="first")
    scan_notes(store, put(tmp_path / "b.png", note(1, "FPS-2005-26-00018", VALUES)), batch="second")
    assert {row["source"] for row in exports.readings("second")} == {"b.png"}
    assert [row["source"] for row in exports.pages("first")] == ["a.png"]
    with pytest.raises(UsageError, match="second"):
        list(exports.readings("third"))


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=12)
CELLS = st.one_of(
    st.none(), TEXTS, st.sampled_from(["6311021203789001", "=1+1", "-2", "@A1", "+62812", "007"])
)
FIXTURE = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None
)


@FIXTURE
@given(st.lists(CELLS, max_size=5))
def test_a_csv_holds_texts_that_no_spreadsheet_runs(tmp_path, cells):
    out = tmp_path / "t.csv"
    assert write_table(({"a": cell, "b": 1.5} for cell in cells), ("a", "b"), Format.CSV, out) == len(cells)
    with out.open(encoding="utf-8", newline="") as stream:
        head, *rows = csv.reader(stream)
    assert head == ["a", "b"]
    for cell, row in zip(cells, rows, strict=True):
        assert row[0].removeprefix("'") == (cell or "").removeprefix("'")
        assert not row[0].startswith(("=", "+", "-", "@"))
        assert row[1] == "1.5"


@FIXTURE
@given(st.lists(CELLS, max_size=5))
def test_a_spreadsheet_keeps_every_digit_and_runs_nothing(tmp_path, cells):
    out = tmp_path / "t.xlsx"
    write_table(({"a": cell, "b": 7} for cell in cells), ("a", "b"), Format.XLSX, out)
    sheet = openpyxl.load_workbook(out).active
    for number, cell in enumerate(cells, start=2):
        assert (sheet.cell(number, 1).value or "") == (cell or "")
        assert sheet.cell(number, 1).data_type != "f"
        assert sheet.cell(number, 2).value == 7


def test_lists_are_joined_and_corners_are_json(tmp_path):
    row = {"reasons": ["a", "b"], "lacks": [1, 2], "quad": [[1.0, 2.0]]}
    write_table([row], tuple(row), Format.CSV, tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text().splitlines()[1] == 'a|b,1|2,"[[1.0, 2.0]]"'


def test_a_failed_export_leaves_the_old_file(tmp_path):
    out = tmp_path / "t.csv"
    out.write_text("old")

    def rows():
        yield {"a": 1}
        raise UsageError(exports.Text("x", "x"))

    with pytest.raises(UsageError):
        write_table(rows(), ("a",), Format.CSV, out)
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]
    assert out.read_text() == "old"


def test_a_spreadsheet_needs_a_file_and_a_file_its_folder(tmp_path):
    with pytest.raises(UsageError, match="--out"):
        write_table([], ("a",), Format.XLSX, None)
    with pytest.raises(UsageError):
        write_table([], ("a",), Format.CSV, tmp_path / "none" / "t.csv")


@pytest.mark.parametrize(
    ("chosen", "name", "format"),
    [
        (None, None, "jsonl"),
        (None, "a.XLSX", "xlsx"),
        (Format.CSV, "a.xlsx", "csv"),
        (None, "a.txt", "jsonl"),
    ],
)
def test_the_format_follows_the_choice_then_the_name(tmp_path, chosen, name, format):
    assert format_of(chosen, tmp_path / name if name else None, Format.JSONL) == format


def test_a_table_is_not_written_into_the_name_of_another_kind_of_document(tmp_path):
    with pytest.raises(UsageError, match="xlsx"):
        format_of(None, tmp_path / "orang.docx", Format.JSONL)
    assert format_of(Format.CSV, tmp_path / "orang.xls", Format.JSONL) is Format.CSV
