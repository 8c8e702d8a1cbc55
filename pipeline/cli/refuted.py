"""Promises that the blind audit refuted: told until a person has heard of them, and listed for good."""

import sys
from typing import Final

from rich.table import Column, Table

from pipeline.cli import context
from pipeline.cli.groups import GROUPS
from pipeline.language import Text, figure

_REFUTED: Final = Text(
    "Janji ketelitian tidak terpenuhi ({what}, {where}): {errors} dari {audited} nilai yang diperiksa acak salah. "
    "{reopened} nilai dikembalikan ke antrean untuk diperiksa.",
    "The promise on errors is refuted ({what}, {where}): {errors} of {audited} audited values were wrong. "
    "{reopened} values went back to the queue for review.",
)
_TITLE: Final = Text("Janji yang tidak terpenuhi", "Refuted promises")
_HEADS: Final = (
    Text("isian", "fields"),
    Text("batch", "batch"),
    Text("tanggal", "date"),
    Text("diperiksa", "audited"),
    Text("salah", "wrong"),
    Text("kembali ke antrean", "back to the queue"),
)
_ALL: Final = Text("semua batch", "all batches")


def tell_refuted() -> None:
    """Say which promises the audit has refuted, until it was said at a terminal: a script's output nobody may read."""
    from pipeline.review.audit import refutations, told

    fresh = refutations(untold=True)
    for one in fresh:
        context.tell(
            _REFUTED,
            what=GROUPS[one.group],
            where=one.batch.name if one.batch else _ALL,
            errors=one.errors,
            audited=one.audited,
            reopened=one.reopened,
        )
    if sys.stderr.isatty():
        told(fresh)


def refuted_table() -> Table:
    """Every promise that was refuted, newest first."""
    from django.utils.timezone import localtime

    from pipeline.review.audit import refutations

    columns = [
        Column(str(head), justify="right" if number > 2 else "left") for number, head in enumerate(_HEADS)
    ]
    table = Table(*columns, title=str(_TITLE))
    for one in reversed(refutations()):
        table.add_row(
            str(GROUPS[one.group]),
            one.batch.name if one.batch else str(_ALL),
            localtime(one.at).date().isoformat(),
            figure(one.audited, ","),
            figure(one.errors, ","),
            figure(one.reopened, ","),
        )
    return table
