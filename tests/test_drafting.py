"""`sotarsa forms new`: what is found on forms that others printed, how it is named, what is written."""

import errno
import re
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import drawn_blanks as drawn
import given_tables
import numpy as np
import office_blanks
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from typer.testing import CliRunner

from pipeline.cli import context
from pipeline.cli.forms import app
from pipeline.drafting.blank import open_blank, skew
from pipeline.drafting.combs import sort_shapes
from pipeline.drafting.draft import draft_page
from pipeline.drafting.geometry import bottom, right
from pipeline.drafting.guess import comb_type, name_of, slug, value_of
from pipeline.drafting.heading import heading
from pipeline.drafting.instructions import says_several, without_several
from pipeline.drafting.labels import clean
from pipeline.drafting.mapping import entries
from pipeline.drafting.save import Identity, save_draft
from pipeline.drafting.types import Chunk, DraftField, DraftPage, DraftTable, Sheet
from pipeline.drafting.writing import written_lines
from pipeline.errors import DefinitionError, UsageError
from pipeline.forms.catalogue import load_form
from pipeline.forms.layout import Box, FieldType
from pipeline.training import blanks

PRACTICE = Path(__file__).parents[2] / "shared/data/practice"


@pytest.fixture(scope="module")
def pdf(tmp_path_factory):
    return drawn.write_blank(tmp_path_factory.mktemp("blank") / "pengaduan.pdf")


@pytest.fixture(scope="module")
def office(pdf, tmp_path_factory):
    """A home in which a draft of the drawn blank was made, and what was said."""
    home = tmp_path_factory.mktemp("home")
    return home, run(home, "new", str(pdf), "--code", "PGD-01")


def run(home, *words):
    context._catalogue.cache_clear()
    env = {"SOTARSA_HOME": str(home), "SOTARSA_LANG": "id", "SOTARSA_DATABASE_URL": ""}
    return CliRunner().invoke(app, list(words), env=env)


@pytest.fixture(scope="module")
def form(office):
    return load_form(office[0] / "forms/pengaduan.v1.yaml")


@pytest.fixture(scope="module")
def fields(form):
    return {field.name: field for field in form.layout.pages[0].fields}


def far(true: list[Box], ours: list[Box]) -> float:
    """The largest distance between edges of the same boxes, mm."""
    return float(np.abs(np.asarray(true) - np.asarray(ours)).max())


@pytest.mark.parametrize(
    ("name", "kind", "cells"),
    [
        ("nik", FieldType.NIK, drawn.NIK),
        ("tanggal_lahir", FieldType.DATE, drawn.DATE),
        ("nomor_telepon", FieldType.PHONE, drawn.OPEN),
        ("nama_lengkap", FieldType.NAME, drawn.DOTTED),
    ],
)
def test_combs_are_found_named_and_typed(fields, name, kind, cells):
    field = fields[name]
    assert field.type is kind
    assert len(field.cells) == len(cells)
    assert far(cells, list(field.cells)) < 0.3


def test_boxes_are_choices_with_their_labels(form, fields):
    sex, religion = fields["jenis_kelamin"], fields["agama"]
    assert [one.value for one in sex.choices] == ["L", "P"]
    assert [one.value for one in religion.choices] == ["islam", "kristen", "hindu"]
    assert far([*drawn.SEX, *drawn.RELIGION], [one.box for one in (*sex.choices, *religion.choices)]) < 0.3
    assert not form.definition.field("agama").filled


def test_what_surely_goes_into_the_register_is_proposed(office, form):
    """The address is a family's, and no family card is asked for."""
    (entry,) = form.definition.register_
    assert (entry.entity, entry.table) == ("person", None)
    assert entry.map == {
        "nik": "nik",
        "name": "nama_lengkap",
        "sex": "jenis_kelamin",
        "birth_date": "tanggal_lahir",
        "phone": "nomor_telepon",
    }
    assert "Masuk daftar: Orang (NIK, Nama, Jenis kelamin" in office[1].output


