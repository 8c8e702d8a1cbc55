"""`sotarsa review`: one doubtful field at a time, its ink and its reading, decided by a person at the keyboard."""

import getpass
import os
import shutil
import sys
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from pipeline.cli import context
from pipeline.errors import UsageError
from pipeline.language import Text

if TYPE_CHECKING:
    from pipeline.review.blocks import Colours
    from pipeline.review.items import ReviewItem
    from pipeline.review.keys import Action
    from pipeline.review.picture import Pictures
    from pipeline.review.session import Session

_HELP = Text(
    "Periksa isian yang belum pasti, satu demi satu. :h menampilkan tombolnya.\n\n"
    "Contoh: sotarsa review --reviewer siti",
    "Review doubtful fields, one at a time. :h shows the keys.\n\nExample: sotarsa review --reviewer siti",
)
_SET = Text(
    "Putuskan satu isian dari skrip.\n\nContoh: sotarsa review set 1042 6311021203789001",
    "Decide one field from a script.\n\nExample: sotarsa review set 1042 6311021203789001",
)
_NOTHING = Text("Tidak ada isian yang menunggu. Semua beres.", "Nothing waits for review. All is done.")
_WITH_OTHERS = Text(
    "Isian yang tersisa sedang diperiksa orang lain. Coba lagi sebentar.",
    "What is left is being reviewed by others. Try again in a while.",
)
_DONE = Text(
    "{decided} diputuskan, {skipped} dilewati, {left} masih menunggu.",
    "{decided} decided, {skipped} skipped, {left} still waiting.",
)
_AGAIN = Text(
    "Enter sekali lagi untuk tetap memakainya, atau ketik yang lain.",
    "Enter once more to keep it, or type something else.",
)
_FIRST = Text(
    "Ini yang pertama: belum ada keputusan sebelumnya.", "No earlier decision of yours to go back to."
)
_KEEP_NOTICE = Text("Diterima dengan catatan: {why}", "Taken, although: {why}")
_ONE_WAY = Text(
    "Beri satu saja: nilai, --empty, atau --unreadable.", "Give just one: a value, --empty, or --unreadable."
)
_MAX_COLUMNS: Final = 120
_WORDS: Final = 17
"""So many lines of the screen are words; the picture has the rest, within these bounds."""
_PICTURE: Final = (6, 14)
_TABLE_ROWS: Final = 200

app = typer.Typer(help=str(_HELP), add_completion=False)

Reviewer = Annotated[
    str | None,
    typer.Option(
        "--reviewer", metavar="NAME", help=str(Text("Bawaan: nama akun.", "Default: your login name."))
    ),
]
BatchName = Annotated[
    str | None,
    typer.Option("--batch", metavar="NAME", help=str(Text("Hanya batch ini.", "Only this batch."))),
]
FormName = Annotated[
    str | None,
    typer.Option("--form", metavar="FORM", help=str(Text("Hanya formulir ini.", "Only this form."))),
]


@app.callback(invoke_without_command=True)
def review(
    command: typer.Context,
    reviewer: Reviewer = None,
    batch: BatchName = None,
    form: FormName = None,
    as_list: Annotated[
        bool, typer.Option("--list", help=str(Text("Tampilkan yang menunggu.", "List what waits.")))
    ] = False,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json", help=str(Text("Daftar sebagai satu objek JSON.", "The list as one JSON object."))
        ),
    ] = False,
    limit: Annotated[
        int | None,
        typer.Option("--limit", metavar="N", min=1, help=str(Text("Paling banyak N.", "At most N."))),
    ] = None,
) -> None:
    """Review doubtful fields, or list them."""
    if command.invoked_subcommand is not None:
        return
    home = context.open_store()
    name = context.catalogue().get(form).definition.form if form else None
    if as_json:
        _put_json(home, batch, name, limit)
    elif as_list:
        _put_table(batch, name, limit or _TABLE_ROWS)
    else:
        _review(home, _name(reviewer), batch, name)


