"""Page images come out of every kind of file as they were meant to be seen."""

import io
import os
import pickle
import zlib
from pathlib import Path

import cv2
import numpy as np
import pikepdf
import pytest
from pikepdf import Dictionary, Name, Pdf
from PIL import Image

from pipeline.errors import MissingPartError, UsageError
from pipeline.scans import raster
from pipeline.scans.files import find_files
from pipeline.scans.jpeg import read_frame
from pipeline.scans.pages import open_pages
from pipeline.scans.pdf_content import only_image
from pipeline.scans.types import PageImage, UnreadableFile, UnreadablePage, oriented

A4_POINTS = (595, 842)


def page_picture(width: int = 620, height: int = 877) -> np.ndarray:
    """A white page whose top left, top right and bottom left corners are told apart by their grey."""
    picture = np.full((height, width), 255, np.uint8)
    picture[20:120, 20:120] = 0
    picture[20:120, -120:-20] = 80
    picture[-120:-20, 20:120] = 160
    return picture


def encode(picture: np.ndarray, suffix: str = ".jpg") -> bytes:
    return cv2.imencode(suffix, picture)[1].tobytes()


def only(path: Path) -> PageImage:
    (page,) = open_pages(path)
    assert isinstance(page, PageImage)
    return page


def looks_like(image: np.ndarray, expected: np.ndarray) -> bool:
    return (
        image.shape == expected.shape and float(np.abs(image.astype(int) - expected.astype(int)).mean()) < 2.0
    )


def add_page(
    pdf: Pdf, data: bytes, content: bytes, box: tuple[float, ...] = (0, 0, *A4_POINTS), **image: object
) -> None:
    stream = pdf.make_stream(data)
    for key, value in {"Type": Name.XObject, "Subtype": Name.Image, "BitsPerComponent": 8, **image}.items():
        stream[f"/{key}"] = value
    page = pdf.add_blank_page(page_size=A4_POINTS)
    page.obj.MediaBox = pikepdf.Array(list(box))
    page.obj.Resources = Dictionary(XObject=Dictionary(Im0=stream))
    page.obj.Contents = pdf.make_stream(content)


def add_jpeg(
    pdf: Pdf, picture: np.ndarray, content: bytes = b"q 595 0 0 842 0 0 cm /Im0 Do Q", **more: object
) -> None:
    height, width = picture.shape
    add_page(
        pdf, encode(picture), content,
        **{"Width": width, "Height": height, "ColorSpace": Name.DeviceGray, "Filter": Name.DCTDecode, **more},
    )  # fmt: skip


def test_jpeg_of_pdf_is_taken_out_as_it_is(tmp_path: Path) -> None:
    pdf = Pdf.new()
    add_jpeg(pdf, page_picture())
    pdf.save(tmp_path / "scan.pdf")
    page = only(tmp_path / "scan.pdf")
    assert page.encoded == encode(page_picture())
    assert page.source == "scan.pdf"
    assert page.image == 1
    assert page.dpi == pytest.approx(75, abs=0.1)
    assert looks_like(pickle.loads(pickle.dumps(page)).decode(), page_picture())


PLACEMENTS = {
    "upright": b"595 0 0 842 0 0 cm",
    "mirrored": b"-595 0 0 842 595 0 cm",
    "half turn": b"-595 0 0 -842 595 842 cm",
    "upside down mirrored": b"595 0 0 -842 0 842 cm",
    "two steps": b"1 0 0 1 595 842 cm -595 0 0 -842 0 0 cm",
}


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
@pytest.mark.parametrize("placement", PLACEMENTS)
def test_pdf_page_is_seen_as_a_viewer_shows_it(tmp_path: Path, placement: str, rotate: int) -> None:
    pdf = Pdf.new()
    for visible_line in (b"", b" 1 1 1 RG 0 0 m 1 1 l S"):
        add_jpeg(pdf, page_picture(), b"q " + PLACEMENTS[placement] + b" /Im0 Do Q" + visible_line)
        pdf.pages[-1].rotate(rotate, relative=False)
    pdf.save(tmp_path / "scan.pdf")
    taken, rendered = open_pages(tmp_path / "scan.pdf")
    assert isinstance(taken, PageImage)
    assert isinstance(rendered, PageImage)
    assert taken.encoded == encode(page_picture())
    drawn = taken.decode()
    seen = cv2.resize(rendered.decode(), drawn.shape[::-1], interpolation=cv2.INTER_AREA)
    assert looks_like(drawn, seen)


