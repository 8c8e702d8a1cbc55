"""Issued sheets that were spoilt and thrown away: said once, taken back when it was wrong, never erased."""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Final

from django.db import transaction

from pipeline.errors import UsageError
from pipeline.forms.identity import is_serial
from pipeline.language import Text
from pipeline.store.models import IssuedSheet, Sheet, Spoiling

_MOST: Final = 5_000
"""Sheets that one word may spoil: as many as one print."""
_PART: Final = 500


def say_spoilt(words: Iterable[str], why: str, by: str, *, spoilt: bool = True) -> list[str]:
    """Write down that sheets were spoilt, or that they were not after all; all or none.

    Args:
        words: serials, or ranges of them: `FPS-2005-26-00017-00023`.
        why: what happened.
        by: who says so.
        spoilt: False takes the word back.

    Returns:
        The serials for which something changed: who says it again without a reason leaves the one that was given.

    Raises:
        UsageError: no serial, never issued, or the sheet is here, complete.
    """
    serials = named(words)
    with transaction.atomic():
        issued = {
            one.serial: one
            for part in _parts(serials)
            for one in IssuedSheet.objects.select_for_update().filter(serial__in=part)
        }
        _refuse_unknown(serials, issued.keys())
        if spoilt:
            _refuse_complete(serials)
        said = spoilt_now(serials)
        changed = [one for one in serials if (one in said) != spoilt or (spoilt and why and said[one] != why)]
        Spoiling.objects.bulk_create(
            (Spoiling(sheet=issued[one], spoilt=spoilt, why=why, by=by) for one in changed), batch_size=_PART
        )
    return changed


def spoilt_now(serials: Sequence[str] | None = None) -> dict[str, str]:
    """The serials that count as spoilt, of those asked for, with the reason that was given."""
    words = Spoiling.objects.order_by("pk").values_list("sheet__serial", "spoilt", "why")
    found = [words] if serials is None else [words.filter(sheet__serial__in=part) for part in _parts(serials)]
    last = {serial: why if spoilt else None for serial, spoilt, why in chain.from_iterable(found)}
    return {serial: why for serial, why in last.items() if why is not None}


def named(words: Iterable[str]) -> list[str]:
    """The serials that words name, each once.

    Raises:
        UsageError: a word is none.
    """
    return list(dict.fromkeys(chain.from_iterable(map(serials_of, words))))


def serials_of(word: str) -> list[str]:
    """The serials that a word names, in letters of any case: one, or the range `FPS-2005-26-00017-00023`.

    Raises:
        UsageError: it is neither.
    """
    serial = word.upper()
    head, _, last = serial.rpartition("-")
    if is_serial(serial):
        return [serial]
    if is_serial(head) and len(last) == 5 and last.isdecimal():
        first, stem = int(head[-5:]), head[:-5]
        if first <= int(last) < first + _MOST:
            return [f"{stem}{number:05d}" for number in range(first, int(last) + 1)]
    raise UsageError(
        Text(
            f"{word} bukan nomor seri. Contoh: FPS-2005-26-00017, atau FPS-2005-26-00017-00023 untuk beberapa.",
            f"{word} is not a serial. Example: FPS-2005-26-00017, or FPS-2005-26-00017-00023 for several.",
        )
    )


def _refuse_unknown(serials: Iterable[str], issued: Iterable[str]) -> None:
    known = set(issued)
    for serial in serials:
        if serial not in known:
            raise UsageError(
                Text(
                    f"Nomor seri {serial} belum pernah dicetak di sini. Periksa nomornya.",
                    f"Serial {serial} was never printed here. Check the number.",
                )
            )


def _refuse_complete(serials: Sequence[str]) -> None:
    for part in _parts(serials):
        here = Sheet.objects.filter(serial__in=part, complete=True).order_by("serial").first()
        if here is not None:
            raise UsageError(
                Text(
                    f"Lembar {here.serial} sudah kembali dan lengkap, jadi bukan lembar rusak.",
                    f"Sheet {here.serial} is back and complete, so it is not spoilt.",
                )
            )


def _parts(serials: Sequence[str]) -> list[Sequence[str]]:
    return [serials[start : start + _PART] for start in range(0, len(serials), _PART)]
