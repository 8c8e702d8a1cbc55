"""The blind audit: a share of the accepted values is shown to a reviewer, unmarked, and the promise is held to it.

Whether the promise (at most alpha wrong) still stands is asked after every value that was found wrong, so the answer
has to hold at any time: see `pipeline.review.bet`.

A promise that is refuted over all lots is none any more: see `pipeline.store.promises`. What entered by it before is
watched apart from what enters once it is proven anew, so that neither speaks for or against the other.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from django.db.models import Max, Min, QuerySet

from pipeline.forms.catalogue import Catalogue
from pipeline.forms.fields import ALPHA
from pipeline.forms.layout import FieldType
from pipeline.recognition.confidence import GROUPS
from pipeline.review.bet import ALL_SHARE, GROUPS_SHARE, LEVEL, Looks, bound, evidence
from pipeline.review.chances import SHARE, YOUNG_SHARE
from pipeline.store import promises
from pipeline.store.models import Batch, Decision, FieldReading, Refutation
from pipeline.validation.rules import RULES

_MANY: Final = 500
YOUNG: Final = 1000
"""So many audited values an office has before the share falls from `YOUNG_SHARE` to `SHARE`."""

Status = FieldReading.Status


def share_now(setting: float | None) -> float:
    """The share to audit: the office's setting, or more while it is young."""
    if setting is not None:
        return setting
    return YOUNG_SHARE if _audited().count() < YOUNG else SHARE


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


@dataclass(frozen=True, slots=True)
class Outcome:
    """One audited value: its calibration group, what was promised for it, how it was drawn, whether it was wrong."""

    group: str
    alpha: float
    share: float
    chance: float
    wrong: bool


def watches(forms: Catalogue) -> tuple[Watch, ...]:
    """The watch over all values and over each group that has audited ones."""
    outcomes = _outcomes(_audited(), forms)
    groups = sorted({outcome.group for outcome in outcomes})
    return tuple(_watch(name, _of(outcomes, name)) for name in ("", *groups))


def _watch(group: str, outcomes: Sequence[Outcome]) -> Watch:
    errors = sum(outcome.wrong for outcome in outcomes)
    return Watch(group, len(outcomes), errors, bound(_looks(outcomes)))


def examine(reading: FieldReading, forms: Catalogue) -> tuple[Refutation, ...]:
    """Holds the promises against the audit after an audited value was found wrong; reopens what they break.

    Args:
        reading: the reading that was found wrong, decided and saved.
        forms: the forms that this computer knows.

    Returns:
        The promises that are refuted now: of the lot, of its group of fields, of all values.
    """
    batch, group = reading.page.file.batch, GROUPS[FieldType(reading.type)]
    doubted = promises.refuted()
    anew = promises.came_since(reading, doubted)
    refuted = []
    for name, lot, level in _promises(group, batch):
        rows = _since(name, lot, anew=anew)
        if lot is None:
            rows = [row for row in rows if promises.came_since(row, doubted) == anew]
        outcomes = _of(_outcomes(rows, forms), name)
        if evidence(_looks(outcomes)) >= -np.log(level):
            refuted.append(_refute(name, lot, rows, outcomes, suspend=anew and lot is None))
    return tuple(refuted)


def refutations(*, untold: bool = False) -> tuple[Refutation, ...]:
    """Every promise that was refuted, or those of which nobody was told, oldest first."""
    rows = Refutation.objects.filter(told=False) if untold else Refutation.objects.all()
    return tuple(rows.select_related("batch").order_by("pk"))


def told(refuted: Iterable[Refutation]) -> None:
    """Note that a person has been told of these."""
    Refutation.objects.filter(pk__in=[one.pk for one in refuted]).update(told=True)


def _promises(group: str, batch: Batch) -> Iterable[tuple[str, Batch | None, float]]:
    """What one wrong value speaks against, each with its share of the level."""
    groups = len(set(GROUPS.values()))
    # The levels of lots sum to their share however many there will be (6 / pi² over the squares).
    lots = (1 - ALL_SHARE - GROUPS_SHARE) * 6 / (np.pi * batch.pk) ** 2
    yield group, batch, LEVEL * lots / groups
    yield group, None, LEVEL * GROUPS_SHARE / groups
    yield "", None, LEVEL * ALL_SHARE


