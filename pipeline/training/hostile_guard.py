"""Reads a file as a batch does, in two processes that may be ended: one opens it, one reads its pages.

Both report the most memory that they held for this one input (`VmHWM` of Linux's /proc, reset before each).
"""

import multiprocessing
import os
import pickle
import resource
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final, NamedTuple

from pipeline.errors import SotarsaError
from pipeline.forms.catalogue import Catalogue
from pipeline.page import PageReading, read_page
from pipeline.scans.files import find_files
from pipeline.scans.pages import open_pages
from pipeline.scans.types import PageImage, UnreadableFile, UnreadablePage
from pipeline.workers import read_one

ADDRESS_SPACE: Final = 4 * 2**30
"""Bytes that a process may map: no input of a run may take the machine along."""

# Nothing of the caller's memory may count as theirs.
_CONTEXT: Final = multiprocessing.get_context("spawn")


class Accepted(NamedTuple):
    """A value that was accepted unseen."""

    field: str
    row: int | None
    value: str | None


@dataclass(frozen=True, slots=True)
class PageEnd:
    """What became of one page: `reason` is "" when it was read.

    Attributes:
        detail: what was seen, for the log.
        serial: of a page that was read.
        page: its number on the sheet.
        review: how many fields wait for a person.
    """

    reason: str
    detail: str = ""
    serial: str = ""
    page: int = 0
    accepted: tuple[Accepted, ...] = ()
    review: int = 0


@dataclass(frozen=True, slots=True)
class FileEnd:
    """What became of one input.

    Attributes:
        pages: in the order of the file.
        refused: the sentence with which the whole input was refused, if it was.
        crash: a traceback, `died` or `slow`; "" when all went as it should.
        seconds: from opening to the last page.
        open_mb: most memory of the process that opened it, MiB.
        read_mb: most memory of the process that read its pages, MiB.
        draw_mb: most memory of poppler, MiB, where it was more than for any input before; else 0.
    """

    pages: tuple[PageEnd, ...] = ()
    refused: str = ""
    crash: str = ""
    seconds: float = 0.0
    open_mb: float = 0.0
    read_mb: float = 0.0
    draw_mb: float = 0.0


class Guard:
    """Reads one input after the other, each within a time; a process that dies or hangs is made anew."""

    def __init__(self, catalogue: Catalogue, seconds: float, most_pages: int) -> None:
        self._catalogue, self._seconds, self._most = pickle.dumps(catalogue), seconds, most_pages
        self._child: multiprocessing.process.BaseProcess | None = None
        self._line: Connection | None = None

    def __enter__(self) -> "Guard":
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def read(self, path: Path) -> FileEnd:
        """The end of one input: a file, a folder, or whatever lies there."""
        line = self._line or self._start()
        started = time.perf_counter()
        try:
            line.send(path)
            if not line.poll(self._seconds):
                self._end()
                return FileEnd(crash="slow", seconds=self._seconds)
            end = line.recv()
        except (EOFError, OSError):
            self._end()
            return FileEnd(crash="died", seconds=time.perf_counter() - started)
        assert isinstance(end, FileEnd)
        return replace(end, seconds=time.perf_counter() - started)

    def _start(self) -> Connection:
        self._line, theirs = _CONTEXT.Pipe()
        self._child = _CONTEXT.Process(target=_open_all, args=(theirs, self._catalogue, self._most))
        self._child.start()
        theirs.close()
        return self._line

    def _end(self) -> None:
        if self._child is not None and self._line is not None:
            self._line.close()
            if self._child.pid and self._child.is_alive():
                os.killpg(self._child.pid, signal.SIGKILL)
            self._child.join()
        self._child = self._line = None


def _open_all(line: Connection, catalogue: bytes, most: int) -> None:
    """The opening process: paths in, ends out, until the line is closed; it leads a group of its own."""
    os.setpgid(0, 0)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    ours, theirs = _CONTEXT.Pipe()
    reader = _CONTEXT.Process(target=_read_all, args=(theirs, catalogue), daemon=True)
    reader.start()
    theirs.close()
    while True:
        try:
            path = line.recv()
        except EOFError:
            return
        _forget_peak()
        line.send(_opened(path, ours, most))


def _opened(path: Path, reader: Connection, most: int) -> FileEnd:
    pages: list[PageEnd] = []
    refused, read_mb, drawn_before = "", 0.0, _children_mb()
    try:
        for end, held in _ends(path, reader, most):
            pages.append(end)
            read_mb = max(read_mb, held)
    except UnreadableFile as error:
        pages.append(PageEnd(error.reason, error.detail))
    except SotarsaError as error:
        refused = str(error)
    except (EOFError, BrokenPipeError):
        raise
    except BaseException as error:
        return FileEnd(tuple(pages), crash=f"{type(error).__name__}: {error}", open_mb=_peak_mb())
    faults = [page.detail for page in pages if page.reason == "internal"]
    crash = faults[0].strip().rsplit("\n", 1)[-1] if faults else ""
    draw_mb = _children_mb()
    draw_mb = draw_mb if draw_mb > drawn_before else 0.0
    return FileEnd(tuple(pages), refused, crash, 0.0, _peak_mb(), read_mb, draw_mb)


def _ends(path: Path, reader: Connection, most: int) -> Iterator[tuple[PageEnd, float]]:
    for file in find_files([path]):
        for page in open_pages(file):
            if page.image > most:
                break
            if isinstance(page, UnreadablePage):
                yield PageEnd(page.reason, page.detail), 0.0
            else:
                reader.send(page)
                reading, held = reader.recv()
                yield _end_of(reading), held


def _end_of(reading: PageReading) -> PageEnd:
    identity = reading.identity
    accepted = tuple(
        Accepted(one.reading.field, one.reading.row, one.reading.value)
        for one in reading.readings
        if one.status == "accepted"
    )
    return PageEnd(
        reading.reason,
        reading.detail,
        identity.serial if identity else "",
        identity.page if identity else 0,
        accepted,
        len(reading.readings) - len(accepted),
    )


def _read_all(line: Connection, catalogue: bytes) -> None:
    """The reading process: page images in, readings and memory out."""
    while True:
        try:
            page = line.recv()
        except EOFError:
            return
        assert isinstance(page, PageImage)
        _forget_peak()
        line.send((read_one(read_page, catalogue, page), _peak_mb()))


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _peak_mb() -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    kib = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    return int(kib) / 1024


def _children_mb() -> float:
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
