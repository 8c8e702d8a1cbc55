"""Combs: one character a cell; NIK, birth date and sex that a rule ties together are decoded jointly."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.forms.definition import FormDefinition
from pipeline.forms.layout import FieldType, Kind, PageLayout
from pipeline.forms.types import TYPES
from pipeline.recognition.adapt import adapted
from pipeline.recognition.alike import likeness, looks_alike
from pipeline.recognition.alphabet import CROSSED, LETTERS, MARKS, STROKES, allowed
from pipeline.recognition.blots import blots
from pipeline.recognition.cells import CellInk, cell_ink
from pipeline.recognition.decode import best_entries
from pipeline.recognition.doubt import Guess, Key
from pipeline.recognition.head import Head
from pipeline.recognition.joint import Candidate, agree, as_ruled, candidates
from pipeline.recognition.reader import CellReader
from pipeline.recognition.second import SecondReader
from pipeline.recognition.signs import signs
from pipeline.recognition.typed import looks_even, print_weighed
from pipeline.recognition.words import as_words, not_too_sure, with_words
from pipeline.registration.plane import Plane

_CROSSED: Final = 0.1
"""A cell that may be crossed out with this probability is shown to a person."""
_SURE: Final = 0.9
"""Ink that is read with this probability is not outvoted in silence."""
_LEFT_OUT_MM2: Final = 0.15
"""Strokes that no cell of a comb has; less is the tip of another row's letter."""
_DOT_MM2: Final = 1.0
"""A full stop tells less of the pen."""
_TIES: Final = ("nik_agrees_with_birth_date", "sex_agrees_with_nik")
_RULED: Final = (FieldType.NIK, FieldType.KK, FieldType.DATE)
"""Numbers whose rules say much of their digits."""
_NOTHING: Final = (Candidate("", None, 0.0),)


@dataclass(frozen=True, slots=True, eq=False)
class CombCells:
    """All comb cells of a page as the first reader sees them; one row a cell, in the page's order.

    Attributes:
        classes: bool (N, CLASSES), what each may hold.
        posteriors: float64 (N, CLASSES).
        hidden: float32 (N, H), the first reader's hidden layer: what a learnt head weighs, and what tells how alike
            two cells look.
        typed: the combs that were filled in by machine, as far as is known.
    """

    ink: CellInk
    classes: NDArray[np.bool_]
    posteriors: NDArray[np.float64]
    hidden: NDArray[np.float32]
    typed: frozenset[Key] = frozenset()


def comb_cells(
    image: NDArray[np.uint8],
    plane: Plane,
    page: PageLayout,
    reader: CellReader,
) -> CombCells | None:
    """The comb cells of a page; None for a page without combs."""
    if not any(field.kind is Kind.COMB for field in page.fields):
        return None
    boxes, groups, classes = comb_arrays(page)
    ink = cell_ink(image, plane, boxes, groups)
    seen = reader.see(ink, classes)
    return CombCells(ink, classes, seen.posteriors, seen.hidden)


def read_print(cells: CombCells, page: PageLayout) -> CombCells:
    """The cells with what Tesseract reads in the combs that it knows for machine print.

    Raises:
        MissingPartError: a comb seems typed and Tesseract is not installed.
    """
    even = even_combs(cells, page)
    if not even:
        return cells
    heights = comb_arrays(page)[0][:, 3]
    posteriors, typed = print_weighed(
        cells.posteriors, cells.ink, list(even.values()), heights, cells.classes
    )
    known = frozenset(key for key, part in even.items() if part in typed)
    return replace(cells, posteriors=posteriors, typed=known)


def even_combs(cells: CombCells, page: PageLayout) -> dict[Key, slice]:
    """The combs of words whose letters stand as evenly as a machine sets them; few hands do."""
    heights = comb_arrays(page)[0][:, 3]
    return {
        key: part
        for key, part in comb_places(page).items()
        if cells.classes[part.start, LETTERS].any() and looks_even(cells.ink, part, heights)
    }


