"""Trains the first reader: `python -m pipeline.training.train --data ../shared/data`.

Every round draws its cells anew (pens, slants, papers, neighbours) and passes them through the very cleaning that
pages get, so that the net never sees a cell that the reader would not give it. Writers are split once; the net
sees the training writers only. The weights that are kept are an exponential moving average.
"""

import argparse
import json
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader, IterableDataset

from pipeline.recognition.alphabet import BLANK, CHARACTERS
from pipeline.training.cells import Sources, draw_cells
from pipeline.training.net import CellNet

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how fast to train; the defaults are what made the shipped weights."""

    samples: int = 1_600_000
    chunk: int = 4096
    batch: int = 256
    rate: float = 2e-3
    decay: float = 1e-2
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


def train(sources: Sources, plan: Plan, workers: int = 1) -> nn.Module:
    """Trains a `CellNet` on cells drawn from `sources` and returns its averaged weights, ready to export."""
    torch.manual_seed(plan.seed)
    net = CellNet()
    average = AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(0.9985), use_buffers=True)
    steps = plan.samples // plan.batch
    optimiser = torch.optim.AdamW(net.parameters(), lr=plan.rate, weight_decay=plan.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, plan.rate, total_steps=steps, pct_start=0.08)
    criterion = nn.CrossEntropyLoss(label_smoothing=0.02)
    loader = DataLoader(Cells(sources, plan.chunk, plan.seed), batch_size=None, num_workers=workers, prefetch_factor=4)
    net.train()
    step, running, started = 0, 0.0, time.monotonic()
    for images, place, labels in loader:
        for first in range(0, len(labels), plan.batch):
            part = slice(first, first + plan.batch)
            loss = criterion(net(images[part], place[part]), labels[part])
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            schedule.step()
            average.update_parameters(net)
            running = 0.98 * running + 0.02 * loss.item() if step else loss.item()
            step += 1
            if step % 200 == 0:
                log.info("step %d/%d loss %.4f (%.0f s)", step, steps, running, time.monotonic() - started)
            if step == steps:
                return average.module.eval()
    raise AssertionError("the stream of cells has no end")


@torch.no_grad()
def score(net: nn.Module, sources: Sources, n: int, seed: int) -> dict[str, dict[str, float]]:
    """Accuracy on n freshly drawn cells of `sources`, per kind of character, the kind's own characters allowed."""
    images, place, labels = draw_cells(np.random.default_rng(seed), sources, n)
    logits = torch.cat(
        [
            net(torch.from_numpy(images[i : i + 1024]), torch.from_numpy(place[i : i + 1024]))
            for i in range(0, n, 1024)
        ]
    ).numpy()
    kinds = {"digits": range(10), "capitals": range(10, 36), "symbols": range(36, BLANK), "blank": [BLANK]}
    result = {}
    for kind, classes in kinds.items():
        rows = np.isin(labels, list(classes))
        among = logits[rows].copy()
        if kind != "blank":
            outside = np.setdiff1d(np.arange(len(CHARACTERS)), list(classes))
            among[:, outside] = -np.inf
        result[kind] = {"n": int(rows.sum()), "accuracy": float((among.argmax(1) == labels[rows]).mean())}
    return result


def export(net: nn.Module, path: Path) -> None:
    """Writes the net as ONNX with a free number of cells."""
    example = (torch.zeros(2, 40, 40, dtype=torch.uint8), torch.zeros(2, 3))
    torch.onnx.export(
        net,
        example,
        str(path),
        input_names=["images", "place"],
        output_names=["logits"],
        dynamic_axes={"images": {0: "n"}, "place": {0: "n"}, "logits": {0: "n"}},
        opset_version=17,
        dynamo=False,
    )


def main() -> None:
    """Command line; see the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the data folder with handwriting/ and fonts/")
    parser.add_argument("--out", type=Path, default=Path("pipeline/recognition/models"))
    parser.add_argument("--samples", type=int, default=Plan.samples)
    parser.add_argument("--workers", type=int, default=1)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(1)
    plan = Plan(samples=arguments.samples)
    net = train(Sources.load(arguments.data, "train"), plan, arguments.workers)
    arguments.out.mkdir(parents=True, exist_ok=True)
    export(net, arguments.out / "cells.onnx")
    figures = {
        split: score(net, Sources.load(arguments.data, split), 40_000, plan.seed + 1)
        for split in ("calibration", "test")
    }
    (arguments.out / "cells.json").write_text(json.dumps({"plan": plan.samples, "accuracy": figures}, indent=1) + "\n")
    log.info("%s", json.dumps(figures))


if __name__ == "__main__":
    main()
