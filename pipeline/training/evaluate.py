"""Measures the readers on labelled cells: `python -m pipeline.training.evaluate CELLS.npz --alphabet digits --json`.

The file holds `x` uint8 (N, H, W), cells of any size with dark or bright ink; `y` a character (or digit) each; and,
if known, `writer` or `source`. In its place may stand a folder that holds a folder of pictures for each character:
`CELLS/A/1.png`; those that are not all of one size are set in the middle of squares of their own paper. The alphabet
is known to the readers, as a field's is. Intervals are exact (Clopper and Pearson 1934), 95 %, one cell counting as
one trial: cells of one writer are more alike than that.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypedDict

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from pipeline.recognition.alphabet import BLANK, CHARACTERS, CROSSED, allowed
from pipeline.recognition.cells import CellInk
from pipeline.recognition.reader import cell_reader
from pipeline.recognition.second import second_reader
from pipeline.training.loose import loose_cells
from pipeline.training.score import interval

ALPHABETS: Final[Mapping[str, str]] = {
    "digits": "0123456789",
    "capitals": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "all": "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
}
COVERAGES: Final = (100, 99, 98, 95, 90, 80)
_CONFUSIONS: Final = 20
_SIDE: Final = 64

Probabilities = NDArray[np.float64]


class Share(TypedDict):
    """How many cells of a class or group, the share read rightly, and its interval."""

    n: int
    accuracy: float
    interval: tuple[float, float]


class Confusion(TypedDict):
    """How often a character was read as another."""

    label: str
    read: str
    count: int


class Measure(Share):
    """The JSON object; `error_at_coverage` tells the share of wrong among the surest cells, per cent kept."""

    alphabet: str
    readers: str
    classes: dict[str, Share]
    groups: dict[str, Share]
    error_at_coverage: dict[str, float]
    confusions: list[Confusion]
    microseconds_per_cell: float


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """Labelled cells.

    Attributes:
        images: uint8 (N, H, W).
        labels: str (N,), one character each.
        groups: str (N,), the writer or source of each, "" where unknown.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.str_]
    groups: NDArray[np.str_]


def load(path: Path, alphabet: str) -> Labelled:
    """The cells of an NPZ file, or of a folder of pictures, whose label is in the alphabet.

    Raises:
        SystemExit: it does not hold what it should; with a sentence.
    """
    arrays = _pictures(path) if path.is_dir() else _arrays(path)
    missing = {"x", "y"} - arrays.keys()
    if missing:
        raise SystemExit(f"{path} has no array {' and no '.join(sorted(missing))}.")
    images, raw = arrays["x"], arrays["y"]
    known = arrays.get("writer", arrays.get("source"))
    groups = known.astype(str) if known is not None else np.full(len(raw), "")
    if images.ndim != 3 or images.dtype != np.uint8 or len(images) != len(raw):
        raise SystemExit(
            f"{path}: x must be uint8 (N, H, W) with one y each; it is {images.dtype} {images.shape}."
        )
    labels = np.char.decode(raw, "ascii") if raw.dtype.kind == "S" else raw.astype(str)
    keep = np.isin(labels, list(alphabet))
    if not keep.any():
        raise SystemExit(f"{path} has no cell labelled with one of {alphabet}.")
    return Labelled(images[keep], labels[keep], groups[keep])


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in ("x", "y", "writer", "source") if name in file.files}
    except (OSError, ValueError) as error:
        raise SystemExit(f"{path} cannot be read as an NPZ file of plain arrays: {error}.") from error


def _pictures(folder: Path) -> dict[str, NDArray[Any]]:
    named = [
        (one.name, cv2.imread(str(path), cv2.IMREAD_GRAYSCALE))
        for one in sorted(folder.iterdir())
        if one.is_dir() and len(one.name) == 1
        for path in sorted(one.iterdir())
    ]
    found = [(label, image) for label, image in named if image is not None]
    if not found:
        raise SystemExit(f"{folder} must hold pictures in folders such as {folder / 'A'}; it holds none.")
    images = [image for _, image in found]
    if len({image.shape for image in images}) > 1:
        images = [_squared(image) for image in images]
    return {"x": np.stack(images), "y": np.array([label for label, _ in found])}


def _squared(image: NDArray[Any]) -> NDArray[Any]:
    """A picture (h, w) in the middle of a square of `_SIDE` px, the rest of which is like its rim."""
    high, wide = image.shape
    paper = float(np.median(np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])))
    top, left = max(0, wide - high) // 2, max(0, high - wide) // 2
    bottom, right = max(0, wide - high) - top, max(0, high - wide) - left
    square = cv2.copyMakeBorder(image, top, bottom, left, right, cv2.BORDER_CONSTANT, value=(paper,))
    way = cv2.INTER_AREA if len(square) > _SIDE else cv2.INTER_LINEAR
    return cv2.resize(square, (_SIDE, _SIDE), interpolation=way)


