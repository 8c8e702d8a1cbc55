"""Fills a printed page by hand: any form, from its layout alone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from pdf2image import convert_from_path

from pipeline.forms.catalogue import Form
from pipeline.forms.layout import Box, FieldLayout, FieldType, Kind, PageLayout
from pipeline.forms.printing import Rosters, print_sheets
from pipeline.forms.types import TYPES
from pipeline.training.degrade import Picture
from pipeline.training.hands import Floats, Hand, Strokes
from pipeline.training.ink import crossing, habits, lay, with_habits
from pipeline.training.pen import PenStyle, draw
from pipeline.training.people import Values
from pipeline.training.strokes import filled, mark, signature, thumbprint

DPI: Final = 300
MM: Final = 25.4

_AMOUNTS: Final = frozenset({FieldType.COUNT, FieldType.MONEY, FieldType.NUMBER})
Correction = Literal["cell", "overwritten", "struck", "missed"]
"""A character crossed out and written anew above its cell, or written over another; the whole entry struck through
and written anew above; or written above its cells, which stay empty."""
CORRECTIONS: Final[tuple[Correction, ...]] = ("cell", "overwritten", "struck", "missed")
_THUMBS: Final = 0.12
"""Share of signatures that are thumbprints."""
_ASTRAY_MM: Final = 0.8
"""How far beside its place an entry lies that does (standard deviation) …"""
_SLIDES: Final = 0.004
"""… and a single character, with this chance."""


@dataclass(frozen=True, slots=True)
class Writer:
    """Who fills in a sheet.

    Attributes:
        hands: the first that has a character writes it.
        tall_mm: of capitals.
        base: where the baseline lies in a cell, from its top, as a share of its height.
        careless_mm: standard deviation of a character's place.
        squeeze: widest character as a share of the cell.
        strays: chance that a comb's entry lies beside its cells as a whole.
        slips: chance that a comb holds a correction.
        corrections: the ways in which this writer corrects.
        way: of marking tick boxes, `tick`, `cross`, `slash` or `scribble`.
        cancels: chance that a choice has a wrong box, filled in as cancelled.
    """

    hands: tuple[Hand, ...]
    style: PenStyle
    added: Mapping[str, tuple[Floats, ...]]
    tall_mm: float
    base: float
    careless_mm: float
    squeeze: float
    strays: float
    slips: float
    way: str
    cancels: float
    corrections: tuple[Correction, ...] = ("cell",)

    @classmethod
    def sample(
        cls,
        hands: Sequence[Hand],
        rng: np.random.Generator,
        *,
        slips: float = 0.002,
        corrections: tuple[Correction, ...] = ("cell",),
    ) -> "Writer":
        """A writer with one pen and one way of filling in."""
        tall = float(rng.uniform(3.3, 5.4))
        return cls(
            tuple(hands),
            PenStyle.sample(rng).for_height(tall),
            habits(rng),
            tall,
            base=float(np.clip(0.5 + tall / 13 + rng.normal(0, 0.03), 0.7, 0.97)),
            careless_mm=float(rng.uniform(0.12, 0.4)),
            squeeze=float(rng.uniform(0.72, 1.0)),
            strays=0.03,
            slips=slips,
            way=str(rng.choice(["tick", "cross", "scribble", "slash"], p=[0.45, 0.42, 0.06, 0.07])),
            cancels=0.004,
            corrections=corrections,
        )

    def hand_of(self, char: str) -> Hand | None:
        """The first hand that has a character, if any has."""
        return next((hand for hand in self.hands if hand.has(char)), None)


@dataclass(frozen=True, slots=True)
class Truth:
    """What a field says, in the words of `export readings`.

    Attributes:
        raw: the character of each cell as written, spaces where empty; "" for other kinds.
        correction: how the entry was corrected; None where it was not.
        samples: which sample of the hand was drawn into each cell, a number; 0 where it is empty. Only hands that keep
            their samples (pens) give each one number.
    """

    field: str
    row: int | None
    type: FieldType
    kind: Kind
    value: str | None
    raw: str = ""
    correction: Correction | None = None
    samples: tuple[int, ...] = ()


def blank_sheets(
    form: Form, serials: Sequence[str], preprinted: Rosters | None = None
) -> list[list[Picture]]:
    """The empty pages of each sheet as a printer leaves them, uint8 (H, W) at `DPI`."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "sheets.pdf"
        print_sheets(form, serials, path, preprinted=preprinted)
        images = convert_from_path(str(path), DPI, grayscale=True)
    pages = [np.asarray(image, np.uint8) for image in images]
    each = len(form.layout.pages)
    return [pages[i * each : (i + 1) * each] for i in range(len(serials))]


