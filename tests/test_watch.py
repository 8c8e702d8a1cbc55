"""A watched folder: files under way are left alone, bad ones go aside with a note, and nothing ends the watch."""

import errno
import os
import shutil
from pathlib import Path

import pytest
from notes import BACK, VALUES, note, put, reader

from pipeline.batch import scan
from pipeline.cli import scan as scanning
from pipeline.cli import watch as watching
from pipeline.cli.arrivals import PATIENCE_SECONDS, POLL_SECONDS, SETTLED_SECONDS, Arrivals
from pipeline.cli.main import command
from pipeline.cli.watch import PAUSE_SECONDS, Watcher, together
from pipeline.errors import Exit, StoreError
from pipeline.language import Text
from pipeline.store import models as m
from pipeline.store.tally import BatchSummary

LONG = 5 * PATIENCE_SECONDS


class Ended(Exception):
    """The clock has run out."""


class World:
    """A watched folder under a clock of numbers; what is planned happens when its second comes."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder, self.home, self.clock, self.end = folder, home, 1e6, 1e6 + LONG
        self.plan: list[tuple[float, object]] = []
        self.said: list[str] = []
        self.reads: list[tuple[float, list[str]]] = []
        self.before_read = lambda files: None

    def at(self, seconds, happens):
        self.plan.append((1e6 + seconds, happens))

    def sleep(self, seconds):
        self.clock += seconds
        for due in [one for one in self.plan if one[0] <= self.clock]:
            self.plan.remove(due)
            due[1]()
        if self.clock > self.end:
            raise Ended

    def read(self, files) -> BatchSummary:
        self.reads.append((self.clock - 1e6, [path.name for path in files]))
        self.before_read(files)
        return scan(files, None, reader(), self.home)

    def watch(self, *, once=False) -> Watcher:
        came = Arrivals(
            self.folder, once=once, sleep=self.sleep, now=lambda: self.clock, tell=self.said.append
        )
        watcher = Watcher(self.folder, came, self.read, once, self.said.append, self.sleep)
        if once:
            watcher.run()
        else:
            with pytest.raises(Ended):
                watcher.run()
        return watcher

    def names(self) -> list[list[str]]:
        return [names for _, names in self.reads]


@pytest.fixture
def world(tmp_path, store):
    folder = tmp_path / "in"
    folder.mkdir()
    return World(folder, store)


def good(path: Path, number=1) -> Path:
    serial = f"FPS-2005-26-{number:05d}"
    return put(path, note(1, serial, {**VALUES, "rw": f"{number:03d}"}), note(2, serial, BACK))


def test_a_file_that_is_written_slowly_is_read_when_it_is_whole(world):
    whole = good(world.folder.parent / "a.tif").read_bytes()
    for part in range(1, 11):
        cut = whole[: len(whole) * part // 10]
        world.at(part * 4, lambda cut=cut: (world.folder / "a.tif").write_bytes(cut))
    world.watch()
    assert world.names() == [["a.tif"]]
    assert world.reads[0][0] >= 40 + SETTLED_SECONDS
    assert m.Page.objects.filter(status="read").count() == 2


def test_a_file_that_is_opened_again_is_read_again_and_nothing_is_lost(world):
    good(world.folder / "a.tif", 1)
    world.at(100, lambda: good(world.folder / "a.tif", 2))
    world.watch()
    assert world.names() == [["a.tif"], ["a.tif"]]
    assert m.Sheet.objects.count() == 2


def test_names_of_files_under_way_are_left_alone_until_they_are_renamed(world):
    for name in ("a.tif.part", "b.tif~", "~$c.tif", ".d.tif", "e.tif.crdownload", "f.tmp"):
        good(world.folder / "x.tif").rename(world.folder / name)
    world.at(30, lambda: (world.folder / "a.tif.part").rename(world.folder / "a.tif"))
    world.watch()
    assert world.names() == [["a.tif"]]


def test_a_scanner_that_pauses_within_a_file_gets_its_time(world):
    whole = good(world.folder.parent / "a.tif").read_bytes()
    (world.folder / "a.tif").write_bytes(whole[:6])
    world.at(40, lambda: (world.folder / "a.tif").write_bytes(whole))
    world.watch()
    assert m.Page.objects.filter(reason="unreadable_file").count() == 1
    assert (world.folder / "a.tif").exists()
    assert not (world.folder / "disisihkan").exists()
    assert m.Page.objects.filter(status="read").count() == 2


def test_an_unusable_file_goes_aside_with_a_note_and_is_not_tried_for_ever(world):
    (world.folder / "scan.pdf").write_bytes(b"%PDF-1.4 cut off")
    (world.folder / "empty.jpg").touch()
    good(world.folder / "good.tif")
    watcher = world.watch()
    side = world.folder / "disisihkan"
    assert sorted(path.name for path in side.iterdir()) == [
        "empty.jpg", "empty.jpg.txt", "scan.pdf", "scan.pdf.txt",
    ]  # fmt: skip
    assert (side / "scan.pdf").read_bytes() == b"%PDF-1.4 cut off"
    told = (side / "empty.jpg.txt").read_text("utf-8")
    assert "Berkas ini kosong" in told
    assert "This file is empty" in told
    assert [path.name for path in world.folder.iterdir() if path.is_file()] == ["good.tif"]
    assert len(world.reads) == 2
    assert (watcher.status, sum("dipindahkan" in one for one in world.said)) == (Exit.NEEDS_EYE, 2)
    assert "3 berkas masuk: 2 halaman dibaca, 2 halaman disisihkan" in watcher.told()


def test_a_file_that_is_no_scan_is_told_of_once(world):
    (world.folder / "surat.docx").write_bytes(b"PK\x03\x04")
    (world.folder / "salinan.pdf.part").write_bytes(b"%PDF")
    world.watch()
    (told,) = (one for one in world.said if "surat.docx" in one)
    assert "bukan PDF atau gambar pindaian" in told
    assert not any("salinan" in one for one in world.said)


def test_a_bad_file_that_comes_alone_does_not_make_the_watch_one_that_could_not_be_used(world):
    good(world.folder / "good.tif")
    world.at(60, lambda: (world.folder / "scan.pdf").write_bytes(b"%PDF-1.4 cut off"))
    assert world.watch().status == Exit.NEEDS_EYE


def test_names_that_are_no_utf_8_are_read_and_put_aside(world):
    good(world.folder / "a.tif").rename(world.folder / os.fsdecode(b"caf\xe9.tif"))
    (world.folder / os.fsdecode(b"\xe9.pdf")).write_bytes(b"junk")
    world.watch()
    assert set(m.ScanFile.objects.values_list("name", flat=True)) == {"caf?.tif", "?.pdf"}
    assert len(list((world.folder / "disisihkan").iterdir())) == 2


def test_nothing_in_the_side_folder_is_written_over_or_read(world):
    side = world.folder / "disisihkan"
    side.mkdir()
    (side / "a.pdf").write_bytes(b"an older one")
    (world.folder / "a.pdf").write_bytes(b"junk")
    world.watch()
    assert (side / "a.pdf").read_bytes() == b"an older one"
    assert (side / "a (2).pdf").read_bytes() == b"junk"
    assert {name for names in world.names() for name in names} == {"a.pdf"}


def test_a_file_that_cannot_be_moved_is_told_once(world, monkeypatch):
    (world.folder / "a.pdf").write_bytes(b"junk")
    (world.folder / "disisihkan").write_bytes(b"a file where the folder should be")
    world.watch()
    assert sum("tidak dapat dipindahkan" in one for one in world.said) == 1
    assert len(world.reads) == 2


def test_a_store_that_refuses_is_told_once_and_the_file_is_read_when_it_is_back(world):
    good(world.folder / "a.tif")

    def refuse(files):
        if world.clock < 1e6 + 200:
            raise StoreError(Text("Diska penuh.", "The disk is full."))

    world.before_read = refuse
    world.watch()
    assert [one for one in world.said if "Diska" in one] == ["Diska penuh. Dicoba lagi setiap 30 detik."]
    assert "Dilanjutkan." in world.said
    assert m.Page.objects.filter(status="read").count() == 2


def test_a_folder_that_is_gone_for_a_while_is_told_once_and_watched_again(world):
    away = world.folder.with_name("away")
    world.at(10, lambda: world.folder.rename(away))
    world.at(100, lambda: away.rename(world.folder))
    world.at(120, lambda: good(world.folder / "a.tif"))
    world.watch()
    assert [one.split(" (")[0] for one in world.said] == [
        f"Folder {world.folder} tidak dapat dibuka",
        f"Folder {world.folder} sudah ada lagi.",
    ]
    assert world.names() == [["a.tif"]]


def test_a_folder_that_was_replaced_by_nothing_gives_back_what_it_held(world):
    good(world.folder / "a.tif")
    away = world.folder.with_name("away")
    world.at(2, lambda: world.folder.rename(away))
    world.at(60, lambda: shutil.copytree(away, world.folder))
    world.watch()
    assert world.names() == [["a.tif"]]


def test_a_drive_that_leaves_while_a_file_is_read_loses_nothing(world):
    good(world.folder / "a.tif")
    good(world.folder / "b.tif", 2)
    away = world.folder.with_name("away")

    def leave(files):
        if not away.exists() and len(world.reads) == 1:
            world.folder.rename(away)

    world.before_read = leave
    world.at(100, lambda: away.rename(world.folder))
    world.watch()
    assert m.Page.objects.filter(status="read").count() == 4


def test_a_file_that_is_shut_while_it_is_read_does_not_hold_up_the_others(world):
    shut = good(world.folder / "a.tif")
    good(world.folder / "b.tif", 2)
    away = world.folder.with_name("a.tif")

    def shut_it(files):
        if shut in files and not away.exists() and world.clock < 1e6 + 100:
            shut.rename(away)
            shut.symlink_to(shut)
            raise PermissionError(errno.EACCES, "in use", str(shut))

    world.before_read = shut_it
    world.at(150, lambda: away.rename(shut))
    world.watch()
    assert [names for seconds, names in world.reads if seconds < 150][-1] == ["b.tif"]
    assert m.Page.objects.filter(status="read").count() == 4


@pytest.fixture
def locked(world):
    folder = world.folder / "lama"
    folder.mkdir(mode=0o000)
    yield folder
    folder.chmod(0o755)


def test_one_look_that_may_not_open_a_folder_needs_an_eye(world, locked, plain_account):
    assert world.watch(once=True).status == Exit.NEEDS_EYE
    assert [str(locked) in one for one in world.said] == [True]


def test_a_fault_of_the_program_at_one_file_costs_that_file_alone(world):
    for number in (1, 2, 3):
        good(world.folder / f"{number}.tif", number)

    def fail(files):
        if any(path.name == "2.tif" for path in files):
            raise ZeroDivisionError

    world.before_read = fail
    world.watch()
    assert m.Sheet.objects.count() == 2
    assert "kesalahan program" in (world.folder / "disisihkan" / "2.tif.txt").read_text("utf-8")
    assert sum("2.tif" in names for names in world.names()) <= 4


def test_a_definition_that_breaks_while_a_file_is_read_ends_no_watch(world):
    """What became of the file is told by the forms, which somebody is changing."""
    folder = world.home / "forms"
    folder.mkdir()
    good(world.folder / "a.tif")
    world.before_read = lambda _: (folder / "uji.v1.yaml").write_text("form: [", encoding="utf-8")
    watcher = world.watch()
    assert any("uji.v1.yaml" in said for said in world.said)
    assert world.names() == [["a.tif"]]
    assert "1 berkas masuk" in watcher.told()


def test_a_file_that_vanishes_is_no_trouble(world):
    good(world.folder / "a.tif")
    good(world.folder / "b.tif", 2)
    world.before_read = lambda files: (world.folder / "a.tif").unlink(missing_ok=True)
    world.watch()
    assert m.Sheet.objects.count() == 1
    assert not (world.folder / "disisihkan").exists()


def test_once_leaves_a_young_bad_file_to_the_next_run_and_moves_an_old_one(world):
    for name, age in (("young.pdf", SETTLED_SECONDS + 1), ("old.pdf", PATIENCE_SECONDS + 1)):
        (world.folder / name).write_bytes(name.encode())
        os.utime(world.folder / name, (world.clock - age, world.clock - age))
    world.watch(once=True)
    assert (world.folder / "young.pdf").exists()
    assert (world.folder / "disisihkan" / "old.pdf").exists()
    world.clock += PATIENCE_SECONDS
    world.watch(once=True)
    assert not (world.folder / "young.pdf").exists()


def test_once_ends_at_a_store_that_refuses(world):
    good(world.folder / "a.tif")
    os.utime(world.folder / "a.tif", (0, 0))

    def refuse(files):
        raise StoreError(Text("Diska penuh.", "The disk is full."))

    world.before_read = refuse
    with pytest.raises(StoreError):
        world.watch(once=True)


def test_ctrl_c_ends_the_watch_with_what_was_done(home, tmp_path, capsys, monkeypatch):
    folder = tmp_path / "in"
    folder.mkdir()
    good(folder / "a.tif")
    monkeypatch.setattr(scanning, "make_reader", lambda jobs, scheduler: reader())
    steps = iter(range(1000))

    def sleep(seconds):
        if m.Page.objects.exists():
            raise KeyboardInterrupt

    monkeypatch.setattr(
        watching,
        "Arrivals",
        lambda *args, **more: Arrivals(*args, **more, sleep=sleep, now=lambda: next(steps) * POLL_SECONDS),
    )
    with pytest.raises(SystemExit) as left:
        command().main(["watch", str(folder)], prog_name="sotarsa")
    told = capsys.readouterr().err
    assert left.value.code == 0
    assert "1 berkas masuk: 2 halaman dibaca, 0 halaman disisihkan" in " ".join(told.split())
    from django.db import connection

    connection.close()


def test_sides_that_arrive_one_by_one_are_one_batch_and_find_each_other(world):
    world.read = together(
        lambda files, batch: scan(files, batch, reader(), world.home), now=lambda: world.clock
    )
    world.end += PAUSE_SECONDS
    for number in range(1, 7):
        side = note(2 - number % 2, "", {"rt": str(number)})
        late = PAUSE_SECONDS if number > 4 else 0
        world.at(
            30 * number + late, lambda number=number, side=side: put(world.folder / f"{number}.png", side)
        )
    world.watch()
    assert [batch.files.count() for batch in m.Batch.objects.order_by("pk")] == [4, 2]
    assert m.Sheet.objects.filter(complete=True).count() == m.Sheet.objects.count() == 3