def test_whom_a_table_brings_into_the_register_is_told_apart(tmp_path, home):
    office_blanks.write_tables(tmp_path / "anggota.pdf")
    told = run(home, "new", str(tmp_path / "anggota.pdf")).output
    (line,) = [one for one in told.splitlines() if one.startswith("Masuk daftar")]
    assert line.startswith("Masuk daftar: Orang di tabel ")
    assert line.endswith(" (NIK, Nama)")


def drafted(*fields: tuple[str, FieldType]) -> list[DraftField]:
    cells = {FieldType.NIK: 16, FieldType.KK: 16, FieldType.DATE: 8, FieldType.VILLAGE: 4}
    return [
        DraftField(f"isian_{n}", kind, label, tuple(drawn.NIK[: cells.get(kind, 3)]))
        for n, (label, kind) in enumerate(fields)
    ]


NIK, NAME, KK = ("NIK", FieldType.NIK), ("Nama", FieldType.NAME), ("No. KK", FieldType.KK)


@pytest.mark.parametrize(
    ("fields", "proposed"),
    [
        ([NIK, NAME], {"person": ["nik", "name"]}),
        ([NAME], {}),
        ([NIK, ("Nama Petugas", FieldType.NAME)], {"person": ["nik"]}),
        ([NIK, NAME, NAME], {"person": ["nik"]}),
        ([NIK, ("Nama Penerima", FieldType.NAME), NAME], {"person": ["nik"]}),
        ([NIK, ("Nama Penerima", FieldType.LINE), NAME], {"person": ["nik"]}),
        ([NIK, NAME, ("Nama Petugas", FieldType.NAME)], {"person": ["nik", "name"]}),
        ([NIK, ("NIK", FieldType.NIK), NAME], {}),
        ([NIK, NAME, ("Nama", FieldType.LINE)], {"person": ["nik", "name"]}),
        ([NIK, NAME, ("NIK Ibu", FieldType.NIK)], {"person": ["nik", "name"]}),
        ([NIK, ("Tempat/Tgl. Lahir", FieldType.DATE)], {"person": ["nik", "birth_date"]}),
        ([NIK, ("Tanggal", FieldType.DATE), ("Nama", FieldType.PLACE)], {"person": ["nik"]}),
        (
            [KK, ("Tanggal pendataan", FieldType.DATE), ("Tanggal", FieldType.DATE)],
            {"household": ["kk", "surveyed_on"]},
        ),
        (
            [NIK, KK, ("RT", FieldType.CODE), ("Kode desa", FieldType.VILLAGE), ("Alamat", FieldType.LINE)],
            {"household": ["kk", "rt", "address", "village"], "person": ["nik"]},
        ),
        ([NIK, ("Kode desa", FieldType.VILLAGE), ("RT", FieldType.CODE)], {"person": ["nik", "village"]}),
    ],
)
def test_where_nothing_is_certain_nothing_is_proposed(fields, proposed):
    assert {one.entity: list(one.map) for one in entries([drafted(*fields)])} == proposed


@pytest.mark.parametrize(("last", "tables"), [(KK, ["anggota"]), (("Tanda tangan", FieldType.SIGNATURE), [])])
def test_people_in_a_table_are_proposed_unless_they_sign(last, tables):
    """Who signs may have come to a meeting, or received aid."""
    table = DraftTable("anggota", 5, 9.0, tuple(drafted(NIK, NAME, last)))
    assert [one.table for one in entries([[table]])] == tables


