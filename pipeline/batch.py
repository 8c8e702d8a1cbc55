"""A batch: files into the archive, their pages through an executor, one transaction a page into the store.

Killed at any moment and run again, it ends the same: files are kept before they are read, pages that have a
row are not read again, and a row comes with all its readings or not at all.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from django.db import DatabaseError, IntegrityError, transaction

from pipeline.errors import SotarsaError
from pipeline.forms.catalogue import Catalogue
from pipeline.page import PageReading, PageStatus
from pipeline.scans.pages import open_pages
from pipeline.scans.types import UnreadableFile, UnreadablePage
from pipeline.store.archive import Archive
from pipeline.store.feeds import pair_feeds, unpaired
from pipeline.store.intake import CURABLE, keep
from pipeline.store.lottery import NO_AUDIT, Audit
from pipeline.store.models import Batch, Page, ScanFile
from pipeline.store.readings import BrokenRules
from pipeline.store.separators import BLANK, SEPARATORS, put_separator, settle_backs, stamp
from pipeline.store.sheets import place
from pipeline.store.tally import UNASKED, BatchSummary, tally
from pipeline.workers import MakeExecutor, Read, Work, read_in_order

_TRIES: Final = 3
"""How often a page is saved anew when another process made the same sheet at the same moment."""

_log = logging.getLogger(__name__)
Place = tuple[ScanFile, int]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch is.

    Attributes:
        files: files finished.
        of_files: files to read.
        pages: page images done.
        set_aside: of them, set aside so far; sides that wait for their other side do not count yet.
        review: fields that wait for a person.
    """

    files: int = 0
    of_files: int = 0
    pages: int = 0
    set_aside: int = 0
    review: int = 0


@dataclass(frozen=True, slots=True)
class Reader:
    """How pages are read: the pure function, the forms, the rules over a sheet, who works, what is audited."""

    read: Read
    catalogue: Catalogue
    broken_rules: BrokenRules
    make_executor: MakeExecutor
    jobs: int
    audit: Audit = NO_AUDIT


def scan(
    paths: Sequence[Path],
    batch: str | None,
    reader: Reader,
    home: Path,
    told: Callable[[Progress], None] = lambda _: None,
) -> BatchSummary:
    """Read files, as `pipeline.scans.files.find_files` gives them, into the open store; see `scan_groups`."""
    return scan_groups([paths], batch, reader, home, told)


def scan_groups(
    groups: Iterable[Sequence[Path]],
    batch: str | None,
    reader: Reader,
    home: Path,
    told: Callable[[Progress], None] = lambda _: None,
) -> BatchSummary:
    """Read files that come group by group into one batch; the next group is asked for when one is read.

    Args:
        groups: files; each group is safe in the archive before any of it is read.
        batch: its name; None to go on with an interrupted batch of these files, else a new one of today.
        reader: how pages are read.
        home: where the archive is.
        told: called after every page.

    Raises:
        StoreError: the store refused.
        MissingPartError: a system part is missing.
    """
    run = _Run(reader, Archive(home), told)
    files: dict[int, ScanFile] = {}
    names: dict[int, list[str]] = {}
    already: list[str] = []
    shut: list[Path] = []
    batches: set[int] = set()
    lot = Batch.objects.get_or_create(name=batch)[0] if batch else None
    for paths in groups:
        kept = keep(paths, lot, Archive(home))
        lot = kept.lot
        run.read(kept.fresh)
        files.update((file.pk, file) for file in kept.fresh)
        names |= kept.names
        already += kept.already
        shut += kept.shut
        batches |= kept.batches
    pair_feeds(batches | unpaired(), reader.catalogue, reader.broken_rules)
    lots = [lot, *(file.batch for file in files.values())]
    name = next((one.name for one in lots if one), "")
    return tally(name, names, tuple(already), tuple(shut))


