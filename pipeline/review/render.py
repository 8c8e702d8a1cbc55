"""The screen of one review item, as text."""

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline.forms.catalogue import Catalogue
from pipeline.forms.definition import Section
from pipeline.forms.fields import FieldSpec, TableSpec
from pipeline.forms.layout import FieldType
from pipeline.language import Text, figure
from pipeline.review.companions import Companions
from pipeline.review.entry import PRESENCE, choice_keys, sentence, shown
from pipeline.review.items import ReviewItem
from pipeline.review.keys import COMMANDS, Do, choosable, pick_sign

_EMPTY: Final = Text("(kosong)", "(empty)")
_UNREADABLE: Final = Text("(tidak terbaca)", "(cannot be read)")
_PRESENCE: Final = {
    "present": Text("ada", "present"),
    "absent": Text("tidak ada", "absent"),
}
_HEAD: Final = Text("{done} dari {total}", "{done} of {total}")
_WHERE: Final = Text("{form} · {serial} · halaman {page}", "{form} · {serial} · page {page}")
_ROW: Final = Text("baris {row}", "row {row}")
_READ: Final = Text("Terbaca", "Reading")
_CHANGED: Final = Text("Diganti", "Changed")
_OTHERS: Final = Text("Lain", "Others")
_CHOICES: Final = Text("Pilihan", "Choices")
_ENTER: Final = Text("terima", "take")
_TYPE: Final = Text("ketik: ganti", "type: replace")
NO_PICTURE: Final = Text("gambar halaman tidak ditemukan di arsip", "the page image is not in the archive")

_OPEN: Final = Text("gambar", "picture")
_TOLD_IN_HELP: Final = (Do.BACK, Do.SKIP)
"""Left out of a line that is too narrow for all keys, in this order."""

_BAR: Final = 24
_LABEL: Final = 9
_BETWEEN_KEYS: Final = "  "
_GAP: Final = "     "


@dataclass(frozen=True, slots=True)
class Card:
    """All that a screen shows of an item.

    Attributes:
        item: the item.
        spec: its field in the form's definition.
        title: the form's code and name.
        section: title of the section that the field stands in.
        beside: what the fields say that its broken rules compare it with.
        done: its number among the items of this session.
        total: how many there are.
        drawing: its ink as lines for the terminal; empty without colours.
        crop: where its ink lies as a picture, None when the archive does not have it.
        coloured: whether the terminal shows colours.
    """

    item: ReviewItem
    spec: FieldSpec
    title: str
    section: str
    done: int
    total: int
    drawing: tuple[str, ...] = ()
    crop: Path | None = None
    beside: Companions = ()
    coloured: bool = False


def title_of(item: ReviewItem, forms: Catalogue) -> str:
    """The form's code and name."""
    definition = forms.get(item.form, item.version).definition
    return f"{definition.code} {item.form.replace('_', ' ').capitalize()}"


def section_of(item: ReviewItem, forms: Catalogue) -> str:
    """The title of the section that holds an item's field, "" when its form has none."""
    sections = forms.get(item.form, item.version).definition.sections()
    return next((str(one.title) for one in sections if item.field in _fields(one)), "")


def render(card: Card, width: int) -> str:
    """The screen of an item, at most `width` columns wide where words can be wrapped."""
    return "\n".join([*_head(card, width), "", *_body(card, width), "", *_foot(card, width)]) + "\n"


def said(spec: FieldSpec, value: str | None) -> str:
    """A value in the words of the form: labels of choices, grouped digits, dates as people write them."""
    if value is None:
        return str(_EMPTY)
    if spec.type is FieldType.SIGNATURE:
        return str(_PRESENCE[value]) if value in PRESENCE else value
    if spec.choices:
        labels = {choice.value: str(choice.label) for choice in spec.choices}
        words = ", ".join(labels.get(part, part) for part in value.split("|"))
        return words if spec.type is FieldType.CHOICE else f"{value} ({words})" if value in labels else value
    if spec.type in (FieldType.NIK, FieldType.KK):
        return " ".join(value[first : first + 4] for first in range(0, len(value), 4))
    return shown(spec, value)


def outcome(spec: FieldSpec, item: ReviewItem) -> str:
    """What counts for an item now, as `said`; what nobody could read is not told as empty."""
    return str(_UNREADABLE) if item.unreadable else said(spec, item.value)


def companion_lines(beside: Companions) -> list[str]:
    """What the other fields of a broken rule say, a line each."""
    return [f"{other.label}: {said(other, value)}" for other, value in beside]


def _head(card: Card, width: int) -> Iterator[str]:
    item = card.item
    count = _HEAD.format(done=card.done, total=card.total)
    where = _WHERE.format(form=card.title, serial=item.serial, page=item.page)
    long = max(0, min(_BAR, width - len(where) - len(count) - 3))
    full = round(long * min(card.done / max(card.total, 1), 1.0))
    bar = _paint("━" * full, "32", card) + _paint("━" * (long - full), "2", card)
    gap = max(2, width - len(where) - len(count) - long - 1)
    yield _paint(where, "2", card) + " " * gap + bar + " " + count


