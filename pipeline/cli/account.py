"""`sotarsa forms account` and `spoil`: which of the printed sheets came back, and which never will."""

import getpass
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Final

import typer

from pipeline.cli import context
from pipeline.cli.export import OutFile, TableFormat, put_table
from pipeline.cli.options import Json
from pipeline.errors import Exit, UsageError
from pipeline.forms import reference
from pipeline.language import Text

if TYPE_CHECKING:
    from rich.box import Box
    from rich.table import Table

    from pipeline.store.account import Line, Range

ACCOUNT = Text(
    "Hitung lembar: mana yang kembali, menunggu sisi, rusak, atau belum kembali, per desa.\n\n"
    "Contoh: sotarsa forms account pendataan --village 2005 --list",
    "Account for sheets: which came back, wait for a side, were spoilt or are missing, by village.\n\n"
    "Example: sotarsa forms account pendataan --village 2005 --list",
)
SPOIL = Text(
    "Catat lembar yang rusak dan dibuang.\n\n"
    'Contoh: sotarsa forms spoil FPS-2005-26-00017 FPS-2005-26-00020-00023 --why "kena air"',
    "Write down sheets that were spoilt and thrown away.\n\n"
    'Example: sotarsa forms spoil FPS-2005-26-00017 FPS-2005-26-00020-00023 --why "wet"',
)

_STATES: Final = {
    "complete": Text("kembali lengkap", "complete"),
    "waiting": Text("menunggu", "waiting"),
    "spoilt": Text("rusak", "spoilt"),
    "missing": Text("belum kembali", "missing"),
    "foreign": Text("bukan cetakan sini", "not issued here"),
}
_HEADS: Final = {
    "issued": Text("Dicetak", "Issued"),
    "complete": Text("Kembali", "Back"),
    "waiting": Text("Menunggu", "Waiting"),
    "spoilt": Text("Rusak", "Spoilt"),
    "missing": Text("Belum", "Missing"),
    "foreign": Text("Lain", "Others"),
}
_LINE_COLUMNS: Final = ("form", "village", "name", "issued", *_STATES)
_RANGE_COLUMNS: Final = ("form", "village", "name", "state", "serials", "count", "lacks", "note")
_LACKS = Text("sisi {sides} belum ada", "side {sides} is missing")
_PHOTOCOPY = Text("fotokopi", "photocopy")
_NOTHING = Text("Belum ada lembar yang dicetak atau kembali.", "No sheet was printed, and none came back.")
_SPOILT: Final = (
    Text("{n} lembar dicatat rusak.", "{n} sheets written down as spoilt."),
    Text("{n} lembar sudah dicatat rusak sebelumnya.", "{n} sheets had been written down as spoilt before."),
)
_TAKEN_BACK: Final = (
    Text("{n} lembar tidak lagi dicatat rusak.", "{n} sheets no longer count as spoilt."),
    Text("{n} lembar memang tidak dicatat rusak.", "{n} sheets were not written down as spoilt."),
)
"""What is said of sheets for which a word changed something, and of those for which it changed nothing."""
_LOST = Text(
    "{n} orang yang tercetak di situ tidak ada lagi di daftar penerima. Bila impornya dibatalkan, impor lagi: "
    "mereka lalu dikenali dari kertas itu.",
    "{n} of the people printed there are not in the register any more. If their import was undone, import again: "
    "they are then known from that paper.",
)
_ONE_WAY = Text("Pilih salah satu: --json atau --format/--out.", "Choose one: --json, or --format and --out.")


def account(
    form: Annotated[
        str | None,
        typer.Argument(metavar="FORM", help=str(Text("Hanya formulir ini.", "Only this form."))),
    ] = None,
    village: Annotated[
        str | None,
        typer.Option(metavar="CODE", help=str(Text("Hanya desa ini.", "Only this village."))),
    ] = None,
    year: Annotated[
        int | None,
        typer.Option(
            metavar="YYYY",
            min=2000,
            max=2099,
            help=str(Text("Hanya nomor seri tahun ini.", "Only this year's serials.")),
        ),
    ] = None,
    listed: Annotated[
        bool, typer.Option("--list", help=str(Text("Sebut nomor serinya.", "Name the serials.")))
    ] = False,
    as_json: Json = False,
    format: TableFormat = None,
    out: OutFile = None,
) -> None:
    """What became of the issued sheets, village by village."""
    if as_json and (format or out):
        raise UsageError(_ONE_WAY)
    name = context.catalogue().get(form).definition.form if form else None
    context.open_store()
    from pipeline.store import account as accounts

    found = accounts.entries(context.catalogue(), name, _short(village), year)
    lines, ranges = list(accounts.lines(found)), list(accounts.ranges(found)) if listed else []
    if as_json:
        told = {"lines": list(map(_line, lines))}
        context.put_json({**told, "serials": list(map(_range, ranges))} if listed else told)
    elif format or out:
        rows = list(map(_range, ranges)) if listed else list(map(_line, lines))
        put_table(lambda: rows, _RANGE_COLUMNS if listed else _LINE_COLUMNS, format, out)
    elif lines:
        _show(lines, ranges)
    else:
        typer.echo(str(_NOTHING))
    asks = any(line.counts[accounts.State.WAITING] or line.counts[accounts.State.FOREIGN] for line in lines)
    raise typer.Exit(int(Exit.NEEDS_EYE if asks else Exit.DONE))


