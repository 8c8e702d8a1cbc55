"""An office's own calibration: what its people decided on its own hands replaces what was proven on drawn pages.

The decisions that count are a random sample of all readings, whatever became of them: those that the audit draws
evenly, among the accepted (a person saw them blindly) as among the doubtful (a person saw them anyway). Every reading
of the sample must have been decided, so a sheet counts once nothing on it is open, and never where too little of it
was audited. What another edition of the readers read counts no more: it was sure of other things.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from django.db.models import Exists, OuterRef, Q

from pipeline.forms.catalogue import Catalogue
from pipeline.forms.fields import ALPHA, CONFIDENCE
from pipeline.forms.layout import FieldType
from pipeline.recognition.confidence import (
    Calibration,
    Tables,
    group_of,
    load_tables,
    own_tables,
    save_tables,
)
from pipeline.recognition.promise import Labelled, calibrate, proven_bound, smallest_sample
from pipeline.recognition.recognise import cells_read_by, marks_read_by
from pipeline.review.chances import EVEN, SHARE
from pipeline.store.lottery import drawn
from pipeline.store.models import FieldReading
from pipeline.validation.judge import EMPTY

FILE: Final = "calibration.json"
"""The office's own tables, in its home."""

_UNPROVEN: Final = frozenset({"low_confidence", "audit_refuted"})
"""Reasons that only a threshold gave; with any other a value is never accepted unseen, so it teaches nothing."""
_CHUNK: Final = 5_000

Status = FieldReading.Status


@dataclass(frozen=True, slots=True)
class Standing:
    """What one group of fields has been promised, coming one way.

    Attributes:
        way: readers and capture, see `recognition.confidence.way_of`.
        group: see `recognition.confidence.GROUPS`.
        alpha: the error rate promised, as the forms ask for it.
        own: whether it stands on the office's own decisions.
        n: labelled readings it stands on.
        threshold: least log odds that enter unseen; None where nothing is promised.
        accepted: share of the labelled readings at or above it.
        bound: the error rate among them that is excluded, at the house's confidence.
        decided: the office's own labelled readings, used or not.
        needed: how many it needs at least before they are used.
    """

    way: str
    group: str
    alpha: float
    own: bool
    n: int
    threshold: float | None
    accepted: float
    bound: float | None
    decided: int
    needed: int


def own_labels() -> Iterator[tuple[str, Labelled]]:
    """The office's labelled readings: the way the page came, and the label."""
    open_ones = FieldReading.objects.filter(
        page__sheet=OuterRef("page__sheet"), status__in=(Status.REVIEW, Status.AUDIT)
    )
    unseen = FieldReading.objects.filter(page__sheet=OuterRef("page__sheet"), audit_chance__lt=EVEN * SHARE)
    rows = (
        FieldReading.objects.filter(status=Status.REVIEWED)
        .exclude(page__way="")
        .exclude(~Q(reader__startswith=cells_read_by()), reader__startswith="cells ")
        .exclude(~Q(reader=marks_read_by()), reader__startswith="marks ")
        .exclude(Exists(open_ones))
        .exclude(Exists(unseen))
    )
    values = rows.values_list(
        "page__way",
        "type",
        "read_value",
        "value",
        "score",
        "reasons",
        "position",
        "page__image",
        "page__file__sha256",
    )
    for way, kind, read, value, score, reasons, position, image, sha256 in values.iterator(_CHUNK):
        if drawn(EVEN * SHARE, sha256, image, position) and _UNPROVEN.issuperset(reasons):
            yield way, Labelled(group_of(FieldType(kind), read in EMPTY), score, value == read)


def recalibrate(home: Path, forms: Catalogue) -> tuple[Standing, ...]:
    """Calibrates every group that has enough decisions, keeps it in the home, and says what is promised now.

    A group with enough decisions stands on them alone, even where they prove nothing: then all of it is reviewed. It
    stays so when fewer of them count, as sheets are opened again, and under another edition of the readers, until
    there are enough again.

    Raises:
        StoreError: what was kept in the home is damaged.
    """
    labels: dict[str, list[Labelled]] = {}
    for way, label in own_labels():
        labels.setdefault(way, []).append(label)
    needed = smallest_sample(ALPHA, CONFIDENCE)
    path = home / FILE
    own = {way: dict(groups) for way, groups in own_tables(path).items()}
    for way, rows in labels.items():
        enough = {name: table for name, table in calibrate(rows).items() if table.n >= needed}
        if enough:
            own[way] = {**own.get(way, {}), **enough}
    if own:
        save_tables(path, own, own=True)
    else:
        path.unlink(missing_ok=True)
    return _standings(own, labels, needed, _asked(forms))


def _asked(forms: Catalogue) -> dict[str, set[float]]:
    """Which error rates the forms ask to be promised, for each group of fields."""
    asked: dict[str, set[float]] = {}
    for form in forms.forms():
        for _, spec in form.definition.fields():
            asked.setdefault(group_of(spec.type, empty=False), set()).add(spec.alpha)
    return asked


def _standings(
    own: Tables, labels: dict[str, list[Labelled]], needed: int, asked: dict[str, set[float]]
) -> tuple[Standing, ...]:
    shipped = load_tables()
    found = []
    for way in sorted({*shipped, *own, *labels}):
        counts: dict[str, int] = {}
        for label in labels.get(way, ()):
            counts[label.group] = counts.get(label.group, 0) + 1
        groups = {**shipped.get(way, {}), **own.get(way, {})}
        for group in sorted({*groups, *counts}):
            is_own = group in own.get(way, {})
            one = partial(_standing, way, group, is_own, groups.get(group), counts.get(group, 0), needed)
            found += [one(alpha) for alpha in sorted(asked.get(group, {ALPHA}))]
    return tuple(found)


def _standing(
    way: str, group: str, own: bool, table: Calibration | None, decided: int, needed: int, alpha: float
) -> Standing:
    proof = table.proofs.get((alpha, CONFIDENCE)) if table else None
    return Standing(
        way=way,
        group=group,
        alpha=alpha,
        own=own,
        n=table.n if table else 0,
        threshold=proof.score if proof else None,
        accepted=proof.accepted / table.n if proof and table else 0.0,
        bound=proven_bound(proof.errors, proof.accepted, CONFIDENCE) if proof else None,
        decided=decided,
        needed=needed,
    )
