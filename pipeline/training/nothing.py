"""What becomes of signs, notes and traces: `python -m pipeline.training.nothing --data ../shared/data`.

People seldom leave a comb empty that does not concern them: they draw a dash, strike it through, or note that it is
the same as above, that there is none, or why nobody signed; or they take back what they wrote. Sheets are filled in by
held-out hands, some of whose empty fields hold such a thing instead of an entry, scanned, and read as any page is. None
may enter unseen as a value; as empty it may. A ring is left out: it is a zero. Numbers may be written as Roman
numerals, too, and enter as the numbers that they are.
"""

import argparse
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from rich.console import Console

from pipeline.forms.catalogue import Catalogue, default_directories
from pipeline.forms.identity import serial_of
from pipeline.forms.layout import Box, FieldLayout, Kind, around
from pipeline.page import read_page
from pipeline.training.corrections import outcome, tabled
from pipeline.training.deck import hands_of, writers_of
from pipeline.training.fill import (
    Writer,
    blank_sheets,
    draw_lines,
    draw_mark,
    draw_signature,
    fill_page,
    write_in_area,
    write_note,
)
from pipeline.training.hands import Floats, Hand
from pipeline.training.people import RARE, fill_in
from pipeline.training.scanner import Scanner

Rng = np.random.Generator
Lines = list[Floats]
"""Strokes, each (n, 2): x and y in mm."""

_SEED: Final = 20261201
_LEFT_OUT: Final = 0.35
"""Share of the entries that are not written."""
_COUNTED: Final = 0.5
"""Share of the notes in numbers that are Roman numerals, and of those in a signature's area that are single letters."""
_STRUCK: Final = 0.1
"""Share of the choices without a mark that get one and have it struck out."""
_ABSENT: Final = "absent"


