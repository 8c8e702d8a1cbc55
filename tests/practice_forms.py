"""Definitions on the practice forms of others, made from their own templates; nothing of theirs is kept here.

Their samples come filled in only: the blank is a filled sheet whose marks are painted out with the same character
printed elsewhere.
"""

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
import yaml

from pipeline.registration.features import blank_page, flattened, lay, page_keypoints
from pipeline.registration.plane import Plane

FOLDER = Path(__file__).parents[2] / "shared/data/practice"
FIELD_TYPES = {
    "QTYPE_INT": (tuple("0123456789"), "vertical"),
    "QTYPE_MCQ4": (tuple("ABCD"), "horizontal"),
    "QTYPE_MCQ5": (tuple("ABCDE"), "horizontal"),
}
Bubbles = dict[str, dict[str, tuple[float, float, float, float]]]


def labels(names: list[str]) -> Iterator[str]:
    """`roll1..9` is nine labels."""
    for name in names:
        match = re.fullmatch(r"(.*?)(\d+)\.\.(\d+)", name)
        if match is None:
            yield name
        else:
            yield from (f"{match[1]}{i}" for i in range(int(match[2]), int(match[3]) + 1))


def bubbles_of(template: Mapping[str, object]) -> Bubbles:
    """Label → value → left, top, width, height in px of the template's page."""
    found: Bubbles = {}
    width, height = template["bubbleDimensions"]
    for block in template["fieldBlocks"].values():
        values, direction = FIELD_TYPES.get(block.get("fieldType", ""), (block.get("bubbleValues"), None))
        down = block.get("direction", direction) == "vertical"
        for i, label in enumerate(labels(block["fieldLabels"])):
            x, y = block["origin"]
            x, y = (x + i * block["labelsGap"], y) if down else (x, y + i * block["labelsGap"])
            gap = block["bubblesGap"]
            found[label] = {
                value: (x + (0 if down else k * gap), y + (k * gap if down else 0), width, height)
                for k, value in enumerate(values)
            }
    return found