def test_quarter_turned_placement(tmp_path: Path) -> None:
    pdf = Pdf.new()
    for visible_line in (b"", b" 1 1 1 RG 0 0 m 1 1 l S"):
        add_jpeg(pdf, page_picture(877, 620), b"q 0 842 -595 0 595 0 cm /Im0 Do Q" + visible_line)
    pdf.save(tmp_path / "scan.pdf")
    taken, rendered = (
        page.decode() for page in open_pages(tmp_path / "scan.pdf") if isinstance(page, PageImage)
    )
    assert looks_like(taken, cv2.resize(rendered, taken.shape[::-1], interpolation=cv2.INTER_AREA))


def test_invisible_text_layer_is_no_hindrance_but_visible_text_is(tmp_path: Path) -> None:
    pdf = Pdf.new()
    image = b"q 595 0 0 842 0 0 cm /Im0 Do Q "
    add_jpeg(pdf, page_picture(), image + b"BT 3 Tr /F1 12 Tf 50 50 Td (found) Tj ET")
    add_jpeg(pdf, page_picture(), image + b"BT /F1 12 Tf 50 50 Td (stamp) Tj ET")
    pdf.save(tmp_path / "scan.pdf")
    taken, rendered = open_pages(tmp_path / "scan.pdf")
    assert isinstance(taken, PageImage)
    assert isinstance(rendered, PageImage)
    assert taken.encoded == encode(page_picture())
    assert rendered.dpi == 300
    assert rendered.decode().shape == (3509, 2480)


def test_small_image_on_a_page_is_rendered(tmp_path: Path) -> None:
    pdf = Pdf.new()
    add_jpeg(pdf, page_picture(), b"q 100 0 0 140 200 200 cm /Im0 Do Q")
    pdf.save(tmp_path / "scan.pdf")
    assert only(tmp_path / "scan.pdf").decode().shape == (3509, 2480)


@pytest.mark.parametrize(("black_is_1", "decode"), [(True, None), (False, None), (False, [1, 0])])
def test_one_bit_pdf_images(tmp_path: Path, black_is_1: bool, decode: list[int] | None) -> None:
    bits = page_picture(560, 800) > 127
    tiff = io.BytesIO()
    Image.fromarray(bits).save(tiff, format="TIFF", compression="group4")
    with Image.open(tiff) as picture:
        offset, count = picture.tag_v2[273][0], picture.tag_v2[279][0]
    data = tiff.getvalue()[offset : offset + count]
    pdf = Pdf.new()
    parms = Dictionary(K=-1, Columns=560, Rows=800, BlackIs1=black_is_1)
    more = {"Decode": pikepdf.Array(decode)} if decode else {}
    add_page(pdf, data, b"q 595 0 0 842 0 0 cm /Im0 Do Q", Width=560, Height=800, ColorSpace=Name.DeviceGray,
             BitsPerComponent=1, Filter=Name.CCITTFaxDecode, DecodeParms=parms, **more)  # fmt: skip
    pdf.save(tmp_path / "fax.pdf")
    page = only(tmp_path / "fax.pdf")
    rendered = render(tmp_path / "fax.pdf", 560, 800)
    assert len(page.encoded) < 100_000
    assert looks_like(np.where(page.decode() > 127, 255, 0), np.where(rendered > 127, 255, 0))


def render(path: Path, width: int, height: int) -> np.ndarray:
    from pdf2image import convert_from_path

    return np.asarray(convert_from_path(path, size=(width, height), grayscale=True)[0])


@pytest.mark.parametrize("pixels", ["grey", "rgb", "palette"])
def test_flate_images(tmp_path: Path, pixels: str) -> None:
    picture = page_picture()
    pdf = Pdf.new()
    space, data = {
        "grey": (Name.DeviceGray, picture.tobytes()),
        "rgb": (Name.DeviceRGB, np.repeat(picture[:, :, None], 3, 2).tobytes()),
        "palette": (
            pikepdf.Array([Name.Indexed, Name.DeviceGray, 255, pikepdf.String(bytes(range(255, -1, -1)))]),
            (255 - picture).tobytes(),
        ),
    }[pixels]
    add_page(pdf, data, b"q 595 0 0 842 0 0 cm /Im0 Do Q", Width=620, Height=877, ColorSpace=space)
    pdf.save(tmp_path / "scan.pdf", compress_streams=True)
    assert looks_like(only(tmp_path / "scan.pdf").decode(), picture)


