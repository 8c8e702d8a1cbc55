"""The archive: every scanned file unchanged, under the hash of its content."""

import hashlib
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline.outputs import sweep
from pipeline.store.refusals import told_as_refusals

_CHUNK: Final = 2**20
_INCOMING: Final = ".incoming-"
_SUFFIX: Final = re.compile(r"\.[a-z0-9]{1,15}")


@dataclass(frozen=True, slots=True)
class Archived:
    """A file in the archive.

    Attributes:
        sha256: hash of its content, hex.
        suffix: the ending of its name in lower case with its dot, or "".
        size: bytes.
        path: where it lies.
    """

    sha256: str
    suffix: str
    size: int
    path: Path


class Archive:
    """The folder `archive/` of a home: `ab/cdef….pdf` holds the content whose hash is `abcdef…`."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "archive"

    def path(self, sha256: str, suffix: str) -> Path:
        """Where the file with this hash lies, or would lie."""
        return self.folder / sha256[:2] / f"{sha256[2:]}{suffix}"

    def keep(self, source: Path) -> Archived:
        """Copy a file into the archive, unless it is there; whole and safe on disk, or not at all.

        Raises:
            StoreError: the disk is full or the archive not writable.
            OSError: the source cannot be read.
        """
        suffix = suffix_of(source)
        sha256 = sha256_of(source)
        size = source.stat().st_size
        there = self.path(sha256, suffix)
        if there.is_file() and there.stat().st_size == size:
            return Archived(sha256, suffix, size, there)
        return self._copy(source, suffix)

    def sweep(self) -> None:
        """Remove what killed runs left half copied more than a day ago."""
        sweep(self.folder.glob(f"{_INCOMING}*"))

    def _copy(self, source: Path, suffix: str) -> Archived:
        with source.open("rb") as reader, told_as_refusals():
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=_INCOMING, dir=self.folder)
            incoming = Path(name)
            try:
                digest = hashlib.sha256()
                with os.fdopen(handle, "wb") as writer:
                    while chunk := reader.read(_CHUNK):
                        digest.update(chunk)
                        writer.write(chunk)
                    writer.flush()
                    os.fsync(writer.fileno())
                    size = writer.tell()
                target = self.path(digest.hexdigest(), suffix)
                target.parent.mkdir(mode=0o700, exist_ok=True)
                incoming.replace(target)
                _sync(target.parent)
                _sync(self.folder)
            finally:
                incoming.unlink(missing_ok=True)
        return Archived(digest.hexdigest(), suffix, size, target)


def sha256_of(path: Path) -> str:
    """The hash of a file's content, hex; the file is read in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def suffix_of(path: Path) -> str:
    """The ending that a file keeps in the archive: lower case, letters and digits only, else ""."""
    suffix = path.suffix.lower()
    return suffix if _SUFFIX.fullmatch(suffix) else ""


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