@pytest.mark.parametrize(
    ("font", "pair"), [("Helvetica", "(   )"), ("Courier", "[   ]"), ("Times-Roman", "[  ]")]
)
@pytest.mark.parametrize("threshold", [0, 150])
def test_empty_brackets_are_boxes_to_mark(font, pair, threshold, tmp_path):
    wide = pdfmetrics.stringWidth(pair, font, 11) / mm
    pen = drawn.Pen(tmp_path / "kurung.pdf")
    pen.text(20, 40, "Sudah punya KTP (e-KTP)", 10)
    for x in (20, 120):
        pen.text(x, 240, f"({' ' * 30})", 10)
    for x, label in ((80, "Ya"), (110, "Belum")):
        pen.canvas.setFont(font, 11)
        pen.canvas.drawString(x * mm, (297 - 40) * mm, pair)
        pen.text(x + wide + 2, 40, label)
    pen.canvas.save()
    (page,) = open_blank(tmp_path / "kurung.pdf")
    if threshold:
        soft = cv2.GaussianBlur(page.grey, (0, 0), 1.5)
        page = replace(page, grey=np.where(soft > threshold, 255, 0).astype(np.uint8))
    (asked,) = (item for item in draft_page(page, set()).items if item.type is FieldType.CHOICE)
    assert asked.label == "Sudah punya KTP (e-KTP)"
    assert [one.label for one in asked.choices] == ["Ya", "Belum"]
    for one, x in zip(asked.choices, (80, 110), strict=True):
        assert x - 0.5 < one.box.x < right(one.box) < x + wide + 0.5
        assert one.box.w > 0.7 * wide
        assert bottom(one.box) == pytest.approx(40.8, abs=0.5)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Bantuan yang diterima (boleh lebih dari satu)", "Bantuan yang diterima"),
        ("(Jawaban boleh lebih dari 1)", ""),
        ("Sumber air (lebih dari satu jawaban)", "Sumber air"),
        ("Pilih semua yang sesuai.", ""),
        ("Pilih semua jawaban yang sesuai", ""),
        ("*) dapat memilih lebih dari satu jawaban", ""),
        ("Aid received (check all that apply)", "Aid received"),
        ("You may tick more than one box", ""),
        ("Multiple answers allowed", ""),
    ],
)
def test_what_says_that_several_may_be_ticked(text, left):
    assert says_several(text)
    assert without_several(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "Pilih salah satu",
        "Jawaban tidak boleh lebih dari satu",
        "Jangan pilih lebih dari satu jawaban",
        "Punya lebih dari satu rumah?",
        "Choose no more than one answer",
        "Do you have more than one house?",
        "Apakah semua yang tinggal di rumah ini sesuai KTP?",
    ],
)
def test_what_does_not_say_so(text):
    assert not says_several(text)


def test_a_choice_of_which_several_may_be_ticked(tmp_path):
    pen = drawn.Pen(tmp_path / "bantuan.pdf")
    asked = (
        (40, "Bantuan yang diterima (boleh lebih dari satu) :", ""),
        (60, "Sumber air minum", "Pilih semua yang sesuai."),
        (80, "Status rumah", ""),
    )
    for y, text, note in asked:
        pen.text(20, y, text)
        pen.text(20, y + 4, note, 7)
        for x, label in ((24, "Pertama"), (64, "Kedua"), (104, "Ketiga")):
            pen.rect(Box(x, y + 6, 4, 4))
            pen.text(x + 6, y + 9.3, label)
    pen.canvas.save()
    (page,) = open_blank(tmp_path / "bantuan.pdf")
    items = draft_page(page, set()).items
    save_draft(tmp_path, Identity("bantuan", "BTN-01", 1, "Bantuan"), [page], [items], "bantuan.pdf")
    kept = dict(load_form(tmp_path / "bantuan.v1.yaml").definition.fields())
    assert {name: one.multiple for name, one in kept.items()} == {
        "bantuan_yang_diterima": True,
        "sumber_air_minum": True,
        "status_rumah": False,
    }


def test_a_form_as_offices_print_it(tmp_path):
    """Labels in cells, a line far from its label or under words alone, answers far from their question or before
    their boxes, labels of two words with a sign between, one label for two short combs."""
    office_blanks.write_fields(tmp_path / "warga.pdf")
    items = draft_page(next(open_blank(tmp_path / "warga.pdf")), set()).items
    kept = [(one.name, [box.label for box in one.choices] or len(one.at)) for one in items]
    assert kept == [
        ("nik", 16),
        ("no_telepon", 13),
        ("rt", 3),
        ("alamat", 1),
        ("desa_kelurahan", 1),
        ("keterangan_lain", 1),
        ("isian", 1),
        ("apakah_memiliki_rumah", ["Ya", "Tidak"]),
        ("apakah_memiliki_listrik", ["Ya", "Tidak"]),
        ("jenis_kelamin", ["Laki-laki", "Perempuan"]),
        ("cacat", ["Ya", "Tidak"]),
        ("bantuan", ["PKH", "BPNT / Sembako", "Lainnya"]),
        ("rt_2", 3),
        ("rw", 3),
        ("golongan_darah", ["A", "B", "AB", "O"]),
    ]
    for name, cells in office_blanks.FLUSH.items():
        assert far(cells, next(one.at for one in items if one.name == name)) < 0.3


