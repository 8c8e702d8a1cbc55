"""Opening the store: the home folder, Django, the tables in their newest form."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from stat import S_IMODE, S_IRWXO
from typing import Any, Final

import django
from django.apps import apps

from pipeline.errors import StoreError
from pipeline.language import Text
from pipeline.settings import settings
from pipeline.store.database import SQLITE_FILE, database
from pipeline.store.refusals import CORRUPT, NOT_WRITABLE, told_as_refusals

RESTORED: Final = "restored"
"""Lies in a home whose backup was unpacked and not opened yet; the next opening writes it down."""

_LOCK_FILE: Final = "store.lock"
_MIGRATION_LOCK: Final = 7_068_278
"""Key of the PostgreSQL advisory lock under which tables are made."""

_SETTINGS: Final = "pipeline.store.settings"

_CHECK_BYTES: Final = 64 * 2**20
"""Up to this size a SQLite file is checked at every opening (below 0.1 s); `sotarsa verify` checks any."""

_NEWER: Final = Text(
    "Basis data ini dibuat oleh Sotarsa yang lebih baru. Perbarui program di komputer ini.",
    "This database was made by a newer Sotarsa. Update the program on this computer.",
)
_LOST: Final = Text(
    "Di {home} ada arsip pindaian, tetapi basis datanya hilang. Pulihkan cadangan terakhir ke folder kosong: "
    "sotarsa --home FOLDER restore BERKAS",
    "{home} has an archive of scans, but its database is gone. Restore the last backup into an empty folder: "
    "sotarsa --home DIR restore FILE",
)


def open_store(home: Path, module: str = _SETTINGS) -> None:
    """Make the store of a home ready in this process; the models may be imported from then on.

    Opening again is free of effect; opening another home turns this process to it.

    Args:
        home: the office's folder.
        module: Django's settings, where this process needs more than the store; the first opening counts.

    Raises:
        StoreError: the store is locked, damaged, full, not writable or newer than this program.
        UsageError: `SOTARSA_DATABASE_URL` cannot be used.
    """
    home = home.absolute()
    _make_home(home)
    set_up(home, module)
    with told_as_refusals():
        _check(home)
        _migrate(home)
        _say_restored(home)


def set_up(home: Path, module: str = _SETTINGS) -> None:
    """Turn this process to a home without opening its store; the models may be imported from then on.

    Raises:
        UsageError: `SOTARSA_DATABASE_URL` cannot be used.
    """
    os.environ["SOTARSA_HOME"] = str(home.absolute())
    os.environ["DJANGO_SETTINGS_MODULE"] = module
    wanted = database(settings().database_url, home.absolute())
    if not apps.ready:
        django.setup()
    _turn_to(wanted)


def _make_home(home: Path) -> None:
    """The home folder, closed to others: it holds personal data."""
    with told_as_refusals():
        if not home.exists():
            try:
                home.mkdir(parents=True, mode=0o700, exist_ok=True)
            except FileNotFoundError as error:  # where no folder can be made: /proc, a drive that is gone
                raise StoreError(NOT_WRITABLE) from error
        if not (home / _LOCK_FILE).exists():
            (home / _LOCK_FILE).touch(mode=0o600)
            home.chmod(0o700)
        elif (mode := S_IMODE(home.stat().st_mode)) & S_IRWXO:
            # A home that was copied from a USB stick is open to every account; its owner alone can close it.
            with suppress(PermissionError):
                home.chmod(mode & ~S_IRWXO)
    if not os.access(home, os.W_OK | os.X_OK):
        raise StoreError(NOT_WRITABLE)


def _turn_to(wanted: dict[str, Any]) -> None:
    from django.db import connections

    current = connections.settings["default"]
    if any(current.get(key) != value for key, value in wanted.items()):
        connections["default"].close()
        del connections["default"]
        connections.settings = connections.configure_settings({"default": wanted})


def _check(home: Path) -> None:
    """Look for damage, as deep as the size of the file lets it be unnoticed."""
    from django.db import connection

    if connection.vendor != "sqlite":
        return
    file = Path(str(connection.settings_dict["NAME"]))
    if not file.exists():
        archive = home / "archive"
        if file == home / SQLITE_FILE and archive.is_dir() and any(archive.iterdir()):
            raise StoreError(_LOST.filled(home=home))
        return
    if file.stat().st_size > _CHECK_BYTES:
        return
    with connection.cursor() as cursor:
        verdict = cursor.execute("PRAGMA quick_check(1)").fetchone()
    if verdict is None or verdict[0] != "ok":
        raise StoreError(CORRUPT)


def _migrate(home: Path) -> None:
    from django.core.management import call_command
    from django.db import connection

    if not _outdated():
        return
    with _alone(home):
        if _outdated():
            call_command("migrate", verbosity=0, interactive=False)
    connection.close()


def _say_restored(home: Path) -> None:
    """Write down that a backup was unpacked: serials go on beyond what may be on paper."""
    if (home / RESTORED).exists():
        from pipeline.store.models import Restoring

        Restoring.objects.create()
        (home / RESTORED).unlink(missing_ok=True)


def _outdated() -> bool:
    """Whether tables are missing or old.

    Raises:
        StoreError: they are newer than this program.
    """
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    loader = MigrationExecutor(connection).loader
    ours = loader.migrated_apps
    if any(key not in loader.disk_migrations for key in loader.applied_migrations if key[0] in ours):
        raise StoreError(_NEWER)
    return any(key not in loader.applied_migrations for key in loader.disk_migrations)


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """No two processes make tables at once, on this machine or on several."""
    from django.db import connection

    with (home / _LOCK_FILE).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if connection.vendor != "postgresql":
            yield
            return
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [_MIGRATION_LOCK])
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_MIGRATION_LOCK])
