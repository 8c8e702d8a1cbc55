"""How likely an accepted value is audited.

Half of the share is drawn evenly; the other half falls on values by how near they stand to what is promised, since
that is where errors are found.
"""

from typing import Final

SHARE: Final = 0.02
YOUNG_SHARE: Final = 0.05
EVEN: Final = 0.5
"""How much of the share is drawn evenly."""
_USUAL_RISK: Final = 0.2
"""The mean chance of an accepted value to be wrong, in shares of what is promised."""
_MOST_RISK: Final = 15.0
"""In usual risks: a value that is riskier is drawn no more often."""


def chance(share: float, confidence: float, alpha: float) -> float:
    """The chance with which an accepted value is audited.

    Args:
        share: of the accepted values, 0..1; all are drawn at 1, none at 0.
        confidence: the calibrated probability that the value is right.
        alpha: the error rate promised for it.
    """
    risk = min((1 - confidence) / alpha / _USUAL_RISK, _MOST_RISK)
    even = max(EVEN, share)
    return min(1.0, share * (even + (1 - even) * risk))