def test_pages_of_a_pdf_come_lazily_and_a_damaged_one_costs_only_itself(tmp_path: Path) -> None:
    pdf = Pdf.new()
    for _ in range(3):
        add_jpeg(pdf, page_picture())
    broken = encode(page_picture())[:2000]
    pdf.pages[1].obj.Resources.XObject.Im0.write(broken, filter=Name.DCTDecode)
    pdf.save(tmp_path / "scan.pdf")
    first, second, third = open_pages(tmp_path / "scan.pdf")
    assert isinstance(first, PageImage)
    assert isinstance(second, UnreadablePage)
    assert (second.image, second.reason) == (2, "unreadable_file")
    assert isinstance(third, PageImage)
    assert looks_like(third.decode(), page_picture())


def test_a_pdf_whose_parts_are_not_what_they_should_be_costs_its_pages_only(tmp_path: Path) -> None:
    pdf = Pdf.new()
    add_jpeg(pdf, page_picture())
    add_jpeg(pdf, page_picture())
    add_jpeg(pdf, page_picture())
    for image in pdf.pages[0].get_images().values():
        del image["/Height"]
    pdf.pages[1].obj["/Contents"] = pikepdf.Array([7])
    pdf.save(tmp_path / "odd.pdf")
    first, second, third = open_pages(tmp_path / "odd.pdf")
    assert isinstance(first, UnreadablePage)
    assert first.reason == "unreadable_file"
    assert isinstance(second, PageImage | UnreadablePage)
    assert isinstance(third, PageImage)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(tmp_path: Path, orientation: int) -> None:
    stored = Image.fromarray(page_picture())
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / "phone.jpg", exif=exif, quality=95)
    with Image.open(tmp_path / "phone.jpg") as picture:
        from PIL import ImageOps

        expected = np.asarray(ImageOps.exif_transpose(picture))
    page = only(tmp_path / "phone.jpg")
    assert looks_like(page.decode(), expected)
    assert looks_like(oriented(page_picture(), orientation), expected)


def test_tiff_pages_of_every_depth(tmp_path: Path) -> None:
    picture = page_picture()
    grey = Image.fromarray(picture)
    pages = [grey.convert("1"), grey, grey.convert("RGB"), Image.fromarray(picture.astype(np.uint16) * 257)]
    pages[0].save(tmp_path / "scan.tif", save_all=True, append_images=pages[1:], dpi=(200, 200))
    read = list(open_pages(tmp_path / "scan.tif"))
    assert [page.image for page in read] == [1, 2, 3, 4]
    for page in read[1:]:
        assert isinstance(page, PageImage)
        assert page.dpi == 200
        assert looks_like(page.decode(), picture)
    assert isinstance(read[0], PageImage)
    assert len(read[0].encoded) < 100_000
    assert set(np.unique(read[0].decode())) == {0, 255}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "group4"])
def test_tiff_orientation(tmp_path: Path, compression: str, orientation: int) -> None:
    upright = page_picture()
    one = Image.fromarray(upright).convert("1") if compression == "group4" else Image.fromarray(upright)
    more = {"compression": compression, "tiffinfo": {274: orientation}}
    one.save(tmp_path / "scan.tif", save_all=True, append_images=[one], **more)
    expected = oriented(np.asarray(one.convert("L")), orientation)
    for page in open_pages(tmp_path / "scan.tif"):
        assert isinstance(page, PageImage)
        assert looks_like(page.decode(), expected)


@pytest.mark.parametrize("kind", [np.float32, np.int32])
def test_numbers_that_are_no_greys_are_no_blank_page(tmp_path: Path, kind: type) -> None:
    Image.fromarray((page_picture() / 255).astype(kind)).save(tmp_path / "scan.tif")
    (page,) = open_pages(tmp_path / "scan.tif")
    assert isinstance(page, UnreadablePage)
    assert page.reason == "unreadable_file"


