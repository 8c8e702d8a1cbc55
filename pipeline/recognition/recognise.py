"""All readings of a registered page, in the order of its fields."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.forms.catalogue import Form
from pipeline.forms.layout import Box, FieldLayout, Kind
from pipeline.forms.types import TYPES
from pipeline.recognition.areas import read_areas
from pipeline.recognition.choices import choice_guesses
from pipeline.recognition.combs import comb_guesses, decode_together, doubt_outvoted
from pipeline.recognition.doubt import Guess, doubt_faint, doubt_hand, doubt_twins
from pipeline.recognition.given import PX_PER_MM, ink_alone
from pipeline.recognition.joint import probabilities
from pipeline.recognition.reader import cell_reader
from pipeline.recognition.second import second_reader
from pipeline.recognition.types import Alternative, Reading
from pipeline.registration.types import Registration

Quad = tuple[tuple[float, float], ...]

_ALTERNATIVES: Final = 6


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
    page, plane = registration.page, registration.homography
    reader = cell_reader()
    if form.blanks:
        image = ink_alone(image, plane, form.blanks[page.page - 1], (page.width_mm, page.height_mm))
        plane = np.diag([PX_PER_MM, PX_PER_MM, 1.0])
    guesses = comb_guesses(image, plane, page, form.definition, reader, second_reader())
    guesses |= choice_guesses(image, plane, page, form.definition)
    decode_together(guesses, form.definition, page)
    doubt_outvoted(guesses, page)
    doubt_twins(guesses, page)
    areas = read_areas(image, plane, page)
    readings = []
    for field in page.fields:
        key, quad = (field.name, field.row), _quad(registration, field)
        if key in areas:
            seen = areas[key]
            readings.append(
                Reading(*key, seen.value, seen.raw, seen.confidence, quad, seen.reader, reasons=seen.reasons)
            )
        else:
            name = f"cells {reader.version}" if field.kind is Kind.COMB else "marks 1"
            readings.append(_reading(field, guesses[key], quad, name))
    return doubt_hand(doubt_faint(readings, guesses), page)


def _reading(field: FieldLayout, guess: Guess, quad: Quad, reader: str) -> Reading:
    chances: dict[str | None, float] = {}
    for candidate, p in zip(guess.found, probabilities(guess.found, guess.rest), strict=True):
        chances[candidate.value] = chances.get(candidate.value, 0.0) + p
    best = guess.found[0]
    reasons = guess.reasons
    confidence = chances[best.value]
    if best.value is None and field.kind is Kind.COMB and best.raw.strip():
        # Ink that makes no value is not an empty field.
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
    )


def _quad(registration: Registration, field: FieldLayout) -> Quad:
    """The corners of a field's cells or boxes on the page image, px, clockwise from the top left."""
    parts: Sequence[Box] = field.cells or [choice.box for choice in field.choices] or [field.box]
    left, top = min(b.x for b in parts), min(b.y for b in parts)
    right, bottom = max(b.x + b.w for b in parts), max(b.y + b.h for b in parts)
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float64)
    return tuple((round(float(x), 1), round(float(y), 1)) for x, y in registration.to_pixels(corners))
