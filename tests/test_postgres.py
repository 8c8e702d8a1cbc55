"""The same store on PostgreSQL: a throw-away server on a socket of its own."""

import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event

import pytest
import test_audit
import test_import_model
from builders import ALONE, FAMILY, OTHERS, correct, imported, sheet
from forms_under_test import catalogue
from notes import BACK, SERIAL, VALUES, fields_on, note, put, scan_notes

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
pytestmark = pytest.mark.skipif(not PROGRAMS, reason="PostgreSQL's programs are not installed")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The URL of a fresh database; the server listens on a Unix socket only."""
    folder = Path(tmp_path_factory.mktemp("pg")).resolve()
    owner = "postgres" if os.geteuid() == 0 else None
    if owner:
        for parent in (folder, *folder.parents[:-2]):
            parent.chmod(parent.stat().st_mode | 0o011)
        shutil.chown(folder, owner)
    data, socket = folder / "data", folder

    def run(*command):
        subprocess.run(command, user=owner, cwd=folder, check=True, capture_output=True)

    run(PROGRAMS[-1] / "initdb", "-D", data, "-A", "trust", "-U", "office", "--no-sync")
    options = f"-c listen_addresses='' -c unix_socket_directories='{socket}' -c fsync=off"
    run(PROGRAMS[-1] / "pg_ctl", "-D", data, "-o", options, "-l", folder / "log", "-w", "start")
    try:
        run(PROGRAMS[-1] / "createdb", "-h", socket, "-U", "office", "sotarsa")
        yield f"postgresql://office@/sotarsa?host={socket}"
    finally:
        run(PROGRAMS[-1] / "pg_ctl", "-D", data, "-m", "immediate", "stop")


@pytest.fixture
def postgres_store(server, home, monkeypatch):
    from django.db import connection

    from pipeline.store.setup import open_store

    monkeypatch.setenv("SOTARSA_DATABASE_URL", server)
    open_store(home)
    yield home
    connection.close()


@pytest.mark.parametrize("seed", [4, 8, 9])
def test_the_register_is_kept_there_too(postgres_store, seed):
    test_import_model.test_the_register_is_what_its_sheets_now_say(seed)


def test_tables_are_made_and_a_batch_is_read(postgres_store, tmp_path):
    from django.db import connection

    from pipeline.store import exports
    from pipeline.store import models as m
    from pipeline.store.setup import open_store

    assert connection.vendor == "postgresql"
    deck = put(tmp_path / "a.tif", note(1, values=VALUES), note(fault="raise"), note(2, values=BACK))
    scan_notes(postgres_store, deck)
    assert scan_notes(postgres_store, deck).read == 2
    open_store(postgres_store)
    assert [row["reason"] for row in exports.pages()] == [None, "internal", None]
    rows = list(exports.readings())
    assert len(rows) == fields_on(1) + fields_on(2)
    assert {row["serial"] for row in rows} == {SERIAL}
    assert m.Sheet.objects.get().complete


def test_serials_are_issued(postgres_store):
    from forms_under_test import form

    from pipeline.errors import UsageError
    from pipeline.store.issue import next_serials, record_issued

    serials = next_serials(form("pendataan"), "2005", 2)
    record_issued(form("pendataan"), serials, "2005")
    with pytest.raises(UsageError):
        record_issued(form("pendataan"), serials, "2005")
    # Others of this file have scanned sheets of the village into the same database.
    assert int(next_serials(form("pendataan"), "2005", 1)[0][-5:]) == int(serials[-1][-5:]) + 1


def test_imports_at_the_same_time_wait_for_each_other(postgres_store):
    from django.db import connection

    from pipeline.register.models import Person

    sheet(FAMILY)
    both = Barrier(2)

    def run_at_once(_):
        both.wait()
        try:
            return imported(None).counts["person"]["new"]
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        found = sorted(pool.map(run_at_once, range(2)))
    assert found == [0, Person.objects.count()]


def test_a_decision_that_is_under_way_when_an_import_begins_is_heard_by_the_next(postgres_store):
    from django.db import connection, transaction

    from pipeline.register.importing import corrected
    from pipeline.register.models import Person

    # Others of this file have imported families into the same database.
    alone = ALONE | {"nik": "6311020101809101", "kk": "6311020101809102"}
    first, second = sheet(alone), sheet(OTHERS)
    imported(None)
    decided, may_go = Event(), Event()

    def slow():
        try:
            with transaction.atomic():
                correct(first, "nama", "SARKAWI")
                decided.set()
                may_go.wait(1)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        reviewer = pool.submit(slow)
        decided.wait()
        correct(second, "nama", "HASANI")
        imported("2026-12")
        may_go.set()
        reviewer.result()
    imported("2026-12")
    assert corrected() == 0
    assert Person.objects.get(nik=alone["nik"]).name == "SARKAWI"


def test_who_was_said_to_be_two_is_kept_there_too(postgres_store):
    from pipeline.register.answers import say_apart, standing
    from pipeline.register.changes import undo

    alone = ALONE | {"nama": "BURHAN", "nik": "6311020101809201", "kk": "6311020101809301"}
    sheet(alone)
    second = sheet(alone | {"nik": "6311020101809202", "kk": "6311020101809401"})
    imported(None)
    say_apart("6311020101809201", "6311020101809202", why="", by="siti")
    assert "BURHAN" not in {one.name for one in imported(None).questions}
    correct(second, "nik", alone["nik"])
    report = imported(None)
    assert ([one.name for one in report.joined], len(standing())) == (["BURHAN"], 0)
    undo(report.run)
    assert len(standing()) == 1


def test_a_server_that_does_not_answer_is_told(home, monkeypatch, tmp_path):
    from pipeline.errors import StoreError
    from pipeline.store.refusals import UNREACHABLE
    from pipeline.store.setup import open_store

    monkeypatch.setenv("SOTARSA_DATABASE_URL", f"postgresql://office@/sotarsa?host={tmp_path}")
    with pytest.raises(StoreError) as told:
        open_store(home)
    assert told.value.text == UNREACHABLE


def test_a_page_that_comes_in_while_its_promise_is_refuted_came_before_or_waits(postgres_store, tmp_path):
    """The refutation waits for the page, and counts it to what entered by the refuted promise."""
    from django.db import connection

    from pipeline.review.decisions import Kind, decide
    from pipeline.store import promises
    from pipeline.store.models import FieldReading, Refutation

    drawn = [test_audit.drawn_sheet("nama", batch="refuted") for _ in range(2)]
    judged, may_go, done = Event(), Event(), Event()

    def slowly(definition, readings):
        judged.set()
        may_go.wait(10)
        return {}

    def apart(what, *args, **how):
        try:
            return what(*args, **how)
        finally:
            connection.close()

    def refute():
        for made in drawn:
            name = test_audit.of(made, "nama")
            decide(name.pk, "ani", Kind.CORRECTED, "SARKAWI", catalogue())
        done.set()

    values = VALUES | {"nik": "6311022203789777"}
    # The last side is under way with all its values when the rules of its sheet are looked at.
    deck = put(tmp_path / "a.tif", note(2, "FPS-2008-26-00001", BACK), note(1, "FPS-2008-26-00001", values))
    with ThreadPoolExecutor(2) as pool:
        page = pool.submit(apart, scan_notes, postgres_store, deck, batch="under way", rules=slowly)
        assert judged.wait(10)
        reviewer = pool.submit(apart, refute)
        waited = not done.wait(1)
        may_go.set()
        page.result()
        reviewer.result()
    assert waited
    newest = Refutation.objects.filter(batch=None).latest("pk")
    names = FieldReading.objects.filter(page__file__batch__name="under way", field="nama", row=None)
    assert {row.status for row in names} == {"accepted"}
    assert all(row.pk <= newest.last_reading for row in names)
    values |= {"nik": "6311022203789778", "nama": "SITI AMINAH"}
    deck = put(tmp_path / "b.tif", note(1, "FPS-2008-26-00002", values), note(2, "FPS-2008-26-00002", BACK))
    scan_notes(postgres_store, deck, batch="later")
    name = FieldReading.objects.get(page__file__batch__name="later", field="nama", row=None)
    assert name.reasons == [promises.WAITS]
    Refutation.objects.all().delete()