def test_tiff_group4_with_oblong_pixels_becomes_square(tmp_path: Path) -> None:
    Image.fromarray(page_picture(800, 500) > 127).save(
        tmp_path / "fax.tif", compression="group4", dpi=(204, 98)
    )
    page = only(tmp_path / "fax.tif")
    assert page.decode().shape == (round(500 * 204 / 98), 800)


def test_truncated_tiff_gives_its_sound_pages(tmp_path: Path) -> None:
    pages = [Image.fromarray(page_picture())] * 3
    pages[0].save(tmp_path / "scan.tif", save_all=True, append_images=pages[1:])
    data = (tmp_path / "scan.tif").read_bytes()
    (tmp_path / "scan.tif").write_bytes(data[: len(data) * 5 // 6])
    read = list(open_pages(tmp_path / "scan.tif"))
    assert isinstance(read[0], PageImage)
    assert isinstance(read[-1], UnreadablePage)
    assert read[-1].reason == "unreadable_file"


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "P", "1", "I;16"])
def test_png_modes(tmp_path: Path, mode: str) -> None:
    picture = page_picture()
    if mode in ("LA", "RGBA"):
        image = Image.fromarray(picture).convert(mode)
        ink = Image.fromarray(255 - picture)
        image = Image.merge(mode, [*[Image.new("L", image.size, 0)] * (len(mode) - 1), ink])
    elif mode == "I;16":
        image = Image.fromarray(picture.astype(np.uint16) * 257)
    else:
        image = Image.fromarray(picture).convert(mode)
    image.save(tmp_path / "scan.png")
    expected = np.asarray(Image.fromarray(picture).convert("1").convert("L")) if mode == "1" else picture
    assert looks_like(only(tmp_path / "scan.png").decode(), expected)


def test_a_picture_under_another_pictures_name_is_read(tmp_path: Path) -> None:
    (tmp_path / "scan.jpg").write_bytes(encode(page_picture(), ".png"))
    (tmp_path / "scan.pdf").write_bytes(encode(page_picture(), ".jpg"))
    assert looks_like(only(tmp_path / "scan.jpg").decode(), page_picture())
    assert looks_like(only(tmp_path / "scan.pdf").decode(), page_picture())


def encrypted_pdf() -> bytes:
    pdf = Pdf.new()
    add_jpeg(pdf, page_picture())
    out = io.BytesIO()
    pdf.save(out, encryption=pikepdf.Encryption(owner="o", user="u"))
    return out.getvalue()


def header_of_huge_png() -> bytes:
    out = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(out, format="PNG")
    return out.getvalue()


FAULTY = {
    "empty_file": [b""],
    "wrong_type": [
        b"Kepada Yth. Camat Halong\n" * 300,
        "Désa – ü".encode() * 1000,
        b"PK\x03\x04" + bytes(100),
        b"GIF89a" + bytes(50),
    ],
    "unreadable_file": [
        encode(page_picture())[:3000],
        encode(page_picture())[:-2],
        encode(page_picture(), ".png")[:1500],
        b"II*\x00" + b"\xff" * 40,
        b"%PDF-1.4\n" + b"\x00\x91" * 500,
        bytes(range(128, 256)) * 20,
        b"\xff\xd8\xff\xe0\x00\x02",
    ],
    "encrypted": [encrypted_pdf()],
    "too_large": [header_of_huge_png()],
}


@pytest.mark.parametrize(
    ("reason", "content"), [(reason, content) for reason, contents in FAULTY.items() for content in contents]
)
def test_files_that_give_no_page_say_why(tmp_path: Path, reason: str, content: bytes) -> None:
    path = tmp_path / "scan.jpg"
    path.write_bytes(content)
    with pytest.raises(UnreadableFile) as failure:
        list(open_pages(path))
    assert failure.value.reason == reason
    assert pickle.loads(pickle.dumps(failure.value)).reason == reason


def test_pdf_with_only_an_owner_password_is_read(tmp_path: Path) -> None:
    pdf = Pdf.new()
    add_jpeg(pdf, page_picture())
    pdf.save(tmp_path / "scan.pdf", encryption=pikepdf.Encryption(owner="o", user=""))
    assert looks_like(only(tmp_path / "scan.pdf").decode(), page_picture())


