"""What a page costs, stage by stage: `python -m pipeline.training.bench SAMPLES`.

Times are medians over the sample's pages of the best of three, in one process on one core; the last column is the
ratio to merely decoding the page, which holds on any machine.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
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
    plane = registration.homography
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


def main() -> None:
    """Command line; see the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("samples", type=Path)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
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


if __name__ == "__main__":
    main()
