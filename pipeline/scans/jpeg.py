"""A JPEG's frame, read without decoding it, and whether the file is whole.

Decoders fill what is missing with a flat colour and say nothing; a page that is half there must not be read
as a page that is half empty. Markers as in ITU-T T.81, annex B.
"""

import re
import struct
from dataclasses import dataclass
from typing import Final

_SOI: Final = b"\xff\xd8"
_EOI: Final = 0xD9
_SOS: Final = 0xDA
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE: Final = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_SEGMENTS: Final = frozenset(range(0xC0, 0xD0)) | frozenset(range(0xDA, 0xF0)) | {0xFE}
_MARKER_IN_SCAN: Final = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")


class DamagedJpeg(ValueError):
    """A JPEG that is cut off or holds what cannot stand there."""


@dataclass(frozen=True, slots=True)
class JpegFrame:
    """Width and height in px, the number of colour components, and whether it comes in several passes.

    A decoder holds all coefficients of a progressive picture at once, 3 bytes a px and more.
    """

    width: int
    height: int
    components: int
    progressive: bool = False


def read_frame(data: bytes) -> JpegFrame:
    """The frame of a whole JPEG; bytes after its end are ignored, as phones put things there.

    Raises:
        DamagedJpeg: no JPEG, cut off before its end, or holding bytes that cannot stand where they do.
    """
    if not data.startswith(_SOI):
        raise DamagedJpeg("does not start as a JPEG")
    frame: JpegFrame | None = None
    at = len(_SOI)
    while True:
        marker, at = _next_marker(data, at)
        if marker == _EOI:
            break
        if marker not in _SEGMENTS:
            raise DamagedJpeg(f"marker ff{marker:02x} at byte {at}")
        length = int.from_bytes(data[at : at + 2], "big")
        if length < 2 or at + length > len(data):
            raise DamagedJpeg(f"cut off at byte {at}")
        if marker in _FRAMES and length >= 8:
            height, width, components = struct.unpack(">HHB", data[at + 3 : at + 8])
            frame = JpegFrame(width, height, components, marker in _PROGRESSIVE)
        at += length
        if marker == _SOS:
            at = _end_of_scan(data, at)
    if frame is None or not frame.width or not frame.height:
        raise DamagedJpeg("has no frame")
    return frame


def _next_marker(data: bytes, at: int) -> tuple[int, int]:
    """The marker at `at` (fill bytes skipped) and where its segment starts."""
    if data[at : at + 1] != b"\xff":
        raise DamagedJpeg(f"cut off or no marker at byte {at}")
    while data[at : at + 1] == b"\xff":
        at += 1
    if at >= len(data):
        raise DamagedJpeg("cut off")
    return data[at], at + 1


def _end_of_scan(data: bytes, at: int) -> int:
    """Where the entropy-coded bytes that start at `at` end: at the first marker that is no restart."""
    end = _MARKER_IN_SCAN.search(data, at)
    if end is None:
        raise DamagedJpeg("cut off within the picture")
    return end.start()
