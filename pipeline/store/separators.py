"""Separator sheets: what they say holds for the pages behind them in their file, and for no others.

Everything is worked out from the stored rows, so that a file that was killed half way, or whose pages come late,
ends as one that was read in one go.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from pipeline.forms.catalogue import Catalogue, Form
from pipeline.forms.occasion import day_field, village_field
from pipeline.forms.separator import Separator, parse_separator
from pipeline.store.doubts import doubt
from pipeline.store.models import FieldReading, Page

SEPARATORS: Final = ("separator", "unreadable_separator")
"""Reasons of the pages that end what the separator before them says."""

BLANK: Final = "blank"
BACK: Final = "separator_back"
PAPERS: Final = (*SEPARATORS, BACK)
"""Reasons of the pages that are no sheet's and no stranger's: separators, and their empty other sides."""

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


def backs(images: Mapping[int, str]) -> set[int]:
    """Which empty images in a row are other sides of separators; of each separator one at most.

    A scanner that reads both sides gives two images a paper, so the other side of a separator at an odd place lies
    behind it and that of one at an even place before it; where none is there, an empty image behind it will do.

    Args:
        images: place, from 1, to the reason of the page there.
    """
    empty = {place for place, reason in images.items() if reason in (BLANK, BACK)}
    found: set[int] = set()
    for place in sorted(place for place, reason in images.items() if reason in SEPARATORS):
        before = place % 2 == 0 and place - 1 in empty - found
        found |= {place - 1 if before else place + 1} & empty
    return found


def settle_backs(page: Page) -> None:
    """Say of the empty pages of a file which are other sides of its separators, when one of either came: `page`."""
    near = Page.objects.filter(file=page.file, image__range=(page.image - 1, page.image + 1))
    if not near.filter(reason__in=SEPARATORS).exists():
        return
    rows = Page.objects.filter(file=page.file, reason__in=(BLANK, *PAPERS))
    found = backs(dict(rows.values_list("image", "reason")))
    rows.filter(image__in=found, reason=BLANK).update(reason=BACK)
    rows.filter(reason=BACK).exclude(image__in=found).update(reason=BLANK)


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
