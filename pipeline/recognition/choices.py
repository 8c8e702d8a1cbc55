"""Choices: which boxes of a field are marked, each judged by itself."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.forms.definition import FormDefinition
from pipeline.forms.layout import FieldLayout, Kind, PageLayout
from pipeline.recognition.doubt import Guess, Key
from pipeline.recognition.joint import Candidate
from pipeline.recognition.marks import Mark, MarkState, judge
from pipeline.recognition.printed_lines import take_out_lines
from pipeline.recognition.struck import struck_out
from pipeline.recognition.window import sample
from pipeline.registration.plane import Plane

_PERHAPS: Final = 0.3
"""What a person sees as an alternative where a mark is not clear; such a field is never accepted unseen."""


def choice_guesses(
    image: NDArray[np.uint8], plane: Plane, page: PageLayout, definition: FormDefinition
) -> dict[Key, Guess]:
    """Guesses for every choice of a page."""
    fields = [field for field in page.fields if field.kind is Kind.MARKS]
    if not fields:
        return {}
    boxes = np.array([choice.box for field in fields for choice in field.choices], np.float64)
    patches = sample(image, plane, boxes)
    alike = np.unique(np.round(boxes[:, 2:], 2), axis=0, return_inverse=True)[1].reshape(-1)
    filled = np.array([definition.field(field.name).filled for field in fields for _ in field.choices])
    clean = take_out_lines(patches, boxes[:, 2:], alike)
    judged = judge(clean, boxes[:, 2:], filled)
    struck = struck_out(clean, boxes[:, 2:], judged, filled)
    guesses: dict[Key, Guess] = {}
    first = 0
    for field in fields:
        own = slice(first, first + len(field.choices))
        guesses[field.name, field.row] = _guess(field, judged[own], bool(struck[own].any()))
        first += len(field.choices)
    return guesses


def marked(guesses: Mapping[Key, Guess]) -> frozenset[Key]:
    """The choices with anything in a box."""
    empty = MarkState.EMPTY[0]
    return frozenset(key for key, guess in guesses.items() if set(guess.found[0].raw) - {empty, "|"})


def _guess(field: FieldLayout, judged: Sequence[Mark], struck: bool) -> Guess:
    chosen = _values(field, judged, MarkState.MARKED)
    perhaps = _values(field, judged, MarkState.MARKED, MarkState.UNCLEAR)
    reasons = ("unclear_mark",) * (chosen != perhaps) + ("crossed_out",) * struck
    options: list[tuple[tuple[str, ...], float]]
    if len(chosen) > 1 and not field.multiple:
        reasons += ("several_marks",)
        options = [((value,), 0.5 / len(chosen)) for value in chosen]
    else:
        options = [(chosen, min(mark.confidence for mark in judged))]
        if chosen != perhaps and (field.multiple or len(perhaps) == 1):
            options.append((perhaps, _PERHAPS))
    raw = "|".join(mark.state[0] for mark in judged)
    found = tuple(Candidate(raw, "|".join(values) or None, float(np.log(p))) for values, p in options)
    pens = tuple(mark.pen for mark in judged if mark.state is MarkState.MARKED)
    return Guess(found, max(0.0, 1 - sum(p for _, p in options)), reasons, pens=pens)


def _values(field: FieldLayout, judged: Sequence[Mark], *states: MarkState) -> tuple[str, ...]:
    return tuple(
        choice.value for choice, mark in zip(field.choices, judged, strict=True) if mark.state in states
    )
