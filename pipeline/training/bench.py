"""What a page costs, stage by stage: `python -m pipeline.training.bench SAMPLES [--data ../shared/data]`.

Times are medians over the sample's pages of the best of three, in one process on one core; the last column is the
ratio to merely decoding the page, which holds on any machine. With the data folder, the readers are also compared
with Tesseract on the same cells of writers that training never saw.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytesseract
from rich.console import Console
from rich.table import Table

from pipeline.forms.catalogue import Catalogue, default_directories
from pipeline.forms.layout import Kind
from pipeline.page import PageStatus, read_page
from pipeline.recognition import cells
from pipeline.recognition.combs import comb_arrays
from pipeline.recognition.reader import cell_reader
from pipeline.recognition.recognise import recognise
from pipeline.registration.register import register
from pipeline.registration.types import Refusal
from pipeline.scans.files import find_files
from pipeline.scans.pages import open_pages
from pipeline.scans.types import PageImage
from pipeline.training.evaluate import ALPHABETS, Labelled
from pipeline.training.evaluate import measure as measure_cells
from pipeline.training.held_out import unipen
from pipeline.training.score import interval

_REPEATS = 3


def _seconds(work: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(_REPEATS):
        started = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - started)
    return best


def measure(samples: Path, catalogue: Catalogue) -> dict[str, list[float]]:
    """Seconds of each stage, one entry a page that is read; `cells` counts the comb cells of each page."""
    found: dict[str, list[float]] = {}
    for path in find_files([samples]):
        for page in open_pages(path):
            if isinstance(page, PageImage):
                for stage, seconds in _stages(page, catalogue).items():
                    found.setdefault(stage, []).append(seconds)
    return found


def _stages(page: PageImage, catalogue: Catalogue) -> dict[str, float]:
    image = page.decode()
    if read_page(image, catalogue).status is not PageStatus.READ:
        return {}
    registration = register(image, catalogue)
    if isinstance(registration, Refusal):
        return {}
    form = catalogue.by_code(registration.identity.code, registration.identity.version)
    if form is None or not any(field.kind is Kind.COMB for field in registration.page.fields):
        return {}
    boxes, groups, classes = comb_arrays(registration.page)
    plane = registration.plane
    ink = cells.cell_ink(image, plane, boxes, groups)
    return {
        "decode": _seconds(page.decode),
        "register": _seconds(lambda: register(image, catalogue)),
        "cells, cleaned": _seconds(lambda: cells.cell_ink(image, plane, boxes, groups)),
        "cell net": _seconds(lambda: cell_reader().posteriors(ink, classes)),
        "recognise, whole": _seconds(lambda: recognise(image, registration, form)),
        "read_page, whole": _seconds(lambda: read_page(image, catalogue)),
        "cells": float(len(boxes)),
        "inked": float(np.count_nonzero(ink.amount)),
    }


def compare(data: Path, count: int) -> Table:
    """Accuracy and cost a cell of each reader on the same held-out cells, `count` of each alphabet."""
    table = Table(
        "cells", "n", "reader", "right", "95 %", "wrong at 90 %", "µs a cell", title="The same cells, one run"
    )
    for kind, alphabet in ALPHABETS.items():
        if kind == "all":
            continue
        cells = unipen(data, alphabet, checked=True)
        some = np.sort(np.random.default_rng(1).permutation(len(cells.labels))[:count])
        few = Labelled(cells.images[some], cells.labels[some], cells.groups[some])
        right, spent = _tesseract(few, alphabet)
        low, high = interval(right, len(some))
        share = f"{right / len(some):.1%}", f"{low:.1%}-{high:.1%}"
        table.add_row(kind, str(len(some)), "Tesseract alone", *share, "", f"{spent:,.0f}")
        for name, readers in (
            ("PP-OCRv6 small alone", "second"),
            ("cell net alone", "first"),
            ("both, ours", "both"),
        ):
            found = measure_cells(few, alphabet, readers)
            low, high = found["interval"]
            wrong = found["error_at_coverage"]["90"]
            share = f"{found['accuracy']:.1%}", f"{low:.1%}-{high:.1%}"
            table.add_row("", "", name, *share, f"{wrong:.2%}", f"{found['microseconds_per_cell']:,.0f}")
    return table


def _tesseract(cells: Labelled, alphabet: str) -> tuple[int, float]:
    """How many cells Tesseract reads rightly, one character each, in one process; and the µs a cell."""
    with tempfile.TemporaryDirectory() as folder:
        names = [f"{folder}/{i}.png" for i in range(len(cells.labels))]
        for name, image in zip(names, cells.images, strict=True):
            cv2.imwrite(name, cv2.copyMakeBorder(image, 20, 20, 20, 20, cv2.BORDER_CONSTANT, value=255))
        listing = Path(folder) / "list.txt"
        listing.write_text("\n".join(names), encoding="utf-8")
        started = time.perf_counter()
        config = f"--psm 10 --dpi 300 -c tessedit_char_whitelist={alphabet}"
        pages = pytesseract.image_to_string(str(listing), lang="eng", config=config).split("\f")
        seconds = time.perf_counter() - started
    read = [page.strip() for page in pages]
    return sum(a == b for a, b in zip(read, cells.labels, strict=False)), seconds / len(names) * 1e6


def main() -> None:
    """Command line; see the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("samples", type=Path)
    parser.add_argument("--data", type=Path, help="the data folder with handwriting/, to compare readers")
    parser.add_argument("--cells", type=int, default=400, help="of each alphabet, for the comparison")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    os.environ.setdefault("OMP_THREAD_LIMIT", "1")
    found = measure(arguments.samples, Catalogue.load(default_directories(Path("output"))))
    pages = len(found["decode"])
    decode = statistics.median(found["decode"])
    table = Table("stage", "ms a page", "of decoding", title=f"{pages} pages, one core, medians")
    for stage, seconds in found.items():
        if stage not in ("cells", "inked"):
            median = statistics.median(seconds)
            table.add_row(stage, f"{median * 1e3:.1f}", f"{median / decode:.2f} x")
    console = Console()
    console.print(table)
    inked, net = sum(found["inked"]), sum(found["cell net"])
    whole = statistics.mean(found["read_page, whole"]) + statistics.mean(found["decode"])
    console.print(f"{sum(found['cells']) / pages:.0f} cells a page, {inked / pages:.0f} of them written in")
    console.print(
        f"{net / max(inked, 1) * 1e3:.3f} ms of net a written cell; {60 / whole:.0f} pages a minute and core"
    )
    if arguments.data:
        console.print(compare(arguments.data, arguments.cells))


if __name__ == "__main__":
    main()
