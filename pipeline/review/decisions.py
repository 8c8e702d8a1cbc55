"""Decisions: what a person says of a reading, checked, appended, and judged anew with the rest of its sheet."""

from collections.abc import Iterable, Sequence
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from pipeline.errors import UsageError
from pipeline.forms.catalogue import Catalogue
from pipeline.forms.fields import FieldSpec
from pipeline.forms.layout import FieldType
from pipeline.language import Text
from pipeline.review.audit import examine
from pipeline.review.entry import as_written, check, interpret, sentence, warnings
from pipeline.review.items import WITH, ReviewItem, item_of
from pipeline.review.queue import claim, holder
from pipeline.store import promises
from pipeline.store.doubts import accept
from pipeline.store.models import Decision, FieldReading, Sheet
from pipeline.store.readings import ABSENT, Broken, broken_by
from pipeline.validation.sheet import broken_rules

Kind = Decision.Kind
Status = FieldReading.Status

_MISSING: Final = Text(
    "Isian {item} tidak ada. Nomornya ada di: sotarsa review --list",
    "There is no item {item}. The numbers are in: sotarsa review --list",
)
_HELD: Final = Text(
    "Isian ini sedang diperiksa oleh {by}. Tunggu sampai selesai, atau paling lama 15 menit.",
    "This item is being reviewed by {by}. Wait until that is done, 15 minutes at most.",
)
_DECIDED: Final = Text(
    "Isian ini sudah diputuskan oleh {by}; hanya {by} yang dapat mengubahnya.",
    "This item was already decided by {by}; only {by} can change that.",
)
_CHANGED: Final = Text(
    "Isian ini berubah sejak ditampilkan. Lihat sekali lagi.",
    "This item has changed since it was shown. Look at it once more.",
)


class Taken(UsageError):
    """Another reviewer holds the item or has decided it."""


class Changed(Taken):
    """The item is no longer what the person saw: show it anew."""


class Doubtful(UsageError):
    """A value that may be right though it breaks rules that are only evidence: decide again with `confirmed`.

    Attributes:
        reasons: the stable codes of the rules.
    """

    def __init__(self, reasons: Sequence[str]) -> None:
        texts = [sentence(reason) for reason in reasons]
        super().__init__(Text(" ".join(text.id for text in texts), " ".join(text.en for text in texts)))
        self.reasons = tuple(reasons)

    def __reduce__(self) -> tuple[type["Doubtful"], tuple[tuple[str, ...]]]:
        return type(self), (self.reasons,)


def decide(
    item_id: int,
    reviewer: str,
    kind: Decision.Kind,
    value: str | None,
    forms: Catalogue,
    *,
    confirmed: bool = False,
    seen: ReviewItem | None = None,
) -> ReviewItem:
    """Take what a person says of a reading: one transaction, and the lease is given back.

    A decision stands until another is made; to say the same again changes nothing.

    Args:
        item_id: the reading's number.
        reviewer: who decides.
        kind: `confirmed` takes what stands there, a value or that it cannot be read; `corrected` takes
            `value` as typed (and becomes `confirmed` where that is the value as it stands); `empty` and
            `unreadable` leave no value (an empty signature's is `absent`).
        value: what was typed, for `corrected` only.
        forms: the forms that this computer knows.
        confirmed: whether the person has already been told of rules that are only evidence.
        seen: the item as it was shown to the person; None for a script, which sees none.

    Raises:
        Changed: somebody has decided on the item since it was shown.
        Refused: the value is none of this field.
        Doubtful: it breaks rules that are only evidence and that the item did not show already.
        Taken: another reviewer holds the item or has decided it.
        UsageError: there is no such item, or its form is not known here.
    """
    with transaction.atomic():
        promises.hold(to_refute=True)
        row = _locked(item_id)
        _check_mine(row, reviewer)
        item = item_of(row)
        if seen is not None and _stand(item) != _stand(seen):
            raise Changed(_CHANGED)
        spec = item.spec(forms)
        kind, decided = _decided(item, spec, kind, value)
        if (
            row.status == Status.REVIEWED
            and decided == item.value
            and (kind == Kind.UNREADABLE) == item.unreadable
        ):
            return item
        rows = _sheet_rows(row)
        before = _broken(rows, item, forms)
        row.value, row.status = decided, Status.REVIEWED
        after = _broken([row if one.pk == row.pk else one for one in rows], item, forms)
        if not confirmed and kind != Kind.UNREADABLE:
            _ask(item, spec, kind, decided, after.get((row.field, row.row), []))
        row.claimed_by, row.claimed_until = "", None
        row.save(update_fields=["value", "status", "claimed_by", "claimed_until"])
        Decision.objects.create(reading=row, kind=kind, value=decided, by=reviewer)
        for other in rows:
            if other.pk != row.pk:
                key = other.field, other.row
                was = before.get(key, [])
                # What nobody can read settles no conflict, though no rule speaks of a missing value.
                now = [*was, *after.get(key, [])] if kind == Kind.UNREADABLE else after.get(key, [])
                _judge_again(other, was, now)
        if row.audit and row.value != row.read_value:
            examine(row, forms)
    return item_of(row)


