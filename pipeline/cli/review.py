"""`sotarsa review`: one doubtful field at a time, its ink and its reading, decided by a person at the keyboard."""

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from pipeline.cli import context
from pipeline.cli.options import OnlyBatch, Reviewer, reviewer_name
from pipeline.cli.refuted import tell_refuted
from pipeline.errors import UsageError
from pipeline.language import Text, figure

if TYPE_CHECKING:
    from pipeline.review.items import ReviewItem
    from pipeline.review.picture import Pictures

_HELP = Text(
    "Periksa isian yang belum pasti, satu demi satu. :h menampilkan tombolnya.\n\n"
    "Contoh: sotarsa review --reviewer siti",
    "Review doubtful fields, one at a time. :h shows the keys.\n\nExample: sotarsa review --reviewer siti",
)
_SET = Text(
    "Putuskan satu isian dari skrip.\n\nContoh: sotarsa review set 1042 6311021203789001",
    "Decide one field from a script.\n\nExample: sotarsa review set 1042 6311021203789001",
)
_SHOW = Text(
    "Tampilkan semua isian satu lembar dengan nomornya, juga yang sudah diterima.\n\n"
    "Contoh: sotarsa review show FPS-2005-26-00017",
    "List every field of one sheet with its number, the accepted ones too.\n\n"
    "Example: sotarsa review show FPS-2005-26-00017",
)
_STATES = {
    "accepted": Text("diterima", "accepted"),
    "audit": Text("menunggu", "waiting"),
    "review": Text("menunggu", "waiting"),
    "reviewed": Text("diputuskan", "decided"),
}
_NOTHING = Text(
    "Tidak ada isian yang menunggu. Semua sudah selesai.", "Nothing waits for review. All is done."
)
_NONE = Text("Tidak ada isian yang menunggu.", "Nothing waits for review.")
_WITH_OTHERS = Text(
    "Isian yang tersisa sedang diperiksa orang lain. Coba lagi sebentar.",
    "What is left is being reviewed by others. Try again in a while.",
)
_DONE = Text(
    "{decided} diputuskan, {skipped} dilewati, {left} masih menunggu.",
    "{decided} decided, {skipped} skipped, {left} still waiting.",
)
_CORRECTED = Text(
    "{sheets} lembar yang sudah ada di daftar penerima diperiksa lagi. Setelah selesai: sotarsa import",
    "{sheets} sheets that are in the register were looked at again. When all is decided: sotarsa import",
)
_KEEP_NOTICE = Text("Diterima dengan catatan: {why}", "Taken, although: {why}")
_SET_TO = Text("✓ {serial} · {field}: {now} (sebelumnya {was})", "✓ {serial} · {field}: {now} (was {was})")
_SET_SO = Text("✓ {serial} · {field}: {now}", "✓ {serial} · {field}: {now}")
_ONE_WAY = Text(
    "Beri satu saja: nilai, --empty, atau --unreadable.", "Give just one: a value, --empty, or --unreadable."
)
_TABLE_ROWS: Final = 200

app = typer.Typer(help=str(_HELP), add_completion=False)

FormName = Annotated[
    str | None,
    typer.Option("--form", metavar="FORM", help=str(Text("Hanya formulir ini.", "Only this form."))),
]


@app.callback(invoke_without_command=True)
def review(
    command: typer.Context,
    reviewer: Reviewer = None,
    batch: OnlyBatch = None,
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
    tell_refuted()
    name = context.catalogue().get(form).definition.form if form else None
    if as_json:
        _put_json(home, batch, name, limit)
    elif as_list:
        _put_table(batch, name, limit or _TABLE_ROWS)
    else:
        _review(home, reviewer_name(reviewer), batch, name)


@app.command("show", help=str(_SHOW))
def show(serial: Annotated[str, typer.Argument(metavar="SERIAL")]) -> None:
    """List every field of one sheet with its number."""
    context.open_store()
    from rich.table import Table

    from pipeline.review.queue import sheet_items
    from pipeline.review.render import outcome

    heads = (Text("Nomor", "Item"), Text("Sisi", "Side"), Text("Isian", "Field"), Text("Nilai", "Value"))
    table = Table(*map(str, heads), str(Text("Keadaan", "State")), title=serial.upper())
    for item in sheet_items(serial):
        spec = item.spec(context.catalogue())
        field = f"{spec.label}" + (f" ({item.row})" if item.row else "")
        table.add_row(str(item.id), str(item.page), field, outcome(spec, item), str(_STATES[item.status]))
    context.answers().print(table)


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
    from pipeline.review.decisions import Doubtful, Kind, decide, stored
    from pipeline.review.render import outcome

    kind = Kind.EMPTY if empty else Kind.UNREADABLE if unreadable else Kind.CORRECTED
    who, forms = reviewer_name(reviewer), context.catalogue()
    before = stored(item)
    try:
        done = decide(item, who, kind, value, forms)
    except Doubtful as doubt:
        done = decide(item, who, kind, value, forms, confirmed=True)
        context.tell(_KEEP_NOTICE, why=doubt)
    spec = done.spec(forms)
    field = f"{spec.label}" + (f" ({done.row})" if done.row else "")
    now, was = outcome(spec, done), outcome(spec, before)
    context.tell(_SET_TO if now != was else _SET_SO, serial=done.serial, field=field, now=now, was=was)
    _tell_corrected()
    tell_refuted()


def _tell_corrected() -> None:
    """Say that the register does not know yet what was decided on sheets that are in it."""
    from pipeline.register.importing import corrected

    if sheets := corrected():
        context.tell(_CORRECTED, sheets=figure(sheets, ","))


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
        "confidence": None if item.blind else round(item.confidence, 6),
        "alternatives": [
            {"value": one.value, "probability": None if item.blind else one.probability}
            for one in item.alternatives
        ],
        "reasons": list(item.reasons),
        "messages": [str(sentence(reason)) for reason in item.reasons],
        "crop": str(pictures.save(item, layout, ink)) if ink else None,
    }


def _put_table(batch: str | None, form: str | None, limit: int) -> None:
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
    if not table.row_count:
        context.tell(_NONE)
        return
    context.answers().print(table)
    if left > 0:
        context.tell(Text("… dan {left} lagi (--limit).", "… and {left} more (--limit)."), left=left)


def _review(home: Path, reviewer: str, batch: str | None, form: str | None) -> None:
    from pipeline.cli.review_screen import Screen
    from pipeline.review import queue
    from pipeline.review.session import Session

    session = Session(reviewer, context.catalogue(), batch, form)
    session.start()
    if session.item is None:
        typer.echo(str(_WITH_OTHERS if session.total else _NOTHING))
        return
    try:
        Screen(session, home).run()
    finally:
        session.stop()
        left = queue.count_open(batch, form)
        typer.echo(_DONE.format(decided=session.decided, skipped=len(session.skipped), left=left))
        _tell_corrected()
        tell_refuted()
