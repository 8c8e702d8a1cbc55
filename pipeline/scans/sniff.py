"""What a file really is, from its first bytes; names lie."""

from enum import StrEnum
from typing import Final

HEAD_BYTES: Final = 4096
"""How much of a file `kind_of` needs to see."""


class FileKind(StrEnum):
    """The kinds of file that hold page images."""

    PDF = "pdf"
    TIFF = "tiff"
    JPEG = "jpeg"
    PNG = "png"
    HEIC = "heic"


_OURS: Final = (
    (b"\xff\xd8\xff", FileKind.JPEG),
    (b"\x89PNG\r\n\x1a\n", FileKind.PNG),
    (b"II*\x00", FileKind.TIFF),
    (b"MM\x00*", FileKind.TIFF),
    (b"II+\x00", FileKind.TIFF),
    (b"MM\x00+", FileKind.TIFF),
)
_FOREIGN: Final = (
    b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0", b"GIF8", b"BM", b"RIFF", b"\x7fELF", b"MZ", b"Rar!",
    b"7z\xbc\xaf", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"ID3", b"OggS", b"SQLite format 3", b"\x00\x00\x01\x00",
    b"8BPS", b"\xff\xfe", b"\xfe\xff",
)  # fmt: skip
_FOREIGN_AT_4: Final = (b"ftyp",)
_HEVC_BRANDS: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"})
"""Brands of ISO/IEC 23008-12 whose pictures are coded in HEVC; the box of types names several."""

_PDF_HEADER_WITHIN: Final = 1024


def kind_of(head: bytes) -> FileKind | None:
    """The kind of file that starts with `head` (`HEAD_BYTES` of it), None when it holds no page images."""
    for magic, kind in _OURS:
        if head.startswith(magic):
            return kind
    if _brands(head) & _HEVC_BRANDS:
        return FileKind.HEIC
    return FileKind.PDF if b"%PDF-" in head[:_PDF_HEADER_WITHIN] else None


def is_foreign(head: bytes) -> bool:
    """Whether the file is sound but of another type (text, archive, office document …), not mere damage."""
    return head.startswith(_FOREIGN) or head[4:8] in _FOREIGN_AT_4 or _is_text(head)


def _brands(head: bytes) -> set[bytes]:
    """What a file of the ISO base format says that it can be read as; of other files, nothing."""
    if head[4:8] != b"ftyp":
        return set()
    end = min(int.from_bytes(head[:4], "big"), len(head))
    return {head[8:12], *(head[at : at + 4] for at in range(16, end - 3, 4))}


def _is_text(head: bytes) -> bool:
    try:
        text = head[: len(head) - 3].decode() if len(head) == HEAD_BYTES else head.decode()
    except UnicodeDecodeError as error:
        if len(head) < HEAD_BYTES or error.start < HEAD_BYTES - 8:
            return False
        text = head[: error.start].decode()
    return all(character.isprintable() or character in "\t\r\n\f" for character in text)
