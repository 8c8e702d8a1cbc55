"""`sotarsa forms`: list, check, print and describe the forms of the office."""

import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from pipeline.cli import account, context, rosters
from pipeline.cli.draft import NEW, new_form
from pipeline.cli.edit import HELP as EDIT
from pipeline.cli.edit import edit
from pipeline.cli.options import Json
from pipeline.errors import UsageError
from pipeline.forms import reference, separator
from pipeline.forms.catalogue import Catalogue, Form, default_directories
from pipeline.forms.describe import describe
from pipeline.forms.frozen import release
from pipeline.forms.identity import NO_VILLAGE, is_serial
from pipeline.forms.printing import check_printable, print_separators, print_sheets
from pipeline.language import Text
from pipeline.outputs import whole

app = typer.Typer(no_args_is_help=True, add_completion=False)

_FORM = Text(
    "Nama formulir (pendataan) atau kodenya (FPS-01).", "A form's name (pendataan) or code (FPS-01)."
)
FormName = Annotated[str, typer.Argument(metavar="FORM", help=str(_FORM), show_default=False)]
_RELEASE = Text(
    "Bekukan versi yang belum dibekukan (untuk pengembang).",
    "Freeze versions that are not frozen yet (for developers).",
)
_DRAW = Text("Gambar letak semua isian di atas halamannya.", "Draw the places of all fields over their page.")


_LIST = Text(
    "Daftar formulir yang dikenal. Contoh: sotarsa forms list",
    "List the known forms. Example: sotarsa forms list",
)
_CHECK = Text(
    "Periksa definisi dan keutuhan versi yang sudah dicetak. Contoh: sotarsa forms check pendataan",
    "Check definitions, and that no printed version changed. Example: sotarsa forms check pendataan",
)
_LAYOUT = Text(
    "Letak setiap isian dalam mm, sebagai JSON. Contoh: sotarsa forms layout pendataan --json",
    "Where each field lies in mm, as JSON. Example: sotarsa forms layout pendataan --json",
)
_PRINT = Text(
    "Cetak lembar bernomor seri, atau lembar pemisah (FORM: pemisah). "
    "Contoh: sotarsa forms print pendataan --village 2005 --count 20",
    "Print sheets with their serials, or separator sheets (FORM: pemisah). "
    "Example: sotarsa forms print pendataan --village 2005 --count 20",
)
_EMPTY_LIST = Text(
    "Kolom {columns} dicetak kosong dan tidak dibaca dari kertas. Tulis penerima di baris yang berkotak huruf, "
    "atau cetak daftar dengan --programme.",
    "The columns {columns} are printed empty and not read from paper. Write recipients in the rows with cells, "
    "or print the list with --programme.",
)
_CROWD = Text(
    "Formulir ini sedang dicetak di jendela atau komputer lain. Tunggu sampai selesai, lalu ulangi.",
    "This form is being printed in another window or on another computer. Wait until that is done, then try again.",
)
_TRIES = 10
"""How often sheets are printed anew because others took their numbers."""
_ONLY_SEPARATORS = Text(
    "--team, --date dan --batch hanya untuk lembar pemisah: sotarsa forms print pemisah.",
    "--team, --date and --batch are for separator sheets only: sotarsa forms print pemisah.",
)


@app.command("list", help=str(_LIST))
def list_forms(as_json: Json = False) -> None:
    """List the known forms."""
    forms = context.catalogue().forms()
    if as_json:
        context.put_json({"forms": [_facts(form) for form in forms]})
        return
    heads = (
        Text("Formulir", "Form"),
        Text("Kode", "Code"),
        Text("Versi", "Version"),
        Text("Judul", "Title"),
        Text("Halaman", "Pages"),
        Text("Isian", "Fields"),
    )
    table = Table(*map(str, heads))
    for form in forms:
        facts = _facts(form)
        table.add_row(*(str(facts[key]) for key in ("form", "code", "version", "title", "pages", "fields")))
    context.answers().print(table)


