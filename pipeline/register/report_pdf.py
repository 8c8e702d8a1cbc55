"""The month's report for the sub-district head: one clear page first, then the tables."""

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from reportlab.lib import colors
from reportlab.lib.enums import TA_CENTER
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import (
    BaseDocTemplate,
    Frame,
    Image,
    KeepTogether,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)

from pipeline.language import Text, figure
from pipeline.register.figures import MonthFigures
from pipeline.register.report_xlsx import tables
from pipeline.register.wording import month_name

_INK: Final = colors.HexColor("#1F3A4D")
_SOFT: Final = colors.HexColor("#E9EFF3")
_GREY: Final = colors.HexColor("#5B6770")
_GREEN: Final = "#2F7D5B"
_PALE: Final = "#B9C7D1"
_WIDTH: Final = A4[0] - 40 * mm
_SHOWN: Final = 24

_TITLE: Final = ParagraphStyle("title", fontName="Helvetica-Bold", fontSize=17, leading=21, textColor=_INK)
_HEAD: Final = ParagraphStyle(
    "head", fontName="Helvetica-Bold", fontSize=11.5, leading=15, textColor=_INK, spaceBefore=10, spaceAfter=4
)
_BODY: Final = ParagraphStyle("body", fontName="Helvetica", fontSize=9.5, leading=13.5)
_SMALL: Final = ParagraphStyle("small", parent=_BODY, fontSize=8, leading=10.5, textColor=_GREY)
_CELL: Final = ParagraphStyle("cell", parent=_BODY, fontSize=8.2, leading=10)
_COLUMN: Final = ParagraphStyle("column", parent=_CELL, fontName="Helvetica-Bold", textColor=colors.white)
_BIG: Final = ParagraphStyle(
    "big", fontName="Helvetica-Bold", fontSize=21, leading=25, textColor=_INK, alignment=TA_CENTER
)
_UNDER: Final = ParagraphStyle("under", parent=_SMALL, alignment=TA_CENTER)


def write_pdf(figures: MonthFigures, path: Path) -> None:
    """Writes the report."""
    document = BaseDocTemplate(
        str(path),
        pagesize=A4,
        leftMargin=20 * mm,
        rightMargin=20 * mm,
        topMargin=33 * mm,
        bottomMargin=20 * mm,
        title=f"{_NAME} {month_name(figures.month)}",
        author="Kecamatan Halong",
        invariant=1,
    )
    frame = Frame(document.leftMargin, document.bottomMargin, document.width, document.height, 0, 0, 0, 0)
    document.addPageTemplates(PageTemplate("page", [frame], onPage=_letterhead))
    document.build([*_first_page(figures), PageBreak(), *_tables(figures), *_signature()])


_AGGREGATES: Final = Text("Angka gabungan, tanpa nama dan NIK.", "Aggregates, no names or NIKs.")
_NAME: Final = Text("Laporan bulanan pelayanan sosial", "Monthly report on social services")


def _letterhead(canvas: Any, document: Any) -> None:  # noqa: ANN401
    canvas.saveState()
    top = A4[1] - 14 * mm
    canvas.setFillColor(colors.black)
    canvas.setFont("Helvetica", 9.5)
    canvas.drawCentredString(A4[0] / 2, top, "PEMERINTAH KABUPATEN BALANGAN")
    canvas.setFont("Helvetica-Bold", 13)
    canvas.drawCentredString(A4[0] / 2, top - 5.5 * mm, "KECAMATAN HALONG")
    canvas.setFont("Helvetica", 8)
    canvas.drawCentredString(A4[0] / 2, top - 9.5 * mm, "Seksi Kesejahteraan Sosial · Halong 71666")
    canvas.setLineWidth(1.4)
    canvas.line(20 * mm, top - 12 * mm, A4[0] - 20 * mm, top - 12 * mm)
    canvas.setLineWidth(0.4)
    canvas.line(20 * mm, top - 12.8 * mm, A4[0] - 20 * mm, top - 12.8 * mm)
    canvas.setFillColor(_GREY)
    canvas.setFont("Helvetica", 7.5)
    canvas.drawString(20 * mm, 11 * mm, str(_AGGREGATES))
    canvas.drawRightString(A4[0] - 20 * mm, 11 * mm, f"{Text('Halaman', 'Page')} {document.page}")
    canvas.restoreState()


