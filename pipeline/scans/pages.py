"""Any file that an office scans, as its page images."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from pipeline.scans.heic import heic_pages
from pipeline.scans.pdf import pdf_pages
from pipeline.scans.raster import jpeg_pages, png_pages, tiff_pages
from pipeline.scans.sniff import HEAD_BYTES, FileKind, is_foreign, kind_of
from pipeline.scans.types import PageImage, UnreadableFile, UnreadablePage

Pages = Iterator[PageImage | UnreadablePage]

_READERS: Final[dict[FileKind, Callable[[Path], Pages]]] = {
    FileKind.PDF: pdf_pages,
    FileKind.TIFF: tiff_pages,
    FileKind.JPEG: jpeg_pages,
    FileKind.PNG: png_pages,
    FileKind.HEIC: heic_pages,
}

_log = logging.getLogger(__name__)


def open_pages(path: Path) -> Pages:
    """The page images of one file, one by one, so that a long file takes no more memory than a short one.

    The content decides, not the name. A page that cannot be read comes as an `UnreadablePage`; its neighbours
    still come.

    Raises:
        UnreadableFile: while iterating, when the file gives no page at all: `unreadable_file`, `encrypted`,
            `empty_file`, `wrong_type` or `too_large`.
        MissingPartError: a page has to be rendered, and poppler is not installed.
    """
    if path.exists() and not path.is_file():
        # A pipe or a device would keep us waiting, or never end.
        raise UnreadableFile("unreadable_file", f"{path.name} is not a file")
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
    except OSError as error:
        raise UnreadableFile("unreadable_file", f"{path.name}: {error}") from error
    if not head:
        raise UnreadableFile("empty_file", path.name)
    kind = kind_of(head)
    if kind is None:
        reason = "wrong_type" if is_foreign(head) else "unreadable_file"
        raise UnreadableFile(reason, f"{path.name}: starts {head[:8]!r}")
    _log.debug("%s is %s", path.name, kind)
    yield from _READERS[kind](path)
