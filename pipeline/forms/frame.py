"""The frame that every page shares: markers, letterhead, QR code and serial, title, legend, footer."""

from typing import Final

from pipeline.forms import measures as m
from pipeline.forms.definition import FormDefinition
from pipeline.forms.identity import MARKER_MM
from pipeline.forms.ink import BOLD, REGULAR, Run, Shape, Side, text_width
from pipeline.forms.layout import Box, Marker

QR: Final = Box(166.0, 8.0, 20.0, 20.0)
SERIAL: Final = Box(98.0, 19.6, 63.0, 6.4)
SERIAL_FONT: Final = "Courier-Bold"
SERIAL_SIZE: Final = 16.5
"""Cap height 3.3 mm: read by Tesseract at 200 dpi."""

_LETTERHEAD_X: Final = 22.0
_LETTERHEAD: Final = ((12.0, BOLD, 9.2), (17.6, BOLD, 13.5), (21.9, REGULAR, 7.2))
"""Baseline, font and size of each line of the letterhead."""
_VILLAGE_BASE: Final = 26.4
_TITLE_BASE: Final = 37.2
_LEGEND_TOP: Final = 40.0
_LEGEND_H: Final = 7.4

_CROSS_NOTE: Final = "Silang atau centang = ya"
_FILLED_NOTE: Final = "Kotak penuh = batal"
_COMB_NOTE: Final = "HURUF KAPITAL, satu huruf satu kotak, pulpen hitam atau biru"


def markers(page: int) -> tuple[Marker, ...]:
    """The four markers of a page, clockwise from the top left."""
    near, right = m.MARKER_MARGIN, m.PAGE_W - m.MARKER_MARGIN - MARKER_MM
    low = m.PAGE_H - m.MARKER_MARGIN - MARKER_MM
    corners = ((near, near), (right, near), (right, low), (near, low))
    first = 4 * (page - 1)
    return tuple(Marker(first + i, Box(x, y, MARKER_MM, MARKER_MM)) for i, (x, y) in enumerate(corners))


def put_frame(side: Side, definition: FormDefinition, page: int) -> float:
    """Put a page's head and foot; the height in mm where its sections may begin."""
    pages = len(definition.pages)
    for line, (base, font, size) in zip(definition.letterhead, _LETTERHEAD, strict=False):
        side.runs.append(Run(_LETTERHEAD_X, base, line, font, size))
    name = f"Formulir {definition.code}  ·  versi {definition.version}"
    side.runs += [
        _right(SERIAL.x + SERIAL.w, 12.2, name, BOLD, 7.6),
        _right(SERIAL.x + SERIAL.w, 16.0, "Nomor seri lembar", REGULAR, 6.4),
        Run(m.FRAME_X, _TITLE_BASE, definition.title.id, BOLD, _title_size(definition.title.id)),
        _right(m.FRAME_X + m.FRAME_W, _TITLE_BASE, f"Halaman {page} dari {pages}", BOLD, 8.0),
    ]
    side.shapes += [
        Shape(Box(m.FRAME_X, 30.8, m.FRAME_W, 0.0), stroke=0.7),
        Shape(Box(m.FRAME_X, 31.7, m.FRAME_W, 0.0), stroke=0.2),
    ]
    foot = f"{definition.code} v{definition.version}  ·  halaman {page} dari {pages}"
    advice = f"{_CROSS_NOTE}; kotak penuh = batal. Jangan melipat atau mencoret penanda di sudut dan kode QR."
    side.runs += [_centre(283.6, advice, REGULAR, 6.4), _centre(287.0, foot, BOLD, 6.4)]
    if page == 1 and definition.legend:
        _put_legend(side)
        return _LEGEND_TOP + _LEGEND_H + 2.4
    return _TITLE_BASE + 3.4


def _title_size(title: str) -> float:
    """The title's size in pt: smaller where a long one would run into the page number."""
    return min(m.TITLE_SIZE, m.TITLE_SIZE * m.TITLE_W / text_width(title, BOLD, m.TITLE_SIZE))


def village_run(name: str) -> Run:
    """The line of the head that says for which village a sheet was printed."""
    return Run(_LETTERHEAD_X, _VILLAGE_BASE, f"Desa {name}", BOLD, 8.6)


def _put_legend(side: Side) -> None:
    """How to write and tick, with drawn examples."""
    middle = _LEGEND_TOP + _LEGEND_H / 2
    side.shapes.append(Shape(Box(m.FRAME_X, _LEGEND_TOP, m.FRAME_W, _LEGEND_H), stroke=0.2, grey=0.6))
    side.runs.append(Run(m.FRAME_X + 2.2, middle + 0.9, "Cara mengisi", BOLD, 7.2))
    x = 34.0
    for letter in "HALONG":
        side.shapes.append(Shape(Box(x, middle - 2.5, 4.2, 5.0), stroke=0.2, grey=m.COMB_GREY))
        left = x + 2.1 - text_width(letter, REGULAR, 9.5) / 2
        side.runs.append(Run(round(left, 2), round(middle + 1.2, 2), letter, REGULAR, 9.5))
        x += 4.2
    side.runs.append(Run(x + 2.0, round(middle + 0.9, 2), _COMB_NOTE, REGULAR, 6.8))
    x = 133.0
    for example, note in (("cross", _CROSS_NOTE), ("filled", _FILLED_NOTE)):
        box = Box(x, round(middle - 1.8, 2), 3.6, 3.6)
        side.shapes.append(Shape(box, fill=0.1 if example == "filled" else None, stroke=0.3, grey=0.3))
        if example == "cross":
            cross = text_width("×", BOLD, 13)
            side.runs.append(Run(round(x + 1.8 - cross / 2, 2), round(middle + 1.55, 2), "×", BOLD, 13))
        side.runs.append(Run(x + 4.8, round(middle + 0.9, 2), note, REGULAR, 6.8))
        x += 4.8 + text_width(note, REGULAR, 6.8) + 2.6


def _right(x: float, y: float, text: str, font: str, size: float) -> Run:
    return Run(round(x - text_width(text, font, size), 2), y, text, font, size)


def _centre(y: float, text: str, font: str, size: float) -> Run:
    return Run(round((m.PAGE_W - text_width(text, font, size)) / 2, 2), y, text, font, size, 0.25)
