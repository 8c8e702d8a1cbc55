"""Small forms such as other offices print, drawn with known boxes."""

from pathlib import Path

from pdf2image import convert_from_path
from PIL import Image
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from pipeline.forms.layout import Box

NIK = [Box(60 + 6 * i, 40, 6, 7) for i in range(16)]
DATE = [Box(60 + 6 * i + 3 * (i > 1) + 3 * (i > 3), 52, 6, 7) for i in range(8)]
OPEN = [Box(60 + 6 * i, 66, 6, 6) for i in range(10)]
DOTTED = [Box(60 + 6 * i, 78, 6, 7) for i in range(12)]
SEX = [Box(60, 92, 4, 4), Box(90, 92, 4, 4)]
RELIGION = [Box(60, 104 + 7 * i, 4, 4) for i in range(3)]
BUBBLES = [[Box(60 + 9 * i, 130 + 8 * row, 5, 5) for i in range(4)] for row in range(3)]
LINE = Box(60, 163, 90, 7)
SIGNATURE = Box(120, 200, 60, 25)


class Pen:
    """Draws in mm from the top left corner of an A4 page."""

    def __init__(self, path: Path) -> None:
        self.canvas = Canvas(str(path), pagesize=(210 * mm, 297 * mm), invariant=1)
        self.canvas.setLineWidth(0.5)

    def text(self, x: float, y: float, words: str, size: float = 9, grey: float = 0) -> None:
        self.canvas.setFont("Helvetica", size)
        self.canvas.setFillGray(grey)
        self.canvas.drawString(x * mm, (297 - y) * mm, words)

    def line(self, x: float, y: float, beyond: float, below: float) -> None:
        self.canvas.line(x * mm, (297 - y) * mm, beyond * mm, (297 - below) * mm)

    def rect(self, box: Box) -> None:
        self.canvas.rect(box.x * mm, (297 - box.y - box.h) * mm, box.w * mm, box.h * mm)


def write_blank(path: Path) -> Path:
    """One page with every kind of field."""
    pen = Pen(path)
    pen.text(60, 22, "FORMULIR PENGADUAN WARGA", 15)
    pen.text(20, 45, "NIK :")
    pen.text(20, 57, "Tanggal lahir :")
    pen.text(20, 71, "Nomor telepon :")
    pen.text(20, 83, "Nama lengkap :")
    for cell in NIK:
        pen.rect(cell)
    for cell, letter in zip(DATE, "DDMMYYYY", strict=True):
        pen.rect(cell)
        pen.text(cell.x + 1.8, cell.y + 5.2, letter, 11, 0.75)
    pen.line(OPEN[0].x, 72, 120, 72)
    for i in range(11):
        pen.line(60 + 6 * i, 66, 60 + 6 * i, 72)
    pen.rect(Box(60, 78, 72, 7))
    pen.canvas.setDash(0.6, 1.8)
    for cell in DOTTED[1:]:
        pen.line(cell.x, 78.6, cell.x, 84.6)
    pen.canvas.setDash()
    pen.text(20, 95.4, "Jenis kelamin")
    for box, label in zip(SEX, ("Laki-laki", "Perempuan"), strict=True):
        pen.rect(box)
        pen.text(box.x + 6, box.y + 3.4, label)
    pen.text(20, 107.4, "Agama")
    for box, label in zip(RELIGION, ("Islam", "Kristen", "Hindu"), strict=True):
        pen.rect(box)
        pen.text(box.x + 6, box.y + 3.4, label)
    for row, bubbles in enumerate(BUBBLES):
        pen.text(50, bubbles[0].y + 3.7, f"{row + 1}.")
        for bubble, letter in zip(bubbles, "ABCD", strict=True):
            pen.canvas.circle((bubble.x + 2.5) * mm, (297 - bubble.y - 2.5) * mm, 2.5 * mm)
            pen.text(bubble.x + 1.6, bubble.y + 3.6, letter, 8)
    pen.text(20, 169.4, "Alamat rumah :")
    pen.line(60, 170, 150, 170)
    pen.text(120, 198, "Tanda tangan")
    pen.rect(SIGNATURE)
    pen.canvas.save()
    return path


def scanned(pdf: Path, out: Path, angle: float) -> Path:
    """The page as a 200 dpi JPEG, turned by an angle in degrees, a little grey."""
    page = convert_from_path(pdf, 200, grayscale=True)[0]
    turned = page.rotate(angle, Image.Resampling.BICUBIC, fillcolor=255)
    turned.point(lambda value: 30 + value * 210 // 255).save(out, dpi=(200, 200), quality=85)
    return out
