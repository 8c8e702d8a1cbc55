"""An office's own reader: what its people confirmed refits the first reader, and the result lies in its home.

Only what a person saw counts: decisions, those of the blind audit among them; a value that was accepted unseen would
confirm itself. The archived pages are looked at again, and nothing is kept of them but numbers.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final
from zipfile import BadZipFile

from django.db.models import OuterRef, Subquery
from django.utils import timezone

from pipeline.errors import StoreError
from pipeline.forms.catalogue import Catalogue
from pipeline.forms.layout import Kind
from pipeline.forms.types import TYPES
from pipeline.language import Text
from pipeline.recognition.doubt import Key
from pipeline.recognition.head import Head, load_head, save_head
from pipeline.recognition.lessons import Lessons, join, lessons
from pipeline.recognition.reader import cell_reader
from pipeline.recognition.refit import MOST, Refit, refit
from pipeline.registration.register import register
from pipeline.registration.types import Refusal
from pipeline.scans.pages import open_pages
from pipeline.scans.types import PageImage, UnreadableFile
from pipeline.store.archive import Archive
from pipeline.store.models import Decision, FieldReading, Page, ScanFile
from pipeline.store.refusals import told_as_refusals

FOLDER: Final = "reader"
"""In the home: every head that was taken, `0001.npz` first; the newest reads."""

_COMBS: Final = tuple(kind.value for kind, rules in TYPES.items() if rules.kind is Kind.COMB)
_NOT_PLAIN: Final = frozenset({"crossed_out", "sign", "ink_outside", "faint"})
"""Reasons that leave open which ink is the value's."""
_SEEN: Final = (Decision.Kind.CONFIRMED, Decision.Kind.CORRECTED)
_log = logging.getLogger(__name__)


def learn(
    home: Path, forms: Catalogue, *, dry_run: bool = False, told: Callable[[int], None] = lambda _: None
) -> Refit:
    """Refits the reader on the confirmed cells and, if that is proven to be better, keeps it for later scans.

    Args:
        home: the office's folder.
        forms: the forms that this computer knows.
        dry_run: keep nothing.
        told: called with the number of cells so far, after every page.

    Raises:
        MissingPartError: the model file does not give its hidden layer.
        StoreError: the head in use is damaged, or the new one cannot be written.
    """
    parent = cell_reader().version
    now = head_of(home)
    cells = confirmed_cells(home, forms, told)
    if cells is None:
        return Refit(None, False, 0, 0)
    in_use = now if now is not None and now.card.parent == parent else None
    found = refit(cells, parent, in_use, timezone.localdate())
    if found.better and found.head is not None and not dry_run:
        _keep(home, found.head)
    return found


def head_of(home: Path) -> Head | None:
    """The head in use; None for the reader as shipped.

    Raises:
        StoreError: its file is damaged.
    """
    files = _files(home)
    if not files:
        return None
    try:
        return load_head(files[-1])
    except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile) as error:
        raise StoreError(
            Text(
                f"{files[-1]} rusak. Kembali ke pembaca sebelumnya dengan: sotarsa learn --undo",
                f"{files[-1]} is damaged. Go back to the reader before it with: sotarsa learn --undo",
            )
        ) from error


def undo(home: Path) -> bool:
    """Goes back to the head before the one in use, or to the reader as shipped; whether there was one to undo."""
    files = _files(home)
    if files:
        with told_as_refusals():
            files[-1].unlink()
    return bool(files)


def confirmed_cells(
    home: Path, forms: Catalogue, told: Callable[[int], None] = lambda _: None
) -> Lessons | None:
    """The newest cells whose character a person confirmed, from the archived pages; None where there are none."""
    archive = Archive(home)
    found: list[Lessons] = []
    cells = 0
    files = ScanFile.objects.filter(pages__readings__status=FieldReading.Status.REVIEWED).distinct()
    for file in files.order_by("-pk").iterator():
        pages = {page.image: page for page in file.pages.filter(status="read", sheet__isnull=False)}
        values = {image: value for image, page in pages.items() if (value := _confirmed(page))}
        for image in _images(archive.path(file.sha256, file.suffix), values):
            page = pages[image.image]
            part = _lessons_of(image, page, values[image.image], forms)
            if part is not None:
                found.append(part)
                cells += len(part)
            told(cells)
        if cells >= MOST:
            break
    return join(found) if found else None


def _confirmed(page: Page) -> dict[Key, str]:
    """The value of every comb of a page that a person confirmed or corrected, and that is plain to see."""
    last = Decision.objects.filter(reading=OuterRef("pk")).order_by("-pk").values("kind")[:1]
    rows = page.readings.filter(status=FieldReading.Status.REVIEWED, type__in=_COMBS, value__isnull=False)
    seen = rows.annotate(last=Subquery(last)).filter(last__in=_SEEN)
    return {
        (field, row): value
        for field, row, value, reasons in seen.values_list("field", "row", "value", "reasons")
        if value is not None and _NOT_PLAIN.isdisjoint(reasons)
    }


def _images(path: Path, wanted: Mapping[int, object]) -> Iterator[PageImage]:
    """The wanted page images of an archived file; what cannot be read any more teaches nothing."""
    if not wanted:
        return
    try:
        for page in open_pages(path):
            if isinstance(page, PageImage) and page.image in wanted:
                yield page
            if page.image >= max(wanted):
                return
    except UnreadableFile as error:
        _log.warning("%s is not learnt from: %s", path.name, error.reason)


def _lessons_of(image: PageImage, page: Page, values: Mapping[Key, str], forms: Catalogue) -> Lessons | None:
    try:
        pixels = image.decode()
    except UnreadableFile:
        return None
    registration = register(pixels, forms)
    if isinstance(registration, Refusal):
        return None
    identity = registration.identity
    form = forms.by_code(identity.code, identity.version)
    if form is None or (form.key, identity.page) != ((page.form, page.version), page.number):
        return None
    return lessons(pixels, registration, form, values, cell_reader(), page.sheet_id or 0)


def _keep(home: Path, head: Head) -> None:
    folder = home / FOLDER
    with told_as_refusals():
        folder.mkdir(mode=0o700, exist_ok=True)
        number = int(files[-1].stem) + 1 if (files := _files(home)) else 1
        save_head(folder / f"{number:04d}.npz", head)


def _files(home: Path) -> list[Path]:
    return sorted((home / FOLDER).glob("[0-9]*.npz"))
