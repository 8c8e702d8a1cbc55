"""Refits the first reader's last layer on confirmed cells, and says whether that is better on cells it has not seen.

Multinomial logistic regression on the hidden layer over the characters that each field may hold, the shipped reader's
log chances being the offset, so that a penalty on the weights (ridge) pulls towards the shipped reader. How strong the
pull is, cross-validation over sheets decides. Better means: on the newest third of the sheets, which the fit does not
see, both the log loss and the number of wrong characters are smaller by a sign-flip test over sheets (Fisher's
randomisation: were both readers alike, the difference of a sheet would be as likely one way as the other; cells of a
sheet are of one hand and are not counted as independent).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.recognition.alphabet import BLANK
from pipeline.recognition.head import Card, Head
from pipeline.recognition.lessons import Lessons

LEAST: Final = 1_000
"""Cells without which nothing is tried: one in twenty is misread, so the newest third of fewer holds too few errors
(some 15) for even a large gain to be told from chance."""
MOST: Final = 20_000
"""The newest cells that are used; more would take minutes and change little."""
LEAST_SHEETS: Final = 15
"""Five held-out sheets are the fewest whose signs can prove anything at `LEVEL`."""
LEVEL: Final = 0.05
STRENGTHS: Final = (3.0, 10.0, 30.0, 100.0, 300.0)
"""How strongly the weights are held to the shipped ones; the variance expected of each is one over this."""
_HELD_OUT: Final = 1 / 3
_FOLDS: Final = 4
_FLIPS: Final = 9_999
_SEED: Final = 20261124
_ITERATIONS: Final = 100
_NEVER: Final = 1e-12

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Change:
    """Held-out cells of one calibration group: how many, and how many were misread before and after; "" is all."""

    group: str
    n: int
    before: int
    after: int


@dataclass(frozen=True, slots=True, eq=False)
class Refit:
    """What came of refitting.

    Attributes:
        head: the refitted head; None where there was too little to try.
        better: whether it is proven to be better than the reader that is in use.
        cells: how many confirmed cells there were.
        sheets: from how many sheets.
        changes: the held-out cells, all and by group.
        loss: log loss a held-out cell before and after, nats.
        p: the larger of the two tests' p-values.
    """

    head: Head | None
    better: bool
    cells: int
    sheets: int
    changes: tuple[Change, ...] = ()
    loss: tuple[float, float] = (0.0, 0.0)
    p: float = 1.0


def refit(cells: Lessons, parent: str, now: Head | None, today: date) -> Refit:
    """Refits on the older sheets and judges on the newest third.

    Args:
        cells: confirmed cells.
        parent: version of the shipped reader.
        now: the head in use, which is to be beaten; None for the shipped reader itself.
        today: for the card.
    """
    order = np.unique(cells.sheets)
    count = len(order)
    if len(cells) < LEAST or count < LEAST_SHEETS:
        return Refit(None, False, len(cells), count)
    newest = cells.sheets > order[int(count * (1 - _HELD_OUT)) - 1]
    old, new = cells.part(~newest), cells.part(newest)
    # The hidden layer's length is brought to 1 on average, so that strengths mean the same for every net.
    scale = float(np.sqrt((old.hidden**2).sum(axis=1).mean()))
    design = _Design.of(old, scale)
    strength = _best_strength(design, old.sheets)
    theta = _fit(design, strength).astype(np.float32)
    card = Card(parent, today.isoformat(), len(old), count, len(new), strength)
    head = Head(theta[:-1] / np.float32(scale), theta[-1], card)
    before, after = _chances(new, now), _chances(new, head)
    losses = [-np.log(chances[np.arange(len(new)), new.labels] + _NEVER) for chances in (before, after)]
    wrong = [chances.argmax(axis=1) != new.labels for chances in (before, after)]
    p = max(
        _flip_test(losses[0] - losses[1], new.sheets),
        _flip_test(wrong[0].astype(float) - wrong[1], new.sheets),
    )
    return Refit(
        head,
        p <= LEVEL,
        len(cells),
        count,
        tuple(_changes(new.groups, *wrong)),
        (float(losses[0].mean()), float(losses[1].mean())),
        p,
    )


def interval(wrong: int, n: int) -> tuple[float, float]:
    """The exact interval, 95 %, of the share that `wrong` of `n` tell (Clopper and Pearson 1934)."""
    from scipy.stats import binomtest  # a second to load, and every scan comes through here

    found = binomtest(wrong, n).proportion_ci(0.95, method="exact")
    return float(found.low), float(found.high)


def wrong_by(cells: Lessons, head: Head | None) -> NDArray[np.bool_]:
    """Which cells (N,) are misread, by the shipped reader or with a head."""
    return np.asarray(_chances(cells, head).argmax(axis=1) != cells.labels)


def _chances(cells: Lessons, head: Head | None) -> Floats:
    return cells.chances if head is None else head.weigh(cells.chances, cells.hidden)


def _changes(
    groups: NDArray[np.str_], before: NDArray[np.bool_], after: NDArray[np.bool_]
) -> Sequence[Change]:
    found = [Change("", len(groups), int(before.sum()), int(after.sum()))]
    for group in np.unique(groups):
        mine = groups == group
        found.append(Change(str(group), int(mine.sum()), int(before[mine].sum()), int(after[mine].sum())))
    return found


def _flip_test(gain: Floats, sheets: NDArray[np.int64]) -> float:
    """The chance of so large a gain, or a larger one, were each sheet's gain as likely a loss."""
    total = np.bincount(np.unique(sheets, return_inverse=True)[1], gain)
    signs = np.random.default_rng(_SEED).choice([-1.0, 1.0], (_FLIPS, len(total)))
    as_large = int((signs @ total >= total.sum() - 1e-9).sum())
    return (1 + as_large) / (1 + _FLIPS)


