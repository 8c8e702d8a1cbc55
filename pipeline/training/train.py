"""Trains the first reader: `python -m pipeline.training.train --data ../shared/data`.

Every round draws its cells anew (pens, slants, papers, neighbours) and passes them through the very cleaning that
pages get, so that the net never sees a cell that the reader would not give it. Writers are split once; the net
sees the training writers only. The weights that are kept are an exponential moving average.
"""

import argparse
import hashlib
import json
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from onnxruntime import InferenceSession
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel
from torch.utils.data import DataLoader, IterableDataset

from pipeline.recognition.alphabet import BLANK, CHARACTERS, allowed
from pipeline.training.cells import Sources, draw_cells
from pipeline.training.export import export
from pipeline.training.net import CellNet

log = logging.getLogger(__name__)

_EXAMPLES = 2048
"""Cells that set the ranges of the 8-bit net."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how fast to train; the model card tells how the shipped weights came about."""

    samples: int = 4_000_000
    chunk: int = 4096
    batch: int = 256
    rate: float = 2e-3
    decay: float = 3e-2
    seed: int = 20261124


class Cells(IterableDataset[tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.int64]]]):
    """Chunks of freshly drawn cells, without end; each worker has its own stream of the seed."""

    def __init__(self, sources: Sources, chunk: int, seed: int) -> None:
        self.sources, self.chunk, self.seed = sources, chunk, seed

    def __iter__(self) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.int64]]]:
        """Images, places and labels of one chunk after the other."""
        info = torch.utils.data.get_worker_info()
        rng = np.random.default_rng([self.seed, info.id if info else 0])
        while True:
            yield draw_cells(rng, self.sources, self.chunk)


_FIELDS: Final = torch.from_numpy(
    np.stack([allowed("0123456789"), allowed(CHARACTERS[10:]), allowed(CHARACTERS)])
)
"""What a cell of a number, of a name and of a mixed field may hold: (3, CLASSES)."""
_MIXED: Final = 0.15
_WORN: Final = 0.16
_BFLOAT16: Final = bool(torch.cpu._is_avx512_bf16_supported())
"""Torch has no public name for it."""


def fields_of(labels: Tensor) -> Tensor:
    """For each label (N,) the classes (N, CLASSES) of a field that it may stand in, drawn at random.

    A reader that knows the field need not tell 0 from O; so neither does the net, but for some mixed fields.
    """
    which = torch.randint(0, 2, labels.shape)
    which[labels < 10] = 0
    which[(labels >= 10) & (labels < BLANK)] = 1
    which[torch.rand(labels.shape) < _MIXED] = 2
    return _FIELDS[which]


def _bent(images: Tensor) -> Tensor:
    """Cells (n, 40, 40) turned, sheared, stretched and bent a little: 132 writers are not all hands there are."""
    n, size = images.shape[0], images.shape[1]
    turn, shear = 0.07 * torch.randn(n), 0.09 * torch.randn(n)
    wide, high = torch.exp(0.07 * torch.randn(2, n))
    theta = torch.zeros(n, 2, 3)
    theta[:, 0, 0], theta[:, 0, 1] = wide, shear + turn
    theta[:, 1, 0], theta[:, 1, 1] = -turn, high
    theta[:, :, 2] = 0.04 * torch.randn(n, 2)
    grid = nn.functional.affine_grid(theta, [n, 1, size, size], align_corners=False)
    field = nn.functional.interpolate(0.045 * torch.randn(n, 2, 5, 5), size=(size, size), mode="bicubic")
    moved = grid + field.permute(0, 2, 3, 1)
    return nn.functional.grid_sample(images.float()[:, None], moved, align_corners=False)[:, 0]


def _worn(images: Tensor) -> Tensor:
    """One cell in six as a bad scan leaves it: in 1 bit with broken strokes, or its strokes thinner or thicker."""
    picked = torch.rand(len(images)) < _WORN
    ink = images[picked] / 255
    n, size = ink.shape[0], ink.shape[1]
    if not n:
        return images
    blotches = nn.functional.interpolate(torch.randn(n, 1, 9, 9), size=(size, size), mode="bilinear")[:, 0]
    level = (0.3 + 0.4 * torch.rand(n))[:, None, None]
    broken = ((ink + 0.25 * blotches + 0.12 * torch.randn_like(ink) > level) & (ink > 0.08)).float()
    soft = nn.functional.avg_pool2d(broken[:, None], 3, 1, 1)[:, 0]
    thick = nn.functional.max_pool2d(ink[:, None], 3, 1, 1)[:, 0]
    thin = -nn.functional.max_pool2d(-ink[:, None], 2, 1, 1)[:, 0, :size, :size]
    ways = torch.stack([broken, soft, thick, thin], dim=1)
    out = images.clone()
    out[picked] = 255 * ways[torch.arange(n), torch.randint(0, 4, (n,))]
    return out


def _moving_average(average: Tensor, now: Tensor, steps: Tensor | int) -> Tensor:
    """An exponential moving average that forgets the first, random weights quickly."""
    n = int(steps)
    decay = min(0.9985, (1 + n) / (10 + n))
    return average * decay + now * (1 - decay) if average.is_floating_point() else now