@app.command("check", help=str(_CHECK))
def check(
    form: Annotated[str | None, typer.Argument(metavar="FORM", help=str(_FORM))] = None,
    freeze: Annotated[bool, typer.Option("--release", help=str(_RELEASE))] = False,
    draw: Annotated[Path | None, typer.Option(metavar="OUT.png", help=str(_DRAW))] = None,
) -> None:
    """Check definitions, and that no printed version changed."""
    catalogue = context.catalogue(silent=True)
    forms = catalogue.forms() if form is None else _versions(catalogue, form)
    Catalogue(forms).sound()
    _check_paper(forms)
    for one in forms:
        name, version = one.key
        done = Text("{name} versi {version}: baik", "{name} version {version}: sound")
        typer.echo(done.format(name=name, version=version))
    if draw is not None:
        _draw(catalogue, form, draw)
    if freeze:
        release(default_directories(context.home())[-1], forms)


app.command("new", help=str(NEW))(new_form)


@app.command("layout", help=str(_LAYOUT))
def layout(
    form: FormName,
    version: Annotated[
        int | None,
        typer.Option(metavar="N", help=str(Text("Versi; bawaan: terbaru.", "Version; default: newest."))),
    ] = None,
    as_json: Json = False,
) -> None:
    """Print where each field lies, in mm, as JSON."""
    found = context.catalogue().get(form, version)
    typer.echo(json.dumps(describe(found.layout), ensure_ascii=False, indent=None if as_json else 1))


app.command("edit", help=str(EDIT))(edit)


@app.command("print", help=str(_PRINT))
def print_form(
    form: FormName,
    village: Annotated[
        str | None,
        typer.Option(
            metavar="CODE",
            help=str(Text("Kode desa: 63.11.02.2005 atau 2005.", "Village code: 63.11.02.2005 or 2005.")),
        ),
    ] = None,
    count: Annotated[
        int,
        typer.Option(metavar="N", min=1, max=5000, help=str(Text("Banyaknya lembar.", "How many sheets."))),
    ] = 1,
    first_serial: Annotated[
        str | None,
        typer.Option(metavar="S", help=str(Text("Nomor seri pertama.", "The first serial."))),
    ] = None,
    programme: Annotated[
        str | None,
        typer.Option(
            "--programme",
            "--program",
            metavar="CODE",
            help=str(Text("Program yang daftarnya dicetak.", "The programme whose roster is printed.")),
        ),
    ] = None,
    team: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help=str(Text("Pemisah: nama tim.", "Separator: the team."))),
    ] = None,
    day: Annotated[
        str | None,
        typer.Option("--date", metavar="YYYY-MM-DD", help=str(Text("Pemisah: tanggal.", "Separator: date."))),
    ] = None,
    batch: Annotated[
        str | None,
        typer.Option(metavar="NAME", help=str(Text("Pemisah: nama batch.", "Separator: the batch."))),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.pdf", help=str(Text("Berkas PDF.", "The PDF.")))
    ] = None,
) -> None:
    """Print sheets with their serials, recorded as issued; or separator sheets."""
    if form == separator.NAME:
        _print_separators(village and _village(village), team, day, batch, count, out)
        return
    if team or day or batch:
        raise UsageError(_ONLY_SEPARATORS)
    _only_pdf(out)
    found = context.catalogue(silent=True).get(form)
    Catalogue((found,)).sound()
    check_printable(found)
    short = _village(village)
    first_serial = first_serial and first_serial.upper()
    if first_serial is not None and not is_serial(first_serial):
        raise UsageError(
            Text(
                f"Nomor seri {first_serial} tidak sah. Contoh: FPS-2005-26-00017.",
                f"{first_serial} is not a serial. Example: FPS-2005-26-00017.",
            )
        )
    _check_paper((found,))
    from pipeline.store.issue import next_serials, record_issued

    programme = programme and programme.upper()
    table = rosters.roster_table(found, short, programme)
    about = rosters.known(found, table, short, programme)
    pages = rosters.pages(found, table, short, programme)

    def issue() -> tuple[list[str], Path]:
        serials = next_serials(found, short, len(pages) or count, first_serial)
        listed = dict(zip(serials, pages, strict=False))
        target = out or context.home() / "print" / f"{serials[0]}.pdf"
        texts = {serial: rosters.texts(found, table, rows) for serial, rows in listed.items()}
        # A serial counts as issued only with its paper: else sheets that nobody has would be waited for.
        with whole(target, folders=True) as part:
            print_sheets(found, serials, part, preprinted=texts, known=about)
            record_issued(
                found,
                serials,
                short,
                {serial: rosters.people(table, rows) for serial, rows in listed.items()},
            )
        return serials, target

    serials, target = _again(issue) if first_serial is None else issue()
    told = Text("{n} lembar, {first} sampai {last}: {path}", "{n} sheets, {first} to {last}: {path}")
    if len(serials) == 1:
        told = Text("1 lembar, {first}: {path}", "1 sheet, {first}: {path}")
    context.say(told.format(n=len(serials), first=serials[0], last=serials[-1], path=target))
    unread = [str(column.label) for one in found.definition.tables() for column in one.preprinted]
    if unread and programme is None:
        context.tell(_EMPTY_LIST, columns=", ".join(unread))