def stored(item_id: int) -> ReviewItem:
    """An item as it stands.

    Raises:
        UsageError: there is no such item.
    """
    with transaction.atomic():
        return item_of(_locked(item_id))


def back(reviewer: str, beyond: Iterable[int] = ()) -> ReviewItem | None:
    """The item of the reviewer's latest decision that stands, as it stands; None when there is none.

    Args:
        reviewer: who looks back.
        beyond: items that were looked at already.
    """
    last = _standing(reviewer).exclude(reading__in=beyond).order_by("-pk").first()
    return None if last is None else stored(last.reading_id)


def again(item_id: int, reviewer: str) -> ReviewItem | None:
    """An item for a second look: what the reviewer decided as it stands, what is open leased; None if neither."""
    if _standing(reviewer).filter(reading=item_id).exists():
        return stored(item_id)
    return claim(item_id, reviewer)


def _standing(reviewer: str) -> QuerySet[Decision]:
    """The decisions of a reviewer that count now."""
    newer = Decision.objects.filter(reading=OuterRef("reading"), pk__gt=OuterRef("pk"))
    mine = Decision.objects.filter(by=reviewer, reading__status=Status.REVIEWED)
    return mine.exclude(kind=Kind.REOPENED).exclude(Exists(newer))


def _locked(item_id: int) -> FieldReading:
    """The row of an item, with its sheet locked before it, as in the queue."""
    list(Sheet.objects.select_for_update(of=("self",)).filter(pages__readings=item_id))
    row = FieldReading.objects.select_related(*WITH).select_for_update(of=("self",)).filter(pk=item_id)
    found = row.first()
    if found is None:
        raise UsageError(_MISSING.filled(item=item_id))
    return found


def _check_mine(row: FieldReading, reviewer: str) -> None:
    if (held_by := holder(row)) not in ("", reviewer):
        raise Taken(_HELD.filled(by=held_by))
    if row.status != Status.REVIEWED:
        return
    last = row.decisions.order_by("-pk").first()
    if last is not None and last.by != reviewer:
        raise Taken(_DECIDED.filled(by=last.by))


def _stand(item: ReviewItem) -> tuple[str | None, bool, frozenset[str]]:
    """What a person's word is about: the value, whether somebody has decided on it, and what speaks against it."""
    return item.value, item.status == Status.REVIEWED, frozenset(item.reasons)


def _decided(
    item: ReviewItem, spec: FieldSpec, kind: Decision.Kind, typed: str | None
) -> tuple[Decision.Kind, str | None]:
    """The decision's kind as it is kept, and the value that counts from now on."""
    if kind == Kind.CONFIRMED:
        if item.value is not None:
            check(spec, item.value)
        return (Kind.UNREADABLE if item.unreadable else kind), item.value
    if kind == Kind.CORRECTED:
        value = as_written(spec, interpret(spec, typed or ""), item.raw)
        return (Kind.CONFIRMED if value == item.value else kind), value
    unsigned = kind == Kind.EMPTY and spec.type is FieldType.SIGNATURE
    return kind, ABSENT if unsigned else None


def _ask(
    item: ReviewItem, spec: FieldSpec, kind: Decision.Kind, value: str | None, broken: Sequence[str]
) -> None:
    """Ask once more where a rule speaks against a value and the item did not already say so.

    Raises:
        Doubtful: there is such a rule.
    """
    codes = [*(warnings(spec, value) if value is not None else ()), *broken]
    if kind == Kind.CONFIRMED:
        codes = [code for code in codes if code not in item.reasons]
        if value is None and item.holds_ink:
            codes.append("holds_ink")
    if codes:
        raise Doubtful(codes)


def _sheet_rows(row: FieldReading) -> list[FieldReading]:
    """Every reading of a complete sheet, locked; none while a side is missing."""
    sheet = row.page.sheet
    if sheet is None or not sheet.complete:
        return []
    rows = FieldReading.objects.select_for_update(of=("self",)).filter(page__sheet=sheet)
    return list(rows.exclude(page__reason="duplicate_side").order_by("page__number", "position"))


def _broken(rows: Sequence[FieldReading], item: ReviewItem, forms: Catalogue) -> Broken:
    definition = forms.get(item.form, item.version).definition
    return broken_by(broken_rules, definition, rows) if rows else {}


def _judge_again(row: FieldReading, before: Sequence[str], after: Sequence[str]) -> None:
    """Let rules that a decision broke, or made whole again, count for another reading of the sheet.

    What a person decided stays. A reading that waited only for rules that now hold was accepted before they
    spoke, and is so again, unless the promise by which it was has been refuted since.
    """
    if row.status == Status.REVIEWED:
        return
    new = [code for code in after if code not in before]
    gone = {code for code in before if code not in after}
    reasons = list(dict.fromkeys([*(code for code in row.reasons if code not in gone), *new]))
    if reasons == row.reasons:
        return
    if not reasons and row.status == Status.REVIEW and row.decisions.exists():
        return
    row.reasons = reasons
    if reasons:
        row.status, row.audit = Status.REVIEW, False
    elif not promises.came_since(row, promises.refuted()):
        promises.send(row)
    else:
        accept(row)
    row.save(update_fields=["reasons", "status", "audit"])
