"""The boxes of a layout drawn over its page, in colours by kind, with their names."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

import cv2
from PIL import Image, ImageDraw, ImageFont

from pipeline.drafting.types import Grey
from pipeline.forms.layout import Box, FieldLayout, Kind, PageLayout

PX: Final = 8
"""Resolution of the picture, px per mm: small labels stay readable on a screen."""

_COLOURS: Final[Mapping[Kind, tuple[int, int, int]]] = MappingProxyType(
    {
        Kind.COMB: (0, 90, 200),
        Kind.MARKS: (200, 30, 30),
        Kind.AREA: (140, 40, 160),
        Kind.LINE: (0, 120, 60),
    }
)
_WASH: Final = 44
"""How opaque the colour inside a box is, of 255: what is printed there stays to be seen."""
_NAME_SIZE: Final = 2.3
_VALUE_SIZE: Final = 1.9


def draw_boxes(grey: Grey, page: PageLayout) -> Image.Image:
    """A page's fields over its picture.

    Args:
        grey: the blank or printed page, uint8 (H, W) of any resolution, the whole paper.
        page: where its fields lie, mm.
    """
    size = round(page.width_mm * PX), round(page.height_mm * PX)
    paper = Image.fromarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA)).convert("RGBA")
    wash = Image.new("RGBA", size, (0, 0, 0, 0))
    pen = ImageDraw.Draw(wash)
    for field in page.fields:
        colour = _COLOURS[field.kind]
        for box in _boxes(field):
            pen.rectangle(_corners(box), fill=(*colour, _WASH), outline=(*colour, 255), width=2)
    for field in page.fields:
        _name(pen, field)
    return Image.alpha_composite(paper, wash).convert("RGB")


def _boxes(field: FieldLayout) -> Iterator[Box]:
    yield from field.cells or [choice.box for choice in field.choices] or [field.box]


def _name(pen: ImageDraw.ImageDraw, field: FieldLayout) -> None:
    """The field's name on a flag at its top left, a choice's value on each of its boxes."""
    colour = _COLOURS[field.kind]
    row = f" {field.row}" if field.row else ""
    first = min(_boxes(field), key=lambda box: (box.y, box.x))
    _flag(pen, first.x * PX, first.y * PX, f"{field.name}{row} · {field.type}", colour)
    font = ImageFont.load_default(_VALUE_SIZE * PX)
    for choice in field.choices:
        x, y, w, h = choice.box
        pen.text(((x + w / 2) * PX, (y + h / 2) * PX), choice.value, (*colour, 255), font, anchor="mm")


def _flag(pen: ImageDraw.ImageDraw, x: float, y: float, text: str, colour: tuple[int, int, int]) -> None:
    font = ImageFont.load_default(_NAME_SIZE * PX)
    left, top, right, bottom = pen.textbbox((x + 2, y), text, font, anchor="ls")
    pen.rectangle((left - 2, top - 2, right + 2, bottom + 1), fill=(*colour, 225))
    pen.text((x + 2, y), text, (255, 255, 255, 255), font, anchor="ls")


def _corners(box: Box) -> tuple[float, float, float, float]:
    return box.x * PX, box.y * PX, (box.x + box.w) * PX, (box.y + box.h) * PX
