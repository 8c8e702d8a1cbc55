"""The store is whole, can be copied while in use, and comes back from its copy."""

import io
import os
import resource
import sqlite3
import tarfile
import time
from contextlib import closing

import pytest
from django.db import connection
from notes import BACK, VALUES, note, put, scan_notes

from pipeline.errors import StoreError, UsageError
from pipeline.store import models as m
from pipeline.store.archive import Archive
from pipeline.store.keeping import FAULTS, backup, restore, verify
from pipeline.store.setup import open_store


@pytest.fixture
def filled(store, tmp_path):
    scan_notes(store, put(tmp_path / "a.tif", note(1, values=VALUES), note(2, values=BACK)))
    scan_notes(store, put(tmp_path / "b.tif", note(fault="blank")))
    return store


def codes(home):
    found = [fault.code for fault in verify(home)]
    assert set(found) <= set(FAULTS)
    return found


def test_a_store_in_order_has_no_faults(filled):
    assert codes(filled) == []


def test_each_fault_is_found(filled):
    first, second = m.ScanFile.objects.order_by("pk")
    Archive(filled).path(first.sha256, first.suffix).write_bytes(b"other")
    Archive(filled).path(second.sha256, second.suffix).unlink()
    m.ScanFile.objects.filter(pk=first.pk).update(images=3)
    m.ScanFile.objects.filter(pk=second.pk).update(images=None)
    m.FieldReading.objects.filter(page__number=1).delete()
    m.Sheet.objects.create(serial="FPS-2005-26-00099", form="pendataan", version=1)
    assert codes(filled) == [
        "file_changed",
        "page_count",
        "file_missing",
        "file_unread",
        "sheet_empty",
        "readings_missing",
    ]


def test_a_backup_comes_back_as_it_was(filled, tmp_path):
    before = list(m.FieldReading.objects.values())
    assert backup(filled, tmp_path / "copy.tar") == (tmp_path / "copy.tar").stat().st_size
    restore(tmp_path / "new", tmp_path / "copy.tar")
    open_store(tmp_path / "new")
    assert list(m.FieldReading.objects.values()) == before
    assert codes(tmp_path / "new") == []
    assert {path.name for path in (tmp_path / "new").iterdir()} >= {"sotarsa.sqlite3", "archive"}
    assert not list((tmp_path / "new").glob(".*"))


def test_a_restore_is_written_down_by_whoever_opens_it_first(filled, tmp_path):
    connection.cursor().execute(
        "INSERT INTO django_migrations VALUES (99, 'store', '9999_newer', '2026-11-24')"
    )
    backup(filled, tmp_path / "copy.tar")
    restore(tmp_path / "new", tmp_path / "copy.tar")
    with pytest.raises(StoreError, match="lebih baru"):
        open_store(tmp_path / "new")
    with closing(sqlite3.connect(tmp_path / "new/sotarsa.sqlite3")) as updated:
        updated.execute("DELETE FROM django_migrations WHERE id = 99")
        updated.commit()
    for _ in range(2):
        open_store(tmp_path / "new")
        assert m.Restoring.objects.count() == 1


def test_a_copy_of_the_database_that_the_disk_does_not_take_is_a_refusal(filled, tmp_path):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(StoreError):
            backup(filled, tmp_path / "copy.tar")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not (tmp_path / "copy.tar").exists()


@pytest.mark.parametrize("place", ["archive/copy.tar", "sotarsa.sqlite3"])
def test_a_backup_is_not_written_into_what_it_copies(filled, place):
    before = list(m.FieldReading.objects.values())
    with pytest.raises(UsageError, match=r"copy\.tar|sotarsa\.sqlite3"):
        backup(filled, filled / place)
    assert list(m.FieldReading.objects.values()) == before
    assert codes(filled) == []


def test_the_copy_that_a_killed_backup_left_goes_with_the_next(filled, tmp_path):
    for name, age in ((".keeping-old", 90_000), (".keeping-now", 0)):
        (filled / name).mkdir()
        (filled / name / "sotarsa.sqlite3").write_bytes(b"x")
        os.utime(filled / name, (time.time() - age,) * 2)
    backup(filled, tmp_path / "copy.tar")
    assert [path.name for path in filled.glob(".*")] == [".keeping-now"]


