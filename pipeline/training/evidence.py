"""What each source of evidence adds: `python -m pipeline.training.evidence --data ../shared/data --sheets 200`.

Sheets are filled in by test writers, one hand a sheet, scanned, and read five times: by the first reader's
characters alone, with the second reader, with what the page tells of its hand, with the rules of the field's own type
and where numbers were issued, and with the fields that speak of each other decoded jointly. Told is the share of
filled fields whose value is right.
"""

import argparse
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from rich.console import Console
from rich.table import Table

from pipeline.forms.catalogue import Catalogue, load_form
from pipeline.forms.layout import FieldType
from pipeline.forms.types import TYPES
from pipeline.recognition.choices import choice_guesses
from pipeline.recognition.combs import comb_cells, comb_guesses, decode_together
from pipeline.recognition.doubt import Guess, Key
from pipeline.recognition.reader import cell_reader
from pipeline.recognition.second import second_reader
from pipeline.training.labelled import CALIBRATION_FORM, Side, sheets, writers_of
from pipeline.training.score import interval

STAGES: Final = (
    "characters alone",
    "+ second reader",
    "+ the page's hand",
    "+ own rules",
    "+ joint decoding",
)
_SEED: Final = 20261126

Right = tuple[FieldType, tuple[bool, ...]]


def stages(side: Side, forms: Catalogue) -> Iterator[Right]:
    """For each filled comb of a page whether its value is right after each of `STAGES`."""
    page, plane, image = side.registration.page, side.registration.plane, side.image
    identity = side.registration.identity
    form = forms.by_code(identity.code, identity.version)
    if form is None:
        return
    cells = comb_cells(image, plane, page, cell_reader())
    kin = side.kin()
    # Where all characters are copies of one, none tells of another's hand.
    nobody = np.zeros_like(kin)
    alone = comb_guesses(cells, page, form.definition, None, kin=nobody)
    both = comb_guesses(cells, page, form.definition, second_reader(), kin=nobody)
    hand = comb_guesses(cells, page, form.definition, second_reader(), kin=kin)
    joint = hand | choice_guesses(image, plane, page, form.definition)
    decode_together(joint, form.definition, page)
    for field, truth in zip(page.fields, side.truths, strict=True):
        key = (field.name, field.row)
        if key in alone and truth.value is not None:
            values = (
                _ink(alone, key, field.type),
                _ink(both, key, field.type),
                _ink(hand, key, field.type),
                _best(hand, key),
                _best(joint, key),
            )
            yield field.type, tuple(value == truth.value for value in values)


def _ink(guesses: dict[Key, Guess], key: Key, field_type: FieldType) -> str | None:
    ink = guesses[key].ink
    return TYPES[field_type].normalise(ink.raw.replace("#", "")) if ink else None


def _best(guesses: dict[Key, Guess], key: Key) -> str | None:
    return guesses[key].found[0].value


def main() -> None:
    """Command line; see the module."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sheets", type=int, default=200)
    parser.add_argument("--form", type=Path, default=CALIBRATION_FORM, help="a definition's YAML file")
    arguments = parser.parse_args()
    form = load_form(arguments.form)
    forms = Catalogue([form])
    hands = writers_of(arguments.data, "test")
    right: dict[FieldType, list[Counter[str]]] = {}
    totals: Counter[FieldType] = Counter()
    for side in sheets(form, hands, range(arguments.sheets), _SEED):
        for field_type, found in stages(side, forms):
            totals[field_type] += 1
            for stage, good in zip(STAGES, found, strict=True):
                right.setdefault(field_type, []).append(Counter({stage: int(good)}))
    table = Table("field", "filled", *STAGES)
    for field_type, n in totals.most_common():
        counts = sum(right[field_type], Counter[str]())
        cells = []
        for stage in STAGES:
            low, high = interval(counts[stage], n)
            cells.append(f"{counts[stage] / n:.1%} ({low:.1%}-{high:.1%})")
        table.add_row(field_type.value, f"{n:,}", *cells)
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
