"""`sotarsa review` at the terminal and in a pipe: the screen, the keys, the ink, the lists for scripts."""

import io
import json
import os
import pty
import re
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from forms_under_test import catalogue, form
from hypothesis import given, settings
from hypothesis import strategies as st
from notes import BACK, VALUES, note, put, scan_notes

from pipeline.cli.main import command
from pipeline.forms.fields import Choice
from pipeline.forms.layout import Box, Kind
from pipeline.recognition.types import Alternative
from pipeline.review.blocks import Colours, Room, best_strips, dots, draw_field
from pipeline.review.entry import choice_keys, interpret
from pipeline.review.items import ReviewItem
from pipeline.review.keys import HELP, Do, parse
from pipeline.review.picture import PX_PER_MM, Ink, Pictures, extent
from pipeline.review.render import Card, render, section_of, title_of
from pipeline.store.models import Decision, FieldReading
from pipeline.validation.sheet import broken_rules

FRONT = {**VALUES, "nik": "6311026103789001", "tanggal_lahir": "1978-03-22", "jenis_kelamin": "P"}
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
DOTS_MM = 10


def item(field="nik", row=None, value="6311026103789001", **more) -> ReviewItem:
    facts = {
        "id": 7,
        "sheet": 1,
        "source": "a.pdf",
        "sha256": "0" * 64,
        "suffix": ".png",
        "image": 1,
        "form": "pendataan",
        "version": 1,
        "serial": "FPS-2005-26-00017",
        "page": next(
            page.page
            for page in form("pendataan").layout.pages
            if any((one.name, one.row) == (field, row) for one in page.fields)
        ),
        "position": 3,
        "field": field,
        "row": row,
        "value": value,
        "read_value": value,
        "raw": value or "",
        "confidence": 0.6,
        "status": "review",
        "alternatives": (),
        "reasons": ("low_confidence",),
        "quad": ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)),
    }
    return ReviewItem(**{**facts, **more})


def card(shown: ReviewItem, **more) -> Card:
    forms = catalogue()
    return Card(shown, shown.spec(forms), title_of(shown, forms), section_of(shown, forms), 12, 143, **more)


def spec(field):
    return form("pendataan").definition.field(field)


OTHERS = (Alternative("6311026103789007", 0.2), Alternative("63110261037890", 0.1), Alternative(None, 0.01))


def test_the_screen_says_what_where_and_why(monkeypatch):
    screen = render(card(item(alternatives=OTHERS, reasons=("gap",))), 100)
    for words in (
        "12 dari 143",
        "FPS-01 Pendataan · FPS-2005-26-00017 · halaman 1",
        "NIK",
        "Kepala keluarga",
        "6311 0261 0378 9001",
        "1  6311 0261 0378 9007  20,0%",
        "60,0%",
        "Ada kotak kosong di tengah isian.",
        "- kosong",
    ):
        assert words in screen
    assert "\x1b" not in screen
    monkeypatch.setenv("SOTARSA_LANG", "en")
    assert "12 of 143" in render(card(item()), 100)


def test_where_a_value_may_be_an_audited_one_nobody_is_told_how_sure_it_is():
    blind = render(card(item(alternatives=OTHERS)), 100)
    assert "%" not in blind
    assert "1  6311 0261 0378 9007" in blind
    assert "%" in render(card(item(alternatives=OTHERS, reasons=("low_confidence", "gap"))), 100)


def test_a_row_of_a_table_is_named_and_codes_are_explained():
    screen = render(card(item("anggota.hubungan", 2, "04")), 100)
    assert "baris 2" in screen
    assert "04 (anak)" in screen
    assert "02 suami · 03 istri" in screen


@pytest.mark.parametrize("width", [79, 119])
def test_no_line_is_wider_than_the_terminal(width):
    for field, value in (("nik", None), ("bantuan_diterima", "PKH|SMB"), ("tanggal_lahir", "1978-03-21")):
        screen = render(card(item(field, value=value, alternatives=OTHERS)), width)
        assert max(map(len, screen.splitlines())) <= width


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_help_fits_eighty_columns(language):
    assert max(map(len, getattr(HELP, language).splitlines())) < 80


