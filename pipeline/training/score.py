"""Holds readings against the truth: `python -m pipeline.training.score TRUTH READINGS [--json]`.

Intervals are exact (Clopper and Pearson 1934), 95 %. A field whose page was set aside has no reading:
it counts as waiting for a person, which is where it ends.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Column, Table
from scipy.stats import binomtest

from pipeline.language import Text
from pipeline.training.batch_file import read_lines

Line = Mapping[str, object]

GROUPS: Final[Mapping[str, str]] = {
    "choice": "marks",
    "nik": "NIK",
    "kk": "KK",
    "date": "dates",
    "phone": "phones",
    "village": "other digits",
    "code": "other digits",
    "count": "other digits",
    "money": "other digits",
    "number": "other digits",
    "name": "names and places",
    "place": "names and places",
    "text": "other words",
    "signature": "signatures",
    "line": "free lines",
}
"""Field type to the kind that is reported."""

_EMPTY: Final = (None, "", "absent")


@dataclass(frozen=True, slots=True)
class Score:
    """One kind of field.

    Attributes:
        fields: all, filled or not.
        filled: those that a writer filled in.
        accepted: readings accepted unseen.
        filled_accepted: of the filled ones, accepted unseen.
        right: accepted readings that are right.
        wrong: accepted readings that are wrong.
        review: fields that wait for a person, unread pages among them.
        wrong_low: lower end of the interval of the share of wrong among accepted.
        wrong_high: its upper end.
        characters: written in the cells of filled fields.
        characters_right: of them, read right at full coverage.
    """

    kind: str
    fields: int
    filled: int
    accepted: int
    filled_accepted: int
    right: int
    wrong: int
    review: int
    wrong_low: float
    wrong_high: float
    characters: int
    characters_right: int


def score(truth: Iterable[Line], readings: Iterable[Line]) -> tuple[Score, ...]:
    """Scores every kind that the truth holds, in the order of `GROUPS`, and all fields at the end."""
    read = {_key(line): line for line in readings}
    pairs: dict[str, list[tuple[Line, Line | None]]] = {}
    for line in truth:
        if "field" in line:
            pairs.setdefault(GROUPS[str(line["type"])], []).append((line, read.get(_key(line))))
    kinds = [kind for kind in dict.fromkeys(GROUPS.values()) if kind in pairs]
    scores = [_score(kind, pairs[kind]) for kind in kinds]
    return (*scores, _score("all", [pair for kind in kinds for pair in pairs[kind]]))


def wrong_readings(truth: Iterable[Line], readings: Iterable[Line]) -> list[tuple[Line, Line]]:
    """Accepted readings that are wrong, each beside its truth."""
    read = {_key(line): line for line in readings}
    pairs = [(line, read[_key(line)]) for line in truth if "field" in line and _key(line) in read]
    return [(line, got) for line, got in pairs if got["status"] == "accepted" and not _same(line, got)]


def interval(hits: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """The exact interval of a share after `hits` of `n`; (0, 1) when n is 0."""
    if n == 0:
        return 0.0, 1.0
    found = binomtest(hits, n).proportion_ci(confidence, method="exact")
    return float(found.low), float(found.high)


def _key(line: Line) -> tuple[object, ...]:
    return line["serial"], line["page"], line["field"], line["row"]


def _same(truth: Line, reading: Line) -> bool:
    if truth["value"] in _EMPTY and reading["value"] in _EMPTY:
        return True
    return truth["value"] == reading["value"]


def _score(kind: str, pairs: Sequence[tuple[Line, Line | None]]) -> Score:
    accepted = [(line, got) for line, got in pairs if got is not None and got["status"] == "accepted"]
    wrong = sum(not _same(line, got) for line, got in accepted)
    low, high = interval(wrong, len(accepted))
    written = [(str(line.get("raw") or ""), str(got["raw"]) if got else "") for line, got in pairs]
    cells = [(char, read[i : i + 1]) for raw, read in written for i, char in enumerate(raw) if char != " "]
    return Score(
        kind,
        len(pairs),
        sum(line["value"] not in _EMPTY for line, _ in pairs),
        len(accepted),
        sum(line["value"] not in _EMPTY for line, _ in accepted),
        len(accepted) - wrong,
        wrong,
        len(pairs) - len(accepted),
        low,
        high,
        len(cells),
        sum(char == read for char, read in cells),
    )


def table(scores: Sequence[Score]) -> Table:
    """The scores as a table for the terminal."""
    heads = (
        Text("isian", "fields"),
        Text("semua", "all"),
        Text("masuk", "enter"),
        Text("terisi", "filled"),
        Text("masuk", "enter"),
        Text("salah", "wrong"),
        Text("paling banyak", "at most"),
        Text("huruf benar", "letters"),
    )
    shown = Table(*(Column(str(head), justify="right" if i else "left") for i, head in enumerate(heads)))
    for one in scores:
        n = max(one.fields, 1)
        shown.add_row(
            one.kind,
            str(one.fields),
            f"{one.accepted / n:.1%}",
            str(one.filled),
            f"{one.filled_accepted / one.filled:.1%}" if one.filled else "–",
            str(one.wrong),
            f"{one.wrong_high:.2%}",
            f"{one.characters_right / one.characters:.2%}" if one.characters else "–",
        )
    return shown


def main() -> None:
    """Command line; see the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("truth", type=Path)
    parser.add_argument("readings", type=Path)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--wrong", action="store_true", help="list the accepted readings that are wrong")
    arguments = parser.parse_args()
    truth, readings = read_lines(arguments.truth), read_lines(arguments.readings)
    scores = score(truth, readings)
    if arguments.json:
        sys.stdout.write(json.dumps({"scores": [asdict(one) for one in scores]}) + "\n")
        return
    console = Console(width=120)
    console.print(table(scores))
    for line, got in wrong_readings(truth, readings) if arguments.wrong else ():
        console.print(
            f"{line['serial']} {line['field']} {line['row'] or ''}: {line['value']} read as {got['value']}"
        )


if __name__ == "__main__":
    main()
