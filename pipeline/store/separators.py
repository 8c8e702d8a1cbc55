"""Separator sheets: what they say holds for the pages behind them in their file, and for no others.

Everything is worked out from the stored rows, so that a file that was killed half way, or whose pages come late,
ends as one that was read in one go.
"""

from collections.abc import Iterable
from typing import Final

from pipeline.forms.catalogue import Catalogue, Form
from pipeline.forms.occasion import day_field, village_field
from pipeline.forms.separator import Separator, parse_separator
from pipeline.store.doubts import doubt
from pipeline.store.models import FieldReading, Page

SEPARATORS: Final = ("separator", "unreadable_separator")
"""Reasons of the pages that end what the separator before them says."""

_SAID: Final = ("village", "team", "day", "lot")


def stamp(page: Page) -> None:
    """Put on a page, not yet saved, what the last separator before it in its file says."""
    before = Page.objects.filter(file=page.file, image__lt=page.image, reason__in=SEPARATORS)
    last = before.order_by("-image").values(*_SAID).first()
    for name, value in (last or {}).items():
        setattr(page, name, value)


def put_separator(page: Page, catalogue: Catalogue) -> None:
    """Save a separator page; pages behind it that were saved before it are put right."""
    told = parse_separator(page.detail) or Separator()
    said = {"village": told.village, "team": told.team, "day": told.day, "lot": told.batch}
    for name, value in said.items():
        setattr(page, name, value)
    page.save()
    behind = Page.objects.filter(file=page.file, image__gt=page.image)
    following = behind.filter(reason__in=SEPARATORS).order_by("image").first()
    if following is not None:
        behind = behind.filter(image__lt=following.image)
    behind.update(**said)
    for side in behind.filter(readings__isnull=False).distinct():
        form = catalogue.get(side.form, side.version)
        for row in strangers(side, form, side.readings.select_for_update()):
            doubt(row, ["separator_disagrees"])
            row.save(update_fields=["status", "audit", "reasons"])


def strangers(page: Page, form: Form, rows: Iterable[FieldReading]) -> list[FieldReading]:
    """The rows whose village or date is not what the separator says; values that a person decided are left out."""
    expected = {
        village_field(form.layout): page.village,
        day_field(form.definition, form.layout): page.day.isoformat() if page.day else "",
    }
    return [
        row
        for row in rows
        if row.row is None
        and row.value
        and row.status != FieldReading.Status.REVIEWED
        and not row.value.endswith(expected.get(row.field, ""))
    ]
