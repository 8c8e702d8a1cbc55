"""OMRChecker's mark sheets as definitions of ours, made from its own templates; nothing of theirs is kept here.

Its samples come filled in only: the blank is a filled sheet whose marks are painted out with the same character
printed elsewhere. `samples` is everywhere the folder that holds `sample1` and the others, and `expected.ambr`.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import yaml
from numpy.typing import NDArray

from pipeline.forms.layout import Box
from pipeline.registration.features import blank_page, flattened, lay, page_keypoints
from pipeline.registration.plane import Plane

Grey = NDArray[np.uint8]
Points = NDArray[np.float64]
Bubbles = Mapping[str, Mapping[str, Box]]
"""Label → value → where the bubble lies, in px of the template's page."""

MARKER_SHARE: Final = 17
"""How many times a sheet is wider than one of its round markers (`sheetToMarkerWidthRatio`)."""
_FIELD_TYPES: Final = {
    "QTYPE_INT": (tuple("0123456789"), "vertical"),
    "QTYPE_MCQ4": (tuple("ABCD"), "horizontal"),
    "QTYPE_MCQ5": (tuple("ABCDE"), "horizontal"),
}
_MARGIN_PX: Final = 90
_PAD_PX: Final = 3
_DARKER: Final = 25
_HARDLY_PAPER: Final = 200


@dataclass(frozen=True, slots=True)
class Sample:
    """One of OMRChecker's samples.

    Attributes:
        name: its folder, and the name of our definition.
        images: its filled sheets, below the folder of samples; the blank is made from the first.
        make: writes our definition and its blank into a folder.
    """

    name: str
    images: tuple[str, ...]
    make: Callable[[Path, Path], None]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a program says to a question, and whether it shows by itself that a person should look."""

    value: str
    doubted: bool


@dataclass(frozen=True, slots=True)
class Said:
    """What a program made of a sheet: `reason` says why not, "" when it read it."""

    reason: str
    answers: Mapping[str, Answer]


def labels(names: Sequence[str]) -> Iterator[str]:
    """The labels that a template's names stand for: `roll1..9` is nine."""
    for name in names:
        match = re.fullmatch(r"(.*?)(\d+)\.\.(\d+)", name)
        if match is None:
            yield name
        else:
            yield from (f"{match[1]}{i}" for i in range(int(match[2]), int(match[3]) + 1))


def bubbles_of(template: Mapping[str, Any]) -> Bubbles:
    """Where a template has its bubbles."""
    found: dict[str, dict[str, Box]] = {}
    width, height = template["bubbleDimensions"]
    for block in template["fieldBlocks"].values():
        values, direction = _FIELD_TYPES.get(block.get("fieldType", ""), (block.get("bubbleValues"), None))
        down = block.get("direction", direction) == "vertical"
        gap, step = block["bubblesGap"], block["labelsGap"]
        for i, label in enumerate(labels(block["fieldLabels"])):
            x, y = block["origin"]
            x, y = (x + i * step, y) if down else (x, y + i * step)
            found[label] = {
                value: Box(x + (0 if down else k * gap), y + (k * gap if down else 0), width, height)
                for k, value in enumerate(values)
            }
    return found


def template_of(samples: Path, sample: str, name: str = "template.json") -> dict[str, Any]:
    """A sample's template."""
    read: dict[str, Any] = json.loads((samples / sample / name).read_text("utf-8"))
    return read


