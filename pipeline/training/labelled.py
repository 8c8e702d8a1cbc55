"""Labelled readings: sheets are filled in by known hands, scanned, and read as any page is.

`python -m pipeline.training.labelled --data ../shared/data --split calibration --sheets 400 --out ROWS.jsonl`
writes one line a field: its calibration group, the reader's own confidence, whether the value was right. Each sheet
is written by one writer, since a writer's habits repeat within a field. Each side is read twice: by both readers, and
by the first alone, as where the second is not installed.
"""

import argparse
import json
import logging
import math
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.forms.catalogue import Catalogue, Form, load_form
from pipeline.forms.identity import serial_of
from pipeline.forms.layout import FieldType, Kind
from pipeline.recognition.confidence import group_of, way_of
from pipeline.recognition.recognise import Readers, recognise_by
from pipeline.recognition.second import second_reader
from pipeline.recognition.types import Reading
from pipeline.registration.register import register
from pipeline.registration.types import Refusal, Registration
from pipeline.training.fill import Correction, Truth, Writer, blank_sheets, fill_page
from pipeline.training.hands import Hand, Split, load_unipen, split_of
from pipeline.training.others import load_others
from pipeline.training.people import RARE, Values, fill_in
from pipeline.training.scanner import Scanner, photographed
from pipeline.validation.judge import EMPTY, judge

log = logging.getLogger(__name__)

Row = dict[str, object]

CALIBRATION_FORM = Path(__file__).parent / "kalibrasi.v1.yaml"
DIGITS = "0123456789"
_PHOTO_QUALITY = 85
_OTHER_DATE: Final = 0.03
"""Rows whose birth date is not the one in their NIK, as `recognition.joint` has it."""
_UNPROVEN = "low_confidence"


def writers_of(data: Path, split: Split) -> tuple[Hand, ...]:
    """The split's writers who wrote every digit."""
    writers = load_unipen(data)
    hands = (hand for writer, hand in writers.items() if split_of(writer) == split)
    return tuple(hand for hand in hands if all(hand.has(digit) for digit in DIGITS))


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One side of a filled sheet as it was scanned.

    Attributes:
        sheet: its number.
        writer: who wrote it.
        image: uint8 (H, W), grey.
        truths: what was written, in the order of the page's fields.
    """

    sheet: int
    writer: str
    image: NDArray[np.uint8]
    registration: Registration
    truths: tuple[Truth, ...]

    def kin(self) -> NDArray[np.int64]:
        """Which comb cells (N,) are copies of one sample: a hand has few of each character, and a page wants many."""
        fields = zip(self.registration.page.fields, self.truths, strict=True)
        combs = [
            truth.samples or (0,) * len(field.cells) for field, truth in fields if field.kind is Kind.COMB
        ]
        return np.array([sample for comb in combs for sample in comb], np.int64)


def sheets(
    form: Form,
    hands: tuple[Hand, ...],
    numbers: range,
    seed: int,
    capture: str = "scan",
    slips: float = 0.0,
    corrections: tuple[Correction, ...] = ("cell",),
    page: int | None = None,
    helpers: tuple[Hand, ...] = (),
) -> Iterator[Side]:
    """Fills in and scans sheets of one form; sheet `number` is the same whatever the range.

    Args:
        form: any form.
        hands: each sheet is written by one of them; the others and `helpers` lend the characters that it lacks.
        numbers: which sheets.
        seed: with a sheet's number, the source of all chance in it.
        capture: `scan`, or `photo` for a phone's photo of the sheet.
        slips: chance that a filled comb is corrected.
        corrections: the ways in which it may be.
        page: only this side of each sheet; None: all.
        helpers: hands that write no sheet of their own.
    """
    around = hands + helpers
    catalogue = Catalogue([form])
    blanks = blank_sheets(form, [serial_of(form.definition.code, "2005", 26, 1)])[0]
    for number in numbers:
        rng = np.random.default_rng([seed, number])
        first = int(rng.integers(len(hands)))
        lenders = [around[i] for i in rng.permutation(len(around))]
        writer = Writer.sample([hands[first], *lenders], rng, slips=slips, corrections=corrections)
        values = _dense(form, rng)
        scanner = Scanner.sample(rng).fit_for(writer.style.darkness)
        for blank, layout in zip(blanks, form.layout.pages, strict=True):
            if page not in (None, layout.page):
                continue
            filled, truths = fill_page(blank, layout, values, writer, rng)
            image = scanner.scan(filled, rng) if capture == "scan" else _photo(filled, rng)
            registration = register(image, catalogue)
            if isinstance(registration, Refusal):
                log.warning(
                    "sheet %d page %d: %s %s", number, layout.page, registration.reason, registration.detail
                )
                continue
            yield Side(number, hands[first].id, image, registration, tuple(truths))


def rows(side: Side, form: Form, capture: str) -> Iterator[Row]:
    """Reads a side as any page is read: one row a field and way, with every reason but an unproven threshold."""
    second = second_reader()
    if second is None:
        raise SystemExit("The second reader is not installed. Install it with: make setup")
    by = {"first": Readers(None), "both": Readers(second)}
    found = recognise_by(side.image, side.registration, form, list(by.values()), side.kin())
    for who, readings in zip(by, found, strict=True):
        yield from _rows(side, form, readings, way_of(who, capture))


def _rows(side: Side, form: Form, readings: Sequence[Reading], way: str) -> Iterator[Row]:
    for judged, truth in zip(judge(form.definition, readings, {}), side.truths, strict=True):
        reading = judged.reading
        yield {
            "way": way,
            "sheet": side.sheet,
            "writer": side.writer,
            "field": reading.field,
            "type": truth.type.value,
            "group": group_of(truth.type, reading.value in EMPTY),
            "score": 1 / (1 + math.exp(-judged.score)),
            "doubt": round(reading.doubt, 4),
            "right": reading.value == truth.value,
            "reasons": [reason for reason in judged.reasons if reason != _UNPROVEN],
            "value": reading.value,
            "truth": truth.value,
        }


def _photo(page: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.uint8]:
    """A phone's JPEG of the page, in grey as the reader gets it."""
    packed = cv2.imencode(".jpg", photographed(page, rng), [cv2.IMWRITE_JPEG_QUALITY, _PHOTO_QUALITY])[1]
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), np.uint8)


