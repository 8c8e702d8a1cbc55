"""All readings of a registered page, in the order of its fields."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.forms.catalogue import Form
from pipeline.forms.layout import FieldLayout, Kind, around
from pipeline.forms.types import TYPES
from pipeline.recognition.areas import AreaReading, read_areas
from pipeline.recognition.bare import dark_on
from pipeline.recognition.choices import choice_guesses, marked
from pipeline.recognition.combs import (
    comb_cells,
    comb_guesses,
    decode_together,
    doubt_outvoted,
    filled_combs,
    read_print,
    torn_combs,
)
from pipeline.recognition.confidence import edition
from pipeline.recognition.crossing import crossed
from pipeline.recognition.doubt import (
    Guess,
    Key,
    doubt_beside,
    doubt_crossed,
    doubt_faint,
    doubt_hand,
    doubt_paler,
    doubt_place,
    doubt_twins,
    doubt_unseen,
)
from pipeline.recognition.given import laid_open
from pipeline.recognition.head import Head
from pipeline.recognition.joint import probabilities
from pipeline.recognition.outside import written_beside
from pipeline.recognition.reader import cell_reader, version_of
from pipeline.recognition.second import SecondReader, second_reader
from pipeline.recognition.types import Alternative, Reading
from pipeline.registration.presence import fields_seen
from pipeline.registration.types import Registration

Quad = tuple[tuple[float, float], ...]

_ALTERNATIVES: Final = 6


@dataclass(frozen=True, slots=True)
class Readers:
    """Who reads a page: the cell net always, its last layer as shipped or learnt; the second reader or none."""

    second: SecondReader | None
    head: Head | None = None


@lru_cache(maxsize=1)
def cells_read_by() -> str:
    """The name of what reads combs here: the first reader's version, and the edition that its confidence is of."""
    return f"cells {version_of()}.{edition()}"


def marks_read_by() -> str:
    """The name of what reads choices; what is decided together with numbers is as sure as these are."""
    return f"marks 1.{edition()}"


def recognise(image: NDArray[np.uint8], registration: Registration, form: Form) -> tuple[Reading, ...]:
    """Reads every field of one page.

    Args:
        image: uint8 (H, W), grey, as scanned.
        registration: where the form lies on it.
        form: the form in the version that was printed.

    Returns:
        One reading a field, in the layout's order; confidences are the readers' own, not yet calibrated.

    Raises:
        MissingPartError: the model file or, for a typed line, Tesseract is not installed.
    """
    return recognise_by(image, registration, form, (Readers(second_reader()),))[0]


def recognise_by(
    image: NDArray[np.uint8],
    registration: Registration,
    form: Form,
    by: Sequence[Readers],
    kin: NDArray[np.int64] | None = None,
) -> tuple[tuple[Reading, ...], ...]:
    """The readings of a page by each of several sets of readers; see `recognise`, and for `kin` `adapt.adapted`."""
    page, reader = registration.page, cell_reader()
    seen = fields_seen(image, registration)
    image, plane = laid_open(image, registration, form)
    cells = comb_cells(image, plane, page, reader)
    if cells is not None:
        cells = read_print(cells, page)
    marks = choice_guesses(image, plane, page, form.definition)
    beside = frozenset() if cells is None else torn_combs(cells, page)
    across = frozenset[Key]()
    if form.ink:
        filled = marked(marks) if cells is None else marked(marks) | filled_combs(cells, page)
        dark, ink = dark_on(image, plane, page), form.ink[page.page - 1]
        beside |= written_beside(dark, page, ink, filled)
        across = crossed(dark, page, ink)
    areas = read_areas(image, plane, page)
    found = []
    for one in by:
        combs = comb_guesses(cells, page, form.definition, one.second, one.head, kin)
        name = cells_read_by() + (f"+{one.head.version}" if one.head else "")
        readings = _readings(doubt_beside(combs | marks, beside), areas, seen, registration, form, name)
        found.append(doubt_crossed(readings, across))
    return tuple(found)


def _readings(
    guesses: dict[Key, Guess],
    areas: Mapping[Key, AreaReading],
    seen: Sequence[bool],
    registration: Registration,
    form: Form,
    reader: str,
) -> tuple[Reading, ...]:
    """The readings of a page from the guesses for its fields; `seen` tells whose outline is seen, `reader` who read."""
    page = registration.page
    decode_together(guesses, form.definition, page)
    doubt_outvoted(guesses, page)
    alike = doubt_twins(guesses, page)
    readings = []
    for field in page.fields:
        key, quad = (field.name, field.row), _quad(registration, field)
        if key in areas:
            area = areas[key]
            readings.append(
                Reading(*key, area.value, area.raw, area.confidence, quad, area.reader, reasons=area.reasons)
            )
        else:
            name = reader if field.kind is Kind.COMB else marks_read_by()
            readings.append(_reading(field, guesses[key], quad, name))
    pens = {key: guess.pens for key, guess in guesses.items()} | {key: one.pens for key, one in areas.items()}
    faint = doubt_paler(doubt_faint(doubt_unseen(readings, seen), guesses), pens)
    return doubt_place(doubt_hand(faint, page, alike), registration)


def _reading(field: FieldLayout, guess: Guess, quad: Quad, reader: str) -> Reading:
    # Ink that makes no value is not an empty field.
    unfit = [field.kind is Kind.COMB and one.value is None and one.raw.strip() != "" for one in guess.found]
    chances: dict[str | None, float] = {}
    for one, p, no_value in zip(guess.found, probabilities(guess.found, guess.rest), unfit, strict=True):
        if not no_value:
            chances[one.value] = chances.get(one.value, 0.0) + p
    best = guess.found[0]
    reasons = guess.reasons
    confidence = chances.get(best.value, 0.0)
    if unfit[0]:
        confidence = 0.0
        reasons += (TYPES[field.type].fault(best.raw.replace("#", "")) or "low_confidence",)
    others = sorted(((p, v) for v, p in chances.items() if v != best.value and v is not None), reverse=True)
    return Reading(
        field.name,
        field.row,
        best.value,
        best.raw,
        min(max(confidence, 0.0), 1.0),
        quad,
        reader,
        tuple(Alternative(v, p) for p, v in others[:_ALTERNATIVES]),
        tuple(dict.fromkeys(reasons)),
        guess.doubt,
    )


def _quad(registration: Registration, field: FieldLayout) -> Quad:
    """The corners of a field's cells or boxes on the page image, px, clockwise from the top left."""
    corners = np.array(around(field.parts).corners, np.float64)
    return tuple((round(float(x), 1), round(float(y), 1)) for x, y in registration.to_pixels(corners))
