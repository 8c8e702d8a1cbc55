"""Writes what became of a book: what is new or differs, and what nothing speaks of any more."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from pipeline.register.book import Book
from pipeline.register.changes import (
    ENTITIES,
    NUMBERS,
    REFERRING,
    TRACKED,
    State,
    move_aside,
    state,
)
from pipeline.register.lists import people_on_lists
from pipeline.register.models import Change, Row, Tracked

_BATCH: Final = 500


def save(book: Book, counts: dict[str, Counter[str]]) -> list[Change]:
    """Writes what is new or differs, takes away what nothing speaks of, and returns every change."""
    orphans = {name: book.orphans(name) for name in ENTITIES}
    out = {id(row) for rows in orphans.values() for row in rows}
    _rehome(row for _, row in book.touched.values() if id(row) in book.homeless)
    changes: list[Change] = []
    found: dict[str, tuple[list[Row], list[tuple[Row, State, State]]]] = {}
    for name in ENTITIES:
        rows = [row for kind, row in book.touched.values() if kind == name and id(row) not in out]
        old = [(row, before, state(row)) for row in rows if (before := book.before.get(id(row))) is not None]
        differing = [(row, before, after) for row, before, after in old if after != before or _is_bound(row)]
        found[name] = [row for row in rows if row.pk is None], differing
        counts[name]["unchanged"] += len(old) - len(differing)
        moved = [row.pk for row, before, after in differing if _place(name, before) != _place(name, after)]
        move_aside(name, [*moved, *(row.pk for row in orphans[name])])
    for name, (fresh, differing) in found.items():
        model = ENTITIES[name]
        columns = [field.name for field in model._meta.concrete_fields if not field.primary_key]
        for row in [*fresh, *(row for row, _, _ in differing)]:
            _settle(row)
        for row in fresh:
            row.pk = book.returned.get(id(row))
        differing = [(row, before, state(row)) for row, before, _ in differing]
        model._default_manager.bulk_update([row for row, _, _ in differing], columns, batch_size=_BATCH)
        model._default_manager.bulk_create(fresh, batch_size=_BATCH)
        changes += [Change(model=name, row=row.pk, before=was, after=now) for row, was, now in differing]
        changes += [Change(model=name, row=row.pk, before=None, after=state(row)) for row in fresh]
        silent = sum(_said(was) == _said(now) for _, was, now in differing)
        counts[name].update(new=len(fresh), updated=len(differing) - silent, unchanged=silent)
    for name in reversed(ENTITIES):
        gone = [row for kind, row in book.gone if kind == name]
        changes += [Change(model=name, row=row.pk, before=state(row), after=None) for row in gone]
        gone += _unbound(name, orphans[name], book, changes)
        ENTITIES[name]._default_manager.filter(pk__in=[row.pk for row in gone]).delete()
        counts[name]["removed"] += len(gone)
    return changes


def _said(held: State) -> State:
    """What is known of a row, whoever said so."""
    return {column: value for column, value in held.items() if column != "voices"}


def _place(name: str, held: State) -> tuple[object, ...]:
    """What no other row may have: sheet and slot, and the number."""
    return held["sheet_id"], held["slot"], held.get(NUMBERS.get(name, ""))


def _rehome(rows: Iterable[Row]) -> None:
    """Gives rows whose sheet has left them, and of which only sheets speak that wait, to one of these."""
    for row in rows:
        if isinstance(row, Tracked) and row.voices:
            row.sheet_id, row.slot = row.voices[0], f"~{row.pk}"


def _unbound(name: str, orphans: Sequence[Row], book: Book, changes: list[Change]) -> list[Row]:
    """Of the rows that no sheet speaks of any more those that nothing refers to; the others stay, without a number."""
    keys = [row.pk for row in orphans]
    bound: set[int] = set()
    for model, column in REFERRING.get(name, ()):
        bound.update(
            model._default_manager.filter(**{f"{column}__in": keys}).values_list(f"{column}_id", flat=True)
        )
    if name == "person" and keys:
        bound.update(people_on_lists())
    for row in orphans:
        before = book.before[id(row)]
        after: State | None = None
        if row.pk in bound:
            after = {**before, "slot": f"~{row.pk}", "voices": [], NUMBERS[name]: None}
            TRACKED[name].objects.filter(pk=row.pk).update(voices=[])
        changes.append(Change(model=name, row=row.pk, before=before, after=after))
    return [row for row in orphans if row.pk not in bound]


def _is_bound(row: Row) -> bool:
    """Whether a row refers to one that this run makes, whose key is not known yet."""
    return any(isinstance(other, Row) and other.pk is None for other in row._state.fields_cache.values())


def _settle(row: Row) -> None:
    """Takes over the keys of rows that this run has just made."""
    for name, other in list(row._state.fields_cache.items()):
        if isinstance(other, Row):
            setattr(row, name, other)
