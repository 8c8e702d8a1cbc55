"""Batches: every file and page accounted for, whatever fails and whenever the machine stops."""

import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from forms_under_test import catalogue
from notes import BACK, VALUES, fields_on, note, put, read_note, reader, scan_notes

from pipeline.batch import Progress, scan
from pipeline.errors import MissingPartError
from pipeline.language import Text
from pipeline.scans.types import PageImage
from pipeline.store import models as m
from pipeline.store.archive import Archive, sha256_of
from pipeline.workers import Work, process_pool, read_in_order

pytestmark = pytest.mark.usefixtures("store")


def sheet_notes(number, **more):
    serial = f"FPS-2005-26-{number:05d}"
    return note(1, serial, {**VALUES, "rw": f"{number:03d}"}, **more), note(2, serial, BACK, **more)


def pages():
    return list(
        m.Page.objects.order_by("file", "image").values_list("file__name", "image", "status", "reason")
    )


def test_a_file_is_kept_and_told_as_read_before(store, tmp_path):
    deck = put(tmp_path / "a.tif", *sheet_notes(1))
    first = scan_notes(store, deck)
    row = m.ScanFile.objects.get()
    assert (row.images, row.name, row.batch.name) == (2, "a.tif", "b1")
    assert sha256_of(Archive(store).path(row.sha256, row.suffix)) == row.sha256 == sha256_of(deck)
    again = scan_notes(store, deck, batch="b2")
    assert (first.already, again.already, again.pages) == ((), ("a.tif",), 0)
    assert (m.Page.objects.count(), m.ScanFile.objects.count()) == (2, 1)


def test_every_unreadable_file_has_a_row_and_the_others_go_on(store, tmp_path):
    (tmp_path / "empty.pdf").touch()
    (tmp_path / "junk.jpg").write_bytes(b"\0" * 50)
    good = put(tmp_path / "good.tif", *sheet_notes(1))
    summary = scan_notes(store, tmp_path / "empty.pdf", tmp_path / "junk.jpg", good)
    assert pages()[:2] == [
        ("empty.pdf", 1, "set_aside", "empty_file"),
        ("junk.jpg", 1, "set_aside", "unreadable_file"),
    ]
    assert (summary.files, summary.unusable, summary.read) == (3, 2, 2)
    assert not m.ScanFile.objects.filter(images=None).exists()


def test_a_reader_that_fails_costs_one_page_and_leaves_its_trace(store, tmp_path, caplog):
    front, back = sheet_notes(1)
    scan_notes(store, put(tmp_path / "a.tif", front, note(fault="raise"), note(fault="blank"), back))
    assert [page[2:] for page in pages()] == [
        ("read", ""),
        ("set_aside", "internal"),
        ("set_aside", "blank"),
        ("read", ""),
    ]
    assert "ink that nobody expected" in m.Page.objects.get(reason="internal").detail
    assert any("Traceback" in record.getMessage() for record in caplog.records)


def test_a_fault_of_the_program_where_a_page_is_kept_costs_that_page(store, tmp_path, caplog):
    def rules(definition, readings):
        if any(one.value == "RUSAK" for one in readings):
            raise KeyError("no such rule")
        return {}

    serial = "FPS-2005-26-00001"
    front, back = note(1, serial, {**VALUES, "nama": "RUSAK"}), note(2, serial, BACK)
    deck = put(tmp_path / "a.tif", front, back, *sheet_notes(2))
    scan_notes(store, deck, rules=rules)
    assert [page[2:] for page in pages()][-2:] == [("read", ""), ("read", "")]
    assert m.Page.objects.get(reason="internal").image == 2
    assert "no such rule" in caplog.text
    scan_notes(store, deck)
    assert not m.Page.objects.filter(reason="internal").exists()


def test_what_the_computer_lacked_is_read_when_the_file_comes_again(store, tmp_path):
    deck = put(tmp_path / "a.tif", *sheet_notes(1))

    def unknown(image, shelf):
        from pipeline.page import PageReading, PageStatus

        return PageReading(PageStatus.SET_ASIDE, "unknown_form")

    scan_notes(store, deck, read=unknown)
    assert {page[3] for page in pages()} == {"unknown_form"}
    summary = scan_notes(store, deck)
    assert (summary.already, summary.read, summary.batch) == ((), 2, "b1")
    assert {page[2] for page in pages()} == {"read"}


