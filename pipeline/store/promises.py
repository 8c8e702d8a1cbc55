"""Promises that the audit refuted over all lots: nothing more of their groups enters unseen until they are proven anew.

The store decides it where a value enters, by what is refuted at that moment; what proved the promise anew is known to
the table that judged the value, see `recognition.confidence.Calibration`. A refutation holds whatever readers an update
brings: it says that this office's hands are worse than those of the proof, and a later proof on the same hands of
others knows no more of them. Only the office's own decisions on what the new readers read do.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.db import connection

from pipeline.forms.layout import FieldType
from pipeline.recognition.confidence import group_of
from pipeline.store.models import FieldReading, Refutation
from pipeline.validation.judge import EMPTY

WAITS: Final = "promise_refuted"
"""The reason of a value whose promise is refuted, surely read or not: nobody can tell which, and all are a sample."""

_UNPROVEN: Final = ["low_confidence"]
_LOCK: Final = 631_103
"""Any number that no other lock of the program's has."""


@dataclass(frozen=True, slots=True)
class Refuted:
    """The newest refutation, over all lots, of what is promised of a group of fields.

    Attributes:
        refutation: when it was; a table that was made with it names it by that, since keys come again in other stores.
        last_reading: the newest reading of before, by key.
        wrong: the readings that were found wrong, by key.
    """

    refutation: str
    last_reading: int
    wrong: tuple[int, ...]


RefutedGroups = Mapping[str, Refuted]
"""Calibration groups whose promise was ever refuted over all lots, see `recognition.confidence.group_of`."""


def refuted() -> RefutedGroups:
    """What is refuted now, for every calibration group."""
    rows = Refutation.objects.filter(batch=None).exclude(suspends=[]).order_by("pk")
    told = rows.values_list("suspends", "at", "last_reading", "wrong")
    return {
        group: Refuted(at.isoformat(), last, tuple(wrong))
        for groups, at, last, wrong in told
        for group in groups
    }


def group_of_row(row: FieldReading) -> str:
    """The calibration group of a reading."""
    return group_of(FieldType(row.type), row.read_value in EMPTY)


def came_since(row: FieldReading, known: RefutedGroups) -> bool:
    """Whether a saved reading came after the newest refutation of its promise, if there was any."""
    found = known.get(group_of_row(row))
    return found is None or row.pk > found.last_reading


def waits(row: FieldReading, made_with: str, known: RefutedGroups) -> bool:
    """Whether a new reading that a threshold alone judged has to wait, being promised nothing any more.

    Args:
        row: not saved yet.
        made_with: the refutation that the table which judged it was made with.
        known: what is refuted now.
    """
    found = known.get(group_of_row(row))
    judged = row.status == FieldReading.Status.ACCEPTED or row.reasons == _UNPROVEN
    return judged and found is not None and made_with != found.refutation


def send(row: FieldReading) -> None:
    """Send a value whose promise is refuted to a person; its row is not saved."""
    row.status, row.audit, row.reasons = FieldReading.Status.REVIEW, False, [WAITS]


def hold(*, to_refute: bool = False) -> None:
    """Keeps every promise as it stands until this transaction ends; to be taken before any lock on a row.

    SQLite lets only one transaction write anyway. On PostgreSQL pages come in beside each other, but never beside a
    decision, which may refute what they enter by.
    """
    if connection.vendor == "postgresql":
        how = "pg_advisory_xact_lock" if to_refute else "pg_advisory_xact_lock_shared"
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {how}(%s)", [_LOCK])
