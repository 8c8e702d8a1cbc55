"""What is done with each reading of a page: accepted unseen, or kept for a person, and why."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from pipeline.forms.definition import FormDefinition
from pipeline.forms.fields import FieldSpec
from pipeline.forms.layout import FieldType, Kind
from pipeline.recognition.confidence import Groups, group_of, lowered, score_of
from pipeline.recognition.types import Alternative, Reading
from pipeline.validation.notes import is_note

Status = Literal["accepted", "review"]

EMPTY: Final = (None, "absent")
_CERTAIN_BUT_UNPROVEN: Final = 0.5
_UNPROVEN: Final = "low_confidence"
_NAMES: Final = (FieldType.NAME, FieldType.PLACE)
_WORD: Final = 4
"""So many cells ask for more than a letter whatever they are for; a blood group has fewer."""
_NUMERALS: Final = (FieldType.CODE, FieldType.COUNT, FieldType.NUMBER, FieldType.MONEY)
SURER: Final = 0.5
"""Log odds by which a learnt head must be surer of its value than the shipped reader of its own, to propose it: among
hands that it did not learn it seldom is (`pipeline.training.learn_gain`)."""


@dataclass(frozen=True, slots=True)
class JudgedReading:
    """A reading with its calibrated confidence, and what is done with it; `reasons` say why it waits.

    Attributes:
        score: log odds of the reader's own probability, for calibrating anew.
        proposal: what an office's learnt head reads instead; a person sees it, nothing accepts it.
        made_with: the refutation that the table which judged it was made with, see `Calibration`.
    """

    reading: Reading
    status: Status
    reasons: tuple[str, ...]
    score: float = 0.0
    proposal: Reading | None = None
    made_with: str = ""


def judge(
    definition: FormDefinition, readings: Sequence[Reading], calibrations: Groups
) -> tuple[JudgedReading, ...]:
    """Calibrates the readings of one page and judges each by its field's own rules and the proven threshold."""
    used = _used_rows(readings)
    return tuple(
        _judge(definition.field(r.field), r, (_table(r), r.row) in used, calibrations) for r in readings
    )


def propose(proven: JudgedReading, learnt: JudgedReading) -> JudgedReading:
    """A judged reading, with what a learnt head reads instead where a person is asked anyway.

    What is accepted unseen stays as it was proven, and so does whether a reading counts for calibrating anew: one
    that waits for `low_confidence` alone goes on doing so, and no other begins to. A head that is not surer than the
    shipped reader, or breaks a rule that this keeps, only adds its value to the other readings.
    """
    value = learnt.reading.value
    if proven.status == "accepted" or value in (*EMPTY, proven.reading.value):
        return proven
    more = set(learnt.reasons) - set(proven.reasons) - {_UNPROVEN}
    # How sure each reader is, whatever the page says of the hand: one that begins to doubt it is no worse for that.
    surer = (learnt.score + learnt.reading.doubt) - (proven.score + proven.reading.doubt)
    if more or surer < SURER:
        others = [one for one in proven.reading.alternatives if one.value != value]
        added = (Alternative(value, learnt.reading.confidence), *others)
        return replace(proven, reading=replace(proven.reading, alternatives=added))
    reasons = tuple(reason for reason in proven.reasons if reason in (*learnt.reasons, _UNPROVEN))
    if reasons != proven.reasons:
        reasons += ("reread",)
    return replace(proven, reasons=reasons, proposal=learnt.reading)


def _judge(spec: FieldSpec, reading: Reading, in_use: bool, calibrations: Groups) -> JudgedReading:
    calibration = calibrations.get(group_of(spec.type, reading.value in EMPTY))
    own = lowered(reading.confidence, reading.doubt)
    confidence = calibration.probability(own) if calibration else 0.0
    others = _others(reading, confidence if calibration else reading.confidence)
    if reading.reasons:
        # What a reader doubts was left out of the labelled fields that the calibration stands on.
        confidence = min(confidence, own, _CERTAIN_BUT_UNPROVEN)
    reasons = [*reading.reasons, *_broken(spec, reading, in_use)]
    proven = calibration is not None and calibration.accepts(own, spec.alpha, spec.confidence)
    # What was proven of names and places was proven with their lists: without one nothing misses a lost full stop.
    proven = proven and (reading.value in EMPTY or not _of_any_words(spec))
    if not reading.reasons and not proven:
        reasons.append(_UNPROVEN)
    return JudgedReading(
        replace(reading, confidence=round(confidence, 6), alternatives=others),
        "review" if reasons else "accepted",
        tuple(dict.fromkeys(reasons)),
        score_of(own),
        made_with=calibration.made_with if calibration else "",
    )


def _others(reading: Reading, confidence: float) -> tuple[Alternative, ...]:
    """The other values with what the calibrated confidence leaves for all of them, in the reader's own proportions."""
    left = 1 - reading.confidence
    scale = (1 - confidence) / left if left > 0 else 0.0
    return tuple(replace(one, probability=round(one.probability * scale, 6)) for one in reading.alternatives)


def _of_any_words(spec: FieldSpec) -> bool:
    return spec.kind is Kind.COMB and not spec.rules.alphabet.isdigit() and not spec.words


def _broken(spec: FieldSpec, reading: Reading, in_use: bool) -> list[str]:
    """The reason codes of the field's own rules that a value breaks."""
    if reading.value in EMPTY:
        return ["missing_required"] if spec.required and in_use and not reading.reasons else []
    fault = spec.rules.check(str(reading.value))
    broken = [fault] if fault else []
    if spec.type is FieldType.CODE and spec.choices and reading.value not in {c.value for c in spec.choices}:
        broken.append("code_unknown")
    digits = spec.kind is Kind.COMB and spec.rules.alphabet.isdigit()
    if spec.kind is Kind.COMB and not digits:
        # A ring, a tick and a cross are read as a letter, too; some people draw one in each cell.
        wordy = spec.type in _NAMES or spec.cell_count >= _WORD
        if wordy and len(set(filter(str.isalpha, str(reading.value)))) == 1:
            broken.append("one_letter")
        if any(map(is_note, _values(reading))):
            broken.append("note")
    if digits and " " in reading.raw.strip():
        broken.append("gap")
    # RT II is often written so; a code is copied from the list beside it.
    numeral = spec.type in _NUMERALS and not spec.choices
    if numeral and len(str(reading.value)) > 1 and set(str(reading.value)) == {"1"}:
        broken.append("roman")
    return broken


def _values(reading: Reading) -> list[str]:
    return [str(reading.value), *(str(one.value) for one in reading.alternatives)]


def _table(reading: Reading) -> str:
    return reading.field.rpartition(".")[0]


def _used_rows(readings: Sequence[Reading]) -> set[tuple[str, int | None]]:
    """Tables' rows that hold something; plain fields count as always in use."""
    return {(_table(r), r.row) for r in readings if r.row is None or r.value not in EMPTY or r.reasons}
