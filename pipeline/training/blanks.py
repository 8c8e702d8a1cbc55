"""How many boxes `forms new` finds on blanks whose boxes are known: `python -m pipeline.training.blanks PRACTICE`.

PRACTICE is a folder with `quexf` (a questionnaire and its banding XML) and `omrchecker` (sheets and templates). The
house's own forms are printed and measured beside them.
"""

import argparse
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

import cv2
import numpy as np
import typer
from numpy.typing import NDArray

from pipeline.drafting.blank import open_blank
from pipeline.drafting.combs import sort_shapes
from pipeline.drafting.draft import draft_page
from pipeline.drafting.geometry import middle, right
from pipeline.drafting.lines import find_lines, segments
from pipeline.drafting.shapes import rectangles, ticks
from pipeline.drafting.types import DraftTable, Sheet
from pipeline.forms.catalogue import Catalogue, default_directories
from pipeline.forms.layout import Box, PageLayout
from pipeline.forms.printing import print_sheets
from pipeline.training.mark_sheets import bubbles_of, template_of

REACH: Final = 0.7
"""A box is found when the middle of one of ours lies so near to its middle, mm."""
_ASTRAY: Final = 2.0
"""How far a truth that was laid over a scan may lie beside it, mm."""
_QUEXF_DPI: Final = 300


@dataclass(frozen=True, slots=True)
class Score:
    """Boxes of one blank: how many there are, how many were found, how many of ours are none."""

    blank: str
    kind: str
    there: int
    found: int
    false: int

    @property
    def recall(self) -> float:
        """Share of the true boxes that was found."""
        return self.found / self.there if self.there else 1.0

    @property
    def precision(self) -> float:
        """Share of ours that is true."""
        ours = self.found + self.false
        return self.found / ours if ours else 1.0


def boxes(sheet: Sheet) -> dict[str, list[Box]]:
    """The cells and the boxes to mark that the draft finds on a sheet."""
    lines = find_lines(sheet.grey)
    shapes = sort_shapes(rectangles(sheet.grey, lines), ticks(sheet.grey, lines))
    return {
        "cells": [cell for comb in shapes.combs for cell in comb.cells],
        "marks": [tick.box for tick in shapes.ticks],
    }


def score(blank: str, kind: str, true: Sequence[Box], ours: Sequence[Box], aligned: bool = False) -> Score:
    """Match each true box with the nearest of ours.

    Args:
        blank: its name in the table.
        kind: `cells`, `marks`, or `rows` (what stands in a table).
        true: the true boxes, mm.
        ours: what was found, mm.
        aligned: whether the truth is laid over a scan, so that a shift or stretch of all boxes says nothing.
    """
    if not true or not ours:
        return Score(blank, kind, len(true), 0, len(ours))
    ours_at, true_at = (np.asarray([middle(box) for box in some]) for some in (ours, true))
    far = np.linalg.norm(true_at[:, None] - ours_at[None], axis=2)
    if aligned:
        true_at = _laid_over(true_at, ours_at)
        far = np.linalg.norm(true_at[:, None] - ours_at[None], axis=2)
    found = int((far.min(axis=1) <= REACH).sum())
    return Score(blank, kind, len(true), found, int((far.min(axis=0) > REACH).sum()))


def house_scores() -> Iterator[Score]:
    """The house's own forms, printed and read back."""
    for form in Catalogue.load(default_directories(Path("/nonexistent"))).forms():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "form.pdf"
            print_sheets(form, ["FPS-0000-26-00001"], path)
            for page, sheet in zip(form.layout.pages, open_blank(path), strict=True):
                ours = boxes(sheet)
                cells = [cell for field in page.fields for cell in field.cells]
                marks = [one.box for field in page.fields for one in field.choices]
                name = f"{form.definition.form} v{form.definition.version}, page {page.page}"
                yield score(name, "cells", cells, ours["cells"])
                yield score(name, "marks", marks, ours["marks"])
                yield score(name, "rows", _in_rows(page), table_boxes(sheet))


def table_boxes(sheet: Sheet) -> list[Box]:
    """Every box of the tables that the draft proposes for a sheet, in all rows."""
    return [
        Box(x, y + row * table.pitch, w, h)
        for table in draft_page(sheet, set()).items
        if isinstance(table, DraftTable)
        for column in table.columns
        for x, y, w, h in (*column.at, *(choice.box for choice in column.choices))
        for row in range(table.rows)
    ]