class _Run:
    """One walk over the files that are to be read."""

    def __init__(self, reader: Reader, archive: Archive, told: Callable[[Progress], None]) -> None:
        self._reader, self._archive, self._told = reader, archive, told
        self._flying: Counter[int] = Counter()
        self._images: dict[int, int] = {}
        self._progress = Progress()

    def read(self, files: Sequence[ScanFile]) -> None:
        reader = self._reader
        if not files:
            return
        self._tell(of_files=self._progress.of_files + len(files))
        for (file, image), reading in read_in_order(
            self._work(files), reader.make_executor, reader.read, reader.catalogue, reader.jobs
        ):
            self._save(file, image, reading)
            self._flying[file.pk] -= 1
            self._settle(file)

    def _work(self, files: Sequence[ScanFile]) -> Iterator[Work[Place]]:
        """The pages that have no row yet; what gives no image is saved as set aside at once."""
        for file in files:
            done = set(file.pages.exclude(reason__in=CURABLE).values_list("image", flat=True))
            last = 0
            try:
                for page in open_pages(self._archive.path(file.sha256, file.suffix)):
                    last = page.image
                    if page.image in done:
                        continue
                    if isinstance(page, UnreadablePage):
                        self._save(file, page.image, _set_aside(page.reason, page.detail))
                    else:
                        self._flying[file.pk] += 1
                        yield Work((file, page.image), replace(page, source=file.name))
            except UnreadableFile as error:
                last += 1
                if last not in done:
                    self._save(file, last, _set_aside(error.reason, error.detail))
            self._images[file.pk] = last
            self._settle(file)

    def _settle(self, file: ScanFile) -> None:
        """Mark a file as read once its every page has a row."""
        if file.pk in self._images and not self._flying[file.pk]:
            ScanFile.objects.filter(pk=file.pk).update(images=self._images.pop(file.pk))
            self._tell(files=self._progress.files + 1)

    def _save(self, file: ScanFile, image: int, reading: PageReading) -> None:
        try:
            page = _saved(file, image, reading, self._reader)
        except (SotarsaError, DatabaseError, OSError):
            raise
        except Exception:
            # A bug at one page costs that page, which is read again once it is mended.
            _log.exception("%s page %d", file.name, image)
            reading = _set_aside("internal", "see the log")
            page = _saved(file, image, reading, self._reader)
        if page.reason:
            level = logging.ERROR if page.reason == "internal" else logging.INFO
            _log.log(level, "%s page %d: %s %s", file.name, image, page.reason, page.detail)
        waits = sum(one.status == "review" for one in reading.readings)
        now = self._progress
        self._tell(
            pages=now.pages + 1,
            set_aside=now.set_aside + (page.reason not in ("", "missing_side", *UNASKED)),
            review=now.review + (waits if page.reason != "duplicate_side" else 0),
        )

    def _tell(self, **changes: int) -> None:
        self._progress = replace(self._progress, **changes)
        self._told(self._progress)


def _saved(file: ScanFile, image: int, reading: PageReading, reader: Reader) -> Page:
    """One transaction: the page, its readings, its sheet; again where two processes meet at one sheet."""
    for attempt in range(1, _TRIES + 1):
        page = _page(file, image, reading)
        try:
            with transaction.atomic():
                Page.objects.filter(file=file, image=image, reason__in=CURABLE).delete()
                _put(page, reading, reader)
            return page
        except IntegrityError:
            other = Page.objects.filter(file=file, image=image).exclude(reason__in=CURABLE).first()
            if other is not None:
                return other
            if attempt == _TRIES:
                raise
    raise AssertionError("unreachable")


def _put(page: Page, reading: PageReading, reader: Reader) -> None:
    ScanFile.objects.select_for_update().get(pk=page.file_id)
    if page.reason in SEPARATORS:
        put_separator(page, reader.catalogue)
        settle_backs(page)
        return
    stamp(page)
    identity = reading.identity
    form = reader.catalogue.by_code(identity.code, identity.version) if identity else None
    if reading.status == PageStatus.READ and form is not None:
        place(page, reading, form, reader.broken_rules, reader.audit)
        page.refresh_from_db(fields=["status", "reason"])
    else:
        page.save()
        if page.reason == BLANK:
            settle_backs(page)
            page.refresh_from_db(fields=["reason"])


def _page(file: ScanFile, image: int, reading: PageReading) -> Page:
    identity = reading.identity
    return Page(
        file=file,
        image=image,
        status=reading.status,
        reason=reading.reason,
        detail=reading.detail,
        form=reading.form,
        version=identity.version if identity else None,
        serial=identity.serial if identity else "",
        number=identity.page if identity else None,
        turn=reading.turn,
        way=reading.way,
        residual_mm=None if reading.residual_mm != reading.residual_mm else reading.residual_mm,
    )


def _set_aside(reason: str, detail: str) -> PageReading:
    return PageReading(PageStatus.SET_ASIDE, reason, detail)
