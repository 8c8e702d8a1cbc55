"""Draws the README's picture: a filled form beside the row that it became.

`python -m pipeline.training.picture SAMPLES --out docs/gambar/form-and-row.png`
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from pipeline.forms.catalogue import Catalogue, Form, default_directories
from pipeline.page import PageReading, PageStatus, read_page
from pipeline.scans.files import find_files
from pipeline.scans.pages import open_pages
from pipeline.scans.types import PageImage
from pipeline.validation.judge import JudgedReading

_SHOWN = 18
_SURE, _WAITS, _INK = "#2F7D5B", "#C26A16", "#1F3A4D"


def first_page(samples: Path, catalogue: Catalogue) -> tuple[NDArray[np.uint8], PageReading, Form]:
    """The first page of the samples that is read: its image, its readings, its form.

    Raises:
        LookupError: no page could be read.
    """
    for path in find_files([samples]):
        for page in open_pages(path):
            if isinstance(page, PageImage):
                image = page.decode()
                reading = read_page(image, catalogue)
                if reading.status is PageStatus.READ:
                    return image, reading, catalogue.get(reading.form)
    raise LookupError(samples)


def draw(image: NDArray[np.uint8], reading: PageReading, form: Form, out: Path) -> None:
    """Draws the page and its first filled fields as a PNG."""
    filled = [one for one in reading.readings if one.reading.value not in (None, "absent")][:_SHOWN]
    figure = Figure(figsize=(11, 6.6), dpi=110, facecolor="white")
    left, right = figure.subplots(1, 2, width_ratios=[1.02, 1])
    upright = np.rot90(image, -(reading.turn // 90) % 4)
    small = cv2.resize(
        upright[: int(0.93 * upright.shape[0])], None, fx=0.32, fy=0.32, interpolation=cv2.INTER_AREA
    )
    left.imshow(small, cmap="gray", vmin=0, vmax=255)
    left.axis("off")
    right.axis("off")
    right.set_xlim(0, 1)
    right.set_ylim(len(filled) + 1.5, -0.5)
    for i, one in enumerate(filled):
        _row(right, i, one, form)
    sure = sum(one.status == "accepted" for one in reading.readings)
    right.text(
        0.02,
        len(filled) + 0.9,
        f"{sure} of {len(reading.readings)} fields accepted unseen; the others wait for a person",
        fontsize=8,
        color=_INK,
    )
    figure.tight_layout(pad=0.4)
    out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out, metadata={"Software": None})


def _row(axes, i: int, one: JudgedReading, form: Form) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    accepted = one.status == "accepted"
    colour = _SURE if accepted else _WAITS
    if i % 2 == 0:
        axes.axhspan(i - 0.5, i + 0.5, color="#EEF3F6", zorder=0)
    spec = form.definition.field(one.reading.field)
    label = f"{spec.label.id} {one.reading.row or ''}"
    axes.text(0.02, i, label[:24], va="center", fontsize=8.5, color=_INK)
    axes.text(0.40, i, str(one.reading.value)[:24], va="center", fontsize=9, family="DejaVu Sans Mono")
    axes.text(0.985, i, f"{'accepted' if accepted else 'review'} {one.reading.confidence:.4f}", va="center", ha="right",
              fontsize=7.5, color=colour)  # fmt: skip


def main() -> None:
    """Command line; see the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("samples", type=Path)
    parser.add_argument("--out", type=Path, default=Path("docs/gambar/form-and-row.png"))
    arguments = parser.parse_args()
    catalogue = Catalogue.load(default_directories(Path("output")))
    draw(*first_page(arguments.samples, catalogue), arguments.out)


if __name__ == "__main__":
    main()
