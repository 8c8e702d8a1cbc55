"""A bet against a promise on errors, which may be looked at after every audited value.

Values are audited with chances that differ: the nearer a value stands to what is promised, the likelier it is looked
at. Weighed by its chance, what is found stays an unbiased measure of what is there (Horvitz and Thompson 1952), and a
bet on it, value by value, is an audit that needs fewer looks where its chances foretell the errors (Shekhar et al.,
"Risk-limiting financial audits via weighted sampling without replacement", UAI 2023). The wealth of the bet cannot be
expected to grow while the promise is true (Waudby-Smith and Ramdas, arXiv 2010.09686), so that by Ville's inequality
it ever exceeds 1 / level with a chance of at most `level`. The bound on the true rate inverts such bets.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

LEVEL: Final = 0.05
"""Chance that a promise which holds is ever refuted, over an office's life."""
ALL_SHARE: Final = 0.8
GROUPS_SHARE: Final = 0.1
"""How much of the level the watch over all values has, and that over each group; lots have the rest."""
_STAKES: Final = {0.04: 0.25, 0.12: 0.5, 0.6: 0.15, 4.0: 0.1}
"""How much is bet on a value that was certain to be audited, and how much of the wealth begins with each.

With two values in a hundred audited at random, 0.04 grows fastest at three times the promised rate (Kelly 1956)."""
_BOUND_STAKES: Final = {0.9: 0.6, 0.3: 0.25, 0.1: 0.15}
"""The same for the bound, in shares of the most that can be bet."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Seen:
    """What an audit saw of values that entered unseen.

    Attributes:
        counted: for each promised error rate, how many values had a chance to be audited, audited or not.
        wrong: for each that was found wrong the rate promised and the chance with which it was audited.
        least: the least chance of all counted values.
    """

    counted: Mapping[float, int]
    wrong: Sequence[tuple[float, float]]
    least: float = 1.0


def evidence(seen: Seen) -> float:
    """Natural logarithm of what a bet of 1 against the promise has become.

    Each value counts 1 + stake · (wrong / chance - alpha), wrong being 0 as well where it was not audited.
    """
    stakes, shares = _table(_STAKES)
    wealth = np.zeros(len(shares))
    for alpha, count in seen.counted.items():
        wealth += count * np.log1p(-stakes[:, 0] * alpha)
    for alpha, chance in seen.wrong:
        wealth += (np.log1p(stakes * (1 / chance - alpha)) - np.log1p(-stakes * alpha))[:, 0]
    return float(np.logaddexp.reduce(wealth + np.log(shares)))


def bound(seen: Seen, confidence: float = 1 - LEVEL) -> float:
    """The error rate that the audit excludes from above, whenever one looks; 1 without audited values."""
    n = sum(seen.counted.values())
    if not n:
        return 1.0
    # A reviewer, who only decides, need not wait for SciPy.
    from scipy.optimize import brentq

    stakes, shares = _table(_BOUND_STAKES)
    stakes *= seen.least
    worth = np.array([1 / chance for _, chance in seen.wrong])

    def excess(rate: float) -> float:
        wealth = (n - len(worth)) * np.log1p(stakes[:, 0] * rate)
        wealth += np.log1p(stakes * (rate - worth)).sum(axis=1)
        return float(np.logaddexp.reduce(wealth + np.log(shares)) + np.log(1 - confidence))

    return float(brentq(excess, 0.0, 1.0)) if excess(1.0) > 0 else 1.0


def _table(stakes: Mapping[float, float]) -> tuple[Floats, Floats]:
    """The stakes (k, 1), and the share of the wealth (k,) that begins with each."""
    return np.array(list(stakes))[:, None], np.array(list(stakes.values()))
