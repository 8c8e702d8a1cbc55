"""Page images of JPEG, PNG and TIFF files.

JPEG and PNG travel as they are; what OpenCV would read wrongly (transparency, palettes) and TIFF pages (some
with oblong pixels) are flattened to PNM, which costs nothing to write and keeps 1-bit pages small.
"""

import io
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from PIL import ExifTags, Image

from pipeline.scans.jpeg import DamagedJpeg, read_frame
from pipeline.scans.types import MAX_PIXELS, PageImage, UnreadableFile, UnreadablePage

MAX_BYTES: Final = 400_000_000
MAX_UNPACKED: Final = 50_000_000
"""Most px of a picture that is more than grey and has to be unpacked here, at 6 bytes each: A4 at 700 dpi."""
_STRIP: Final = 256
"""Rows that are made grey at a time."""
_PLAIN: Final = ("1", "L", "RGB")
_GREY: Final = ("1", "L")
_UNSCALED: Final = ("F", "I")
"""Modes of measured numbers: nothing says which of them is white."""
_OBLONG: Final = 1.05
_CREDIBLE_DPI: Final = (50.0, 2400.0)
_DAMAGE: Final = (OSError, ValueError, SyntaxError, EOFError, KeyError, TypeError, IndexError, AttributeError)
"""What Pillow raises, depending on where a damaged file breaks."""


def jpeg_pages(path: Path) -> Iterator[PageImage | UnreadablePage]:
    """The one page of a JPEG, turned as its EXIF orientation says.

    Raises:
        UnreadableFile: damaged, cut off or too large.
    """
    data = read_file(path)
    check_jpeg(data)
    orientation, dpi = 1, None
    try:
        with _open(io.BytesIO(data)) as picture:
            orientation, dpi = _orientation_of(picture), _dpi_of(picture)
    except _DAMAGE:
        pass
    yield PageImage(path.name, 1, data, orientation, dpi)


def png_pages(path: Path) -> Iterator[PageImage | UnreadablePage]:
    """The one page of a PNG; what is transparent is paper.

    Raises:
        UnreadableFile: damaged or too large.
    """
    data = read_file(path)
    try:
        with _open(io.BytesIO(data)) as picture:
            dpi = _dpi_of(picture)
            if picture.mode in _PLAIN and "transparency" not in picture.info:
                check_size(*picture.size)
                picture.verify()
                encoded = data
            else:
                encoded = flatten(picture)
    except Image.DecompressionBombError as error:
        raise UnreadableFile("too_large", str(error)) from error
    except _DAMAGE as error:
        raise UnreadableFile("unreadable_file", f"{path.name}: {error}") from error
    yield PageImage(path.name, 1, encoded, 1, dpi)


def tiff_pages(path: Path) -> Iterator[PageImage | UnreadablePage]:
    """Every page of a TIFF; a damaged page costs only itself.

    Raises:
        UnreadableFile: not even the first page's directory can be read.
    """
    # Of a path Pillow maps uncompressed pages into memory, and mistakes the width of those that lie on their side.
    with path.open("rb") as stream, _open_tiff(stream, path.name) as picture:
        number = 0
        while True:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    picture.seek(number)
            except EOFError:
                return
            except Image.DecompressionBombError as error:
                yield UnreadablePage(path.name, number + 1, "too_large", str(error))
                return
            except _DAMAGE as error:
                yield UnreadablePage(path.name, number + 1, "unreadable_file", str(error))
                return
            number += 1
            yield _tiff_page(picture, path.name, number)


def _open_tiff(stream: BinaryIO, source: str) -> Image.Image:
    try:
        return _open(stream)
    except Image.DecompressionBombError as error:
        raise UnreadableFile("too_large", f"{source}: {error}") from error
    except _DAMAGE as error:
        raise UnreadableFile("unreadable_file", f"{source}: {error}") from error


