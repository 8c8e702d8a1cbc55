"""Files that cannot be read, moved beside the others with a note that says why and what to do."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from shutil import copymode
from typing import Final

from pipeline.cli.arrivals import SIDE_FOLDER
from pipeline.reasons import PAGE_REASONS

_NOTE: Final = """\
Berkas: {name}
Sebab: {id}
Berkas ini tidak diubah. Bila sudah diperbaiki, taruh lagi di folder {folder}.

File: {name}
Reason: {en}
The file itself is unchanged. When it is mended, put it back into the folder {folder}.
"""


def put_aside(path: Path, folder: Path, reason: str) -> Path:
    """Move a file into the side folder of a watched folder, its note beside it; no file there is written over.

    Who may look into the watched folder may look there too, and nobody else.

    Args:
        path: the file.
        folder: the watched one.
        reason: code of `PAGE_REASONS`.

    Returns:
        Where the file lies now.

    Raises:
        OSError: it cannot be moved.
    """
    side = folder / SIDE_FOLDER
    if not side.exists():
        side.mkdir()
        copymode(folder, side)
    target = next(place for place in _places(side, path) if not place.exists())
    why = PAGE_REASONS[reason]
    note = _NOTE.format(name=target.name, folder=folder, id=why.id, en=why.en)
    beside = target.with_name(f"{target.name}.txt")
    beside.write_text(note, encoding="utf-8", errors="replace")
    copymode(path, beside)
    return path.rename(target)


def _places(side: Path, path: Path) -> Iterator[Path]:
    """Names that may be free: `a.pdf`, then `a (2).pdf`, `a (3).pdf` and so on."""
    yield side / path.name
    for number in count(2):
        yield side / f"{path.stem} ({number}){path.suffix}"
