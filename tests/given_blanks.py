"""Two forms such as another office prints, without anything of ours on them, and a pen for them."""

from pathlib import Path

import cv2
import numpy as np
from pdf2image import convert_from_path
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

DIGITS = [(30 + 6.0 * i, 60.0, 6.0, 8.0) for i in range(8)]
BOXES = [(30.0, 90.0, 5.0, 5.0), (70.0, 90.0, 5.0, 5.0)]
BUBBLES = [(30.0 + 10 * i, 110.0, 5.0, 5.0) for i in range(5)]
SIGNATURE = (120.0, 240.0, 60.0, 25.0)

DEFINITION = """\
form: {name}
code: {code}
version: 1
title: Formulir kantor lain
blank:
  - {{file: {name}.v1-1.png, width: 210.0, height: 297.0}}
pages:
  - sections:
      - title: Isian
        items:
          - {{name: tanggal, type: date, label: Tanggal, at: {digits}}}
          - name: jk
            type: choice
            label: Jenis kelamin
            choices: [{{value: L, label: L, at: {box_l}}}, {{value: P, label: P, at: {box_p}}}]
          - name: jawab
            type: choice
            label: Jawaban
            filled: true
            choices: {bubbles}
          - {{name: ttd, type: signature, label: Tanda tangan, at: [{signature}]}}
"""


def write_blank(path: Path, title: str, *, mirrored: bool = False) -> Path:
    """Draws a form as a PDF: text, a comb with grey guides, tick boxes, bubbles; `mirrored` moves the parts."""
    canvas = Canvas(str(path), pagesize=(210 * mm, 297 * mm), invariant=1)

    def rect(x: float, y: float, w: float, h: float) -> None:
        canvas.rect((165 - x if mirrored else x) * mm, (297 - y - h) * mm, w * mm, h * mm)

    canvas.setFont("Helvetica-Bold", 16)
    canvas.drawString(30 * mm, 270 * mm, title)
    canvas.setFont("Helvetica", 10)
    for line, text in enumerate(
        (f"Kantor Dinas {title}, Jalan Raya 12", "Diisi dengan huruf balok", title[::-1])
    ):
        canvas.drawString((30 + 20 * mirrored) * mm, (258 - 6 * line) * mm, text)
    canvas.setLineWidth(0.6)
    for cell, guide in zip(DIGITS, "HHBBTTTT", strict=True):
        rect(*cell)
        if not mirrored:
            canvas.setFillGray(0.75)
            canvas.drawString((cell[0] + 1.6) * mm, (297 - cell[1] - 6) * mm, guide)
            canvas.setFillGray(0)
    for box in BOXES:
        rect(*box)
    for x, y, w, h in BUBBLES:
        canvas.circle((x + w / 2) * mm, (297 - y - h / 2) * mm, w / 2 * mm)
    for i, (x, y, _, h) in enumerate(BUBBLES):
        canvas.drawString((x + 1.5) * mm, (297 - y - h + 1.4) * mm, "ABCDE"[i])
    for i in range(6):
        canvas.drawString(30 * mm, (150 - 8 * i) * mm, f"{i + 1}. Keterangan {title[i:]} pada baris {i * 7}")
        canvas.line(95 * mm, (150 - 8 * i) * mm, (150 + 5 * i) * mm, (150 - 8 * i) * mm)
    rect(*SIGNATURE)
    canvas.save()
    return path


def render(path: Path, dpi: int) -> np.ndarray:
    """The first page of a PDF, grey."""
    return np.array(convert_from_path(path, dpi, grayscale=True)[0])


def write_definition(folder: Path, name: str, code: str, blank: np.ndarray, version: int = 1) -> Path:
    """The definition of a blank, with its picture."""
    folder.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(folder / f"{name}.v{version}-1.png"), blank)
    bubbles = [f"{{value: {c}, label: {c}, at: {list(b)}}}" for c, b in zip("ABCDE", BUBBLES, strict=True)]
    text = DEFINITION.format(
        name=name,
        code=code,
        digits=[list(cell) for cell in DIGITS],
        box_l=list(BOXES[0]),
        box_p=list(BOXES[1]),
        bubbles=f"[{', '.join(bubbles)}]",
        signature=list(SIGNATURE),
    )
    path = folder / f"{name}.v{version}.yaml"
    text = text.replace("version: 1\n", f"version: {version}\n").replace(
        f"{name}.v1-1", f"{name}.v{version}-1"
    )
    path.write_text(text, encoding="utf-8")
    return path


def fill(page: np.ndarray, dpi: int, digits: str, box: int | None, bubble: int | None) -> np.ndarray:
    """A copy of a page with digits written, a box crossed and a bubble filled by a pen of 0.5 mm."""
    out, scale = page.copy(), dpi / 25.4
    pen = max(1, round(0.5 * scale))

    def at(x: float, y: float) -> tuple[int, int]:
        return round(x * scale), round(y * scale)

    for digit, (x, y, _, _) in zip(digits, DIGITS, strict=False):
        cv2.putText(
            out, digit, at(x + 1.3, y + 6.4), cv2.FONT_HERSHEY_SIMPLEX, scale * 0.23, 40, pen, cv2.LINE_AA
        )
    if box is not None:
        x, y, w, h = BOXES[box]
        cv2.line(out, at(x + 0.6, y + 0.6), at(x + w - 0.5, y + h - 0.4), 40, pen, cv2.LINE_AA)
        cv2.line(out, at(x + w - 0.4, y + 0.5), at(x + 0.4, y + h - 0.6), 40, pen, cv2.LINE_AA)
    if bubble is not None:
        x, y, w, h = BUBBLES[bubble]
        cv2.circle(out, at(x + w / 2, y + h / 2), round(2.2 * scale), 60, -1, cv2.LINE_AA)
    return out
