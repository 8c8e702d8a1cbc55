"""What an office puts into its scanner: `python -m pipeline.training.samples --data DATA --out DIR`.

Filled sheets of the three forms in many hands (open fonts, whose pictures may be passed on), with all that may go
wrong: a coffee stain, a photocopy, a page upside down, an empty page, a letter among the forms, a missing side,
phone photos. DIR gets `batch-01.pdf`, three JPEG photos, `truth.jsonl` and `README.txt`.
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pdf2image import convert_from_bytes
from reportlab.pdfgen.canvas import Canvas

from pipeline.forms.catalogue import Catalogue, Form, default_directories
from pipeline.forms.identity import serial_of
from pipeline.forms.printing import Rosters
from pipeline.training.batch_file import as_jpeg, write_lines, write_pdf
from pipeline.training.fill import DPI, Writer, blank_sheets, fill_page, lines_of
from pipeline.training.hands import Floats, FontHand, load_fonts
from pipeline.training.people import Key, fill_in, recount
from pipeline.training.scanner import Scanner, coffee, folded, photocopied, photographed, upright_turned

PDF: Final = "batch-01.pdf"
_QUALITY: Final = 60
_PHOTO_QUALITY: Final = 72
_YEAR: Final = 2026
_FONTS: Final = (
    "annie-use-your-telescope",
    "architects-daughter",
    "delius",
    "gaegu",
    "gochi-hand",
    "handlee",
    "happy-monkey",
    "indie-flower",
    "itim",
    "mansalva",
    "nanum-pen-script",
    "neucha",
    "schoolbell",
    "short-stack",
    "sriracha",
)
"""Fonts that look like block letters written by hand."""
_VILLAGES: Final = ("2005", "2005", "2014", "2005", "2020")

Spoil = Callable[[Floats, np.random.Generator], Floats]

_README: Final = """\
Contoh hasil pindai kantor / samples of what an office scans
=============================================================
batch-01.pdf   {pages} halaman JPEG 300 dpi abu-abu: formulir pendataan, penyaluran, sosialisasi;
               ada noda kopi, fotokopi, halaman terbalik, halaman kosong, surat lain, sisi yang hilang
               / grey JPEG pages of the three forms, with what goes wrong on an ordinary day.
foto-*.jpg     foto dari telepon genggam / phone photos.
truth.jsonl    apa yang ditulis dan apa yang harus terjadi dengan tiap halaman
               / what was written, and what must become of each page.

