"""`sotarsa learn`: the reader learns the hands of this office, with its consent, and only if that is proven better."""

from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.table import Table

from pipeline.cli import context
from pipeline.cli.groups import GROUPS
from pipeline.cli.options import Json
from pipeline.errors import UsageError
from pipeline.language import Text, figure

if TYPE_CHECKING:
    from pipeline.recognition.refit import Refit

_CONSENT: Final = Text(
    "sotarsa learn mempelajari tulisan dari isian yang sudah diputuskan orang, supaya bacaan yang ditawarkan saat "
    "memeriksa lebih sering benar. Semuanya terjadi di komputer ini: tidak ada gambar atau nilai yang disalin atau "
    "dikirim, yang disimpan hanya angka bobot pembaca. Yang boleh masuk tanpa dilihat orang tidak berubah. Bila kantor "
    "setuju, jalankan: SOTARSA_LEARN=1 sotarsa learn",
    "sotarsa learn studies the writing in fields that people have decided, so that the readings offered in review are "
    "right more often. All of it happens on this computer: no picture and no value is copied or sent, only the "
    "reader's weights are kept. What may enter unseen does not change. If the office agrees, run: "
    "SOTARSA_LEARN=1 sotarsa learn",
)
_BOTH_WAYS: Final = Text("Pilih satu: --undo atau --dry-run.", "Choose one of them: --undo or --dry-run.")
_HEADS: Final = (
    Text("isian", "fields"),
    Text("sel uji", "held-out cells"),
    Text("salah sebelum", "wrong before"),
    Text("salah sesudah", "wrong after"),
)
_TITLE: Final = Text(
    "Belajar dari {cells} sel di {sheets} lembar", "Learning from {cells} cells on {sheets} sheets"
)
_TOO_FEW: Final = Text(
    "Baru {cells} sel di {sheets} lembar yang diputuskan orang; untuk mencoba perlu {least} sel di {least_sheets} "
    "lembar. Tidak ada yang berubah.",
    "Only {cells} cells on {sheets} sheets were decided by people; to try takes {least} cells on {least_sheets} "
    "sheets. Nothing changes.",
)
_NOT_BETTER: Final = Text(
    "Belum terbukti lebih baik (p = {p}). Tidak ada yang berubah.",
    "Not proven to be better (p = {p}). Nothing changes.",
)
_BETTER: Final = Text(
    "Terbukti lebih baik (p = {p}). Mulai pindaian berikutnya bacaan {version} ditawarkan saat memeriksa. "
    "Batalkan dengan: sotarsa learn --undo",
    "Proven to be better (p = {p}). From the next scan on, review offers the readings of {version}. "
    "Undo with: sotarsa learn --undo",
)
_WOULD: Final = Text(
    "Terbukti lebih baik (p = {p}). Karena --dry-run, tidak ada yang disimpan.",
    "Proven to be better (p = {p}). Because of --dry-run, nothing is kept.",
)
_UNDONE: Final = Text("Dibatalkan. Sekarang dipakai: {now}.", "Undone. Now in use: {now}.")
_NOTHING: Final = Text(
    "Tidak ada yang perlu dibatalkan. Dipakai: {now}.", "There is nothing to undo. In use: {now}."
)
_SHIPPED: Final = Text("pembaca bawaan", "the reader as shipped")
_CELLS: Final = Text("{cells} sel", "{cells} cells")


def learn(
    undo: Annotated[
        bool,
        typer.Option(
            "--undo",
            help=str(Text("Kembali ke pembaca sebelumnya.", "Go back to the reader before this one.")),
        ),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help=str(Text("Hitung saja, jangan simpan apa pun.", "Only reckon, keep nothing."))
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Refit the reader on this office's own decisions."""
    from pipeline.settings import settings

    if undo and dry_run:
        raise UsageError(_BOTH_WAYS)
    if undo:
        _undo(as_json)
        return
    if not settings().learn:
        raise UsageError(_CONSENT)
    home = context.open_store()
    from pipeline.review import learning

    with context.console().status("") as status:
        found = learning.learn(
            home,
            context.catalogue(),
            dry_run=dry_run,
            told=lambda cells: status.update(_CELLS.format(cells=figure(cells, ","))),
        )
    if as_json:
        context.put_json(_facts(found, dry_run))
    else:
        _show(found, dry_run)


def _undo(as_json: bool) -> None:
    home = context.open_store()
    from pipeline.review.learning import head_of, undo

    undone = undo(home)
    now = head_of(home)
    if as_json:
        context.put_json({"undone": undone, "reader": now.version if now else None})
    else:
        context.tell(_UNDONE if undone else _NOTHING, now=now.version if now else _SHIPPED)


def _facts(found: "Refit", dry_run: bool) -> dict[str, object]:
    return {
        "cells": found.cells,
        "sheets": found.sheets,
        "tried": found.head is not None,
        "better": found.better,
        "kept": found.better and not dry_run,
        "reader": found.head.version if found.head else None,
        "p": found.p,
        "loss": {"before": found.loss[0], "after": found.loss[1]},
        "groups": [
            {"group": one.group, "n": one.n, "before": one.before, "after": one.after}
            for one in found.changes
        ],
    }


def _show(found: "Refit", dry_run: bool) -> None:
    from pipeline.recognition.refit import LEAST, LEAST_SHEETS, interval

    counts = {"cells": figure(found.cells, ","), "sheets": figure(found.sheets, ",")}
    if found.head is None:
        context.tell(_TOO_FEW, least=figure(LEAST, ","), least_sheets=LEAST_SHEETS, **counts)
        return
    table = Table(*map(str, _HEADS), title=_TITLE.format(**counts))
    for one in found.changes:
        shares = []
        for wrong in (one.before, one.after):
            low, high = interval(wrong, one.n)
            shares.append(
                f"{figure(wrong, ',')} = {figure(wrong / one.n, '.2%')} ({figure(low, '.2%')}-{figure(high, '.2%')})"
            )
        table.add_row(str(GROUPS[one.group]), figure(one.n, ","), *shares)
    context.console().print(table)
    told = (_WOULD if dry_run else _BETTER) if found.better else _NOT_BETTER
    context.tell(told, p=f"{found.p:.4f}", version=found.head.version)
