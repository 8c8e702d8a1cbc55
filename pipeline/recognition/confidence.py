"""From what a reader scores to a calibrated probability, and the proven thresholds above which values enter unseen.

Both tables are made by `pipeline.training.calibrate` on writers that the reader never saw. The map from score to
probability is isotonic (Zadrozny & Elkan 2002); the threshold is by Learn-then-Test (arXiv 2110.01052).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.forms.layout import FieldType
from pipeline.recognition.reader import MODELS

GROUPS: Final[Mapping[FieldType, str]] = {
    FieldType.NIK: "nik",
    FieldType.KK: "kk",
    FieldType.DATE: "date",
    FieldType.PHONE: "digits",
    FieldType.VILLAGE: "digits",
    FieldType.CODE: "digits",
    FieldType.COUNT: "digits",
    FieldType.MONEY: "digits",
    FieldType.NUMBER: "digits",
    FieldType.NAME: "letters",
    FieldType.PLACE: "letters",
    FieldType.TEXT: "letters",
    FieldType.CHOICE: "marks",
    FieldType.SIGNATURE: "signature",
    FieldType.LINE: "line",
}
"""Which labelled fields a type shares its calibration with."""

_EDGE: Final = 1e-7


def group_of(field_type: FieldType, empty: bool) -> str:
    """The calibration group of a reading; empty fields of any type form one of their own."""
    return "empty" if empty else GROUPS[field_type]


def logit(p: float | NDArray[np.float64]) -> NDArray[np.float64]:
    """Log odds, kept finite."""
    clipped = np.clip(p, _EDGE, 1 - _EDGE)
    return np.asarray(np.log(clipped / (1 - clipped)))


@dataclass(frozen=True, slots=True)
class Calibration:
    """One group's map from score to probability and its threshold.

    Attributes:
        scores: knots, log odds of the reader's own probability, ascending.
        probabilities: the share of right values at each knot, ascending.
        threshold: least score (log odds, before the map) that enters unseen; None where nothing is proven.
        n: labelled fields it stands on.
        alpha: the error rate promised among accepted values, at confidence 95 %.
    """

    scores: tuple[float, ...]
    probabilities: tuple[float, ...]
    threshold: float | None
    n: int
    alpha: float

    def probability(self, own: float) -> float:
        """The calibrated probability for a reader's own probability 0..1."""
        return float(np.interp(float(logit(own)), self.scores, self.probabilities))

    def accepts(self, own: float) -> bool:
        """Whether a value with this probability of the reader's own may enter unseen."""
        return self.threshold is not None and float(logit(own)) >= self.threshold


@lru_cache(maxsize=2)
def calibrations(path: Path = MODELS / "calibration.json") -> Mapping[str, Calibration]:
    """The shipped calibration of every group; a group that is not there is never accepted unseen."""
    if not path.is_file():
        return {}
    table = json.loads(path.read_text(encoding="utf-8"))
    return {
        name: Calibration(
            tuple(row["scores"]), tuple(row["probabilities"]), row["threshold"], row["n"], row["alpha"]
        )
        for name, row in table["groups"].items()
    }
