"""A bet against a promise on errors, which may be looked at after every audited value.

Its wealth cannot be expected to grow while the promise is true: a mixture of likelihood ratios for error rates above
alpha (Robbins 1970; Waudby-Smith and Ramdas, arXiv 2010.09686). By Ville's inequality it ever exceeds 1 / level with
a chance of at most `level`. The bound on the true rate inverts the Beta-binomial mixture in the same way.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

WORSE: Final = {3.0: 0.8, 10.0: 0.1, 100.0: 0.1}
"""How many times alpha the error rates are that is bet on, and how much of the stake each gets."""
LEVEL: Final = 0.05
"""Chance that a promise which holds is ever refuted, over an office's life."""
ALL_SHARE: Final = 0.8
GROUPS_SHARE: Final = 0.1
"""How much of the level the watch over all values has, and that over each group; lots have the rest."""
_PRIOR: Final = (1.0, 100.0)


def evidence(wrong: NDArray[np.bool_], alpha: NDArray[np.float64]) -> float:
    """Natural logarithm of the highest wealth that the bet against the promise ever had.

    Args:
        wrong: (n,), in the order in which the values were audited.
        alpha: (n,), the error rate promised for each.
    """
    if not len(wrong):
        return 0.0
    rates = np.minimum(np.array(list(WORSE))[:, None] * alpha, 0.5)
    steps = np.where(wrong, np.log(rates / alpha), np.log((1 - rates) / (1 - alpha)))
    stakes = np.log(list(WORSE.values()))[:, None]
    wealth = np.logaddexp.reduce(np.cumsum(steps, axis=1) + stakes, axis=0)
    return max(0.0, float(wealth.max()))


def bound(errors: int, n: int, confidence: float = 1 - LEVEL) -> float:
    """The error rate that the audit excludes from above, whenever one looks; 1 without audited values."""
    if errors >= n:
        return 1.0
    # A reviewer, who only decides, need not wait for SciPy.
    from scipy.optimize import brentq
    from scipy.special import betaln, xlog1py, xlogy

    a, b = _PRIOR
    mixture = betaln(a + errors, b + n - errors) - betaln(a, b)

    def excess(rate: float) -> float:
        likelihood = float(xlogy(errors, rate) + xlog1py(n - errors, -rate))
        return float(mixture - likelihood + np.log(1 - confidence))

    low = max(errors / n, 1e-12)
    return float(brentq(excess, low, 1 - 1e-12)) if excess(1 - 1e-12) > 0 else 1.0