def _refute(
    group: str,
    batch: Batch | None,
    rows: Sequence[FieldReading],
    outcomes: Sequence[Outcome],
    *,
    suspend: bool,
) -> Refutation:
    """Writes a refutation down and sends accepted values back: of the lot, or of every lot with a wrong one.

    A value that waits for rules of its sheet alone would enter as soon as they hold: it waits for a person, too.

    Args:
        group: of the promise that is refuted; "" for all.
        batch: its lot; None for all.
        rows: the audited readings that it was held to.
        outcomes: those of them that it speaks of.
        suspend: whether nothing more may enter by it. Then the groups in which wrong values were found are shut: only
            their thresholds let any in, and who says that all together err too much says nothing against the others.
    """
    kinds = [kind.value for kind, name in GROUPS.items() if group in ("", name)]
    wrong = [row for row in rows if row.type in kinds and row.value != row.read_value]
    lots = sorted({batch.pk} if batch else {row.page.file.batch_id for row in wrong})
    here = FieldReading.objects.filter(page__file__batch__in=lots, type__in=kinds)
    open_ones = here.filter(status=Status.REVIEW).exclude(reasons=["low_confidence"]).only("reasons")
    ruled = [row for row in open_ones.iterator(_MANY) if RULES.keys() >= set(row.reasons)]
    for row in ruled:
        row.reasons = [*row.reasons, "audit_refuted"]
    FieldReading.objects.bulk_update(ruled, ["reasons"], batch_size=_MANY)
    again = here.filter(status__in=(Status.ACCEPTED, Status.AUDIT))
    reopened = again.update(status=Status.REVIEW, audit=False, reasons=["audit_refuted"])
    newest = Decision.objects.filter(reading__in=[row.pk for row in rows]).aggregate(last=Max("pk"))["last"]
    return Refutation.objects.create(
        group=group,
        batch=batch,
        audited=len(outcomes),
        errors=sum(outcome.wrong for outcome in outcomes),
        reopened=reopened,
        last_decision=newest or 0,
        lots=lots,
        suspends=sorted({promises.group_of_row(row) for row in wrong}) if suspend else [],
        wrong=[row.pk for row in wrong],
        last_reading=FieldReading.objects.aggregate(last=Max("pk"))["last"] or 0,
    )


def _audited(after: int = 0) -> QuerySet[FieldReading]:
    """Audited readings that a person has decided, in the order of their first decisions, behind one of these.

    The first: who changes a word again has not looked at another value.
    """
    drawn = FieldReading.objects.filter(audit=True, audit_chance__gt=0)
    decided = drawn.filter(status=Status.REVIEWED).select_related("page__file")
    return decided.annotate(decided=Min("decisions")).filter(decided__gt=after).order_by("decided")


def _since(group: str, batch: Batch | None, *, anew: bool) -> list[FieldReading]:
    """The audited readings behind the last refutation of the same promise.

    Args:
        group: of the promise; "" for all.
        batch: its lot; None for all.
        anew: whether it is one that stands: what refuted an earlier one of all lots once more took nothing from it.
    """
    known = Refutation.objects.filter(group=group, batch=batch)
    last = (known.exclude(suspends=[]) if anew and batch is None else known).order_by("-pk").first()
    rows = _audited(last.last_decision if last else 0)
    return list(rows.filter(page__file__batch=batch) if batch else rows)


def _outcomes(rows: Iterable[FieldReading], forms: Catalogue) -> list[Outcome]:
    known = {form.key: form.definition for form in forms.forms()}
    outcomes = []
    for row in rows:
        definition = known.get((row.page.form, row.page.version or 1))
        alpha = definition.field(row.field).alpha if definition else ALPHA
        share, chance = float(row.audit_share or 0), float(row.audit_chance or 1)
        outcomes.append(
            Outcome(GROUPS[FieldType(row.type)], alpha, share, chance, row.value != row.read_value)
        )
    return outcomes


def _of(outcomes: Sequence[Outcome], group: str) -> list[Outcome]:
    return [outcome for outcome in outcomes if group in ("", outcome.group)]


def _looks(outcomes: Sequence[Outcome]) -> Looks:
    rows = [(one.alpha, one.share, one.chance, one.wrong) for one in outcomes]
    alpha, share, chance, wrong = np.array(rows, np.float64).reshape(-1, 4).T
    return Looks(alpha, share, chance, wrong.astype(np.bool_))