def test_the_largest_words_at_the_head_are_the_title(form):
    assert str(form.definition.title) == "FORMULIR PENGADUAN WARGA"


def test_what_stands_out_at_the_head_and_what_does_not():
    """Heights are those of the printed letters: capitals, or with letters that reach below."""
    body = [Chunk("Nama lengkap", Box(20, 90 + 8 * row, 22, 3.0)) for row in range(8)]
    office = [
        Chunk("PEMERINTAH KABUPATEN BALANGAN", Box(50, 12, 110, 4.5)),
        Chunk("DINAS SOSIAL", Box(80, 19, 50, 5.0)),
        Chunk("Jalan Melati 7", Box(80, 26, 30, 2.6)),
    ]
    title = [Chunk("SURVEI KEPUASAN", Box(60, 40, 90, 3.4)), Chunk("LAYANAN DESA", Box(65, 46, 80, 3.4))]
    section = [Chunk("A. DATA KELUARGA", Box(20, 60, 50, 3.6))]
    assert heading([*office, *title, *section, *body], 297) == "SURVEI KEPUASAN LAYANAN DESA"
    assert heading([*office, *section, *body], 297) == ""
    assert heading([Chunk("Jenis kelamin", Box(20, 30, 22, 3.0)), *body], 297) == ""
    assert heading([Chunk("PENUTUP SURAT INI", Box(20, 280, 90, 6.0)), *body], 297) == ""
    assert heading([], 297) == ""


def test_bubbles_are_one_choice_a_row_and_meant_to_be_filled(form, fields):
    bubbles = [fields[name] for name, spec in form.definition.fields() if spec.filled]
    assert [[one.value for one in field.choices] for field in bubbles] == [list("ABCD")] * 3
    for field, true in zip(bubbles, drawn.BUBBLES, strict=True):
        assert far(true, [one.box for one in field.choices]) < 0.3


def test_lines_and_frames_are_places_to_write(fields):
    assert fields["alamat_rumah"].type is FieldType.LINE
    assert far([drawn.LINE], [fields["alamat_rumah"].box]) < 1.0
    assert fields["tanda_tangan"].type is FieldType.SIGNATURE
    assert far([drawn.SIGNATURE], [fields["tanda_tangan"].box]) < 0.3


def test_what_was_found_is_told_and_nothing_else_is_there(office, fields):
    assert re.search(
        r"1 halaman, 4 baris kotak huruf, 5 pertanyaan pilihan \(17 kotak\), 2 tempat", office[1].stdout
    )
    assert "sotarsa forms edit pengaduan" in office[1].stdout
    assert len(fields) == 11


def test_the_page_is_kept_as_it_is(office):
    picture = cv2.imread(str(office[0] / "forms/pengaduan.v1-1.png"), cv2.IMREAD_UNCHANGED)
    assert picture.shape == (2339, 1654)


def test_a_second_draft_is_the_next_version_and_changes_nothing(office, pdf):
    folder = office[0] / "forms"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    (folder / "lain.v1-1.png").write_bytes(b"kept")
    assert run(office[0], "new", str(pdf), "--code", "PGD-02", "--name", "lain").exception
    assert (folder / "lain.v1-1.png").read_bytes() == b"kept"
    assert before == {name: (folder / name).read_bytes() for name in before}


def test_a_second_form_on_one_blank_is_told_and_which_ones(office, pdf, tmp_path):
    """Its next version is none: the newest reads."""
    shutil.copytree(office[0] / "forms", tmp_path / "forms")
    told = run(tmp_path, "new", str(pdf), "--name", "kembar").output
    assert "cocok juga dengan formulir pengaduan" in told
    assert str(tmp_path / "forms/kembar.v1.yaml") in told
    assert "cocok juga" not in office[1].output


