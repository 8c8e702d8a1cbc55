"""A form as a PDF to print: exact millimetres, one or many sheets, each with its serial."""

from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

import segno
from reportlab.pdfgen.canvas import Canvas

from pipeline.errors import UsageError
from pipeline.forms import frame, reference
from pipeline.forms import measures as m
from pipeline.forms.identity import Identity, marker_modules, village_of
from pipeline.forms.ink import BOLD, PT, REGULAR, PageInk, Run, Shape, text_width
from pipeline.forms.layout import Box, Kind, Marker, PageLayout
from pipeline.forms.separator import MARKERS, QR, Separator, separator_ink
from pipeline.forms.types import TYPES
from pipeline.language import Text
from pipeline.outputs import whole

if TYPE_CHECKING:
    from pipeline.forms.catalogue import Form

Rosters = Mapping[str, Mapping[str, Sequence[Mapping[str, str]]]]
"""Register text to print: serial → table → a mapping of column to text for each row."""

_SLOT_SIZE: Final = 7.8
_SLOT_LEAST: Final = 5.5
_TYPED_SIZE: Final = 12.5
_CROSS_MM: Final = 0.6
_CROSS_INSET: Final = 0.7


_GIVEN: Final = Text(
    "Formulir ini dicetak pihak lain dan tidak bernomor seri. Fotokopi blangko aslinya.",
    "This form is printed by others and carries no serials. Photocopy its original blank.",
)


def check_printable(form: "Form") -> None:
    """Let a form pass that is ours to print.

    Raises:
        UsageError: others print it.
    """
    if form.blanks:
        raise UsageError(_GIVEN)


def print_sheets(
    form: "Form",
    serials: Iterable[str],
    out: Path,
    *,
    preprinted: Rosters | None = None,
    known: Mapping[str, str] | None = None,
) -> None:
    """Write a PDF of one sheet for each serial, all its pages in order.

    Args:
        form: the form in the version to print.
        serials: one for each sheet.
        out: the PDF file; it is replaced whole or not at all.
        preprinted: for rosters, the register's text for the rows of each serial's tables.
        known: field → value, filled in on every sheet: what all of them are about. It is read back as anything is.

    Raises:
        UsageError: others print this form.
    """
    check_printable(form)
    buffer = BytesIO()
    canvas = Canvas(buffer, pagesize=(m.PAGE_W / PT, m.PAGE_H / PT), invariant=1, pageCompression=1)
    canvas.setTitle(f"{form.definition.title.id} ({form.definition.code} v{form.definition.version})")
    canvas.setCreator("Sotarsa")
    for serial in serials:
        tables = (preprinted or {}).get(serial, {})
        for page, ink in zip(form.layout.pages, form.ink, strict=True):
            identity = Identity(form.definition.code, form.definition.version, page.page, serial)
            pen = _Pen(canvas)
            pen.ink(ink)
            pen.fields(page)
            pen.known(page, known or {})
            pen.landmarks(page, identity)
            pen.register_text(ink, tables)
            pen.village(serial)
            canvas.showPage()
    canvas.save()
    _replace(out, buffer.getvalue())


def print_separators(separator: Separator, count: int, out: Path) -> None:
    """Write a PDF of a separator sheet, `count` times the same; it is replaced whole or not at all."""
    buffer = BytesIO()
    canvas = Canvas(buffer, pagesize=(m.PAGE_W / PT, m.PAGE_H / PT), invariant=1, pageCompression=1)
    canvas.setTitle("Pemisah")
    canvas.setCreator("Sotarsa")
    for _ in range(count):
        _Pen(canvas).separator(separator)
        canvas.showPage()
    canvas.save()
    _replace(out, buffer.getvalue())


def _replace(out: Path, content: bytes) -> None:
    with whole(out, folders=True) as part:
        part.write_bytes(content)