def _first_page(figures: MonthFigures) -> list[Any]:
    return [
        Paragraph(str(_NAME), _TITLE),
        Paragraph(
            month_name(figures.month), ParagraphStyle("month", parent=_BODY, fontSize=12, textColor=_GREY)
        ),
        Spacer(1, 5 * mm),
        _tiles(figures),
        Spacer(1, 5 * mm),
        Paragraph(" ".join(map(str, _sentences(figures))), _BODY),
        Paragraph(str(Text("Orang yang terjangkau per desa", "People reached in each village")), _HEAD),
        _chart(figures),
    ]


def _sentences(figures: MonthFigures) -> Iterator[Text]:
    """The month in a few sentences, as its first page says it."""
    month, people, homes = month_name(figures.month), _n(figures.people), _n(figures.households)
    new, others = _n(figures.people - figures.people_before), _n(figures.others)
    yield Text(
        f"Sampai akhir {month}, pelayanan telah menjangkau <b>{people} orang</b> dalam {homes} keluarga di "
        f"{figures.visited} dari {len(figures.villages)} desa; {new} orang tercatat bulan ini.",
        f"By the end of {month} the service has reached <b>{people} people</b> in {homes} households of "
        f"{figures.visited} of {len(figures.villages)} villages; {new} people were added this month.",
    )
    if figures.others:
        yield Text(
            f"Selain itu {others} orang tercatat di daftar penyaluran, tetapi keluarganya belum didata.",
            f"{others} more people stand on rosters, though their households were not surveyed.",
        )
    share = f" ({figures.delivered / figures.planned:.0%})" if figures.planned else ""
    delivered, planned = _n(figures.delivered), _n(figures.planned)
    yield Text(
        f"Bantuan diterima {delivered} dari {planned} penerima yang direncanakan{share}.",
        f"{delivered} of {planned} planned recipients received their aid{share}.",
    )
    waiting, idle = _n(len(figures.waiting)), _n(figures.not_imported)
    yield Text(f"{waiting} lembar masih menunggu.", f"{waiting} sheets are still waiting.")
    if figures.not_imported:
        yield Text(
            f"{idle} di antaranya lengkap, tetapi belum diimpor, jadi tidak ikut dihitung.",
            f"{idle} of them are complete but not imported yet, so they are not counted.",
        )


def _tiles(figures: MonthFigures) -> Table:
    tiles = [
        (_n(figures.people), Text("orang terjangkau", "people reached")),
        (f"+{_n(figures.people - figures.people_before)}", Text("orang baru bulan ini", "new this month")),
        (_n(figures.delivered), Text("menerima bantuan", "received aid")),
        (_n(figures.attended), Text("peserta sosialisasi", "came to sessions")),
        (_n(len(figures.waiting)), Text("lembar menunggu", "sheets waiting")),
    ]
    grid = Table(
        [[Paragraph(big, _BIG) for big, _ in tiles], [Paragraph(str(under), _UNDER) for _, under in tiles]],
        colWidths=[_WIDTH / len(tiles)] * len(tiles),
    )
    grid.setStyle(
        TableStyle(
            [
                ("BACKGROUND", (0, 0), (-1, -1), _SOFT),
                ("LINEAFTER", (0, 0), (-2, -1), 3, colors.white),
                ("TOPPADDING", (0, 0), (-1, 0), 7),
                ("BOTTOMPADDING", (0, 1), (-1, 1), 7),
            ]
        )
    )
    return grid