def test_a_draft_takes_no_form_of_the_offices_over(pdf, tmp_path):
    """Named after it, or with its code: the next print of that form would be refused as somebody else's."""
    assert isinstance(run(tmp_path, "new", str(pdf), "--name", "sosialisasi").exception, UsageError)
    assert isinstance(
        run(tmp_path, "new", str(pdf), "--name", "pendataan", "--code", "ABC-01").exception, UsageError
    )
    assert not (tmp_path / "forms").exists()


def test_a_draft_that_was_cut_short_is_made_again(office, tmp_path):
    """Pages lie there without their definition: the same command ends as if nothing had happened."""
    sheet = Sheet(np.full((3564, 2520), 255, np.uint8), 210.0, 297.0)
    cell = DraftField("rt", FieldType.CODE, "RT", (Box(30, 60, 6, 8),))
    made = Identity("surat", "SRT-01", 1, "Surat"), [sheet], [[cell]], "surat.pdf"
    path = save_draft(tmp_path, *made)
    whole = {one.name: one.read_bytes() for one in tmp_path.iterdir()}
    path.unlink()
    save_draft(tmp_path, *made)
    assert {one.name: one.read_bytes() for one in tmp_path.iterdir()} == whole
    with pytest.raises(UsageError, match=r"surat\.v1\.yaml"):
        save_draft(tmp_path, *made)


def test_no_draft_is_written_that_could_not_be_opened(tmp_path):
    """One unsound definition in the home stops every command."""
    sheet = Sheet(np.full((600, 2520), 255, np.uint8), 210.0, 460.0)
    cell = DraftField("rt", FieldType.CODE, "RT", (Box(30, 60, 6, 8),))
    with pytest.raises(DefinitionError, match="height"):
        save_draft(tmp_path, Identity("struk", "STR-01", 1, "Struk"), [sheet], [[cell]], "struk.jpg")
    assert not list(tmp_path.iterdir())


def test_a_draft_that_cannot_be_kept_leaves_nothing(tmp_path, monkeypatch):
    sheet = Sheet(np.full((3564, 2520), 255, np.uint8), 210.0, 297.0)
    fields = [[DraftField(name, FieldType.CODE, "RT", (Box(30, 60, 6, 8),))] for name in ("rt", "rw")]
    really = Path.write_bytes

    def write(path, content):
        if "-2.png" in path.name:
            raise OSError(errno.ENOSPC, "full")
        return really(path, content)

    monkeypatch.setattr(Path, "write_bytes", write)
    with pytest.raises(OSError, match="full"):
        save_draft(tmp_path, Identity("surat", "SRT-01", 1, "Surat"), [sheet] * 2, fields, "surat.pdf")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "name", ["a:\nx {a}.jpg", "{form}.jpg", "--- x\r\n.jpg", "a\u2028b\x85: c.jpg", "\udcff\x1b[1m\x00.jpg"]
)
def test_the_name_of_the_blank_breaks_no_draft(tmp_path, name):
    sheet = Sheet(np.full((3564, 2520), 255, np.uint8), 210.0, 297.0)
    cell = DraftField("rt", FieldType.CODE, "RT", (Box(30, 60, 6, 8),))
    path = save_draft(tmp_path, Identity("surat", "SRT-01", 1, "Surat"), [sheet], [[cell]], name)
    assert load_form(path).definition.title.id == "Surat"
    lines = path.read_text(encoding="utf-8").split("\n")
    assert [line[0] for line in lines[:3]] == ["#", "#", "f"]


@pytest.fixture
def thick(monkeypatch, tmp_path):
    """A blank of 14 pages, the second of which has nothing to fill in."""
    from pipeline.drafting import blank, draft

    path = tmp_path / "tebal.pdf"
    path.touch()
    white = Sheet(np.full((1188, 840), 255, np.uint8), 210.0, 297.0)

    def fields(sheet, taken):
        taken.add(f"rt_{len(taken)}")
        found = DraftField(f"rt_{len(taken)}", FieldType.CODE, "RT", (Box(30, 60, 6, 8),))
        return DraftPage([] if len(taken) == 2 else [found], "")

    monkeypatch.setattr(blank, "open_blank", lambda _: iter([white] * 14))
    monkeypatch.setattr(draft, "draft_page", fields)
    return path


