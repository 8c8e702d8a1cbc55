"""`sotarsa export`: tables for other programs."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli import context
from pipeline.cli.options import OnlyBatch
from pipeline.language import Text, figure
from pipeline.store.tables import Format, Row, format_of, write_table

if TYPE_CHECKING:
    from pipeline.register.exports import Table

app = typer.Typer(no_args_is_help=True, add_completion=False)

TableFormat = Annotated[
    Format | None,
    typer.Option(
        "--format", help=str(Text("Bawaan: akhiran --out, atau jsonl.", "Default: --out's ending, or jsonl."))
    ),
]
OutFile = Annotated[
    Path | None,
    typer.Option("--out", metavar="FILE", help=str(Text("Bawaan: layar.", "Default: standard output."))),
]

Refused = Annotated[
    bool,
    typer.Option(
        "--with-refused",
        help=str(
            Text(
                "Juga orang yang menolak datanya keluar kantor (hanya untuk dipakai di kantor).",
                "Also people who refused that their data leave the office (for use in the office only).",
            )
        ),
    ),
]

_LEFT_OUT = Text(
    "{n} baris tidak ikut, karena datanya tidak boleh keluar kantor (ditolak, atau persetujuannya tidak terbaca). "
    "Untuk dipakai di kantor: --with-refused.",
    "{n} rows are left out, since their data may not leave the office (refused, or a consent that nobody could read). "
    "For use in the office: --with-refused.",
)
_EVERYBODY = Text(
    "Isinya data semua orang, juga yang menolak datanya keluar kantor: hanya untuk dipakai di dalam kantor.",
    "These are everybody's data, also of those who refused that they leave the office: for use in the office only.",
)
_READINGS = Text(
    "Setiap isian yang dibaca, satu baris. Contoh: sotarsa export readings --format csv --out isian.csv",
    "Every field that was read, one a line. Example: sotarsa export readings --format csv --out fields.csv",
)
_PAGES = Text(
    "Setiap halaman, juga yang disisihkan. Contoh: sotarsa export pages --batch 2026-11-24-01",
    "Every page, set aside or read. Example: sotarsa export pages --batch 2026-11-24-01",
)


_HELP = {
    "people": Text(
        "Setiap orang di daftar penerima. Contoh: sotarsa export people --out orang.xlsx",
        "Everybody in the register. Example: sotarsa export people --out people.xlsx",
    ),
    "households": Text(
        "Setiap keluarga. Contoh: sotarsa export households --out keluarga.csv",
        "Every household. Example: sotarsa export households --out households.csv",
    ),
    "distributions": Text(
        "Setiap penyaluran bantuan. Contoh: sotarsa export distributions --out penyaluran.xlsx",
        "Every distribution of aid. Example: sotarsa export distributions --out distributions.xlsx",
    ),
    "visits": Text(
        "Setiap sosialisasi. Contoh: sotarsa export visits --format csv",
        "Every information session. Example: sotarsa export visits --format csv",
    ),
}


@app.command("readings", help=str(_READINGS))
def export_readings(batch: OnlyBatch = None, format: TableFormat = None, out: OutFile = None) -> None:
    """Every field that was read, in the shape of the contract."""
    context.open_store()
    from pipeline.store import exports

    if put_table(lambda: exports.readings(batch), exports.READING_COLUMNS, format, out):
        context.tell(_EVERYBODY)


@app.command("pages", help=str(_PAGES))
def export_pages(batch: OnlyBatch = None, format: TableFormat = None, out: OutFile = None) -> None:
    """Every page image, with what became of it."""
    context.open_store()
    from pipeline.store import exports

    put_table(lambda: exports.pages(batch), exports.PAGE_COLUMNS, format, out)


@app.command("people", help=str(_HELP["people"]))
def export_people(format: TableFormat = None, out: OutFile = None, with_refused: Refused = False) -> None:
    """Everybody in the register."""
    context.open_store()
    from pipeline.register import exports as register

    forms = context.register_forms()
    _put_consenting(lambda: register.people(forms, with_refused), register.PEOPLE, format, out)


@app.command("households", help=str(_HELP["households"]))
def export_households(format: TableFormat = None, out: OutFile = None, with_refused: Refused = False) -> None:
    """Every household in the register."""
    context.open_store()
    from pipeline.register import exports as register

    forms = context.register_forms()
    _put_consenting(lambda: register.households(forms, with_refused), register.HOUSEHOLDS, format, out)


@app.command("distributions", help=str(_HELP["distributions"]))
def export_distributions(
    format: TableFormat = None, out: OutFile = None, with_refused: Refused = False
) -> None:
    """Every row of every roster."""
    context.open_store()
    from pipeline.register import exports as register

    forms = context.register_forms()
    _put_consenting(lambda: register.distributions(forms, with_refused), register.DISTRIBUTIONS, format, out)


@app.command("visits", help=str(_HELP["visits"]))
def export_visits(format: TableFormat = None, out: OutFile = None) -> None:
    """Every information session."""
    context.open_store()
    from pipeline.register import exports as register

    put_table(register.visits, register.VISITS.names, format, out)


def _put_consenting(
    rows: Callable[[], Iterable[Row]], table: "Table", chosen: Format | None, out: Path | None
) -> None:
    """Write a table of the register, and say how many of its rows stay in the office."""
    if left := table.total() - put_table(rows, table.names, chosen, out):
        context.tell(_LEFT_OUT, n=figure(left, ","))


def put_table(
    rows: Callable[[], Iterable[Row]],
    columns: Sequence[str],
    chosen: Format | None,
    out: Path | None,
    default: Format = Format.JSONL,
) -> int:
    """Write a table where the user asked, and say on standard error how long it is; how many rows it has."""
    count = write_table(rows(), columns, format_of(chosen, out, default), out)
    if out is not None:
        done = Text("{count} baris ditulis ke {out}", "{count} rows written to {out}")
        context.tell(done, count=count, out=out)
    elif not count:
        context.tell(Text("Belum ada satu baris pun.", "There is not one row yet."))
    return count
