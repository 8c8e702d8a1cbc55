"""Fits the shipped confidences and thresholds: `python -m pipeline.training.calibrate --way both/scan ROWS.jsonl …`.

ROWS are made by `pipeline.training.labelled`; the method is `pipeline.recognition.promise`. Photos are fitted after
scans, and none is taken for surer than a scan would be: there are fewer of them, and they are not easier.
"""

import argparse
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from pipeline.recognition.confidence import load_tables, save_tables, score_of, way_of
from pipeline.recognition.promise import Labelled, calibrate
from pipeline.recognition.reader import MODELS

WAYS = ("both/scan", "both/photo", "first/scan", "first/photo")


def load(paths: Iterable[Path], way: str) -> Iterator[Labelled]:
    """The labelled readings of files that came one way; see `labelled`."""
    return labelled((json.loads(line) for path in paths for line in path.open(encoding="utf-8")), way)


def labelled(rows: Iterable[dict[str, object]], way: str) -> Iterator[Labelled]:
    """The readings that may enter unseen at all: those with a reason go to a person and are left out."""
    for row in rows:
        if row["way"] == way and not row["reasons"]:
            score, hand = score_of(float(str(row["score"]))), str(row.get("writer", ""))
            yield Labelled(str(row["group"]), score, bool(row["right"]), hand)


def main() -> None:
    """Command line; see the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=Path, nargs="+")
    parser.add_argument(
        "--way", choices=WAYS, required=True, help="which readers read them, and how they were taken"
    )
    parser.add_argument(
        "--group", action="append", help="only this group (more than once: these); others stay"
    )
    parser.add_argument("--out", type=Path, default=MODELS / "calibration.json")
    arguments = parser.parse_args()
    rows = load(arguments.rows, arguments.way)
    tables = load_tables(arguments.out)
    chosen = (row for row in rows if not arguments.group or row.group in arguments.group)
    readers, _, capture = arguments.way.partition("/")
    scans = way_of(readers, "scan")
    if capture == "photo" and scans not in tables:
        parser.error(f"fit {scans} first: no photo is taken for surer than a scan")
    above = tables[scans] if capture == "photo" else None
    fitted = calibrate(chosen, above)
    kept = tables.get(arguments.way, {}) if arguments.group else {}
    save_tables(arguments.out, {**tables, arguments.way: {**kept, **fitted}})


if __name__ == "__main__":
    main()
