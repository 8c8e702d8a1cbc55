"""A form that another office printed, as PDF and as the grey PNG that a definition stands on."""

from pathlib import Path

from pdf2image import convert_from_path
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

HEIGHT = 297.0
NAME = [(30 + 6.0 * i, 60.0, 6.0, 8.0) for i in range(10)]
TICKS = [(30.0, 90.0, 5.0, 5.0), (70.0, 90.0, 5.0, 5.0)]
PHONE = [(30 + 6.0 * i, 120.0, 6.0, 8.0) for i in range(8)]
SIGNATURE = (120.0, 140.0, 60.0, 25.0)

REGISTER = """\
register:
  - entity: household
    map: {facts.mampu: jk}
    constants: {village: "2005"}
  - entity: person
    map: {name: nama, sex: jk, facts.kelamin: jk}
    constants: {relation: "01", facts.sumber: kantor}
"""
"""What the form may say to the register."""

DEFINITION = """\
form: {form}
code: {code}
version: 1
title: {{id: Formulir kantor lain, en: Form of another office}}
blank:
  - {{file: {form}.v1-1.png, width: 210.0, height: 297.0}}
pages:
  - sections:
      - title: Isian
        items:
          - {{name: nama, type: name, label: Nama, required: true, at: {name}}}
          - name: jk
            type: choice
            label: {{id: Jenis kelamin, en: Sex}}
            choices:
              - {{value: L, label: Laki-laki, at: {male}}}
              - {{value: P, label: Perempuan, at: {female}}}
          - {{name: ttd, type: signature, label: Tanda tangan, at: [{signature}]}}
rules:
  - signed_when_received: [jk, ttd]
"""


def draw(folder: Path) -> Path:
    """The blank's PNG at 150 dpi: combs for a name and a phone number, two tick boxes, a box to sign in."""
    pdf = folder / "blank.pdf"
    canvas = Canvas(str(pdf), pagesize=(210 * mm, HEIGHT * mm), invariant=1)
    canvas.setLineWidth(0.7)
    for x, y, w, h in (*NAME, *TICKS, *PHONE, SIGNATURE):
        canvas.rect(x * mm, (HEIGHT - y - h) * mm, w * mm, h * mm)
    canvas.setFont("Helvetica-Bold", 15)
    canvas.drawString(30 * mm, 270 * mm, "KANTOR DINAS LAIN")
    canvas.setFont("Helvetica", 9)
    for text, (x, y, *_) in (("Nama", NAME[0]), ("L", TICKS[0]), ("P", TICKS[1]), ("Telepon", PHONE[0])):
        canvas.drawString(x * mm, (HEIGHT - y + 2) * mm, text)
    canvas.save()
    png = folder / "blank.png"
    convert_from_path(str(pdf), dpi=150, grayscale=True)[0].save(png)
    return png


def put_form(home: Path, png: Path, form: str = "kantor", code: str = "KTR-01", more: str = "") -> Path:
    """A definition on the blank in a home's `forms/`; `more` is added at its end."""
    folder = home / "forms"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{form}.v1-1.png").write_bytes(png.read_bytes())
    path = folder / f"{form}.v1.yaml"
    name = [list(box) for box in NAME]
    male, female = (list(box) for box in TICKS)
    text = DEFINITION.format(
        form=form, code=code, name=name, male=male, female=female, signature=list(SIGNATURE)
    )
    path.write_text(text + more, encoding="utf-8")
    return path
