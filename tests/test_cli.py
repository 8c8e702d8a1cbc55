"""The edge of the command line: help, exit statuses, words on standard error, JSON on standard output."""

import errno
import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from pathlib import Path

import pytest
from notes import BACK, VALUES, interrupted, note, put, reader
from rich.console import Console

from pipeline.batch import Progress
from pipeline.cli import arrivals as watching
from pipeline.cli import context
from pipeline.cli import scan as scanning
from pipeline.cli.doctor import _PARTS
from pipeline.cli.main import _DOORS, _STOPPED, INTERRUPTED, command
from pipeline.errors import MissingPartError, StoreError
from pipeline.language import Text
from pipeline.store.archive import Archive

PROGRAM = Path(sys.executable).with_name("sotarsa")


@pytest.fixture
def sotarsa(home, capsys, monkeypatch):
    """Run a command in this process; gives status, standard output, standard error."""
    monkeypatch.setattr(scanning, "make_reader", lambda jobs, scheduler: reader())

    def run(*args):
        with pytest.raises(SystemExit) as left:
            command().main([str(arg) for arg in args], prog_name="sotarsa")
        told = capsys.readouterr()
        return left.value.code, told.out, told.err

    yield run
    from django.db import connection

    connection.close()


@pytest.fixture
def deck(tmp_path):
    return put(tmp_path / "deck.tif", note(1, values=VALUES), note(2, values=BACK))


def test_scan_twice_is_once(sotarsa, deck):
    status, out, _ = sotarsa("scan", deck, "--json")
    assert status == 0
    told = json.loads(out)
    assert (told["pages"], told["read"], told["set_aside"]) == (2, 2, [])
    status, out, _ = sotarsa("scan", deck, "--json")
    assert status == 0
    assert json.loads(out)["already_read"] == ["deck.tif"]


def test_a_page_that_is_set_aside_makes_the_status_1_and_is_explained(sotarsa, tmp_path, monkeypatch):
    put(
        tmp_path / "a.tif",
        note(1, values=VALUES, doubt={"nik": "?"}),
        note(fault="blank"),
        note(2, values=BACK),
    )
    status, out, err = sotarsa("scan", tmp_path / "a.tif")
    assert (status, out) == (1, "")
    assert "kosong" in err
    monkeypatch.setenv("SOTARSA_LANG", "en")
    assert "blank" in sotarsa("export", "pages")[1]


def test_a_file_that_will_not_open_is_told_and_stops_no_other(sotarsa, deck, tmp_path, monkeypatch):
    shut = put(tmp_path / "a.tif", note(1, "FPS-2005-26-00018", values=VALUES))
    really = Archive.keep

    def keep(self, source):
        if source.name == "a.tif":
            raise PermissionError(errno.EACCES, "Permission denied", str(source))
        return really(self, source)

    with monkeypatch.context() as closed:
        closed.setattr(Archive, "keep", keep)
        status, out, _ = sotarsa("scan", shut, deck, "--json")
        assert (status, json.loads(out)["read"], json.loads(out)["not_opened"]) == (1, 2, [str(shut)])
        status, _, err = sotarsa("scan", shut)
        assert status == 2
        assert f"{shut} tidak dapat dibuka" in err
        assert "izin" in err
    assert json.loads(sotarsa("scan", shut, "--json")[1])["pages"] == 1


def test_fields_to_review_do_not_change_the_status(sotarsa, tmp_path):
    put(tmp_path / "a.tif", note(1, values=VALUES, doubt={"nik": "?"}), note(2, values=BACK))
    status, out, _ = sotarsa("scan", tmp_path / "a.tif", "--json")
    assert (status, json.loads(out)["fields"]["review"]) == (0, 1)