def _tiff_page(picture: Image.Image, source: str, number: int) -> PageImage | UnreadablePage:
    try:
        dpi = _dpi_of(picture)
        return PageImage(source, number, flatten(picture), 1, dpi)
    except UnreadableFile as error:
        return UnreadablePage(source, number, error.reason, error.detail)
    except _DAMAGE as error:
        return UnreadablePage(source, number, "unreadable_file", str(error))


def flatten(picture: Image.Image) -> bytes:
    """A Pillow image as PNM: 1 bit stays 1 bit, all else becomes 8-bit grey on white, with square pixels.

    Raises:
        OSError: Pillow cannot decode it.
        UnreadableFile: it is too large to be unpacked, or no picture but a table of numbers.
    """
    if picture.mode in _UNSCALED:
        raise UnreadableFile("unreadable_file", f"numbers of mode {picture.mode} are no greys")
    check_size(*picture.size, MAX_PIXELS if picture.mode in _GREY else MAX_UNPACKED)
    flat = io.BytesIO()
    _square(_grey(picture)).save(flat, format="PPM")
    return flat.getvalue()


def read_file(path: Path) -> bytes:
    """A picture file's bytes.

    Raises:
        UnreadableFile: more than `MAX_BYTES`.
    """
    if path.stat().st_size > MAX_BYTES:
        raise UnreadableFile("too_large", f"{path.name}: {path.stat().st_size} bytes")
    return path.read_bytes()


def check_size(width: int, height: int, most: int = MAX_PIXELS) -> None:
    """Let a picture pass that is not too large to be a page.

    Raises:
        UnreadableFile: more than `most` px.
    """
    if width * height > most:
        raise UnreadableFile("too_large", f"{width} x {height} px")


def check_jpeg(data: bytes) -> None:
    """Let a JPEG pass that is whole and not too large.

    Raises:
        UnreadableFile: it is not.
    """
    try:
        frame = read_frame(data)
    except DamagedJpeg as error:
        raise UnreadableFile("unreadable_file", f"JPEG {error}") from error
    check_size(frame.width, frame.height, MAX_UNPACKED if frame.progressive else MAX_PIXELS)


def _grey(picture: Image.Image) -> Image.Image:
    """The picture in grey, strip by strip: whole copies of a large one would take gigabytes."""
    if picture.mode in _GREY:
        return picture
    width, height = picture.size
    grey = Image.new("L", picture.size)
    for top in range(0, height, _STRIP):
        strip = picture.crop((0, top, width, min(top + _STRIP, height)))
        strip.info = picture.info
        grey.paste(_grey_strip(strip), (0, top))
    return grey


def _grey_strip(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I;16"):
        return picture.convert("I").point(lambda value: value / 257).convert("L")
    if picture.mode in ("LA", "RGBA", "PA", "La", "RGBa") or "transparency" in picture.info:
        opaque = picture.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", opaque.size, "white"), opaque).convert("L")
    return picture.convert("L")


def _square(picture: Image.Image) -> Image.Image:
    """The picture with as many dots an inch down as across, where its file says that they differ."""
    across, down = _resolution(picture) or (1.0, 1.0)
    if max(across, down) < _OBLONG * min(across, down):
        return picture
    width, height = picture.size
    target = max(across, down)
    size = round(width * target / across), round(height * target / down)
    if size[0] * size[1] > MAX_PIXELS:
        return picture
    return picture.convert("L").resize(size, Image.Resampling.BICUBIC)


def _resolution(picture: Image.Image) -> tuple[float, float] | None:
    try:
        across, down = (float(value) for value in picture.info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    low, high = _CREDIBLE_DPI
    return (across, down) if low <= across <= high and low <= down <= high else None


def _dpi_of(picture: Image.Image) -> float | None:
    resolution = _resolution(picture)
    return max(resolution) if resolution else None


def _orientation_of(picture: Image.Image) -> int:
    orientation = picture.getexif().get(ExifTags.Base.Orientation, 1)
    return orientation if orientation in range(1, 9) else 1


def _open(source: BinaryIO) -> Image.Image:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Image.open(source)
