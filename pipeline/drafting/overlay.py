"""The boxes of a layout drawn over its page, in colours by kind, with their names."""

from collections.abc import Mapping
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
_VALUE_SIZE: Final = 2.2
_LEAST_SIZE: Final = 1.5
_SHRINK: Final = _LEAST_SIZE / _VALUE_SIZE


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
        for box in field.parts:
            pen.rectangle(_corners(box), fill=(*colour, _WASH), outline=(*colour, 255), width=2)
    for field in page.fields:
        _name(pen, field)
    return Image.alpha_composite(paper, wash).convert("RGB")


def _name(pen: ImageDraw.ImageDraw, field: FieldLayout) -> None:
    """The field's name inside its cells, or above its boxes to mark, which hold their values."""
    colour = (*_COLOURS[field.kind], 255)
    text = f"{field.name.rpartition('.')[2]} {field.row}" if field.row else field.name
    x, y, w, h = min(field.parts, key=lambda box: (round(box.y), box.x))
    if field.choices:
        _flag(pen, x * PX, (y - 0.4) * PX, text, colour, _font(text, _NAME_SIZE, 60.0))
    else:
        room = field.box.x + field.box.w - x - 0.6
        font = _font(text, _NAME_SIZE, room)
        _flag(pen, (x + 0.4) * PX, (y + h / 2 + 0.4 * font.size / PX) * PX, text, colour, font)
    for choice in field.choices:
        x, y, w, h = choice.box
        value = choice.value
        while len(value) > 2 and _font(value, _VALUE_SIZE, 99).getlength(value) * _SHRINK > w * PX:
            value = f"{value[:-2]}…"
        font = _font(value, _VALUE_SIZE, w - 0.4)
        pen.text(((x + w / 2) * PX, (y + h / 2) * PX), value, colour, font, anchor="mm")


def _font(text: str, size: float, room: float) -> ImageFont.FreeTypeFont:
    """The font in which a text fits into a room (mm), not above a size (mm) and not too small to read."""
    font = ImageFont.load_default(size * PX)
    wide = font.getlength(text) / PX
    small = max(min(size, size * room / max(wide, 0.1)), _LEAST_SIZE)
    return _free_type(ImageFont.load_default(small * PX))


def _free_type(font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> ImageFont.FreeTypeFont:
    assert isinstance(font, ImageFont.FreeTypeFont)
    return font


def _flag(
    pen: ImageDraw.ImageDraw,
    x: float,
    y: float,
    text: str,
    colour: tuple[int, int, int, int],
    font: ImageFont.FreeTypeFont,
) -> None:
    left, top, right, bottom = pen.textbbox((x, y), text, font, anchor="ls")
    pen.rectangle((left - 1, top - 1, right + 1, bottom + 1), fill=(255, 255, 255, 215))
    pen.text((x, y), text, colour, font, anchor="ls")


def _corners(box: Box) -> tuple[float, float, float, float]:
    return box.x * PX, box.y * PX, (box.x + box.w) * PX, (box.y + box.h) * PX