def _body(card: Card, width: int) -> Iterator[str]:
    item, spec = card.item, card.spec
    title = _paint(str(spec.label), "1", card)
    beside = [_ROW.format(row=item.row) if item.row else "", str(spec.hint or ""), card.section]
    yield title + _paint("   " + " · ".join(part for part in beside if part), "2", card)
    yield ""
    if card.drawing:
        yield from card.drawing
    yield _paint(_picture(card, width), "2", card)
    yield ""
    reading = _paint(outcome(spec, item), "1;36", card)
    own = item.value == item.read_value and not item.unreadable
    if own or (item.proposed and item.value == spec.rules.normalise(item.raw)):
        sure = "" if item.blind else f"   {_percent(item.confidence)}"
        yield _labelled(_READ, reading + _paint(sure, "2", card))
    else:
        yield _labelled(_CHANGED, reading)
    yield from _others(card, width)
    yield from _choices(card, width)
    for reason in item.reasons:
        said_so = textwrap.wrap(f"! {sentence(reason)}", width, subsequent_indent="  ")
        yield from (_paint(line, "33", card) for line in said_so)
    yield from (f"  {line}" for line in companion_lines(card.beside))


def _picture(card: Card, width: int) -> str:
    """How to open the picture, and where it lies, unless it stands above anyway and the path is long."""
    if card.crop is None:
        return str(NO_PICTURE)
    opens = f"{Do.PICTURE} {_OPEN}"
    whole = f"{opens}  {card.crop}"
    return opens if card.drawing and len(whole) > width else whole


def _others(card: Card, width: int) -> Iterator[str]:
    sign = pick_sign(card.spec)
    words = [
        (
            f"{sign}{number}",
            said(card.spec, other.value),
            "" if card.item.blind else _percent(other.probability),
        )
        for number, other in enumerate(choosable(card.item, card.spec), 1)
    ]
    plain = ["  ".join(filter(None, word)) for word in words]
    painted = {
        text: "  ".join(filter(None, (_paint(key, "1", card), value, _paint(chance, "2", card))))
        for text, (key, value, chance) in zip(plain, words, strict=True)
    }
    for number, line in enumerate(_wrapped(plain, width - _LABEL, _GAP)):
        yield _labelled(_OTHERS if number == 0 else "", _GAP.join(painted[text] for text in line.split(_GAP)))


def _choices(card: Card, width: int) -> Iterator[str]:
    """The choices in words, unless the drawing has them as captions."""
    spec = card.spec
    if spec.type is FieldType.SIGNATURE:
        words = [f"{number} {_PRESENCE[value]}" for number, value in enumerate(PRESENCE, 1)]
    elif spec.type is FieldType.CHOICE and not card.drawing:
        words = [f"{key} {choice.label}" for key, choice in zip(choice_keys(spec), spec.choices, strict=True)]
    elif spec.type is FieldType.CODE:
        words = [f"{choice.value} {choice.label}" for choice in spec.choices]
    else:
        return
    for number, line in enumerate(_wrapped(words, width - _LABEL)):
        yield _labelled(_CHOICES if number == 0 else "", line)


def _foot(card: Card, width: int) -> Iterator[str]:
    told = {command: f"{command} {words}" for command, words in COMMANDS.items()}
    for command in _TOLD_IN_HELP:
        if len(_BETWEEN_KEYS.join(_keys(told))) > width:
            del told[command]
    keys = _keys(told)
    for line in _wrapped(keys, width, _BETWEEN_KEYS):
        yield _paint(line, "2", card)


def _keys(told: Mapping[Do, str]) -> list[str]:
    return [f"Enter {_ENTER}", str(_TYPE), *told.values()]


def _wrapped(words: list[str], width: int, between: str = " · ") -> Iterator[str]:
    line = ""
    for word in words:
        longer = f"{line}{between}{word}" if line else word
        if line and len(longer) > width:
            yield line
            longer = word
        line = longer
    if line:
        yield line


def _percent(probability: float) -> str:
    """Per cent with one decimal as the language writes it; never 100 for what is not certain."""
    return figure(min(probability, 0.999) if probability < 1 else 1, ".1%")


def _labelled(label: Text | str, text: str) -> str:
    return f"{label!s:<{_LABEL}}{text}"


def _paint(text: str, style: str, card: Card) -> str:
    return f"\x1b[{style}m{text}\x1b[0m" if card.coloured and text else text


def _fields(section: Section) -> Iterator[str]:
    for item in section.items:
        if isinstance(item, TableSpec):
            yield from (f"{item.name}.{column.name}" for column in item.columns)
        elif isinstance(item, FieldSpec):
            yield item.name