@app.command("set", help=str(_SET))
def set_value(
    item: Annotated[int, typer.Argument(metavar="ITEM")],
    value: Annotated[str | None, typer.Argument(metavar="VALUE")] = None,
    empty: Annotated[
        bool, typer.Option("--empty", help=str(Text("Kosong di kertas.", "Empty on paper.")))
    ] = False,
    unreadable: Annotated[
        bool, typer.Option("--unreadable", help=str(Text("Tidak terbaca.", "Cannot be read.")))
    ] = False,
    reviewer: Reviewer = None,
) -> None:
    """Decide one item."""
    if [value is not None, empty, unreadable].count(True) != 1:
        raise UsageError(_ONE_WAY)
    context.open_store()
    from pipeline.review.decisions import Doubtful, Kind, decide

    kind = Kind.EMPTY if empty else Kind.UNREADABLE if unreadable else Kind.CORRECTED
    who, forms = _name(reviewer), context.catalogue()
    try:
        decide(item, who, kind, value, forms)
    except Doubtful as doubt:
        decide(item, who, kind, value, forms, confirmed=True)
        context.tell(_KEEP_NOTICE, why=doubt)


def _name(reviewer: str | None) -> str:
    return (reviewer or getpass.getuser())[:80]


def _put_json(home: Path, batch: str | None, form: str | None, limit: int | None) -> None:
    from pipeline.review import queue
    from pipeline.review.picture import Pictures

    pictures = Pictures(home)
    items = islice(queue.open_items(batch, form), limit)
    context.put_json({"items": [_facts(item, pictures) for item in items]})


def _facts(item: "ReviewItem", pictures: "Pictures") -> dict[str, object]:
    from pipeline.review.entry import sentence

    layout = item.layout(context.catalogue())
    ink = pictures.ink(item, layout)
    return {
        "id": item.id,
        "source": item.source,
        "image": item.image,
        "form": item.form,
        "form_version": item.version,
        "serial": item.serial,
        "page": item.page,
        "field": item.field,
        "row": item.row,
        "value": item.value,
        "confidence": round(item.confidence, 6),
        "alternatives": [{"value": one.value, "probability": one.probability} for one in item.alternatives],
        "reasons": list(item.reasons),
        "messages": [str(sentence(reason)) for reason in item.reasons],
        "crop": str(pictures.save(item, layout, ink)) if ink else None,
    }


def _put_table(batch: str | None, form: str | None, limit: int) -> None:
    from rich.console import Console
    from rich.table import Table

    from pipeline.review import queue
    from pipeline.review.entry import sentence
    from pipeline.review.render import said

    heads = (
        Text("Nomor", "Item"),
        Text("Lembar", "Sheet"),
        Text("Isian", "Field"),
        Text("Terbaca", "Reading"),
        Text("Sebab", "Reason"),
    )
    table = Table(title=str(Text("Menunggu pemeriksaan", "Waiting for review")))
    for head in heads:
        table.add_column(str(head), no_wrap=head in heads[:2], overflow="fold")
    for item in islice(queue.open_items(batch, form), limit):
        spec = item.spec(context.catalogue())
        field = f"{spec.label}" + (f" ({item.row})" if item.row else "")
        reasons = " ".join(str(sentence(reason)) for reason in item.reasons)
        table.add_row(str(item.id), f"{item.serial}/{item.page}", field, said(spec, item.value), reasons)
    left = queue.count_open(batch, form) - table.row_count
    Console().print(table)
    if left > 0:
        context.tell(Text("… dan {left} lagi (--limit).", "… and {left} more (--limit)."), left=left)


def _review(home: Path, reviewer: str, batch: str | None, form: str | None) -> None:
    from pipeline.review import queue
    from pipeline.review.session import Session

    session = Session(reviewer, context.catalogue(), batch, form)
    session.start()
    if session.item is None:
        typer.echo(str(_WITH_OTHERS if session.total else _NOTHING))
        return
    try:
        _Screen(session, home).run()
    finally:
        session.stop()
        left = queue.count_open(batch, form)
        typer.echo(_DONE.format(decided=session.decided, skipped=len(session.skipped), left=left))