def on_markers(image: np.ndarray, marker: np.ndarray, of_width: float) -> np.ndarray:
    """The centres (4, 2) of four round markers, clockwise from the top left, each looked for in its quarter."""
    best: tuple[float, np.ndarray] = (0, np.zeros((4, 2)))
    h, w = image.shape
    for scale in np.linspace(0.8, 1.2, 9):
        side = round(w / of_width * scale)
        small = cv2.resize(marker, (side, side), interpolation=cv2.INTER_AREA)
        scores, centres = [], []
        for right, lower in ((0, 0), (1, 0), (1, 1), (0, 1)):
            top, left = lower * h // 2, right * w // 2
            match = cv2.matchTemplate(
                image[top : top + h // 2, left : left + w // 2], small, cv2.TM_CCOEFF_NORMED
            )
            y, x = np.unravel_index(match.argmax(), match.shape)
            scores.append(float(match.max()))
            centres.append((left + x + side / 2, top + y + side / 2))
        if min(scores) > best[0]:
            best = min(scores), np.array(centres)
    return best[1]


def paper(image: np.ndarray) -> np.ndarray:
    """The corners (4, 2) of the bright sheet on a dark table, clockwise from the top left."""
    _, bright = cv2.threshold(cv2.GaussianBlur(image, (9, 9), 0), 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    contours, _ = cv2.findContours(bright, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    sheet = cv2.convexHull(max(contours, key=cv2.contourArea)).reshape(-1, 2).astype(np.float64)
    total, other = sheet.sum(axis=1), sheet[:, 0] - sheet[:, 1]
    return sheet[[total.argmin(), other.argmax(), total.argmax(), other.argmin()]]


def flat(image: np.ndarray, quad: np.ndarray, size: tuple[int, int], margin: int = 0) -> np.ndarray:
    """What lies in a quad (4, 2), and a margin in px around, in `size` px."""
    w, h = size
    goal = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32) + margin
    matrix = cv2.getPerspectiveTransform(quad.astype(np.float32), goal.astype(np.float32))
    whole = w + 2 * margin, h + 2 * margin
    return cv2.warpPerspective(image, matrix, whole, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)


def painted_out(sheet: np.ndarray, bubbles: Bubbles, offset: int) -> np.ndarray:
    """A filled sheet without its marks: each dark bubble gets the lightest one that prints the same."""
    out = sheet.copy()
    pad = 3

    def patch(box: tuple[float, float, float, float]) -> tuple[slice, slice]:
        x, y, w, h = (round(v) for v in box)
        return (
            slice(y + offset - pad, y + offset + h + pad),
            slice(x + offset - pad, x + offset + w + pad),
        )

    alike: dict[str, list[tuple[slice, slice]]] = {}
    for choices in bubbles.values():
        for value, box in choices.items():
            alike.setdefault(value, []).append(patch(box))
    for places in alike.values():
        lightness = [float(sheet[place].mean()) for place in places]
        lightest = sheet[places[int(np.argmax(lightness))]]
        alone = len(places) == 1 and max(lightness) < 200
        for place, light in zip(places, lightness, strict=True):
            if alone:
                out[place] = 255
            elif light < max(lightness) - 25 and sheet[place].shape == lightest.shape:
                out[place] = lightest
    return out


def write_bubbles(
    folder: Path, name: str, code: str, blank: np.ndarray, px_per_mm: float, bubbles: Bubbles, offset: int
) -> None:
    """A definition with one choice a label."""
    folder.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(folder / f"{name}.v1-1.png"), blank)
    size = {"width": round(blank.shape[1] / px_per_mm, 2), "height": round(blank.shape[0] / px_per_mm, 2)}
    items = [
        {
            "name": label.lower(),
            "type": "choice",
            "filled": True,
            "multiple": True,
            "label": label,
            "choices": [
                {
                    "value": value,
                    "label": value,
                    "at": [round(v / px_per_mm, 2) for v in (box[0] + offset, box[1] + offset, *box[2:])],
                }
                for value, box in choices.items()
            ],
        }
        for label, choices in bubbles.items()
    ]
    definition = {
        "form": name,
        "code": code,
        "version": 1,
        "title": name,
        "blank": [{"file": f"{name}.v1-1.png", **size}],
        "pages": [{"sections": [{"title": "1", "items": items}]}],
    }
    (folder / f"{name}.v1.yaml").write_text(yaml.safe_dump(definition, sort_keys=False), encoding="utf-8")


def grey(path: Path) -> np.ndarray:
    """A picture in grey."""
    image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    assert image is not None, path
    return image


def template(sample: str) -> dict:
    """A sample's template."""
    return json.loads((FOLDER / "omrchecker" / sample / "template.json").read_text())


def expected(sample: str, image: str) -> dict[str, str]:
    """What their own tests expect of an image: question → answer."""
    text = (FOLDER / "omrchecker/expected.ambr").read_text()
    part = text[text.index(f"# name: test_run_{sample}\n") :].split("# ---")[0]
    rows = re.findall(r'^\s+("file_id".*)$|^\s+("[^"]*' + re.escape(image) + r'",.*)$', part, re.M)
    at = next(i for i, (_, row) in enumerate(rows) if row)
    names, values = (re.findall(r'"([^"]*)"', line) for line in (rows[at - 1][0], rows[at][1]))
    return dict(zip(names[4:], values[4:], strict=True))


def answers(sample: str, values: Mapping[str, str | None]) -> dict[str, str]:
    """Our readings as their table has them: the parts of a question joined."""
    joined = {
        question: list(labels(parts)) for question, parts in template(sample).get("customLabels", {}).items()
    }
    inner = {part for parts in joined.values() for part in parts}
    joined |= {label: [label] for label in bubbles_of(template(sample)) if label not in inner}
    return {
        question: "".join((values[part.lower()] or "").replace("|", "") for part in parts)
        for question, parts in joined.items()
    }


def make_sample1(folder: Path) -> list[Path]:
    """A photo of a sheet on a dark cloth."""
    path = FOLDER / "omrchecker/sample1/MobileCamera/sheet1.jpg"
    image = grey(path)
    page = flat(image, paper(image), (2000, 2600))
    return _on_markers(folder, "sample1", "OMA-01", page, [path])


def make_sample5(folder: Path) -> list[Path]:
    """Two scans by a telephone."""
    base = FOLDER / "omrchecker/sample5"
    paths = [base / "ScanBatch1/camscanner-1.jpg", base / "ScanBatch2/camscanner-2.jpg"]
    return _on_markers(folder, "sample5", "OME-01", grey(paths[0]), paths)


def _on_markers(folder: Path, sample: str, code: str, page: np.ndarray, paths: list[Path]) -> list[Path]:
    marker = grey(FOLDER / f"omrchecker/{sample}/omr_marker.jpg")
    plan = template(sample)
    bubbles, margin = bubbles_of(plan), 90
    sheet = flat(page, on_markers(page, marker, 17), tuple(plan["pageDimensions"]), margin)
    write_bubbles(folder, sample, code, painted_out(sheet, bubbles, margin), 10.0, bubbles, margin)
    return paths


def make_sample2(folder: Path) -> list[Path]:
    """Two small photos of one sheet."""
    base = FOLDER / "omrchecker/sample2/AdrianSample"
    plan = template("sample2")
    bubbles = {
        label: {value: tuple(4 * v for v in box) for value, box in choices.items()}
        for label, choices in bubbles_of(plan).items()
    }
    w, h = plan["pageDimensions"]
    image = grey(base / "adrian_omr.png")
    sheet = flat(image, paper(image), (4 * w, 4 * h))
    write_bubbles(folder, "sample2", "OMB-01", painted_out(sheet, bubbles, 0), 16.0, bubbles, 0)
    return [base / "adrian_omr.png", base / "adrian_omr_2.png"]


def make_sample6(folder: Path) -> list[Path]:
    """Three scans; the reference has another text, so the first scan is the blank, laid by the table at its right."""
    base = FOLDER / "omrchecker/sample6"
    paths = [base / f"doc-scans/sample_roll_0{i}.jpg" for i in (1, 2, 3)]
    reference, scan, bubbles = grey(base / "reference.png"), grey(paths[0]), bubbles_of(template("sample6"))
    left, top, px_per_mm = 1560, 1200, 300 / 25.4
    table = reference[top:2500, left:2400]
    size = table.shape[1] / px_per_mm, table.shape[0] / px_per_mm
    part = blank_page(cv2.imencode(".png", table)[1].tobytes(), *size)
    laid = lay(scan, page_keypoints(scan), part, *size)
    assert laid is not None
    to_table = np.array([[1, 0, -left / px_per_mm], [0, 1, -top / px_per_mm], [0, 0, 1]])
    sheet = flattened(scan, Plane(laid.plane.homography @ to_table), reference.shape, px_per_mm)
    write_bubbles(folder, "sample6", "OMF-01", painted_out(sheet, bubbles, 0), px_per_mm, bubbles, 0)
    return paths


OMRCHECKER = {
    "sample1": make_sample1,
    "sample2": make_sample2,
    "sample5": make_sample5,
    "sample6": make_sample6,
}

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