@pytest.mark.parametrize(
    ("line", "do", "value"),
    [
        ("", Do.TAKE, ""),
        ("   ", Do.TAKE, ""),
        ("-", Do.EMPTY, ""),
        ("?", Do.UNREADABLE, ""),
        (">", Do.SKIP, ""),
        ("<", Do.BACK, ""),
        (":q", Do.QUIT, ""),
        (":Q", Do.QUIT, ""),
        (":h", Do.HELP, ""),
        (":G", Do.PICTURE, ""),
        ("1", Do.VALUE, "6311026103789007"),
        ("=1", Do.VALUE, "6311026103789007"),
        ("2", Do.NO_READING, "2"),
        ("=0", Do.NO_READING, "=0"),
        ("99", Do.NO_READING, "99"),
        (" 6311 ", Do.VALUE, "6311"),
        (":keluar", Do.QUIT, ""),
        (":simpan", Do.UNKNOWN, ":simpan"),
    ],
)
def test_a_line_is_a_command_or_a_value(line, do, value):
    action = parse(line, item(alternatives=OTHERS), spec("nik"))
    assert (action.do, action.value) == (do, value)


def test_a_number_that_may_be_the_value_picks_only_after_its_sign():
    counted = item("jumlah_anggota", value="4", alternatives=(Alternative("9", 0.3),))
    assert parse("1", counted, spec("jumlah_anggota")).value == "1"
    assert parse("=1", counted, spec("jumlah_anggota")).value == "9"
    assert "=1  9" in render(card(counted), 100)


def test_a_bare_number_picks_where_words_are_written():
    job = item("pekerjaan", value="PENCAR/ IKAN", alternatives=(Alternative("PENCARI IKAN", 0.7),))
    assert parse("1", job, spec("pekerjaan")).value == "PENCARI IKAN"
    assert "1  PENCARI IKAN" in render(card(job), 100)


def test_a_number_that_picks_nothing_is_no_value_at_once():
    job = item("pekerjaan", value="12", alternatives=(Alternative("17", 0.2), Alternative("1Z", 0.1)))
    asked = {line: parse(line, job, spec("pekerjaan")).do for line in ("3", "99", "007", "17", "12")}
    assert asked == {"3": Do.NO_READING, "99": Do.NO_READING, "007": Do.VALUE, "17": Do.VALUE, "12": Do.VALUE}
    assert parse("3", item("pekerjaan", value="X"), spec("pekerjaan")).do is Do.VALUE


def test_the_numbers_of_a_signature_are_its_own():
    signed = item("tanda_tangan", value="present", alternatives=(Alternative("absent", 0.9),), page=2)
    assert parse("1", signed, spec("tanda_tangan")).value == "1"
    assert "Lain" not in render(card(signed), 100)


def test_after_a_decision_the_reading_itself_can_be_picked():
    corrected = item(value="6311026103789002", read_value="6311026103789001", reasons=("gap",))
    assert parse("1", corrected, spec("nik")).value == "6311026103789001"
    screen = render(card(corrected), 100)
    assert "Diganti  6311 0261 0378 9002\n" in screen
    assert "1  6311 0261 0378 9001  60,0%" in screen


@settings(max_examples=40)
@given(st.integers(1, 40), st.integers(1, 8), st.sampled_from([Colours.GREY, Colours.TRUE]))
def test_a_picture_has_the_size_asked_for(columns, lines, colours):
    picture = np.random.default_rng(columns).integers(0, 256, (60, 200), np.uint8)
    drawn = [ESCAPES.sub("", line) for line in dots(picture, columns, lines, colours)]
    assert [len(line) for line in drawn] == [columns] * lines


def test_dark_ink_is_dark_on_light_paper():
    picture = np.full((80, 160), 255, np.uint8)
    picture[:, :80] = 0
    (line, *_) = dots(picture, 4, 2, Colours.TRUE)
    assert "48;2;0;0;0" in line
    assert "48;2;255;255;255" in line