def _first(ink: CellInk, classes: NDArray[np.bool_]) -> Probabilities:
    return cell_reader().posteriors(ink, classes)


def _second(ink: CellInk, classes: NDArray[np.bool_]) -> Probabilities:
    reader = second_reader()
    if reader is None:
        raise SystemExit("The second reader is not installed. Install it with: make setup")
    return reader.posteriors(ink.images, classes)


def _both(ink: CellInk, classes: NDArray[np.bool_]) -> Probabilities:
    reader, posteriors = second_reader(), _first(ink, classes)
    if reader is None:
        raise SystemExit("The second reader is not installed. Install it with: make setup")
    return reader.weigh(posteriors, ink.images, classes)


READERS: Final[Mapping[str, Callable[[CellInk, NDArray[np.bool_]], Probabilities]]] = {
    "first": _first,
    "second": _second,
    "both": _both,
}


def read(images: NDArray[np.uint8], alphabet: str, readers: str) -> tuple[Probabilities, float]:
    """Reads cells.

    Args:
        images: uint8 (N, H, W).
        alphabet: the characters that a cell may hold.
        readers: `first`, `second` or `both`.

    Returns:
        Probabilities (N, len(alphabet)), rows summing to 1, and the µs a cell that cleaning and reading took.
    """
    classes = allowed(alphabet).copy()
    # Every cell of a labelled set is written in.
    classes[[BLANK, CROSSED]] = False
    started = time.perf_counter()
    ink = loose_cells(images)
    found = READERS[readers](ink, np.tile(classes, (len(images), 1)))
    seconds = time.perf_counter() - started
    among = found[:, [CHARACTERS.index(c) for c in alphabet]] + 1e-12
    return among / among.sum(axis=1, keepdims=True), seconds / len(images) * 1e6


def measure(cells: Labelled, alphabet: str, readers: str) -> Measure:
    """Accuracy, error by coverage and confusions of the readers on labelled cells, as the JSON object holds them."""
    found, microseconds = read(cells.images, alphabet, readers)
    said = np.array(list(alphabet))[found.argmax(axis=1)]
    right = said == cells.labels
    surest_first = np.argsort(-found.max(axis=1), kind="stable")
    wrong = ~right[surest_first]
    confusions = Counter(zip(cells.labels[~right].tolist(), said[~right].tolist(), strict=True))
    return {
        "n": len(right),
        "alphabet": alphabet,
        "readers": readers,
        "accuracy": float(right.mean()),
        "interval": interval(int(right.sum()), len(right)),
        "classes": _by(cells.labels, right),
        "groups": _by(cells.groups, right) if cells.groups.any() else {},
        "error_at_coverage": {
            str(share): float(wrong[: max(1, round(len(wrong) * share / 100))].mean()) for share in COVERAGES
        },
        "confusions": [
            {"label": label, "read": seen, "count": count}
            for (label, seen), count in confusions.most_common(_CONFUSIONS)
        ],
        "microseconds_per_cell": round(microseconds, 1),
    }


def _by(keys: NDArray[np.str_], right: NDArray[np.bool_]) -> dict[str, Share]:
    table: dict[str, Share] = {}
    for key in np.unique(keys):
        mine = right[keys == key]
        table[str(key)] = {
            "n": len(mine),
            "accuracy": float(mine.mean()),
            "interval": interval(int(mine.sum()), len(mine)),
        }
    return table


def _show(found: Measure) -> None:
    console = Console()
    low, high = found["interval"]
    console.print(
        f"{found['n']} cells, readers {found['readers']}: accuracy {found['accuracy']:.2%} ({low:.2%} to {high:.2%}), "
        f"{found['microseconds_per_cell']} µs a cell"
    )
    table = Table("cells kept, surest first", "wrong among them")
    for share, error in found["error_at_coverage"].items():
        table.add_row(f"{share} %", f"{error:.3%}")
    console.print(table)
    confusions = [f"{c['label']}→{c['read']} {c['count']}" for c in found["confusions"]]
    console.print("most frequent confusions: " + (", ".join(confusions) or "none"))


def main() -> None:
    """Command line; see the module."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("cells", type=Path)
    parser.add_argument("--alphabet", choices=list(ALPHABETS), required=True)
    parser.add_argument("--readers", choices=list(READERS), default="both")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    alphabet = ALPHABETS[arguments.alphabet]
    found = measure(load(arguments.cells, alphabet), alphabet, arguments.readers)
    if arguments.json:
        sys.stdout.write(json.dumps(found) + "\n")
    else:
        _show(found)


if __name__ == "__main__":
    main()