def test_a_page_without_fields_is_left_out_and_told(thick, monkeypatch, tmp_path):
    from pipeline.drafting import blank

    pages = list(blank.open_blank(thick))[:3]
    monkeypatch.setattr(blank, "open_blank", lambda _: iter(pages))
    done = run(tmp_path, "new", str(thick))
    assert "Halaman 2 dari tebal.pdf tidak memuat isian" in done.stderr
    assert len(load_form(tmp_path / "forms/tebal.v1.yaml").blanks) == 2


def test_more_pages_than_a_form_may_have_are_refused(thick, tmp_path):
    done = run(tmp_path, "new", str(thick))
    assert isinstance(done.exception, UsageError)
    assert "paling banyak 12 halaman" in str(done.exception)
    assert not (tmp_path / "forms").exists()


def test_check_draws_the_boxes(office, tmp_path):
    done = run(office[0], "check", "pengaduan", "--draw", str(tmp_path / "out.png"))
    assert done.exit_code == 0
    picture = cv2.imread(str(tmp_path / "out.png"))
    first = drawn.NIK[8]
    inside = picture[round((first.y + 1) * 8), round((first.x + 3) * 8)]
    assert inside[0] > inside[2]


def test_check_draws_the_house_forms_page_by_page(tmp_path):
    assert run(tmp_path / "home", "check", "pendataan", "--draw", str(tmp_path / "out.png")).exit_code == 0
    assert sorted(path.name for path in tmp_path.glob("*.png")) == ["out-1.png", "out-2.png"]


@pytest.mark.parametrize("angle", [-4.0, -0.4, 0.1, 1.3])
def test_skew_is_told_to_less_than_a_tenth_of_a_millimetre_across_the_page(tmp_path, angle):
    pdf = given_tables.write_blank(tmp_path / "keluarga.pdf")
    sheet = next(open_blank(drawn.scanned(pdf, tmp_path / "scan.jpg", 0.0)))
    height, width = sheet.grey.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    turned = cv2.warpAffine(sheet.grey, turn, (width, height), flags=cv2.INTER_CUBIC, borderValue=255)
    assert skew(turned) == pytest.approx(-angle, abs=0.02)


@pytest.mark.parametrize("angle", [-1.2, 1.0])
def test_a_skewed_scan_is_turned_level(pdf, tmp_path, angle):
    sheet = next(open_blank(drawn.scanned(pdf, tmp_path / "scan.jpg", angle)))
    assert abs(skew(sheet.grey)) < 0.1
    ours = blanks.boxes(sheet)
    true = [*drawn.NIK, *drawn.DATE, *drawn.OPEN, *drawn.DOTTED]
    marks = [*drawn.SEX, *drawn.RELIGION, *(box for row in drawn.BUBBLES for box in row)]
    found = (blanks.score("", "", true, ours["cells"]), blanks.score("", "", marks, ours["marks"]))
    assert [(one.recall, one.precision) for one in found] == [(1.0, 1.0)] * 2


def test_a_page_without_fields_is_refused(tmp_path):
    cv2.imwrite(str(tmp_path / "kosong.png"), np.full((1200, 850), 255, np.uint8))
    assert isinstance(run(tmp_path, "new", str(tmp_path / "kosong.png")).exception, UsageError)
    assert not (tmp_path / "forms").exists()


@pytest.mark.parametrize("shape", [(3, 20000), (20000, 3), (3000, 200), (1200, 500)])
def test_what_is_too_narrow_for_a_page_is_refused(tmp_path, shape):
    cv2.imwrite(str(tmp_path / "tipis.png"), np.full(shape, 255, np.uint8))
    done = run(tmp_path, "new", str(tmp_path / "tipis.png"))
    assert isinstance(done.exception, UsageError)
    assert f"{shape[1]} x {shape[0]} piksel terlalu panjang" in str(done.exception)
    assert not (tmp_path / "forms").exists()


