"""`sotarsa calibrate`: what is promised of each kind of field, on what it stands, and what the audit says of it."""

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.table import Column, Table

from pipeline.cli import context
from pipeline.cli.groups import GROUPS, way_words
from pipeline.cli.refuted import refuted_table, tell_refuted
from pipeline.language import Text, figure

if TYPE_CHECKING:
    from pipeline.review.calibration import Standing

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
_NOTHING = Text("semua diperiksa", "all reviewed")
_REFUTED = Text("tidak terbukti: semua diperiksa", "refuted: all reviewed")


def calibrate(
    as_json: Annotated[
        bool, typer.Option("--json", help=str(Text("Keluarkan satu objek JSON.", "Print one JSON object.")))
    ] = False,
) -> None:
    """Prove anew what may enter unseen, from this office's own decisions where they are enough."""
    home = context.open_store()
    from dataclasses import asdict

    from pipeline.review.audit import refutations, watches
    from pipeline.review.calibration import recalibrate

    tell_refuted()
    standings, audited = recalibrate(home, context.catalogue()), watches(context.catalogue())
    if as_json:
        context.put_json(
            {
                "promises": [asdict(one) for one in standings],
                "audit": [asdict(one) for one in audited],
                "refuted": [
                    {
                        "group": one.group,
                        "batch": one.batch.name if one.batch else None,
                        "at": one.at.isoformat(),
                        "audited": one.audited,
                        "errors": one.errors,
                        "reopened": one.reopened,
                        "suspends": one.suspends,
                    }
                    for one in refutations()
                ],
            }
        )
        return
    console = context.answers()
    for way, mine in groupby(standings, key=lambda one: one.way):
        table = Table(*_columns(_HEADS), title=way_words(way))
        for one in mine:
            table.add_row(*_row(one))
        console.print(table)
    seen = Table(*_columns(_AUDIT_HEADS), title=str(_AUDIT))
    for watch in audited:
        seen.add_row(
            str(GROUPS[watch.group]),
            figure(watch.audited, ","),
            figure(watch.errors, ","),
            figure(watch.bound, ".2%"),
        )
    console.print(seen)
    if (refuted := refuted_table()).row_count:
        console.print(refuted)


def _columns(heads: Sequence[Text]) -> list[Column]:
    """The first says what, the others are figures."""
    return [Column(str(head), justify="right" if number else "left") for number, head in enumerate(heads)]


def _row(one: "Standing") -> tuple[str, ...]:
    proven_by_own = one.own and not one.suspended
    own = "✓" if proven_by_own else f"{figure(one.decided, ',')} / {figure(one.needed, ',')}"
    kind = str(GROUPS[one.group]), figure(one.alpha, ".1%"), figure(one.n, ",")
    if one.threshold is None or one.bound is None:
        return *kind, str(_REFUTED if one.suspended else _NOTHING), "", "", own
    proven = figure(one.threshold, ".2f"), figure(one.accepted, ".1%"), figure(one.bound, ".3%")
    return *kind, *proven, own
