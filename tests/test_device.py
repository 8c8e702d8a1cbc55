"""Sheets from a scanner, played by SANE's own test backend; no scanner of this machine is touched."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from notes import reader
from scan_device import blank

from pipeline.cli import scan as scanning
from pipeline.cli.main import command
from pipeline.errors import MissingPartError
from pipeline.page import PageReading, PageStatus
from pipeline.scans import device
from pipeline.scans.device_options import ScannerFault, options, settings
from pipeline.store import models as m
from pipeline.store.archive import sha256_of

SHEETS = 10
"""The test backend's feeder is empty after so many."""
SMALL = "number_of_devices 2\ngeometry_max 40.0\nresolution_max 100.0\n"
HANGS = "Pemindai tidak menjawab"
SLOW = "read-limit true\nread-limit-size 4096\nread-delay true\nread-delay-duration 200000\n"
OTHERS = """
All options specific to device `fujitsu:ScanSnap':
  Standard:
    --source ADF Front|ADF Back|ADF Duplex [ADF Front]
    --mode Lineart|Halftone|Gray|Color [Lineart]
    --resolution 75|100|240|600dpi [600]
  Geometry:
    --page-width 2.2..221.1mm (in steps of 0.0211639) [215.872]
    --page-height 2.2..876.695mm (in steps of 0.0211639) [292.062]
    -l 0..215.872mm (in steps of 0.0211639) [0]
    -x 0..215.872mm (in steps of 0.0211639) [215.872]
    -y 0..292.062mm (in steps of 0.0211639) [292.062]
    --depth 8|16 [inactive]
"""

DISTINCT = """#!/bin/sh
# Real scanimage whose pages differ: the test backend's are all alike. The fourth is held back while a test says so.
case "$*" in
*--batch-print*) number=0; "{real}" "$@" | while read -r page; do
  number=$((number + 1))
  while [ "$number" -gt 3 ] && [ -e "{log}.hold" ]; do sleep 0.05; done
  date +%N >>"$page"; sha256sum "$page" >>"{log}"; echo "$page"
done; touch "{log}.end" ;;
*) exec "{real}" "$@" ;;
esac
"""
PATIENT = """#!/bin/sh
# Real scanimage, once more where it hangs: now and then the test backend's two threads wait for each other when the
# very first read fails.
for _ in 1 2 3 4 5; do
  timeout -k 1 10 "{real}" "$@"; status=$?
  [ "$status" -lt 124 ] && exit "$status"
done
exit "$status"
"""
JAMS_AT_4 = """#!/bin/sh
# Real scanimage whose feeder gives three sheets, all different, and jams at the fourth.
case "$*" in *--batch-print*)
  "{real}" "$@" --batch-count=3 | while read -r page; do date +%N >>"$page"; echo "$page"; done
  export SANE_CONFIG_DIR="{jammed}"
  set -- "$@" --batch-start=4 ;;
esac
""" + PATIENT.partition("\n")[2]


@pytest.fixture(autouse=True)
def sane(tmp_path, monkeypatch):
    """SANE with two small scanners of its test backend; gives what writes another configuration."""

    def configure(more="", name="sane.d"):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        (folder / "dll.conf").write_text("test\n")
        (folder / "test.conf").write_text(SMALL + more + "\n")
        return folder

    monkeypatch.setenv("SANE_CONFIG_DIR", str(configure()))
    return configure


@pytest.fixture
def instead(tmp_path, monkeypatch):
    """Put a program before the real `scanimage`."""
    real = shutil.which("scanimage")

    def put(script, **more):
        folder = tmp_path / "bin"
        folder.mkdir()
        program = folder / "scanimage"
        program.write_text(script.format(real=real, **more))
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    return put


@pytest.fixture
def sotarsa(home, capsys, monkeypatch):
    """Run a command in this process, every page being blank; gives status, standard output, standard error."""
    monkeypatch.setattr(scanning, "make_reader", lambda jobs, scheduler: reader(read=blank))

    def run(*args):
        with pytest.raises(SystemExit) as left:
            command().main([str(arg) for arg in args], prog_name="sotarsa")
        told = capsys.readouterr()
        return left.value.code, told.out, told.err

    yield run
    from django.db import connection

    connection.close()


def feed(folder, name="test:0", dpi=100, **more):
    return device.feed(name, folder, dpi=dpi, **more)


def test_scanners_are_found_and_the_first_is_the_first(sane):
    assert [one.name for one in device.scanners()] == ["test:0", "test:1"]
    assert device.first() == device.scanners()[0]
    assert device.version().startswith("scanimage (sane-backends)")