class _Screen:
    """The loop between a session and a terminal, or a plain pipe."""

    def __init__(self, session: "Session", home: Path) -> None:
        from pipeline.review.picture import Pictures

        self._session = session
        self._pictures = Pictures(home)
        self._terminal = sys.stdin.isatty() and sys.stdout.isatty()
        self._notice = ""

    def run(self) -> None:
        """Show item after item until there is none or the person leaves."""
        while self._session.item is not None:
            self._show(self._session.item)
            if not self._answered(self._session.item):
                return

    def _answered(self, item: "ReviewItem") -> bool:
        """Read lines until the item is dealt with; False to leave."""
        from pipeline.review.decisions import Doubtful, Taken
        from pipeline.review.entry import Refused
        from pipeline.review.keys import HELP, Action, Do, parse

        spec = item.spec(self._session.forms)
        doubted: Action | None = None
        while True:
            line = self._ask(item)
            action = Action(Do.QUIT) if line is None else parse(line, item, spec)
            keep = doubted is not None and action.do is Do.TAKE
            if keep and doubted is not None:
                action = doubted
            doubted = None
            if action.do is Do.QUIT:
                return False
            if action.do is Do.HELP:
                typer.echo(str(HELP))
                continue
            try:
                self._do(action, confirmed=keep)
            except Refused as refused:
                self._say(str(refused), "31")
                continue
            except Doubtful as doubt:
                self._say(f"{doubt} {_AGAIN}", "33")
                doubted = action
                continue
            except Taken as taken:
                self._notice = self._painted(str(taken), "33")
                self._session.go_on()
            return True

    def _do(self, action: "Action", *, confirmed: bool) -> None:
        from pipeline.review.keys import Do
        from pipeline.review.render import said

        if action.do is Do.SKIP:
            self._session.skip()
        elif action.do is Do.BACK:
            if not self._session.back():
                self._notice = self._painted(str(_FIRST), "33")
        else:
            done = self._session.decide(action, confirmed=confirmed)
            spec = done.spec(self._session.forms)
            self._notice = self._painted(f"✓ {spec.label}: {said(spec, done.value)}", "32")

    def _show(self, item: "ReviewItem") -> None:
        from pipeline.review.blocks import Room, draw_field
        from pipeline.review.companions import companions
        from pipeline.review.render import Card, render, section_of, title_of

        forms = self._session.forms
        spec, layout = item.spec(forms), item.layout(forms)
        columns, lines = shutil.get_terminal_size()
        width = min(columns, _MAX_COLUMNS) - 1
        ink = self._pictures.ink(item, layout)
        crop = self._pictures.save(item, layout, ink) if ink else None
        drawing: Iterable[str] = ()
        if ink is not None and self._coloured:
            room = min(max(lines - _WORDS, _PICTURE[0]), _PICTURE[1])
            drawing = draw_field(ink, layout, spec, item.value, Room(width, room), _colours())
        card = Card(
            item=item,
            spec=spec,
            title=title_of(item, forms),
            section=section_of(item, forms),
            done=self._session.number,
            total=max(self._session.total, self._session.number),
            drawing=tuple(drawing),
            crop=crop,
            beside=companions(item, forms),
            coloured=self._coloured,
        )
        if self._terminal:
            typer.echo("\x1b[H\x1b[2J\x1b[3J", nl=False)
        typer.echo(f"{self._notice}\n{render(card, width)}", color=True)
        self._notice = ""

    def _ask(self, item: "ReviewItem") -> str | None:
        """One line, without its end; None when there are no more."""
        if not self._terminal:
            line = sys.stdin.readline()
            return line.rstrip("\n") if line else None
        import readline

        from pipeline.review.entry import shown

        readline.clear_history()
        spec = item.spec(self._session.forms)
        for value in (*(one.value for one in reversed(item.alternatives)), item.value):
            if value is not None:
                readline.add_history(shown(spec, value))
        try:
            return input("› ")
        except EOFError:
            return None

    def _say(self, text: str, style: str) -> None:
        typer.echo(self._painted(text, style), color=True)

    def _painted(self, text: str, style: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self._coloured else text

    @property
    def _coloured(self) -> bool:
        return self._terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _colours() -> "Colours":
    from pipeline.review.blocks import Colours

    deep = os.environ.get("COLORTERM", "") in ("truecolor", "24bit")
    return Colours.TRUE if deep else Colours.GREY
