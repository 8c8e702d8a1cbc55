"""Keeping the store: is all of it there, a copy to put away, and the way back."""

import os
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.db import connection

from pipeline.errors import StoreError, UsageError
from pipeline.language import Text
from pipeline.outputs import sweep, whole
from pipeline.settings import settings
from pipeline.store.archive import Archive, sha256_of
from pipeline.store.database import SQLITE_FILE, database
from pipeline.store.models import FieldReading, Page, ScanFile, Sheet
from pipeline.store.refusals import CORRUPT, LOCKED, told_as_refusals
from pipeline.store.setup import RESTORED

_PARTS: Final = ("archive", "forms", "calibration.json", "reader")
_MARK: Final = "sotarsa-backup-1"
"""First member of a backup: what it is, and how it is laid out."""

_ROOM: Final = ".keeping-"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not as it should be: a code, and what it is about."""

    code: str
    about: str


FAULTS: Final[dict[str, Text]] = {
    "database": Text("Basis data rusak", "The database is damaged"),
    "file_missing": Text("Berkas tidak ada di arsip", "A file is missing from the archive"),
    "file_changed": Text("Isi berkas di arsip berubah", "A file in the archive has changed"),
    "file_unread": Text("Berkas belum selesai dibaca", "A file was not read to its end"),
    "page_count": Text("Jumlah halaman tidak cocok", "The number of pages does not match"),
    "sheet_empty": Text("Lembar tanpa halaman", "A sheet without pages"),
    "readings_missing": Text("Halaman terbaca tanpa isian", "A page was read but has no readings"),
}


def verify(home: Path) -> Iterator[Fault]:
    """Look at everything: the database, and every archived file against its hash; faults as found."""
    yield from _database_faults()
    archive = Archive(home)
    for file in ScanFile.objects.order_by("pk").iterator():
        path = archive.path(file.sha256, file.suffix)
        if not path.is_file():
            yield Fault("file_missing", file.name)
        elif sha256_of(path) != file.sha256:
            yield Fault("file_changed", file.name)
        if file.images is None:
            yield Fault("file_unread", file.name)
        elif file.pages.count() != file.images:
            yield Fault("page_count", file.name)
    for sheet in Sheet.objects.filter(pages=None):
        yield Fault("sheet_empty", sheet.serial)
    read = Page.objects.filter(status="read").exclude(pk__in=FieldReading.objects.values("page"))
    for page in read.select_related("file"):
        yield Fault("readings_missing", f"{page.file.name} {page.image}")


def backup(home: Path, out: Path) -> int:
    """Write the store to one file, whole or not at all, while others may go on working; bytes written.

    Raises:
        UsageError: the database is not SQLite, the file would lie in what it is a copy of, or take the place of
            another that is no backup.
        StoreError: the disk is full.
    """
    place = out.resolve()
    if any(place.is_relative_to((home / part).resolve()) for part in (*_PARTS, SQLITE_FILE)):
        raise UsageError(
            Text(
                f"{out} adalah bagian dari data itu sendiri. Simpan cadangan di tempat lain, misalnya diska USB.",
                f"{out} is part of the data itself. Keep the backup somewhere else, on a USB drive for example.",
            )
        )
    if out.exists() and not _is_backup(out):
        raise UsageError(
            Text(
                f"{out} sudah ada dan bukan cadangan. Pilih nama lain, misalnya cadangan-2026-11-30.tar.",
                f"{out} is there already and is no backup. Choose another name, backup-2026-11-30.tar for example.",
            )
        )
    if connection.vendor != "sqlite":
        raise UsageError(
            Text(
                "Cadangan ini untuk SQLite. Untuk PostgreSQL pakai pg_dump dan salin folder archive.",
                "This backup is for SQLite. For PostgreSQL use pg_dump and copy the folder archive.",
            )
        )
    with (
        told_as_refusals(),
        whole(out) as part,
        _room(home) as folder,
    ):
        copy = folder / SQLITE_FILE
        _copy_database(copy)
        with tarfile.open(part, "w") as tar:
            mark = folder / _MARK
            mark.touch()
            tar.add(mark, _MARK)
            tar.add(copy, SQLITE_FILE)
            for name in _PARTS:
                if (home / name).exists():
                    tar.add(home / name, name, filter=_finished)
        with part.open("rb") as stream:
            os.fsync(stream.fileno())
    return out.stat().st_size


def _is_backup(path: Path) -> bool:
    try:
        with tarfile.open(path) as tar:
            first = tar.next()
    except (OSError, tarfile.TarError):
        return False
    return first is not None and first.name == _MARK


def restore(home: Path, source: Path) -> None:
    """Unpack a backup into a home that has no store yet, or one that nothing was ever put into.

    Raises:
        UsageError: the home holds something of what a backup holds, its database is to lie elsewhere, or the file is
            no backup.
        StoreError: the backup is damaged, or the home cannot be written.
    """
    there = [name for name in (*_PARTS, SQLITE_FILE) if (home / name).exists()]
    if there and not (there == [SQLITE_FILE] and _is_new(home / SQLITE_FILE)):
        raise UsageError(
            Text(
                f"{home} sudah berisi data ({there[0]}). Pulihkan ke folder kosong: "
                "sotarsa --home FOLDER restore BERKAS",
                f"{home} holds data already ({there[0]}). Restore into an empty folder: "
                "sotarsa --home DIR restore FILE",
            )
        )
    if database(settings().database_url, home) != database("", home):
        raise UsageError(
            Text(
                "Cadangan dipulihkan ke basis data di dalam folder data, tetapi SOTARSA_DATABASE_URL menunjuk ke yang "
                "lain. Kosongkan dulu SOTARSA_DATABASE_URL.",
                "A backup is restored to the database in the home, but SOTARSA_DATABASE_URL names another. "
                "Unset SOTARSA_DATABASE_URL first.",
            )
        )
    no_backup = UsageError(
        Text(
            f"{source} bukan cadangan Sotarsa. Pilih berkas .tar yang dibuat dengan: sotarsa backup",
            f"{source} is not a backup made by Sotarsa. Choose a .tar file made with: sotarsa backup",
        )
    )
    with told_as_refusals():
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            with _room(home) as folder:
                with tarfile.open(source) as tar:
                    first = tar.next()
                    if first is None or first.name != _MARK:
                        raise no_backup
                    tar.extractall(folder, filter="data")
                _sound(folder / SQLITE_FILE)
                (home / SQLITE_FILE).unlink(missing_ok=True)
                (home / RESTORED).touch(mode=0o600)
                # The database last: a home that has an archive and none is told by `open_store`.
                for name in (*_PARTS, SQLITE_FILE):
                    if (folder / name).exists():
                        (folder / name).replace(home / name)
        except tarfile.TarError as error:
            raise no_backup from error


@contextmanager
def _room(home: Path) -> Iterator[Path]:
    """A folder in the home for what is not whole yet; what killed runs left of theirs is removed."""
    sweep(home.glob(f"{_ROOM}*"))
    with tempfile.TemporaryDirectory(dir=home, prefix=_ROOM) as folder:
        yield Path(folder)


def _database_faults() -> Iterator[Fault]:
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        told = [row[0] for row in cursor.execute("PRAGMA integrity_check(20)").fetchall()]
        orphans = cursor.execute("PRAGMA foreign_key_check").fetchall()
    yield from (Fault("database", line) for line in told if line != "ok")
    yield from (Fault("database", f"{row[0]} {row[1]}") for row in orphans)


def _copy_database(out: Path) -> None:
    """A consistent copy through SQLite's own backup; writers may go on meanwhile."""
    connection.ensure_connection()
    target = sqlite3.connect(out)
    try:
        connection.connection.backup(target)
        target.execute("PRAGMA journal_mode=DELETE")
    finally:
        target.close()


def _finished(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Leave out what is still being copied into the archive."""
    return None if Path(member.name).name.startswith(".") else member


def _is_new(database: Path) -> bool:
    """Whether a database was made and nothing put into it yet; what SQLite keeps beside it is gone then.

    Raises:
        StoreError: somebody else has it open.
    """
    with closing(sqlite3.connect(database, timeout=1)) as look:
        try:
            rows = look.execute("SELECT name FROM sqlite_master WHERE name GLOB 'store_*' AND type = 'table'")
            tables = [name for (name,) in rows]
            if not tables or any(look.execute(f'SELECT 1 FROM "{one}" LIMIT 1').fetchone() for one in tables):
                return False
            look.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.OperationalError as error:
            raise StoreError(LOCKED) from error
        except sqlite3.DatabaseError:
            return False
    return True


def _sound(database: Path) -> None:
    """Raise `StoreError` unless a database file is whole."""
    if not database.is_file():
        raise StoreError(CORRUPT)
    look = sqlite3.connect(database)
    try:
        verdict = look.execute("PRAGMA integrity_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise StoreError(CORRUPT) from error
    finally:
        look.close()
    if verdict != "ok":
        raise StoreError(CORRUPT)
