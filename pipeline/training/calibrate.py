"""Fits confidences and proves thresholds: `python -m pipeline.training.calibrate ROWS.jsonl … `.

Per group of field types: an isotonic map from the reader's own confidence to the share of right values, and by
Learn-then-Test (Angelopoulos et al., arXiv 2110.01052) the lowest threshold at which the error among accepted values
is at most alpha at confidence 1 - delta: thresholds are tested from the strictest that could pass on, each by the
exact binomial tail, and the first failure ends the walk (fixed-sequence testing).
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression
from scipy.stats import binom

from pipeline.recognition.confidence import logit
from pipeline.recognition.reader import MODELS

ALPHA: Final = 0.001
DELTA: Final = 0.05
_STEPS: Final = 400
_KNOTS: Final = 60

Floats = NDArray[np.float64]


def smallest_sample(alpha: float, delta: float) -> int:
    """How many accepted values without a single error prove alpha: 2,995 for 0.1 % at 95 %."""
    return int(np.ceil(np.log(delta) / np.log1p(-alpha)))


def proven_threshold(scores: Floats, right: NDArray[np.bool_], alpha: float, delta: float) -> float | None:
    """The lowest score above which the error rate is proven to be at most alpha; None where nothing is.

    Args:
        scores: (n,), larger is surer.
        right: (n,), whether the value was right.
        alpha: the error rate promised among accepted values.
        delta: how often the promise may be broken over repeated calibrations.
    """
    order = np.argsort(-scores, kind="stable")
    ordered, errors = scores[order], np.cumsum(~right[order])
    n = len(scores)
    least = smallest_sample(alpha, delta)
    if n < least:
        return None
    threshold = None
    for m in np.unique(np.linspace(least, n, _STEPS).astype(int)):
        # Values with one score are accepted together, so a step ends at the last of them.
        end = int(np.searchsorted(-ordered, -ordered[m - 1], side="right"))
        if binom.cdf(errors[end - 1], end, alpha) > delta:
            break
        threshold = float(ordered[end - 1])
    return threshold


def isotonic_map(scores: Floats, right: NDArray[np.bool_]) -> tuple[list[float], list[float]]:
    """Knots of a rising map from log odds to probability; each block is shrunk as if it held one more error."""
    order = np.argsort(scores, kind="stable")
    x, y = scores[order], right[order].astype(float)
    fitted = isotonic_regression(y).x
    _, starts, counts = np.unique(fitted, return_index=True, return_counts=True)
    knots = [float(x[s : s + c].mean()) for s, c in zip(starts, counts, strict=True)]
    levels = [float((y[s : s + c].sum() + 0.5) / (c + 1)) for s, c in zip(starts, counts, strict=True)]
    rising = np.maximum.accumulate(levels)
    if len(knots) > _KNOTS:
        keep = np.unique(np.linspace(0, len(knots) - 1, _KNOTS).astype(int))
        return [knots[i] for i in keep], [float(rising[i]) for i in keep]
    return knots, [float(level) for level in rising]


def calibrate(
    rows: Iterable[dict[str, object]], alpha: float = ALPHA, delta: float = DELTA
) -> dict[str, object]:
    """The calibration table of labelled readings; those with a reason go to a person and are left out."""
    groups: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    for row in rows:
        if not row["reasons"]:
            groups[str(row["group"])].append((float(logit(float(str(row["score"])))), bool(row["right"])))
    table = {}
    for name, pairs in sorted(groups.items()):
        scores = np.array([score for score, _ in pairs])
        right = np.array([good for _, good in pairs])
        threshold = proven_threshold(scores, right, alpha, delta)
        knots, probabilities = isotonic_map(scores, right)
        accepted = scores >= threshold if threshold is not None else np.zeros(len(scores), bool)
        table[name] = {
            "scores": [round(k, 4) for k in knots],
            "probabilities": [round(p, 7) for p in probabilities],
            "threshold": threshold,
            "n": len(pairs),
            "alpha": alpha,
            "accepted": round(float(accepted.mean()), 4),
            "wrong_accepted": int((~right[accepted]).sum()),
            "accuracy": round(float(right.mean()), 5),
        }
    return {"alpha": alpha, "delta": delta, "groups": table}


def main() -> None:
    """Command line; see the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=Path, nargs="+", help="files made by pipeline.training.labelled")
    parser.add_argument("--out", type=Path, default=MODELS / "calibration.json")
    arguments = parser.parse_args()
    rows = (json.loads(line) for path in arguments.rows for line in path.open(encoding="utf-8"))
    table = calibrate(rows)
    arguments.out.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
