"""Two forms as offices print them: labels in cells or far off, combs in the cells of tables."""

from pathlib import Path

from drawn_blanks import Pen

from pipeline.forms.layout import Box

TABLE_TOP, ROW = 60.0, 9.0
NAMES = [Box(28 + 5.5 * i, TABLE_TOP + 1.2, 5.5, 6.6) for i in range(12)]
NIKS = [Box(98 + 5.5 * i, TABLE_TOP + 1.2, 5.5, 6.6) for i in range(16)]
SUMS = [Box(122 + 5.5 * i, 140.8, 5.5, 6.4) for i in range(4)]
FLUSH = {
    "nik": [Box(60 + 5.5 * i, 26, 5.5, 8) for i in range(16)],
    "no_telepon": [Box(60 + 5.5 * i, 34, 5.5, 8) for i in range(13)],
    "rt": [Box(60 + 5.5 * i, 42, 5.5, 8) for i in range(3)],
}


def _cells(pen: Pen, walls: tuple[float, ...], floors: tuple[float, ...]) -> None:
    for y in floors:
        pen.line(walls[0], y, walls[-1], y)
    for x in walls:
        pen.line(x, floors[0], x, floors[-1])


def write_tables(path: Path) -> None:
    """Combs in the cells of tables whose column lines stand between them, and rows that a cell of words names."""
    pen = Pen(path)
    pen.text(60, 22, "DAFTAR ANGGOTA KELUARGA", 15)
    floors = (52.0, *(TABLE_TOP + ROW * row for row in range(5)))
    _cells(pen, (18.0, 26.0, 96.0, 192.0), floors)
    for x, y, head in ((19, 57, "No"), (28, 57, "Nama"), (98, 55.4, "Nomor Induk"), (98, 59, "Kependudukan")):
        pen.text(x, y, head)
    for row in range(4):
        pen.text(20, TABLE_TOP + 6 + ROW * row, str(row + 1))
        for cell in (*NAMES, *NIKS):
            pen.rect(cell._replace(y=cell.y + ROW * row))
    _cells(pen, (18.0, 26.0, 120.0, 160.0), (132.0, 140.0, 148.0, 156.0, 164.0))
    for x, head in ((19, "No"), (28, "Barang"), (122, "Jumlah")):
        pen.text(x, 137.4, head)
    for row in range(3):
        pen.text(20, 145.4 + 8 * row, str(row + 1))
        for cell in SUMS:
            pen.rect(cell._replace(y=cell.y + 8 * row))
    _cells(pen, (18.0, 26.0, 80.0, 84.0, 192.0), (180.0, 189.0, 198.0))
    for row, label in enumerate(("Nama petugas", "Jabatan")):
        pen.text(20, 186 + 9 * row, f"{row + 1}.")
        pen.text(28, 186 + 9 * row, label)
        pen.text(81.4, 186 + 9 * row, ":")
    pen.canvas.save()


def write_fields(path: Path) -> None:
    """Labels that touch their combs or stand far from their lines, questions far from their answers."""
    pen = Pen(path)
    pen.text(60, 18, "FORMULIR DATA WARGA", 15)
    for (_name, cells), label in zip(FLUSH.items(), ("NIK", "No. Telepon", "RT"), strict=True):
        pen.rect(Box(15, cells[0].y, 45, 8))
        pen.text(17, cells[0].y + 5.4, label)
        for cell in cells:
            pen.rect(cell)
    pen.text(15, 62, "Alamat")
    pen.line(62, 63, 190, 63)
    pen.text(15, 71, "Desa / Kelurahan")
    pen.text(62, 71, "." * 60)
    pen.text(15, 84, "Keterangan lain:")
    pen.line(15, 92, 190, 92)
    pen.line(15, 100, 190, 100)
    for row, question in enumerate(("Apakah memiliki rumah?", "Apakah memiliki listrik?")):
        pen.text(15, 114 + 8 * row, f"{row + 1}. {question}")
        for x, label in ((150, "Ya"), (170, "Tidak")):
            pen.rect(Box(x, 110.8 + 8 * row, 4, 4))
            pen.text(x + 6, 114 + 8 * row, label)
    for row, (question, *labels) in enumerate(
        (("Jenis kelamin", "Laki-laki", "Perempuan"), ("Cacat", "Ya", "Tidak"))
    ):
        pen.text(15, 134 + 8 * row, question)
        for x, label in zip((100, 150), labels, strict=True):
            pen.canvas.drawRightString((x - 2) * 72 / 25.4, (297 - 134 - 8 * row) * 72 / 25.4, label)
            pen.rect(Box(x, 130.8 + 8 * row, 4, 4))
    pen.text(15, 156, "Bantuan")
    for x, label in ((62, "PKH"), (90, "BPNT / Sembako"), (140, "Lainnya")):
        pen.rect(Box(x, 152.8, 4, 4))
        pen.text(x + 6, 156, label)
    pen.canvas.setFillGray(0.2)
    pen.canvas.rect(15 * 72 / 25.4, (297 - 177) * 72 / 25.4, 180 * 72 / 25.4, 7 * 72 / 25.4, fill=1)
    pen.text(17, 175, "PETUGAS", 9, 1)
    pen.text(15, 192, "RT/RW")
    for x in (62, 83):
        for cell in range(3):
            pen.rect(Box(x + 5 * cell, 187, 5, 6))
    pen.text(79, 192, "/")
    pen.text(15, 206, "Golongan darah")
    for x, label in ((62, "A"), (82, "B"), (102, "AB"), (122, "O")):
        pen.rect(Box(x, 202.8, 4, 4))
        pen.text(x + 6, 206, label)
    pen.canvas.save()
