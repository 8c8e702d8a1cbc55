"""From trained nets to the files that ship: weights, and the cards that say how far each reader is to be trusted."""

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from onnxruntime import InferenceSession
from scipy.optimize import minimize
from torch import Tensor, nn

from pipeline.recognition.alphabet import BLANK, CHARACTERS, allowed
from pipeline.recognition.second import DOUBT, Sight, digest, model_file, open_sight
from pipeline.training import writers
from pipeline.training.cells import Sources, draw_cells
from pipeline.training.export import export
from pipeline.training.hands import Split
from pipeline.training.net import Pair, SecondHead

log = logging.getLogger(__name__)

_EXAMPLES: Final = 2048
"""Cells that set the ranges of the 8-bit net."""
_JUDGES: Final[tuple[Split, Split]] = ("calibration", "test")
_FIELDS: Final = torch.from_numpy(
    np.stack([allowed("0123456789"), allowed(CHARACTERS[10:]), allowed(CHARACTERS)])
)
"""What a cell of a number, of a name and of a mixed field may hold: (3, CLASSES)."""
_MIXED: Final = 0.15


def fields_of(labels: Tensor) -> Tensor:
    """For each label (N,) the classes (N, CLASSES) of a field that it may stand in, drawn at random.

    A reader that knows the field need not tell 0 from O; so neither does the net, but for some mixed fields.
    """
    which = torch.randint(0, 2, labels.shape)
    which[labels < 10] = 0
    which[(labels >= 10) & (labels < BLANK)] = 1
    which[torch.rand(labels.shape) < _MIXED] = 2
    return _FIELDS[which]


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What the readers that ship say of freshly drawn cells.

    Attributes:
        first: logits (n, CLASSES) of the first reader.
        second: logits (n, CLASSES) of the second.
        labels: (n,).
        fields: bool (n, CLASSES), what each cell may hold.
    """

    first: Tensor
    second: Tensor
    labels: Tensor
    fields: Tensor


def told(
    session: InferenceSession, sight: Sight, head: SecondHead, sources: Sources, n: int, seed: int
) -> Told:
    """What both readers say of n cells of `sources`."""
    images, place, labels = draw_cells(np.random.default_rng(seed), sources, n)
    first = [
        session.run(["logits"], {"images": images[i : i + 1024], "place": place[i : i + 1024]})[0]
        for i in range(0, n, 1024)
    ]
    torch.manual_seed(seed)
    answers = torch.from_numpy(labels)
    with torch.no_grad():
        second = head(torch.from_numpy(sight.features(images)))
    return Told(torch.from_numpy(np.concatenate(first)), second, answers, fields_of(answers))


def accuracy(logits: Tensor, labels: Tensor) -> dict[str, dict[str, float]]:
    """Share read rightly per kind of character, the kind's own characters allowed."""
    kinds = {"digits": range(10), "capitals": range(10, 36), "symbols": range(36, BLANK), "blank": [BLANK]}
    result = {}
    for kind, classes in kinds.items():
        rows = torch.isin(labels, torch.tensor(list(classes)))
        among = logits[rows].clone()
        if kind != "blank":
            among[:, [i for i in range(len(CHARACTERS)) if i not in classes]] = -torch.inf
        result[kind] = {
            "n": int(rows.sum()),
            "accuracy": round(float((among.argmax(1) == labels[rows]).double().mean()), 5),
        }
    return result


def temperature(found: Told) -> float:
    """The temperature that makes the first reader's logits most likely (Guo et al. 2017), by a fine search."""
    logits = found.first.masked_fill(~found.fields, -torch.inf)
    steps = torch.linspace(0.4, 2.5, 106)
    losses = torch.stack([nn.functional.cross_entropy(logits / t, found.labels) for t in steps])
    return round(float(steps[losses.argmin()]), 3)


def counts(found: Told, cooled: float) -> tuple[float, float]:
    """How much each reader counts where the first is in doubt: the exponents that make the labels most likely."""
    first = torch.log_softmax((found.first / cooled).masked_fill(~found.fields, -torch.inf), dim=1)
    second = torch.log_softmax(found.second.masked_fill(~found.fields, -torch.inf), dim=1)
    doubtful = first.max(dim=1).values.exp() < DOUBT
    first, second = (one[doubtful].nan_to_num(neginf=-1e4).double() for one in (first, second))

    def loss(exponents: NDArray[np.float64]) -> float:
        joined = exponents[0] * first + exponents[1] * second
        return float(nn.functional.cross_entropy(joined, found.labels[doubtful]))

    best = minimize(loss, np.array([0.7, 0.7]), method="Nelder-Mead").x
    return round(float(best[0]), 3), round(float(best[1]), 3)


def save(nets: Pair, data: Path, out: Path, seed: int, cells: int) -> None:
    """Writes weights and cards: temperature and counts from the calibration writers, accuracy on the test writers."""
    out.mkdir(parents=True, exist_ok=True)
    examples = draw_cells(np.random.default_rng(seed + 3), Sources.load(data, "train"), _EXAMPLES)
    export(nets.cells, out / "cells.onnx", *examples[:2])
    layers = {name: layer.numpy().astype(np.float16) for name, layer in nets.second.layers().items()}
    np.savez(out / "second.npz", w1=layers["w1"], b1=layers["b1"], w2=layers["w2"], b2=layers["b2"])
    path = model_file()
    if path is None:
        raise SystemExit("The second reader is not installed. Install it with: make setup")
    session, sight = (
        InferenceSession(out / "cells.onnx", providers=["CPUExecutionProvider"]),
        open_sight(path),
    )
    calibration, test = (
        told(session, sight, nets.second, Sources.load(data, split), cells, seed + i)
        for i, split in enumerate(_JUDGES, 1)
    )
    cooled = temperature(calibration)
    _write(
        out / "cells.json",
        {
            "version": digest(out / "cells.onnx")[:8],
            "temperature": cooled,
            "accuracy_test_writers": accuracy(test.first, test.labels),
        },
    )
    writers.save(data, out, seed)
    own, other = counts(calibration, cooled)
    _write(
        out / "second.json",
        {
            "version": digest(out / "second.npz")[:8],
            "model": digest(path),
            "first": own,
            "second": other,
            "accuracy_test_writers": accuracy(test.second, test.labels),
        },
    )


def _write(path: Path, card: dict[str, object]) -> None:
    path.write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    log.info("%s: %s", path.name, json.dumps(card))
