"""From confirmed fields to labelled cells: which cell of a comb holds which character of its value."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from pipeline.forms.catalogue import Form
from pipeline.forms.layout import FieldLayout, Kind
from pipeline.forms.types import TYPES
from pipeline.recognition.alphabet import BLANK, CHARACTERS
from pipeline.recognition.combs import comb_cells, comb_places, even_combs
from pipeline.recognition.confidence import GROUPS
from pipeline.recognition.doubt import Key
from pipeline.recognition.given import laid_open
from pipeline.recognition.reader import CellReader
from pipeline.registration.types import Registration


@dataclass(frozen=True, slots=True, eq=False)
class Lessons:
    """Labelled cells as the shipped reader sees them; numbers only, no ink.

    Attributes:
        hidden: float32 (N, H), the reader's last hidden layer.
        chances: float64 (N, BLANK), what it gives to each character that the field may hold; rows sum to 1.
        labels: int64 (N,), places in `alphabet.CHARACTERS`.
        sheets: int64 (N,), from which sheet; larger numbers came later.
        groups: str (N,), the calibration group of the field.
    """

    hidden: NDArray[np.float32]
    chances: NDArray[np.float64]
    labels: NDArray[np.int64]
    sheets: NDArray[np.int64]
    groups: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.labels)

    def part(self, which: NDArray[np.bool_]) -> "Lessons":
        """Those of the cells (N,) that are picked."""
        return Lessons(*(getattr(self, one.name)[which] for one in fields(self)))


def join(parts: list[Lessons]) -> Lessons:
    """The cells of all parts, of which there is at least one."""
    return Lessons(*(np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(Lessons)))


def lessons(
    image: NDArray[np.uint8],
    registration: Registration,
    form: Form,
    confirmed: Mapping[Key, str],
    reader: CellReader,
    sheet: int,
) -> Lessons | None:
    """The labelled cells of one page image; None where no field leaves no doubt about its cells.

    Args:
        image: uint8 (H, W), grey, as scanned.
        registration: where the form lies on it.
        form: the form in the version that was printed.
        confirmed: the value that a person saw in the ink of each comb.
        reader: the first reader as shipped.
        sheet: its number.

    Raises:
        MissingPartError: the model file does not give its hidden layer.
    """
    cells = comb_cells(*laid_open(image, registration, form), registration.page, reader)
    if cells is None:
        return None
    rows: list[int] = []
    labels: list[int] = []
    groups: list[str] = []
    even = even_combs(cells, registration.page)
    combs = [field for field in registration.page.fields if field.kind is Kind.COMB]
    for field, (key, part) in zip(combs, comb_places(registration.page).items(), strict=True):
        value = confirmed.get(key)
        # A machine's letters say nothing of an officer's.
        if not value or key in even:
            continue
        places = places_of(field, value, cells.ink.amount[part] > 0)
        rows += [part.start + cell for cell in places]
        labels += [CHARACTERS.index(character) for character in places.values()]
        groups += [GROUPS[field.type]] * len(places)
    chances = cells.posteriors[rows, :BLANK]
    among = chances.sum(axis=1)
    # Where the net is sure of a crossing-out, nothing is left to learn from.
    seen = among > 0
    if not seen.any():
        return None
    found = Lessons(
        cells.hidden[rows],
        chances / np.maximum(among, 1e-300)[:, None],
        np.array(labels, np.int64),
        np.full(len(rows), sheet, np.int64),
        np.array(groups, np.str_),
    )
    return found.part(seen)


def places_of(field: FieldLayout, value: str, inked: NDArray[np.bool_]) -> dict[int, str]:
    """Which cell holds which character of a value; empty where that is not certain.

    The characters must stand in one unbroken run of inked cells for each word, in order, each run as long as its
    word; how far the first is from the left does not matter. A number that was written with added zeros, a word
    that was broken, and a field with a stray stroke are left out.

    Args:
        field: a comb.
        value: as a person confirmed it.
        inked: bool (cells,), which cells hold ink.
    """
    try:
        words = TYPES[field.type].to_cells(value, len(inked)).split()
    except ValueError:
        return {}
    cells = np.flatnonzero(inked)
    runs = [[int(cell) for _, cell in run] for _, run in groupby(enumerate(cells), lambda at: at[1] - at[0])]
    if [len(run) for run in runs] != [len(word) for word in words]:
        return {}
    found = dict(zip(cells.tolist(), "".join(words), strict=True))
    return found if set(found.values()) <= set(CHARACTERS) else {}
