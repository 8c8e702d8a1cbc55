"""Opening the store, and what it says when it cannot be opened."""

import errno
import os
import sqlite3
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import builders
import pytest
from django.db import DatabaseError
from forms_under_test import form
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import DefinitionError, Exit, StoreError, UsageError
from pipeline.store.database import database
from pipeline.store.refusals import CORRUPT, FULL, LOCKED, NOT_WRITABLE, refusal
from pipeline.store.setup import open_store


def test_a_new_home_is_closed_to_others_and_writes_safely(home):
    from django.db import connection

    open_store(home)
    assert home.stat().st_mode & 0o777 == 0o700
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert cursor.execute("PRAGMA synchronous").fetchone() == (2,)
    connection.close()


@pytest.mark.parametrize(("mode", "then"), [(0o755, 0o750), (0o770, 0o770), (0o700, 0o700)])
def test_a_home_that_was_copied_from_a_stick_is_closed_to_strangers(store, mode, then):
    store.chmod(mode)
    open_store(store)
    assert store.stat().st_mode & 0o777 == then


def test_opening_again_changes_nothing_and_another_home_is_another_store(store, tmp_path):
    from pipeline.store.models import Batch

    Batch.objects.create(name="here")
    open_store(store)
    assert Batch.objects.count() == 1
    open_store(tmp_path / "other")
    assert Batch.objects.count() == 0
    open_store(store)
    assert Batch.objects.get().name == "here"


def test_two_processes_may_make_one_store_at_once(tmp_path):
    code = """
import sys
from pathlib import Path
from pipeline.store.setup import open_store
open_store(Path(sys.argv[1]))
"""
    home = str(tmp_path / "home")
    both = [subprocess.Popen([sys.executable, "-c", code, home]) for _ in range(2)]
    assert [one.wait() for one in both] == [0, 0]


def test_the_models_have_no_changes_without_a_migration(store):
    from django.core.management import call_command

    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_a_store_of_before_keeps_its_audit_and_loses_reasons_that_are_no_more(store):
    from django.apps import apps

    from pipeline.store.models import FieldReading

    migration = import_module("pipeline.store.migrations.0004_audit_chance")
    made = builders.sheet(builders.FAMILY)
    rows = FieldReading.objects.filter(page__sheet=made)
    rows.update(audit_share=None, audit_chance=None)
    rows.filter(field="nik").update(audit=True, reasons=["hard_hand"])
    rows.filter(field="rt").update(reasons=["gap", "ambiguous_hand"])
    migration.drawn_evenly(apps, None)
    migration.without_retired_reasons(apps, None)
    assert rows.get(field="nik", row=None).reasons == ["low_confidence"]
    assert rows.get(field="nik", row=None).audit_chance == rows.get(field="nik", row=None).audit_share
    assert rows.get(field="rt").reasons == ["gap"]
    assert rows.get(field="rt").audit_chance is None


@pytest.mark.parametrize("damage", [b"not a database at all, " * 100, b""])
def test_a_damaged_file_is_refused_in_words(store, damage):
    from django.db import connection

    connection.close()
    file = store / "sotarsa.sqlite3"
    whole = file.read_bytes()
    file.write_bytes(damage or whole[: len(whole) // 2])
    with pytest.raises(StoreError) as told:
        open_store(store)
    assert told.value.text == CORRUPT
    assert told.value.exit == Exit.STORE


def test_a_locked_database_is_told(store, monkeypatch):
    from django.db import connection

    from pipeline.store.models import Batch
    from pipeline.store.refusals import told_as_refusals

    other = sqlite3.connect(store / "sotarsa.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 10")
    with pytest.raises(StoreError) as told, told_as_refusals():
        Batch.objects.create(name="x")
    assert told.value.text == LOCKED
    other.close()


def test_a_full_disk_is_told(store):
    from django.db import connection

    from pipeline.store.models import Batch
    from pipeline.store.refusals import told_as_refusals

    with connection.cursor() as cursor:
        pages = cursor.execute("PRAGMA page_count").fetchone()[0]
        cursor.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreError) as told, told_as_refusals():
        Batch.objects.bulk_create([Batch(name=f"{i:0100d}") for i in range(2000)])
    assert told.value.text == FULL


@pytest.mark.parametrize("where", ["file/home", "/proc/home"])
def test_a_home_that_cannot_be_made_is_told(tmp_path, where):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError) as told:
        open_store(tmp_path / where)
    assert told.value.text == NOT_WRITABLE