def test_the_feeder_is_emptied_page_by_page(tmp_path):
    groups = list(feed(tmp_path / "100% in"))
    pages = [page for group in groups for page in group]
    assert len(pages) == SHEETS
    assert pages == sorted((tmp_path / "100% in").iterdir())
    assert all(page.read_bytes()[:3] == b"\xff\xd8\xff" for page in pages)


def test_pages_come_while_the_feeder_runs_and_who_stops_asking_stops_it(tmp_path, sane):
    sane(SLOW)
    pages = feed(tmp_path)
    assert next(pages)
    pages.close()
    there = list(tmp_path.glob(device.PAGES))
    assert 0 < len(there) < SHEETS
    assert not list(tmp_path.glob("*.part"))


def test_a_flatbed_gives_one_page(tmp_path):
    assert [len(group) for group in feed(tmp_path, source="flatbed")] == [1]


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("JAMMED", "macet"),
        ("NO_DOCS", "kosong"),
        ("COVER_OPEN", "Tutup"),
        ("IO_ERROR", "kabel"),
        ("ACCESS_DENIED", "usermod"),
        ("DEVICE_BUSY", "dipakai"),
        ("CANCELLED", "dibatalkan"),
        ("NO_MEM", "Out of memory"),
        ("EOF", "too few scanlines"),
    ],
)
def test_every_fault_is_told_with_what_to_do(tmp_path, sane, instead, status, told):
    sane(f'read-status-code "SANE_STATUS_{status}"')
    instead(PATIENT)
    with pytest.raises(ScannerFault) as fault:
        list(feed(tmp_path / "in"))
    assert told in str(fault.value)
    assert list((tmp_path / "in").glob(device.PAGES)) == []


def test_a_scanner_that_hangs_is_told_of_and_stopped(tmp_path, instead, monkeypatch):
    instead('#!/bin/sh\ncase "$*" in *--batch*) exec sleep 600;; *) exec {real} "$@";; esac\n')
    monkeypatch.setattr(device, "_ANSWER_SECONDS", 5)
    monkeypatch.setattr(device, "_STOP_SECONDS", 1)
    with pytest.raises(ScannerFault, match=HANGS):
        list(feed(tmp_path))


def test_no_scanner_a_wrong_name_a_wrong_source_and_no_program(tmp_path, sane, monkeypatch):
    with pytest.raises(ScannerFault, match="list-devices"):
        list(feed(tmp_path, "test:7"))
    with pytest.raises(ScannerFault, match=r"Glass.*Flatbed, Automatic Document Feeder"):
        list(feed(tmp_path, source="Glass"))
    sane()
    (tmp_path / "sane.d" / "dll.conf").write_text("")
    with pytest.raises(ScannerFault, match="Tidak ada pemindai"):
        device.first()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert device.version() is None
    with pytest.raises(MissingPartError, match="apt-get install sane-utils"):
        device.first()


def test_the_settings_scan_a_whole_sheet_in_grey_from_both_sides():
    wanted = settings(options(OTHERS), 300, None)
    assert dict(zip(wanted[::2], wanted[1::2], strict=True)) == {
        "--source": "ADF Duplex",
        "--mode": "Gray",
        "--resolution": "600",
        "--page-width": "216",
        "--page-height": "330",
        "-x": "216",
        "-y": "330",
    }
    assert settings(options(OTHERS), 1200, "adf front")[:2] == ["--source", "ADF Front"]
    assert settings(options(OTHERS), 1200, None)[5] == "600"
    assert settings({}, 300, None) == ["--batch-count=1"]


def test_sheets_go_from_the_feeder_into_the_store(sotarsa, home, tmp_path, instead):
    instead(DISTINCT, log=tmp_path / "log")
    status, out, _ = sotarsa("scan", "--device", "test:1", "--resolution", "100", "--batch", "b/1", "--json")
    told = json.loads(out)
    assert (status, told["batch"], told["pages"], told["fault"]) == (1, "b/1", SHEETS, None)
    assert m.ScanFile.objects.filter(batch__name="b/1").exclude(images=None).count() == SHEETS
    assert [path for path in (home / "inbox").rglob("*") if path.is_file()] == []


def test_what_came_before_a_jam_is_read_and_the_jam_is_told(sotarsa, home, sane, instead):
    instead(JAMS_AT_4, jammed=sane('read-status-code "SANE_STATUS_JAMMED"', "jammed.d"))
    status, _, err = sotarsa("scan", "--device", "--resolution", "100")
    assert status == 1
    assert "macet" in err
    assert m.Page.objects.count() == 3
    assert [path for path in (home / "inbox").rglob("*") if path.is_file()] == []