def spoil(
    serials: Annotated[
        list[str],
        typer.Argument(
            metavar="SERIAL",
            help=str(
                Text("FPS-2005-26-00017, atau FPS-2005-26-00017-00023.", "One, or FPS-2005-26-00017-00023.")
            ),
        ),
    ],
    why: Annotated[
        str, typer.Option(metavar="TEXT", help=str(Text("Apa yang terjadi.", "What happened.")))
    ] = "",
    undo: Annotated[
        bool,
        typer.Option("--undo", help=str(Text("Ternyata tidak rusak.", "They were not spoilt after all."))),
    ] = False,
) -> None:
    """Write down that issued sheets were spoilt, or take it back."""
    context.open_store()
    from pipeline.register.lists import lost
    from pipeline.store.spoiling import named, say_spoilt

    asked = named(serials)
    changed = say_spoilt(asked, " ".join(why.split())[:200], getpass.getuser()[:80], spoilt=not undo)
    done, same = _TAKEN_BACK if undo else _SPOILT
    if changed:
        context.tell(done, n=len(changed))
    if len(changed) < len(asked):
        context.tell(same, n=len(asked) - len(changed))
    if undo and (gone := lost(asked)):
        context.tell(_LOST, n=gone)


def _short(code: str | None) -> str | None:
    """The four digits of a village code, known here or not: sheets of other villages may have come."""
    if code is None:
        return None
    digits = code.replace(".", "")
    if not digits.isdecimal() or len(digits) not in (4, 10):
        raise UsageError(
            Text(
                f"{code} bukan kode desa. Contoh: 63.11.02.2005 atau 2005.",
                f"{code} is no village code. Example: 63.11.02.2005 or 2005.",
            )
        )
    return digits[-4:]


def _line(line: "Line") -> dict[str, object]:
    counts = {state.value: count for state, count in line.counts.items()}
    return {
        "form": line.form,
        "village": line.village,
        "name": _name(line.village),
        "issued": line.issued,
        **counts,
    }


def _range(one: "Range") -> dict[str, object]:
    return {
        "form": one.form,
        "village": one.village,
        "name": _name(one.village),
        "state": one.state.value,
        "serials": one.serials,
        "count": one.count,
        "lacks": list(one.lacks),
        "note": one.note,
    }


def _name(village: str) -> str | None:
    found = reference.villages().get(village)
    return found.name if found else None


def _show(lines: "Sequence[Line]", ranges: "Sequence[Range]") -> None:
    """One table a form, with its sum; then the serials, one table a form."""
    console = context.answers()
    for form, group in groupby(lines, key=lambda line: line.form):
        console.print(_counted(form, list(group)))
    for form, listed in groupby(ranges, key=lambda one: one.form):
        console.print(_listed(form, listed))


def _counted(form: str, lines: "Sequence[Line]") -> "Table":
    from rich.table import Table

    table = Table(title=form, box=_box(), show_footer=len(lines) > 1)
    table.add_column(str(Text("Desa", "Village")), str(Text("Jumlah", "Total")))
    rows = [_line(line) for line in lines]
    for name, head in _HEADS.items():
        total = sum(int(str(row[name])) for row in rows)
        table.add_column(str(head), str(total), justify="right")
    for row in rows:
        table.add_row(_titled(str(row["village"])), *(str(row[name] or "–") for name in _HEADS))
    return table


def _listed(form: str, ranges: "Iterable[Range]") -> "Table":
    from rich.table import Table

    table = Table(title=form, box=_box())
    table.add_column(str(Text("Desa", "Village")))
    table.add_column(str(Text("Nomor seri", "Serials")), no_wrap=True)
    table.add_column(str(Text("Lembar", "Sheets")), justify="right")
    table.add_column(str(Text("Keadaan", "State")))
    for one in ranges:
        state = ": ".join((str(_STATES[one.state.value]), *_notes(one)))
        table.add_row(_titled(one.village), one.serials, str(one.count), state)
    return table


def _box() -> "Box":
    from rich.box import SIMPLE_HEAD

    return SIMPLE_HEAD


def _titled(village: str) -> str:
    from pipeline.forms.identity import NO_VILLAGE

    if village == NO_VILLAGE:
        return str(Text("(tanpa desa)", "(no village)"))
    name = _name(village)
    return f"{village} {name}" if name else village


def _notes(one: "Range") -> Iterator[str]:
    if one.lacks:
        yield _LACKS.format(sides=", ".join(map(str, one.lacks)))
    if one.note:
        yield str(_PHOTOCOPY) if one.note == "photocopy" else one.note