def filled_combs(cells: CombCells, page: PageLayout) -> frozenset[Key]:
    """The combs of a page that hold ink."""
    return frozenset(key for key, part in comb_places(page).items() if cells.ink.amount[part].any())


def torn_combs(cells: CombCells, page: PageLayout) -> frozenset[Key]:
    """The combs in whose cells strokes lie that belong to none of them: a character off its place, or two in one."""
    left_out = cells.ink.left_out
    return frozenset(
        key for key, part in comb_places(page).items() if float(left_out[part].max()) >= _LEFT_OUT_MM2
    )


def comb_guesses(
    cells: CombCells | None,
    page: PageLayout,
    definition: FormDefinition,
    second: SecondReader | None,
    head: Head | None = None,
    kin: NDArray[np.int64] | None = None,
) -> dict[Key, Guess]:
    """Guesses for every comb of a page, each by the page's ink and its own rules.

    `second` helps where it is there and a hand wrote; so does `head`. For `kin` see `adapt.adapted`.
    """
    if cells is None:
        return {}
    ink = cells.ink
    posteriors = _by_its_hand(cells, page, definition, _seen_by(cells, page, second, head), kin)
    alike = looks_alike(cells.hidden, posteriors, ink.amount > 0, kin)
    read = posteriors.argmax(axis=1)
    blotted = blots(ink.images) & ~np.isin(read, MARKS)
    boxes, groups, _ = comb_arrays(page)
    signed = signs(ink.images, np.isin(read, STROKES), ink.amount > 0, ink.beyond_mm(boxes[:, 3]), groups)
    guesses: dict[Key, Guess] = {}
    for key, mine in comb_places(page).items():
        spec = definition.field(key[0])
        seen = posteriors[mine]
        if spec.words:
            seen = not_too_sure(seen, cells.classes[mine], ink.amount[mine] > 0)
        own = best_entries(seen)
        entries = with_words(seen, own, spec.words) if spec.words else own
        codes = spec.choices if spec.type is FieldType.CODE else ()
        found = candidates(entries, spec.type, frozenset(choice.value for choice in codes))
        crossed = bool(posteriors[mine, CROSSED].max() > _CROSSED or blotted[mine].any())
        reasons = ("crossed_out",) * crossed + ("sign",) * bool(signed[mine].any())
        guesses[key] = Guess(
            _led_by(own[0].raw, found) if spec.words else found,
            max(0.0, 1 - float(np.exp([entry.score for entry in entries]).sum())),
            (*reasons, "machine_print") if key in cells.typed else reasons,
            own[0],
            float(ink.trace[mine].sum()),
            likeness(own[0].raw, alike),
            tuple(ink.pen[mine][ink.amount[mine] >= _DOT_MM2].tolist()),
        )
    return guesses


def _seen_by(
    cells: CombCells, page: PageLayout, second: SecondReader | None, head: Head | None
) -> NDArray[np.float64]:
    """What each cell holds, whoever wrote it: (N, CLASSES)."""
    posteriors = cells.posteriors if head is None else head.weigh(cells.posteriors, cells.hidden)
    if second is None:
        return posteriors
    hand, posteriors = _by_hand(cells, page), posteriors.copy()
    posteriors[hand] = second.weigh(posteriors[hand], cells.ink.images[hand], cells.classes[hand])
    return posteriors


def _by_its_hand(
    cells: CombCells,
    page: PageLayout,
    definition: FormDefinition,
    posteriors: NDArray[np.float64],
    kin: NDArray[np.int64] | None,
) -> NDArray[np.float64]:
    """The same, now that the whole page shows how its hand writes."""
    labels = posteriors.copy()
    for key, mine in comb_places(page).items():
        spec = definition.field(key[0])
        if spec.words:
            labels[mine] = as_words(posteriors[mine], spec.words)
        elif spec.type in _RULED:
            labels[mine] = as_ruled(posteriors[mine], spec.type)
    written = (cells.ink.amount > 0) & _by_hand(cells, page)
    return adapted(posteriors, labels, cells.hidden, written, comb_arrays(page)[1], kin)