@pytest.mark.parametrize(("foot", "there"), [(2.0, False), (20.0, True)])
def test_no_room_to_write_begins_above_the_page(foot, there):
    """A scan's edge may be a line, and words may stand before it."""
    word = Chunk("Nama", Box(10.0, max(foot - 4.0, 0.0), 15.0, 4.0))
    rooms = written_lines([Box(30.0, foot, 60.0, 0.3)], [], [word], lambda box: box.y < 0)
    assert [room.box.y >= 0 for room in rooms] == [True] * there


@pytest.mark.parametrize("words", [("--code", "pgd-1"), ("--name", "Bukan Nama"), ("--code", "FPS-01")])
def test_a_wrong_name_or_code_is_refused(pdf, tmp_path, words):
    assert isinstance(run(tmp_path, "new", str(pdf), *words).exception, UsageError)


@given(st.text(max_size=60), st.sampled_from(FieldType))
def test_every_label_gives_a_free_name(label, kind):
    first = name_of(label, kind, ())
    second = name_of(label, kind, {first})
    assert first != second
    assert all(re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name) for name in (first, second))


@given(st.text(max_size=60))
def test_every_label_gives_a_free_value(label):
    values = [value_of(label, 1, ())]
    values.append(value_of(label, 2, values))
    assert len(set(values)) == 2
    assert all(re.fullmatch(r"[A-Za-z0-9_]{1,20}", value) for value in values)


@pytest.mark.parametrize(
    ("label", "cells", "kind"),
    [
        ("NIK", 16, FieldType.NIK),
        ("NIK", 12, FieldType.TEXT),
        ("No. Kartu Keluarga", 16, FieldType.KK),
        ("Tgl. lahir", 8, FieldType.DATE),
        ("No. HP", 12, FieldType.PHONE),
        ("RT", 3, FieldType.CODE),
        ("Jumlah anggota", 2, FieldType.COUNT),
        ("Penghasilan (Rp)", 9, FieldType.MONEY),
        ("Tempat lahir", 16, FieldType.PLACE),
        ("Pekerjaan", 20, FieldType.TEXT),
    ],
)
def test_types_follow_label_and_cells(label, cells, kind):
    assert comb_type(label, cells) is kind


@pytest.mark.parametrize(
    ("printed", "label"),
    [("1. Nama lengkap :", "Nama lengkap"), ("b) Umur ......", "Umur"), ("RT/RW", "RT/RW")],
)
def test_labels_lose_numbering_and_dots(printed, label):
    assert clean(printed) == label


@pytest.mark.parametrize("wide", range(2, 5))
def test_a_guide_that_was_seen_once_and_lost_once_parts_no_comb(wide):
    cells = [Box(60 + 5.5 * number, 66.4, 5.5, 7.0) for number in range(23)]
    both = Box(cells[9].x, 66.4, wide * 5.5, 7.1)
    combs = sort_shapes([*cells[:9], both, *cells[9:]], []).combs
    assert [comb.cells for comb in combs] == [tuple(cells)]


def test_slug_keeps_ascii():
    assert slug("Défi – Nº 1") == "defi_no_1"


@pytest.mark.skipif(not PRACTICE.exists(), reason="the practice forms are not on this computer")
class TestPractice:
    """Floors below what was measured by `python -m pipeline.training.blanks`."""

    def test_queXF_as_drawn(self):
        for one in self._scores("test_original"):
            assert (one.recall, one.precision) == (1.0, 1.0), one

    def test_queXF_as_scanned(self):
        marks = [one for one in self._scores("test_blank") if one.kind == "marks"]
        assert marks
        for one in marks:
            assert (one.recall, one.precision) == (1.0, 1.0), one

    def test_bubble_sheets(self):
        paths = sorted((PRACTICE / "omrchecker/sample6/doc-scans").glob("*.jpg"))
        assert paths
        for path in paths:
            sheet: Sheet = next(open_blank(path))
            one = blanks.sample6_score(PRACTICE / "omrchecker", path, sheet)
            assert one.recall > 0.9, one

    @staticmethod
    def _scores(name):
        scores = [one for one in blanks.quexf_scores(PRACTICE / "quexf", (name,)) if one.there]
        assert scores
        return scores