def test_a_store_of_a_newer_program_is_refused(store):
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('store', '9999_later', '2030-01-01')"
        )
    with pytest.raises(StoreError, match=r"newer|lebih baru"):
        open_store(store)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (DatabaseError("disk I/O error"), "penuh atau tidak menjawab"),
        (DatabaseError("database or disk is full"), "Diska penuh"),
        (DatabaseError("database disk image is malformed"), "sotarsa restore"),
        (DatabaseError("file is not a database"), "sotarsa restore"),
        (OSError(errno.EIO, "x"), "penuh atau tidak menjawab"),
        (OSError(errno.EFBIG, "x"), "terlalu besar"),
        (OSError(errno.ENAMETOOLONG, "x"), "terlalu panjang"),
        (OSError(errno.ELOOP, "x"), "berputar"),
    ],
)
def test_only_a_damaged_database_is_told_as_one(error, said):
    told = refusal(error)
    assert told is not None
    assert said in told.text.id
    assert ("restore" in told.text.id) is ("restore" in said)


def test_an_error_of_the_program_is_no_refusal():
    from django.db import IntegrityError

    assert refusal(ValueError("x")) is None
    assert refusal(IntegrityError("UNIQUE constraint failed")) is None


@given(st.text("abcxyz%@/: é", min_size=1), st.from_regex(r"[a-z]{1,9}", fullmatch=True))
def test_a_postgres_url_gives_back_its_parts(password, name):
    from urllib.parse import quote

    entry = database(
        f"postgresql://office:{quote(password, safe='')}@db.local:5433/{name}?sslmode=require", Path("/h")
    )
    assert (entry["USER"], entry["PASSWORD"], entry["NAME"]) == ("office", password, name)
    assert (entry["HOST"], entry["PORT"], entry["OPTIONS"]) == ("db.local", "5433", {"sslmode": "require"})


@pytest.mark.parametrize(
    "url",
    [
        "mysql://a/b",
        "postgresql://host",
        "sqlite:",
        "nonsense",
        "postgresql://u:rahasia/9@host/db",
        "postgresql://u:rahasia[@host/db",
        "postgresql://u:rahasia@host:lima/db",
    ],
)
def test_other_urls_are_wrong_usage_and_their_password_is_not_said(url):
    with pytest.raises(UsageError) as told:
        database(url, Path("/h"))
    assert "rahasia" not in str(told.value)


def test_serials_follow_the_highest_issued(store):
    from pipeline.store.issue import next_serials, record_issued

    pendataan = form("pendataan")
    first = next_serials(pendataan, "2005", 3)
    assert [serial[-5:] for serial in first] == ["00001", "00002", "00003"]
    record_issued(pendataan, first, "2005", {first[0]: {"anggota": [{"row": 1, "person": 7}]}})
    assert next_serials(pendataan, "2005", 1)[0][-5:] == "00004"
    assert next_serials(pendataan, "2006", 1)[0][-5:] == "00001"
    assert next_serials(pendataan, "2005", 2, f"{first[0][:-5]}00100")[1][-5:] == "00101"


def test_after_a_restore_no_serial_is_given_that_may_be_on_paper(store):
    from pipeline.store.issue import next_serials, record_issued
    from pipeline.store.models import Restoring

    pendataan = form("pendataan")
    record_issued(pendataan, next_serials(pendataan, "2005", 3), "2005")
    Restoring.objects.create()
    (first,) = next_serials(pendataan, "2005", 1)
    assert first[-5:] == "10001"
    assert next_serials(pendataan, "2006", 1)[0][-5:] == "10001"
    record_issued(pendataan, [first], "2005")
    assert next_serials(pendataan, "2005", 1)[0][-5:] == "10002"


