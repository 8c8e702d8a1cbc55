"""Forms filled in by machine: `python -m pipeline.training.typed FONT.ttf … [--sheets 4]`.

Every comb is typed, one character a cell, all on one base line, and every line as it stands; the pages are scanned and
read as any page is. Prints for each font how many numbers, words and lines are right, and what of them enters unseen.
"""

import argparse
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from rich.console import Console
from rich.table import Table

from pipeline.forms.catalogue import Catalogue, Form, default_directories
from pipeline.forms.identity import serial_of
from pipeline.forms.layout import Kind, PageLayout
from pipeline.forms.types import TYPES
from pipeline.page import PageReading, read_page
from pipeline.training.degrade import Picture
from pipeline.training.fill import Truth, blank_sheets
from pipeline.training.people import Values, fill_in
from pipeline.training.scanner import Scanner
from pipeline.training.score import interval

Rng = np.random.Generator

_DPI: Final = 300
_POINTS: Final = (10, 11, 12, 14)
_BASE: Final = 0.78
"""Where the line stands, as a share of the cell's height."""
_LOOSE_MM: Final = 0.3
"""How far a whole sheet lies beside its place in the machine, one sigma."""
_INK: Final = 20
_INDENT_MM: Final = 2.0
_LINE_BASE: Final = 0.7
"""Where an uncombed line's letters stand, as a share of its height."""
KINDS: Final = ("numbers", "words", "lines")


def typed_page(
    blank: Picture, layout: PageLayout, values: Values, font: Path, rng: Rng
) -> tuple[Picture, tuple[Truth, ...]]:
    """A blank page, uint8 (H, W) at 300 dpi, with its combs and lines filled in by machine, and what they say."""
    type_ = ImageFont.truetype(str(font), round(float(rng.choice(_POINTS)) * _DPI / 72))
    page = Image.fromarray(blank)
    pen, off, truths = ImageDraw.Draw(page), rng.normal(0, _LOOSE_MM, 2), []

    def put(text: str, at_mm: tuple[float, float], anchor: str) -> None:
        pen.text(tuple((at_mm + off) * _DPI / 25.4), text, font=type_, fill=_INK, anchor=anchor)

    for field in layout.fields:
        value = values.get((field.name, field.row)) if field.kind in (Kind.COMB, Kind.LINE) else None
        raw = ""
        if value is not None and field.kind is Kind.LINE:
            put(value, (field.box.x + _INDENT_MM, field.box.y + _LINE_BASE * field.box.h), "ls")
        elif value is not None:
            raw = TYPES[field.type].to_cells(value, len(field.cells))
            for char, cell in zip(raw, field.cells, strict=False):
                put(char, (cell.x + cell.w / 2, cell.y + _BASE * cell.h), "ms")
        truths.append(Truth(field.name, field.row, field.type, field.kind, value, raw))
    return np.asarray(page, np.uint8), tuple(truths)


def sheets(form: Form, font: Path, count: int, seed: int) -> Iterable[tuple[Picture, tuple[Truth, ...]]]:
    """Scanned pages, uint8 (H, W), of sheets that were filled in by machine."""
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        values = fill_in(form, rng)
        serial = serial_of(form.definition.code, "2005", 26, 90_001 + number)
        for blank, layout in zip(blank_sheets(form, [serial])[0], form.layout.pages, strict=True):
            page, truths = typed_page(blank, layout, values, font, rng)
            yield Scanner.sample(rng).scan(page.astype(np.float32) / np.float32(255), rng), truths


def tally(reading: PageReading, truths: Iterable[Truth]) -> Counter[tuple[str, str]]:
    """How many filled fields of each of `KINDS` there are on a page, how many are right, accepted, and wrong so."""
    said = {(one.reading.field, one.reading.row): one for one in reading.readings}
    counts: Counter[tuple[str, str]] = Counter()
    for truth in truths:
        if truth.value is None or (judged := said.get((truth.field, truth.row))) is None:
            continue
        in_cells = "numbers" if truth.raw.replace(" ", "").isdigit() else "words"
        kind = "lines" if truth.kind is Kind.LINE else in_cells
        right, accepted = judged.reading.value == truth.value, judged.status == "accepted"
        counts[kind, "n"] += 1
        counts[kind, "right"] += right
        counts[kind, "accepted"] += accepted
        counts[kind, "wrong"] += accepted and not right
    return counts


def main() -> None:
    """Command line; see the module."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("fonts", type=Path, nargs="+")
    parser.add_argument("--form", default="pendataan", help="name or code of the form")
    parser.add_argument("--home", type=Path, default=Path("output"), help="where more definitions may be")
    parser.add_argument("--sheets", type=int, default=4, help="of each font")
    parser.add_argument("--seed", type=int, default=5)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    catalogue = Catalogue.load(default_directories(arguments.home))
    table = Table("font", "filled fields of", "n", "right", "95 %", "accepted unseen", "wrong among them")
    for font in arguments.fonts:
        counts: Counter[tuple[str, str]] = Counter()
        for page, truths in sheets(catalogue.get(arguments.form), font, arguments.sheets, arguments.seed):
            counts += tally(read_page(page, catalogue), truths)
        for kind in KINDS:
            n, right = counts[kind, "n"], counts[kind, "right"]
            low, high = interval(right, n)
            table.add_row(
                font.stem, kind, str(n), f"{right / max(1, n):.1%}", f"{low:.1%}-{high:.1%}",
                str(counts[kind, "accepted"]), str(counts[kind, "wrong"]),
            )  # fmt: skip
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
