"""`sotarsa calibrate`: what is promised of each kind of field, on what it stands, and what the audit says of it."""

from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from pipeline.cli import context
from pipeline.language import Text

if TYPE_CHECKING:
    from pipeline.review.calibration import Standing

_WAYS: Final = {
    "both/scan": Text("Pindaian", "Scans"),
    "both/photo": Text("Foto", "Photos"),
    "first/scan": Text("Pindaian tanpa pembaca kedua", "Scans without the second reader"),
    "first/photo": Text("Foto tanpa pembaca kedua", "Photos without the second reader"),
}
_HEADS: Final = (
    Text("isian", "fields"),
    Text("janji", "promise"),
    Text("contoh", "labelled"),
    Text("ambang", "threshold"),
    Text("diterima", "accepted"),
    Text("salah <=", "wrong <="),
    Text("keputusan sendiri", "own decisions"),
)
_AUDIT = Text("Pemeriksaan acak", "Blind audit")
_AUDIT_HEADS: Final = (
    Text("isian", "fields"),
    Text("diperiksa", "audited"),
    Text("salah", "wrong"),
    Text("salah, paling banyak", "wrong, at most"),
)
GROUPS: Final = {
    "": Text("semua", "all"),
    "nik": Text("NIK", "NIK"),
    "kk": Text("nomor KK", "KK"),
    "date": Text("tanggal", "dates"),
    "digits": Text("angka lain", "other digits"),
    "letters": Text("nama, tempat, teks", "names, places, text"),
    "marks": Text("tanda pilihan", "marks"),
    "signature": Text("tanda tangan", "signatures"),
    "line": Text("baris bebas", "free lines"),
    "empty": Text("isian kosong", "empty fields"),
}
_NOTHING = Text("semua diperiksa", "all reviewed")


def calibrate(
    as_json: Annotated[
        bool, typer.Option("--json", help=str(Text("Keluarkan satu objek JSON.", "Print one JSON object.")))
    ] = False,
) -> None:
    """Prove anew what may enter unseen, from this office's own decisions where they are enough."""
    home = context.open_store()
    from dataclasses import asdict

    from pipeline.review.audit import watches
    from pipeline.review.calibration import recalibrate

    standings, audited = recalibrate(home, context.catalogue()), watches(context.catalogue())
    if as_json:
        context.put_json(
            {"promises": [asdict(one) for one in standings], "audit": [asdict(one) for one in audited]}
        )
        return
    console = Console()
    for way, mine in groupby(standings, key=lambda one: one.way):
        table = Table(*map(str, _HEADS), title=str(_WAYS[way]))
        for one in mine:
            table.add_row(*_row(one))
        console.print(table)
    seen = Table(*map(str, _AUDIT_HEADS), title=str(_AUDIT))
    for watch in audited:
        seen.add_row(
            str(GROUPS[watch.group]), f"{watch.audited:,}", f"{watch.errors:,}", f"{watch.bound:.2%}"
        )
    console.print(seen)


def _row(one: "Standing") -> tuple[str, ...]:
    own = "✓" if one.own else f"{one.decided:,} / {one.needed:,}"
    if one.threshold is None:
        return str(GROUPS[one.group]), f"{one.alpha:.1%}", f"{one.n:,}", str(_NOTHING), "", "", own
    return (
        str(GROUPS[one.group]),
        f"{one.alpha:.1%}",
        f"{one.n:,}",
        f"{one.threshold:.2f}",
        f"{one.accepted:.1%}",
        f"{one.bound:.3%}",
        own,
    )
