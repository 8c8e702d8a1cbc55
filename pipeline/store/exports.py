"""What the store puts out: every reading, every page, in the shape that other programs rely on."""

from collections.abc import Iterator
from typing import Final

from django.db.models import F

from pipeline.errors import UsageError
from pipeline.language import Text
from pipeline.reasons import PAGE_REASONS, page_sentence
from pipeline.store.models import Batch, FieldReading, Page

READING_COLUMNS: Final = (
    "source",
    "image",
    "form",
    "form_version",
    "serial",
    "page",
    "field",
    "row",
    "value",
    "raw",
    "confidence",
    "status",
    "reasons",
    "quad",
)
PAGE_COLUMNS: Final = (
    "source",
    "image",
    "form",
    "serial",
    "page",
    "status",
    "reason",
    "message",
    "village",
    "team",
    "date",
    "lot",
)

_CHUNK: Final = 2_000


def readings(batch: str | None = None) -> Iterator[dict[str, object]]:
    """One row a field, in the order of files, pages and fields; a page scanned twice comes once.

    Raises:
        UsageError: there is no such batch.
    """
    _check(batch)
    found = FieldReading.objects.filter(**({"page__file__batch__name": batch} if batch else {}))
    rows = found.order_by("page__file", "page__image", "position").values(
        "field",
        "row",
        "value",
        "raw",
        "confidence",
        "status",
        "reasons",
        "quad",
        source=F("page__file__name"),
        image=F("page__image"),
        form=F("page__form"),
        form_version=F("page__version"),
        serial=F("page__serial"),
        page_number=F("page__number"),
    )
    for row in rows.iterator(_CHUNK):
        cells: dict[str, object] = {**row, "confidence": round(row["confidence"], 6)}
        if row["status"] == FieldReading.Status.AUDIT:
            cells["status"] = FieldReading.Status.ACCEPTED.value
        cells["page"] = cells.pop("page_number")
        yield cells


def pages(batch: str | None = None) -> Iterator[dict[str, object]]:
    """One row a page image, in the order of files; what is unknown is None.

    Raises:
        UsageError: there is no such batch.
    """
    _check(batch)
    found = Page.objects.filter(**({"file__batch__name": batch} if batch else {}))
    rows = found.order_by("file", "image").values(
        "image",
        "form",
        "serial",
        "status",
        "reason",
        "detail",
        "village",
        "team",
        "lot",
        "day",
        source=F("file__name"),
        page=F("number"),
    )
    for row in rows.iterator(_CHUNK):
        reason, detail, day = row["reason"], row["detail"], row["day"]
        yield {
            **{name: value for name, value in row.items() if name not in ("detail", "day")},
            "form": row["form"] or None,
            "serial": row["serial"] or None,
            "reason": reason or None,
            **{name: row[name] or None for name in ("village", "team", "lot")},
            "date": day.isoformat() if day else None,
            "message": str(page_sentence(reason, detail)) if reason in PAGE_REASONS else None,
        }


def _check(batch: str | None) -> None:
    if batch and not Batch.objects.filter(name=batch).exists():
        newest = Batch.objects.order_by("-pk").values_list("name", flat=True)[:5]
        known = ", ".join(newest) or "-"
        raise UsageError(
            Text(
                f"Batch {batch} tidak ada. Yang terbaru: {known}.",
                f"There is no batch {batch}. The newest: {known}.",
            )
        )
