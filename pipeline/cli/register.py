"""`sotarsa import` and `sotarsa report`."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli import context
from pipeline.cli.options import Json
from pipeline.cli.refuted import tell_refuted
from pipeline.errors import Exit, UsageError
from pipeline.language import Text, figure
from pipeline.outputs import refused, whole

if TYPE_CHECKING:
    from rich.console import Console

    from pipeline.register.book import Question
    from pipeline.register.importing import ImportReport

_MONTH = Text("Bulan pada formulir, misalnya 2026-11.", "The month written on the forms, such as 2026-11.")
_ALONE = Text(
    "--undo dan --runs dipakai sendiri, tanpa --month dan --dry-run.",
    "--undo and --runs go alone, without --month and --dry-run.",
)
Month = Annotated[str | None, typer.Option("--month", metavar="YYYY-MM", help=str(_MONTH))]


def import_forms(
    month: Month = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help=str(Text("Tunjukkan saja, jangan ubah apa pun.", "Show only, change nothing."))
        ),
    ] = False,
    undo: Annotated[
        int | None,
        typer.Option(
            "--undo", metavar="RUN", help=str(Text("Batalkan impor nomor ini.", "Take this import back."))
        ),
    ] = None,
    runs: Annotated[
        bool,
        typer.Option("--runs", help=str(Text("Daftar impor yang pernah ada.", "List the imports so far."))),
    ] = False,
    json: Json = False,
) -> None:
    """Bring sheets with nothing open into the register."""
    if [undo is not None, runs, month is not None or dry_run].count(True) > 1:
        raise UsageError(_ALONE)
    context.open_store()
    tell_refuted()
    from pipeline.register.changes import undo as take_back
    from pipeline.register.importing import import_month, month_of

    if undo is not None:
        count = take_back(undo)
        if json:
            context.put_json({"undone": undo, "rows": count})
        else:
            context.tell(
                Text(
                    "Impor {run} dibatalkan: {n} baris kembali seperti semula.",
                    "Import {run} undone: {n} rows restored.",
                ),
                run=undo,
                n=count,
            )
        return
    if runs:
        _list_runs(json)
        return
    report = import_month(context.register_forms(), month_of(month) if month else None, dry_run=dry_run)
    if json:
        context.put_json({**asdict(report), "dry_run": dry_run})
    else:
        _tell_no_sheets(report.month)
        _tell(report, dry_run)
    if report.questions or report.joined or report.waiting:
        raise typer.Exit(Exit.NEEDS_EYE)


def report(
    month: Annotated[str, typer.Option("--month", metavar="YYYY-MM", help=str(_MONTH))],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="DIR",
            help=str(Text("Folder laporan. Bawaan: reports/ di folder data.", "Folder.")),
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Write the month's report as a workbook and a PDF."""
    home = context.open_store()
    from pipeline.register.figures import figures
    from pipeline.register.importing import month_of
    from pipeline.register.report_pdf import write_pdf
    from pipeline.register.report_xlsx import write_xlsx

    found = figures(context.register_forms(), month_of(month))
    _tell_no_sheets(found.month)
    folder = out or home / "reports"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise refused(folder, error) from error
    workbook, document = (folder / f"laporan-{found.month}.{suffix}" for suffix in ("xlsx", "pdf"))
    with whole(workbook) as cells, whole(document) as paper:
        write_xlsx(found, cells)
        write_pdf(found, paper)
    if json:
        context.put_json(
            {"month": found.month, "people": found.people, "not_imported": found.not_imported,
             "xlsx": str(workbook), "pdf": str(document)}
        )  # fmt: skip
    else:
        context.tell(
            Text("Laporan {month}: {pdf} dan {xlsx}", "Report {month}: {pdf} and {xlsx}"),
            month=found.month,
            pdf=document,
            xlsx=workbook,
        )
    if found.not_imported:
        context.tell(_NOT_IMPORTED, n=figure(found.not_imported, ","), month=found.month)


