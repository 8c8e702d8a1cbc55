"""All readings of a registered page, in the order of its fields."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.forms.catalogue import Form
from pipeline.forms.definition import FormDefinition
from pipeline.forms.layout import Box, FieldLayout, FieldType, Kind, PageLayout
from pipeline.forms.types import TYPES
from pipeline.recognition import areas, cells, marks, print
from pipeline.recognition.alphabet import CROSSED, allowed
from pipeline.recognition.decode import best_entries
from pipeline.recognition.doubt import Guess, Key, doubt_faint, doubt_twins
from pipeline.recognition.joint import Candidate, agree, candidates, probabilities
from pipeline.recognition.reader import CellReader, cell_reader
from pipeline.recognition.types import Alternative, Reading
from pipeline.registration.types import Registration

_ALTERNATIVES: Final = 6
_CROSSED: Final = 0.1
"""A cell that may be crossed out with this probability is shown to a person."""
_SURE: Final = 0.9
"""Ink that is read with this probability is not outvoted in silence."""
_SIGNED_MM2: Final = 6.0
_UNSIGNED_MM2: Final = 0.8
_SIGNED_REACH_MM: Final = 6.0
_WRITTEN_MM2: Final = 0.8


def recognise(image: NDArray[np.uint8], registration: Registration, form: Form) -> tuple[Reading, ...]:
    """Reads every field of one page.

    Args:
        image: uint8 (H, W), grey, as scanned.
        registration: where the form lies on it.
        form: the form in the version that was printed.

    Returns:
        One reading a field, in the layout's order; confidences are the readers' own, not yet calibrated.
    """
    page = registration.page
    reader = cell_reader()
    guesses: dict[Key, Guess] = {}
    guesses.update(_combs(image, registration.homography, page, form.definition, reader))
    guesses.update(_choices(image, registration.homography, page))
    for triple in _company(form.definition, page):
        _decode_together(guesses, triple)
    doubt_twins(guesses, page)
    readings = {}
    for field in page.fields:
        key = (field.name, field.row)
        if key in guesses:
            readings[key] = _reading(
                field, guesses[key], _quad(registration, field), _reader_name(field, reader)
            )
    for field, reading in _areas(image, registration):
        readings[field.name, field.row] = reading
    return doubt_faint([readings[field.name, field.row] for field in page.fields], guesses)


def _reader_name(field: FieldLayout, reader: CellReader) -> str:
    return f"cells {reader.version}" if field.kind is Kind.COMB else "marks 1"


def _combs(
    image: NDArray[np.uint8],
    homography: NDArray[np.float64],
    page: PageLayout,
    definition: FormDefinition,
    reader: CellReader,
) -> Iterable[tuple[Key, Guess]]:
    fields = [field for field in page.fields if field.kind is Kind.COMB]
    if not fields:
        return
    boxes, groups, classes = comb_arrays(page)
    ink = cells.cell_ink(image, homography, boxes, groups)
    posteriors = reader.posteriors(ink, classes)
    first = 0
    for field in fields:
        mine = slice(first, first + len(field.cells))
        first += len(field.cells)
        entries = best_entries(posteriors[mine])
        rest = max(0.0, 1 - float(np.exp([e.score for e in entries]).sum()))
        codes = definition.field(field.name).choices if field.type is FieldType.CODE else ()
        found = candidates(entries, field.type, frozenset(choice.value for choice in codes))
        reasons = _comb_reasons(posteriors[mine])
        trace = float(ink.trace[mine].sum())
        yield (field.name, field.row), Guess(found, rest, reasons, entries[0].raw, trace)


def _comb_reasons(part: NDArray[np.float64]) -> tuple[str, ...]:
    return ("crossed_out",) if float(part[:, CROSSED].max()) > _CROSSED else ()


@lru_cache(maxsize=64)
def comb_arrays(page: PageLayout) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.bool_]]:
    """Boxes (N, 4) in mm, comb number (N,) and allowed classes (N, CLASSES) of all comb cells of a page."""
    fields = [field for field in page.fields if field.kind is Kind.COMB]
    boxes = np.array([cell for field in fields for cell in field.cells], np.float64)
    groups = np.repeat(np.arange(len(fields)), [len(field.cells) for field in fields])
    classes = np.stack([allowed(field.alphabet) for field in fields])[groups]
    return boxes, groups, classes


def _choices(
    image: NDArray[np.uint8], homography: NDArray[np.float64], page: PageLayout
) -> Iterable[tuple[Key, Guess]]:
    fields = [field for field in page.fields if field.kind is Kind.MARKS]
    if not fields:
        return
    boxes = np.array([choice.box for field in fields for choice in field.choices], np.float64)
    patches = cells.sample(image, homography, boxes)
    alike = np.unique(np.round(boxes[:, 2:], 2), axis=0, return_inverse=True)[1].reshape(-1)
    judged = marks.judge(cells.take_out_lines(patches, boxes[:, 2:], alike), boxes[:, 2:])
    first = 0
    for field in fields:
        mine = judged[first : first + len(field.choices)]
        first += len(field.choices)
        yield (field.name, field.row), _choice_guess(field, mine)


def _choice_guess(field: FieldLayout, judged: Sequence[marks.Mark]) -> Guess:
    chosen = [
        c.value for c, m in zip(field.choices, judged, strict=True) if m.state is marks.MarkState.MARKED
    ]
    unclear = [
        c.value for c, m in zip(field.choices, judged, strict=True) if m.state is marks.MarkState.UNCLEAR
    ]
    confidence = min(m.confidence for m in judged)
    reasons: tuple[str, ...] = ("unclear_mark",) if unclear else ()
    options: list[tuple[tuple[str, ...], float]]
    if len(chosen) > 1 and not field.multiple:
        reasons += ("several_marks",)
        options = [((value,), 0.5 / len(chosen)) for value in chosen]
    else:
        options = [(tuple(chosen), confidence)]
        with_unclear = [c.value for c in field.choices if c.value in (*chosen, *unclear)]
        if unclear and (field.multiple or len(with_unclear) == 1):
            options.append((tuple(with_unclear), 0.3))
    raw = "|".join(m.state[0] for m in judged)
    found = tuple(Candidate(raw, "|".join(values) or None, float(np.log(p))) for values, p in options)
    total = sum(p for _, p in options)
    return Guess(found, max(0.0, 1 - total), reasons)


def _company(definition: FormDefinition, page: PageLayout) -> list[tuple[Key, Key | None, Key | None]]:
    """Which NIK, birth date and sex stand together on a page, from the rules that the definition names."""
    here = {(field.name, field.row) for field in page.fields}
    types = {(field.name, field.row): field.type for field in page.fields}
    linked: dict[Key, dict[FieldType, Key]] = {}
    for rule in definition.rules:
        for row in sorted({row for _, row in here}, key=lambda r: r or 0):
            keys = [(name, row) for name in rule.fields if (name, row) in here]
            niks = [key for key in keys if types[key] is FieldType.NIK]
            if len(niks) == 1 and rule.name in ("nik_agrees_with_birth_date", "sex_agrees_with_nik"):
                for key in keys:
                    linked.setdefault(niks[0], {})[types[key]] = key
    return [(key, by.get(FieldType.DATE), by.get(FieldType.CHOICE)) for key, by in linked.items()]


_NOTHING: Final = (Candidate("", None, 0.0),)


def _decode_together(guesses: dict[Key, Guess], keys: tuple[Key, Key | None, Key | None]) -> None:
    """Replaces the guesses of fields that speak of each other by their joint decoding, in place."""
    before = [guesses[key].found if key else _NOTHING for key in keys]
    if not before[0][0].raw.strip():
        return
    for key, old, new in zip(keys, before, agree(*before), strict=True):
        if key is None:
            continue
        guess = guesses[key]
        sure = probabilities(old, guess.rest)[0] > _SURE
        outvoted = new[0].value != old[0].value and sure
        reasons = (*guess.reasons, "outvoted") if outvoted else guess.reasons
        guesses[key] = replace(guess, found=new, reasons=reasons)


def _reading(field: FieldLayout, guess: Guess, quad: tuple[tuple[float, float], ...], reader: str) -> Reading:
    chances: dict[str | None, float] = {}
    raws: dict[str | None, str] = {}
    for candidate, p in zip(guess.found, probabilities(guess.found, guess.rest), strict=True):
        chances[candidate.value] = chances.get(candidate.value, 0.0) + p
        raws.setdefault(candidate.value, candidate.raw)
    best = guess.found[0]
    reasons = list(guess.reasons)
    confidence = chances[best.value]
    if best.value is None and best.raw.strip(" |e") and field.kind is Kind.COMB:
        # Ink that makes no value is not an empty field.
        confidence = 0.0
        reasons.append(TYPES[field.type].fault(best.raw.replace("#", "")) or "low_confidence")
    others = sorted(((p, v) for v, p in chances.items() if v != best.value and v is not None), reverse=True)
    return Reading(
        field=field.name,
        row=field.row,
        value=best.value,
        raw=best.raw,
        confidence=min(max(confidence, 0.0), 1.0),
        quad=quad,
        reader=reader,
        alternatives=tuple(Alternative(v, p) for p, v in others[:_ALTERNATIVES]),
        reasons=tuple(dict.fromkeys(reasons)),
    )


def _areas(image: NDArray[np.uint8], registration: Registration) -> list[tuple[FieldLayout, Reading]]:
    fields = [f for f in registration.page.fields if f.kind in (Kind.AREA, Kind.LINE)]
    inks = [areas.area_ink(image, registration.homography, field.box) for field in fields]
    typed = [
        i
        for i, (field, ink) in enumerate(zip(fields, inks, strict=True))
        if field.kind is Kind.LINE
        and ink.ink_mm2 > _WRITTEN_MM2
        and print.looks_typed(ink.picture, areas.PX_PER_MM)
    ]
    printed = dict(
        zip(typed, print.read_lines([inks[i].picture for i in typed], areas.PX_PER_MM), strict=True)
    )
    found = []
    for i, (field, ink) in enumerate(zip(fields, inks, strict=True)):
        quad = _quad(registration, field)
        if field.kind is Kind.AREA:
            found.append((field, _signature(field, ink, quad)))
        else:
            found.append((field, _line(field, ink, printed.get(i), quad)))
    return found


def _signature(field: FieldLayout, ink: areas.AreaInk, quad: tuple[tuple[float, float], ...]) -> Reading:
    signed = ink.ink_mm2 >= _SIGNED_MM2 and ink.reach_mm >= _SIGNED_REACH_MM and not ink.pale
    unsigned = ink.ink_mm2 <= _UNSIGNED_MM2
    return Reading(
        field=field.name,
        row=field.row,
        value="present" if signed or not unsigned else "absent",
        raw=f"{ink.ink_mm2:.1f} mm2",
        confidence=0.9995 if signed or unsigned else 0.6,
        quad=quad,
        reader="ink 1",
        reasons=() if signed or unsigned else ("unclear_signature",),
    )


def _line(
    field: FieldLayout,
    ink: areas.AreaInk,
    printed: print.Printed | None,
    quad: tuple[tuple[float, float], ...],
) -> Reading:
    base = Reading(field.name, field.row, None, "", 0.0, quad, "ink 1")
    if ink.ink_mm2 <= _WRITTEN_MM2:
        return replace(base, confidence=0.9995)
    if printed is None or not printed.text:
        return replace(base, reasons=("handwritten_line",))
    value = " ".join(printed.text.split())
    return replace(
        base,
        value=value,
        raw=printed.text,
        confidence=max(0.0, min(printed.confidence, 1.0)),
        reader="tesseract",
        reasons=("machine_print",),
    )


def _quad(registration: Registration, field: FieldLayout) -> tuple[tuple[float, float], ...]:
    parts: Sequence[Box] = field.cells or [choice.box for choice in field.choices] or [field.box]
    left, top = min(b.x for b in parts), min(b.y for b in parts)
    right, bottom = max(b.x + b.w for b in parts), max(b.y + b.h for b in parts)
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float64)
    return tuple((round(float(x), 1), round(float(y), 1)) for x, y in registration.to_pixels(corners))
