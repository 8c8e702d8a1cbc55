"""What a run changed, row by row, so that it can be shown and taken back exactly."""

from collections.abc import Iterable
from datetime import date
from typing import Any, Final

from django.db import models, transaction
from django.db.models import Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone

from pipeline.errors import UsageError
from pipeline.language import Text
from pipeline.register.models import (
    Change,
    Distribution,
    Household,
    ImportRun,
    Person,
    Proposal,
    Row,
    Tracked,
    Visit,
)
from pipeline.store.models import IssuedSheet
from pipeline.store.spoiling import spoilt_now

ENTITIES: Final[dict[str, type[Row]]] = {
    "household": Household,
    "person": Person,
    "proposal": Proposal,
    "distribution": Distribution,
    "visit": Visit,
}
"""Every kind of row, those that others refer to first."""

NUMBERS: Final = {"household": "kk", "person": "nik"}
"""The rows that several sheets may speak of, and the number by which they are found."""

TRACKED: Final[dict[str, type[Household] | type[Person]]] = {"household": Household, "person": Person}

REFERRING: Final[dict[str, tuple[tuple[type[Row], str], ...]]] = {
    "household": ((Person, "household"), (Proposal, "household")),
    "person": ((Proposal, "person"), (Distribution, "person")),
}
"""What refers to a row of each kind, and in which column."""

State = dict[str, Any]


_MANY: Final = 500


def state(row: Row) -> State:
    """All columns of a row as JSON holds them."""
    return {field.attname: _plain(getattr(row, field.attname)) for field in row._meta.concrete_fields}


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def move_aside(name: str, keys: Iterable[int]) -> None:
    """Frees the slots and numbers of rows that get others in this transaction, or go, so that no two ever clash."""
    free: dict[str, Any] = {"slot": Concat(Value("~"), Cast("pk", models.CharField()))}
    if name in NUMBERS:
        free[NUMBERS[name]] = Value(None)
    wanted = sorted(keys)
    for first in range(0, len(wanted), _MANY):
        ENTITIES[name]._default_manager.filter(pk__in=wanted[first : first + _MANY]).update(**free)


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
        for name in ENTITIES:
            move_aside(name, [change.row for change in changes if change.model == name])
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
    new = {
        name: [change.row for change in changes if change.model == name and change.before is None]
        for name in REFERRING
    }
    for name, referring in REFERRING.items():
        for model, column in referring:
            held = model._default_manager.filter(**{f"{column}__in": new[name]}).values_list("pk", flat=True)
            used = set(held) - {pk for kind, pk in mine if ENTITIES[kind] is model}
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

    lists = people_on_lists()
    printed = sorted({lists[person] for person in new["person"] if person in lists})
    if printed:
        named = ", ".join(printed)
        raise UsageError(
            Text(
                f"Impor {run.pk} tidak dapat dibatalkan: daftar yang sudah dicetak menyebut orang-orangnya ({named}). "
                f"Bila kertasnya tidak dipakai, catat dulu: sotarsa forms spoil {printed[0]} --why ...",
                f"Import {run.pk} cannot be undone: lists that were printed name its people ({named}). If the paper is "
                f"not used, say so first: sotarsa forms spoil {printed[0]} --why ...",
            )
        )


def people_on_lists() -> dict[int, str]:
    """The people whom printed lists name that were not spoilt, each with the serial of such a list."""
    spoilt = spoilt_now()
    issued = IssuedSheet.objects.exclude(rows={}).order_by("pk").values_list("serial", "rows")
    return {
        int(one["person"]): serial
        for serial, tables in issued.iterator(_MANY)
        if serial not in spoilt
        for rows in tables.values()
        for one in rows
    }


def _restore(model: type[models.Model], before: State) -> None:
    values = {
        field.attname: field.to_python(before[field.attname])
        for field in model._meta.concrete_fields
        if field.attname in before
    }
    if issubclass(model, Tracked) and "voices" not in before:
        # Written down before the register kept who speaks of a row.
        values["voices"] = sorted({before["sheet_id"], *(sheet for _, sheet in before["sources"].values())})
    row = model(**values)
    row.save(force_update=model._default_manager.filter(pk=row.pk).exists())