def _tell(report: "ImportReport", dry_run: bool) -> None:
    from rich.table import Column, Table

    from pipeline.register.wording import ENTITIES, QUESTIONS, REASONS

    console = context.console()
    heading = Text("Impor {month}", "Import {month}").format(month=report.month)
    if dry_run:
        heading += str(Text(" (percobaan, tidak ada yang diubah)", " (dry run, nothing changed)"))
    counts = Table("", *(Column(str(t), justify="right") for t in _COUNTS.values()), title=heading)
    for name, found in report.counts.items():
        counts.add_row(str(ENTITIES[name]), *(str(found.get(what, 0)) for what in _COUNTS))
    console.print(counts)
    if report.questions:
        asked = Table(
            str(Text("Nama", "Name")),
            str(Text("Perlu diputuskan", "To decide")),
            # Serials and NIKs stay whole in the narrowest window, whatever that costs the words.
            *(Column(str(text), no_wrap=True) for text in _SIDES),
        )
        for one in report.questions[:_SHOWN]:
            known, told = (_lines(*side) for side in ((one.known, one.other), (one.told, one.serial)))
            asked.add_row(_named(one), str(QUESTIONS[one.kind]), known, told)
        console.print(asked)
        _tell_more(console, len(report.questions), report.month)
    if answer := next((one.answer for one in report.questions if one.answer), None):
        console.print(_ANSWER.format(command=answer))
    if report.answered:
        context.tell(_ANSWERED, n=figure(report.answered, ","))
    for one in report.joined:
        context.tell(_JOINED, name=one.name, known=one.other, told=one.serial)
    if report.waiting:
        waits = Table(
            str(Text("Lembar", "Sheet")),
            str(Text("Menunggu", "Waits for")),
            Column(str(Text("Isian", "Fields")), justify="right"),
        )
        for sheet in report.waiting[:_SHOWN]:
            waits.add_row(sheet.serial, str(REASONS[sheet.reason]), str(sheet.fields))
        console.print(waits)
        _tell_more(console, len(report.waiting), report.month)
    back = Text(
        "Batalkan dengan: sotarsa import --undo {run}", "Take it back with: sotarsa import --undo {run}"
    )
    console.print(
        (_WOULD if dry_run else _DONE)
        .format(
            n=report.new,
            k=report.sheets - report.new,
            w=len(report.waiting),
            undo=back.format(run=report.run) if report.run else "",
        )
        .strip()
    )
    for form, sheets in report.unmapped.items():
        context.tell(_UNMAPPED, n=sheets, form=form)
        if context.catalogue().get(form).definition.blank:
            context.tell(_SAY_WHICH, form=form)
    if report.elsewhere:
        months = ", ".join(f"{month} ({sheets})" for month, sheets in report.elsewhere.items())
        context.tell(_ELSEWHERE, n=figure(sum(report.elsewhere.values()), ","), months=months)


def _lines(value: str, serial: str) -> str:
    """What is said and the sheet that says so, under each other."""
    return "\n".join(filter(None, (value, serial)))


def _named(question: "Question") -> str:
    """Who a question is about; where nobody is named, the roster's row by the number that is printed beside it."""
    table, _, row = question.name.partition(" ")
    if question.kind != "nobody" or not row:
        return question.name
    first = next(
        (
            one.first_number
            for form in context.catalogue().forms()
            for one in form.definition.tables()
            if form.definition.code[:3] == question.serial[:3] and one.name == table
        ),
        1,
    )
    return Text("baris {n}", "row {n}").format(n=int(row) + first - 1)


def _tell_no_sheets(month: str) -> None:
    """Say so where no sheet was filled in in a month: most likely another one was meant."""
    from pipeline.register.importing import months

    if not month:
        return
    known = months(context.catalogue())
    if month not in known:
        there = ", ".join(known) or str(Text("belum ada", "none yet"))
        context.tell(_NO_SHEETS, month=month, there=there)


def _tell_more(console: "Console", count: int, month: str) -> None:
    """Name the command that lists the rest, of the same month, and changes nothing."""
    if count > _SHOWN:
        more = Text("… dan {n} lagi. Semuanya: {command}", "… and {n} more. All: {command}")
        command = f"sotarsa import --month {month}" if month else "sotarsa import"
        console.print(more.format(n=count - _SHOWN, command=f"{command} --dry-run --json"))