def _in_rows(page: PageLayout) -> list[Box]:
    """Every box of a page's tables."""
    fields = [field for field in page.fields if field.row is not None]
    return [box for field in fields for box in field.parts]


def quexf_scores(folder: Path, names: Sequence[str] = ("test_original", "test_blank")) -> Iterator[Score]:
    """The queXF questionnaire: as its program drew it, and as a scanned empty print."""
    pages = [*ElementTree.parse(folder / "test_original.xml").getroot().iter("page")]
    for name in names:
        for number, (page, sheet) in enumerate(
            zip(pages, open_blank(folder / f"{name}.pdf"), strict=True), 1
        ):
            move = _by_corners(page, sheet) if name == "test_blank" else np.eye(3)
            ours = boxes(sheet)
            for kind, types in (("cells", "34"), ("marks", "12")):
                groups = [one for one in page.iter("boxgroup") if one.findtext("type", "") in types]
                true = [_moved(_quexf_box(box), move) for group in groups for box in group.iter("box")]
                yield score(f"queXF {name}, page {number}", kind, true, ours[kind], name == "test_blank")


def omr_scores(folder: Path) -> Iterator[Score]:
    """OMRChecker's sheets, which exist only filled in: photos (1, 2), a faint photo (5), clean scans (6)."""
    sample6 = folder / "sample6"
    true6 = _template(template_of(folder, "sample6"))
    reference = next(open_blank(sample6 / "reference.png"))
    yield score(
        "OMRChecker sample6, reference", "marks", _scaled(true6[:4], reference), boxes(reference)["marks"]
    )
    for path in sorted((sample6 / "doc-scans").glob("*.jpg")):
        yield sample6_score(folder, path, next(open_blank(path)))
    for sample in ("sample1", "sample2", "sample5"):
        for path in sorted((folder / sample).glob("*/*.*g")):
            yield omr_score(folder, sample, path, next(open_blank(path)))


def omr_score(folder: Path, sample: str, path: Path, sheet: Sheet) -> Score:
    """One of OMRChecker's sheets on its template, which is laid over it by its markers where it has some."""
    template = template_of(folder, sample)
    true = _template(template)
    marker = folder / sample / "omr_marker.jpg"
    if marker.exists():
        move = _by_markers(sheet, marker, template)
        true = [_moved(box, move) for box in true]
    else:
        true = _scaled(true, sheet, template)
    return score(f"OMRChecker {sample}, {path.stem}", "marks", true, boxes(sheet)["marks"], True)


def sample6_score(folder: Path, path: Path, sheet: Sheet) -> Score:
    """One of the scans of OMRChecker's sample6."""
    true = _scaled(_template(template_of(folder, "sample6")), sheet)
    return score(f"OMRChecker sample6, {path.stem}", "marks", true, boxes(sheet)["marks"], True)


def _quexf_box(box: ElementTree.Element) -> Box:
    left, top, beyond, below = (float(box.findtext(tag, "0")) for tag in ("tlx", "tly", "brx", "bry"))
    return Box(*(value * 25.4 / _QUEXF_DPI for value in (left, top, beyond - left, below - top)))


def _by_corners(page: ElementTree.Element, sheet: Sheet) -> NDArray[np.float64]:
    """From the drawing's mm to the scan's, by the four corner brackets."""
    lines = [box for box in segments(find_lines(sheet.grey).across) if 17 < box.w < 23]
    left, beyond = min(box.x for box in lines), max(right(box) for box in lines)
    top, below = min(box.y for box in lines), max(box.y + box.h for box in lines)

    def corner(name: str) -> tuple[float, float]:
        """The bracket's corner that lies furthest out."""
        at_left, at_top = name[1] == "l", name[0] == "t"
        near = [
            box
            for box in lines
            if (abs(box.x - left) < 6) == at_left and (abs(box.y - top) < 6) == at_top
            and (at_left or abs(right(box) - beyond) < 6) and (at_top or abs(box.y - below) < 6)
        ]  # fmt: skip
        box = near[0]
        return (box.x if at_left else right(box)), box.y + box.h / 2

    names = ("tl", "tr", "br", "bl")
    drawn = [
        [float(page.findtext(f"{one}{axis}", "0")) * 25.4 / _QUEXF_DPI for axis in "xy"] for one in names
    ]
    scanned = [corner(one) for one in names]
    return np.asarray(
        cv2.getPerspectiveTransform(np.asarray(drawn, np.float32), np.asarray(scanned, np.float32)),
        np.float64,
    )


