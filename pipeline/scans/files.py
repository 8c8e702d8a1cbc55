"""From the paths that a user names to the files that hold page images."""

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import Final

from pipeline.errors import UsageError
from pipeline.language import Text
from pipeline.scans.sniff import HEAD_BYTES, kind_of

SUFFIXES: Final = frozenset({".pdf", ".tif", ".tiff", ".jpg", ".jpeg", ".png", ".heic", ".heif"})
"""Files of a folder with these names are taken, whatever they hold: what cannot be read is told."""

_UNFINISHED: Final = (".part", ".partial", ".filepart", ".crdownload", ".download", ".tmp", ".temp", "~")
_HIDDEN: Final = (".", "~")
_LITTER: Final = frozenset({"thumbs.db", "desktop.ini"})
"""What a system leaves in folders by itself."""

_TEXTS: Final = frozenset({".csv", ".ini", ".json", ".jsonl", ".log", ".md", ".txt", ".yaml", ".yml"})
"""Files of text alone: no sheet is in one."""

NAMED: Final = 5
"""Up to so many files that are not read are named one by one."""

_NUMBERS: Final = re.compile(r"(\d+)")


def find_files(paths: Iterable[str | Path], passed: Callable[[Path], None] = lambda _: None) -> list[Path]:
    """The files to scan, each once, folders walked in natural order (`page2` before `page10`).

    A file that is named is always taken. In folders, hidden files and folders and unfinished copies (`.part`, `~` …)
    are skipped, and so is every file that neither has the suffix of a scan nor starts like one. A folder that may not
    be opened stands in the list itself: like a file that will not open, it may hold sheets.

    Args:
        paths: files and folders, as they were typed.
        passed: told of each file that is skipped and may hold a sheet: not of hidden ones, nor of plain text.

    Raises:
        UsageError: a path is empty, does not exist or cannot be looked for, or there is nothing to scan.
    """
    typed = list(paths)
    # To `Path`, nothing means the current folder.
    if "" in typed:
        raise UsageError(
            Text(
                "Nama berkas atau folder kosong. Sebutkan berkas atau folder yang akan dibaca.",
                "The name of a file or folder is empty. Name the files or folders to read.",
            )
        )
    named = [Path(path) for path in typed]
    others: dict[Path, Path] = {}
    found = {
        file.resolve(): file
        for path in named
        for file in _files_of(path, lambda other: others.update({other.resolve(): other}))
    }
    left = [path for place, path in others.items() if place not in found]
    if not found:
        where = ", ".join(str(path) for path in named)
        there = f" ({', '.join(readable(path.name) for path in left[:NAMED])})" if left else ""
        raise UsageError(
            Text(
                f"Tidak ada berkas PDF, TIFF, JPEG, PNG atau HEIC di {where}{there}. Periksa foldernya.",
                f"There is no PDF, TIFF, JPEG, PNG or HEIC file in {where}{there}. Check the folder.",
            )
        )
    for path in left:
        passed(path)
    return list(found.values())


def readable(name: str) -> str:
    """A file's name or path as text that a terminal can be given.

    Bytes that are no UTF-8, as from an old USB drive, become question marks, and so do characters that command.
    """
    text = name.encode(errors="replace").decode()
    return "".join(char if char.isprintable() else "?" for char in text)


def walk(folder: Path, passed: Callable[[Path], None] = lambda _: None) -> Iterator[Path]:
    """What a folder holds that may be scans, in natural order, as `find_files` chooses it.

    Args:
        folder: it and the folders within it; one of them that may not be opened is given itself.
        passed: told of all else but plain text: what is no scan or not wholly there yet, links to other folders.

    Raises:
        OSError: the folder is not there, or its drive does not answer.
    """
    try:
        visible = {entry: _is_folder(entry) for entry in folder.iterdir() if not _is_hidden(entry.name)}
    except PermissionError:
        yield folder
        return
    for entry in sorted(visible, key=natural_key):
        if visible[entry] and not _is_unfinished(entry.name):
            yield from walk(entry, passed)
        elif _is_scan(entry):
            yield entry
        elif not _is_file(entry) or entry.suffix.lower() not in _TEXTS:
            passed(entry)


def is_unfinished(path: Path) -> bool:
    """Whether a file's name says that it is still being copied."""
    return _is_unfinished(path.name)


def natural_key(path: Path) -> tuple[tuple[int, str], ...]:
    """A sort key that puts `page2` before `page10`, upper and lower case together."""
    parts = _NUMBERS.split(path.name.casefold())
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in parts)


def _files_of(path: Path, passed: Callable[[Path], None]) -> Iterator[Path]:
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UsageError(
            Text(
                f"{path} tidak ada. Periksa ejaannya, atau sambungkan dulu diska USB-nya.",
                f"{path} does not exist. Check its spelling, or connect the USB drive first.",
            )
        ) from error
    except OSError as error:
        raise UsageError(
            Text(
                f"{path} tidak dapat dibuka ({error.strerror}). Periksa ejaannya, lalu izin foldernya.",
                f"{path} cannot be opened ({error.strerror}). Check its spelling, then the rights of its folder.",
            )
        ) from error
    if S_ISDIR(mode):
        yield from walk(path, passed)
    elif S_ISREG(mode):
        yield path
    else:
        raise UsageError(
            Text(
                f"{path} bukan berkas, melainkan pipa atau perangkat. Sebutkan berkas atau folder.",
                f"{path} is no file but a pipe or a device. Name a file or a folder.",
            )
        )


def _is_folder(path: Path) -> bool:
    """Whether a path is a folder, and no link to one.

    Raises:
        PermissionError: the folder that it lies in may be read but not entered.
    """
    try:
        return S_ISDIR(path.lstat().st_mode)
    except FileNotFoundError:
        return False


def _is_file(path: Path) -> bool:
    """Whether a path is a file; what it links to may not be looked at, and then it may be one."""
    try:
        return path.is_file()
    except PermissionError:
        return True


def _is_scan(file: Path) -> bool:
    if not _is_file(file) or _is_unfinished(file.name):
        return False
    if file.suffix.lower() in SUFFIXES:
        return True
    try:
        with file.open("rb") as stream:
            return kind_of(stream.read(HEAD_BYTES)) is not None
    except OSError:
        return False


def _is_unfinished(name: str) -> bool:
    return name.casefold().endswith(_UNFINISHED)


def _is_hidden(name: str) -> bool:
    return name.startswith(_HIDDEN) or name.casefold() in _LITTER