def test_a_backup_takes_the_place_of_an_older_one_and_of_nothing_else(filled, tmp_path):
    other = tmp_path / "laporan.xlsx"
    other.write_bytes(b"PK")
    with pytest.raises(UsageError, match="bukan cadangan"):
        backup(filled, other)
    assert other.read_bytes() == b"PK"
    for _ in range(2):
        backup(filled, tmp_path / "copy.tar")


def test_a_backup_is_never_unpacked_over_data(filled, tmp_path):
    backup(filled, tmp_path / "copy.tar")
    with pytest.raises(UsageError):
        restore(filled, tmp_path / "copy.tar")


def test_a_store_that_nothing_was_put_into_gives_way_to_a_backup(filled, tmp_path):
    backup(filled, tmp_path / "copy.tar")
    new = tmp_path / "new"
    open_store(new)
    with closing(sqlite3.connect(new / "sotarsa.sqlite3")) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError):
            restore(new, tmp_path / "copy.tar")
    connection.close()
    restore(new, tmp_path / "copy.tar")
    assert not [*new.glob("*-wal"), *new.glob("*-shm")]
    open_store(new)
    assert m.ScanFile.objects.exists()
    assert list(verify(new)) == []


def test_a_store_that_knows_anything_gives_way_to_nothing(filled, tmp_path):
    backup(filled, tmp_path / "copy.tar")
    open_store(tmp_path / "new")
    m.Batch.objects.create(name="b1")
    with pytest.raises(UsageError, match=r"sotarsa\.sqlite3"):
        restore(tmp_path / "new", tmp_path / "copy.tar")
    assert m.Batch.objects.exists()


@pytest.mark.parametrize("content", [b"", b"junk" * 400])
def test_a_database_that_is_none_of_ours_gives_way_to_nothing(filled, tmp_path, content):
    backup(filled, tmp_path / "copy.tar")
    (tmp_path / "new").mkdir()
    (tmp_path / "new/sotarsa.sqlite3").write_bytes(content)
    with pytest.raises(UsageError):
        restore(tmp_path / "new", tmp_path / "copy.tar")
    assert (tmp_path / "new/sotarsa.sqlite3").read_bytes() == content


@pytest.mark.parametrize("part", ["archive", "forms", "reader"])
def test_a_backup_is_unpacked_whole_or_not_at_all(filled, tmp_path, part):
    backup(filled, tmp_path / "copy.tar")
    (tmp_path / "new" / part / "mine").mkdir(parents=True)
    with pytest.raises(UsageError, match=part):
        restore(tmp_path / "new", tmp_path / "copy.tar")
    assert [path.name for path in (tmp_path / "new").iterdir()] == [part]


def test_a_backup_is_not_unpacked_beside_another_database(filled, tmp_path, monkeypatch):
    backup(filled, tmp_path / "copy.tar")
    monkeypatch.setenv("SOTARSA_DATABASE_URL", f"sqlite:///{tmp_path}/other.sqlite3")
    with pytest.raises(UsageError, match="SOTARSA_DATABASE_URL"):
        restore(tmp_path / "new", tmp_path / "copy.tar")
    assert not (tmp_path / "new").exists()


def test_an_archive_without_its_database_is_not_taken_for_an_empty_store(filled, tmp_path):
    backup(filled, tmp_path / "copy.tar")
    restore(tmp_path / "new", tmp_path / "copy.tar")
    (tmp_path / "new" / "sotarsa.sqlite3").unlink()
    with pytest.raises(StoreError, match="basis datanya hilang"):
        open_store(tmp_path / "new")
    assert not (tmp_path / "new" / "sotarsa.sqlite3").exists()


def _tar(path, **members):
    with tarfile.open(path, "w") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name.replace("__", "-"))
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


def test_other_files_are_no_backup_and_leave_nothing(store, tmp_path):
    (tmp_path / "junk").write_bytes(b"junk" * 400)
    for file in (tmp_path / "junk", _tar(tmp_path / "a.tar", readme=b"x"), _tar(tmp_path / "e.tar")):
        with pytest.raises(UsageError):
            restore(tmp_path / "new", file)
        assert list((tmp_path / "new").iterdir()) == []


def test_a_damaged_backup_is_refused(store, tmp_path):
    file = _tar(tmp_path / "a.tar", **{"sotarsa__backup__1": b"", "sotarsa.sqlite3": b"junk" * 400})
    with pytest.raises(StoreError):
        restore(tmp_path / "new", file)
    assert list((tmp_path / "new").iterdir()) == []