def test_a_file_that_gives_no_page_tells_its_reason_each_time(store, tmp_path):
    bad = tmp_path / "empty.pdf"
    bad.write_bytes(b"")
    for _ in range(2):
        summary = scan_notes(store, bad)
        assert (summary.files, summary.unusable, summary.already) == (1, 1, ())
        assert [one.reason for one in summary.set_aside] == ["empty_file"]
    assert pages() == [("empty.pdf", 1, "set_aside", "empty_file")]


def test_what_is_set_aside_is_told_by_the_name_it_has_now(store, tmp_path):
    bad = tmp_path / "surat.docx"
    bad.write_bytes(b"")
    scan_notes(store, bad)
    names = ("palsu.jpg", "surat.pdf")
    again = [bad.rename(tmp_path / names[0]), tmp_path / names[1]]
    again[1].write_bytes(b"")
    summary = scan_notes(store, *again)
    assert [one.source for one in summary.set_aside] == [*names]


def test_copies_of_one_file_are_read_once_and_each_is_named(store, tmp_path):
    decks = [put(tmp_path / name, sheet_notes(1)[0]) for name in ("a.tif", "salinan.tif")]
    summary = scan_notes(store, *decks)
    assert (summary.files, summary.pages, summary.already) == (1, 1, ("salinan.tif",))
    assert [one.source for one in summary.set_aside] == ["a.tif"]


def test_a_missing_part_stops_the_batch_and_the_next_run_ends_it(store, tmp_path):
    deck = put(tmp_path / "a.tif", *sheet_notes(1))

    def lacking(image, shelf):
        raise MissingPartError(Text("tidak ada", "missing"))

    with pytest.raises(MissingPartError):
        scan_notes(store, deck, read=lacking)
    assert pages() == []
    assert scan_notes(store, deck).read == 2


def test_a_worker_that_dies_takes_no_other_page_along(store, tmp_path):
    notes = [side for number in range(1, 5) for side in sheet_notes(number)]
    deck = put(tmp_path / "a.tif", *notes[:3], note(fault="die"), *notes[3:])
    scan_notes(store, deck, make=lambda: process_pool(2), jobs=2)
    assert [page[3] for page in pages()] == [""] * 3 + ["internal"] + [""] * 5
    assert m.FieldReading.objects.count() == 4 * (fields_on(1) + fields_on(2))


def test_pages_in_flight_are_bounded_and_answers_in_order():
    flying, most = 0, 0

    def work():
        nonlocal flying, most
        for number in range(60):
            flying += 1
            most = max(most, flying)
            yield Work(
                number, PageImage("a", number, _png(note(1, slow=random.Random(number).random() / 200)))
            )

    answers = []
    for key, _ in read_in_order(work(), lambda: ThreadPoolExecutor(3), read_note, catalogue(), 3):
        flying -= 1
        answers.append(key)
    assert answers == list(range(60))
    assert most <= 12


def _png(image):
    import cv2

    return cv2.imencode(".png", image)[1].tobytes()


def test_a_batch_is_named_after_the_day_and_goes_on_after_a_stop(store, tmp_path):
    decks = [put(tmp_path / f"{number}.tif", *sheet_notes(number)) for number in (1, 2)]
    first = scan_notes(store, decks[0], batch=None)
    second = scan_notes(store, decks[1], batch=None)
    assert (first.batch[-3:], second.batch[-3:]) == ("-01", "-02")
    m.ScanFile.objects.filter(name="2.tif").update(images=None)
    third = put(tmp_path / "3.tif", *sheet_notes(3))
    assert scan_notes(store, decks[1], third, batch=None).batch == second.batch
    assert m.ScanFile.objects.get(name="3.tif").batch.name == second.batch


