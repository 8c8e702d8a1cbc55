"""From what a reader scores to a calibrated probability, and the proven thresholds above which values enter unseen.

The tables are made by `recognition.promise` on writers that the reader never saw. There is one for each way that a
page may come (which readers were at work, scan or photo); what has no table is never accepted unseen.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import StoreError
from pipeline.forms.fields import ALPHA, CONFIDENCE
from pipeline.forms.layout import FieldType
from pipeline.language import Text
from pipeline.outputs import whole
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

SHIPPED: Final = MODELS / "calibration.json"
_EDITION: Final = "edition"
_EDGE: Final = 1e-7
_DAMAGED: Final = Text(
    "Berkas kalibrasi {path} rusak. Pindahkan, lalu buat lagi dari keputusan kantor ini: sotarsa calibrate",
    "The calibration file {path} is damaged. Move it away, then make it anew from this office's own decisions: "
    "sotarsa calibrate",
)


def group_of(field_type: FieldType, empty: bool) -> str:
    """The calibration group of a reading; empty fields of any type form one of their own."""
    return "empty" if empty else GROUPS[field_type]


def logit(p: float | NDArray[np.float64]) -> NDArray[np.float64]:
    """Log odds, kept finite."""
    clipped = np.clip(p, _EDGE, 1 - _EDGE)
    return np.asarray(np.log(clipped / (1 - clipped)))


def score_of(own: float) -> float:
    """The score that a reader's own probability 0..1 counts as wherever it is labelled, proven or judged."""
    return round(float(logit(own)), 4)


def lowered(probability: float, by: float) -> float:
    """A probability with its log odds lowered."""
    return probability / (probability + (1 - probability) * math.exp(by))


@dataclass(frozen=True, slots=True)
class Proof:
    """What proves a promise: `errors` of the `accepted` labelled readings at or above `score` were wrong."""

    score: float
    accepted: int
    errors: int


Promise = tuple[float, float]
"""Error rate among values accepted unseen, and how sure that is."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """One group's map from score to probability and its thresholds.

    Attributes:
        scores: knots, log odds of the reader's own probability, ascending.
        probabilities: the share of right values at each knot, ascending.
        proofs: for each promise that is proven, the least score that enters unseen.
        n: labelled fields it stands on.
        made_with: for an office's own, the refutation of the group's promise, by its time, that it was made with and
            has answered by proving all that the forms ask; "" for none.
    """

    scores: tuple[float, ...]
    probabilities: tuple[float, ...]
    proofs: Mapping[Promise, Proof]
    n: int
    made_with: str = ""

    def probability(self, own: float) -> float:
        """The calibrated probability for a reader's own probability 0..1."""
        return float(np.interp(float(logit(own)), self.scores, self.probabilities))

    def accepts(self, own: float, alpha: float = ALPHA, confidence: float = CONFIDENCE) -> bool:
        """Whether a value with this probability of the reader's own may enter unseen under a promise."""
        proof = self.proofs.get((alpha, confidence))
        return proof is not None and score_of(own) >= proof.score


Groups = Mapping[str, Calibration]
Tables = Mapping[str, Groups]
"""For each way a page may come, see `way_of`, the calibration of each group."""


def way_of(readers: str, capture: str) -> str:
    """The name of a way: `both` or `first` readers; `scan`, `photo` or, on a blank of others, `given`."""
    return f"{readers}/{capture}"


@lru_cache(maxsize=1)
def edition() -> str:
    """Which readers' probabilities are meant: a digest of the shipped tables, made anew whenever reading changes."""
    return hashlib.sha256(SHIPPED.read_bytes()).hexdigest()[:8] if SHIPPED.is_file() else ""


def own_tables(path: Path) -> Tables:
    """The tables that an office made for this edition of the readers; of those for another what they withdrew.

    Raises:
        StoreError: the file is damaged.
    """
    try:
        made_for, held = _read(path)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(_DAMAGED.filled(path=path)) from error
    return held if made_for == edition() else _withdrawn(held)


def _withdrawn(held: Tables) -> Tables:
    """The shipped groups of which an office's decisions bore out less than was promised, with no more than that."""
    found: dict[str, dict[str, Calibration]] = {}
    for way, groups in held.items():
        for name, own in groups.items():
            ours = shipped(way).get(name)
            if ours is not None and not ours.proofs.keys() <= own.proofs.keys():
                kept = {promise: proof for promise, proof in ours.proofs.items() if promise in own.proofs}
                found.setdefault(way, {})[name] = replace(ours, proofs=kept)
    return found


@lru_cache(maxsize=8)
def load_tables(path: Path = SHIPPED) -> Tables:
    """The calibration tables of a file that stays as it is, read once."""
    return read_tables(path)


def read_tables(path: Path) -> Tables:
    """The calibration tables of a file as it is now; none where it is not there."""
    return _read(path)[1]


def _read(path: Path) -> tuple[str | None, Tables]:
    """For which edition of the readers a file was made, None where it does not say, and its tables."""
    if not path.is_file():
        return None, {}
    held: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    made_for = held.pop(_EDITION, None)
    return made_for, {
        way: {name: _from_json(row) for name, row in groups.items()} for way, groups in held.items()
    }


@lru_cache(maxsize=8)
def shipped(way: str) -> Groups:
    """The shipped calibration of a way; on forms that others printed its probabilities alone, no promise.

    Their cells are of any size and make, so what was proven on our own paper is not proven there.
    """
    tables = load_tables()
    readers, _, capture = way.partition("/")
    if capture != "given":
        return tables.get(way, {})
    borrowed = tables.get(way_of(readers, "scan"), {})
    return {group: replace(calibration, proofs={}) for group, calibration in borrowed.items()}


def save_tables(path: Path, tables: Tables, own: bool = False) -> None:
    """Writes calibration tables, whole or not at all; an office's `own` say which edition they are for.

    Raises:
        UsageError: they cannot be written there.
    """
    held: dict[str, object] = {_EDITION: edition()} if own else {}
    held |= {
        way: {name: _to_json(calibration) for name, calibration in groups.items()}
        for way, groups in sorted(tables.items())
    }
    with whole(path) as part:
        part.write_text(json.dumps(held, indent=1) + "\n", encoding="utf-8")


def _to_json(calibration: Calibration) -> dict[str, Any]:
    return {
        "n": calibration.n,
        **({"made_with": calibration.made_with} if calibration.made_with else {}),
        "proofs": {f"{alpha:g}/{sure:g}": asdict(p) for (alpha, sure), p in calibration.proofs.items()},
        "scores": calibration.scores,
        "probabilities": calibration.probabilities,
    }


def _from_json(row: Mapping[str, Any]) -> Calibration:
    proofs = {}
    for name, held in row["proofs"].items():
        alpha, sure = name.split("/")
        proofs[float(alpha), float(sure)] = Proof(**held)
    knots = tuple(row["scores"]), tuple(row["probabilities"])
    return Calibration(*knots, proofs, int(row["n"]), str(row.get("made_with", "")))
