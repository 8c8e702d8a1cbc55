"""Sides of serial-less sheets in files of their own, as a scanner's feeder leaves them: `scan-0001.jpg` and so on.

A run of files with one name and numbers that count up is one feed. Which paper a side belongs to is then told by its
place alone, so sides are joined only where all of the feed around them agrees: front, back, front, back, from where the
feed is seen to begin. What a lost or doubled side makes uncertain stays open, and a page of another form, a separator,
a file of several pages or a missing number ends what may be compared.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Final

from django.db import transaction
from django.utils import timezone

from pipeline.forms.catalogue import Catalogue
from pipeline.page import PageStatus
from pipeline.store.models import Page, ScanFile, Sheet
from pipeline.store.pairing import made_serial
from pipeline.store.readings import BrokenRules
from pipeline.store.separators import BACK, BLANK, PAPERS, backs
from pipeline.store.sheets import join

_NUMBERED: Final = re.compile(r"(?P<stem>.*?)(?P<number>\d{1,9})(?P<suffix>\.[^.]*)?")
_MADE: Final = r"^[^-]+-[0-9A-F]{8}-[0-9]+$"
"""A serial that no paper carries, see `pairing.made_serial`."""
_SIDES: Final = (1, 2)
_UNREAD: Final = 0
_WAITS: Final = "missing_side"
_LATELY: Final = timedelta(days=7)
_GOES_ON: Final = timedelta(hours=1)
"""A feed that is taken in pieces, as by a timer, goes on within this time."""


@dataclass(frozen=True, slots=True)
class Image:
    """One image of a feed.

    Attributes:
        side: 1 or 2; 0 where it was not read and may be either.
        form: name and version of its form; None where it was not read.
        page: its row's number.
    """

    side: int
    form: tuple[str, int] | None
    page: int


@dataclass(frozen=True, slots=True)
class _Feed:
    """Files of a batch whose names differ in one number that counts up by one, in its order.

    Attributes:
        pages: the page of each; None for a file of several.
        begins: whether it is seen to begin here; else its first side may be any paper's second.
    """

    pages: list[Page | None]
    begins: bool


def pair_feeds(batches: Iterable[int], catalogue: Catalogue, broken_rules: BrokenRules) -> int:
    """Join the sides that wait in files of their own and whose feed leaves no doubt; how many sheets became whole.

    It looks at stored rows only, so that it ends the same however often it runs. An empty page beside a separator is
    told to be its back on the way, as within one file.

    Args:
        batches: row numbers of the batches to look through.
        catalogue: the forms.
        broken_rules: run over each sheet that becomes whole.
    """
    open_ = Page.objects.filter(reason__in=(_WAITS, BLANK), file__images=1, file__batch__in=batches)
    joined = 0
    for batch in list(open_.order_by().values_list("file__batch", flat=True).distinct()):
        for feed in _feeds(batch):
            _settle_backs(feed.pages)
            waiting = {page.pk for page in feed.pages if page and page.reason == _WAITS}
            for run in _runs(feed, catalogue):
                for front, back in pairs(run):
                    if waiting >= {front, back}:
                        joined += _join(front, back, catalogue, broken_rules)
    return joined


def unpaired() -> set[int]:
    """The batches in which sides without a serial wait in files of their own: a scan that was killed joined none.

    Only those that came lately and are read to their end: who is still reading one, or reads it again, will join them.
    """
    late = timezone.now() - _LATELY
    waiting = Page.objects.filter(
        reason=_WAITS, file__images=1, file__added_at__gt=late, serial__regex=_MADE
    ).exclude(file__batch__in=ScanFile.objects.filter(images=None).values("batch"))
    return set(waiting.order_by().values_list("file__batch", flat=True).distinct())


def pairs(run: Sequence[Image]) -> Iterator[tuple[int, int]]:
    """The rows of front and back of each sheet in a run of images of one form that is beyond doubt.

    Only a run that begins with a front and ends with a back shows in which order its sides lie. It falls apart where
    one side follows itself: there a side was lost, or fed twice. The side that has no partner then waits, and so does
    the sheet beyond that place, since either of two equal sides may belong to it.
    """
    if not run or run[0].side == _SIDES[1] or run[-1].side == _SIDES[0]:
        return
    parts: list[list[Image]] = []
    for image in run:
        if parts and not (image.side and image.side == parts[-1][-1].side):
            parts[-1].append(image)
        else:
            parts.append([image])
    for number, part in enumerate(parts):
        left = number > 0 and part[0].side == _SIDES[1]
        right = number < len(parts) - 1 and part[-1].side == _SIDES[0]
        inner = part[left : len(part) - right]
        if len(inner) % 2 or any(
            image.side not in (_UNREAD, _SIDES[place % 2]) for place, image in enumerate(inner)
        ):
            continue
        sheets = list(zip(inner[::2], inner[1::2], strict=True))
        first = number > 0 and not left
        last = number < len(parts) - 1 and not right
        yield from (
            (front.page, back.page)
            for front, back in sheets[first : len(sheets) - last]
            if front.side and back.side
        )


def _feeds(batch: int) -> Iterator[_Feed]:
    """The feeds of a batch; a number that is there twice, or not read yet, belongs to none."""
    alone = Page.objects.filter(file__batch=batch, file__images=1).select_related("file")
    rows = {page.file_id: page for page in alone}
    found: dict[tuple[str, str], dict[int, list[ScanFile]]] = {}
    for file in ScanFile.objects.filter(batch=batch, images__isnull=False):
        if match := _NUMBERED.fullmatch(file.name):
            places = found.setdefault((match["stem"], match["suffix"] or ""), {})
            places.setdefault(int(match["number"]), []).append(file)
    for places in found.values():
        once = sorted(number for number, files in places.items() if len(files) == 1)
        for _, some in groupby(enumerate(once), lambda pair: pair[1] - pair[0]):
            files = [places[number][0] for _, number in some]
            begins = files[0] is places[min(places)][0] and not _goes_on(files[0])
            yield _Feed([rows.get(file.pk) for file in files], begins)


def _goes_on(first: ScanFile) -> bool:
    """Whether the file that is numbered before this one came just before it in another batch, and its page waits."""
    match = _NUMBERED.fullmatch(first.name)
    if match is None or not int(match["number"]):
        return False
    number = str(int(match["number"]) - 1)
    names = {
        f"{match['stem']}{one}{match['suffix'] or ''}" for one in (number, number.zfill(len(match["number"])))
    }
    before = ScanFile.objects.filter(
        name__in=names, added_at__range=(first.added_at - _GOES_ON, first.added_at)
    ).exclude(batch=first.batch_id)
    return (
        Page.objects.filter(file__in=before)
        .exclude(status=PageStatus.READ)
        .exclude(reason__in=PAPERS)
        .exists()
    )


def _settle_backs(pages: Sequence[Page | None]) -> None:
    """Say of a feed's empty pages which are other sides of its separators."""
    found = backs({place: page.reason for place, page in enumerate(pages, 1) if page})
    for place, page in enumerate(pages, 1):
        reason = BACK if place in found else BLANK
        if page and page.reason in (BLANK, BACK) and page.reason != reason:
            page.reason = reason
            page.save(update_fields=["reason"])


