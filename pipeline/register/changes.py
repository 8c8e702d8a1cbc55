"""What a run changed, row by row, so that it can be shown and taken back exactly."""

from collections.abc import Iterable
from datetime import date
from typing import Any, Final

from django.db import models, transaction
from django.utils import timezone

from pipeline.errors import UsageError
from pipeline.language import Text
from pipeline.register.models import Change, Distribution, Household, ImportRun, Person, Proposal, Row, Visit

ENTITIES: Final[dict[str, type[Row]]] = {
    "household": Household,
    "person": Person,
    "proposal": Proposal,
    "distribution": Distribution,
    "visit": Visit,
}
"""Every kind of row, those that others refer to first."""

State = dict[str, Any]


def state(row: Row) -> State:
    """All columns of a row as JSON holds them."""
    return {field.attname: _plain(getattr(row, field.attname)) for field in row._meta.concrete_fields}


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def undo(number: int) -> int:
    """Takes back everything that a run changed and returns how many rows that was.

    Raises:
        UsageError: there is no such run, it was undone before, or a later run changed the same rows.
    """
    with transaction.atomic():
        run = ImportRun.objects.select_for_update().filter(pk=number).first()
        if run is None or run.undone_at is not None:
            raise UsageError(
                Text(
                    f"Impor nomor {number} tidak ada atau sudah dibatalkan. Lihat: sotarsa import --runs",
                    f"There is no import {number}, or it was undone before. See: sotarsa import --runs",
                )
            )
        changes = list(run.changes.all())
        _refuse_if_built_upon(run, changes)
        order = list(ENTITIES)
        upward = sorted(changes, key=lambda change: order.index(change.model))
        # What is changed back lets go of new rows, which then can go, those that refer to others first.
        for change in upward:
            if change.before is not None and change.after is not None:
                _restore(ENTITIES[change.model], change.before)
        for change in reversed(upward):
            if change.before is None:
                ENTITIES[change.model]._default_manager.filter(pk=change.row).delete()
        for change in upward:
            if change.before is not None and change.after is None:
                _restore(ENTITIES[change.model], change.before)
        run.undone_at = timezone.now()
        run.save(update_fields=["undone_at"])
    return len(changes)


def _refuse_if_built_upon(run: ImportRun, changes: Iterable[Change]) -> None:
    later = ImportRun.objects.filter(pk__gt=run.pk, undone_at=None)
    mine = {(change.model, change.row) for change in changes}
    theirs = Change.objects.filter(run__in=later).values_list("run", "model", "row")
    blocking = {number for number, model, row in theirs.iterator() if (model, row) in mine}
    new = [
        change.row for change in changes if change.model in ("person", "household") and change.before is None
    ]
    for model, field in (
        (Person, "household"),
        (Proposal, "person"),
        (Proposal, "household"),
        (Distribution, "person"),
    ):
        held = model._default_manager.filter(**{f"{field}__in": new}).values_list("pk", flat=True)
        names = {pk for name, pk in mine if ENTITIES[name] is model}
        used = set(held) - names
        for number in Change.objects.filter(run__in=later, row__in=used).values_list("run", flat=True):
            blocking.add(number)
    if blocking:
        numbers = ", ".join(str(number) for number in sorted(blocking))
        raise UsageError(
            Text(
                f"Impor {run.pk} tidak dapat dibatalkan: impor {numbers} mengubah data yang sama. Batalkan itu dulu.",
                f"Import {run.pk} cannot be undone: import {numbers} changed the same rows. Undo that first.",
            )
        )


def _restore(model: type[models.Model], before: State) -> None:
    values = {field.attname: field.to_python(before[field.attname]) for field in model._meta.concrete_fields}
    row = model(**values)
    row.save(force_update=model._default_manager.filter(pk=row.pk).exists())