def _chart(figures: MonthFigures) -> Image:
    """Bars of people before and new, the village with the most on top; a PNG at 220 dpi."""
    shown = sorted(figures.villages, key=lambda v: (v.people, v.name))[-_SHOWN:]
    height = 3.2 + 0.47 * len(shown)
    with mpl.rc_context({"font.family": "DejaVu Sans", "font.size": 7.5}):
        drawing = Figure(figsize=(_WIDTH / mm / 25.4, height / 2.54), dpi=220)
        axes = drawing.subplots()
        names = [village.name for village in shown]
        before = [village.people_before for village in shown]
        new = [village.people - village.people_before for village in shown]
        axes.barh(names, before, color=_PALE, label=str(Text("sebelumnya", "before")))
        axes.barh(names, new, left=before, color=_GREEN, label=str(Text("baru bulan ini", "new this month")))
        for i, village in enumerate(shown):
            axes.text(village.people, i, f" {_n(village.people)}", va="center", color="#1F3A4D")
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(left=False)
        axes.set_xlim(0, max(1, *(village.people for village in shown)) * 1.1 if shown else 1)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(frameon=False, loc="lower right")
        axes.margins(y=0.01)
        data = io.BytesIO()
        drawing.savefig(data, format="png", bbox_inches="tight", metadata={"Software": None})
    data.seek(0)
    picture = Image(data)
    scale = min(_WIDTH / picture.imageWidth, 150 * mm / picture.imageHeight)
    picture.drawWidth, picture.drawHeight = picture.imageWidth * scale, picture.imageHeight * scale
    return picture


def _tables(figures: MonthFigures) -> list[Any]:
    flow: list[Any] = []
    for name, columns, rows, summed in tables(figures):
        head = Paragraph(str(name), _HEAD)
        if not rows:
            nothing = Text("Tidak ada.", "None.")
            flow.append(KeepTogether([head, Paragraph(str(nothing), _BODY)]))
            continue
        flow += [head, _table(columns, rows, summed)]
    return flow


def _table(columns: Sequence[Text], rows: Sequence[Sequence[str | int]], summed: bool) -> Table:
    body: list[list[Any]] = [[Paragraph(str(column), _COLUMN) for column in columns]]
    body += [[Paragraph(escape(v), _CELL) if isinstance(v, str) else _n(v) for v in row] for row in rows]
    if summed:
        total: list[Any] = [Paragraph(f"<b>{Text('Jumlah', 'Total')}</b>", _CELL)]
        for column in range(1, len(columns)):
            values = [row[column] for row in rows]
            numbers = [value for value in values if isinstance(value, int)]
            total.append(_n(sum(numbers)) if len(numbers) == len(values) else "")
        body.append(total)
    first = 0.25 * _WIDTH
    rest = (_WIDTH - first) / (len(columns) - 1)
    grid = Table(body, colWidths=[first, *[rest] * (len(columns) - 1)], repeatRows=1)
    style: list[Any] = [
        ("BACKGROUND", (0, 0), (-1, 0), _INK),
        ("FONT", (0, 1), (-1, -1), "Helvetica", 8.2),
        ("ALIGN", (1, 1), (-1, -1), "RIGHT"),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ("ROWBACKGROUNDS", (0, 1), (-1, -1), [colors.white, _SOFT]),
        ("LINEBELOW", (0, -1), (-1, -1), 0.8, _INK),
        ("TOPPADDING", (0, 0), (-1, -1), 2.6),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2.6),
    ]
    if summed:
        style += [
            ("LINEABOVE", (0, -1), (-1, -1), 0.8, _INK),
            ("FONT", (1, -1), (-1, -1), "Helvetica-Bold", 8.2),
        ]
    grid.setStyle(TableStyle(style))
    return grid


def _signature() -> list[Any]:
    right = ParagraphStyle("sign", parent=_BODY, leftIndent=0.6 * _WIDTH)
    lines = [
        Paragraph("Halong, ....................................", right),
        Paragraph("Camat Halong", right),
        Spacer(1, 20 * mm),
        Paragraph("____________________________", right),
        Paragraph("NIP.", right),
    ]
    return [Spacer(1, 10 * mm), KeepTogether(lines)]


def _n(value: int) -> str:
    """A number with the thousands' point of Indonesian, or the comma of English."""
    return figure(value, ",")
