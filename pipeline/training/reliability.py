"""Do confidences mean what they say? `python -m pipeline.training.reliability ROWS.jsonl --out FILE.png`.

ROWS are labelled readings of writers that neither training nor calibration saw. Readings are put into bins of equal
number by their calibrated confidence; a diagram shows the share right in each, and the expected calibration error
(Naeini et al. 2015, bins of equal number) is told for each group, and how the proven thresholds do: what enters
unseen, what of it is wrong, and in whose hand.
"""

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from scipy.special import expit

from pipeline.forms.fields import ALPHA
from pipeline.recognition.confidence import Calibration, load_tables
from pipeline.recognition.promise import Labelled
from pipeline.training.calibrate import WAYS, load
from pipeline.training.score import interval

_BINS: Final = 10
_ALPHAS: Final = (ALPHA, 0.002)
"""The house's promise, and what its forms ask for dates and counts."""


@dataclass(frozen=True, slots=True, eq=False)
class Reliability:
    """One group: per bin the mean confidence, the share right, and how many.

    Attributes:
        error: the expected calibration error.
    """

    n: int
    confidence: NDArray[np.float64]
    right: NDArray[np.float64]
    counts: NDArray[np.int64]
    error: float


def reliability(confidence: NDArray[np.float64], right: NDArray[np.bool_], bins: int = _BINS) -> Reliability:
    """Bins of equal number, surest last."""
    order = np.argsort(confidence, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    means = np.array([confidence[part].mean() for part in parts])
    shares = np.array([right[part].mean() for part in parts])
    counts = np.array([len(part) for part in parts])
    error = float((counts * np.abs(means - shares)).sum() / len(order))
    return Reliability(len(order), means, shares, counts, error)


def _draw(found: Mapping[str, Reliability], out: Path) -> None:
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    columns = 4
    rows = -(-len(found) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(3 * columns, 3 * rows), squeeze=False)
    for axis in axes.ravel()[len(found) :]:
        axis.axis("off")
    for axis, (name, one) in zip(axes.ravel(), found.items(), strict=False):
        low = min(0.98, float(min(one.confidence.min(), one.right.min()))) - 0.02
        ends = np.array([interval(round(r * n), int(n)) for r, n in zip(one.right, one.counts, strict=True)])
        axis.plot([low, 1], [low, 1], color="0.7", linewidth=1)
        bars = np.abs(ends.T - one.right)
        axis.errorbar(
            one.confidence, one.right, yerr=bars, fmt="o", markersize=4, linewidth=1, color="#17626b"
        )
        axis.set(xlim=(low, 1.005), ylim=(low, 1.005), title=f"{name}, n = {one.n:,}")
        axis.text(0.05, 0.9, f"ECE {one.error:.2%}", transform=axis.transAxes)
        axis.tick_params(labelsize=8)
    figure.supxlabel("confidence")
    figure.supylabel("share right (95 %)")
    figure.tight_layout()
    figure.savefig(out, dpi=80)


Rows = Mapping[str, Sequence[Labelled]]
"""The labelled readings of each group."""


def _groups(paths: Sequence[Path], way: str) -> Rows:
    groups: dict[str, list[Labelled]] = {}
    for row in load(paths, way):
        groups.setdefault(row.group, []).append(row)
    return dict(sorted(groups.items()))


def _confidence(rows: Sequence[Labelled], calibration: Calibration) -> Reliability:
    found = [calibration.probability(float(expit(row.score))) for row in rows]
    return reliability(np.array(found), np.array([row.right for row in rows]))


def kept(rows: Sequence[Labelled], calibration: Calibration, alpha: float) -> tuple[int, int]:
    """How many readings enter unseen under a promise, and how many of these are wrong."""
    entered = [row.right for row in rows if _enters(row, calibration, alpha)]
    return len(entered), entered.count(False)


def whose(rows: Sequence[Labelled], calibration: Calibration, alpha: float) -> Counter[str]:
    """Whose wrong readings enter unseen under a promise: hand to how many."""
    return Counter(row.hand for row in rows if not row.right and _enters(row, calibration, alpha))


def _enters(row: Labelled, calibration: Calibration, alpha: float) -> bool:
    return calibration.accepts(float(expit(row.score)), alpha)


def _promised(rows: Sequence[Labelled], calibration: Calibration, alpha: float) -> str:
    n, wrong = kept(rows, calibration, alpha)
    return f"{n / len(rows):.1%}, {wrong} of {n:,}" if n else "–"


def main() -> None:
    """Command line; see the module."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("rows", type=Path, nargs="+")
    parser.add_argument("--way", choices=WAYS, default=WAYS[0])
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    tables, groups = load_tables()[arguments.way], _groups(arguments.rows, arguments.way)
    found = {name: _confidence(rows, tables[name]) for name, rows in groups.items()}
    _draw(found, arguments.out)
    promised = [f"accepted at {alpha:.1%}, wrong" for alpha in _ALPHAS]
    table = Table("group", "readings", "right", "expected calibration error", *promised)
    for name, one in found.items():
        share = float((one.right * one.counts).sum() / one.n)
        entered = [_promised(groups[name], tables[name], alpha) for alpha in _ALPHAS]
        table.add_row(name, f"{one.n:,}", f"{share:.2%}", f"{one.error:.3%}", *entered)
    Console().print(table)
    hands = Table("group", "hands whose wrong readings are accepted at 0.1 %")
    for name, rows in groups.items():
        if wrong := whose(rows, tables[name], ALPHA):
            hands.add_row(name, ", ".join(f"{hand} {n}" for hand, n in wrong.most_common()))
    Console().print(hands)


if __name__ == "__main__":
    main()
