"""The review queue: sheets are leased whole to one reviewer, and their open items come in the page's order.

The queue is the index over open readings, walked by id; nothing is counted and nothing is skipped by offset, so
that the next item comes as quickly from a million as from ten. A lease that expires returns by itself.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Lower
from django.utils import timezone

from pipeline.errors import UsageError
from pipeline.language import Text
from pipeline.review.items import WITH, ReviewItem, item_of
from pipeline.store.models import Batch, FieldReading, Page, Sheet

LEASE: Final = timedelta(minutes=15)
"""How long a sheet stays with a reviewer who does nothing; every step renews it."""

_BELIEVED: Final = timedelta(hours=1)
"""A lease that ends later than this from now was given when the clock went wrong; computers differ by less."""

_CHUNK: Final = 500
_OPEN: Final = (FieldReading.Status.REVIEW, FieldReading.Status.AUDIT)
"""What the queue holds: the doubtful, and among them, unmarked, the accepted that are audited."""


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
    if after is not None:
        follower = _rest_of_sheet(reviewer, after)
        if follower is not None:
            return follower
    lot = _batch(batch)
    while True:
        free = _free(None if after is not None else reviewer)
        page = _first_page(free, lot, form)
        if page is None:
            return None
        items = _lease(reviewer, page.sheet_id, free)
        if items:
            return item_of(items[0])


def claim(item_id: int, reviewer: str) -> ReviewItem | None:
    """One item by its number for this reviewer, if it is open and nobody else holds it."""
    with transaction.atomic():
        taken = FieldReading.objects.filter(_free(reviewer), pk=item_id, status__in=_OPEN).update(
            claimed_by=reviewer, claimed_until=timezone.now() + LEASE
        )
        row = FieldReading.objects.select_related(*WITH).get(pk=item_id) if taken else None
    return item_of(row) if row else None


def holder(row: FieldReading) -> str:
    """Who holds a reading now; "" where nobody does."""
    now = timezone.now()
    return row.claimed_by if row.claimed_until and now < row.claimed_until <= now + _BELIEVED else ""


def release(reviewer: str) -> None:
    """Give back whatever the reviewer holds."""
    held = FieldReading.objects.filter(status__in=_OPEN, claimed_by=reviewer)
    held.update(claimed_by="", claimed_until=None)


def open_items(batch: str | None = None, form: str | None = None) -> Iterator[ReviewItem]:
    """Every open item, by number, whoever holds it.

    Raises:
        UsageError: there is no such batch.
    """
    rows = _wanted(batch, form).select_related(*WITH).order_by("id")
    return (item_of(row) for row in rows.iterator(_CHUNK))


def sheet_items(serial: str) -> Iterator[ReviewItem]:
    """Every field of the sheets with a serial, typed in any case, decided or not, in the order of the paper.

    Raises:
        UsageError: no sheet has this serial.
    """
    serial = serial.upper()
    rows = FieldReading.objects.filter(page__sheet__serial=serial).exclude(page__reason="duplicate_side")
    if not rows.exists():
        raise UsageError(
            Text(
                f"Lembar {serial} belum pernah dipindai. Nomor serinya ada di: sotarsa export pages",
                f"Sheet {serial} was never scanned. The serials are in: sotarsa export pages",
            )
        )
    ordered = rows.select_related(*WITH).order_by("page__sheet__copy", "page__number", "position")
    return (item_of(row) for row in ordered.iterator(_CHUNK))


def count_open(batch: str | None = None, form: str | None = None) -> int:
    """How many items are open; for a progress display, once.

    Raises:
        UsageError: there is no such batch.
    """
    return _wanted(batch, form).count()


def _wanted(batch: str | None, form: str | None) -> QuerySet[FieldReading]:
    rows = FieldReading.objects.filter(status__in=_OPEN)
    if batch is not None:
        rows = rows.filter(page__file__batch=_batch(batch))
    return rows if form is None else rows.filter(page__form=form)


def _batch(name: str | None) -> Batch | None:
    found = Batch.objects.filter(name=name).first() if name is not None else None
    if name is not None and found is None:
        raise UsageError(
            Text(
                f"Batch {name} tidak ada. Namanya ada di ringkasan pindaian.",
                f"There is no batch {name}. Its name is in the summary of its scan.",
            )
        )
    return found


def _first_page(free: Q, batch: Batch | None, form: str | None) -> Page | None:
    """The first page with an open and free reading; the index of open readings says where to begin."""
    # One walk along the index for each status: both at once would have to be sorted.
    opens = [FieldReading.objects.filter(free, status=status).order_by("id") for status in _OPEN]
    firsts = [row for row in (rows.values_list("id", "page").first() for rows in opens) if row is not None]
    if not firsts:
        return None
    first = min(firsts)[1]
    pages = Page.objects.filter(
        **({"form": form} if form else {}), **({"file__batch": batch} if batch else {})
    )
    if batch is None and form is None:
        return pages.get(pk=first)
    # Lower() keeps a database without statistics from taking the index over every open reading for each page.
    here = FieldReading.objects.annotate(state=Lower("status")).filter(
        free, page=OuterRef("pk"), state__in=_OPEN
    )
    holding = pages.filter(Exists(here)).order_by("pk")
    return holding.filter(pk__gte=first).first() or holding.first()


def _free(reviewer: str | None) -> Q:
    """Readings that nobody holds; those of one reviewer count as free to that one."""
    now = timezone.now()
    free = Q(claimed_until=None) | Q(claimed_until__lt=now) | Q(claimed_until__gt=now + _BELIEVED)
    return free | Q(claimed_by=reviewer) if reviewer is not None else free


def _lease(reviewer: str, sheet: int | None, free: Q) -> list[FieldReading]:
    """Lease the open items of a sheet that are free; gives those that the reviewer now holds, in order."""
    pages = list(Page.objects.filter(sheet=sheet).values_list("pk", flat=True))
    with transaction.atomic():
        list(Sheet.objects.select_for_update(of=("self",)).filter(pages__in=pages))
        known = FieldReading.objects.filter(page__in=pages).values_list("pk", "status")
        waiting = [pk for pk, status in known if status in _OPEN]
        now = timezone.now()
        FieldReading.objects.filter(free, pk__in=waiting).update(
            claimed_by=reviewer, claimed_until=now + LEASE
        )
        rows = FieldReading.objects.filter(pk__in=waiting).select_related(*WITH)
        held = [row for row in rows if holder(row) == reviewer]
    return sorted(held, key=_place)


def _place(row: FieldReading) -> tuple[int, int]:
    return row.page.number or 0, row.position


def _rest_of_sheet(reviewer: str, after: int) -> ReviewItem | None:
    """The item that follows on the sheet; the leases of the sheet are renewed."""
    before = FieldReading.objects.select_related("page").filter(pk=after).first()
    if before is None:
        return None
    held = _lease(reviewer, before.page.sheet_id, _free(reviewer))
    return next((item_of(row) for row in held if _place(row) > _place(before)), None)