def fill_page(
    blank: Picture, layout: PageLayout, values: Values, writer: Writer, rng: np.random.Generator
) -> tuple[Floats, tuple[Truth, ...]]:
    """Writes values into a blank page.

    Args:
        blank: uint8 (H, W) at `DPI`, upright.
        layout: of that side.
        values: under field and row; a field that is missing is left empty.
        writer: whose pen.
        rng: source of all chance.

    Returns:
        Brightness float32 (H, W) in 0..1, and the truth of every field in the layout's order. A value with a
        character that no hand has is left empty, and its truth says so.
    """
    page = blank.astype(np.float32) * np.float32(1 / 255)
    truths = [_fill(page, field, values.get((field.name, field.row)), writer, rng) for field in layout.fields]
    return page, tuple(truths)


def _fill(
    page: Floats, field: FieldLayout, value: str | None, writer: Writer, rng: np.random.Generator
) -> Truth:
    truth = Truth(field.name, field.row, field.type, field.kind, value)
    if field.kind is Kind.COMB:
        return _comb(page, field, truth, writer, rng)
    if field.kind is Kind.MARKS:
        return _marks(page, field, truth, writer, rng)
    if field.kind is Kind.AREA:
        if value == "present":
            draw_signature(page, field.box, writer, rng)
        return replace(truth, value=value or "absent")
    return _line(page, field, truth, writer, rng)


def _px(mm: float) -> float:
    return mm * DPI / MM


def _put(
    page: Floats,
    char: str,
    at_mm: tuple[float, float],
    widest_mm: float,
    writer: Writer,
    rng: np.random.Generator,
    tall_mm: float | None = None,
) -> int:
    """Writes a character with its middle and its foot at a place; returns which sample of the hand it is."""
    hand = writer.hand_of(char)
    if hand is None:
        raise KeyError(char)
    sample = hand.glyph(char, rng)
    glyph = with_habits(sample, writer.added.get(char, ()), rng)
    x, y = _px(at_mm[0]), _px(at_mm[1])
    drawn = draw(
        glyph,
        DPI / MM,
        tall_mm or writer.tall_mm,
        writer.style,
        rng,
        widest_mm=widest_mm,
        shift_px=(x - int(x), y - int(y)),
    )
    lay(page, drawn, int(x), int(y), writer.style.darkness)
    return id(sample)


def _writable(text: str, writer: Writer) -> bool:
    return all(char == " " or writer.hand_of(char) for char in text)


