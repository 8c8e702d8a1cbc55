"""A form of another office that holds a table of family members, and a pen for its rows."""

from pathlib import Path

import cv2
import numpy as np
from given_blanks import render
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

TOP, PITCH, ROWS = 90.0, 11.0, 4
DATE = [(30 + 6.0 * i, 50.0, 6.0, 8.0) for i in range(8)]
BIRTH = [(30 + 6.0 * i, TOP, 6.0, 8.0) for i in range(8)]
SEX = [(90.0, TOP + 1.5, 5.0, 5.0), (106.0, TOP + 1.5, 5.0, 5.0)]
AGE = [(130 + 6.0 * i, TOP, 6.0, 8.0) for i in range(2)]
SIGNATURE = (150.0, TOP, 40.0, 9.5)

TABLE = f"""\
          - table: anggota
            rows: {ROWS}
            pitch: {PITCH}
            columns:
              - {{name: lahir, type: date, label: Tanggal lahir, at: {[list(box) for box in BIRTH]}}}
              - name: jk
                type: choice
                label: Kelamin
                choices: [{{value: L, label: L, at: {list(SEX[0])}}}, {{value: P, label: P, at: {list(SEX[1])}}}]
              - {{name: umur, type: count, label: Umur, at: {[list(box) for box in AGE]}}}
              - {{name: ttd, type: signature, label: Tanda tangan, at: [{list(SIGNATURE)}]}}
"""
DEFINITION = f"""\
form: keluarga
code: KLG-01
version: 1
title: Daftar anggota keluarga
blank:
  - {{file: keluarga.v1-1.png, width: 210.0, height: 297.0}}
pages:
  - sections:
      - title: Isian
        items:
          - {{name: tanggal, type: date, label: Tanggal, at: {[list(box) for box in DATE]}}}
{TABLE}register:
  - {{entity: visit, table: anggota, map: {{date: tanggal, sex: jk}}, constants: {{topic: keluarga}}}}
"""


def write_blank(path: Path) -> Path:
    """The empty form as a PDF: a comb, and a table whose heads stand above its first row."""
    canvas = Canvas(str(path), pagesize=(210 * mm, 297 * mm), invariant=1)

    def rect(x: float, y: float, w: float, h: float) -> None:
        canvas.rect(x * mm, (297 - y - h) * mm, w * mm, h * mm)

    def text(x: float, y: float, words: str, size: float = 9) -> None:
        canvas.setFont("Helvetica", size)
        canvas.drawString(x * mm, (297 - y) * mm, words)

    text(30, 25, "DAFTAR ANGGOTA KELUARGA", 16)
    text(30, 33, "Kantor Dinas Kependudukan, Jalan Melati 7")
    text(30, 48, "Tanggal kunjungan")
    for head, x in (("Tanggal lahir", 30), ("Kelamin", 92), ("Umur", 130), ("Tanda tangan", 155)):
        text(x, TOP - 3, head)
    canvas.setLineWidth(0.6)
    for box in DATE:
        rect(*box)
    for row in range(ROWS):
        below = row * PITCH
        text(23, TOP + 5.5 + below, f"{row + 1}.")
        for x, y, w, h in (*BIRTH, *SEX, *AGE, SIGNATURE):
            rect(x, y + below, w, h)
        for (x, y, *_), letter in zip(SEX, "LP", strict=True):
            text(x + 6.5, y + 4 + below, letter)
    text(30, 160, "Dengan ini kepala keluarga menyatakan bahwa daftar di atas benar dan lengkap.")
    text(30, 168, "Halong, ........................ 20 ......")
    canvas.save()
    return path


def write_definition(folder: Path) -> Path:
    """The definition with its blank in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(folder / "keluarga.v1-1.png"), render(write_blank(folder / "keluarga.pdf"), 200))
    path = folder / "keluarga.v1.yaml"
    path.write_text(DEFINITION, encoding="utf-8")
    return path


def fill(page: np.ndarray, dpi: int, date: str, rows: dict[int, tuple[str, int, str]]) -> np.ndarray:
    """A copy of a page with a date, and with rows (from 1): digits of a birth date, a tick box, an age."""
    out, scale = page.copy(), dpi / 25.4
    pen = max(1, round(0.5 * scale))

    def at(x: float, y: float) -> tuple[int, int]:
        return round(x * scale), round(y * scale)

    def write(digits: str, cells: list[tuple[float, float, float, float]], below: float = 0.0) -> None:
        for digit, (x, y, _, _) in zip(digits, cells, strict=True):
            place = at(x + 1.3, y + below + 6.4)
            cv2.putText(out, digit, place, cv2.FONT_HERSHEY_SIMPLEX, scale * 0.23, 40, pen, cv2.LINE_AA)

    write(date, DATE)
    for row, (birth, box, age) in rows.items():
        below = (row - 1) * PITCH
        write(birth, BIRTH, below)
        write(age, AGE, below)
        x, y, w, h = SEX[box]
        y += below
        cv2.line(out, at(x + 0.6, y + 0.6), at(x + w - 0.5, y + h - 0.4), 40, pen, cv2.LINE_AA)
        cv2.line(out, at(x + w - 0.4, y + 0.5), at(x + 0.4, y + h - 0.6), 40, pen, cv2.LINE_AA)
    return out
