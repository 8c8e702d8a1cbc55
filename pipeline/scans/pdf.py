"""Page images of a PDF: the embedded scan as it is, or the page rendered where it is more than one image."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pikepdf
from pdf2image import convert_from_path
from pdf2image.exceptions import (
    PDFInfoNotInstalledError,
    PDFPageCountError,
    PDFPopplerTimeoutError,
    PDFSyntaxError,
)
from pikepdf import Page, Pdf, PdfImage
from PIL import Image

from pipeline.errors import MissingPartError
from pipeline.language import Text
from pipeline.scans.pdf_content import PlacedImage, only_image, visible_box
from pipeline.scans.raster import check_jpeg, check_size, flatten
from pipeline.scans.types import PageImage, UnreadableFile, UnreadablePage

RENDER_DPI: Final = 300
_RENDER_SECONDS: Final = 30
_JPEG_SPACES: Final = frozenset({"/DeviceGray", "/DeviceRGB", "/CalGray", "/CalRGB", "/ICCBased"})
_PLAIN_DECODE: Final = ((0.0, 1.0), (0.0, 1.0, 0.0, 1.0, 0.0, 1.0))
_NOT_TAKEN_OUT: Final = (
    pikepdf.PikepdfError, OSError, ValueError, TypeError, KeyError, AttributeError, NotImplementedError, OverflowError,
    RecursionError, Image.DecompressionBombError,
)  # fmt: skip
"""What pikepdf and Pillow raise on damaged files; a missing key is an AttributeError where it is read as one."""
_MAX_TAKEN_OUT: Final = 36_000_000
"""Most px of a picture that is unpacked here, at 9 bytes each: A4 at 600 dpi. A larger one is rendered."""

_log = logging.getLogger(__name__)


def pdf_pages(path: Path) -> Iterator[PageImage | UnreadablePage]:
    """Every page of a PDF; a damaged page costs only itself.

    Raises:
        UnreadableFile: locked with a password, damaged beyond repair, or without pages.
        MissingPartError: a page has to be rendered, and poppler is not installed.
    """
    try:
        pdf = Pdf.open(path, suppress_warnings=True)
    except pikepdf.PasswordError as error:
        raise UnreadableFile("encrypted", path.name) from error
    except _NOT_TAKEN_OUT as error:
        raise UnreadableFile("unreadable_file", f"{path.name}: {error}") from error
    with pdf:
        try:
            count = len(pdf.pages)
        except _NOT_TAKEN_OUT as error:
            raise UnreadableFile("unreadable_file", f"{path.name}: {error}") from error
        if not count:
            raise UnreadableFile("unreadable_file", f"{path.name}: no pages")
        for number in range(1, count + 1):
            yield _page_image(pdf, path, number)


def _page_image(pdf: Pdf, path: Path, number: int) -> PageImage | UnreadablePage:
    try:
        page = pdf.pages[number - 1]
        for image in page.get_images().values():
            check_size(int(image.Width), int(image.Height))
        placed = _placed(page)
        if placed is not None:
            encoded = _embedded(placed)
            if encoded is not None:
                return PageImage(path.name, number, encoded, placed.orientation, placed.dpi)
        return PageImage(path.name, number, _rendered(page, path, number), dpi=RENDER_DPI)
    except UnreadableFile as error:
        return UnreadablePage(path.name, number, error.reason, error.detail)
    except _NOT_TAKEN_OUT as error:
        return UnreadablePage(path.name, number, "unreadable_file", str(error))


def _placed(page: Page) -> PlacedImage | None:
    try:
        return only_image(page)
    except _NOT_TAKEN_OUT as error:
        _log.debug("the page's drawing cannot be followed: %s", error)
        return None


def _embedded(placed: PlacedImage) -> bytes | None:
    """The page's image as it stands in the file, None when only a renderer makes sense of it.

    Raises:
        UnreadableFile: the image is damaged.
    """
    image = PdfImage(placed.image)
    if _is_plain_jpeg(image, placed.image):
        data = placed.image.read_raw_bytes()
        check_jpeg(data)
        return data
    if int(placed.image.Width) * int(placed.image.Height) > _MAX_TAKEN_OUT:
        return None
    try:
        with image.as_pil_image() as picture:
            return flatten(picture)
    except _NOT_TAKEN_OUT as error:
        _log.debug("the page's image cannot be taken out: %s", error)
        return None


def _is_plain_jpeg(image: PdfImage, stream: pikepdf.Stream) -> bool:
    decode = tuple(float(value) for value in stream.get("/Decode", []))
    return (
        image.filters == ["/DCTDecode"]
        and image.colorspace in _JPEG_SPACES
        and not {"/SMask", "/Mask"} & set(stream.keys())
        and (not decode or decode in _PLAIN_DECODE)
    )


def _rendered(page: Page, path: Path, number: int) -> bytes:
    """The page drawn by poppler, as PNM.

    Raises:
        UnreadableFile: too large, or poppler cannot draw it.
        MissingPartError: poppler is not installed.
    """
    left, bottom, right, top = visible_box(page)
    check_size(*(round(side * RENDER_DPI / 72) for side in (right - left, top - bottom)))
    try:
        pictures: list[Image.Image] = convert_from_path(
            path, RENDER_DPI, first_page=number, last_page=number, grayscale=True, use_cropbox=True,
            timeout=_RENDER_SECONDS,
        )  # fmt: skip
    except PDFInfoNotInstalledError as error:
        raise MissingPartError(
            Text(
                "Program pdftoppm (poppler) belum terpasang. Jalankan: sudo apt-get install poppler-utils",
                "The program pdftoppm (poppler) is not installed. Run: sudo apt-get install poppler-utils",
            )
        ) from error
    except PDFPopplerTimeoutError as error:
        raise UnreadableFile("unreadable_file", f"rendering took more than {_RENDER_SECONDS} s") from error
    except (PDFPageCountError, PDFSyntaxError, OSError, ValueError) as error:
        raise UnreadableFile("unreadable_file", f"poppler: {error}") from error
    if not pictures:
        raise UnreadableFile("unreadable_file", "poppler drew nothing")
    return flatten(pictures[0])