@dataclass(frozen=True, slots=True, eq=False)
class _Design:
    """Cells as the regression takes them.

    Attributes:
        x: float32 (N, H + 1), the hidden layer and a one.
        offset: float64 (N, BLANK), the shipped reader's log chances.
        labels: int64 (N,).
    """

    x: NDArray[np.float32]
    offset: Floats
    labels: NDArray[np.int64]

    @classmethod
    def of(cls, cells: Lessons, scale: float) -> "_Design":
        x = np.concatenate([cells.hidden / np.float32(scale), np.ones((len(cells), 1), np.float32)], axis=1)
        with np.errstate(divide="ignore"):
            return cls(x, np.log(cells.chances), cells.labels)

    def part(self, which: NDArray[np.bool_]) -> "_Design":
        return _Design(self.x[which], self.offset[which], self.labels[which])


def _best_strength(design: _Design, sheets: NDArray[np.int64]) -> float:
    """The strongest pull whose log loss on sheets left out in turn is within one standard error of the smallest.

    The one-standard-error rule (Breiman et al. 1984): hands that nobody has confirmed yet lose the least.
    """
    sheet = np.unique(sheets, return_inverse=True)[1]
    fold = sheet % _FOLDS
    losses = {strength: np.zeros(len(sheets)) for strength in STRENGTHS}
    for one in range(_FOLDS):
        learn, judge = design.part(fold != one), design.part(fold == one)
        theta = None
        # From strong to weak, each fit going on from the one before.
        for strength in sorted(STRENGTHS, reverse=True):
            theta = _fit(learn, strength, theta)
            losses[strength][fold == one] = _losses(theta, judge)
    best = losses[min(STRENGTHS, key=lambda strength: losses[strength].sum())]

    def is_close(strength: float) -> bool:
        worse = np.bincount(sheet, losses[strength] - best)
        return bool(worse.sum() <= np.sqrt((worse**2).sum()))

    return max(filter(is_close, STRENGTHS))


def _fit(design: _Design, strength: float, start: Floats | None = None) -> Floats:
    """Weights and, last, bias (H + 1, BLANK) at the maximum of the penalised likelihood."""
    from scipy.optimize import minimize

    shape = (design.x.shape[1], BLANK)
    found = minimize(
        lambda theta: _loss(theta.reshape(shape), design, strength),
        np.zeros(shape).ravel() if start is None else start.ravel(),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": _ITERATIONS, "ftol": 1e-7},
    )
    return np.asarray(found.x).reshape(shape)


def _loss(theta: Floats, design: _Design, strength: float) -> tuple[float, Floats]:
    """The penalised log loss of all cells, and its gradient, flat."""
    chances = _weighed(theta, design)
    rows = np.arange(len(design.labels))
    loss = -np.log(chances[rows, design.labels] + _NEVER).sum() + strength / 2 * (theta**2).sum()
    chances[rows, design.labels] -= 1
    gradient = design.x.T @ chances.astype(np.float32) + strength * theta
    return float(loss), gradient.astype(np.float64).ravel()


def _losses(theta: Floats, design: _Design) -> Floats:
    """The log loss (N,) of each cell."""
    chances = _weighed(theta, design)
    return np.asarray(-np.log(chances[np.arange(len(chances)), design.labels] + _NEVER))


def _weighed(theta: Floats, design: _Design) -> Floats:
    scores = design.x @ theta.astype(np.float32) + design.offset
    scores -= scores.max(axis=1, keepdims=True)
    chances = np.exp(scores)
    return np.asarray(chances / chances.sum(axis=1, keepdims=True))
