"""An office's own calibration: what its people decided on its own hands replaces what was proven on drawn pages.

The decisions that count are a random sample of all readings, whatever became of them: those that the audit draws
evenly, among the accepted (a person saw them blindly) as among the doubtful (a person saw them anyway). Every reading
of the sample must have been decided, so a sheet counts once nothing on it is open, and never where too little of it
was audited. What another edition of the readers read counts no more: it was sure of other things.

Where the audit has refuted a promise over all lots, a new sample begins behind that: what was decided before is what
promised too much, and the lots that were sent back are those with wrong values. Until the promise is proven anew a
person decides on every reading of the group that comes, surely read or not, without being told which: all of them are
the sample, none is chosen by what it is. The readings that were found wrong count with them. They are chosen for being
wrong, so they can only make the proof harder: no threshold comes back that they speak against.
"""

from collections import Counter
from collections.abc import Iterator, Set
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from django.db.models import Exists, OuterRef, Q, QuerySet

from pipeline.forms.catalogue import Catalogue
from pipeline.forms.fields import ALPHA, CONFIDENCE
from pipeline.forms.layout import FieldType
from pipeline.recognition.confidence import (
    Calibration,
    Promise,
    Tables,
    group_of,
    load_tables,
    own_tables,
    save_tables,
)
from pipeline.recognition.promise import Labelled, calibrate, proven_bound, smallest_sample
from pipeline.recognition.recognise import cells_read_by, marks_read_by
from pipeline.review.chances import EVEN, SHARE
from pipeline.store import promises
from pipeline.store.lottery import drawn
from pipeline.store.models import FieldReading, Page
from pipeline.validation.judge import EMPTY

FILE: Final = "calibration.json"
"""The office's own tables, in its home."""

_UNPROVEN: Final = frozenset({"low_confidence", "audit_refuted", promises.WAITS})
"""Reasons that only a threshold gave; with any other a value is never accepted unseen, so it teaches nothing."""
_USUAL: Final = frozenset({(ALPHA, CONFIDENCE)})
_LABEL: Final = ("pk", "page__way", "type", "read_value", "value", "score")
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
        suspended: whether the audit has refuted it over all lots, so that nothing enters until it is proven anew.
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
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """A group of fields, coming one way, of which every value waits for a person until its promise is proven anew.

    Attributes:
        way: readers and capture, see `recognition.confidence.way_of`.
        group: see `recognition.confidence.GROUPS`.
        decided: labelled readings so far.
        needed: how many prove it at the least, none of them wrong and all surely read.
    """

    way: str
    group: str
    decided: int
    needed: int


def own_labels(*, anew: bool = False) -> Iterator[tuple[str, Labelled]]:
    """The office's labelled readings: the way the page came, and the label.

    Args:
        anew: only of groups whose promise was ever refuted over all lots.
    """
    refuted = promises.refuted()
    rows = _decided()
    if anew:
        rows = rows.filter(pk__gt=min((one.last_reading for one in refuted.values()), default=0))
    open_ones = FieldReading.objects.filter(
        page__sheet=OuterRef("page__sheet"), status__in=(Status.REVIEW, Status.AUDIT)
    )
    unseen = FieldReading.objects.filter(page__sheet=OuterRef("page__sheet"), audit_chance__lt=EVEN * SHARE)
    rows = rows.exclude(Exists(open_ones)).annotate(unseen=Exists(unseen))
    places = rows.values_list(*_LABEL, "unseen", "reasons", "position", "page__image", "page__file__sha256")
    for *label, unseen_here, reasons, position, image, sha256 in places.iterator(_CHUNK):
        key, way, labelled = _labelled(*label)
        doubted = refuted.get(labelled.group)
        if (doubted is None and anew) or (doubted and key <= doubted.last_reading):
            continue
        evenly = not unseen_here and drawn(EVEN * SHARE, sha256, image, position)
        if (evenly or promises.WAITS in reasons) and _UNPROVEN.issuperset(reasons):
            yield way, labelled
    for group, doubted in refuted.items():
        for row in _decided().filter(pk__in=doubted.wrong).values_list(*_LABEL):
            _, way, labelled = _labelled(*row)
            if labelled.group == group:
                yield way, labelled


def _decided() -> QuerySet[FieldReading]:
    """What this edition of the readers read, and a person has decided."""
    return (
        FieldReading.objects.filter(status=Status.REVIEWED)
        .exclude(page__way="")
        .exclude(~Q(reader__startswith=cells_read_by()), reader__startswith="cells ")
        .exclude(~Q(reader=marks_read_by()), reader__startswith="marks ")
    )


def _labelled(
    key: int, way: str, kind: str, read: str | None, value: str | None, score: float
) -> tuple[int, str, Labelled]:
    return key, way, Labelled(group_of(FieldType(kind), read in EMPTY), score, value == read)


