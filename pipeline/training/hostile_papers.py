"""Papers that are not ours, drawn as PDF: letters, tables, other forms, with or without our marks on them."""

from collections.abc import Callable
from io import BytesIO
from typing import Final

import numpy as np
import segno
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from pipeline.forms.catalogue import Catalogue
from pipeline.forms.frame import QR, SERIAL
from pipeline.forms.identity import Identity, marker_modules
from pipeline.forms.layout import Box, PageLayout

_MM: Final = 72 / 25.4
_TEXT: Final = (
    "dengan hormat kami sampaikan bahwa rapat desa akan diadakan di balai pada hari sabtu pukul sembilan untuk "
    "membahas bantuan pangan jalan usaha tani air bersih posyandu 2026 RT 003 RW 01 NIK 16 angka Rp 1.250.000 No"
)
_WORDS: Final = tuple(_TEXT.split())
_DICTIONARIES: Final = (
    "DICT_4X4_50",
    "DICT_5X5_50",
    "DICT_6X6_250",
    "DICT_ARUCO_ORIGINAL",
    "DICT_APRILTAG_36h11",
)

Draw = Callable[[Canvas, np.random.Generator], None]


def letter(canvas: Canvas, rng: np.random.Generator) -> None:
    """Lines of words."""
    size = float(rng.uniform(7, 14))
    canvas.setFont(str(rng.choice(["Courier", "Helvetica", "Times-Roman"])), size)
    for y in np.arange(770, 60, -size * rng.uniform(1.2, 2.2)):
        canvas.drawString(64, float(y), " ".join(rng.choice(_WORDS, int(rng.integers(2, 13)))))


def table(canvas: Canvas, rng: np.random.Generator) -> None:
    """A ruled table, some cells with words or numbers."""
    rows, columns = int(rng.integers(4, 40)), int(rng.integers(2, 12))
    x, y = np.linspace(50, 545, columns + 1), np.linspace(780, 60, rows + 1)
    canvas.setLineWidth(float(rng.uniform(0.3, 1.5)))
    canvas.grid([float(v) for v in x], [float(v) for v in y])
    canvas.setFont("Helvetica", 8)
    for i, j in np.argwhere(rng.random((rows, columns)) < 0.6):
        canvas.drawString(float(x[j]) + 3, float(y[i + 1]) + 3, str(rng.choice(_WORDS)))


def form(canvas: Canvas, rng: np.random.Generator) -> None:
    """Somebody else's form: labels, combs, tick boxes, some filled in."""
    canvas.setFont("Helvetica", 9)
    for y in np.arange(760, 80, -float(rng.uniform(22, 40))):
        canvas.setStrokeGray(float(rng.uniform(0, 0.75)))
        canvas.drawString(50, float(y) + 4, str(rng.choice(_WORDS)).title())
        side = float(rng.uniform(11, 20))
        for i in range(int(rng.integers(1, 22))):
            canvas.rect(120 + i * side, float(y), side, side)
            if rng.random() < 0.5:
                canvas.drawString(120 + i * side + 4, float(y) + 4, str(rng.choice(list("0123456789XABE"))))


def nothing(_: Canvas, __: np.random.Generator) -> None:
    """An empty sheet."""


PAPERS: Final[tuple[Draw, ...]] = (letter, table, form)


def paper(rng: np.random.Generator, *draw: Draw) -> bytes:
    """A PDF page on which all of these drew."""
    out = BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=1)
    for one in draw:
        canvas.saveState()
        one(canvas, rng)
        canvas.restoreState()
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def foreign_codes(canvas: Canvas, rng: np.random.Generator) -> None:
    """QR codes of others, and such as pretend to be ours."""
    texts = (
        "https://example.org/bayar?id=77", "WIFI:S:kantor;T:WPA;P:rahasia;;", "SOTARSA|FPS-01|1|1|",
        "SOTARSA|FPS-01|99999|1|FPS-2005-26-00001", "SOTARSA|FPS-01|1|1|FPS-2005-26-00001|x", "0" * 300, "\u0000\u0007",
        "sotarsa|fps-01|1|1|fps-2005-26-00001", "SOTARSA|FPS-01|0|0|FPS-2005-26-00001",
        "SOTARSA|ABC-77|1|1|ABC-2005-26-00001",
    )  # fmt: skip
    for _ in range(int(rng.integers(1, 4))):
        side = float(rng.uniform(15, 50))
        box = Box(float(rng.uniform(5, 150)), float(rng.uniform(5, 240)), side, side)
        _code(canvas, box, str(rng.choice(texts)))


def foreign_markers(canvas: Canvas, rng: np.random.Generator) -> None:
    """ArUco markers of others: other patterns, or ours in other places and sizes."""
    name = str(rng.choice(_DICTIONARIES))
    for marker in rng.permutation(16)[: rng.integers(2, 9)]:
        side = float(rng.uniform(6, 30))
        box = Box(float(rng.uniform(5, 170)), float(rng.uniform(5, 260)), side, side)
        _marker(canvas, box, int(marker), name)


def our_markers(page: PageLayout) -> Draw:
    """The four markers of a page of ours, where they belong."""

    def draw(canvas: Canvas, _: np.random.Generator) -> None:
        for marker in page.markers:
            _marker(canvas, marker.box, marker.id, "DICT_5X5_50")

    return draw


def our_code(identity: Identity) -> Draw:
    """The QR code and the serial of a page of ours, where they belong."""

    def draw(canvas: Canvas, _: np.random.Generator) -> None:
        _code(canvas, QR, identity.qr_text())
        canvas.setFont("Courier-Bold", 11)
        canvas.drawString(SERIAL.x * _MM, A4[1] - (SERIAL.y + SERIAL.h - 1.5) * _MM, identity.serial)

    return draw


def any_page(catalogue: Catalogue, rng: np.random.Generator) -> tuple[PageLayout, Identity]:
    """A page of a form that is known, and an identity that it could have."""
    forms = catalogue.forms()
    one = forms[int(rng.integers(len(forms)))]
    page = one.layout.pages[int(rng.integers(len(one.layout.pages)))]
    code = one.definition.code
    return page, Identity(code, one.definition.version, page.page, f"{code[:3]}-2005-26-00998")


def _marker(canvas: Canvas, box: Box, number: int, dictionary: str) -> None:
    _bits(canvas, box, marker_modules(number, dictionary))


def _code(canvas: Canvas, box: Box, text: str) -> None:
    matrix = np.array([[bool(dark) for dark in row] for row in segno.make_qr(text, error="m").matrix])
    _bits(canvas, Box(box.x - 2, box.y - 2, box.w + 4, box.h + 4), np.zeros((1, 1), bool))
    _bits(canvas, box, matrix)


def _bits(canvas: Canvas, box: Box, dark: np.typing.NDArray[np.bool_]) -> None:
    canvas.setFillGray(1)
    left, top, wide, high = box.x * _MM, A4[1] - box.y * _MM, box.w * _MM, box.h * _MM
    canvas.rect(left, top - high, wide, high, stroke=0, fill=1)
    canvas.setFillGray(0)
    rows, columns = dark.shape
    for i, j in np.argwhere(dark):
        canvas.rect(
            left + j * wide / columns,
            top - (i + 1) * high / rows,
            wide / columns,
            high / rows,
            stroke=0,
            fill=1,
        )