def _again(issue: Callable[[], tuple[list[str], Path]]) -> tuple[list[str], Path]:
    """What is issued, anew with other numbers as long as somebody else was issued one of them meanwhile.

    Raises:
        UsageError: others were always first.
    """
    from pipeline.store.issue import TakenError

    for _ in range(_TRIES):
        try:
            return issue()
        except TakenError:
            continue
    raise UsageError(_CROWD)


def _only_pdf(out: Path | None) -> None:
    if out is not None and out.suffix.lower() not in ("", ".pdf"):
        raise UsageError(
            Text(
                f"Formulir dicetak sebagai PDF. Beri nama {out.with_suffix('.pdf').name}.",
                f"Forms are printed as PDF. Name the file {out.with_suffix('.pdf').name}.",
            )
        )


def _print_separators(
    village: str | None, team: str | None, day: str | None, batch: str | None, count: int, out: Path | None
) -> None:
    _only_pdf(out)
    sheet = separator.make_separator(village or "", team or "", _date(day) if day else None, batch or "")
    said = [re.sub(r"[^0-9A-Za-z]+", "-", part).strip("-").lower() for part in (team or "", batch or "")]
    named = "-".join(filter(None, (separator.NAME, village, day, *said)))
    target = out or context.home() / "print" / f"{named}.pdf"
    print_separators(sheet, count, target)
    told = Text("{n} lembar pemisah: {path}", "{n} separator sheets: {path}")
    context.say(told.format(n=count, path=target))


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            Text(
                f"{text} bukan tanggal. Contoh: --date 2026-11-24.",
                f"{text} is no date. Example: 2026-11-24.",
            )
        ) from error


def _draw(catalogue: Catalogue, form: str | None, out: Path) -> None:
    from pipeline.cli.draft import draw

    if form is None:
        raise UsageError(
            Text(
                "Sebutkan formulir yang digambar, mis. sotarsa forms check pendataan --draw pendataan.png.",
                "Name the form to draw, for example sotarsa forms check pendataan --draw pendataan.png.",
            )
        )
    for path in draw(catalogue.get(form), out):
        typer.echo(path)


def _facts(form: Form) -> dict[str, object]:
    definition = form.definition
    return {
        "form": definition.form,
        "code": definition.code,
        "version": definition.version,
        "title": str(definition.title),
        "pages": len(definition.pages),
        "fields": sum(len(page.fields) for page in form.layout.pages),
    }


def _versions(catalogue: Catalogue, form: str) -> tuple[Form, ...]:
    name = catalogue.get(form).definition.form
    return tuple(one for one in catalogue.forms() if one.definition.form == name)


def _check_paper(forms: tuple[Form, ...]) -> None:
    context.open_store(fills=True)
    from pipeline.store.paper import check_paper

    check_paper(default_directories(context.home()), forms)


def _village(code: str | None) -> str:
    """The four digits of a village code, or those that stand for none."""
    if code is None:
        return NO_VILLAGE
    village = reference.village(code)
    if village is None:
        known = ", ".join(f"{one.short} {one.name}" for one in reference.villages().values())
        raise UsageError(
            Text(
                f"Desa {code} tidak ada di kecamatan ini. Yang ada: {known}.",
                f"There is no village {code} in this sub-district. There are: {known}.",
            )
        )
    return village.short


app.command("account", help=str(account.ACCOUNT))(account.account)
app.command("spoil", help=str(account.SPOIL))(account.spoil)