def _runs(feed: _Feed, catalogue: Catalogue) -> Iterator[list[Image]]:
    """The images of a feed that stand in a row and are of one form, where the row is seen to begin."""
    here = {form.key for form in catalogue.forms()}
    # A form whose definition has gone since says nothing of its sides any more.
    pages = [
        page if page and (page.sheet_id is None or (page.form, page.version) in here) else None
        for page in feed.pages
    ]
    made = {
        made_serial(catalogue.get(page.form, page.version).definition.code, page.file.sha256, page.image)
        for page in pages
        if page and page.sheet_id
    }
    begins = feed.begins
    for known, some in groupby(
        (_image(page, made, catalogue) for page in pages), lambda image: image is not None
    ):
        if known:
            runs = of_one_form([image for image in some if image is not None])
            if not begins:
                next(runs)
            yield from runs
        begins = True


def _image(page: Page | None, made: Collection[str], catalogue: Catalogue) -> Image | None:
    """A page as an image of a feed; None for what ends a run: a separator, a serial, a form of one side or of many."""
    if page is None or page.reason in PAPERS:
        return None
    if page.sheet_id is None:
        return Image(_UNREAD, None, page.pk)
    form = catalogue.get(page.form, page.version)
    if len(form.layout.pages) != len(_SIDES) or page.serial not in made:
        return None
    return Image(page.number or _UNREAD, form.key, page.pk)


def of_one_form(images: Sequence[Image]) -> Iterator[list[Image]]:
    """A run cut where the form changes; what was not read just there goes where it makes an even number of sides."""
    run: list[Image] = []
    read = 0
    for image in images:
        if image.form and read and image.form != run[read - 1].form:
            cut = read + read % 2
            yield run[:cut]
            run = run[cut:]
        run.append(image)
        if image.form:
            read = len(run)
    yield run


def _join(front: int, back: int, catalogue: Catalogue, broken_rules: BrokenRules) -> int:
    """Join two rows whose sheets still lack each other; how many sheets became whole."""
    with transaction.atomic():
        sheets = Sheet.objects.select_for_update().filter(pages__in=(front, back), complete=False)
        if len(list(sheets)) != len(_SIDES):
            return 0
        rows = Page.objects.in_bulk((front, back))
        form = catalogue.get(rows[front].form, rows[front].version)
        join(rows[front], rows[back], form, broken_rules)
        return 1