def questions_of(template: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Question → the labels whose values, joined, are its answer."""
    joined = {question: tuple(labels(parts)) for question, parts in template.get("customLabels", {}).items()}
    inner = {part for parts in joined.values() for part in parts}
    return joined | {label: (label,) for label in bubbles_of(template) if label not in inner}


def expected(samples: Path, sample: str, image: str) -> dict[str, str]:
    """What OMRChecker's own tests expect of an image: question → answer."""
    text = (samples / "expected.ambr").read_text("utf-8")
    part = text[text.index(f"# name: test_run_{sample}\n") :].split("# ---")[0]
    rows = re.findall(r'^\s+("file_id".*)$|^\s+("[^"]*' + re.escape(image) + r'",.*)$', part, re.M)
    at = next(i for i, (_, row) in enumerate(rows) if row)
    names, values = (re.findall(r'"([^"]*)"', line) for line in (rows[at - 1][0], rows[at][1]))
    return dict(zip(names[4:], values[4:], strict=True))


def grey(path: Path) -> Grey:
    """A picture in grey, uint8 (H, W)."""
    image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if image is None:
        raise FileNotFoundError(path)
    return np.asarray(image, np.uint8)


def paper(image: Grey) -> Points:
    """The corners (4, 2) of the bright sheet on a dark table, clockwise from the top left."""
    _, bright = cv2.threshold(cv2.GaussianBlur(image, (9, 9), 0), 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    contours, _ = cv2.findContours(bright, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    sheet = cv2.convexHull(max(contours, key=cv2.contourArea)).reshape(-1, 2).astype(np.float64)
    total, other = sheet.sum(axis=1), sheet[:, 0] - sheet[:, 1]
    return sheet[[total.argmin(), other.argmax(), total.argmax(), other.argmin()]]


def flat(image: Grey, quad: Points, size: tuple[int, int], margin: int = 0) -> Grey:
    """What lies in a quad (4, 2), and a margin in px around, in `size` px."""
    w, h = size
    goal = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32) + margin
    matrix = cv2.getPerspectiveTransform(quad.astype(np.float32), goal.astype(np.float32))
    whole = w + 2 * margin, h + 2 * margin
    made = cv2.warpPerspective(image, matrix, whole, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(made, np.uint8)


def _on_markers(image: Grey, marker: Grey) -> Points:
    """The centres (4, 2) of four round markers, clockwise from the top left, each looked for in its quarter."""
    best: tuple[float, Points] = (0, np.zeros((4, 2)))
    h, w = image.shape
    for scale in np.linspace(0.8, 1.2, 9):
        side = round(w / MARKER_SHARE * scale)
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


def _painted_out(sheet: Grey, bubbles: Bubbles, offset: int) -> Grey:
    """A filled sheet without its marks: each dark bubble gets the lightest one that prints the same."""
    out = sheet.copy()

    def patch(box: Box) -> tuple[slice, slice]:
        x, y, w, h = (round(v) for v in box)
        return (
            slice(y + offset - _PAD_PX, y + offset + h + _PAD_PX),
            slice(x + offset - _PAD_PX, x + offset + w + _PAD_PX),
        )

    alike: dict[str, list[tuple[slice, slice]]] = {}
    for choices in bubbles.values():
        for value, box in choices.items():
            alike.setdefault(value, []).append(patch(box))
    for places in alike.values():
        lightness = [float(sheet[place].mean()) for place in places]
        lightest = sheet[places[int(np.argmax(lightness))]]
        alone = len(places) == 1 and max(lightness) < _HARDLY_PAPER
        for place, light in zip(places, lightness, strict=True):
            if alone:
                out[place] = 255
            elif light < max(lightness) - _DARKER and sheet[place].shape == lightest.shape:
                out[place] = lightest
    return out


def _write(
    folder: Path, name: str, code: str, blank: Grey, px_per_mm: float, bubbles: Bubbles, offset: int
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
                    "at": [round(v / px_per_mm, 2) for v in (box.x + offset, box.y + offset, box.w, box.h)],
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


def _make_sample1(samples: Path, folder: Path) -> None:
    image = grey(samples / SAMPLES["sample1"].images[0])
    _make_on_markers(samples, folder, "sample1", "OMA-01", flat(image, paper(image), (2000, 2600)))


def _make_sample5(samples: Path, folder: Path) -> None:
    _make_on_markers(samples, folder, "sample5", "OME-01", grey(samples / SAMPLES["sample5"].images[0]))


def _make_on_markers(samples: Path, folder: Path, sample: str, code: str, page: Grey) -> None:
    plan = template_of(samples, sample)
    w, h = plan["pageDimensions"]
    centres = _on_markers(page, grey(samples / sample / "omr_marker.jpg"))
    bubbles, sheet = bubbles_of(plan), flat(page, centres, (w, h), _MARGIN_PX)
    _write(folder, sample, code, _painted_out(sheet, bubbles, _MARGIN_PX), 10.0, bubbles, _MARGIN_PX)


def _make_sample2(samples: Path, folder: Path) -> None:
    plan = template_of(samples, "sample2")
    bubbles = {
        label: {value: Box(*(4 * v for v in box)) for value, box in choices.items()}
        for label, choices in bubbles_of(plan).items()
    }
    w, h = plan["pageDimensions"]
    image = grey(samples / SAMPLES["sample2"].images[0])
    sheet = flat(image, paper(image), (4 * w, 4 * h))
    _write(folder, "sample2", "OMB-01", _painted_out(sheet, bubbles, 0), 16.0, bubbles, 0)


def _make_sample6(samples: Path, folder: Path) -> None:
    """The reference has another text, so the first scan is the blank, laid by the table at its right."""
    reference, scan = grey(samples / "sample6/reference.png"), grey(samples / SAMPLES["sample6"].images[0])
    left, top, px_per_mm = 1560, 1200, 300 / 25.4
    table = reference[top:2500, left:2400]
    size = table.shape[1] / px_per_mm, table.shape[0] / px_per_mm
    part = blank_page(cv2.imencode(".png", table)[1].tobytes(), *size)
    laid = lay(scan, page_keypoints(scan), part, *size)
    if laid is None:
        raise ValueError("the table of sample6 was not found on its first scan")
    to_table = np.array([[1, 0, -left / px_per_mm], [0, 1, -top / px_per_mm], [0, 0, 1]])
    height, width = reference.shape
    sheet = flattened(scan, Plane(laid.plane.homography @ to_table), (height, width), px_per_mm)
    bubbles = bubbles_of(template_of(samples, "sample6"))
    _write(folder, "sample6", "OMF-01", _painted_out(sheet, bubbles, 0), px_per_mm, bubbles, 0)


SAMPLES: Final[Mapping[str, Sample]] = {
    sample.name: sample
    for sample in (
        Sample("sample1", ("sample1/MobileCamera/sheet1.jpg",), _make_sample1),
        Sample(
            "sample2",
            ("sample2/AdrianSample/adrian_omr.png", "sample2/AdrianSample/adrian_omr_2.png"),
            _make_sample2,
        ),
        Sample(
            "sample5",
            ("sample5/ScanBatch1/camscanner-1.jpg", "sample5/ScanBatch2/camscanner-2.jpg"),
            _make_sample5,
        ),
        Sample(
            "sample6",
            tuple(f"sample6/doc-scans/sample_roll_0{i}.jpg" for i in (1, 2, 3)),
            _make_sample6,
        ),
    )
}
"""A photo on a dark cloth, two small photos, two scans by a telephone, three scans of documents."""