def _line(*points: tuple[float, float]) -> Floats:
    return np.array(points, np.float32)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a sign goes: a comb, one of its first cells, and about the middle of it, mm."""

    comb: Box
    cells: tuple[Box, ...]
    cell: Box
    x: float
    y: float

    @classmethod
    def sample(cls, field: FieldLayout, rng: Rng) -> "_Place":
        cell = field.cells[int(rng.integers(min(len(field.cells), 2)))]
        x, y = np.array([cell.x + cell.w / 2, cell.y + cell.h / 2]) + rng.normal(0, 0.3, 2)
        return cls(around(field.cells), field.cells, cell, float(x), float(y))

    @classmethod
    def within(cls, box: Box, rng: Rng) -> "_Place":
        x, y = np.array([box.x + box.w / 2, box.y + box.h / 2]) + rng.normal(0, 0.6, 2)
        return cls(box, (box,), box, float(x), float(y))


def _dash(at: _Place, rng: Rng) -> Lines:
    half = rng.uniform(0.18, 0.4) * at.cell.w
    return [_line((at.x - half, at.y), (at.x + half, at.y + rng.normal(0, 0.15)))]


def _dashes(at: _Place, rng: Rng) -> Lines:
    return [line for cell in at.cells for line in _dash(replace(at, x=cell.x + cell.w / 2), rng)]


def _rule(at: _Place, rng: Rng) -> Lines:
    start, end = np.array([at.comb.x, at.comb.x + at.comb.w * rng.uniform(0.4, 1)]) + rng.normal(0, 0.8, 2)
    return [_line((start, at.y), (end, at.y + rng.normal(0, 0.3)))]


def _slash(at: _Place, rng: Rng) -> Lines:
    whole = at.comb if rng.random() < 0.5 else at.cell
    foot, head = rng.uniform(0.7, 1.1), rng.uniform(-0.1, 0.3)
    inset = rng.uniform(0, 0.2, 2) * whole.w
    return [
        _line(
            (whole.x + inset[0], whole.y + foot * whole.h),
            (whole.x + whole.w - inset[1], whole.y + head * whole.h),
        )
    ]


def _cross(at: _Place, rng: Rng) -> Lines:
    left, right = at.comb.x + rng.uniform(0, 0.25) * at.comb.w, at.comb.x + rng.uniform(0.75, 1) * at.comb.w
    top, foot = at.comb.y - 0.2, at.comb.y + at.comb.h + 0.2
    return [_line((left, top), (right, foot)), _line((left, foot), (right, top))]


def _ditto(at: _Place, rng: Rng) -> Lines:
    apart, high = rng.uniform(0.7, 1.5), rng.uniform(1.0, 2.2)
    top, lean = at.cell.y + rng.uniform(0.2, 0.6) * at.cell.h, rng.uniform(0.0, 0.4)
    sides = (at.x - apart / 2, at.x + apart / 2)
    return [_line((x, top), (x - lean + rng.normal(0, 0.1), top + high)) for x in sides]


def _dot(at: _Place, rng: Rng) -> Lines:
    return [_line((at.x, at.y), (at.x + rng.normal(0, 0.1), at.y + rng.normal(0, 0.1)))]


def _wave(at: _Place, rng: Rng) -> Lines:
    along = np.linspace(0.5, at.comb.w * rng.uniform(0.4, 1), 40)
    high, turns = rng.uniform(0.5, 1.2), rng.uniform(8, 20)
    return [
        np.stack([at.comb.x + along, at.y + high * np.sin(np.linspace(0, turns, 40))], 1).astype(np.float32)
    ]


def _tick(at: _Place, rng: Rng) -> Lines:
    size = rng.uniform(0.7, 1.3)
    return [
        _line(
            (at.x - 1.2 * size, at.y),
            (at.x - 0.4 * size, at.y + 1.2 * size),
            (at.x + 1.5 * size, at.y - 2 * size),
        )
    ]


def _x(at: _Place, rng: Rng) -> Lines:
    r = rng.uniform(1, 2)
    return [
        _line((at.x - r, at.y - r), (at.x + r, at.y + r)),
        _line((at.x - r, at.y + r), (at.x + r, at.y - r)),
    ]


def _equals(at: _Place, rng: Rng) -> Lines:
    r = rng.uniform(1, 2)
    return [_line((at.x - r, at.y + way), (at.x + r, at.y + way)) for way in (-0.6, 0.6)]


def _arrow(at: _Place, rng: Rng) -> Lines:
    top, foot, barb = at.cell.y + 0.5, at.cell.y + at.cell.h - 0.5, rng.uniform(0.8, 1.3)
    head = _line((at.x - barb, foot - barb), (at.x, foot), (at.x + barb, foot - barb))
    return [_line((at.x, top), (at.x, foot)), head]


def _column(at: _Place, rng: Rng) -> Lines:
    top, foot = rng.uniform(0.5, 8, 2)
    return [_line((at.x, at.comb.y - top), (at.x + rng.normal(0, 0.3), at.comb.y + at.comb.h + foot))]


def _tally(at: _Place, rng: Rng) -> Lines:
    pitch, top = rng.uniform(0.8, 1.4), at.comb.y + 1
    feet = at.comb.x + 0.8 + pitch * np.arange(int(rng.integers(2, 6)))
    return [_line((x, top), (x + rng.normal(0, 0.2), top + at.comb.h - 2)) for x in feet]


def _strike(at: _Place, rng: Rng) -> Lines:
    left, right = at.cell.x - rng.uniform(0.5, 3), at.cell.x + at.cell.w + rng.uniform(0.5, 8)
    return [_line((left, at.y), (right, at.y + rng.normal(0, 0.4)))]


def _strike_twice(at: _Place, rng: Rng) -> Lines:
    (line,) = _strike(at, rng)
    return [line, line + np.array([rng.normal(0, 0.4), rng.uniform(0.7, 1.3)], np.float32)]


def _strike_slanting(at: _Place, rng: Rng) -> Lines:
    box, out = at.cell, rng.uniform(0.5, 1.5)
    return [_line((box.x - out, box.y + box.h + out), (box.x + box.w + out, box.y - out))]


def _strike_crosswise(at: _Place, rng: Rng) -> Lines:
    box, out = at.cell, rng.uniform(0.5, 1.5)
    other = _line((box.x - out, box.y - out), (box.x + box.w + out, box.y + box.h + out))
    return [*_strike_slanting(at, rng), other]


def _scratch(at: _Place, rng: Rng) -> Lines:
    turns = int(rng.integers(5, 9))
    x = np.linspace(at.cell.x - 0.7, at.cell.x + at.cell.w + 0.7, turns)
    y = np.where(np.arange(turns) % 2, at.cell.y - 0.6, at.cell.y + at.cell.h + 0.6) + rng.normal(
        0, 0.2, turns
    )
    return [np.stack([x, y], 1).astype(np.float32)]


STRIKES: Final = (_strike, _strike_twice, _strike_slanting, _strike_crosswise, _scratch)
"""How people take a mark back."""
SIGNS: Final[Mapping[str, Callable[[_Place, Rng], Lines]]] = {
    "dash": _dash,
    "a dash in each cell": _dashes,
    "line through it": _rule,
    "slash": _slash,
    "cross through it": _cross,
    "ditto": _ditto,
    "dot": _dot,
    "wave": _wave,
    "tick": _tick,
    "x": _x,
    "equals": _equals,
    "arrow down": _arrow,
    "line down the column": _column,
    "tally": _tally,
}
"""What people draw, by its name."""
AREA_SIGNS: Final = (
    "dash",
    "line through it",
    "slash",
    "cross through it",
    "ditto",
    "dot",
    "tick",
    "x",
    "equals",
)
"""Those that nobody signs with; a wave may be a signature."""
NOTE: Final = "note"
LETTER: Final = "letter"
ROMAN: Final = "Roman numeral"
RUBBED_OUT: Final = "rubbed out"
STRUCK_OUT: Final = "struck out"
_NOTES: Final = (
    "SDA", "S.D.A", "IDEM", "SAMA", "NIHIL", "KOSONG", "TIDAK ADA", "TDK ADA", "BELUM ADA", "TIDAK TAHU", "LUPA", "ALM",
    "ADA", "YA", "TDK", "PINDAH",
)  # fmt: skip
_LETTERS: Final = ("S", "I", "A", "T", "TH", "X")
_EXCUSES: Final = ("SAKIT", "IZIN", "ALPA", "PINDAH", "TDK HADIR", "TIDAK HADIR", "MENINGGAL")
_ROMANS: Final = dict(
    zip(("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X"), map(str, range(1, 11)), strict=True)
)
_SIGN: Final = "sign"
_WAYS: Final = (_SIGN, NOTE, RUBBED_OUT, None)
_WAY_SHARES: Final = (0.4, 0.2, 0.15, 0.25)
_TRACE: Final = (0.08, 0.35)
"""How dark a pencil's traces are once it is rubbed out."""
_WATCHED: Final = {Kind.COMB: "", Kind.MARKS: "choice: ", Kind.AREA: "signature: "}
_ROWS: Final = (
    *(*SIGNS, NOTE, ROMAN, RUBBED_OUT, "empty", "written"),
    *(_WATCHED[Kind.MARKS] + way for way in (RUBBED_OUT, STRUCK_OUT, "empty", "written")),
    *(_WATCHED[Kind.AREA] + way for way in (*AREA_SIGNS, LETTER, NOTE, RUBBED_OUT, "empty", "written")),
)

