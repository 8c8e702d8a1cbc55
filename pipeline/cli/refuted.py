"""Promises that the blind audit refuted: told until a person has heard of them, and listed for good."""

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from rich.table import Column, Table

from pipeline.cli import context
from pipeline.cli.groups import GROUPS, way_words
from pipeline.forms.fields import ALPHA, CONFIDENCE
from pipeline.language import Text, figure

if TYPE_CHECKING:
    from pipeline.review.calibration import Waiting

_REFUTED: Final = Text(
    "Janji ketelitian tidak terpenuhi ({what}, {where}): {errors} dari {audited} nilai yang diperiksa acak salah. "
    "{reopened} nilai dikembalikan ke antrean untuk diperiksa.",
    "The promise on errors is refuted ({what}, {where}): {errors} of {audited} audited values were wrong. "
    "{reopened} values went back to the queue for review.",
)
_SHUT: Final = Text(
    "Mulai sekarang setiap nilai jenis ini diperiksa orang: {what}. Sesudah kira-kira {needed} nilai diputuskan, "
    "buktikan lagi dengan: sotarsa calibrate",
    "From now on a person checks every value of this kind: {what}. After some {needed} decisions have it proven anew "
    "with: sotarsa calibrate",
)
_WAITS: Final = Text(
    "{what} ({way}): setiap nilai menunggu orang, sebab pemeriksaan acak menemukan terlalu banyak yang salah. "
    "Putuskan dengan sotarsa review; masih perlu paling sedikit {left} keputusan, lalu: sotarsa calibrate",
    "{what} ({way}): every value waits for a person, since the audit found too many wrong ones. Decide with sotarsa "
    "review; at least {left} more decisions are needed, then run: sotarsa calibrate",
)
_MAY_DO: Final = Text(
    "{what} ({way}): setiap nilai menunggu orang, sebab pemeriksaan acak menemukan terlalu banyak yang salah. "
    "{decided} keputusan mungkin sudah cukup: sotarsa calibrate. Bila belum, putuskan lagi dengan sotarsa review",
    "{what} ({way}): every value waits for a person, since the audit found too many wrong ones. {decided} decisions "
    "may be enough: run sotarsa calibrate. If they are not, go on deciding with sotarsa review",
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
    from pipeline.recognition.promise import smallest_sample
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
        if one.suspends:
            what = ", ".join(str(GROUPS[group]) for group in one.suspends)
            context.tell(_SHUT, what=what, needed=figure(smallest_sample(ALPHA, CONFIDENCE), ","))
    if sys.stderr.isatty():
        told(fresh)


def tell_waiting(waits: "Iterable[Waiting]") -> None:
    """Say of which kinds of fields every value waits, and how many decisions are needed still."""
    for one in waits:
        left = max(0, one.needed - one.decided)
        context.tell(
            _WAITS if left else _MAY_DO,
            what=GROUPS[one.group],
            way=way_words(one.way),
            left=figure(left, ","),
            decided=figure(one.decided, ","),
        )


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