def test_input_that_cannot_be_used_at_all_is_status_2(sotarsa, tmp_path):
    (tmp_path / "a.pdf").touch()
    assert sotarsa("scan", tmp_path / "a.pdf")[0] == 2
    status, out, err = sotarsa("scan", tmp_path / "none.pdf")
    assert (status, out) == (2, "")
    assert "none.pdf" in err
    status, _, err = sotarsa("scan", "")
    assert (status, err.strip().split(".")[0]) == (2, "Nama berkas atau folder kosong")
    assert [json.loads(line)["reason"] for line in sotarsa("export", "pages")[1].splitlines()] == [
        "empty_file"
    ]


@pytest.mark.parametrize(("error", "status"), [(MissingPartError, 3), (StoreError, 4)])
def test_a_failure_is_one_sentence_and_a_status(sotarsa, deck, monkeypatch, error, status):
    def fail(jobs, scheduler):
        raise error(Text("kurang X", "X is lacking"))

    monkeypatch.setattr(scanning, "make_reader", fail)
    assert sotarsa("scan", deck) == (status, "", "kurang X\n")
    monkeypatch.setenv("SOTARSA_LANG", "en")
    assert sotarsa("scan", deck, "--json") == (status, "", "X is lacking\n")


def test_a_damaged_database_is_status_4_for_every_command(sotarsa, deck, home):
    sotarsa("scan", deck)
    from django.db import connection

    connection.close()
    (home / "sotarsa.sqlite3").write_bytes(b"junk" * 5000)
    for args in (["scan", deck], ["export", "readings"], ["doctor"]):
        status, _, err = sotarsa(*args)
        assert status == 4 or (args == ["doctor"] and status == 3)
        assert "Traceback" not in err


def test_the_home_option_wins_over_the_environment(sotarsa, deck, tmp_path):
    sotarsa("--home", tmp_path / "elsewhere", "scan", deck)
    assert (tmp_path / "elsewhere" / "sotarsa.sqlite3").exists()
    assert (tmp_path / "elsewhere" / "archive").is_dir()


def test_an_interrupted_scan_says_how_to_go_on(sotarsa, deck, monkeypatch):
    def stop(jobs, scheduler):
        raise KeyboardInterrupt

    monkeypatch.setattr(scanning, "make_reader", stop)
    status, _, err = sotarsa("scan", deck)
    assert status == 130
    assert "lanjut" in err


def test_what_a_killed_scan_left_is_named_by_the_next_and_read_from_the_archive(
    sotarsa, deck, home, tmp_path
):
    sotarsa("scan", deck)
    lost = put(
        tmp_path / "usb.tif", note(1, "FPS-2005-26-00018", values=VALUES), note(2, "FPS-2005-26-00018")
    )
    interrupted(home, [lost], stop=1)
    lost.unlink()
    status, out, err = sotarsa("scan", deck)
    assert (status, out) == (0, "")
    assert "usb.tif" in err
    assert f"sotarsa scan {home / 'archive'}" in err
    assert json.loads(sotarsa("scan", home / "archive", "--json")[1])["unfinished"] == []
    assert sotarsa("verify")[0] == 0


def test_a_terminal_breaks_no_word_and_a_pipe_gets_a_sentence_whole(monkeypatch, capsys):
    sentence = "Penyaluran sesudah itu sudah mengubah Suryatama, jadi impor ini tidak dapat dibatalkan lagi sekarang."
    path = "/home/kantor/" + "folder-yang-panjang-sekali/" * 4
    for terminal in (False, True):
        monkeypatch.setattr("sys.stderr.isatty", lambda terminal=terminal: terminal)
        monkeypatch.setenv("COLUMNS", "40")
        context.say(f"{sentence}\n{path}", err=True)
    *whole, first, second, third, last = capsys.readouterr().err.splitlines()
    assert whole == [sentence, path]
    assert (" ".join((first, second, third)), last) == (sentence, path)
    assert max(map(len, (first, second, third))) <= 40


