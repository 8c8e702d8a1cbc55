"""What became of the files of a scan, by what the store says of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Final

from django.db.models import Count, Q

from pipeline.language import Text
from pipeline.page import PageStatus
from pipeline.reasons import page_sentence
from pipeline.store.intake import UNUSABLE
from pipeline.store.models import FieldReading, Page, ScanFile
from pipeline.store.separators import BACK

UNASKED: Final = ("separator", BACK)
"""Pages set aside that need nobody."""


@dataclass(frozen=True, slots=True)
class SetAside:
    """One page that was set aside: file, image, stable reason code, and what more is known."""

    source: str
    image: int
    reason: str
    detail: str = ""

    @property
    def message(self) -> Text:
        """What it is told with."""
        return page_sentence(self.reason, self.detail)


@dataclass(frozen=True, slots=True)
class BatchSummary:
    """What a scan gave.

    Attributes:
        batch: its name.
        files: files read in this run.
        unusable: of them, those that gave no page image at all.
        already: names of the files that had been read before; nothing changed for them.
        pages: page images of the files read.
        read: of them, pages that were read.
        separators: separator sheets among them.
        set_aside: the others.
        accepted: fields accepted unseen.
        audited: of them, those that a person is shown all the same, for the audit.
        review: fields that wait for a person.
        forms: pages read of each form.
        shut: files that could not be opened, or whose drive gave up; nothing is stored of them.
        unfinished: names of files of any run that were not read to their end: it was killed, or goes on elsewhere.
    """

    batch: str
    files: int
    unusable: int
    already: tuple[str, ...]
    pages: int
    read: int
    separators: int
    set_aside: tuple[SetAside, ...]
    accepted: int
    audited: int
    review: int
    forms: dict[str, int]
    shut: tuple[Path, ...] = ()
    unfinished: tuple[str, ...] = ()


def tally(
    batch: str, files: Mapping[int, Sequence[str]], already: tuple[str, ...], shut: tuple[Path, ...]
) -> BatchSummary:
    """What the store now says of the files that were read in one run, under the names by which they were given.

    Args:
        batch: its name.
        files: row numbers, each with what the file was called in this run.
        already: names of files that had been read before; further names of one that was read join them, while
            one that gave nothing is told under each.
        shut: files that could not be opened.
    """
    pages = Page.objects.filter(file__in=files)
    aside = pages.filter(status=PageStatus.SET_ASIDE).exclude(reason__in=UNASKED).order_by("file", "image")
    read = pages.filter(status=PageStatus.READ)
    forms = dict(read.order_by().values_list("form").annotate(Count("pk")))
    fields = FieldReading.objects.filter(page__in=pages).aggregate(
        accepted=Count("pk", filter=Q(status__in=(FieldReading.Status.ACCEPTED, FieldReading.Status.AUDIT))),
        audited=Count("pk", filter=Q(status=FieldReading.Status.AUDIT)),
        review=Count("pk", filter=Q(status=FieldReading.Status.REVIEW)),
    )
    usable = set(pages.exclude(reason__in=UNUSABLE).values_list("file", flat=True))
    told = {file: names[:1] if file in usable else names for file, names in files.items()}
    again = tuple(name for file, names in files.items() if file in usable for name in names[1:])
    return BatchSummary(
        batch=batch,
        files=len(files),
        unusable=len(files) - len(usable),
        already=already + again,
        pages=pages.count(),
        read=read.count(),
        separators=pages.filter(reason="separator").count(),
        set_aside=tuple(_named(told, aside.values_list("file", "image", "reason", "detail"))),
        accepted=fields["accepted"],
        audited=fields["audited"],
        review=fields["review"],
        forms=forms,
        shut=shut,
        unfinished=tuple(ScanFile.objects.filter(images=None).order_by("pk").values_list("name", flat=True)),
    )


def _named(
    files: Mapping[int, Sequence[str]], aside: Iterable[tuple[int, int, str, str]]
) -> Iterator[SetAside]:
    """Pages that were set aside, file by file, once for each of its names."""
    for file, rows in groupby(aside, itemgetter(0)):
        pages = [row[1:] for row in rows]
        yield from (SetAside(name, *page) for name in files[file] for page in pages)
