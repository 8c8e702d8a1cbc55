"""Tables on forms that others printed: placed, read row by row, reviewed, exported, and told where they are wrong."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import given_tables as table
import pytest
from given_blanks import render

from pipeline.batch import Reader, scan
from pipeline.cli.draft import draw
from pipeline.errors import DefinitionError
from pipeline.forms.catalogue import Catalogue, load_form
from pipeline.forms.definition import load_definition
from pipeline.forms.layout import Box
from pipeline.forms.writing import as_yaml
from pipeline.page import read_page
from pipeline.register.importing import import_month
from pipeline.register.models import Visit
from pipeline.review.decisions import Kind, decide
from pipeline.review.queue import next_item
from pipeline.review.render import section_of
from pipeline.store import exports
from pipeline.validation.sheet import broken_rules

WRITTEN = {1: ("05111990", 0, "35"), 3: ("17082001", 1, "24")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("home") / "forms"
    table.write_definition(folder)
    return folder


def variant(folder: Path, tmp_path: Path, before: str, after: str) -> Path:
    """The definition with one thing changed."""
    text = (folder / "keluarga.v1.yaml").read_text()
    assert before in text
    (tmp_path / "keluarga.v1-1.png").write_bytes((folder / "keluarga.v1-1.png").read_bytes())
    path = tmp_path / "keluarga.v1.yaml"
    path.write_text(text.replace(before, after))
    return path


def boxes(path: Path, name: str) -> list[Box]:
    """The first box of a field in each row."""
    fields = [field for field in load_form(path).layout.pages[0].fields if field.name == name]
    assert [field.row for field in fields] == list(range(1, len(fields) + 1))
    return [next(iter((*field.cells, *(one.box for one in field.choices), field.box))) for field in fields]


def test_the_columns_stand_in_every_row(folder) -> None:
    path = folder / "keluarga.v1.yaml"
    for name, (x, y, w, h) in (
        ("lahir", table.BIRTH[0]),
        ("jk", table.SEX[0]),
        ("umur", table.AGE[0]),
        ("ttd", table.SIGNATURE),
    ):
        assert boxes(path, f"anggota.{name}") == [
            Box(x, y + row * table.PITCH, w, h) for row in range(table.ROWS)
        ]
    names = [field.name for field in load_form(path).layout.pages[0].fields]
    assert names[:6] == [
        "tanggal", "anggota.lahir", "anggota.jk", "anggota.umur", "anggota.ttd", "anggota.lahir"
    ]  # fmt: skip


def test_rows_that_are_not_even_say_their_tops(folder, tmp_path) -> None:
    path = variant(folder, tmp_path, "pitch: 11.0", "tops: [90.0, 101.0, 112.5, 124.0]")
    assert [box.y for box in boxes(path, "anggota.jk")] == [91.5, 102.5, 114.0, 125.5]


WRONG = {
    "            pitch: 11.0\n": "",
    "pitch: 11.0": "pitch: 5.0",
    "rows: 4": "rows: 40",
    "            pitch: 11.0": "            pitch: 11.0\n            lines: 2",
    "pitch: 11.0\n": "pitch: 11.0\n            preprinted: [{name: nama, label: Nama, width: 40}]\n",
    "pitch: 11.0\n            columns": "tops: [90.0, 101.0, 112.5]\n            columns",
    "pitch: 11.0\n            columns:": "tops: [90.0, 112.5, 101.0, 124.0]\n            columns:",
    "pitch: 11.0\n            columns:\n": "tops: [70.0, 101.0, 112.5, 124.0]\n            columns:\n",
    "rows: 4\n": "rows: 4\n            tops: [90.0, 101.0, 112.5, 124.0]\n",
    f"type: signature, label: Tanda tangan, at: [{list(table.SIGNATURE)}]": "type: signature, label: Ttd",
}


@pytest.mark.parametrize("before", WRONG)
def test_what_is_wrong_with_a_table_is_told_with_its_line(folder, tmp_path, before) -> None:
    with pytest.raises(DefinitionError, match=r"baris \d+: .*(tabel|tops|baris|kolom|letak|halaman)"):
        load_form(variant(folder, tmp_path, before, WRONG[before]))


@pytest.mark.parametrize("number", ["nan", "inf", "-inf"])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("pitch: 11.0", "tops: [90.0, 101.0, 112.5, {}]"),
        (f"at: {list(table.SEX[0])}", "at: [70.0, {}, 5.0, 5.0]"),
        (f"at: {list(table.SEX[0])}", "at: [70.0, 91.5, {}, 5.0]"),
    ],
)
def test_numbers_without_end_are_no_places(folder, tmp_path, number, before, after) -> None:
    with pytest.raises(DefinitionError, match=r"baris \d+: (tops|at).*bilangan"):
        load_form(variant(folder, tmp_path, before, after.format(number)))


def test_our_own_layout_places_its_rows_itself(folder, tmp_path) -> None:
    blank = "blank:\n  - {file: keluarga.v1-1.png, width: 210.0, height: 297.0}\n"
    with pytest.raises(DefinitionError, match="blangko jadi"):
        load_form(variant(folder, tmp_path, blank, "letterhead: [KANTOR]\n"))


@pytest.fixture
def scanned(store, folder):
    """A store that holds one sheet of the form, scanned and read."""
    page = table.fill(render(folder / "keluarga.pdf", 300), 300, "24112026", WRITTEN)
    path = store / "keluarga.png"
    cv2.imwrite(str(path), page)
    forms = Catalogue.load([folder])
    how = Reader(read_page, forms, broken_rules, lambda: ThreadPoolExecutor(1), 1, lambda *_: False)
    scan([path], "lot", how, store)
    return forms


def test_rows_are_read_reviewed_and_counted(scanned) -> None:
    rows = {(one["field"], one["row"]): one for one in exports.readings()}
    assert len(rows) == 1 + 4 * table.ROWS
    assert {key: one["value"] for key, one in rows.items() if one["value"] not in (None, "absent")} == {
        ("tanggal", None): "2026-11-24",
        ("anggota.lahir", 1): "1990-11-05",
        ("anggota.jk", 1): "L",
        ("anggota.umur", 1): "35",
        ("anggota.lahir", 3): "2001-08-17",
        ("anggota.jk", 3): "P",
        ("anggota.umur", 3): "24",
    }
    assert {one["status"] for one in rows.values()} == {"review"}
    item = next_item("ani")
    while item:
        assert section_of(item, scanned) == "Isian"
        decide(item.id, "ani", Kind.CONFIRMED, "", scanned)
        item = next_item("ani")
    import_month(scanned, None)
    assert [(one.date.isoformat(), one.attended, one.counts["sex"]) for one in Visit.objects.all()] == [
        ("2026-11-24", 2, {"L": 1, "P": 1})
    ]


def test_it_is_drawn(folder, tmp_path) -> None:
    draw(load_form(folder / "keluarga.v1.yaml"), tmp_path / "out.png")
    picture = cv2.imread(str(tmp_path / "out.png"))
    x, y, w, h = table.AGE[1]
    for row in range(table.ROWS):
        inside = picture[round((y + row * table.PITCH + h - 1) * 8), round((x + w - 1) * 8)]
        assert inside[0] > inside[2]


def test_it_comes_back_from_yaml_as_it_was(folder, tmp_path) -> None:
    for path in (
        folder / "keluarga.v1.yaml",
        variant(folder, tmp_path, "pitch: 11.0", "tops: [90.0, 101.0, 112.5, 124.0]"),
    ):
        definition = load_definition(path)
        text = as_yaml(definition)
        assert "pitch: 11.0\n" in text or "tops: [90.0, 101.0, 112.5, 124.0]\n" in text
        (tmp_path / "back.yaml").write_text(text)
        assert load_definition(tmp_path / "back.yaml") == definition


def test_the_last_row_stays_where_it_is_when_a_definition_is_written_back(folder, tmp_path) -> None:
    path = variant(folder, tmp_path, f"pitch: {table.PITCH}", "pitch: 12.336")
    before = boxes(path, "anggota.umur")
    path.write_text(as_yaml(load_definition(path)))
    assert boxes(path, "anggota.umur") == before