@pytest.mark.parametrize("terminal", [True, False])
def test_a_terminal_obeys_no_file_name(monkeypatch, capsys, terminal):
    monkeypatch.setattr("sys.stderr.isatty", lambda: terminal)
    name = "dua\nbaris \x1b]0;judul\x07 \u202efdp \udcff"
    context.tell(Text("{name} dipindahkan.", "{name} moved."), name=name)
    assert capsys.readouterr().err == "dua\nbaris ?]0;judul? ?fdp ? dipindahkan.\n"


@pytest.mark.parametrize("words", ["review --json --batch", "register apart 1", "export readings --batch"])
def test_a_word_in_another_encoding_is_told(sotarsa, home, words):
    """A terminal that is set to Latin-1 sends it."""
    status, _, err = sotarsa(*words.split(), os.fsdecode(b"caf\xe9"))
    assert status == 2
    assert "caf? memuat huruf" in err.lower()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("review --list", "Tidak ada isian yang menunggu."),
        ("import --runs", "Belum pernah ada impor."),
        ("export people", "Belum ada satu baris pun."),
        ("export readings", "Belum ada satu baris pun."),
    ],
)
def test_nothing_is_told_as_nothing(sotarsa, home, words, told):
    home.mkdir()
    assert sotarsa(*words.split()) == (0, "", f"{told}\n")


@pytest.mark.parametrize(
    ("columns", "last"), [(80, "345 untuk diperiksa"), (120, "per menit"), (45, "1234 halaman")]
)
def test_how_far_a_scan_is_fits_the_terminal(monkeypatch, columns, last):
    told = io.StringIO()
    console = Console(file=told, force_terminal=True, width=columns, color_system=None)
    monkeypatch.setattr(scanning.context, "console", lambda: console)
    with scanning._bar() as tell:
        tell(Progress(files=3, of_files=1200, pages=1234, set_aside=12, review=345))
    line = next(line for line in reversed(told.getvalue().splitlines()) if "halaman" in line)
    assert "3/1200 berkas 0:00:0" in line
    assert line.rstrip().endswith(last)
    assert "…" not in line


def test_a_wrong_setting_is_told(sotarsa, deck, monkeypatch):
    monkeypatch.setenv("SOTARSA_JOBS", "many")
    status, _, err = sotarsa("scan", deck)
    assert status == 2
    assert "SOTARSA_JOBS" in err


def test_a_cluster_without_dask_names_the_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "dask.distributed", None)
    with pytest.raises(MissingPartError, match="pip install"):
        scanning.cluster("tcp://127.0.0.1:1")


