"""Serials: which sheets were printed, each number once."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from pipeline.errors import UsageError
from pipeline.forms.catalogue import Form
from pipeline.forms.frozen import check_frozen
from pipeline.forms.identity import is_serial, serial_of
from pipeline.language import Text
from pipeline.store.models import IssuedSheet, Page, Restoring

_LAST_NUMBER: Final = 99_999
_LEAP: Final = 10_000
"""After a restore serials begin at a multiple of this, so that they are told at a glance."""

_UNSEEN: Final = 5_000
"""More than anybody prints of a form for a village between two backups."""


class TakenError(UsageError):
    """Somebody else was issued one of the serials."""


def next_serials(form: Form, village: str, count: int, first: str | None = None) -> list[str]:
    """The next serials of a form for a village; they are taken only once `record_issued` has kept them.

    Args:
        form: the form to print.
        village: four digits, `0000` for none.
        count: how many.
        first: the serial to begin with; else the one after the highest of this year that was issued or scanned here,
            or the first of a new ten thousand where a backup was restored since: what was printed meanwhile has
            numbers that nobody here knows. Where these end, the first run that is free.

    Raises:
        UsageError: `first` is not a serial of this form and village, one of them stands on a scanned sheet, or the
            year has no such run any more.
    """
    code = form.definition.code
    year = timezone.localdate().year
    if first is None:
        head = serial_of(code, village, year, 0)[:-5]
        known = [_highest(IssuedSheet, head), _highest(Page, head)]
        last = max(int(serial[-5:]) for serial in (*known, f"{head}00000") if serial)
        restored = _restored(year)
        if restored and not _issued_since(head, restored):
            last = (_unseen(last)[-1] + 1) * _LEAP
        number = last + 1 if last + count <= _LAST_NUMBER else _free_run(head, count, restored)
    else:
        head, number = first[:-5], int(first[-5:]) if is_serial(first) else 0
        if not is_serial(first) or head[:9] != serial_of(code, village, year, 0)[:9]:
            raise UsageError(
                Text(
                    f"Nomor seri {first} tidak cocok dengan formulir {code} dan desa {village}.",
                    f"Serial {first} does not fit form {code} and village {village}.",
                )
            )
        if number < 1:
            raise UsageError(
                Text(
                    f"Nomor seri {first} tidak ada. Mulailah dari {head}00001.",
                    f"There is no serial {first}. Begin with {head}00001.",
                )
            )
    if number + count - 1 > _LAST_NUMBER:
        raise UsageError(
            Text(
                f"Nomor seri {head}… habis: paling banyak {_LAST_NUMBER}. "
                "Cetak lebih sedikit, atau pilih nomor pertama yang lebih kecil dengan --first-serial.",
                f"The serials {head}… are used up: at most {_LAST_NUMBER}. "
                "Print fewer, or choose a smaller first number with --first-serial.",
            )
        )
    serials = [f"{head}{number + i:05d}" for i in range(count)]
    here = Page.objects.filter(serial__gte=serials[0], serial__lte=serials[-1]).order_by("serial").first()
    if here:
        raise UsageError(
            Text(
                f"Nomor seri {here.serial} sudah ada pada lembar yang dipindai. Pilih nomor lain, "
                "atau biarkan program memilih.",
                f"Serial {here.serial} stands on a sheet that was scanned. Choose another, "
                "or let the program choose.",
            )
        )
    return serials


def _restored(year: int) -> datetime | None:
    """When a backup was last restored, if that was this year."""
    last = Restoring.objects.order_by("-pk").first()
    return last.at if last and timezone.localtime(last.at).year == year else None


def _issued_since(head: str, then: datetime) -> set[int]:
    """The numbers of the serials that begin so and were issued after a moment."""
    return _numbers(IssuedSheet.objects.filter(serial__startswith=head, printed_at__gt=then), head)


def _free_run(head: str, count: int, restored: datetime | None) -> int:
    """The first of the first `count` numbers in a row that nobody has, or the one after the last there is.

    What was printed before a restore and is not known here follows on what is known: of the ten thousands that it may
    lie in, none is free.
    """
    taken = _numbers(IssuedSheet.objects.filter(serial__startswith=head), head)
    taken |= _numbers(Page.objects.filter(serial__startswith=head), head)
    if restored:
        known = {0, *taken} - _issued_since(head, restored)
        for leap in {leap for number in known for leap in _unseen(number)}:
            taken.update(range(leap * _LEAP, (leap + 1) * _LEAP + 1))
    ends = sorted({0, _LAST_NUMBER + 1, *taken})
    return next((before + 1 for before, after in pairwise(ends) if after - before > count), _LAST_NUMBER + 1)


def _unseen(number: int) -> range:
    """The ten thousands in which papers may lie that followed on this number and are not known here."""
    return range(number // _LEAP, (number + _UNSEEN) // _LEAP + 1)


def _numbers(rows: QuerySet[IssuedSheet] | QuerySet[Page], head: str) -> set[int]:
    return {int(serial[len(head) :]) for serial in rows.values_list("serial", flat=True)}


def _highest(model: type[IssuedSheet] | type[Page], head: str) -> str | None:
    found: str | None = model._default_manager.filter(serial__startswith=head).aggregate(
        highest=Max("serial")
    )["highest"]
    return found


def record_issued(
    form: Form,
    serials: Sequence[str],
    village: str,
    rows: Mapping[str, Mapping[str, Any]] | None = None,
) -> None:
    """Keep serials as issued, all or none.

    Args:
        form: the form as it is printed.
        serials: one for each sheet.
        village: four digits, `0000` for none.
        rows: for rosters, under each serial whom its preprinted rows are about.

    Raises:
        TakenError: a serial was issued before.
        DefinitionError: the layout changed since this version was first printed.
    """
    name, version = form.key
    with transaction.atomic():
        known = IssuedSheet.objects.filter(form=name, version=version).values_list("fingerprint", flat=True)
        check_frozen(form, {form.key: frozenset(known.distinct())})
    sheets = [
        IssuedSheet(
            serial=serial,
            form=name,
            version=version,
            village=village,
            fingerprint=form.fingerprint,
            rows=(rows or {}).get(serial, {}),
        )
        for serial in serials
    ]
    try:
        with transaction.atomic():
            IssuedSheet.objects.bulk_create(sheets, batch_size=500)
    except IntegrityError as error:
        taken = IssuedSheet.objects.filter(serial__in=list(serials)[:500]).order_by("serial").first()
        named = taken.serial if taken else serials[0]
        raise TakenError(
            Text(
                f"Nomor seri {named} sudah pernah dicetak. Pilih nomor lain, atau biarkan program memilih.",
                f"Serial {named} was printed before. Choose another, or let the program choose.",
            )
        ) from error