def train(
    sources: Sources,
    plan: Plan,
    workers: int = 1,
    start: Path | None = None,
    keep: Callable[[nn.Module], None] = lambda _: None,
) -> nn.Module:
    """Trains a `CellNet` on cells drawn from `sources` and returns its averaged weights, ready to export.

    `start` holds weights to go on from; `keep` gets the averaged net every 1,000 steps, so that a killed training
    leaves something behind.
    """
    torch.manual_seed(plan.seed)
    net = CellNet().to(memory_format=torch.channels_last)
    if start is not None:
        net.load_state_dict(torch.load(start, weights_only=True))
    average = AveragedModel(net, avg_fn=_moving_average, use_buffers=True)
    steps = plan.samples // plan.batch
    optimiser = torch.optim.AdamW(net.parameters(), lr=plan.rate, weight_decay=plan.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, plan.rate, total_steps=steps, pct_start=0.08)
    criterion = nn.CrossEntropyLoss()
    loader = DataLoader(
        Cells(sources, plan.chunk, plan.seed), batch_size=None, num_workers=workers, prefetch_factor=4
    )
    net.train()
    step, running, started = 0, 0.0, time.monotonic()
    for images, place, labels in loader:
        for first in range(0, len(labels), plan.batch):
            part = slice(first, first + plan.batch)
            # bfloat16 halves the time of a step where the processor has it, and takes ten times as long elsewhere.
            with torch.autocast("cpu", torch.bfloat16, enabled=_BFLOAT16):
                logits = net(_worn(_bent(images[part])), place[part])
            among = logits.float().masked_fill(~fields_of(labels[part]), -torch.inf)
            loss = criterion(among, labels[part])
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            schedule.step()
            average.update_parameters(net)
            running = 0.98 * running + 0.02 * loss.item() if step else loss.item()
            step += 1
            if step % 200 == 0:
                log.info("step %d/%d loss %.4f (%.0f s)", step, steps, running, time.monotonic() - started)
            if step % 1000 == 0:
                keep(average.module.eval())
            if step == steps:
                return average.module.eval()
    raise AssertionError("the stream of cells has no end")


def logits_of(session: InferenceSession, sources: Sources, n: int, seed: int) -> tuple[Tensor, Tensor]:
    """Logits (n, CLASSES) and labels (n,) of n freshly drawn cells of `sources`, by the net that ships."""
    images, place, labels = draw_cells(np.random.default_rng(seed), sources, n)
    parts = [
        session.run(None, {"images": images[i : i + 1024], "place": place[i : i + 1024]})[0]
        for i in range(0, n, 1024)
    ]
    return torch.from_numpy(np.concatenate(parts)), torch.from_numpy(labels)


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


def temperature(logits: Tensor, labels: Tensor) -> float:
    """The temperature that makes the logits most likely (Guo et al. 2017), by a fine search, fields known."""
    logits = logits.masked_fill(~fields_of(labels), -torch.inf)
    steps = torch.linspace(0.4, 2.5, 106)
    losses = torch.stack([nn.functional.cross_entropy(logits / t, labels) for t in steps])
    return round(float(steps[losses.argmin()]), 3)


def save(net: nn.Module, data: Path, out: Path, plan: Plan, cells: int) -> None:
    """Writes weights and card: temperature from the calibration writers, accuracy on the test writers."""
    out.mkdir(parents=True, exist_ok=True)
    torch.save(net.state_dict(), out / "cells.pt")
    examples = draw_cells(np.random.default_rng(plan.seed + 3), Sources.load(data, "train"), _EXAMPLES)
    export(net, out / "cells.onnx", *examples[:2])
    session = InferenceSession(out / "cells.onnx", providers=["CPUExecutionProvider"])
    card = {
        "version": hashlib.sha256((out / "cells.onnx").read_bytes()).hexdigest()[:8],
        "samples": plan.samples,
        "seed": plan.seed,
        "temperature": temperature(
            *logits_of(session, Sources.load(data, "calibration"), cells, plan.seed + 1)
        ),
        "accuracy_test_writers": accuracy(
            *logits_of(session, Sources.load(data, "test"), cells, plan.seed + 2)
        ),
    }
    (out / "cells.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    log.info("%s", json.dumps(card))


def main() -> None:
    """Command line; see the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data", type=Path, required=True, help="the data folder with handwriting/ and fonts/"
    )
    parser.add_argument("--out", type=Path, default=Path("pipeline/recognition/models"))
    parser.add_argument("--samples", type=int, default=Plan().samples)
    parser.add_argument("--rate", type=float, default=Plan().rate)
    parser.add_argument("--seed", type=int, default=Plan().seed, help="another one where training goes on")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--start", type=Path, help="weights (.pt) to go on from")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(1)
    plan = Plan(samples=arguments.samples, rate=arguments.rate, seed=arguments.seed)
    sources = Sources.load(arguments.data, "train")
    net = train(
        sources,
        plan,
        arguments.workers,
        arguments.start,
        lambda half_done: save(half_done, arguments.data, arguments.out, plan, 4_000),
    )
    save(net, arguments.data, arguments.out, plan, 60_000)


if __name__ == "__main__":
    main()
