"""Small files that would be large: pictures and PDFs that unpack to gigabytes, to thousands of pages, to no end."""

import io
import struct
import zlib
from collections.abc import Callable, Mapping
from typing import Final

import cv2
import numpy as np
import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf
from PIL import Image

from pipeline.training.hostile_files import Bench, Made

_SIDE: Final = 30_000
_UNDER: Final = 9_990
"""Side of a square just below the most px that a page may have."""
_A4: Final = (595, 842)


def _repeated(piece: bytes, times: int) -> bytes:
    """A piece many times over, deflated; packed once, since packing gigabytes would take minutes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(piece) + packer.flush(zlib.Z_FULL_FLUSH)
    adler = 1
    for _ in range(times):
        adler = zlib.adler32(piece, adler)
    return b"\x78\x9c" + packed * times + packer.flush() + struct.pack(">I", adler)


def _zeros(count: int) -> bytes:
    """`count` zeros or a few more, deflated."""
    times = -(-count // (1 << 22))
    return _repeated(bytes(-(-count // times)), times)


def _png(width: int, height: int, depth: int, colour: int, samples: int) -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    row = 1 + (width * depth * samples + 7) // 8
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", _zeros(row * height))
        + chunk(b"IEND", b"")
    )


def _tiff(width: int, height: int, bits: int, samples: int, photometric: int) -> bytes:
    """A deflated TIFF of one strip."""
    packed = _zeros((width * bits * samples + 7) // 8 * height)
    entries = ((256, 4, width), (257, 4, height), (258, 3, bits), (259, 3, 8), (262, 3, photometric),
               (273, 4, 8), (277, 3, samples), (278, 4, height), (279, 4, len(packed)))  # fmt: skip
    directory = struct.pack("<H", len(entries)) + b"".join(
        struct.pack("<HHII", t, k, 1, v) for t, k, v in entries
    )
    return b"II*\x00" + struct.pack("<I", 8 + len(packed)) + packed + directory + bytes(4)


def _jpeg(side: int, *, colour: bool, progressive: bool) -> bytes:
    shape = (side, side, 3) if colour else (side, side)
    flags = [cv2.IMWRITE_JPEG_QUALITY, 40, cv2.IMWRITE_JPEG_PROGRESSIVE, int(progressive)]
    return bytes(cv2.imencode(".jpg", np.full(shape, 200, np.uint8), flags)[1].tobytes())


def _lying_jpeg() -> bytes:
    """A small JPEG whose frame says 30,000 × 30,000."""
    data = bytearray(_jpeg(64, colour=False, progressive=False))
    at = data.index(b"\xff\xc0")
    struct.pack_into(">HH", data, at + 5, _SIDE, _SIDE)
    return bytes(data)


def _group4() -> bytes:
    out = io.BytesIO()
    Image.new("1", (_SIDE, _SIDE), 1).save(out, "TIFF", compression="group4")
    return out.getvalue()


def _many_tiff_pages() -> bytes:
    """A TIFF of 3,000 directories that all show one small strip, the last of which leads to the first."""
    strip, width = bytes(8), 8
    data = bytearray(b"II*\x00" + struct.pack("<I", 16) + strip)
    entries = (
        (256, 3, width),
        (257, 3, width),
        (258, 3, 1),
        (259, 3, 1),
        (262, 3, 1),
        (273, 4, 8),
        (278, 3, width),
        (279, 3, 8),
    )
    size = 2 + 12 * len(entries) + 4
    for i in range(3000):
        after = 16 + size * (i + 1) if i < 2999 else 16
        data += struct.pack("<H", len(entries)) + b"".join(
            struct.pack("<HHII", t, k, 1, v) for t, k, v in entries
        )
        data += struct.pack("<I", after)
    return bytes(data)


def _pdf(fill: Callable[[Pdf], None], encryption: pikepdf.Encryption | None = None) -> bytes:
    out = io.BytesIO()
    with Pdf.new() as pdf:
        fill(pdf)
        pdf.save(out, static_id=True, encryption=encryption)
    return out.getvalue()


def _page(pdf: Pdf, content: bytes, box: tuple[float, float] = _A4, draws: Dictionary | None = None) -> None:
    page = pdf.add_blank_page(page_size=_A4)
    page.obj.MediaBox = Array([0, 0, *box])
    page.obj.Resources = Dictionary(XObject=draws or Dictionary())
    page.obj.Contents = pdf.make_stream(content)


def _with_image(data: bytes, width: int, height: int, **more: object) -> Callable[[Pdf], None]:
    def fill(pdf: Pdf) -> None:
        image = pdf.make_stream(data, Type=Name.XObject, Subtype=Name.Image, Width=width, Height=height)
        for key, value in {"BitsPerComponent": 8, "ColorSpace": Name.DeviceGray, **more}.items():
            image[f"/{key}"] = value
        _page(pdf, b"595 0 0 842 0 0 cm /Im Do", draws=Dictionary(Im=image))

    return fill


def _content_bomb(pdf: Pdf) -> None:
    """300 kB of content that unpack to 170 MB of drawing."""
    _page(pdf, b"")
    packed = _repeated(b"0 0 m 9 9 l S\n" * 300_000, 40)
    pdf.pages[0].obj.Contents.write(packed, filter=Name.FlateDecode)


def _many_drawn(pdf: Pdf) -> None:
    content = pdf.make_stream(b"50 50 200 200 re S")
    for _ in range(5000):
        pdf.add_blank_page(page_size=_A4).obj.Contents = content


def _many_scanned(pdf: Pdf) -> None:
    data = _jpeg(300, colour=False, progressive=False)
    _with_image(data, 300, 300, Filter=Name.DCTDecode)(pdf)
    first = pdf.pages[0].obj
    first.Contents = pdf.make_stream(b"595 0 0 595 0 0 cm /Im Do")
    first.MediaBox = Array([0, 0, 595, 595])
    for _ in range(4999):
        page = pdf.add_blank_page(page_size=(595, 595)).obj
        page.Resources, page.Contents = first.Resources, first.Contents


def _form_in_itself(pdf: Pdf) -> None:
    form = pdf.make_stream(
        b"/Self Do /Self Do", Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 9, 9])
    )
    form.Resources = Dictionary(XObject=Dictionary(Self=form))
    _page(pdf, b"/Self Do", draws=Dictionary(Self=form))


def _forms_doubling(pdf: Pdf) -> None:
    """Thirty forms, each of which draws the next one twice: a billion strokes."""
    inner = pdf.make_stream(
        b"0 0 m 9 9 l S", Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 600, 900])
    )
    for _ in range(30):
        form = pdf.make_stream(
            b"/F Do /F Do", Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 600, 900])
        )
        form.Resources = Dictionary(XObject=Dictionary(F=inner))
        inner = form
    _page(pdf, b"/F Do", draws=Dictionary(F=inner))


def _kids_in_a_ring(pdf: Pdf) -> None:
    _page(pdf, b"")
    pages = pdf.Root.Pages
    pages.Kids = Array([pages.Kids[0], pages])
    pages.Count = 2


def _deep(opening: bytes, closing: bytes, depth: int) -> bytes:
    """A hand-written PDF with one object nested `depth` times."""
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R/Deep " + opening * depth + b"1" + closing * depth
        + b">>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R"
        + b"/MediaBox[0 0 595 842]/Contents 4 0 R>>endobj\n4 0 obj<</Length 0>>stream\nendstream endobj\n"
        + b"trailer<</Root 1 0 R/Size 5>>\n%%EOF"
    )  # fmt: skip


def _locked(password: str) -> Callable[[], bytes]:
    return lambda: _pdf(
        lambda pdf: _page(pdf, b"0 0 9 9 re f"), encryption=pikepdf.Encryption(owner="o", user=password)
    )


def _flate_twice() -> bytes:
    packed = zlib.compress(_zeros(2_000_000_000), 9)
    return _pdf(_with_image(packed, 2000, 2000, Filter=Array([Name.FlateDecode, Name.FlateDecode])))


def _flate_more_than_said() -> bytes:
    return _pdf(_with_image(_zeros(1_500_000_000), 2000, 2000, Filter=Name.FlateDecode))


def _inline(pdf: Pdf) -> None:
    _page(pdf, b"595 0 0 842 0 0 cm BI /W 60000 /H 60000 /BPC 1 /CS /G ID " + bytes(500) + b" EI")


def _box(*corners: object) -> Callable[[], bytes]:
    def fill(pdf: Pdf) -> None:
        _page(pdf, b"0 0 9 9 re f")
        pdf.pages[0].obj.MediaBox = Array(list(corners))

    return lambda: _pdf(fill)


def _rendered_image(width: int, height: int) -> Callable[[], bytes]:
    """A picture on a page that also says something else, so that it has to be rendered."""

    def fill(pdf: Pdf) -> None:
        _with_image(_zeros(width * height), width, height, Filter=Name.FlateDecode)(pdf)
        pdf.pages[0].obj.Contents = pdf.make_stream(b"q 595 0 0 842 0 0 cm /Im Do Q 0 0 m 9 9 l S")

    return lambda: _pdf(fill)


BOMBS: Final[Mapping[str, Callable[[], bytes]]] = {
    "1bit.png": lambda: _png(_SIDE, _SIDE, 1, 0, 1),
    "grey.png": lambda: _png(_SIDE, _SIDE, 8, 0, 1),
    "under-rgb.png": lambda: _png(_UNDER, _UNDER, 8, 2, 3),
    "under-rgba16.png": lambda: _png(_UNDER, _UNDER, 16, 6, 4),
    "under-grey16.png": lambda: _png(_UNDER, _UNDER, 16, 0, 1),
    "long.png": lambda: _png(2_000_000, 40, 1, 0, 1),
    "grey.tif": lambda: _tiff(_SIDE, _SIDE, 8, 1, 1),
    "1bit.tif": lambda: _tiff(_SIDE, _SIDE, 1, 1, 1),
    "group4.tif": _group4,
    "under-cmyk.tif": lambda: _tiff(_UNDER, _UNDER, 8, 4, 5),
    "under-grey16.tif": lambda: _tiff(_UNDER, _UNDER, 16, 1, 1),
    "pages.tif": _many_tiff_pages,
    "lying.jpg": _lying_jpeg,
    "over.jpg": lambda: _jpeg(12_000, colour=False, progressive=False),
    "under.jpg": lambda: _jpeg(_UNDER, colour=True, progressive=False),
    "under-progressive.jpg": lambda: _jpeg(_UNDER, colour=True, progressive=True),
    "image.pdf": lambda: _pdf(_with_image(_zeros(900_000_000), _SIDE, _SIDE, Filter=Name.FlateDecode)),
    "twice.pdf": _flate_twice,
    "more.pdf": _flate_more_than_said,
    "cmyk.pdf": lambda: _pdf(
        _with_image(
            _jpeg(13_000, colour=True, progressive=False), 100, 100,
            Filter=Name.DCTDecode, ColorSpace=Name.DeviceCMYK,
        )
    ),
    "rendered.pdf": _rendered_image(9_990, 9_990),
    "content.pdf": lambda: _pdf(_content_bomb),
    "drawn.pdf": lambda: _pdf(_many_drawn),
    "scanned.pdf": lambda: _pdf(_many_scanned),
    "wide.pdf": lambda: _pdf(lambda pdf: _page(pdf, b"0 0 9 9 re f", (28346, 842))),
    "wide-square.pdf": lambda: _pdf(lambda pdf: _page(pdf, b"0 0 9 9 re f", (28346, 28346))),
    "inline.pdf": lambda: _pdf(_inline),
    "self.pdf": lambda: _pdf(_form_in_itself),
    "doubling.pdf": lambda: _pdf(_forms_doubling),
    "ring.pdf": lambda: _pdf(_kids_in_a_ring),
    "arrays.pdf": lambda: _deep(b"[", b"]", 100_000),
    "dictionaries.pdf": lambda: _deep(b"<</D ", b">>", 100_000),
    "locked.pdf": _locked("rahasia"),
    "owner.pdf": _locked(""),
    "no-box.pdf": _box(),
    "box-of-names.pdf": _box(Name.A, Name.B, Name.C, Name.D),
    "flat-box.pdf": _box(0, 0, 0, 0),
    "endless-box.pdf": _box(0, 0, 10**18, 10**18),
}  # fmt: skip


def bomb(bench: Bench, rng: np.random.Generator) -> Made:
    """Any of them."""
    name = str(rng.choice(list(BOMBS)))
    return Made(bench.once(name, BOMBS[name]))
