"""A bet against a promise on errors, which may be looked at after every audited value.

Values are audited with chances that differ: the nearer a value stands to what is promised, the likelier it is looked
at. Weighed by its chance, what is found stays an unbiased measure of what is there (Horvitz and Thompson 1952), and a
bet on it, value by value, is an audit that needs fewer looks where its chances foretell the errors (Shekhar et al.,
"Risk-limiting financial audits via weighted sampling without replacement", UAI 2023). The wealth of the bet cannot be
expected to grow while the promise is true (Waudby-Smith and Ramdas, arXiv 2010.09686), so that by Ville's inequality
it ever exceeds 1 / level with a chance of at most `level`. The bound on the true rate inverts such bets.

A value that was not drawn, or not looked at yet, leaves the wealth as it is: one that is drawn with chance p and wrong
with chance q is expected to multiply it by 1 + stake · (q - alpha), whatever p, and whatever share was audited then.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.review.chances import EVEN, SHARE

LEVEL: Final = 0.05
"""Chance that a promise which holds is ever refuted, over an office's life."""
ALL_SHARE: Final = 0.8
GROUPS_SHARE: Final = 0.1
"""How much of the level the watch over all values has, and that over each group; lots have the rest."""
_STAKES: Final = {2.0: 0.3, 6.0: 0.5, 15.0: 0.2}
"""What is bet on each value, in shares audited, and how much of the wealth begins with each.

Drawn evenly, 2 grows fastest at three times the promised rate (Kelly 1956); drawn by risk, about 6 does."""
_BOUND_STAKES: Final = {0.9: 0.6, 0.3: 0.25, 0.1: 0.15}
"""The same for the bound, in shares of the most that can be bet."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """What an audit saw: the values that were drawn and decided, each (n,).

    Attributes:
        alpha: the error rate promised for each.
        share: of all accepted values, audited when it was drawn.
        chance: with which it was drawn, at least `EVEN` of the share.
        wrong: whether it was.
    """

    alpha: Floats
    share: Floats
    chance: Floats
    wrong: NDArray[np.bool_]


def evidence(looks: Looks) -> float:
    """Natural logarithm of what a bet of 1 against the promise has become."""
    stakes, shares = _table(_STAKES)
    steps = np.log1p(stakes * _weights(looks) * (looks.wrong - looks.alpha))
    return float(np.logaddexp.reduce(steps.sum(axis=1) + np.log(shares)))


def bound(looks: Looks, confidence: float = 1 - LEVEL) -> float:
    """The error rate that the audit excludes from above, whenever one looks; 1 without audited values."""
    # A reviewer, who only decides, need not wait for SciPy.
    from scipy.optimize import brentq

    stakes, shares = _table(_BOUND_STAKES)
    odds = stakes * EVEN * _weights(looks)

    def excess(rate: float) -> float:
        wealth = np.log1p(odds * (rate - looks.wrong)).sum(axis=1) + np.log(shares)
        return float(np.logaddexp.reduce(wealth) + np.log(1 - confidence))

    return float(brentq(excess, 0.0, 1.0)) if excess(1.0) > 0 else 1.0


def _weights(looks: Looks) -> Floats:
    """For how many values each look (n,) speaks, by one measure, so that times of more looks do not rule.

    Where less than the usual share is audited a look counts for no more than its share: a weight above 1 / `EVEN`
    could lose all the wealth.
    """
    return np.asarray(np.minimum(looks.share, SHARE) / looks.chance)


def _table(stakes: Mapping[float, float]) -> tuple[Floats, Floats]:
    """The stakes (k, 1), and the share of the wealth (k,) that begins with each."""
    return np.array(list(stakes))[:, None], np.array(list(stakes.values()))