def _laid_over(true: NDArray[np.float64], ours: NDArray[np.float64]) -> NDArray[np.float64]:
    """The true places moved and stretched along both axes, as most of their nearest neighbours say."""
    for _ in range(4):
        far = np.linalg.norm(true[:, None] - ours[None], axis=2)
        near = far.min(axis=1) <= _ASTRAY
        if near.sum() < 2:
            return true
        pairs = true[near], ours[far.argmin(axis=1)[near]]
        moved = [np.polyval(_line(pairs[0][:, axis], pairs[1][:, axis]), true[:, axis]) for axis in (0, 1)]
        true = np.stack(moved, axis=1)
    return true


def _line(at: NDArray[np.float64], to: NDArray[np.float64]) -> NDArray[np.float64]:
    if np.ptp(at) < 10:
        return np.asarray([1.0, float(np.median(to - at))])
    return np.asarray(np.polyfit(at, to, 1), np.float64)


def _by_markers(sheet: Sheet, marker: Path, template: dict[str, Any]) -> NDArray[np.float64]:
    """From a template's px to the sheet's mm, by the round marker in each quarter of the sheet."""
    picture = np.asarray(cv2.imread(str(marker), cv2.IMREAD_GRAYSCALE), np.uint8)
    scale = sheet.grey.shape[1] / sheet.width
    height, width = sheet.grey.shape
    quarter = (height // 2, width // 2)
    best: list[tuple[float, list[tuple[float, float]]]] = []
    for size in np.arange(8.0, 16.0, 0.5):
        side = round(size * scale / 4)
        small = cv2.resize(sheet.grey, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
        like = cv2.matchTemplate(small, cv2.resize(picture, (side, side)), cv2.TM_CCOEFF_NORMED)
        at, sure = [], 0.0
        for top, left in ((0, 0), (0, 1), (1, 1), (1, 0)):
            y, x = top * quarter[0] // 4, left * quarter[1] // 4
            part = like[y : y + quarter[0] // 4, x : x + quarter[1] // 4]
            _, high, _, place = cv2.minMaxLoc(part)
            at.append(((place[0] + x + side / 2) * 4 / scale, (place[1] + y + side / 2) * 4 / scale))
            sure += high
        best.append((sure, at))
    _, corners = max(best)
    across, down = template["pageDimensions"]
    drawn = np.asarray([[0, 0], [across, 0], [across, down], [0, down]], np.float32)
    return np.asarray(cv2.getPerspectiveTransform(drawn, np.asarray(corners, np.float32)), np.float64)


def _template(template: Mapping[str, Any]) -> list[Box]:
    """Every bubble of a template, px."""
    found = [box for values in bubbles_of(template).values() for box in values.values()]
    return sorted(found, key=lambda box: (box.x, box.y))


def _scaled(true: Sequence[Box], sheet: Sheet, template: dict[str, Any] | None = None) -> list[Box]:
    across, down = (template or {"pageDimensions": (2480, 3508)})["pageDimensions"]
    return [
        Box(
            x * sheet.width / across,
            y * sheet.height / down,
            w * sheet.width / across,
            h * sheet.height / down,
        )
        for x, y, w, h in true
    ]


def _moved(box: Box, move: NDArray[np.float64]) -> Box:
    ends = np.asarray([[[box.x, box.y]], [[right(box), box.y + box.h]]], np.float64)
    (left, top), (beyond, below) = cv2.perspectiveTransform(ends, move)[:, 0].tolist()
    return Box(left, top, beyond - left, below - top)


def main() -> None:
    """Command line; see the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("practice", type=Path)
    practice = parser.parse_args().practice
    typer.echo(f"{'blank':<42}{'boxes':>12}{'found':>8}{'false':>8}{'recall':>9}{'precision':>11}")
    for one in (*house_scores(), *quexf_scores(practice / "quexf"), *omr_scores(practice / "omrchecker")):
        if one.there or one.false:
            facts = f"{one.there:>6} {one.kind:>5}{one.found:>8}{one.false:>8}"
            typer.echo(f"{one.blank:<42}{facts}{one.recall:>9.1%}{one.precision:>11.1%}")


if __name__ == "__main__":
    main()
