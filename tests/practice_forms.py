"""The practice questionnaire of others as a definition of ours, from its own XML; nothing of theirs is kept here."""

import subprocess
from itertools import product
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import yaml

from pipeline.training.mark_sheets import grey

FOLDER = Path(__file__).parents[2] / "shared/data/practice"
_QUEXF_TYPES = {"1": "choice", "2": "choice", "3": "text", "4": "number"}


def make_quexf(folder: Path) -> list[np.ndarray]:
    """The questionnaire by its own XML, on its own blank; the pages of the three filled copies at 300 dpi."""
    folder.mkdir(parents=True, exist_ok=True)
    base = FOLDER / "quexf"
    _rasterise(base / "test_original.pdf", folder / "quexf.v1", 200)
    pages, blanks = [], []
    for number, page in enumerate(ElementTree.parse(base / "test_original.xml").iter("page"), start=1):
        h, w = grey(folder / f"quexf.v1-{number}.png").shape
        size = {"width": round(w / 200 * 25.4, 2), "height": round(h / 200 * 25.4, 2)}
        blanks.append({"file": f"quexf.v1-{number}.png", **size})
        items = [_quexf_field(group) for group in page.iter("boxgroup")]
        pages.append({"sections": [{"title": str(number), "items": items}]})
    head = {"form": "quexf", "code": "QXF-01", "version": 1, "title": "queXF", "blank": blanks}
    (folder / "quexf.v1.yaml").write_text(yaml.safe_dump({**head, "pages": pages}, sort_keys=False))
    scans = folder / "scans"
    scans.mkdir()
    for copy in (1, 2, 3):
        _rasterise(base / f"test_filled_{copy}.pdf", scans / f"filled-{copy}", 300)
    return [grey(scans / f"filled-{copy}-{page}.png") for copy, page in product((1, 2, 3), (1, 2))]


def _rasterise(pdf: Path, stem: Path, dpi: int) -> None:
    subprocess.run(["pdftoppm", "-r", str(dpi), "-gray", "-png", str(pdf), str(stem)], check=True)


def _quexf_field(group: ElementTree.Element) -> dict:
    kind = _QUEXF_TYPES.get(group.findtext("type", ""), "line")
    name = group.findtext("varname", "").lower()
    boxes = []
    for box in group.iter("box"):
        left, top, right, bottom = (int(box.findtext(key, "0")) for key in ("tlx", "tly", "brx", "bry"))
        at = [round(v * 25.4 / 300, 2) for v in (left, top, right - left, bottom - top)]
        boxes.append((at, box.findtext("value") or "1"))
    field = {"name": name, "type": kind, "label": name}
    if kind == "choice":
        return {**field, "choices": [{"value": value, "label": value, "at": at} for at, value in boxes]}
    return {**field, "at": [at for at, _ in boxes]}