def _by_hand(cells: CombCells, page: PageLayout) -> NDArray[np.bool_]:
    """Which cells (N,) lie in combs that no machine filled in."""
    hand = np.ones(len(cells.posteriors), np.bool_)
    for key in cells.typed:
        hand[comb_places(page)[key]] = False
    return hand


def _led_by(raw: str, found: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    """The candidates with one of them first: a word that is in no list stays as it was written."""
    return tuple(sorted(found, key=lambda candidate: candidate.raw != raw))


@lru_cache(maxsize=64)
def comb_places(page: PageLayout) -> Mapping[Key, slice]:
    """Where each comb of a page stands among all its comb cells."""
    combs = [field for field in page.fields if field.kind is Kind.COMB]
    ends = np.cumsum([len(comb.cells) for comb in combs]).tolist()
    return {
        (comb.name, comb.row): slice(end - len(comb.cells), end)
        for comb, end in zip(combs, ends, strict=True)
    }


@lru_cache(maxsize=64)
def comb_arrays(page: PageLayout) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.bool_]]:
    """Boxes (N, 4) in mm, comb number (N,) and allowed classes (N, CLASSES) of all comb cells of a page."""
    fields = [field for field in page.fields if field.kind is Kind.COMB]
    boxes = np.array([cell for field in fields for cell in field.cells], np.float64)
    groups = np.repeat(np.arange(len(fields)), [len(field.cells) for field in fields])
    classes = np.stack([allowed(field.alphabet) for field in fields])[groups]
    return boxes, groups, classes


def decode_together(guesses: dict[Key, Guess], definition: FormDefinition, page: PageLayout) -> None:
    """Replaces the guesses of fields that speak of each other by their joint decoding, in place."""
    for keys in _company(definition, page):
        before = [guesses[key].found if key else _NOTHING for key in keys]
        if before[0][0].raw.strip():
            for key, found in zip(keys, agree(*before), strict=True):
                if key is not None:
                    guesses[key] = replace(guesses[key], found=found)


def doubt_outvoted(guesses: dict[Key, Guess], page: PageLayout) -> None:
    """Doubts what rules have made of ink that by itself is read surely, and empty fields made of any ink, in place."""
    types = {(field.name, field.row): field.type for field in page.fields}
    for key, guess in guesses.items():
        if guess.ink is None:
            continue
        best = guess.found[0]
        sure = guess.ink.score >= np.log(_SURE)
        moved = best.value != TYPES[types[key]].normalise(guess.ink.raw.replace("#", ""))
        emptied = bool(guess.ink.raw.strip()) and not best.raw.strip()
        if (sure and moved) or emptied:
            guesses[key] = replace(guess, reasons=(*guess.reasons, "outvoted"))


def _company(definition: FormDefinition, page: PageLayout) -> list[tuple[Key, Key | None, Key | None]]:
    """Which NIK, birth date and sex stand together on a page, from the rules that the definition names."""
    here = {(field.name, field.row) for field in page.fields}
    types = {(field.name, field.row): field.type for field in page.fields}
    linked: dict[Key, dict[FieldType, Key]] = {}
    for rule in definition.rules:
        for row in sorted({row for _, row in here}, key=lambda r: r or 0):
            keys = [(name, row) for name in rule.fields if (name, row) in here]
            niks = [key for key in keys if types[key] is FieldType.NIK]
            if len(niks) == 1 and rule.name in _TIES:
                for key in keys:
                    linked.setdefault(niks[0], {})[types[key]] = key
    return [(key, by.get(FieldType.DATE), by.get(FieldType.CHOICE)) for key, by in linked.items()]
