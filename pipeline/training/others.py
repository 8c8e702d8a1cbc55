"""Hands that others collected, from the files as they publish them; they are asked for by an argument.

`pendigits-orig.tra` and `.tes`: Pen-Based Recognition of Handwritten Digits (Alpaydin and Alimoglu 1998, UCI Machine
Learning Repository, https://doi.org/10.24432/C5MG6K, CC BY 4.0), pen strokes in UNIPEN's text format, some 25 of each
digit by everyone of 30 and 14 people in Istanbul. The former may train, the latter only measure.

`char74k.json`: strokes of Chars74K's hand-drawn characters (de Campos et al. 2009; reuse for research), one of each by
55 people, as https://github.com/aparrish/chars74k-json-dump has them. They only measure.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np

from pipeline.recognition.alphabet import CHARACTERS
from pipeline.training.hands import Floats, PenHand, hands_from

Sample = tuple[str, int, list[Floats]]
"""Label, writer, and strokes (n, 2), y up."""


def load_others(path: Path) -> tuple[PenHand, ...]:
    """The hands of one file; its ending says what it is.

    Raises:
        OSError: the file cannot be read.
        ValueError: it holds no strokes as those files do.
    """
    read = _READ.get(path.suffix)
    if read is None:
        raise ValueError(f"{path} ends in none of {', '.join(_READ)}")
    points: list[Floats] = []
    stroke_ends, char_ends, labels, writers = [0], [0], [], []
    for label, writer, strokes in read(path):
        points += strokes
        stroke_ends += [stroke_ends[-1] + int(end) for end in np.cumsum([len(stroke) for stroke in strokes])]
        char_ends.append(len(stroke_ends) - 1)
        labels.append(label)
        writers.append(writer)
    if not labels:
        raise ValueError(f"{path} holds no strokes")
    arrays = {
        "points": np.concatenate(points),
        "stroke_end": np.array(stroke_ends),
        "char_end": np.array(char_ends),
        "label": np.array(labels),
        "writer": np.array(writers),
    }
    return tuple(hands_from([(arrays, frozenset())], CHARACTERS, path.name).values())


def _pendigits(path: Path) -> Iterator[Sample]:
    label, writer, strokes = "", 0, list[list[tuple[float, float]]]()
    for line in [*path.read_text(encoding="ascii").splitlines(), ".SEGMENT"]:
        match line.split():
            case [".SEGMENT", *rest]:
                drawn = [np.array(stroke, np.float32) for stroke in strokes if stroke]
                if drawn:
                    yield label, writer, drawn
                label, strokes = rest[-1].strip('"') if rest else "", []
            case [".COMMENT", digit, of, _] if digit == label:
                writer = int(of)
            case [".PEN_DOWN"]:
                strokes.append([])
            case [x, y] if strokes and not x.startswith("."):
                strokes[-1].append((float(x), float(y)))


def _chars74k(path: Path) -> Iterator[Sample]:
    for label, samples in json.loads(path.read_text(encoding="utf-8")).items():
        for writer, strokes in enumerate(samples):
            yield label, writer, [np.array([(x, -y) for x, y in stroke], np.float32) for stroke in strokes]


_READ: Final[Mapping[str, Callable[[Path], Iterator[Sample]]]] = MappingProxyType(
    {".tra": _pendigits, ".tes": _pendigits, ".json": _chars74k}
)
