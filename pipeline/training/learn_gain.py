"""What learning gives an office: `python -m pipeline.training.learn_gain --data ../shared/data`.

Offices of one to three officers are test writers that the shipped reader reads worst. Half of what each wrote is
confirmed cell by cell, on sheets of 100 cells drawn as for training (paper, pen and scan vary), and `sotarsa learn`'s
own refit is tried on it. Told is what review would show before and after, of new drawings of the *other* half of the
same hands and of all other test writers: the share of misread cells, and of fields of 12 cells that are read rightly,
the head's reading being shown where it is surer. A hand has few strokes a character in UNIPEN, so that many cells
bring less that is new than in an office.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from pipeline.recognition.alphabet import BLANK, CHARACTERS, allowed
from pipeline.recognition.cells import CellInk
from pipeline.recognition.confidence import logit
from pipeline.recognition.head import Head
from pipeline.recognition.lessons import Lessons
from pipeline.recognition.reader import cell_reader
from pipeline.recognition.refit import refit, wrong_by
from pipeline.training.cells import Sources, draw_cells
from pipeline.training.hands import PenHand, load_unipen, split_of
from pipeline.training.score import interval
from pipeline.validation.judge import SURER

CONFIRMED: Final = (500, 2_000, 8_000)
_SHEET: Final = 100
_JUDGED: Final = 1_000
"""Cells of each hand that the reader is judged on."""
_LEAST_GLYPHS: Final = 4
"""A character that a hand wrote less often is left out: both halves need some."""
_LEAST_CHARACTERS: Final = 10
_FIELD: Final = 12
_SEED: Final = 20261128
_FIELDS: Final = tuple(allowed(alphabet) for alphabet in ("0123456789", CHARACTERS[10:]))


def halves(hand: PenHand) -> tuple[PenHand, PenHand]:
    """A hand with every second of its strokes, and one with the others."""
    often = {char: own for char, own in hand.glyphs.items() if len(own) >= _LEAST_GLYPHS}
    return tuple(  # type: ignore[return-value]
        replace(hand, glyphs={char: own[first::2] for char, own in often.items()}) for first in (0, 1)
    )


def cells_of(hands: Sequence[PenHand], n: int, seed: int) -> Lessons:
    """Cells that these hands wrote and people confirmed, digits in number fields and the others in names."""
    rng = np.random.default_rng(seed)
    images, place, labels = draw_cells(rng, Sources.of(((tuple(hands), 1.0),)), round(n * 1.15))
    kept = np.flatnonzero(labels < BLANK)[:n]
    classes = np.stack(_FIELDS)[(labels[kept] >= 10).astype(int)]
    none = np.zeros(len(kept), np.float32)
    ink = CellInk(images[kept], place[kept], images[kept].max(axis=(1, 2)), none, none, none)
    seen = cell_reader().see(ink, classes)
    chances = seen.posteriors[:, :BLANK]
    found = Lessons(
        seen.hidden,
        chances / np.maximum(chances.sum(axis=1, keepdims=True), 1e-300),
        labels[kept],
        np.arange(len(kept)) // _SHEET,
        np.where(labels[kept] < 10, "digits", "letters"),
    )
    return found.part((ink.amount > 0) & (chances.sum(axis=1) > 0))


def main() -> None:
    """Command line; see the module."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--offices", type=int, default=6)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    writers = load_unipen(arguments.data)
    hands = [hand for writer, hand in writers.items() if split_of(writer) == "test"]
    pairs = {hand.id: halves(hand) for hand in hands}
    pairs = {name: pair for name, pair in pairs.items() if len(pair[0].glyphs) >= _LEAST_CHARACTERS}
    judged = {name: cells_of([pair[1]], _JUDGED, _SEED + i) for i, (name, pair) in enumerate(pairs.items())}
    first = {
        name: cells_of([pair[0]], _JUDGED, _SEED + 100 + i) for i, (name, pair) in enumerate(pairs.items())
    }
    # Picked by the half that is confirmed, so that the other half tells what comes of it.
    worst = sorted(first, key=lambda name: -wrong_by(first[name], None).mean())
    offices: list[list[str]] = []
    while len(offices) < arguments.offices and worst:
        size = len(offices) % 3 + 1
        offices.append(worst[:size])
        worst = worst[size:]
    heads = ("own hands: cells wrong", "fields right", "others: cells wrong", "fields right")
    table = Table("officers", "confirmed", "taken", *heads)
    for number, office in enumerate(offices):
        confirmed = cells_of([pairs[name][0] for name in office], max(CONFIRMED), _SEED + 1000 + number)
        own = [judged[name] for name in office]
        others = [cells for name, cells in judged.items() if name not in office]
        for k in CONFIRMED:
            taught = confirmed.part(np.arange(len(confirmed)) < k)
            found = refit(taught, "", None, date(2026, 11, 24))
            taken = "yes" if found.better else "no" if found.head else "too few"
            head = found.head if found.better else None
            told = [text for hands in (own, others) for text in _gain(hands, head)]
            table.add_row(f"{len(office)}", f"{k:,}", f"{taken}, p = {found.p:.4f}", *told)
    Console(width=180).print(table)


def _gain(hands: Sequence[Lessons], head: Head | None) -> tuple[str, str]:
    """Cells misread and fields read rightly, before and after, with intervals."""
    wrong = [np.concatenate([shown_wrong(cells, one) for cells in hands]) for one in (None, head)]
    fields = [
        np.concatenate([_fields_right(shown_wrong(cells, one)) for cells in hands]) for one in (None, head)
    ]
    return " → ".join(map(_share, wrong)), " → ".join(map(_share, fields))


def _share(hits: NDArray[np.bool_]) -> str:
    low, high = interval(int(hits.sum()), len(hits))
    return f"{hits.mean():.1%} ({low:.1%}-{high:.1%})"


def _fields_right(wrong: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.asarray(np.bincount(np.arange(len(wrong)) // _FIELD, wrong) == 0)


def shown_wrong(cells: Lessons, head: Head | None) -> NDArray[np.bool_]:
    """Which cells (N,) a reviewer is shown misread, each `_FIELD` of them being one field."""
    shipped = wrong_by(cells, None)
    if head is None:
        return shipped
    learnt = head.weigh(cells.chances, cells.hidden)
    field = np.arange(len(cells)) // _FIELD
    sure = [np.bincount(field, np.log(one.max(axis=1))) for one in (cells.chances, learnt)]
    surer = logit(np.exp(sure[1])) >= logit(np.exp(sure[0])) + SURER
    return np.where(surer[field], wrong_by(cells, head), shipped)


if __name__ == "__main__":
    main()
