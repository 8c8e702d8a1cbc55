"""A promise on errors, proven on labelled readings: thresholds by Learn-then-Test, confidences by an isotonic map.

The error rate among accepted values is at most alpha, at the confidence given (Angelopoulos et al., arXiv 2110.01052):
thresholds are tested from the strictest that could pass on, each by the exact binomial tail, and a failure ends the
walk (fixed-sequence testing), so that no correction for their number is due. With labels to spare, the walk starts
at several places, each with its share of the risk, which a walk that arrives there adds to its own (the fallback
procedure, Wiens 2003): one unlucky error among the surest then does not decide alone. Confidences: Zadrozny and
Elkan 2002.

Errors repeat within a hand, and an office has its own hands: where it is known who wrote, the rate among the values of
a few hands that nobody has seen must stay below alpha too (a prediction bound on a ratio of cluster totals: Cochran
1977, Hahn and Meeker 1991). It takes rates for normal, and of few and skewed ones is passed more often than it says
(`pipeline.training.simulate --hands`).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.forms.fields import ALPHAS, CONFIDENCES
from pipeline.recognition.confidence import Calibration, Proof, score_of

_STEPS: Final = 400
_STARTS: Final = (0.0, 0.2, 0.4, 0.7)
"""Where walks start, as shares of the labelled readings; fixed, so that no outcome can choose them."""
_KNOTS: Final = 60
_LEAST: Final = score_of(0.9)
"""What the reader itself gives less does not enter unseen, whatever other hands have proven of it."""
_OFFICE: Final = 5
"""Hands that fill in an office's forms: a team."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Labelled:
    """One reading whose true value is known.

    Attributes:
        group: its calibration group, see `recognition.confidence.GROUPS`.
        score: log odds of the reader's own probability.
        right: whether the value was right.
        hand: who wrote it; "" where nobody knows.
    """

    group: str
    score: float
    right: bool
    hand: str = ""


def smallest_sample(alpha: float, confidence: float) -> int:
    """How many accepted values without a single error prove alpha: 2,995 for 0.1 % at 95 %."""
    return int(np.ceil(np.log(1 - confidence) / np.log1p(-alpha)))


def proven_bound(errors: int, n: int, confidence: float) -> float:
    """The error rate that `errors` of `n` exclude from above (Clopper and Pearson 1934)."""
    from scipy.stats import beta  # a second to load, and every scan comes through here

    return float(beta.ppf(confidence, errors + 1, n - errors)) if errors < n else 1.0


def hands_bound(errors: NDArray[np.int64], n: NDArray[np.int64], confidence: float) -> float:
    """The error rate that is excluded from above for as many hands as an office has, nobody of them seen before.

    Args:
        errors: (hands,), of each hand seen.
        n: (hands,), its values.
        confidence: how sure that is.
    """
    from scipy.stats import t

    hands, mean = len(n), n.mean()
    if hands < 2 or mean == 0:
        return 1.0
    rate = float(errors.sum() / n.sum())
    apart = float(np.sqrt(((errors - rate * n) ** 2).sum() / (hands - 1)) / mean)
    return rate + float(t.ppf(confidence, hands - 1)) * apart * float(np.sqrt(1 / hands + 1 / _OFFICE))


