"""Page images of HEIC photos, as iPhones and many Androids take them.

The decoder is libheif with libde265 (LGPL), carried by the wheel of `pi-heif`: 1.5 MB, and none of the GPL encoder
that `pillow-heif` brings along. How a photo was held is told by the boxes `irot` and `imir`, which libheif obeys;
the EXIF orientation beside them is for other readers and must not turn it once more (ISO/IEC 23008-12, A.2.1).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pi_heif

from pipeline.scans.raster import check_size, flatten, read_file
from pipeline.scans.types import PageImage, UnreadableFile, UnreadablePage

MAX_PIXELS: Final = 50_000_000
"""The largest photo that is decoded, which takes 7 bytes a pixel; phones take up to 48 megapixels."""

_DAMAGE: Final = (OSError, ValueError, SyntaxError, EOFError, RuntimeError, KeyError)
"""What `pi_heif` raises, depending on where a damaged file breaks."""


def heic_pages(path: Path) -> Iterator[PageImage | UnreadablePage]:
    """Every photo of a HEIC file, mostly one, upright; its thumbnails and depth maps are left out.

    What the file says of a photo's size is checked before it is decoded, and libheif decodes no more than that.

    Raises:
        UnreadableFile: damaged or too large.
    """
    data = read_file(path)
    try:
        photos = pi_heif.open_heif(data)
    except _DAMAGE as error:
        raise UnreadableFile("unreadable_file", f"{path.name}: {error}") from error
    number = 0
    while len(photos):
        number += 1
        photo = photos[0]
        try:
            width, height = photo.size
            check_size(width, height, MAX_PIXELS)
            yield PageImage(path.name, number, flatten(photo.to_pillow()))
        except UnreadableFile as error:
            yield UnreadablePage(path.name, number, error.reason, error.detail)
        except _DAMAGE as error:
            yield UnreadablePage(path.name, number, "unreadable_file", str(error))
        del photos[0]
