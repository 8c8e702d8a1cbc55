"""Does the promise hold? `python -m pipeline.training.simulate ROWS.jsonl` calibrates again and again.

The labelled readings of each group are taken as the whole truth: what share is wrong at or above any threshold is
then known. Samples of n are drawn from them with replacement, each is calibrated, and its threshold is held against
that truth: how often is the promise broken, and how much of what could be accepted is accepted? Beside it stands the
naive way: the lowest threshold whose own sample keeps alpha. With `--hands` half of the writers calibrate, and the
promise is held against the other half, with and without the bound for hands that nobody has seen.
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
from pipeline.recognition.promise import Labelled, proof_of
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


@dataclass(frozen=True, slots=True)
class NewHands:
    """One group, half of whose writers calibrated, over `splits` choices of the half.

    Attributes:
        hands: writers in all.
        broken: share of splits where more than alpha was wrong among what was accepted of the others.
        accepted: mean share of their readings that was.
        broken_without: the same without the bound for hands.
        accepted_without: the same without it.
    """

    group: str
    hands: int
    splits: int
    broken: float
    accepted: float
    broken_without: float
    accepted_without: float


def new_hands(
    group: str,
    scores: Floats,
    right: Rights,
    who: NDArray[np.int64],
    splits: int,
    rng: np.random.Generator,
    alpha: float = ALPHA,
) -> NewHands:
    """Holds thresholds against writers who had no part in them; `who` (n,) wrote each reading."""
    hands = int(who.max()) + 1
    found: dict[bool, list[tuple[bool, float]]] = {True: [], False: []}
    for _ in range(splits):
        seen = (rng.permutation(hands) < hands // 2)[who]
        for bounded, results in found.items():
            own = np.unique(who[seen], return_inverse=True)[1] if bounded else None
            proof = proof_of(scores[seen], right[seen], alpha, CONFIDENCE, own)
            taken = ~seen & (scores >= proof.score) if proof else np.zeros_like(seen)
            wrong = (~right[taken]).sum() > alpha * taken.sum()
            results.append((bool(wrong), float(taken.sum() / (~seen).sum())))
    means = [np.mean(results, axis=0) for results in (found[True], found[False])]
    return NewHands(group, hands, splits, *(float(value) for pair in means for value in pair))


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
    parser.add_argument("--hands", action="store_true", help="hold the promise against other writers")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    groups: dict[str, list[Labelled]] = {}
    for row in load(arguments.rows, arguments.way):
        groups.setdefault(row.group, []).append(row)
    rng = np.random.default_rng(arguments.seed)
    found: list[Outcome | NewHands] = []
    for group, rows in sorted(groups.items()):
        scores, right = np.array([row.score for row in rows]), np.array([row.right for row in rows])
        if arguments.hands:
            who = np.unique([row.hand for row in rows], return_inverse=True)[1]
            found.append(new_hands(group, scores, right, who, arguments.splits, rng))
        else:
            found.append(simulate(group, scores, right, arguments.n, arguments.splits, rng))
    if arguments.json:
        sys.stdout.write(json.dumps([asdict(one) for one in found]) + "\n")
        return
    _show([asdict(one) for one in found], arguments.splits)


def _show(found: list[dict[str, float]], splits: int) -> None:
    title = f"{splits} splits, at most {ALPHA:.1%} wrong promised at {CONFIDENCE:.0%}"
    counts = ("population", "n", "splits", "hands")
    heads = [name for name in found[0] if name != "splits"]
    table = Table(*(name.replace("_", " ") for name in heads), title=title)
    for one in found:
        cells = [
            str(one[name]) if name == "group" else f"{one[name]:,}" if name in counts else f"{one[name]:.1%}"
            for name in heads
        ]
        table.add_row(*cells)
    Console().print(table)


if __name__ == "__main__":
    main()
