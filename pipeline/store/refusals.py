"""What a database or disk refuses, as the sentence that the office reads."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import DatabaseError, IntegrityError

from pipeline.errors import StoreError
from pipeline.language import Text

LOCKED: Final = Text(
    "Basis data sedang dipakai program lain. Tunggu sampai selesai, lalu ulangi.",
    "The database is in use by another program. Wait until it has finished, then try again.",
)
CORRUPT: Final = Text(
    "Basis data rusak. Jangan dihapus; pulihkan cadangan terakhir dengan: sotarsa restore BERKAS",
    "The database is damaged. Do not delete it; restore the last backup with: sotarsa restore FILE",
)
FULL: Final = Text(
    "Diska penuh. Kosongkan ruang lalu ulangi; yang sudah tersimpan aman.",
    "The disk is full. Free some space and try again; what was stored is safe.",
)
SILENT: Final = Text(
    "Diska penuh atau tidak menjawab. Periksa ruang kosong dan sambungannya, lalu ulangi; yang sudah tersimpan aman.",
    "The disk is full or does not answer. Check its free space and connection, then try again; "
    "what was stored is safe.",
)
TOO_LONG: Final = Text(
    "Nama berkas atau folder terlalu panjang. Persingkat namanya, lalu ulangi.",
    "The name of a file or folder is too long. Shorten it, then try again.",
)
LOOP: Final = Text(
    "Tautan berkas atau folder berputar ke dirinya sendiri. Sebutkan tempat aslinya, lalu ulangi.",
    "A link to a file or folder leads back to itself. Name the place itself, then try again.",
)
TOO_LARGE: Final = Text(
    "Berkasnya terlalu besar untuk diska itu. Pakai diska lain (exFAT, NTFS, atau ext4), lalu ulangi.",
    "The file is too large for that disk. Use another one (exFAT, NTFS or ext4), then try again.",
)
NOT_WRITABLE: Final = Text(
    "Folder data tidak dapat ditulis. Periksa izin folder dan pilihan --home.",
    "The data folder cannot be written to. Check its rights and the option --home.",
)
UNREACHABLE: Final = Text(
    "Server basis data tidak dapat dihubungi. Periksa SOTARSA_DATABASE_URL dan jaringannya.",
    "The database server cannot be reached. Check SOTARSA_DATABASE_URL and the network.",
)
REFUSED: Final = Text(
    "Basis data menolak. Jalankan sotarsa verify, lalu hubungi pengelola.",
    "The database refused. Run sotarsa verify, then call the administrator.",
)

_SIGNS: Final = (
    ("locked", LOCKED),
    ("busy", LOCKED),
    ("disk is full", FULL),
    ("no space left", FULL),
    ("malformed", CORRUPT),
    ("not a database", CORRUPT),
    ("disk i/o error", SILENT),
    ("readonly", NOT_WRITABLE),
    ("read-only", NOT_WRITABLE),
    ("unable to open", NOT_WRITABLE),
    ("permission denied", NOT_WRITABLE),
    ("connection", UNREACHABLE),
    ("could not translate", UNREACHABLE),
)
_ERRNOS: Final = {
    errno.ENOSPC: FULL,
    errno.EDQUOT: FULL,
    errno.EACCES: NOT_WRITABLE,
    errno.EPERM: NOT_WRITABLE,
    errno.EROFS: NOT_WRITABLE,
    errno.ENOTDIR: NOT_WRITABLE,
    errno.EEXIST: NOT_WRITABLE,
    errno.EIO: SILENT,
    errno.EFBIG: TOO_LARGE,
    errno.ENAMETOOLONG: TOO_LONG,
    errno.ELOOP: LOOP,
}


_DATABASE: Final = (DatabaseError, sqlite3.DatabaseError)
"""Django's, and those of what speaks to SQLite itself."""

_NO_REFUSALS: Final = (IntegrityError, sqlite3.IntegrityError)


def refusal(error: Exception) -> StoreError | None:
    """The store error that an exception means, or None when it means no refusal of the store."""
    if isinstance(error, _DATABASE) and not isinstance(error, _NO_REFUSALS):
        told = str(error).lower()
        text = next((text for sign, text in _SIGNS if sign in told), REFUSED)
        return StoreError(text)
    if isinstance(error, OSError) and error.errno in _ERRNOS:
        return StoreError(_ERRNOS[error.errno])
    return None


@contextmanager
def told_as_refusals() -> Iterator[None]:
    """Turn what the database or disk refuses inside the block into a `StoreError`."""
    try:
        yield
    except (*_DATABASE, OSError) as error:
        told = refusal(error)
        if told is None:
            raise
        raise told from error
