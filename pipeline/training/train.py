"""Trains both readers' nets: `python -m pipeline.training.train --data ../shared/data`.

Every round draws its cells anew (pens, slants, papers, neighbours) and passes them through the very cleaning that
pages get, so that the nets never see a cell that the reader would not give them. Writers are split once; the nets
see the training writers only. Each cell is shown to the second reader's model once and to the first reader's net a
few times, bent and worn otherwise each time. The weights that are kept are an exponential moving average.
"""

import argparse
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel
from torch.utils.data import DataLoader, IterableDataset

from pipeline.recognition.alphabet import BLANK
from pipeline.recognition.second import model_file, open_sight
from pipeline.training.cells import Sources, draw_cells
from pipeline.training.finish import fields_of, save
from pipeline.training.net import Pair
from pipeline.training.restore import restore

log = logging.getLogger(__name__)

Drawn = tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.int64], NDArray[np.float32]]
"""Images, places, labels, and what the second reader's model sees."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how fast to train.

    Attributes:
        samples: cells drawn.
        looks: how often each is looked at.
        chunk: cells drawn at once.
    """

    samples: int = 2_000_000
    looks: int = 3
    chunk: int = 4096
    batch: int = 256
    rate: float = 2e-3
    decay: float = 3e-2
    seed: int = 20261124


class Cells(IterableDataset[Drawn]):
    """Chunks of freshly drawn cells, without end; each worker has its own stream of the seed."""

    def __init__(self, sources: Sources, chunk: int, seed: int) -> None:
        self.sources, self.chunk, self.seed = sources, chunk, seed

    def __iter__(self) -> Iterator[Drawn]:
        """One chunk after the other."""
        path = model_file()
        if path is None:
            raise SystemExit("The second reader is not installed. Install it with: make setup")
        sight = open_sight(path)
        info = torch.utils.data.get_worker_info()
        rng = np.random.default_rng([self.seed, info.id if info else 0])
        while True:
            images, place, labels = draw_cells(rng, self.sources, self.chunk)
            yield images, place, labels, sight.features(images)


_WORN: Final = 0.16
_TOLD: Final = 1.0
"""How much telling what the second reader sees counts beside telling characters."""
_BFLOAT16: Final = bool(torch.cpu._is_avx512_bf16_supported())
"""Torch has no public name for it."""


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
    start: Pair | None = None,
    keep: Callable[[Pair], None] = lambda _: None,
) -> Pair:
    """Trains a `Pair` on cells drawn from `sources` and returns its averaged weights, ready to export.

    `start` are nets to go on from; `keep` gets the averaged nets every 2,000 steps, so that a killed training
    leaves something behind.
    """
    torch.manual_seed(plan.seed)
    nets = Pair().to(memory_format=torch.channels_last)
    if start is not None:
        nets.load_state_dict(start.state_dict())
    average = AveragedModel(nets, avg_fn=_moving_average, use_buffers=True)
    smooth = cast(Pair, average.module)
    steps = plan.samples // plan.chunk * plan.looks * (plan.chunk // plan.batch)
    optimiser = torch.optim.AdamW(nets.parameters(), lr=plan.rate, weight_decay=plan.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, plan.rate, total_steps=steps, pct_start=0.08)
    loader = DataLoader(
        Cells(sources, plan.chunk, plan.seed), batch_size=None, num_workers=workers, prefetch_factor=4
    )
    nets.train()
    step, started = 0, time.monotonic()
    running = torch.zeros(3)
    for chunk in loader:
        order = torch.cat([torch.randperm(plan.chunk) for _ in range(plan.looks)])
        for first in range(0, len(order), plan.batch):
            part = order[first : first + plan.batch]
            losses = _losses(nets, *(array[part] for array in chunk))
            optimiser.zero_grad(set_to_none=True)
            (losses[0] + _TOLD * losses[1] + losses[2]).backward()
            optimiser.step()
            schedule.step()
            average.update_parameters(nets)
            running = running + (0.02 if step else 1.0) * (losses.detach() - running)
            step += 1
            if step % 200 == 0:
                told = " ".join(f"{loss:.4f}" for loss in running.tolist())
                log.info("step %d/%d losses %s (%.0f s)", step, steps, told, time.monotonic() - started)
            if step % 2000 == 0:
                keep(smooth.eval())
            if step == steps:
                smooth.eval()
                return smooth
    raise AssertionError("the stream of cells has no end")


def _losses(nets: Pair, images: Tensor, place: Tensor, labels: Tensor, seen: Tensor) -> Tensor:
    """How far off the first reader is, how far off what it takes the second to see, how far off the second: (3,)."""
    # bfloat16 halves the time of a step where the processor has it, and takes ten times as long elsewhere.
    with torch.autocast("cpu", torch.bfloat16, enabled=_BFLOAT16):
        first, told, second = nets(_worn(_bent(images)), place, seen)
    among = ~fields_of(labels)
    inked = labels != BLANK
    away = (told.float() - nets.second.norm(seen).detach())[inked]
    return torch.stack(
        [
            nn.functional.cross_entropy(first.float().masked_fill(among, -torch.inf), labels),
            away.square().mean(),
            nn.functional.cross_entropy(second.float().masked_fill(among, -torch.inf), labels),
        ]
    )


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
    parser.add_argument(
        "--others",
        type=Path,
        nargs="*",
        default=(),
        help="more hands to train on, such as pendigits-orig.tra",
    )
    parser.add_argument("--start", type=Path, help="a folder with the readers' files to go on from")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(1)
    plan = Plan(samples=arguments.samples, rate=arguments.rate, seed=arguments.seed)
    sources = Sources.load(arguments.data, "train", arguments.others)
    nets = train(
        sources,
        plan,
        arguments.workers,
        restore(arguments.start, arguments.data) if arguments.start else None,
        lambda half_done: save(half_done, arguments.data, arguments.out, plan.seed, 4_000),
    )
    save(nets, arguments.data, arguments.out, plan.seed, 60_000)


if __name__ == "__main__":
    main()
