"""Files into the archive, each with its row, before any of it is read; and which of them need reading at all."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.db.models import QuerySet
from django.utils import timezone

from pipeline.scans.files import readable
from pipeline.store.archive import Archive, sha256_of
from pipeline.store.models import Batch, Page, ScanFile

CURABLE: Final = ("unknown_form", "forms_alike", "internal")
"""Pages set aside for what this computer lacked: the same file read again may do better."""

UNUSABLE: Final = ("unreadable_file", "encrypted", "empty_file", "wrong_type", "too_large")
"""Reasons for which no page image came out of a file."""

_log = logging.getLogger(__name__)


def is_read(path: Path) -> bool:
    """Whether the store holds every page of this file, and scanning it again would change nothing."""
    file = ScanFile.objects.filter(sha256=sha256_of(path)).first()
    return file is not None and _is_read(file)


def unusable(path: Path) -> str:
    """The reason for which this file, read before, gave no page image at all; "" where it gave one."""
    return _gave_nothing(Page.objects.filter(file__sha256=sha256_of(path), file__images__isnull=False))


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of a group of files.

    Attributes:
        fresh: rows to read.
        names: what their files are called now, by row number: the same content may come under several names.
        already: names of those that were read before.
        shut: files that would not open.
        batches: row numbers of the batches that the others belong to.
        lot: the batch that goes on.
    """

    fresh: list[ScanFile]
    names: dict[int, list[str]]
    already: list[str]
    shut: list[Path]
    batches: set[int]
    lot: Batch | None


def keep(paths: Iterable[Path], lot: Batch | None, archive: Archive) -> Kept:
    """Every file safe in the archive with its row, before any is read; one that will not open stops no other."""
    archive.sweep()
    files: dict[int, ScanFile] = {}
    names: dict[int, list[str]] = {}
    already: list[str] = []
    shut: list[Path] = []
    batches: set[int] = set()
    for path in paths:
        try:
            kept = archive.keep(path)
        except OSError as error:
            _log.warning("%s: %s", path, error)
            shut.append(path)
            continue
        file = ScanFile.objects.select_related("batch").filter(sha256=kept.sha256).first()
        if file is None:
            lot = lot or _new_batch()
            file, _ = ScanFile.objects.get_or_create(
                sha256=kept.sha256,
                defaults={
                    "name": readable(path.name),
                    "suffix": kept.suffix,
                    "size": kept.size,
                    "batch": lot,
                },
            )
        elif file.images is None:
            lot = lot or file.batch
        batches.add(file.batch_id)
        # Read again, a file that gave nothing tells its reason again.
        if _is_read(file) and not _gave_nothing(file.pages.all()):
            already.append(readable(path.name))
        else:
            files[file.pk] = file
            names.setdefault(file.pk, []).append(readable(path.name))
    return Kept(list(files.values()), names, already, shut, batches, lot)


def _is_read(file: ScanFile) -> bool:
    return file.images is not None and not file.pages.filter(reason__in=CURABLE).exists()


def _gave_nothing(pages: QuerySet[Page]) -> str:
    """The reason for which a file gave no page image at all, by its pages; "" where it gave one, or is not read."""
    reasons = set(pages.values_list("reason", flat=True))
    return min(reasons) if reasons and reasons <= set(UNUSABLE) else ""


def _new_batch() -> Batch:
    """A batch under today's date and the next free number: `2026-11-24-01`."""
    day = timezone.localdate().isoformat()
    number = Batch.objects.filter(name__startswith=f"{day}-").count()
    while True:
        number += 1
        batch, fresh = Batch.objects.get_or_create(name=f"{day}-{number:02d}")
        if fresh:
            return batch