Semua orang, nama, dan nomor di sini rekaan; NIK berakhiran 9001-9999. Tulisan digambar dari fon terbuka
(OFL-1.1, Apache-2.0). / All people, names and numbers are made up; the writing is drawn with open fonts.
Dibuat oleh / made by: python -m pipeline.training.samples --data DATA --out {out}
"""


@dataclass(frozen=True, slots=True)
class _Side:
    """One side that goes into the scanner."""

    picture: Floats
    form: Form
    serial: str
    page: int
    lines: list[dict[str, object]]
    upside_down: bool = False
    reason: str = ""


class _Desk:
    """Writes sheets one after the other, each with its own hand and its own stream of the seed."""

    def __init__(self, fonts: Sequence[FontHand], seed: int) -> None:
        self._fonts, self._seed, self._sheets = fonts, seed, 0

    def sheet(
        self,
        form: Form,
        serial: str,
        village: str,
        preprinted: Rosters | None = None,
        fixed: Mapping[Key, str | None] | None = None,
    ) -> list[_Side]:
        """A filled sheet, all its sides in order; `fixed` values take the place of made-up ones."""
        rng = np.random.default_rng([self._seed, self._sheets])
        font = self._fonts[self._sheets % len(self._fonts)]
        self._sheets += 1
        writer = _neat(Writer.sample([font, *self._fonts], rng, slips=0.0))
        values = fill_in(form, rng, village)
        values |= {key: value for key, value in (fixed or {}).items() if values.get(key)}
        recount(values)
        sides = []
        for blank, layout in zip(blank_sheets(form, [serial], preprinted)[0], form.layout.pages, strict=True):
            picture, truths = fill_page(blank, layout, values, writer, rng)
            lines = lines_of(form, serial, layout.page, truths)
            sides.append(_Side(picture, form, serial, layout.page, lines))
        return sides


def make_samples(catalogue: Catalogue, fonts: Sequence[FontHand], seed: int, out: Path) -> None:
    """Writes the whole folder; the same seed gives the same values and pictures.

    Args:
        catalogue: holds `pendataan`, `penyaluran` and `sosialisasi`; any layout of them will do.
        fonts: hands, used in turn.
        seed: of everything.
        out: the folder; it is made when missing.
    """
    desk = _Desk(fonts, seed)
    survey, roster, meeting = (catalogue.get(name) for name in ("pendataan", "penyaluran", "sosialisasi"))
    sheets = [_numbered(desk, survey, i) for i in range(14)]
    photographed_sheet = _numbered(desk, survey, 14)
    handout, present = _roster(desk, roster, sheets), _numbered(desk, meeting, 0)
    seen = _numbered(desk, meeting, 1)
    rng = np.random.default_rng([seed, 999])
    sheets[3] = [_spoilt(sheets[3][0], coffee, rng), *sheets[3][1:]]
    sheets[6] = [_spoilt(side, photocopied, rng) for side in sheets[6]]
    sheets[8] = [*sheets[8][:-1], replace(sheets[8][-1], upside_down=True)]
    sheets[10] = [_spoilt(sheets[10][0], folded, rng), *sheets[10][1:]]
    sheets[12] = [replace(sheets[12][0], reason="missing_side")]
    order: list[_Side | str] = [side for sheet in sheets[:5] for side in sheet]
    order += ["blank", *(side for sheet in sheets[5:9] for side in sheet), "letter", *handout]
    order += [side for sheet in sheets[9:] for side in sheet]
    order += present
    _write(
        out,
        order,
        {"foto-01": photographed_sheet[0], "foto-02": photographed_sheet[-1], "foto-03": seen[0]},
        rng,
    )


def _neat(writer: Writer) -> Writer:
    """A careful writer: people who fill in forms for an office are asked to write plainly."""
    style = writer.style
    plain = replace(
        writer.style,
        width_mm=min(style.width_mm, 0.7),
        darkness=max(style.darkness, 0.62),
        slant=0.5 * style.slant,
        wobble=0.5 * style.wobble,
        breaks=0.0,
        retouch=0.0,
    )
    return replace(writer, style=plain, added={}, cancels=0.0, careless_mm=min(writer.careless_mm, 0.25))


def _numbered(desk: _Desk, form: Form, i: int) -> list[_Side]:
    village = _VILLAGES[i % len(_VILLAGES)]
    return desk.sheet(form, serial_of(form.definition.code, village, _YEAR, 101 + i), village)


def _roster(desk: _Desk, form: Form, sheets: Sequence[Sequence[_Side]]) -> list[_Side]:
    """A roster with the heads of the surveyed families preprinted, as the register would print it."""
    village = _VILLAGES[0]
    serial = serial_of(form.definition.code, village, _YEAR, 7)
    people = []
    for sides in sheets:
        said = {
            str(line["field"]): line["value"] for side in sides for line in side.lines if line["row"] is None
        }
        nik, name = str(said.get("nik") or ""), str(said.get("nama") or "")
        if said.get("desa") == village and nik and name:
            people.append({"nama": name, "nik": f"{nik[:6]}******{nik[-4:]}"})
    tables = [table for table in form.definition.tables() if table.preprinted]
    rows = {table.name: people[: table.rows] for table in tables}
    fixed: dict[Key, str | None] = {("program", None): "CBP", ("satuan", None): "kg"}
    for field in (field for page in form.layout.pages for field in page.fields if field.row):
        table, _, column = field.name.partition(".")
        if column == "jumlah":
            fixed[field.name, field.row] = "10"
        if table in rows and field.row and field.row > len(rows[table]):
            fixed[field.name, field.row] = "absent" if column == "tanda_tangan" else None
    return desk.sheet(form, serial, village, {serial: rows}, fixed)


def _spoilt(side: _Side, spoil: Spoil, rng: np.random.Generator) -> _Side:
    return replace(side, picture=spoil(side.picture, rng))


def _write(
    out: Path, order: Sequence["_Side | str"], photos: Mapping[str, _Side], rng: np.random.Generator
) -> None:
    out.mkdir(parents=True, exist_ok=True)
    pages, truth = [], []
    for number, item in enumerate(order, 1):
        side = item if isinstance(item, _Side) else None
        picture = (
            side.picture if side else _letter() if item == "letter" else np.ones_like(_first(order).picture)
        )
        scanner = replace(Scanner.sample(rng).tidy(), noise=0.006, dust=5)
        image = scanner.scan(picture, rng)
        if side and side.upside_down:
            image = upright_turned(image, 2)
        pages.append((as_jpeg(image, _QUALITY), (image.shape[0], image.shape[1])))
        truth += _lines(
            PDF, number, side, "" if side else {"letter": "not_our_form"}.get(str(item), str(item))
        )
    write_pdf(out / PDF, pages, "Pindaian Kecamatan Halong, November 2026")
    for name, side in photos.items():
        (out / f"{name}.jpg").write_bytes(as_jpeg(photographed(side.picture, rng), _PHOTO_QUALITY))
        truth += _lines(f"{name}.jpg", 1, side, "")
    write_lines(out / "truth.jsonl", truth)
    (out / "README.txt").write_text(_README.format(pages=len(pages), out=out), encoding="utf-8")


def _first(order: Sequence["_Side | str"]) -> _Side:
    return next(item for item in order if isinstance(item, _Side))


def _lines(source: str, image: int, side: _Side | None, reason: str) -> list[dict[str, object]]:
    """The line of a page, and those of its fields."""
    reason = side.reason if side else reason
    page = {
        "source": source,
        "image": image,
        "form": side.form.definition.form if side else None,
        "serial": side.serial if side else None,
        "page": side.page if side else None,
        "status": "set_aside" if reason else "read",
        "reason": reason or None,
    }
    return [page, *({"source": source, "image": image, **line} for line in (side.lines if side else ()))]


_LETTER: Final = (
    "PEMERINTAH DESA CONTOH", "", "Nomor   : 005/17/DS-C/XI/2026", "Perihal : Undangan rapat", "",
    "Kepada Yth. Ketua RT se-Desa Contoh", "di tempat", "",
    "Dengan hormat, kami mengundang Bapak/Ibu untuk menghadiri rapat persiapan kerja",
    "bakti yang akan dilaksanakan pada:", "",
    "     Hari/tanggal : Sabtu, 21 November 2026", "     Pukul        : 09.00 WITA",
    "     Tempat       : Balai Desa Contoh", "",
    "Mengingat pentingnya acara ini, kehadiran Bapak/Ibu sangat kami harapkan.",
    "Atas perhatiannya kami ucapkan terima kasih.", "", "", "Kepala Desa Contoh",
)  # fmt: skip


def _letter() -> Floats:
    """A typed letter of somebody else, as a page at `DPI`."""
    buffer = BytesIO()
    canvas = Canvas(buffer, pagesize=(595.28, 841.89), invariant=1)
    for i, line in enumerate(_LETTER):
        canvas.setFont("Courier-Bold" if i == 0 else "Courier", 14 if i == 0 else 10.5)
        canvas.drawString(64, 770 - 19 * i, line)
    canvas.showPage()
    canvas.save()
    (image,) = convert_from_bytes(buffer.getvalue(), DPI, grayscale=True)
    grey: NDArray[np.uint8] = np.asarray(image, np.uint8)
    return grey.astype(np.float32) / np.float32(255)


def main() -> None:
    """Command line; see the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the data folder with fonts/")
    parser.add_argument("--home", type=Path, default=Path("output"), help="where more definitions may be")
    parser.add_argument("--seed", type=int, default=202611)
    parser.add_argument("--out", type=Path, default=Path("samples/halong-2026-11"))
    arguments = parser.parse_args()
    fonts = [
        hand for hand in load_fonts(arguments.data) if any(f":{name}-latin" in hand.id for name in _FONTS)
    ]
    make_samples(Catalogue.load(default_directories(arguments.home)), fonts, arguments.seed, arguments.out)


if __name__ == "__main__":
    main()
