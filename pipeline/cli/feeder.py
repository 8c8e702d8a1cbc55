"""Sheets from a scanner's feeder, page by page, through the home's inbox into the store."""

import fcntl
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote

from rich.table import Table

from pipeline.cli import context
from pipeline.errors import UsageError
from pipeline.language import Text
from pipeline.scans import device
from pipeline.scans.device_options import ScannerFault

INBOX: Final = "inbox"
"""The folder of the home with pages that came from a scanner and are not read yet."""

_NAMED: Final = "batch "
"""Begins the name of a folder within it, for the pages of a batch that was named."""

_LOCK_FILE: Final = "inbox.lock"


class Tray:
    """One feeder's worth of paper.

    Attributes:
        fault: what stopped the scanner, None when the feeder ran empty as it should; known at the end.
    """

    def __init__(self, name: str | None, batch: str | None, dpi: int, source: str | None) -> None:
        self.fault: ScannerFault | None = None
        self._name, self._dpi, self._source = name, dpi, source
        self._folder = Path(INBOX, _NAMED + quote(batch, safe=" ")) if batch else Path(INBOX)

    def groups(self, home: Path) -> Iterator[Sequence[Path]]:
        """The pages as they come, those first that an earlier run left unread; what was read leaves the inbox.

        Args:
            home: whose store is open.

        Raises:
            MissingPartError: `scanimage` is not installed.
            UsageError: another run takes pages out of the inbox.
        """
        folder = home / self._folder
        with _alone(home):
            _tell_of_others(home / INBOX, folder)
            device.sweep(folder)
            left = sorted(folder.glob(device.PAGES))
            if left:
                yield from _read_and_removed(left)
            try:
                name = self._name or device.first().name
                context.tell(Text("Memindai dari {name} …", "Scanning from {name} …"), name=name)
                for pages in device.feed(name, folder, dpi=self._dpi, source=self._source):
                    yield from _read_and_removed(pages)
            except ScannerFault as fault:
                self.fault = fault


def name_of(words: Sequence[str]) -> str | None:
    """The scanner's name among the words after `--device`, None for the first that is found.

    Raises:
        UsageError: several words.
    """
    if len(words) > 1:
        raise UsageError(
            Text(
                "Dengan --device sebutkan paling banyak satu nama pemindai, tanpa berkas.",
                "With --device name one scanner at most, and no files.",
            )
        )
    return words[0] if words else None


def list_devices(as_json: bool) -> None:
    """Show the scanners that are found.

    Raises:
        MissingPartError: `scanimage` is not installed.
        ScannerFault: there is none.
    """
    found = device.scanners() or [device.first()]
    if as_json:
        context.put_json({"devices": [{"name": one.name, "model": one.model} for one in found]})
        return
    table = Table(str(Text("Nama", "Name")), str(Text("Pemindai", "Scanner")))
    for one in found:
        table.add_row(one.name, one.model)
    context.answers().print(table)


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Two runs must not take each other's pages.

    Raises:
        UsageError: another run is under way.
    """
    with (home / _LOCK_FILE).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UsageError(
                Text(
                    "Pemindaian lain sedang berjalan di komputer ini. Tunggu sampai selesai, lalu jalankan lagi.",
                    "Another scan is running on this computer. Wait until it has finished, then run this again.",
                )
            ) from error
        yield


def _tell_of_others(inbox: Path, ours: Path) -> None:
    """Say which other batches have pages that were scanned and never read."""
    for folder in (inbox, *inbox.glob(f"{_NAMED}*")):
        pages = len(list(folder.glob(device.PAGES)))
        if pages and folder != ours:
            batch = "" if folder == inbox else f" --batch {shlex.quote(unquote(folder.name[len(_NAMED) :]))}"
            context.tell(
                Text(
                    "{pages} halaman dari pemindaian lain belum dibaca. Jalankan nanti: sotarsa scan --device{batch}",
                    "{pages} pages of another scan are not read yet. Run later: sotarsa scan --device{batch}",
                ),
                pages=pages,
                batch=batch,
            )


def _read_and_removed(pages: Sequence[Path]) -> Iterator[Sequence[Path]]:
    """Give pages away; asked for more, they have been read, and those that the store holds need no second place."""
    from pipeline.store.intake import is_read

    yield pages
    for page in pages:
        if is_read(page):
            page.unlink()