Drawn = tuple[str | None, str | None]
"""What was drawn into an empty field, if anything, and the value that it means."""


def outcomes(
    catalogue: Catalogue,
    form: str,
    writers: Sequence[Hand],
    helpers: Sequence[Hand],
    count: int,
    seed: int = _SEED,
) -> Iterator[tuple[str, str]]:
    """What is in each field of `count` sheets, but free lines, in the words of the table, and what became of it."""
    found = catalogue.get(form)
    blanks = blank_sheets(found, [serial_of(found.definition.code, "2005", 2026, 1)])[0]
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        lenders = [helpers[int(i)] for i in rng.permutation(len(helpers))]
        writer = Writer.sample([writers[number % len(writers)], *lenders], rng, slips=0.0)
        whole = replace(writer, style=replace(writer.style, breaks=0.0))
        values = {key: v for key, v in fill_in(found, rng, "2005", RARE).items() if rng.random() >= _LEFT_OUT}
        for blank, layout in zip(blanks, found.layout.pages, strict=True):
            page, truths = fill_page(blank, layout, values, writer, rng)
            drawn, meant = [], []
            for field, truth in zip(layout.fields, truths, strict=True):
                sign, value = None, None if truth.value == _ABSENT else truth.value
                if value is None and field.kind in _INTO:
                    sign, value = _INTO[field.kind](page, field, whole, rng)
                drawn.append(sign or ("empty" if value is None else "written"))
                meant.append(_ABSENT if value is None and field.kind is Kind.AREA else value)
            image = Scanner.sample(rng).fit_for(writer.style.darkness).scan(page, rng)
            if not (readings := read_page(image, catalogue).readings):
                raise SystemExit(f"Page {layout.page} of sheet {number} was not read.")
            for one, truth, sign, value in zip(readings, truths, drawn, meant, strict=True):
                if truth.kind in _WATCHED:
                    yield f"{_WATCHED[truth.kind]}{sign}", outcome(one, value)