def test_progress_counts_up_to_the_summary(store, tmp_path):
    steps: list[Progress] = []
    front, back = sheet_notes(1, doubt={"nik": "?"})
    deck = put(tmp_path / "a.tif", front, back, note(fault="blank"))
    summary = scan([deck], "b", reader(), store, steps.append)
    assert steps[-1] == Progress(files=1, of_files=1, pages=3, set_aside=1, review=1)
    assert (summary.pages, len(summary.set_aside), summary.review) == (3, 1, 1)


def test_two_batches_at_once_share_sheets_without_doubles(store, tmp_path):
    fronts = put(tmp_path / "fronts.tif", *(sheet_notes(number)[0] for number in range(1, 13)))
    backs = put(tmp_path / "backs.tif", *(sheet_notes(number)[1] for number in range(1, 13)))
    runs = [_run(store, deck) for deck in (fronts, backs, fronts)]
    assert [run.wait() for run in runs] == [0, 0, 0]
    assert m.Sheet.objects.filter(complete=True).count() == m.Sheet.objects.count() == 12
    assert m.FieldReading.objects.count() == 12 * (fields_on(1) + fields_on(2))


def test_killed_at_any_moment_and_run_again_nothing_is_lost_or_double(store, tmp_path):
    sheets = 24
    decks = [
        put(
            tmp_path / f"{number}.tif",
            *sheet_notes(number, slow=0.02),
            *sheet_notes(number + sheets // 2, slow=0.02),
        )
        for number in range(1, sheets // 2 + 1)
    ]
    chance = random.Random(7)
    for _ in range(6):
        run = _run(store, *decks)
        time.sleep(chance.uniform(0.3, 1.6))
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
    assert _run(store, *decks).wait() == 0
    assert m.Batch.objects.count() == 1
    assert not m.ScanFile.objects.exclude(images=4).exists()
    assert m.Page.objects.filter(status="read").count() == m.Page.objects.count() == 2 * sheets
    assert m.Sheet.objects.filter(complete=True).count() == m.Sheet.objects.count() == sheets
    assert m.FieldReading.objects.count() == sheets * (fields_on(1) + fields_on(2))
    for file in m.ScanFile.objects.all():
        assert sha256_of(Archive(store).path(file.sha256, file.suffix)) == file.sha256


def test_workers_leave_when_their_parent_is_killed(store, tmp_path):
    run = _run(store, put(tmp_path / "a.tif", *(note(1, slow=30) for _ in range(8))))
    workers = _await(lambda: _group(run.pid) - {run.pid}, lambda found: len(found) >= 3)
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    assert workers
    assert (
        _await(lambda: {pid for pid in workers if Path(f"/proc/{pid}").exists()}, lambda left: not left)
        == set()
    )


def _run(home, *files):
    script = Path(__file__).with_name("scan_notes.py")
    return subprocess.Popen(
        [sys.executable, str(script), str(home), *map(str, files)], start_new_session=True
    )


def _group(leader):
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if os.getpgid(int(entry.name)) == leader:
                    found.add(int(entry.name))
            except ProcessLookupError:
                continue
    return found


def _await(look, good):
    """What `look` gives once it is good, or after a minute as it is."""
    end = time.monotonic() + 60
    while not good(seen := look()) and time.monotonic() < end:
        time.sleep(0.05)
    return seen


def test_ctrl_c_waits_until_a_worker_is_known():
    known = []

    class Pool(ThreadPoolExecutor):
        def submit(self, *_):
            signal.raise_signal(signal.SIGINT)
            known.append(True)
            return Future()

    page = Work(1, PageImage("a", 1, b""))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            list(read_in_order([page], lambda: Pool(1), read_note, catalogue(), 1))
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
    assert known == [True]


class ClusterPool(ThreadPoolExecutor):
    """Closes as the executor of a Dask client does: it knows `wait` alone."""

    def shutdown(self, wait=True):
        super().shutdown(wait=wait)


def test_a_cluster_whose_executor_knows_no_cancelling_is_closed_as_well(store, tmp_path):
    deck = put(tmp_path / "a.tif", *sheet_notes(1), *sheet_notes(2))
    scan_notes(store, deck, make=lambda: ClusterPool(2), jobs=2)
    assert [status for *_, status, _ in pages()] == ["read"] * 4