def test_overwritten_bytes_within_a_jpeg_are_damage(tmp_path: Path) -> None:
    data = bytearray(encode(page_picture()))
    data[2000:2004] = b"\xff\x01\xff\x02"
    (tmp_path / "scan.jpg").write_bytes(bytes(data))
    with pytest.raises(UnreadableFile):
        list(open_pages(tmp_path / "scan.jpg"))


def test_huge_images_inside_are_refused_before_decoding(tmp_path: Path) -> None:
    pdf = Pdf.new()
    add_jpeg(pdf, page_picture(), Width=60_000, Height=60_000)
    add_page(pdf, b"", b"0 0 m 9 9 l S", box=(0, 0, 14_000, 14_000), Width=1, Height=1)
    pdf.save(tmp_path / "bomb.pdf")
    assert [
        page.reason for page in open_pages(tmp_path / "bomb.pdf") if isinstance(page, UnreadablePage)
    ] == [
        "too_large",
        "too_large",
    ]


def test_without_poppler_the_cure_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pdf = Pdf.new()
    pdf.add_blank_page()
    pdf.save(tmp_path / "drawn.pdf")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingPartError, match="apt-get install poppler-utils"):
        list(open_pages(tmp_path / "drawn.pdf"))


def test_content_that_unpacks_to_more_than_a_drawing_is_not_followed(tmp_path: Path) -> None:
    pdf = Pdf.new()
    add_jpeg(pdf, page_picture(), b"q 595 0 0 842 0 0 cm /Im0 Do Q\n" + b"0 0 m 9 9 l n\n" * 100)
    assert only_image(pdf.pages[0]) is not None
    bomb = zlib.compress(b"q 595 0 0 842 0 0 cm /Im0 Do Q\n" + b"0 0 m 9 9 l n\n" * 100_000, 9)
    assert len(bomb) < 20_000
    pdf.pages[0].obj.Contents.write(bomb, filter=Name.FlateDecode)
    assert only_image(pdf.pages[0]) is None


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "CMYK"])
def test_pictures_that_unpack_to_several_bytes_a_px_may_have_fewer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    monkeypatch.setattr(raster, "MAX_UNPACKED", 10_000)
    Image.new(mode, (200, 100)).save(tmp_path / "scan.tif", compression="tiff_deflate")
    Image.new("L", (200, 100)).save(tmp_path / "grey.tif", compression="tiff_deflate")
    (page,) = open_pages(tmp_path / "scan.tif")
    assert isinstance(page, UnreadablePage)
    assert page.reason == "too_large"
    assert only(tmp_path / "grey.tif").decode().shape == (100, 200)


def test_a_progressive_jpeg_is_known_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for progressive in (0, 1):
        data = cv2.imencode(".jpg", page_picture(), [cv2.IMWRITE_JPEG_PROGRESSIVE, progressive])[1].tobytes()
        assert read_frame(data).progressive == bool(progressive)
    (tmp_path / "scan.jpg").write_bytes(data)
    assert looks_like(only(tmp_path / "scan.jpg").decode(), page_picture())
    monkeypatch.setattr(raster, "MAX_UNPACKED", 10_000)
    with pytest.raises(UnreadableFile) as failure:
        list(open_pages(tmp_path / "scan.jpg"))
    assert failure.value.reason == "too_large"


def test_a_damaged_png_is_damage_wherever_it_is(tmp_path: Path) -> None:
    whole = encode(page_picture(), ".png")
    for at in (40, len(whole) // 2, len(whole) - 20):
        damaged = bytearray(whole)
        damaged[at] ^= 0x20
        (tmp_path / "scan.png").write_bytes(damaged)
        with pytest.raises(UnreadableFile) as failure:
            list(open_pages(tmp_path / "scan.png"))
        assert failure.value.reason == "unreadable_file"


def test_pipes_are_no_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "scan.pdf")
    with pytest.raises(UnreadableFile):
        list(open_pages(tmp_path / "scan.pdf"))
    with pytest.raises(UsageError, match=r"no file but a pipe|bukan berkas"):
        find_files([tmp_path / "scan.pdf"])
