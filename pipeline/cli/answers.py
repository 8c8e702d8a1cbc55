"""`sotarsa register apart` and `answers`: two who look like one are two, so that imports ask about them no more."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Final

import typer

from pipeline.cli import context
from pipeline.cli.options import Json, Reviewer, reviewer_name
from pipeline.language import Text
from pipeline.scans.files import readable

if TYPE_CHECKING:
    from pipeline.register.answers import Answer
    from pipeline.register.twins import Side

app = typer.Typer(no_args_is_help=True, add_completion=False)

_APART = Text(
    "Catat bahwa dua orang atau dua keluarga yang ditanyakan impor memang dua, supaya tidak ditanyakan lagi. "
    "NIK, nomor KK, dan nomor seri lembar tampil di tabel “Perlu diputuskan”.\n\n"
    'Contoh: sotarsa register apart FPS-2005-26-00017 FPS-2005-26-00031 --why "KTP keduanya dilihat"',
    "Write down that two people or two families about whom an import asks are two, so that it asks no more. "
    "NIKs, family cards and serials stand in the table “To decide”.\n\n"
    'Example: sotarsa register apart FPS-2005-26-00017 FPS-2005-26-00031 --why "both cards seen"',
)
_ANSWERS = Text(
    "Tampilkan siapa yang dicatat memang dua, oleh siapa dan kapan.\n\nContoh: sotarsa register answers",
    "List who was said to be two, by whom and when.\n\nExample: sotarsa register answers",
)
_ONE = Text("NIK, nomor KK, atau nomor seri yang satu.", "NIK, family card or serial of one.")
_OTHER = Text("NIK, nomor KK, atau nomor seri yang lain.", "NIK, family card or serial of the other.")
_NAME = Text("Nama yang ditanyakan, bila ada beberapa.", "Whom the question names, where there are several.")
_WHY = Text("Bagaimana diketahui.", "How it is known.")
_UNDO = Text("Cabut: tanyakan lagi.", "Take it back: ask again.")

_PEOPLE: Final = Text("dua orang", "two people")
_TWO: Final = {"two_niks": _PEOPLE, "alike": _PEOPLE, "two_kks": Text("dua keluarga", "two families")}
"""What those of whom a question asks are said to be."""

_SAID: Final = {
    (True, False): Text(
        "✓ {one} dan {other} dicatat sebagai {two} ({name}). Impor tidak menanyakannya lagi.",
        "✓ {one} and {other} are written down as {two} ({name}). Imports do not ask about them any more.",
    ),
    (True, True): Text(
        "{one} dan {other} sudah dicatat sebagai {two} ({name}) oleh {by}, {day}. Tidak ada yang berubah.",
        "{one} and {other} were written down as {two} ({name}) before, by {by}, {day}. Nothing changed.",
    ),
    (False, False): Text(
        "✓ {one} dan {other} tidak lagi dicatat sebagai {two} ({name}). Impor menanyakannya lagi.",
        "✓ {one} and {other} no longer count as {two} ({name}). Imports ask about them again.",
    ),
    (False, True): Text(
        "{one} dan {other} memang tidak dicatat sebagai {two} ({name}). Tidak ada yang berubah.",
        "{one} and {other} do not count as {two} ({name}). Nothing changed.",
    ),
}
"""What is told, by whether they are said to be two, and whether that was so before."""

_HEADS: Final = Text("Memang dua", "Really two"), Text("Oleh", "By")
_NONE = Text("Belum ada yang dicatat memang dua.", "Nobody was said to be two.")


@app.command("apart", help=str(_APART))
def apart(
    one: Annotated[str, typer.Argument(metavar="ONE", help=str(_ONE))],
    other: Annotated[str, typer.Argument(metavar="OTHER", help=str(_OTHER))],
    name: Annotated[str, typer.Option("--name", metavar="NAME", help=str(_NAME))] = "",
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help=str(_WHY))] = "",
    undo: Annotated[bool, typer.Option("--undo", help=str(_UNDO))] = False,
    reviewer: Reviewer = None,
) -> None:
    """Say that two who look like one are two, or take it back."""
    context.open_store()
    from pipeline.register.answers import say_apart, take_back

    say = take_back if undo else say_apart
    two, before = say(one, other, name, why=" ".join(why.split())[:200], by=reviewer_name(reviewer))
    known, told = map(side, two.sides)
    context.tell(
        _SAID[not undo, before is not None],
        one=known,
        other=told,
        two=_TWO[two.question.kind],
        name=two.question.name,
        by=before.by if before else "",
        day=_day(before) if before else "",
    )


@app.command("answers", help=str(_ANSWERS))
def answers(json: Json = False) -> None:
    """List who was said to be two."""
    context.open_store()
    from pipeline.register.answers import standing

    found = list(standing().values())
    if json:
        context.put_json({"answers": list(map(_facts, found))})
        return
    if not found:
        context.tell(_NONE)
        return
    from rich.table import Column, Table

    name, by = map(str, _HEADS)
    # Serials and NIKs stay whole in the narrowest window, whatever that costs the words.
    table = Table(name, *(Column("", no_wrap=True) for _ in range(2)), by)
    for one in found:
        asked = one.likeness.question
        known, told = ("\n".join(filter(None, two)) for two in one.likeness.sides)
        who = "\n".join(filter(None, (readable(one.by), _day(one), readable(one.why))))
        table.add_row(f"{asked.name}\n{_TWO[asked.kind]}", known, told, who)
    context.answers().print(table)


def side(one: "Side") -> str:
    """One of two as a sentence names it: the number, where there is one, and its serial."""
    number, serial = one
    return f"{number} ({serial})" if number else serial


def _day(answer: "Answer") -> str:
    from django.utils.timezone import localtime

    return f"{localtime(answer.at):%d-%m-%Y}"


def _facts(answer: "Answer") -> dict[str, object]:
    asked = asdict(answer.likeness.question)
    return {**asked, "by": answer.by, "at": answer.at.isoformat(timespec="seconds"), "why": answer.why}