class _Pen:
    """Draws in mm from the top left corner of the current page."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas

    def ink(self, ink: PageInk) -> None:
        """Draw filled shapes first, so that outlines and texts stand on them."""
        for shape in sorted(ink.shapes, key=lambda shape: shape.fill is None):
            self._shape(shape)
        for run in ink.runs:
            self._run(run)

    def fields(self, page: PageLayout) -> None:
        """Draw the comb cells and tick boxes; a line between two cells is drawn once."""
        for field in page.fields:
            if field.kind is Kind.COMB:
                self._comb(field.cells)
            for choice in field.choices:
                self._shape(Shape(choice.box, stroke=m.TICK_STROKE, grey=m.TICK_GREY))

    def known(self, page: PageLayout, values: Mapping[str, str]) -> None:
        """Fill in combs and cross boxes as a machine does."""
        for field in page.fields:
            value = values.get(field.name, "")
            if not value:
                continue
            text = TYPES[field.type].to_cells(value, len(field.cells)) if field.cells else ""
            for char, cell in zip(text, field.cells, strict=True):
                left = cell.x + (cell.w - text_width(char, BOLD, _TYPED_SIZE)) / 2
                base = cell.y + cell.h / 2 + 0.36 * _TYPED_SIZE * PT
                self._run(Run(left, base, char, BOLD, _TYPED_SIZE))
            for box in (choice.box for choice in field.choices if choice.value in value.split("|")):
                self._cross(box)

    def _cross(self, box: Box) -> None:
        canvas = self._canvas
        canvas.setStrokeGray(0)
        canvas.setLineWidth(_CROSS_MM / PT)
        left, right = (box.x + _CROSS_INSET) / PT, (box.x + box.w - _CROSS_INSET) / PT
        top, bottom = (m.PAGE_H - box.y - _CROSS_INSET) / PT, (m.PAGE_H - box.y - box.h + _CROSS_INSET) / PT
        canvas.line(left, top, right, bottom)
        canvas.line(left, bottom, right, top)

    def landmarks(self, page: PageLayout, identity: Identity) -> None:
        """Draw markers, QR code and serial."""
        for marker in page.markers:
            self._marker(marker)
        self._qr(frame.QR, identity.qr_text())
        width = text_width(identity.serial, frame.SERIAL_FONT, frame.SERIAL_SIZE)
        x = frame.SERIAL.x + frame.SERIAL.w - width
        base = frame.SERIAL.y + frame.SERIAL.h - 1.5
        self._run(Run(x, base, identity.serial, frame.SERIAL_FONT, frame.SERIAL_SIZE))

    def separator(self, separator: Separator) -> None:
        """Draw a separator sheet; its QR code bears a third of it being covered."""
        self.ink(separator_ink(separator))
        for marker in MARKERS:
            self._marker(marker)
        self._modules(QR, segno.make_qr(separator.qr_text(), error="h", boost_error=False).matrix)

    def village(self, serial: str) -> None:
        """Name the village that the sheet is printed for, when it is known."""
        village = reference.villages().get(village_of(serial) or "")
        if village:
            self._run(frame.village_run(village.name))

    def register_text(self, ink: PageInk, tables: Mapping[str, Sequence[Mapping[str, str]]]) -> None:
        """Print the register's text into the slots of its table rows."""
        for slot in ink.slots:
            rows = tables.get(slot.table, ())
            text = rows[slot.row - 1].get(slot.column, "") if slot.row <= len(rows) else ""
            font = BOLD if text.isupper() and not any(map(str.isdigit, text)) else REGULAR
            size = _SLOT_SIZE
            while size > _SLOT_LEAST and text_width(text, font, size) > slot.box.w - 1:
                size -= 0.2
            while text_width(text, font, size) > slot.box.w - 1:
                text = text[:-2].rstrip() + "…"
            self._run(Run(slot.box.x, slot.box.y + slot.box.h / 2 + 1.05, text, font, size))

    def _comb(self, cells: tuple[Box, ...]) -> None:
        canvas = self._canvas
        canvas.setLineWidth(m.COMB_STROKE / PT)
        canvas.setStrokeGray(m.COMB_GREY)
        path = canvas.beginPath()
        for x, y, w, h in cells:
            path.rect(x / PT, (m.PAGE_H - y - h) / PT, w / PT, h / PT)
        canvas.drawPath(path, stroke=1, fill=0)

    def _shape(self, shape: Shape) -> None:
        canvas, (x, y, w, h) = self._canvas, shape.box
        if shape.fill is not None:
            canvas.setFillGray(shape.fill)
        if shape.stroke:
            canvas.setStrokeGray(shape.grey)
            canvas.setLineWidth(shape.stroke / PT)
        if w and h:
            filled = int(shape.fill is not None)
            canvas.rect(x / PT, (m.PAGE_H - y - h) / PT, w / PT, h / PT, int(bool(shape.stroke)), filled)
        else:
            canvas.line(x / PT, (m.PAGE_H - y) / PT, (x + w) / PT, (m.PAGE_H - y - h) / PT)

    def _run(self, run: Run) -> None:
        self._canvas.setFont(run.font, run.size)
        self._canvas.setFillGray(run.grey)
        self._canvas.drawString(run.x / PT, (m.PAGE_H - run.y) / PT, run.text)

    def _marker(self, marker: Marker) -> None:
        """Draw a marker's dark modules as rectangles, exactly on its square."""
        self._modules(marker.box, marker_modules(marker.id).tolist())

    def _qr(self, box: Box, text: str) -> None:
        code = segno.make_qr(text, error="q", boost_error=False)
        self._modules(box, code.matrix)

    def _modules(self, box: Box, dark: Sequence[Sequence[int]]) -> None:
        """Fill runs of dark modules of a square grid."""
        canvas, size = self._canvas, box.w / len(dark)
        canvas.setFillGray(0)
        path = canvas.beginPath()
        for index, row in enumerate(dark):
            start = None
            for column, on in enumerate([*map(bool, row), False]):
                if on and start is None:
                    start = column
                elif not on and start is not None:
                    top = m.PAGE_H - box.y - (index + 1) * size
                    path.rect((box.x + start * size) / PT, top / PT, (column - start) * size / PT, size / PT)
                    start = None
        canvas.drawPath(path, stroke=0, fill=1)