def _comb(page: Floats, field: FieldLayout, truth: Truth, writer: Writer, rng: np.random.Generator) -> Truth:
    if truth.value is None:
        return truth
    n = len(field.cells)
    text = TYPES[field.type].to_cells(truth.value, n)
    if not _writable(text, writer):
        return replace(truth, value=None)
    if field.type in _AMOUNTS and rng.random() < 0.4:
        text = text.rstrip().rjust(n)
    written = [i for i, char in enumerate(text) if char != " "]
    slip = int(rng.choice(written)) if rng.random() < writer.slips else -1
    way = None if slip < 0 else writer.corrections[0]
    if way and len(writer.corrections) > 1:
        way = writer.corrections[int(rng.integers(len(writer.corrections)))]
        # Above a table's row there is no room to write.
        way = "struck" if way == "missed" and field.row is not None else way
    astray = rng.normal(0, _ASTRAY_MM, 2) * (rng.random() < writer.strays)
    samples = [0] * n
    for i, (char, cell) in enumerate(zip(text, field.cells, strict=True)):
        if char == " ":
            continue
        aside = rng.normal(0, writer.careless_mm), rng.normal(0, 0.6 * writer.careless_mm)
        slid = rng.normal(0, _ASTRAY_MM, 2) * (rng.random() < _SLIDES)
        x = cell.x + cell.w / 2 + aside[0] + astray[0] + slid[0]
        y = cell.y + writer.base * cell.h + aside[1] + astray[1] + slid[1]
        widest = writer.squeeze * cell.w
        above = (x, cell.y - 0.3), widest, writer, rng, 0.55 * writer.tall_mm
        if way in ("struck", "missed"):
            _put(page, char, *above)
        if i != slip and way not in ("struck", "missed"):
            samples[i] = _put(page, char, (x, y), widest, writer, rng)
            continue
        if way == "missed":
            continue
        wrong = [other for other in field.alphabet if other not in f" {char}" and writer.hand_of(other)]
        _put(page, str(rng.choice(wrong)), (x, y), widest, writer, rng)
        if way == "cell":
            drawn = draw(crossing(rng), DPI / MM, writer.tall_mm, writer.style, rng, widest_mm=cell.w)
            lay(page, drawn, round(_px(x)), round(_px(y)), writer.style.darkness)
            _put(page, char, *above)
        elif way == "overwritten":
            _put(page, char, (x + rng.normal(0, 0.2), y), widest, writer, rng)
    if way == "struck":
        _strike(page, field.cells, len(text.rstrip()), writer, rng)
    return replace(truth, raw=text, correction=way, samples=tuple(samples))


def write_note(page: Floats, field: FieldLayout, text: str, writer: Writer, rng: np.random.Generator) -> bool:
    """Writes a text that is no value into the first cells of a comb, in place; False where it cannot be written."""
    if len(text) > len(field.cells) or not _writable(text, writer):
        return False
    for char, cell in zip(text, field.cells, strict=False):
        if char != " ":
            at = cell.x + cell.w / 2 + rng.normal(0, writer.careless_mm), cell.y + writer.base * cell.h
            _put(page, char, at, writer.squeeze * cell.w, writer, rng)
    return True


def write_in_area(page: Floats, box: Box, text: str, writer: Writer, rng: np.random.Generator) -> bool:
    """Writes a text into a box, in place, as high as it has room for; False where it cannot be written."""
    if not _writable(text, writer):
        return False
    tall = min(writer.tall_mm, 0.7 * box.h, 1.2 * (box.w - 2) / len(text))
    pitch = 0.8 * tall
    x = box.x + 1 + float(rng.random()) * max(0.0, box.w - 2 - pitch * len(text)) + pitch / 2
    foot = box.y + (box.h + tall) / 2
    for i, char in enumerate(text):
        if char != " ":
            _put(page, char, (x + i * pitch, foot + rng.normal(0, 0.2)), 1.05 * pitch, writer, rng, tall)
    return True


def _strike(page: Floats, cells: Sequence[Box], count: int, writer: Writer, rng: np.random.Generator) -> None:
    """Draws one or two lines through the first `count` cells."""
    first, last = cells[0], cells[count - 1]
    left, right = np.array([first.x - 0.5, last.x + last.w + 0.5]) + rng.normal(0, 0.8, 2)
    high = cells[0].h
    lines = []
    for share in rng.choice([0.35, 0.5, 0.65], int(rng.integers(1, 3)), replace=False):
        x = np.linspace(left, right, 12)
        falls = rng.normal(0, 0.08 * high, 2)
        y = first.y + share * high + np.linspace(falls[0], falls[1], 12) + rng.normal(0, 0.1, 12)
        lines.append(np.stack([x, y], axis=1))
    draw_lines(page, lines, writer, rng)


