"""The review queue: sheets are leased whole to one reviewer, and their open items come in the page's order.

The queue is the index over open readings, walked by id; nothing is counted and nothing is skipped by offset, so
that the next item comes as quickly from a million as from ten. A lease that expires returns by itself.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from pipeline.errors import UsageError
from pipeline.language import Text
from pipeline.review.items import WITH, ReviewItem, item_of
from pipeline.store.models import Batch, FieldReading, Page, Sheet

LEASE: Final = timedelta(minutes=15)
"""How long a sheet stays with a reviewer who does nothing; every step renews it."""

_CHUNK: Final = 500
_OPEN: Final = FieldReading.Status.REVIEW


def next_item(
    reviewer: str, *, after: int | None = None, batch: str | None = None, form: str | None = None
) -> ReviewItem | None:
    """The item to show next, leased to the reviewer together with the rest of its sheet.

    Args:
        reviewer: who asks.
        after: the item shown before: the rest of its sheet comes first, then a sheet that nobody holds; what
            the reviewer left open stays away as long as its lease. None begins anew, with it.
        batch: only items of this batch.
        form: only items of the form with this name.

    Raises:
        UsageError: there is no such batch.
    """
    wanted = _wanted(batch, form)
    if after is not None:
        follower = _rest_of_sheet(reviewer, after, wanted)
        if follower is not None:
            return follower
    while True:
        free = _free(None if after is not None else reviewer)
        found = wanted.filter(free).order_by("id").values_list("page__sheet", flat=True).first()
        if found is None:
            return None
        items = _lease(reviewer, found, free)
        first = items.filter(pk__in=wanted.filter(page__sheet=found)).first()
        if first is not None:
            return item_of(first)


def claim(item_id: int, reviewer: str) -> ReviewItem | None:
    """One item by its number for this reviewer, if it is open and nobody else holds it."""
    with transaction.atomic():
        taken = FieldReading.objects.filter(_free(reviewer), pk=item_id, status=_OPEN).update(
            claimed_by=reviewer, claimed_until=timezone.now() + LEASE
        )
        row = FieldReading.objects.select_related(*WITH).get(pk=item_id) if taken else None
    return item_of(row) if row else None


def release(reviewer: str) -> None:
    """Give back whatever the reviewer holds."""
    held = FieldReading.objects.filter(status=_OPEN, claimed_by=reviewer)
    held.update(claimed_by="", claimed_until=None)


def open_items(batch: str | None = None, form: str | None = None) -> Iterator[ReviewItem]:
    """Every open item, by number, whoever holds it.

    Raises:
        UsageError: there is no such batch.
    """
    rows = _wanted(batch, form).select_related(*WITH).order_by("id")
    return (item_of(row) for row in rows.iterator(_CHUNK))


def count_open(batch: str | None = None, form: str | None = None) -> int:
    """How many items are open; for a progress display, once.

    Raises:
        UsageError: there is no such batch.
    """
    return _wanted(batch, form).count()


def _wanted(batch: str | None, form: str | None) -> QuerySet[FieldReading]:
    rows = FieldReading.objects.filter(status=_OPEN)
    if form is not None:
        rows = rows.filter(page__form=form)
    if batch is None:
        return rows
    lot = Batch.objects.filter(name=batch).first()
    if lot is None:
        raise UsageError(Text(f"Batch {batch} tidak ada.", f"There is no batch {batch}."))
    return rows.filter(page__file__batch=lot)


def _free(reviewer: str | None) -> Q:
    """Readings that nobody holds; those of one reviewer count as free to that one."""
    free = Q(claimed_until=None) | Q(claimed_until__lt=timezone.now())
    return free | Q(claimed_by=reviewer) if reviewer is not None else free


def _lease(reviewer: str, sheet: int, free: Q) -> QuerySet[FieldReading]:
    """Lease the open items of a sheet that are free; gives those that the reviewer now holds, in order."""
    pages = list(Page.objects.filter(sheet=sheet).values_list("pk", flat=True))
    rows = FieldReading.objects.filter(page__in=pages, status=_OPEN)
    with transaction.atomic():
        Sheet.objects.select_for_update().get(pk=sheet)
        rows.filter(free).update(claimed_by=reviewer, claimed_until=timezone.now() + LEASE)
    held = rows.filter(claimed_by=reviewer, claimed_until__gt=timezone.now())
    return held.select_related(*WITH).order_by("page__number", "position")


def _rest_of_sheet(reviewer: str, after: int, wanted: QuerySet[FieldReading]) -> ReviewItem | None:
    """The item that follows on the sheet; the leases of the sheet are renewed."""
    before = FieldReading.objects.select_related("page").filter(pk=after).first()
    if before is None or before.page.sheet_id is None:
        return None
    sheet, number, position = before.page.sheet_id, before.page.number, before.position
    held = _lease(reviewer, sheet, _free(reviewer))
    further = Q(page__number__gt=number) | Q(page__number=number, position__gt=position)
    row = held.filter(further, pk__in=wanted.filter(page__sheet=sheet)).first()
    return item_of(row) if row else None