def _into_comb(page: Floats, field: FieldLayout, writer: Writer, rng: Rng) -> Drawn:
    numbers, way = field.alphabet.isdigit(), _way(rng)
    if way == NOTE and numbers and rng.random() < _COUNTED:
        numeral = str(rng.choice(list(_ROMANS)))
        return (ROMAN, _ROMANS[numeral]) if write_note(page, field, numeral, writer, rng) else (None, None)
    if way == NOTE:
        return (NOTE if write_note(page, field, str(rng.choice(_NOTES)), writer, rng) else None), None
    if way == RUBBED_OUT:
        characters = [c for c in field.alphabet if c.isalnum()]
        text = "".join(rng.choice(characters, int(rng.integers(1, len(field.cells) + 1))))
        return (way if write_note(page, field, text, _faintly(writer, rng), rng) else None), None
    if way == _SIGN:
        way = str(rng.choice(list(SIGNS)))
        draw_lines(page, SIGNS[way](_Place.sample(field, rng), rng), writer, rng)
    return way, None


def _into_boxes(page: Floats, field: FieldLayout, writer: Writer, rng: Rng) -> Drawn:
    way, box = _way(rng), field.choices[int(rng.integers(len(field.choices)))].box
    if way == RUBBED_OUT:
        draw_mark(page, box, writer.way, _faintly(writer, rng), rng)
        return RUBBED_OUT, None
    if rng.random() >= _STRUCK:
        return None, None
    draw_mark(page, box, writer.way, writer, rng)
    strike = STRIKES[int(rng.integers(len(STRIKES)))]
    draw_lines(page, strike(_Place.within(box, rng), rng), writer, rng)
    return STRUCK_OUT, None


def _into_area(page: Floats, field: FieldLayout, writer: Writer, rng: Rng) -> Drawn:
    way = _way(rng)
    if way == NOTE:
        how, notes = (LETTER, _LETTERS) if rng.random() < _COUNTED else (NOTE, _EXCUSES)
        return (how if write_in_area(page, field.box, str(rng.choice(notes)), writer, rng) else None), None
    if way == RUBBED_OUT:
        draw_signature(page, field.box, _faintly(writer, rng), rng)
    if way == _SIGN:
        way = str(rng.choice(AREA_SIGNS))
        at = _Place.within(field.box, rng)
        draw_lines(page, SIGNS[way](at, rng), writer, rng)
    return way, None


_INTO: Final = {Kind.COMB: _into_comb, Kind.MARKS: _into_boxes, Kind.AREA: _into_area}


def _way(rng: Rng) -> str | None:
    """Whether a sign, a note, what was rubbed out, or nothing comes into an empty field."""
    return _WAYS[int(rng.choice(len(_WAYS), p=_WAY_SHARES))]


def _faintly(writer: Writer, rng: Rng) -> Writer:
    """The same hand with a pencil that was rubbed out."""
    return replace(writer, style=replace(writer.style, tool="pencil", darkness=float(rng.uniform(*_TRACE))))


def main() -> None:
    """Command line; see the module."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sheets", type=int, default=60)
    parser.add_argument("--form", default="pendataan", help="name or code of the form")
    parser.add_argument("--home", type=Path, default=Path("output"), help="where more definitions may be")
    arguments = parser.parse_args()
    catalogue = Catalogue.load(default_directories(arguments.home))
    hands = hands_of(arguments.data, "test")
    found = Counter(outcomes(catalogue, arguments.form, writers_of(hands), hands, arguments.sheets))
    Console().print(tabled("in the field", _ROWS, found))


if __name__ == "__main__":
    main()
