"""Files that a person asked for: whole or not at all, for their owner alone, and refused by their own name."""

import errno
import glob
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from pipeline.errors import UsageError
from pipeline.language import Text

_ABANDONED_SECONDS: Final = 24 * 3600.0
_FULL: Final = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def whole(out: Path, *, folders: bool = False) -> Iterator[Path]:
    """Where to write a file; it takes its name, in place of an older one, when the block ends well.

    What killed runs left half written more than a day ago is removed.

    Args:
        out: the file, or a link to it.
        folders: make its folder where that is not there.

    Raises:
        UsageError: it cannot be written there.
        OSError: the disk is full, or gave up.
    """
    with _told(out):
        if folders:
            out.parent.mkdir(parents=True, exist_ok=True)
        target = out.resolve()
        if target.exists() and not target.is_file():
            raise UsageError(
                Text(
                    f"{out} adalah folder atau perangkat. Sebutkan nama berkasnya juga.",
                    f"{out} is a folder or a device. Name the file too.",
                )
            )
        sweep(target.parent.glob(f".{glob.escape(target.name)}.*.part"))
        handle, name = tempfile.mkstemp(".part", f".{target.name}.", target.parent)
        os.close(handle)
    part = Path(name)
    try:
        yield part
        with _told(out):
            part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def sweep(halves: Iterable[Path]) -> None:
    """Remove the files and folders that killed runs left more than a day ago; a younger one may still be written."""
    for half in halves:
        with suppress(OSError):
            if time.time() - half.stat().st_mtime > _ABANDONED_SECONDS:
                shutil.rmtree(half) if half.is_dir() else half.unlink()


@contextmanager
def _told(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise
        raise refused(out, error) from error


def refused(out: Path, error: OSError) -> UsageError:
    """That a file or folder cannot be written where the person wants it."""
    return UsageError(
        Text(
            f"{out} tidak dapat ditulis ({error.strerror}). Pilih folder lain, atau minta izin menulis di sana.",
            f"{out} cannot be written ({error.strerror}). Choose another folder, or get the right to write there.",
        )
    )
