"""A value enters unseen, and goes back to a person when something comes that speaks against it."""

from collections.abc import Iterable, Sequence
from typing import Final

from pipeline.page import JudgedReading
from pipeline.store.lottery import drawn
from pipeline.store.models import Decision, FieldReading, Page
from pipeline.store.readings import ABSENT

_OTHER_INK: Final = frozenset({"copies_differ", "serial_reused"})
"""Reasons by which the paper may say something else by now: what a person makes of it tells nothing of reading."""
RULES: Final = "rules"
"""Who reopens a value that a person had confirmed before the other side of its sheet came."""

Status = FieldReading.Status


def accept(row: FieldReading) -> None:
    """Let a value enter unseen, or go to the audit where chance falls on it; its row is not saved."""
    file = row.page.file
    row.audit = drawn(row.audit_chance or 0.0, file.sha256, row.page.image, row.position)
    row.status = Status.AUDIT if row.audit else Status.ACCEPTED


def doubt(row: FieldReading, reasons: Sequence[str]) -> None:
    """Send a value to review; its row is not saved."""
    if row.status == Status.AUDIT:
        row.audit = False
    row.status = Status.REVIEW
    row.reasons = list(dict.fromkeys([*row.reasons, *reasons]))


def reopen(row: FieldReading, reasons: Sequence[str]) -> None:
    """Send a value to review, also one that a person had confirmed, and save it."""
    if row.status == Status.REVIEWED:
        Decision.objects.create(reading=row, kind=Decision.Kind.REOPENED, value=row.value, by=RULES)
        row.audit = row.audit and _OTHER_INK.isdisjoint(reasons)
    doubt(row, reasons)
    row.save(update_fields=["status", "audit", "reasons"])


def compare(first: Page, second: Iterable[JudgedReading]) -> list[str]:
    """Hold a side against its second scan: where they differ, a person is asked; gives the names of these fields.

    What a person has decided is asked about anew only where the second scan is sure of something else: somebody has
    written on the paper since.

    Args:
        first: the side whose readings count.
        second: what was read on the other image; its values join the alternatives.
    """
    told = {(one.reading.field, one.reading.row): one for one in second}
    asked: list[str] = []
    for row in first.readings.select_for_update():
        judged = told.get((row.field, row.row))
        if judged is None or _ink(judged.reading.value) == _ink(row.read_value):
            continue
        other, decided = judged.reading, row.status == Status.REVIEWED
        if decided and (judged.status != "accepted" or _ink(other.value) == _ink(row.value)):
            continue
        rest = [one for one in row.alternatives if one[0] != other.value]
        row.alternatives = sorted([[other.value, float(other.confidence)], *rest], key=lambda one: -one[1])
        row.save(update_fields=["alternatives"])
        reopen(row, ["copies_differ"])
        asked.append(row.field if row.row is None else f"{row.field} {row.row}")
    return asked


def _ink(value: str | None) -> str:
    """A value as far as ink stands for it."""
    return "" if value is None or value == ABSENT else value