_NOT_IMPORTED = Text(
    "{n} lembar yang lengkap belum diimpor, jadi tidak ikut dihitung dalam laporan ini. Impor dulu, lalu buat "
    "laporannya lagi: sotarsa import --month {month}",
    "{n} complete sheets are not imported yet, so this report does not count them. Import first, then make the "
    "report again: sotarsa import --month {month}",
)
_NO_SHEETS = Text(
    "Tidak ada lembar yang bertanggal bulan {month}. Bulan yang ada: {there}.",
    "No sheet is dated in the month {month}. Months that are: {there}.",
)
_DONE = Text(
    "{n} lembar masuk daftar, {k} sudah ada sebelumnya, {w} menunggu. {undo}",
    "{n} sheets brought into the register, {k} were there before, {w} waiting. {undo}",
)
_WOULD = Text(
    "{n} lembar akan masuk daftar, {k} sudah ada, {w} menunggu. {undo}",
    "{n} sheets would be brought into the register, {k} are there already, {w} waiting. {undo}",
)
_UNMAPPED = Text(
    "{n} lembar {form} tidak masuk daftar, karena definisinya tidak menyebut apa yang masuk (bagian register). "
    "Isinya ada di: sotarsa export readings",
    "{n} sheets of {form} do not go into the register, since its definition does not say what of them does (section "
    "register). What they say is in: sotarsa export readings",
)
_SAY_WHICH = Text(
    "Tentukan isian mana yang masuk daftar: sotarsa forms edit {form}. Lalu impor lagi.",
    "Say which of its fields go there: sotarsa forms edit {form}. Then import again.",
)
_ELSEWHERE = Text(
    "{n} lembar bulan lain lengkap tetapi belum masuk daftar: {months}. Masukkan semuanya dengan: sotarsa import",
    "{n} sheets of other months are complete and not in the register: {months}. Bring all in with: sotarsa import",
)
_ANSWER = Text(
    "Bila yang tampak sama memang dua orang atau dua keluarga, catat supaya tidak ditanyakan lagi, misalnya:\n"
    "  {command}",
    "If two who look like one are two people or two families, say so and they are asked about no more, for example:\n"
    "  {command}",
)
_ANSWERED = Text(
    "{n} pertanyaan sudah dijawab dan tidak ditanyakan lagi. Lihat: sotarsa register answers",
    "{n} questions were answered before and are asked no more. See: sotarsa register answers",
)
_JOINED = Text(
    "{name}: lembar {known} dan {told} kini menyebut orang atau keluarga yang sama, padahal dicatat memang dua. "
    "Catatan itu dicabut. Bila memang dua, perbaiki lembarnya (sotarsa review show {told}), lalu impor lagi.",
    "{name}: sheets {known} and {told} now name the same person or family, who were said to be two. That word is taken "
    "back. If they are two, correct the sheet (sotarsa review show {told}), then import again.",
)
_SIDES = Text("Tercatat", "Known"), Text("Pada lembar", "On the sheet")
_SHOWN = 20
"""Rows of a table that fit one look; all of them are in `--json`."""

_COUNTS = {
    "new": Text("baru", "new"),
    "updated": Text("diperbarui", "updated"),
    "unchanged": Text("tetap", "unchanged"),
    "removed": Text("dihapus", "removed"),
}


def _list_runs(json: bool) -> None:
    from django.db.models import Count

    from pipeline.register.models import ImportRun

    runs = [
        {"run": run.pk, "month": run.month, "at": run.started_at.isoformat(timespec="seconds"),
         "rows": run.rows, "undone": run.undone_at is not None}
        for run in ImportRun.objects.annotate(rows=Count("changes")).filter(rows__gt=0).order_by("pk")
    ]  # fmt: skip
    if json:
        context.put_json({"runs": runs})
        return
    if not runs:
        context.tell(Text("Belum pernah ada impor.", "Nothing was ever imported."))
        return
    from django.utils.timezone import localtime
    from rich.table import Column, Table

    shown = Table(
        Column(str(Text("Nomor", "Run")), justify="right"),
        str(Text("Bulan", "Month")),
        str(Text("Waktu", "Time")),
        Column(str(Text("Baris", "Rows")), justify="right"),
        str(Text("Dibatalkan", "Undone")),
    )
    for run in runs:
        when = f"{localtime(datetime.fromisoformat(str(run['at']))):%d-%m-%Y %H:%M}"
        undone = "✓" if run["undone"] else ""
        shown.add_row(str(run["run"]), str(run["month"]), when, str(run["rows"]), undone)
    context.answers().print(shown)
