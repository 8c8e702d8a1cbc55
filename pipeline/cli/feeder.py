"""Sheets from a scanner's feeder, page by page, through the home's inbox into the store."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote

from rich.console import Console
from rich.table import Table

from pipeline.cli import context
from pipeline.errors import UsageError
from pipeline.language import Text
from pipeline.scans import device
from pipeline.scans.device_options import ScannerFault

INBOX: Final = "inbox"
"""The folder of the home with pages that came from a scanner and are not read yet."""


class Tray:
    """One feeder's worth of paper.

    Attributes:
        fault: what stopped the scanner, None when the feeder ran empty as it should; known at the end.
    """

    def __init__(self, name: str | None, batch: str | None, dpi: int, source: str | None) -> None:
        self.fault: ScannerFault | None = None
        self._name, self._dpi, self._source = name, dpi, source
        self._folder = Path(INBOX, quote(f"batch {batch}", safe=" ")) if batch else Path(INBOX)

    def groups(self, home: Path) -> Iterator[Sequence[Path]]:
        """The pages as they come, those first that an earlier run left unread; what was read leaves the inbox.

        Args:
            home: whose store is open.

        Raises:
            MissingPartError: `scanimage` is not installed.
        """
        folder = home / self._folder
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
    Console().print(table)


def _read_and_removed(pages: Sequence[Path]) -> Iterator[Sequence[Path]]:
    """Give pages away; asked for more, they have been read, and those that the store holds need no second place."""
    from pipeline.batch import is_read

    yield pages
    for page in pages:
        if is_read(page):
            page.unlink()