def draw_lines(
    page: Floats, lines: Sequence[NDArray[np.floating]], writer: Writer, rng: np.random.Generator
) -> None:
    """Draws strokes, each (n, 2) in mm, with a writer's pen and as straight as they are."""
    points = np.concatenate(lines)
    # Like any glyph they come out turned and stretched a little: about their own middle, or they leave their place.
    x, y = points.mean(axis=0)
    ends = tuple(np.cumsum([len(line) for line in lines]).tolist())
    glyph = Strokes(((points - (x, y)) / writer.tall_mm).astype(np.float32), ends)
    straight = replace(writer.style, slant=0.0, rotation=0.0, aspect=1.0, wobble=0.0)
    drawn = draw(glyph, DPI / MM, writer.tall_mm, straight, rng, widest_mm=float("inf"))
    lay(page, drawn, round(_px(x)), round(_px(y)), writer.style.darkness)


def _marks(page: Floats, field: FieldLayout, truth: Truth, writer: Writer, rng: np.random.Generator) -> Truth:
    chosen = truth.value.split("|") if truth.value else []
    spare = [choice for choice in field.choices if choice.value not in chosen]
    if chosen and spare and rng.random() < writer.cancels:
        draw_mark(page, spare[int(rng.integers(len(spare)))].box, "filled", writer, rng)
    for choice in field.choices:
        if choice.value in chosen:
            draw_mark(page, choice.box, writer.way, writer, rng)
    return truth


def draw_mark(page: Floats, box: Box, way: str, writer: Writer, rng: np.random.Generator) -> None:
    """Marks a tick box; glyphs of marks have the box's middle as origin and its height as 1."""
    if way == "filled":
        glyph, off = filled(rng), 0.05
        style = replace(writer.style, width_mm=max(writer.style.width_mm, 0.6))
    else:
        glyph, off = mark(way, rng), 0.35
        style = replace(writer.style, aspect=1.0, slant=0.0, wobble=0.02)
    drawn = draw(glyph, DPI / MM, box.h, replace(style, breaks=0.0), rng)
    x, y = box.x + box.w / 2 + rng.normal(0, off), box.y + box.h / 2 + rng.normal(0, off)
    lay(page, drawn, round(_px(x)), round(_px(y)), style.darkness)


def draw_signature(page: Floats, box: Box, writer: Writer, rng: np.random.Generator) -> None:
    """Signs in a box, in place, or leaves a thumbprint where there is room for one."""
    thumb = rng.random() < _THUMBS and box.h >= 9
    glyph = thumbprint(rng) if thumb else signature(rng, box.w / box.h)
    tall = min(box.h * 0.95, 20.0) if thumb else box.h * float(rng.uniform(0.55, 1.0))
    style = replace(writer.style, aspect=1.0, slant=0.0, width_mm=min(writer.style.width_mm, 0.6))
    drawn = draw(glyph, DPI / MM, tall, style, rng, widest_mm=box.w * 0.95)
    x = box.x + box.w / 2 + rng.normal(0, 0.03 * box.w)
    lay(page, drawn, round(_px(x)), round(_px(box.y + box.h / 2)), 0.6 if thumb else style.darkness)


def _line(page: Floats, field: FieldLayout, truth: Truth, writer: Writer, rng: np.random.Generator) -> Truth:
    """Writes freely along a line, as far as it reaches."""
    if truth.value is None or not _writable(truth.value, writer):
        return replace(truth, value=None)
    pitch = 0.78 * min(writer.tall_mm, 4.2)
    x, kept = field.box.x + 2.0, ""
    for char in truth.value:
        if x + pitch > field.box.x + field.box.w:
            break
        if char != " ":
            foot = field.box.y + 0.86 * field.box.h + rng.normal(0, 0.2)
            _put(page, char, (x + pitch / 2, foot), 1.05 * pitch, writer, rng, min(writer.tall_mm, 4.2))
        x += pitch * (1 + 0.1 * rng.standard_normal())
        kept += char
    return replace(truth, value=kept.strip() or None)


def lines_of(form: Form, serial: str, page: int, truths: Iterable[Truth]) -> list[dict[str, object]]:
    """Truths as lines of `truth.jsonl`, in the words of `export readings`."""
    return [
        {
            "form": form.definition.form,
            "serial": serial,
            "page": page,
            "field": truth.field,
            "row": truth.row,
            "type": str(truth.type),
            "kind": str(truth.kind),
            "value": truth.value,
            "raw": truth.raw,
            "slip": truth.correction is not None,
        }
        for truth in truths
    ]
