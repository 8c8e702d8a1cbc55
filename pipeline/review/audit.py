"""The blind audit: a share of the accepted values is shown to a reviewer, unmarked, and the promise is held to it.

Whether the promise (at most alpha wrong) still stands is asked after every value that
was found wrong, so the answer has to hold at any time: see `pipeline.review.bet`.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from django.db.models import Count, Max, Min, Q, QuerySet

from pipeline.forms.catalogue import Catalogue
from pipeline.forms.fields import ALPHA
from pipeline.forms.layout import FieldType
from pipeline.recognition.confidence import GROUPS
from pipeline.review.bet import ALL_SHARE, GROUPS_SHARE, LEVEL, Seen, bound, evidence
from pipeline.review.chances import SHARE, YOUNG_SHARE
from pipeline.store.models import Batch, FieldReading, Refutation

YOUNG: Final = 1000
"""So many audited values an office has before the share falls from `YOUNG_SHARE` to `SHARE`."""

Status = FieldReading.Status
_REFUTED: Final = ["audit_refuted"]
_FIELD: Final = ("page__form", "page__version", "field")
_ENTERED: Final = (Status.ACCEPTED, Status.AUDIT)


def share_now(setting: float | None) -> float:
    """The share to audit: the office's setting, or more while it is young."""
    if setting is not None:
        return setting
    return YOUNG_SHARE if _counted().filter(audit=True).count() < YOUNG else SHARE


@dataclass(frozen=True, slots=True)
class Watch:
    """What the audit says of one group of fields.

    Attributes:
        group: calibration group; "" for all together.
        audited: values that a person has looked at so far.
        errors: of them, wrong.
        bound: the error rate excluded from above, at any time, confidence 95 %.
    """

    group: str
    audited: int
    errors: int
    bound: float


def watches(forms: Catalogue) -> tuple[Watch, ...]:
    """The watch over all values and over each group that has audited ones."""
    groups = ("", *sorted(set(GROUPS.values())))
    found = (_watch(group, forms) for group in groups)
    return tuple(watch for watch in found if watch.audited or not watch.group)


def _watch(group: str, forms: Catalogue) -> Watch:
    look = _look(_of(group, _counted()), forms)
    return Watch(group, look.audited, len(look.seen.wrong), bound(look.seen) if look.audited else 1.0)


def examine(reading: FieldReading, forms: Catalogue) -> tuple[Refutation, ...]:
    """Holds the promises against the audit after an audited value was found wrong; reopens what they break.

    Args:
        reading: the reading that was found wrong, decided and saved.
        forms: the forms that this computer knows.

    Returns:
        The promises that are refuted now: of the lot, of its group of fields, of all values.
    """
    batch, group = reading.page.file.batch, GROUPS[FieldType(reading.type)]
    refuted = []
    for name, lot, level in _promises(group, batch):
        look = _look(_of(name, _since(name, lot)), forms)
        if evidence(look.seen) >= -np.log(level):
            refuted.append(_refute(name, lot, look))
    return tuple(refuted)


def refutations(after: int = 0) -> tuple[Refutation, ...]:
    """The promises refuted since the refutation with this number, oldest first."""
    return tuple(Refutation.objects.filter(pk__gt=after).select_related("batch").order_by("pk"))


def newest() -> int:
    """The number of the newest refutation, 0 when there is none."""
    return Refutation.objects.aggregate(newest=Max("pk"))["newest"] or 0


def _promises(group: str, batch: Batch) -> Iterable[tuple[str, Batch | None, float]]:
    """What one wrong value speaks against, each with its share of the level."""
    groups = len(set(GROUPS.values()))
    # The levels of lots sum to their share however many there will be (6 / pi² over the squares).
    lots = (1 - ALL_SHARE - GROUPS_SHARE) * 6 / (np.pi * batch.pk) ** 2
    yield group, batch, LEVEL * lots / groups
    yield group, None, LEVEL * GROUPS_SHARE / groups
    yield "", None, LEVEL * ALL_SHARE


@dataclass(frozen=True, slots=True)
class _Look:
    """What the audit saw, how many values of it a person looked at, and the lots in which one was wrong."""

    seen: Seen
    audited: int
    lots: frozenset[int]


def _refute(group: str, batch: Batch | None, look: _Look) -> Refutation:
    """Writes a refutation down and sends accepted values back: of the lot, or of every lot with a wrong one."""
    lots = {batch.pk} if batch else look.lots
    newest = FieldReading.objects.aggregate(newest=Max("pk"))["newest"] or 0
    again = _of(group, FieldReading.objects.filter(page__file__batch__in=lots, status__in=_ENTERED))
    reopened = again.update(status=Status.REVIEW, audit=False, reasons=_REFUTED)
    return Refutation.objects.create(
        group=group,
        batch=batch,
        audited=look.audited,
        errors=len(look.seen.wrong),
        reopened=reopened,
        last_reading=newest,
    )


def _counted() -> QuerySet[FieldReading]:
    """What entered unseen and had a chance to be audited; of the drawn values those that a person has decided.

    What a refutation sent back counts on: it had entered, as had the wrong values that speak against it.
    """
    stands = Q(status=Status.ACCEPTED) | Q(status=Status.REVIEWED, audit=True) | Q(reasons=_REFUTED)
    return FieldReading.objects.filter(stands, audit_chance__gt=0)


def _since(group: str, batch: Batch | None) -> QuerySet[FieldReading]:
    """Of what counts the readings since the last refutation of the same promise."""
    last = Refutation.objects.filter(group=group, batch=batch).order_by("-pk").first()
    rows = _counted().filter(pk__gt=last.last_reading if last else 0)
    return rows.filter(page__file__batch=batch) if batch else rows


def _of(group: str, rows: QuerySet[FieldReading]) -> QuerySet[FieldReading]:
    return rows.filter(type__in=[kind.value for kind, name in GROUPS.items() if group in ("", name)])


def _look(rows: QuerySet[FieldReading], forms: Catalogue) -> _Look:
    alpha = _promised(forms)
    counted: Counter[float] = Counter()
    for form, version, field, n in rows.values_list(*_FIELD).annotate(Count("pk")):
        counted[alpha(form, version, field)] += n
    audited = rows.filter(audit=True).values_list(
        *_FIELD, "audit_chance", "page__file__batch", "value", "read_value"
    )
    wrong, lots, looked = [], set(), 0
    for form, version, field, odds, batch, value, read in audited:
        looked += 1
        if value != read:
            wrong.append((alpha(form, version, field), float(odds or 1.0)))
            lots.add(batch)
    least = rows.aggregate(least=Min("audit_chance"))["least"] or 1.0
    return _Look(Seen(counted, wrong, least), looked, frozenset(lots))


def _promised(forms: Catalogue) -> Callable[[str, int | None, str], float]:
    """The error rate that a form promises for a field; the house's for a form that this computer has no more."""
    known = {form.key: form.definition for form in forms.forms()}

    def alpha(form: str, version: int | None, field: str) -> float:
        definition = known.get((form, version or 1))
        return definition.field(field).alpha if definition else ALPHA

    return alpha