def proof_of(
    scores: Floats,
    right: NDArray[np.bool_],
    alpha: float,
    confidence: float,
    hands: NDArray[np.int64] | None = None,
    least: float = -np.inf,
) -> Proof | None:
    """The lowest score from which on the error rate is proven to be at most alpha; None where nothing is.

    Args:
        scores: (n,), larger is surer.
        right: (n,), whether the value was right.
        alpha: the error rate promised among accepted values.
        confidence: how often the promise is kept over repeated calibrations, at least.
        hands: (n,), who wrote each, 0 and up; None where nobody knows.
        least: no lower score is tried.
    """
    from scipy.stats import binom

    order = np.argsort(-scores, kind="stable")
    ordered, wrong = scores[order], ~right[order]
    errors = np.cumsum(wrong)
    writers = None if hands is None else hands[order]
    n = len(scores)
    if n < smallest_sample(alpha, confidence):
        return None
    starts = _starts(n, alpha, confidence)
    steps = np.linspace(min(starts), n, _STEPS).astype(int)
    proof, risk = None, 0.0
    for m in np.unique(np.concatenate([steps, list(starts)])):
        risk += starts.get(int(m), 0.0)
        # Values with one score are accepted together, so a step ends at the last of them.
        end = int(np.searchsorted(-ordered, -ordered[m - 1], side="right"))
        if ordered[end - 1] < least:
            break
        kept = binom.cdf(errors[end - 1], end, alpha) <= risk
        if kept and risk and writers is not None:
            most = int(writers.max()) + 1
            made = np.bincount(writers[:end][wrong[:end]], minlength=most)
            kept = hands_bound(made, np.bincount(writers[:end], minlength=most), 1 - risk) <= alpha
        if kept:
            proof = Proof(float(ordered[end - 1]), end, int(errors[end - 1]))
        else:
            risk = 0.0
    return proof


def _starts(n: int, alpha: float, confidence: float) -> dict[int, float]:
    """How many of the surest readings each walk starts with, and its share of the risk."""
    least = smallest_sample(alpha, confidence)
    if n < len(_STARTS) * least:
        return {least: 1 - confidence}
    share = (1 - confidence) / len(_STARTS)
    starts: dict[int, float] = {}
    for place in _STARTS:
        first = max(smallest_sample(alpha, 1 - share), int(place * n))
        starts[first] = starts.get(first, 0.0) + share
    return starts


def isotonic_map(scores: Floats, right: NDArray[np.bool_]) -> tuple[list[float], list[float]]:
    """Knots of a rising map from log odds to probability; each block is shrunk as if it held one more error."""
    from scipy.optimize import isotonic_regression

    order = np.argsort(scores, kind="stable")
    x, y = scores[order], right[order].astype(float)
    fitted = isotonic_regression(y).x
    _, starts, counts = np.unique(fitted, return_index=True, return_counts=True)
    # The mean of equal numbers may differ from them in its last bit.
    means = np.maximum.accumulate([x[s : s + c].mean() for s, c in zip(starts, counts, strict=True)])
    knots = [float(mean) for mean in means]
    levels = [float((y[s : s + c].sum() + 0.5) / (c + 1)) for s, c in zip(starts, counts, strict=True)]
    rising = np.maximum.accumulate(levels)
    if len(knots) > _KNOTS:
        keep = np.unique(np.linspace(0, len(knots) - 1, _KNOTS).astype(int))
        return [knots[i] for i in keep], [float(rising[i]) for i in keep]
    return knots, [float(level) for level in rising]


def calibrate(
    rows: Iterable[Labelled], above: Mapping[str, Calibration] | None = None
) -> dict[str, Calibration]:
    """The calibration of each group that the labelled readings hold.

    Args:
        rows: the labelled readings.
        above: thresholds of which none is undercut; where one of these proves nothing, neither do the rows.
    """
    groups: dict[str, list[Labelled]] = defaultdict(list)
    for row in rows:
        groups[row.group].append(row)
    return {
        name: _calibration(groups[name], None if above is None else above.get(name))
        for name in sorted(groups)
    }


def _calibration(rows: list[Labelled], above: Calibration | None) -> Calibration:
    scores = np.array([row.score for row in rows])
    right = np.array([row.right for row in rows])
    hands = None
    if all(row.hand for row in rows):
        hands = np.unique([row.hand for row in rows], return_inverse=True)[1]
    promises = [(alpha, confidence) for alpha in ALPHAS for confidence in CONFIDENCES]
    least = dict.fromkeys(promises, _LEAST)
    if above is not None:
        least = {promise: max(_LEAST, proof.score) for promise, proof in above.proofs.items()}
    proofs = {promise: proof_of(scores, right, *promise, hands, low) for promise, low in least.items()}
    knots, probabilities = isotonic_map(scores, right)
    return Calibration(
        tuple(round(knot, 4) for knot in knots),
        tuple(round(p, 7) for p in probabilities),
        {promise: proof for promise, proof in proofs.items() if proof is not None},
        len(rows),
    )
