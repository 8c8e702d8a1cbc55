"""What a run changed, row by row, so that it can be shown and taken back exactly."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from django.db import connection, models, transaction
from django.db.models import Max, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone

from pipeline.errors import UsageError
from pipeline.language import Text
from pipeline.register.lists import people_on_lists
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
from pipeline.register.parts import parts

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
"""The same rows' models."""

REFERRING: Final[dict[str, tuple[tuple[type[Row], str], ...]]] = {
    "household": ((Person, "household"), (Proposal, "household")),
    "person": ((Proposal, "person"), (Distribution, "person")),
}
"""What refers to a row of each kind, and in which column."""

State = dict[str, Any]

_MANY: Final = 500
_LOCK: Final = 631_102
"""Any number that no other lock of the program's has."""


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
    for part in parts(keys):
        ENTITIES[name]._default_manager.filter(pk__in=part).update(**free)


def one_at_a_time() -> None:
    """Lets this transaction change the register alone; SQLite lets only one write anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def undo(number: int) -> int:
    """Takes back everything that a run changed and returns how many rows that was.

    Raises:
        UsageError: there is no such run, it was undone before, or a later run changed the same rows.
    """
    with transaction.atomic():
        one_at_a_time()
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
        changed = _states(changes, lambda change: change.before is not None and change.after is not None)
        made = {
            name: [one.row for one in changes if one.model == name and one.before is None]
            for name in ENTITIES
        }
        gone = _states(changes, lambda change: change.after is None)
        # What is changed back lets go of new rows, which then can go, those that refer to others first.
        for name, model in ENTITIES.items():
            columns = [field.name for field in model._meta.concrete_fields if not field.primary_key]
            model._default_manager.bulk_update(changed[name], columns, batch_size=_MANY)
        for name in reversed(ENTITIES):
            for part in parts(made[name]):
                ENTITIES[name]._default_manager.filter(pk__in=part).delete()
        for name, model in ENTITIES.items():
            model._default_manager.bulk_create(gone[name], batch_size=_MANY)
        run.undone_at = timezone.now()
        run.save(update_fields=["undone_at"])
        _unhear(run)
    return len(changes)


def _unhear(run: ImportRun) -> None:
    """Lets the next import hear again what an undone run heard, though later ones that stand knew of it."""
    stand = ImportRun.objects.filter(undone_at=None)
    before = stand.filter(pk__lt=run.pk).aggregate(newest=Max("heard"))["newest"] or 0
    stand.filter(pk__gt=run.pk, heard__gt=before).update(heard=before)


def _states(changes: Iterable[Change], wanted: Callable[[Change], bool]) -> dict[str, list[Row]]:
    """The rows of each kind as they were before the changes that are wanted."""
    found: dict[str, list[Row]] = {name: [] for name in ENTITIES}
    for change in filter(wanted, changes):
        found[change.model].append(row_as(ENTITIES[change.model], change.before or {}))
    return found


def _refuse_if_built_upon(run: ImportRun, changes: Sequence[Change]) -> None:
    later = ImportRun.objects.filter(pk__gt=run.pk, undone_at=None)
    mine = {name: {change.row for change in changes if change.model == name} for name in ENTITIES}
    theirs = Change.objects.filter(run__in=later).values_list("run", "model", "row")
    blocking = {number for number, model, row in theirs.iterator() if row in mine[model]}
    new = {
        name: {one.row for one in changes if one.model == name and one.before is None} for name in REFERRING
    }
    for name, referring in REFERRING.items():
        for model, column in referring:
            kind = next(kind for kind, one in ENTITIES.items() if one is model)
            used = _keys(model, f"{column}__in", new[name]) - mine[kind]
            blocking |= _runs_that_changed(later, kind, used)
    blocking |= _in_the_way(later, changes, mine)
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


def _in_the_way(
    later: QuerySet[ImportRun], changes: Sequence[Change], mine: Mapping[str, Collection[int]]
) -> set[int]:
    """Later runs that gave away a number or a slot which is to come back, or took a row away to which one refers."""
    found: set[int] = set()
    for name, model in ENTITIES.items():
        back = [change.before for change in changes if change.model == name and change.before is not None]
        holders: set[int] = set()
        if number := NUMBERS.get(name):
            holders |= _keys(model, f"{number}__in", {one[number] for one in back if one[number]})
        slots = {(one["sheet_id"], one["slot"]) for one in back}
        for part in parts({sheet for sheet, _ in slots}):
            rows = model._default_manager.filter(sheet__in=part).values_list("pk", "sheet", "slot")
            holders |= {key for key, sheet, slot in rows if (sheet, slot) in slots}
        found |= _runs_that_changed(later, name, holders - set(mine[name]))
        for other in NUMBERS:
            needed = {one[f"{other}_id"] for one in back if one.get(f"{other}_id")} - set(mine[other])
            found |= _runs_that_changed(later, other, needed - _keys(ENTITIES[other], "pk__in", needed))
    return found


def _runs_that_changed(later: QuerySet[ImportRun], name: str, rows: Collection[int]) -> set[int]:
    return {
        number
        for part in parts(rows)
        for number in Change.objects.filter(run__in=later, model=name, row__in=part).values_list(
            "run", flat=True
        )
    }


def _keys(model: type[Row], lookup: str, values: Collection[Any]) -> set[int]:
    return {
        key
        for part in parts(values)
        for key in model._default_manager.filter(**{lookup: part}).values_list("pk", flat=True)
    }


def row_as(model: type[Row], before: State) -> Row:
    """A row as `state` wrote it down."""
    values = {
        field.attname: field.to_python(before[field.attname])
        for field in model._meta.concrete_fields
        if field.attname in before
    }
    if issubclass(model, Tracked) and "voices" not in before:
        # Written down before the register kept who speaks of a row.
        values["voices"] = sorted({before["sheet_id"], *(sheet for _, sheet in before["sources"].values())})
    return model(**values)
