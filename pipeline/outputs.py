"""Files that a person asked for: whole or not at all, for their owner alone, and refused by their own name."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pipeline.errors import UsageError
from pipeline.language import Text

_OWNER: Final = 0o600
"""Nearly everything that leaves the store holds names and numbers of people."""

_FULL: Final = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def whole(out: Path, *, folders: bool = False) -> Iterator[Path]:
    """Where to write a file; it takes its name, in place of an older one, when the block ends well.

    Args:
        out: the file.
        folders: make its folder where that is not there.

    Raises:
        UsageError: it cannot be written there.
        OSError: the disk is full, or gave up.
    """
    part = out.with_name(f".{out.name}.part")
    if out.is_dir():
        raise UsageError(
            Text(
                f"{out} adalah folder. Sebutkan nama berkasnya juga.",
                f"{out} is a folder. Name the file too.",
            )
        )
    try:
        if folders:
            out.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        part.touch(mode=_OWNER)
    except OSError as error:
        if error.errno in _FULL:
            raise
        raise refused(out, error) from error
    try:
        yield part
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)


def refused(out: Path, error: OSError) -> UsageError:
    """That a file or folder cannot be written where the person wants it."""
    return UsageError(
        Text(
            f"{out} tidak dapat ditulis ({error.strerror}). Pilih folder lain, atau minta izin menulis di sana.",
            f"{out} cannot be written ({error.strerror}). Choose another folder, or get the right to write there.",
        )
    )
