"""Which row each of a sheet's drafts speaks of: exact NIK, exact family card, else the row that its slot once made.

A sheet may be corrected after it was imported. Then it speaks of other rows than before, and its word is taken back
from those that it has left: what else was said of them counts again, and where nothing was, they go.
"""

from collections.abc import Iterator

from pipeline.forms.attributes import FREE
from pipeline.register.book import Book, Told
from pipeline.register.changes import NUMBERS
from pipeline.register.drafts import Draft
from pipeline.register.models import Household, Person, Row, Tracked

_IN_A_ROW: tuple[str, ...] = ("nik", "name", "village")
"""What a roster's row says of a person who is not on its list."""


def assign(told: Told, book: Book) -> None:
    """Finds the row of each of a sheet's drafts, made where there is none, and takes its word back from all others."""
    for name, number in NUMBERS.items():
        mine: dict[str, Tracked] = {}
        drafts = [draft for draft in spoken(told, book) if draft.entity == name]
        for draft in drafts:
            row = book.known.get((name, draft.attributes.get(number, "")))
            if row is not None:
                mine[draft.slot] = row
        for draft in drafts:
            if draft.slot not in mine:
                mine[draft.slot] = _by_slot(told, draft, number, mine, book)
        for slot, row in mine.items():
            book.whose[told.sheet, name, slot] = row
            row.voices = sorted({*row.voices, told.sheet})
            if row.sheet_id == told.sheet and mine.get(row.slot) is not row:
                book.homeless.add(id(row))
        for entity, row in book.said.get(told.sheet, ()):
            if entity == name and not any(row is one for one in mine.values()):
                _leave(name, row, told, book)


def spoken(told: Told, book: Book) -> Iterator[Draft]:
    """The drafts of households and people, those of a roster's unexpected recipients too."""
    for draft in told.drafts:
        if draft.entity in NUMBERS:
            yield draft
        elif draft.entity == "distribution" and (one := recipient(told, draft, book)) is not None:
            yield one


def recipient(told: Told, draft: Draft, book: Book) -> Draft | None:
    """The person that a roster's row itself names; None where its list tells who it is about, or nothing does."""
    if expected(told, draft, book) is not None or not {"nik", "name"} & draft.attributes.keys():
        return None
    said = {name: value for name, value in draft.attributes.items() if name in _IN_A_ROW}
    return Draft("person", draft.slot, said, draft.place)


def expected(told: Told, draft: Draft, book: Book) -> Person | None:
    """Whom the list of a roster names in a row."""
    return book.people.get(told.expected.get(draft.place, 0)) if draft.place else None


def _by_slot(told: Told, draft: Draft, number: str, mine: dict[str, Tracked], book: Book) -> Tracked:
    """The row that a draft's slot once made, unless it is somebody else's by now; else a new one."""
    name, wanted = draft.entity, draft.attributes.get(number, "")
    if wanted and (twin := book.known.get((name, wanted))) is not None:
        return twin
    if (ghost := _ghost(draft, book)) is not None:
        book.number(name, ghost, wanted)
        return ghost
    row = book.rows[told.sheet].get((name, draft.slot))
    if row is None or any(row is one for one in mine.values()) or not _free(row, number, wanted, told):
        row = book.make(name, told.sheet, draft.slot)
        if isinstance(row, Person) and (key := _listed(told, draft, book)) is not None:
            book.give_back(row, key)
    found = _tracked(row)
    book.number(name, found, wanted)
    return found


def _ghost(draft: Draft, book: Book) -> Tracked | None:
    """Somebody of whom no sheet spoke any more, kept for aid or a list, whom a draft now names with the same NIK."""
    said = draft.attributes
    ghost = book.ghosts.pop((said.get("nik", ""), said.get("name", "")), None)
    if ghost is None or ghost.voices:
        return None
    for sheet in {source for _, source in ghost.sources.values()}:
        take_back(ghost, sheet, frozenset())
    book.homeless.add(id(ghost))
    return ghost


def _listed(told: Told, draft: Draft, book: Book) -> int | None:
    """The key under which a printed list names somebody who is told of again; see `lists.Lost`."""
    said = draft.attributes
    return book.lost.found(said.get("nik", ""), said.get("name", ""), told.sheet, draft.slot)


def _free(row: Row, number: str, wanted: str, told: Told) -> bool:
    """Whether a row is the sheet's own to say who it is: no other speaks of it, or it has no number to be found by."""
    others = set(_tracked(row).voices) - {told.sheet}
    return not others or not (wanted or getattr(row, number))


def _leave(name: str, row: Tracked, told: Told, book: Book) -> None:
    """Takes a sheet's word back from a row that it speaks of no more."""
    row.voices = [sheet for sheet in row.voices if sheet != told.sheet]
    number = NUMBERS[name]
    if row.voices and number in row.sources:
        # Whoever else speaks of it finds it by its number.
        row.sources[number] = ["", row.voices[0]]
    take_back(row, told.sheet, frozenset())
    if row.sheet_id == told.sheet:
        book.homeless.add(id(row))
    book.touch(name, row)
    book.left.append((name, row))


def take_back(row: Tracked, sheet: int, but: frozenset[str]) -> None:
    """Empties what a sheet alone has said of a row, but for some attributes."""
    for attribute in [name for name, (_on, source) in row.sources.items() if source == sheet]:
        if attribute in but:
            continue
        del row.sources[attribute]
        if attribute.startswith(FREE):
            row.facts.pop(attribute.removeprefix(FREE), None)
        elif attribute == "household" and isinstance(row, Person):
            row.household, row.village = None, ""
        else:
            setattr(row, attribute, default_of(row, attribute))


def default_of(row: Row, column: str) -> object:
    """What a column holds of which nothing is said."""
    return next(one for one in row._meta.concrete_fields if one.name == column).get_default()


def _tracked(row: Row) -> Tracked:
    if not isinstance(row, Household | Person):
        raise TypeError(row)
    return row