def test_the_exit_status_says_what_went_wrong(sotarsa, sane, instead, tmp_path, monkeypatch):
    instead(PATIENT)
    sane('read-status-code "SANE_STATUS_NO_DOCS"')
    status, out, err = sotarsa("scan", "--device", "--json")
    assert (status, out) == (2, "")
    assert "Pengumpan kertas kosong" in err
    assert sotarsa("scan", "--device", "a.pdf", "b.pdf")[0] == 2
    assert sotarsa("scan")[0] == 2
    assert json.loads(sotarsa("scan", "--list-devices", "--json")[1])["devices"][0]["name"] == "test:0"
    monkeypatch.setenv("PATH", str(tmp_path))
    status, _, err = sotarsa("scan", "--device")
    assert status == 3
    assert "sudo apt-get install sane-utils" in err


def test_a_page_that_may_be_read_later_waits_in_the_inbox(sotarsa, home, monkeypatch):
    def unknown(image, shelf):
        return PageReading(PageStatus.SET_ASIDE, "unknown_form", "")

    monkeypatch.setattr(scanning, "make_reader", lambda jobs, scheduler: reader(read=unknown))
    sotarsa("scan", "--device", "--source", "Flatbed", "--resolution", "100")
    assert len(list((home / "inbox").iterdir())) == 1
    monkeypatch.setattr(scanning, "make_reader", lambda jobs, scheduler: reader(read=blank))
    sotarsa("scan", "--device", "--source", "Flatbed", "--resolution", "100")
    assert list((home / "inbox").iterdir()) == []
    assert [page.reason for page in m.Page.objects.all()] == ["blank"]


def test_pages_of_another_batch_are_told_of_and_two_runs_do_not_meet(sotarsa, home, sane):
    left = home / "inbox" / "batch b%2F1"
    left.mkdir(parents=True)
    (left / "1.jpg").write_bytes(b"junk")
    _, _, err = sotarsa("scan", "--device", "--source", "Flatbed", "--resolution", "100")
    assert "1 halaman dari pemindaian lain" in err
    assert "sotarsa scan --device --batch b/1" in err
    with (home / "inbox.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        status, _, err = sotarsa("scan", "--device")
    assert (status, "Pemindaian lain sedang berjalan" in err) == (2, True)
    sotarsa("scan", "--device", "--source", "Flatbed", "--resolution", "100", "--batch", "b/1")
    assert m.ScanFile.objects.get(name="1.jpg").batch.name == "b/1"
    assert list(left.iterdir()) == []


def test_halves_of_pages_are_swept_when_nobody_can_be_writing_them(tmp_path):
    for name, age in (("old.jpg.part", 90_000), ("young.jpg.part", 0)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    device.sweep(tmp_path)
    assert [path.name for path in tmp_path.glob("*.part")] == ["young.jpg.part"]


def test_the_doctor_names_the_program_and_does_not_insist_on_it(sotarsa, tmp_path, monkeypatch):
    part = "Direct scanning (only for scan --device)"
    found = {one["name"]: one for one in json.loads(sotarsa("doctor", "--json")[1])["parts"]}
    assert found[part]["found"].startswith("scanimage")
    status = sotarsa("doctor", "--json")[0]
    for program in ("tesseract", "pdftoppm"):
        if there := shutil.which(program):
            (tmp_path / program).symlink_to(there)
    monkeypatch.setenv("PATH", str(tmp_path))
    again, out, _ = sotarsa("doctor", "--json")
    lacking = next(one for one in json.loads(out)["parts"] if one["name"] == part)
    assert (again, lacking["found"], lacking["cure"]) == (status, None, "apt-get install sane-utils")


def test_a_batch_that_is_killed_and_run_again_loses_and_doubles_nothing(store, tmp_path, sane, instead):
    instead(DISTINCT, log=tmp_path / "log")
    sane(SLOW)
    run = [
        sys.executable,
        str(Path(__file__).with_name("scan_device.py")),
        "scan",
        "--device",
        "--resolution",
        "100",
    ]
    inbox = store / "inbox"
    hold = tmp_path / "log.hold"
    hold.touch()
    killed = subprocess.Popen(run, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while m.ScanFile.objects.count() < 3:
        assert killed.poll() is None
        time.sleep(0.02)
    killed.kill()
    killed.wait()
    hold.unlink()
    while not (tmp_path / "log.end").exists():
        time.sleep(0.02)
    came = {sha256_of(path) for path in inbox.glob(device.PAGES)} | hashes()
    assert 3 <= len(came) < SHEETS
    sane()
    assert subprocess.run(run, check=False, capture_output=True).returncode == 1
    logged = {line.split()[0] for line in (tmp_path / "log").read_text().splitlines()}
    assert came | logged == hashes()
    assert m.Page.objects.count() == m.ScanFile.objects.exclude(images=None).count() == len(hashes())
    assert list(inbox.glob(device.PAGES)) == []


def hashes():
    return set(m.ScanFile.objects.values_list("sha256", flat=True))