def recalibrate(home: Path, forms: Catalogue) -> tuple[Standing, ...]:
    """Calibrates every group that has enough decisions, keeps it in the home, and says what is promised now.

    A group with enough decisions stands on them alone, even where they prove nothing: then all of it is reviewed. It
    stays so when fewer of them count, as sheets are opened again, and under another edition of the readers, until
    there are enough again. A refuted promise is proven anew once every rate that the forms ask of the group is: one
    alone would leave a sample in which the fields that go on waiting weigh more than the others.

    Raises:
        StoreError: what was kept in the home is damaged.
    """
    # What is refuted from here on, these labels do not answer.
    refuted = promises.refuted()
    labels: dict[str, list[Labelled]] = {}
    for way, label in own_labels():
        labels.setdefault(way, []).append(label)
    needed, promised = smallest_sample(ALPHA, CONFIDENCE), _promised(forms)
    path = home / FILE
    own = {way: dict(groups) for way, groups in own_tables(path).items()}
    for way, rows in labels.items():
        enough = {
            name: replace(table, made_with=refuted[name].refutation)
            if name in refuted and promised.get(name, _USUAL) <= table.proofs.keys()
            else table
            for name, table in calibrate(rows).items()
            if table.n >= needed
        }
        if enough:
            own[way] = {**own.get(way, {}), **enough}
    if own:
        save_tables(path, own, own=True)
    else:
        path.unlink(missing_ok=True)
    return _standings(own, labels, promised, refuted)


def waiting(home: Path, forms: Catalogue, batch: str) -> tuple[Waiting, ...]:
    """The groups of which every value waits until its promise is proven anew, coming as the pages of a batch do.

    Raises:
        StoreError: what was kept in the home is damaged.
    """
    refuted, promised = promises.refuted(), _promised(forms)
    if not refuted:
        return ()
    own = own_tables(home / FILE)
    ways = Page.objects.filter(file__batch__name=batch).exclude(way="").values_list("way", flat=True)
    counts = Counter((way, label.group) for way, label in own_labels(anew=True))
    return tuple(
        Waiting(way, group, counts[way, group], _needed(promised.get(group, _USUAL)))
        for way in sorted(set(ways))
        for group in sorted(refuted)
        if _suspended(group, own.get(way, {}).get(group), refuted)
    )


def _suspended(group: str, own: Calibration | None, refuted: promises.RefutedGroups) -> bool:
    """Whether a group's promise is refuted, and not proven anew by the office's own table."""
    return group in refuted and (own.made_with if own else "") != refuted[group].refutation


def _needed(asked: Set[Promise]) -> int:
    """How many labelled readings prove all of these at the least."""
    return max(smallest_sample(*promise) for promise in {*_USUAL, *asked})


def _promised(forms: Catalogue) -> dict[str, set[Promise]]:
    """What the forms ask to be promised, for each group of fields; every field may be empty."""
    asked: dict[str, set[Promise]] = {}
    for form in forms.forms():
        for _, spec in form.definition.fields():
            for group in {group_of(spec.type, empty=False), group_of(spec.type, empty=True)}:
                asked.setdefault(group, set()).add((spec.alpha, spec.confidence))
    return asked


def _standings(
    own: Tables,
    labels: dict[str, list[Labelled]],
    promised: dict[str, set[Promise]],
    refuted: promises.RefutedGroups,
) -> tuple[Standing, ...]:
    shipped = load_tables()
    found = []
    for way in sorted({*shipped, *own, *labels}):
        counts: dict[str, int] = {}
        for label in labels.get(way, ()):
            counts[label.group] = counts.get(label.group, 0) + 1
        groups = {**shipped.get(way, {}), **own.get(way, {})}
        for group in sorted({*groups, *counts}):
            ours = own.get(way, {}).get(group)
            suspended = _suspended(group, ours, refuted)
            needed = _needed(promised.get(group, _USUAL) if suspended else _USUAL)
            one = partial(_standing, way, group, ours is not None, groups.get(group), counts.get(group, 0))
            # What may be empty is asked for at every rate; the usual one tells enough.
            alphas = {ALPHA} if group == "empty" else {alpha for alpha, _ in promised.get(group, _USUAL)}
            found += [one(needed, suspended, alpha) for alpha in sorted(alphas)]
    return tuple(found)


def _standing(
    way: str,
    group: str,
    own: bool,
    table: Calibration | None,
    decided: int,
    needed: int,
    suspended: bool,
    alpha: float,
) -> Standing:
    proof = table.proofs.get((alpha, CONFIDENCE)) if table and not suspended else None
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
        suspended=suspended,
    )
