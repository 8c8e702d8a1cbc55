"""Does the promise hold? `python -m pipeline.training.simulate ROWS.jsonl` calibrates again and again.

The labelled readings of each group are taken as the whole truth: what share is wrong at or above any threshold is
then known. Samples of n are drawn from them with replacement, each is calibrated, and its threshold is held against
that truth: how often is the promise broken, and how much of what could be accepted is accepted? Beside it stands the
naive way: the lowest threshold whose own sample keeps alpha.
"""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from pipeline.forms.fields import ALPHA, CONFIDENCE
from pipeline.recognition.promise import proof_of
from pipeline.training.calibrate import WAYS, load

Floats = NDArray[np.float64]
Rights = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One group: how often the promise was broken over `splits` samples of `n`, and how much was accepted.

    Attributes:
        population: labelled readings that stand for the truth.
        oracle: share accepted at the lowest threshold that truly keeps alpha.
        proven: share of samples that proved anything.
        broken: share of samples whose threshold truly lets more than alpha through.
        coverage: mean share accepted, of the oracle's.
        naive_broken: the same for the naive way.
    """

    group: str
    population: int
    n: int
    splits: int
    oracle: float
    proven: float
    broken: float
    coverage: float
    naive_broken: float


def simulate(
    group: str,
    scores: Floats,
    right: Rights,
    n: int,
    splits: int,
    rng: np.random.Generator,
    alpha: float = ALPHA,
) -> Outcome:
    """Draws `splits` samples of n from labelled readings and holds their thresholds against all of them."""
    order = np.argsort(-scores, kind="stable")
    ordered, rate = scores[order], np.cumsum(~right[order]) / np.arange(1, len(order) + 1)

    def truth(threshold: float) -> tuple[float, float]:
        """Share accepted and share wrong among it, at a threshold."""
        end = int(np.searchsorted(-ordered, -threshold, side="right"))
        return (end / len(ordered), float(rate[end - 1])) if end else (0.0, 0.0)

    keeping = np.flatnonzero(rate <= alpha)
    oracle = (int(keeping[-1]) + 1) / len(ordered) if len(keeping) else 0.0
    ways: tuple[Callable[[Floats, Rights], float | None], ...] = (
        lambda s, r: proof.score if (proof := proof_of(s, r, alpha, CONFIDENCE)) else None,
        lambda s, r: _naive(s, r, alpha),
    )
    found: list[list[tuple[float, float] | None]] = [[], []]
    for _ in range(splits):
        rows = rng.integers(len(scores), size=n)
        for way, results in zip(ways, found, strict=True):
            threshold = way(scores[rows], right[rows])
            results.append(None if threshold is None else truth(threshold))
    proven, naive = ([result for result in results if result is not None] for results in found)
    return Outcome(
        group=group,
        population=len(scores),
        n=n,
        splits=splits,
        oracle=oracle,
        proven=len(proven) / splits,
        broken=sum(wrong > alpha for _, wrong in proven) / splits,
        coverage=sum(share for share, _ in proven) / splits / oracle if oracle else 0.0,
        naive_broken=sum(wrong > alpha for _, wrong in naive) / splits,
    )


def _naive(scores: Floats, right: Rights, alpha: float) -> float | None:
    order = np.argsort(-scores, kind="stable")
    keeping = np.flatnonzero(np.cumsum(~right[order]) <= alpha * np.arange(1, len(order) + 1))
    return float(scores[order[keeping[-1]]]) if len(keeping) else None


def main() -> None:
    """Command line; see the module."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("rows", type=Path, nargs="+", help="made by pipeline.training.labelled")
    parser.add_argument("--way", choices=WAYS, default=WAYS[0])
    parser.add_argument("--n", type=int, default=30_000)
    parser.add_argument("--splits", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=20261124)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    groups: dict[str, list[tuple[float, bool]]] = {}
    for row in load(arguments.rows, arguments.way):
        groups.setdefault(row.group, []).append((row.score, row.right))
    rng = np.random.default_rng(arguments.seed)
    found = []
    for group, pairs in sorted(groups.items()):
        scores, right = (np.array(column) for column in zip(*pairs, strict=True))
        found.append(simulate(group, scores, right.astype(bool), arguments.n, arguments.splits, rng))
    if arguments.json:
        sys.stdout.write(json.dumps([asdict(one) for one in found]) + "\n")
        return
    title = (
        f"{arguments.splits} samples of {arguments.n}, at most {ALPHA:.1%} wrong promised at {CONFIDENCE:.0%}"
    )
    table = Table(
        "group",
        "readings",
        "oracle accepts",
        "proven",
        "broken",
        "of the oracle's",
        "naive broken",
        title=title,
    )
    for one in found:
        shares = (one.oracle, one.proven, one.broken, one.coverage, one.naive_broken)
        table.add_row(one.group, f"{one.population:,}", *(f"{share:.1%}" for share in shares))
    Console().print(table)


if __name__ == "__main__":
    main()
