"""What becomes of corrections on paper: `python -m pipeline.training.corrections --data ../shared/data`.

Sheets are filled in by held-out hands that correct every other comb in one of four ways (`fill.CORRECTIONS`), scanned,
and read and judged as any page is. Nobody can tell for certain what such an entry means, so none may enter unseen with
another value than the writer meant.
"""

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from pipeline.forms.catalogue import Catalogue, Form, default_directories
from pipeline.forms.layout import Kind
from pipeline.recognition.confidence import shipped, way_of
from pipeline.recognition.recognise import recognise
from pipeline.recognition.second import readers
from pipeline.training.fill import CORRECTIONS, Correction
from pipeline.training.hands import Hand
from pipeline.training.labelled import sheets, writers_of
from pipeline.validation.judge import JudgedReading, judge

_SLIPS = 0.5
_SEED = 20261128

Outcome = tuple[Correction | None, str]
"""How a filled comb was corrected, and what became of it: `asked`, `right` or `wrong` (accepted unseen)."""


def outcomes(form: Form, hands: tuple[Hand, ...], count: int, seed: int = _SEED) -> Iterator[Outcome]:
    """What becomes of each filled comb of `count` sheets."""
    calibration = shipped(way_of(readers(), "scan"))
    for side in sheets(form, hands, range(count), seed, slips=_SLIPS, corrections=CORRECTIONS):
        readings = recognise(side.image, side.registration, form)
        for judged, truth in zip(judge(form.definition, readings, calibration), side.truths, strict=True):
            if truth.kind is Kind.COMB and truth.value is not None:
                yield truth.correction, outcome(judged, truth.value)


def outcome(judged: JudgedReading, value: str | None) -> str:
    """What became of a field that means `value`: `asked`, or accepted unseen and `right` or `wrong`."""
    right = judged.reading.value == value
    return ("right" if right else "wrong") if judged.status == "accepted" else "asked"


def tabled(head: str, ways: Iterable[str | None], found: Mapping[Any, int]) -> Table:
    """A row a way, with how many combs had each outcome; `found` counts them by both."""
    table = Table(head, "fields", "a person is asked", "accepted, right", "accepted, wrong")
    for way in ways:
        counts = [found[way, what] for what in ("asked", "right", "wrong")]
        table.add_row(way or "none", str(sum(counts)), *map(str, counts))
    return table


def main() -> None:
    """Command line; see the module."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sheets", type=int, default=60)
    parser.add_argument("--form", default="pendataan", help="name or code of the form")
    parser.add_argument("--home", type=Path, default=Path("output"), help="where more definitions may be")
    arguments = parser.parse_args()
    form = Catalogue.load(default_directories(arguments.home)).get(arguments.form)
    hands = writers_of(arguments.data, "test")
    found = Counter(outcomes(form, hands, arguments.sheets))
    Console().print(tabled("correction", (*CORRECTIONS, None), found))


if __name__ == "__main__":
    main()
