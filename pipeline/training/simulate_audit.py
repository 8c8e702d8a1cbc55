"""How soon does the blind audit find out? `python -m pipeline.training.simulate_audit ROWS.jsonl` lets it bet.

Labelled readings (`pipeline.training.labelled`) that enter unseen stand for an office's values. As many of them are
made wrong as the promise allows, or a multiple, and the wrong ones lie where the readings' own wrong ones lie, or
anywhere (a fault that no confidence foretells). Beside it stand an audit that draws evenly and a test that looks once.
"""

import argparse
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from scipy.stats import binom

from pipeline.forms.fields import ALPHA, CONFIDENCE
from pipeline.recognition.confidence import Groups, load_tables
from pipeline.recognition.promise import Labelled
from pipeline.review.bet import ALL_SHARE, LEVEL, Looks, evidence
from pipeline.review.chances import SHARE, chance
from pipeline.training.calibrate import WAYS, load

_ALPHAS: Final = {"digits": 0.002, "letters": 0.002}
"""What the house's forms promise for most fields of these groups; the others stand at `ALPHA`."""
_COUNTS: Final = (1_000, 2_000, 4_000, 8_000)
_ONE_LOOK: Final = 5
"""Wrong values of 2,000 at which a test that looks only once refutes; near 5 % false alarms."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Entered:
    """Values that entered unseen, each (n,): what was promised, how likely it is audited, whether it is wrong."""

    alphas: Floats
    chances: Floats
    wrong: NDArray[np.bool_]

    def evenly(self) -> "Entered":
        """The same values, each as likely audited."""
        return Entered(self.alphas, np.full(len(self.chances), self.chances.mean()), self.wrong)


def entered(rows: Iterable[Labelled], groups: Groups) -> Entered:
    """The labelled readings that enter unseen."""
    kept = []
    for row in rows:
        alpha, calibration = _ALPHAS.get(row.group, ALPHA), groups.get(row.group)
        proof = calibration.proofs.get((alpha, CONFIDENCE)) if calibration else None
        if calibration and proof and row.score >= proof.score:
            sure = float(np.interp(row.score, calibration.scores, calibration.probabilities))
            kept.append((alpha, chance(SHARE, sure, alpha), not row.right))
    alphas, chances, wrong = np.array(kept).T
    return Entered(alphas, chances, wrong.astype(bool))


def refuted(values: Entered, times: float, anywhere: bool, rng: np.random.Generator) -> float:
    """Audited values when the promise was refuted; infinite where it was not within the last of `_COUNTS`."""
    rate = times * values.alphas.mean()
    bad = np.arange(len(values.wrong)) if anywhere else np.flatnonzero(values.wrong)
    good = np.flatnonzero(~values.wrong)
    rows = np.concatenate([bad, good])
    # How often each value comes, as a wrong or as a right one; of these the audit sees each by its chance.
    often = np.repeat([rate / len(bad), (1 - rate) / len(good)], [len(bad), len(good)])
    seen = often * values.chances[rows]
    picked = rng.choice(len(rows), _COUNTS[-1], p=seen / seen.sum())
    alphas, chances, wrong = values.alphas[rows[picked]], values.chances[rows[picked]], picked < len(bad)
    share = np.full(len(picked), SHARE)
    for end in np.flatnonzero(wrong) + 1:
        looks = Looks(alphas[:end], share[:end], chances[:end], wrong[:end])
        if evidence(looks) >= -np.log(LEVEL * ALL_SHARE):
            return float(end)
    return float("inf")


def main() -> None:
    """Command line; see the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=Path, nargs="+")
    parser.add_argument("--way", choices=WAYS, default=WAYS[0])
    parser.add_argument("--runs", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=20261129)
    arguments = parser.parse_args()
    values = entered(load(arguments.rows, arguments.way), load_tables()[arguments.way])
    rng = np.random.default_rng(arguments.seed)
    risky = np.argsort(-values.chances)[: len(values.chances) // 10]
    console = Console(width=130)
    console.print(
        f"{len(values.wrong):,} values entered, {values.wrong.sum()} wrong, {values.wrong[risky].sum()} of them"
        f" among the riskiest tenth; {values.chances.mean():.2%} are audited."
    )
    heads = [f"refuted within {n:,}" for n in _COUNTS]
    table = Table("true error rate", "wrong ones lie", "drawn", *heads, title=f"{arguments.runs} audits")
    for times in (1, 3, 10):
        for place in ("as found", "anywhere"):
            for way, drawn in (("by risk", values), ("evenly", values.evenly())):
                ends = [refuted(drawn, times, place == "anywhere", rng) for _ in range(arguments.runs)]
                shares = [f"{np.mean(np.array(ends) <= n):.1%}" for n in _COUNTS]
                table.add_row(f"{times} x what is promised", place, way, *shares)
        once = float(binom.sf(_ONE_LOOK - 1, 2_000, times * ALPHA))
        table.add_row("", "", f"one look at 2,000, {_ONE_LOOK} wrong", "", f"{once:.1%}", "", "")
    console.print(table)


if __name__ == "__main__":
    main()