@pytest.mark.parametrize(("known", "next_one"), [(4_999, 10_001), (5_000, 20_001), (9_998, 20_001)])
def test_a_restore_shortly_before_a_ten_thousand_leaps_over_the_next(store, known, next_one):
    from pipeline.store.issue import next_serials, record_issued
    from pipeline.store.models import Restoring

    pendataan = form("pendataan")
    head = next_serials(pendataan, "2005", 1)[0][:-5]
    record_issued(pendataan, [f"{head}{known:05d}"], "2005")
    Restoring.objects.create()
    assert next_serials(pendataan, "2005", 1) == [f"{head}{next_one}"]


def test_a_serial_is_issued_once(store):
    from pipeline.store.issue import next_serials, record_issued
    from pipeline.store.models import IssuedSheet

    pendataan = form("pendataan")
    serials = next_serials(pendataan, "2005", 2)
    record_issued(pendataan, serials[:1], "2005")
    with pytest.raises(UsageError, match=serials[0]):
        record_issued(pendataan, serials, "2005")
    assert IssuedSheet.objects.count() == 1


def test_when_the_count_has_come_to_its_end_the_gaps_are_filled(store):
    from pipeline.store.issue import next_serials, record_issued

    pendataan = form("pendataan")
    head = next_serials(pendataan, "2005", 1)[0][:-5]
    record_issued(pendataan, [f"{head}{number:05d}" for number in (1, 2, 5, 99_999)], "2005")
    assert next_serials(pendataan, "2005", 2) == [f"{head}00003", f"{head}00004"]
    assert next_serials(pendataan, "2005", 3)[0] == f"{head}00006"
    assert len(next_serials(pendataan, "2005", 99_993)) == 99_993
    with pytest.raises(UsageError, match="--first-serial"):
        next_serials(pendataan, "2005", 99_994)


def test_after_a_restore_the_gaps_that_may_be_on_paper_stay(store):
    from pipeline.store.issue import next_serials, record_issued
    from pipeline.store.models import Restoring

    pendataan = form("pendataan")
    head = next_serials(pendataan, "2005", 1)[0][:-5]
    record_issued(pendataan, [f"{head}{number:05d}" for number in (17_000, 99_999)], "2005")
    Restoring.objects.create()
    for number in (30_001, 30_002):
        serials = next_serials(pendataan, "2005", 1)
        assert serials == [f"{head}{number}"]
        record_issued(pendataan, serials, "2005")
    with pytest.raises(UsageError, match="--first-serial"):
        next_serials(pendataan, "2005", 70_000)


@pytest.mark.parametrize(
    "first",
    ["FPS-2006-26-00001", "BAP-2005-26-00001", "nonsense", "FPS-2005-26-00000", "FPS-2005-26-00001\n"],
)
def test_a_first_serial_must_fit(store, first):
    from pipeline.store.issue import next_serials

    with pytest.raises(UsageError):
        next_serials(form("pendataan"), "2005", 1, first)


def test_the_numbers_of_a_year_end(store):
    from pipeline.store.issue import next_serials

    head = next_serials(form("pendataan"), "2005", 1)[0][:-5]
    with pytest.raises(UsageError):
        next_serials(form("pendataan"), "2005", 2, f"{head}99999")


def test_a_changed_layout_is_not_issued_under_a_printed_version(store):
    from dataclasses import replace

    from pipeline.store.issue import record_issued

    pendataan = form("pendataan")
    record_issued(pendataan, ["FPS-2005-26-00001"], "2005")
    with pytest.raises(DefinitionError):
        record_issued(replace(pendataan, fingerprint="0" * 64), ["FPS-2005-26-00002"], "2005")


def test_printing_at_the_same_moment_gives_no_number_twice(store):
    code = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from pipeline.store.setup import open_store
open_store(Path(sys.argv[1]))
from forms_under_test import form
from pipeline.errors import UsageError
from pipeline.store.issue import next_serials, record_issued
issued = 0
while issued < 20:
    try:
        record_issued(form("pendataan"), next_serials(form("pendataan"), "2005", 1), "2005")
        issued += 1
    except UsageError:
        pass
"""
    from pipeline.store.models import IssuedSheet

    command = [sys.executable, "-c", code, str(store), os.path.dirname(__file__)]  # noqa: PTH120
    both = [subprocess.Popen(command) for _ in range(2)]
    assert [one.wait() for one in both] == [0, 0]
    numbers = sorted(int(sheet.serial[-5:]) for sheet in IssuedSheet.objects.all())
    assert numbers == list(range(1, 41))
