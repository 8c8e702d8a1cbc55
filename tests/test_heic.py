"""HEIC photos: upright as their author saw them, refused where they are damaged or too large."""

import io
import struct
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageOps
from test_scans import looks_like, only, page_picture

from pipeline.scans.pages import open_pages
from pipeline.scans.sniff import kind_of
from pipeline.scans.types import UnreadableFile, UnreadablePage


def photo(*pictures: np.ndarray, orientation: int = 1, size: tuple[int, int] | None = None) -> bytes:
    """A HEIC file as a phone writes it; `size` is a lie about the size of what is in it."""
    made = pillow_heif.HeifFile()
    exif = Image.Exif()
    exif[0x0112] = orientation
    for picture in pictures:
        made.add_from_pillow(Image.fromarray(picture).convert("RGB"))
        made[len(made) - 1].info["exif"] = exif.tobytes()
    data = io.BytesIO()
    made.save(data, quality=90)
    told = bytearray(data.getvalue())
    if size:
        at = told.index(b"ispe") + 8
        told[at : at + 8] = struct.pack(">II", *size)
    return bytes(told)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_seen_as_it_was_meant(tmp_path: Path, orientation: int) -> None:
    (tmp_path / "IMG_1.HEIC").write_bytes(photo(page_picture(), orientation=orientation))
    exif = Image.Exif()
    exif[0x0112] = orientation
    shown = Image.fromarray(page_picture())
    shown.getexif()[0x0112] = orientation
    page = only(tmp_path / "IMG_1.HEIC")
    assert (page.source, page.image, page.orientation) == ("IMG_1.HEIC", 1, 1)
    assert looks_like(page.decode(), np.asarray(ImageOps.exif_transpose(shown)))


def test_the_content_decides_and_every_photo_of_a_file_comes(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(photo(page_picture(), 255 - page_picture()))
    first, second = open_pages(tmp_path / "a.jpg")
    assert looks_like(first.decode(), page_picture())
    assert looks_like(second.decode(), 255 - page_picture())


@pytest.mark.parametrize(
    ("size", "reason"),
    [((30_000, 30_000), "too_large"), ((8_000, 7_000), "too_large"), ((100, 100), "unreadable_file")],
)
def test_what_a_photo_claims_bounds_what_is_decoded(
    tmp_path: Path, size: tuple[int, int], reason: str
) -> None:
    """A giant is refused by its claim; a giant that claims to be small is refused by the decoder."""
    (tmp_path / "a.heic").write_bytes(photo(page_picture(1600, 1600), size=size))
    (page,) = open_pages(tmp_path / "a.heic")
    assert isinstance(page, UnreadablePage)
    assert page.reason == reason


@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
def test_a_photo_that_is_cut_off_is_unreadable(tmp_path: Path, share: float) -> None:
    data = photo(page_picture())
    (tmp_path / "a.heic").write_bytes(data[: int(len(data) * share)])
    with pytest.raises(UnreadableFile) as error:
        list(open_pages(tmp_path / "a.heic"))
    assert error.value.reason == "unreadable_file"


def test_other_files_of_the_same_base_format_are_not_photos() -> None:
    assert kind_of(b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic") == "heic"
    for other in (
        b"\0\0\0\x18ftypmp42\0\0\0\0isommp42",
        b"\0\0\0\x18ftypavif\0\0\0\0avifmif1",
        b"\0\0\0\x18ftyp",
    ):
        assert kind_of(other) is None