def test_watch_reads_what_is_there(sotarsa, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    deck = put(folder / "a.tif", note(1, values=VALUES), note(2, values=BACK))
    os.utime(deck, (1e9, 1e9))
    assert sotarsa("watch", folder, "--once")[0] == 0
    assert len(sotarsa("export", "pages")[1].splitlines()) == 2
    assert sotarsa("watch", tmp_path / "none", "--once")[0] == 2


def test_a_file_is_taken_when_it_rests_and_never_again(tmp_path):
    """The clock is a number; at each look the scanner writes on."""
    clock = 1e6
    file = tmp_path / "a.pdf"
    written = iter([b"1", b"12", b"123", *[b"123"] * 30])
    looks = 0

    def sleep(seconds):
        nonlocal clock, looks
        clock += seconds
        looks += 1
        if looks > 30:
            raise StopAsyncIteration
        content = next(written)
        if not file.exists() or file.read_bytes() != content:
            file.write_bytes(content)
            os.utime(file, (clock, clock))

    came = iter(watching.Arrivals(tmp_path, once=False, sleep=sleep, now=lambda: clock))
    assert next(came) == [file]
    assert file.read_bytes() == b"123"
    with pytest.raises(StopAsyncIteration):
        next(came)
    assert looks > 30


def test_watching_once_ends_in_an_empty_folder(tmp_path):
    assert list(watching.Arrivals(tmp_path, once=True, sleep=lambda _: None)) == []


@pytest.mark.parametrize("name", sorted(_DOORS))
def test_every_command_has_help_and_every_leaf_an_example(sotarsa, name, monkeypatch):
    for language, usage, group, word in (
        ("id", "Pemakaian: ", "PERINTAH", "Contoh"),
        ("en", "Usage: ", "COMMAND", "Example"),
    ):
        monkeypatch.setenv("SOTARSA_LANG", language)
        done = subprocess.run([PROGRAM, name, "--help"], capture_output=True, text=True, check=True)
        assert usage in done.stdout
        if group not in done.stdout:
            assert word in done.stdout


def test_help_lists_every_command_without_loading_it():
    code = """
import sys
sys.argv = ["sotarsa", "--help"]
from pipeline.cli.main import main
try:
    main()
except SystemExit:
    print(sorted({"django", "cv2", "pydantic", "numpy"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert all(name in done.stdout for name in _DOORS)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_wrong_home_is_no_all_clear(sotarsa, home):
    """A command in another folder than the data's says first that there is nothing there yet."""
    assert not home.exists()
    _, _, said = sotarsa("verify")
    assert str(home) in said
    assert "--home" in said
    assert "--home" not in sotarsa("verify")[2]


def test_a_backup_that_lost_a_part_on_its_way_is_told_where_it_is_unpacked(sotarsa, deck, tmp_path):
    sotarsa("scan", deck)
    sotarsa("backup", tmp_path / "whole.tar")
    sotarsa("backup", tmp_path / "cut.tar")
    with tarfile.open(tmp_path / "cut.tar") as tar:
        scan = next(one for one in tar if one.name.endswith(".tif"))
    with (tmp_path / "cut.tar").open("r+b") as file:
        file.truncate(scan.offset)
    for name, status, told in (("whole", 0, "utuh"), ("cut", 1, "Berkas tidak ada di arsip: deck.tif")):
        left, out, err = sotarsa("--home", tmp_path / name, "restore", tmp_path / f"{name}.tar")
        assert (left, told in out, "pindai lagi" in err) == (status, True, bool(status))


def _hearing_ctrl_c():
    """A shell starts what it puts in the background with Ctrl-C ignored; that would be handed on."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_a_worker_is_born_deaf_to_ctrl_c():
    code = (
        "import signal; from concurrent.futures import ProcessPoolExecutor; from multiprocessing import get_context\n"
        "if __name__ == '__main__':\n"
        "    from pipeline.workers import process_pool\n"
        "    process_pool(1)\n"
        "    with ProcessPoolExecutor(1, mp_context=get_context('forkserver')) as pool:\n"
        "        print(pool.submit(signal.getsignal, signal.SIGINT).result() is signal.SIG_IGN)\n"
        "    print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, preexec_fn=_hearing_ctrl_c
    )
    assert done.stdout.split() == ["True", "True"]


def test_ctrl_c_pressed_again_and_again_leaves_one_sentence_and_a_store_to_go_on_with(home):
    samples = Path(__file__).parents[1] / "samples" / "halong-2026-11"
    environment = {**os.environ, "SOTARSA_HOME": str(home)}
    scan = subprocess.Popen(
        [PROGRAM, "scan", samples],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_hearing_ctrl_c,
    )
    while not [*home.glob("archive/**/*.*")]:
        assert scan.poll() is None
        time.sleep(0.05)
    for _ in range(4):
        scan.send_signal(signal.SIGINT)
        time.sleep(0.1)
    _, said = scan.communicate(timeout=60)
    assert scan.returncode == INTERRUPTED
    assert "Traceback" not in said
    assert said.count(str(_STOPPED)) == 1
    done = subprocess.run([PROGRAM, "verify"], env=environment, check=False, capture_output=True)
    assert done.returncode in (0, 1)


def test_what_a_command_writes_is_for_its_owner_alone(sotarsa, deck, home, tmp_path):
    sotarsa("scan", deck)
    environment = {**os.environ, "SOTARSA_HOME": str(home)}
    for words in (
        "export readings --out a.csv",
        "export readings --out a.xlsx",
        "report --month 2026-11 --out r",
    ):
        subprocess.run(
            [PROGRAM, *words.split()], cwd=tmp_path, env=environment, check=True, capture_output=True
        )
    made = [tmp_path / "a.csv", tmp_path / "a.xlsx", tmp_path / "r", *(tmp_path / "r").iterdir()]
    assert len(made) == 5
    assert all(path.stat().st_mode & 0o077 == 0 for path in made)


@pytest.mark.parametrize(
    "words",
    ["export readings --out {}/a.csv", "export people --out {}/a.xlsx", "report --month 2026-11 --out {}",
     "backup {}/b.tar", "forms print sosialisasi --out {}/p.pdf"],
)  # fmt: skip
@pytest.mark.parametrize(
    ("code", "status", "said"), [(errno.EROFS, 2, "tidak dapat ditulis"), (errno.ENOSPC, 4, "Diska penuh")]
)
def test_where_nothing_can_be_written_the_place_is_named(
    sotarsa, tmp_path, monkeypatch, words, code, status, said
):
    def make(suffix=None, *args, **more):
        if suffix == ".part":
            raise OSError(code, os.strerror(code))
        return really(suffix, *args, **more)

    really = tempfile.mkstemp
    monkeypatch.setattr(tempfile, "mkstemp", make)
    left, _, err = sotarsa(*words.format(tmp_path).split())
    assert left == status
    assert said in err
    assert "Folder data" not in err
    assert not list(tmp_path.glob("*.part"))
    from pipeline.store.models import IssuedSheet

    assert not IssuedSheet.objects.exists()


def test_a_spreadsheet_on_a_full_disk_is_told_as_such(sotarsa, tmp_path, monkeypatch):
    def write(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(zipfile.ZipFile, "write", write)
    status, _, err = sotarsa("export", "people", "--out", tmp_path / "a.xlsx")
    assert status == 4
    assert err.strip().endswith("aman.")
    assert not (tmp_path / "a.xlsx").exists()


def test_figures_stand_as_the_language_writes_them(sotarsa, monkeypatch):
    out = sotarsa("calibrate")[1]
    assert " 0,1% " in out
    assert "0 / 2.995" in out
    monkeypatch.setenv("SOTARSA_LANG", "en")
    assert "0 / 2,995" in sotarsa("calibrate")[1]


def test_doctor_lists_its_parts_as_json(sotarsa):
    status, out, _ = sotarsa("doctor", "--json")
    parts = json.loads(out)["parts"]
    assert all(part["found"] or part["cure"] for part in parts)
    needed = {part.name.en for part in _PARTS if part.needed}
    assert status == (0 if all(part["found"] for part in parts if part["name"] in needed) else 3)


def test_the_log_of_the_home_holds_what_happened(sotarsa, tmp_path, home):
    sotarsa("scan", put(tmp_path / "a.tif", note(fault="raise"), note(1, values=VALUES)))
    assert "ink that nobody expected" in (home / "logs" / "sotarsa.log").read_text()


def test_no_file_name_writes_a_line_of_the_log_or_a_traceback_on_the_screen(tmp_path, home):
    name = tmp_path / "rusak\udcff\n2026-11-30 ERROR palsu.pdf"
    name.symlink_to("/proc/self/mem")
    done = subprocess.run([PROGRAM, "scan", name], check=False, capture_output=True, timeout=120)
    assert (done.returncode, b"Traceback" in done.stderr) == (2, False)
    (line,) = (home / "logs" / "sotarsa.log").read_text().splitlines()
    assert "rusak??2026-11-30 ERROR palsu.pdf" in line


def test_a_log_that_cannot_be_written_puts_no_traceback_on_the_screen(tmp_path, home):
    (home / "logs").mkdir(parents=True)
    (home / "logs" / "sotarsa.log").symlink_to("/dev/full")
    (tmp_path / "a.pdf").symlink_to("/proc/self/mem")
    done = subprocess.run(
        [PROGRAM, "scan", tmp_path / "a.pdf"], check=False, capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