def _dense(form: Form, rng: np.random.Generator) -> Values:
    """Values for a sheet whose table rows are each about somebody else; one row in ten stays empty."""
    values = dict(fill_in(form, rng, rare=RARE))
    for table in form.definition.tables():
        for row in range(1, table.rows + 1):
            drawn = dict(fill_in(form, rng, rare=RARE)) if rng.random() > 0.1 else {}
            if rng.random() < _OTHER_DATE:
                drawn |= {
                    key: _other_date(value, rng) for key, value in drawn.items() if _is_date(form, key[0])
                }
            for column in table.columns:
                values[f"{table.name}.{column.name}", row] = drawn.get((f"{table.name}.{column.name}", 1))
    return values


def _is_date(form: Form, name: str) -> bool:
    return form.definition.field(name).type is FieldType.DATE


def _other_date(value: str | None, rng: np.random.Generator) -> str | None:
    """A date that differs from this one by little, as one told from memory does from the one in a NIK."""
    if value is None:
        return None
    days = int(rng.choice([1, 2, 10, 30, 365])) * int(rng.choice([-1, 1]))
    return (date.fromisoformat(value) + timedelta(days)).isoformat()


def _work(
    form: Form,
    data: Path,
    split: Split,
    numbers: range,
    seed: int,
    capture: str,
    page: int | None,
    others: Path | None,
) -> list[Row]:
    hands, helpers = writers_of(data, split), tuple[Hand, ...]()
    if others is not None:
        hands, helpers = load_others(others), hands
    found = sheets(form, hands, numbers, seed, capture, page=page, helpers=helpers)
    return [row for side in found for row in rows(side, form, capture)]


def main() -> None:
    """Command line; see the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--split", choices=["calibration", "test"], default="calibration")
    parser.add_argument("--form", type=Path, default=CALIBRATION_FORM, help="a definition's YAML file")
    parser.add_argument("--sheets", type=int, default=400)
    parser.add_argument("--page", type=int, help="only this side of each sheet")
    parser.add_argument("--capture", choices=["scan", "photo"], default="scan")
    parser.add_argument("--seed", type=int, default=20261124)
    parser.add_argument(
        "--others",
        type=Path,
        help="a file of `pipeline.training.others`, whose hands write instead of the split's",
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    form = load_form(arguments.form)
    parts = [range(i, min(i + 10, arguments.sheets)) for i in range(0, arguments.sheets, 10)]
    started = time.monotonic()
    with ProcessPoolExecutor(arguments.jobs) as pool, arguments.out.open("w", encoding="utf-8") as out:
        work = [
            pool.submit(
                _work,
                form,
                arguments.data,
                arguments.split,
                part,
                arguments.seed,
                arguments.capture,
                arguments.page,
                arguments.others,
            )
            for part in parts
        ]
        for done, part in enumerate(work, 1):
            out.writelines(json.dumps(row) + "\n" for row in part.result())
            log.info("%d of %d parts (%.0f s)", done, len(parts), time.monotonic() - started)


if __name__ == "__main__":
    main()
