"""A deck filled by real pens: `python -m pipeline.training.deck --data DATA --split test --out DIR`.

Each sheet is written by one held-out UNIPEN writer; for a character that the writer lacks another one of the
same split helps out. The pages are scanned as by an office scanner. DIR gets `deck.pdf` and `truth.jsonl`. With
`--paper` all digits are cut from real paper instead: those of MNIST that training never saw, each by whoever wrote it.
With `--others` the sheets are written by the hands of such a file, who ask those of the split for what they lack.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from pipeline.forms.catalogue import Catalogue, Form, default_directories
from pipeline.forms.identity import serial_of
from pipeline.training.batch_file import as_jpeg, write_lines, write_pdf
from pipeline.training.fill import Writer, blank_sheets, fill_page, lines_of
from pipeline.training.hands import Hand, PenHand, Split, load_mnist, load_unipen, split_of
from pipeline.training.others import load_others
from pipeline.training.people import RARE, fill_in
from pipeline.training.scanner import Scanner

PDF: Final = "deck.pdf"
TRUTH: Final = "truth.jsonl"
_LEAST_GLYPHS: Final = 20
"""A hand with fewer glyphs would fill a sheet with copies of the same few."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a deck is made of; the same plan gives the same deck."""

    split: Split = "test"
    sheets: int = 60
    seed: int = 20261125
    village: str = "2005"
    first_number: int = 50001
    slips: float = 0.002


def hands_of(data: Path, split: Split) -> tuple[PenHand, ...]:
    """All hands of a split, those with most characters first."""
    writers = load_unipen(data)
    hands = [hand for writer, hand in writers.items() if split_of(writer) == split]
    return tuple(sorted(hands, key=lambda hand: (-len(hand.characters), hand.id)))


def writers_of(hands: Sequence[PenHand]) -> tuple[PenHand, ...]:
    """Those of the hands that hold every digit and enough glyphs to fill a sheet."""
    return tuple(
        hand
        for hand in hands
        if all(map(hand.has, "0123456789")) and sum(map(len, hand.glyphs.values())) >= _LEAST_GLYPHS
    )


def write_deck(
    form: Form,
    writers: Sequence[PenHand],
    helpers: Sequence[PenHand],
    plan: Plan,
    out: Path,
    paper: Sequence[Hand] = (),
) -> None:
    """Fills, scans and writes a deck of one form; what the hands of `paper` can write is theirs."""
    year = 2026
    serials = [
        serial_of(form.definition.code, plan.village, year, plan.first_number + i) for i in range(plan.sheets)
    ]
    pages, truth = [], []
    for i, serial in enumerate(serials):
        rng = np.random.default_rng([plan.seed, i])
        # Writers take turns, so that a few large hands do not make the deck's accuracy.
        own = writers[i % len(writers)]
        rest = [helpers[int(j)] for j in rng.permutation(len(helpers))]
        writer = Writer.sample([*paper, own, *rest], rng, slips=plan.slips)
        values = fill_in(form, rng, plan.village, RARE)
        for blank, layout in zip(blank_sheets(form, [serial])[0], form.layout.pages, strict=True):
            page, truths = fill_page(blank, layout, values, writer, rng)
            scanner = Scanner.sample(rng).fit_for(writer.style.darkness)
            image = scanner.scan(page, rng)
            pages.append((as_jpeg(image, scanner.quality), (image.shape[0], image.shape[1])))
            for line in lines_of(form, serial, layout.page, truths):
                truth.append({"source": PDF, "image": len(pages), "writer": own.id, **line})
    out.mkdir(parents=True, exist_ok=True)
    write_pdf(out / PDF, pages, f"{form.definition.form}, {plan.sheets} sheets, {plan.split} writers")
    write_lines(out / TRUTH, truth)


def main() -> None:
    """Command line; see the module."""
    usual = Plan()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the data folder with handwriting/")
    parser.add_argument("--split", choices=("train", "calibration", "test"), default=usual.split)
    parser.add_argument("--forms", type=int, default=usual.sheets, help="number of sheets")
    parser.add_argument("--form", default="pendataan", help="name or code of the form")
    parser.add_argument("--home", type=Path, default=Path("output"), help="where more definitions may be")
    parser.add_argument("--seed", type=int, default=usual.seed)
    parser.add_argument("--paper", action="store_true", help="digits from real paper")
    parser.add_argument("--others", type=Path, help="a file of `pipeline.training.others`")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    form = Catalogue.load(default_directories(arguments.home)).get(arguments.form)
    plan = Plan(split=arguments.split, sheets=arguments.forms, seed=arguments.seed)
    hands = hands_of(arguments.data, plan.split)
    paper = [load_mnist(arguments.data, plan.split)] if arguments.paper else []
    writers = writers_of(load_others(arguments.others) if arguments.others else hands)
    write_deck(form, writers, hands, plan, arguments.out, paper)


if __name__ == "__main__":
    main()