def paper(layout, turn=None) -> Ink:
    """A page at 10 px a mm on which the field's left half is inked; perhaps lying upside down."""
    box = extent(layout)
    image = np.full((2970, 2100), 250, np.uint8)
    x, y, w, h = (round(side * DOTS_MM) for side in box)
    image[y : y + h, x : x + w // 2] = 30
    homography = np.diag([DOTS_MM, DOTS_MM, 1.0])
    if turn == 180:
        image = cv2.rotate(image, cv2.ROTATE_180)
        homography = np.array([[-DOTS_MM, 0, 2099], [0, -DOTS_MM, 2969], [0, 0, 1.0]])
    return Ink(image, homography)


@pytest.mark.parametrize("turn", [None, 180])
def test_a_cut_is_upright_at_a_fixed_scale(turn):
    layout = item("nik").layout(catalogue())
    cut = paper(layout, turn).cut(Box(*layout.box), margin=0)
    assert cut.shape == (round(layout.box.h * PX_PER_MM), round(layout.box.w * PX_PER_MM))
    half = cut.shape[1] // 2
    assert cut[5:-5, 5 : half - 5].mean() < 40
    assert cut[5:-5, half + 5 : -5].mean() > 240


@pytest.mark.parametrize("room", [Room(79, 6), Room(119, 14)])
def test_every_field_of_the_form_fits_the_room(room):
    for page in form("pendataan").layout.pages:
        for layout in page.fields:
            drawn = draw_field(paper(layout), layout, spec(layout.name), None, room, Colours.GREY)
            assert max(len(ESCAPES.sub("", line)) for line in drawn) <= room.width
            if layout.kind is not Kind.MARKS:
                assert len(drawn) <= room.lines


def test_long_combs_are_cut_between_cells():
    layout = item("nama").layout(catalogue())
    strips = best_strips(layout, Room(99, 14))
    assert len(strips) == 2
    assert strips[1].box.x == pytest.approx(layout.cells[len(layout.cells) // 2].x)


def test_choices_stand_in_numbered_tiles_with_the_read_one_marked():
    layout = item("lantai", value="semen").layout(catalogue())
    drawn = draw_field(paper(layout), layout, spec("lantai"), "semen", Room(99, 14), Colours.TRUE)
    assert "1 Keramik" in ESCAPES.sub("", drawn[-1])
    assert "\x1b[1;7m2 Semen\x1b[0m" in drawn[-1]


@pytest.mark.parametrize(
    ("values", "keys"),
    [
        (("ya", "tidak"), ("1", "2")),
        (("1", "2", "3"), ("1", "2", "3")),
        (("0", "1", "2"), ("0", "1", "2")),
        (("2", "1", "lain"), ("2", "1", "lain")),
    ],
)
def test_what_stands_beside_a_choice_picks_it(values, keys):
    choices = tuple(Choice(value=value, label=f"Pilihan {value}") for value in values)
    asked = spec("jenis_kelamin").model_copy(update={"choices": choices})
    assert choice_keys(asked) == keys
    assert tuple(interpret(asked, key) for key in keys) == values


def test_ink_comes_from_the_archive_page_after_page(store, tmp_path):
    pages = [np.full((40, 64), shade, np.uint8) for shade in (10, 20, 30)]
    from pipeline.store.archive import Archive

    kept = Archive(store).keep(put(tmp_path / "a.tif", *pages))
    pictures, layout = Pictures(store), item("nik").layout(catalogue())
    for image in (1, 3, 3, 2):
        ink = pictures.ink(item(sha256=kept.sha256, suffix=".tif", image=image), layout)
        assert ink.image[0, 0] == 10 * image
    saved = pictures.save(item(), layout, ink)
    assert saved.parent == store / "crops"
    assert cv2.imread(str(saved), cv2.IMREAD_GRAYSCALE).shape == ink.cut(extent(layout)).shape
    assert pictures.ink(item(sha256=kept.sha256, suffix=".tif", image=9), layout) is None
    assert pictures.ink(item(), layout) is None


@pytest.fixture
def sotarsa(store, tmp_path, capsys, monkeypatch):
    """Run a command in this process with lines on standard input, over a store with three open items."""
    deck = put(tmp_path / "a.tif", note(1, values=FRONT, doubt={"kk": "?"}), note(2, values=BACK))
    scan_notes(store, deck, rules=broken_rules)

    def run(*args, lines=""):
        monkeypatch.setattr("sys.stdin", io.StringIO(lines))
        with pytest.raises(SystemExit) as left:
            command().main(["review", *(str(arg) for arg in args)], prog_name="sotarsa")
        told = capsys.readouterr()
        return left.value.code, told.out, told.err

    return run


def status(field):
    row = FieldReading.objects.get(field=field, row=None)
    return row.status, row.value


def test_a_pipe_of_lines_walks_through_the_queue(sotarsa):
    out = sotarsa("--reviewer", "ani", lines="abc\n6311026203789001\n\n\n:q\n")[1]
    assert "1 dari 3" in out
    assert "Tanggal lahir: 22-03-1978" in out
    assert "Tanggal lahir tidak sama" in out
    assert status("nik") == ("reviewed", "6311026203789001")
    assert status("kk") == ("reviewed", FRONT["kk"])
    assert set(Decision.objects.values_list("by", flat=True)) == {"ani"}


def test_a_value_against_the_evidence_needs_a_second_enter(sotarsa):
    sotarsa(lines="6311022203789001\n:q\n")
    assert status("nik")[0] == "review"
    out = sotarsa(lines="6311022203789001\n\n:q\n")[1]
    assert "sekali lagi" in out
    assert status("nik") == ("reviewed", "6311022203789001")


@pytest.mark.parametrize("between", [":g", ":h", ":apa"])
def test_what_was_asked_about_is_what_the_second_enter_keeps(sotarsa, between):
    out = sotarsa(lines=f"6311022203789001\n{between}\n\n:q\n")[1]
    assert out.count("sekali lagi") == 2
    assert status("nik") == ("reviewed", "6311022203789001")


def test_a_refused_value_says_what_enter_would_take(sotarsa):
    out = sotarsa(lines="abc\n:q\n")[1]
    assert "Enter memakai bacaan: 6311 0261 0378 9001." in " ".join(out.split())


@pytest.mark.parametrize(
    ("lines", "told", "value"),
    [
        ("7\n:q\n", "Enter sekali lagi", ("review", "PENCAR/ IKAN")),
        ("7\n:h\n\n:q\n", "Enter sekali lagi", ("reviewed", "7")),
        ("7\n1\n:q\n", "Enter sekali lagi", ("reviewed", "PENCARI IKAN")),
        ("=7\n:q\n", "Enter memakai bacaan: PENCAR/ IKAN.", ("review", "PENCAR/ IKAN")),
    ],
)
def test_a_number_that_no_reading_has_is_asked_about(sotarsa, lines, told, value):
    FieldReading.objects.update(status="accepted")
    others = [["PENCARI IKAN", 0.7], ["PENCARI IKAM", 0.1]]
    row = FieldReading.objects.filter(field="pekerjaan", row=None)
    row.update(value="PENCAR/ IKAN", status="review", reasons=["gap"], alternatives=others)
    out = " ".join(sotarsa(lines=lines)[1].split())
    assert f"Bacaan 7 tidak ada (1–2). {told}" in out
    assert status("pekerjaan") == value


def test_what_nobody_can_read_stays_so_when_it_is_looked_at_again(sotarsa):
    out = sotarsa(lines="?\n<\n\n:q\n")[1]
    assert "Diganti  (tidak terbaca)" in out
    assert [decision.kind for decision in Decision.objects.all()] == ["unreadable"]


@pytest.mark.parametrize("leave", [":q\n", ""])
def test_who_looks_back_and_leaves_loses_no_decision(sotarsa, leave):
    out = sotarsa(lines=f"?\n?\n<\n<\n{leave}")[1]
    assert "tetap berlaku" in out
    assert "2 diputuskan, 0 dilewati, 1 masih menunggu." in out
    assert (status("nik"), status("kk")) == (("reviewed", None), ("reviewed", None))


def test_looking_back_and_forth_leaves_what_is_not_changed(sotarsa):
    out = sotarsa(lines="?\n-\n<\n<\n>\n6311026103789005\n\n:q\n")[1]
    assert [f"{number} dari 3" in out for number in (1, 2, 3)] == [True] * 3
    assert "2 diputuskan, 0 dilewati, 1 masih menunggu." in out
    assert (status("nik")[0], status("kk")) == ("reviewed", ("reviewed", "6311026103789005"))
    assert list(Decision.objects.filter(reading__field="nik").values_list("kind", flat=True)) == [
        "unreadable"
    ]


def test_one_leaves_and_goes_on_later(sotarsa):
    out = sotarsa(lines=">\n-\n")[1]
    assert "1 diputuskan, 1 dilewati, 2 masih menunggu." in out
    assert "1 dari 2" in sotarsa(lines="")[1]
    assert FieldReading.objects.exclude(claimed_by="").count() == 0


def test_back_help_and_the_end(sotarsa):
    out = sotarsa(lines="<\n:h\n\n<\n?\n?\n?\n")[1]
    assert "belum ada keputusan" in out
    assert "panah atas" in out
    assert out.rstrip().endswith("3 diputuskan, 0 dilewati, 0 masih menunggu.")
    nik = Decision.objects.filter(reading__field="nik").order_by("pk")
    assert list(nik.values_list("kind", flat=True)) == ["confirmed", "unreadable"]
    assert "sudah selesai" in sotarsa()[1]


def typed_at_a_terminal(home: Path, *keys: bytes) -> str:
    """What `sotarsa review` shows at a terminal where these keys are pressed, each time that it waits for a line."""
    child, terminal = pty.fork()
    if child == 0:
        review = "from pipeline.cli.main import main; main()"
        os.environ |= {"SOTARSA_HOME": str(home), "TERM": "xterm"}
        os.execv(sys.executable, [sys.executable, "-c", review, "review"])
    shown, left = b"", list(keys)
    with os.fdopen(terminal, "r+b", buffering=0) as screen:
        try:
            while part := screen.read(65_536):
                shown += part
                if left and shown.count("› ".encode()) > len(keys) - len(left):
                    screen.write(left.pop(0))
        except OSError:  # Linux's way to say that the other end has gone
            pass
    os.waitpid(child, 0)
    return shown.decode()


def test_a_key_pressed_twice_confirms_nothing_that_was_not_yet_shown(sotarsa, store):
    shown = typed_at_a_terminal(store, b"\r\r", b":q\r")
    assert "1 diputuskan" in shown
    assert (status("nik")[0], status("kk")[0]) == ("reviewed", "review")
    # What was said before stands above, so that the whole has to fit a terminal's 24 lines.
    screens = shown.split("\x1b[3J")[1:]
    assert [screen.partition("› ")[0].count("\n") < 24 for screen in screens] == [True] * 2


class Keyboard(io.StringIO):
    """A terminal at which somebody types, and then presses Ctrl-C or Ctrl-D."""

    def isatty(self):
        return True


@pytest.mark.parametrize("pressed", [KeyboardInterrupt, EOFError])
def test_what_is_told_at_the_end_stands_on_a_line_of_its_own(sotarsa, monkeypatch, pressed):
    def typed(prompt):
        screen.write(f"{prompt}PENCARI /KAN")
        raise pressed

    screen = Keyboard()
    monkeypatch.setattr("builtins.input", typed)
    monkeypatch.setattr("termios.tcflush", lambda *_: None)
    monkeypatch.setattr("sys.stdin", screen)
    monkeypatch.setattr("sys.stdout", screen)
    with pytest.raises(SystemExit):
        command().main(["review"], prog_name="sotarsa")
    assert "PENCARI /KAN\n0 diputuskan, 0 dilewati, 3 masih menunggu." in screen.getvalue()


@pytest.mark.parametrize(("desktop", "status"), [(":0", 0), (":0", 1), (None, 0)])
def test_the_picture_opens_in_the_computers_viewer(sotarsa, store, monkeypatch, desktop, status):
    opened = []
    monkeypatch.setattr("typer.launch", lambda path: opened.append(Path(path)) or status)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.delenv("DISPLAY", raising=False)
    if desktop:
        monkeypatch.setenv("DISPLAY", desktop)
    out = sotarsa(lines=":g\n:q\n")[1]
    assert [path.is_file() for path in opened] == [True] * bool(desktop)
    assert ("tidak punya penampil" in out) == (status == 1 or not desktop)
    folder = f"penampil gambar. Berkasnya: {store / 'crops'}"
    assert (folder in " ".join(out.split())) == ("tidak punya penampil" in out)


def test_the_last_decision_can_still_be_changed(sotarsa):
    sotarsa(lines="-\n-\n<\n1000\n6311026103789005\n\n")
    assert status("kk") == ("reviewed", "6311026103789005")


def test_a_form_that_is_not_known_here_does_not_stop_the_others(sotarsa, monkeypatch):
    from pipeline.store.models import Page

    Page.objects.filter(readings__field="nik").update(version=7)
    out = sotarsa(lines="\n")[1]
    assert "v7" in out
    assert "0 diputuskan, 3 dilewati" in out


def test_what_nobody_can_read_is_not_told_as_empty(sotarsa):
    out = sotarsa(lines="?\n-\n:q\n")[1]
    assert "✓ NIK: (tidak terbaca)" in out
    assert "✓ Nomor Kartu Keluarga: (kosong)" in out
    shown = sotarsa("show", "FPS-2005-26-00017")[1]
    assert shown.count("(tidak terbaca)") == 1


def test_brackets_in_a_value_are_no_markup(sotarsa):
    row = FieldReading.objects.get(field="catatan")
    FieldReading.objects.filter(pk=row.pk).update(value="[/KK] [red]", status="review", reasons=["gap"])
    code, out, _ = sotarsa("--list")
    assert code == 0
    assert "[/KK] [red]" in out
    code, out, _ = sotarsa("show", "FPS-2005-26-00017")
    assert code == 0
    assert "[/KK] [red]" in out


def test_what_others_hold_is_told(sotarsa):
    from pipeline.review.queue import next_item

    next_item("budi")
    assert "orang lain" in sotarsa("--reviewer", "ani")[1]


def test_the_list_for_scripts_and_its_pictures(sotarsa):
    code, out, _ = sotarsa("--list", "--json")
    items = json.loads(out)["items"]
    assert code == 0
    assert [one["field"] for one in items] == ["nik", "kk", "tanggal_lahir"]
    assert items[0].keys() >= {
        "id", "source", "image", "form", "serial", "page", "field", "row", "value", "alternatives", "reasons", "crop",
    }  # fmt: skip
    assert items[0]["reasons"] == ["nik_agrees_with_birth_date"]
    assert cv2.imread(items[0]["crop"]) is not None
    assert len(json.loads(sotarsa("--json", "--limit", 1)[1])["items"]) == 1
    _, table, more = sotarsa("--list", "--limit", 1)
    assert "FPS-2005-26-00017/1" in table
    assert "2" in more


@pytest.mark.parametrize(
    ("args", "kind"),
    [
        (("22-03-1978",), "confirmed"),
        (("21031978",), "corrected"),
        (("--empty",), "empty"),
        (("--unreadable",), "unreadable"),
    ],
)
def test_set_decides_one_item(sotarsa, args, kind):
    row = FieldReading.objects.get(field="tanggal_lahir", row=None)
    assert sotarsa("set", row.pk, *args, "--reviewer", "skrip")[0] == 0
    assert [(d.kind, d.by) for d in row.decisions.all()] == [(kind, "skrip")]


@pytest.mark.parametrize("args", [("123",), (), ("6311026203789001", "--empty")])
def test_set_refuses_with_a_sentence(sotarsa, args):
    row = FieldReading.objects.get(field="nik", row=None)
    code, out, err = sotarsa("set", row.pk, *args)
    assert (code, out) == (2, "")
    assert err.strip().endswith(".")
    assert not Decision.objects.exists()
