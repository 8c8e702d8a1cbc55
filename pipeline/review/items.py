"""A review item: one field reading that waits for a person, with all that a face needs to show it."""

from dataclasses import dataclass
from typing import Final

from pipeline.forms.catalogue import Catalogue
from pipeline.forms.fields import FieldSpec
from pipeline.forms.layout import FieldLayout
from pipeline.recognition.types import Alternative
from pipeline.store.models import Decision, FieldReading
from pipeline.store.promises import WAITS

WITH: Final = ("page__file",)
"""What a row is read together with, for `item_of`."""

_INK: Final = frozenset({"handwritten_line", "crossed_out", "sign", "unclear_mark", "ink_outside"})


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """One field reading, detached from the database.

    Attributes:
        source: name of the scanned file.
        sha256: its content hash, under which the archive keeps it.
        suffix: the ending under which the archive keeps it.
        image: the page image in the file, from 1.
        page: which side of the sheet, from 1.
        value: what counts now.
        read_value: what the reader as shipped read.
        alternatives: other possible values, best first.
        quad: corners in the page image, px, clockwise from the top left.
        reader: which reader and model made the reading, see `Reading`.
        unreadable: whether a person's last word is that what stands there cannot be read; `value` is None then.
    """

    id: int
    sheet: int
    source: str
    sha256: str
    suffix: str
    image: int
    form: str
    version: int
    serial: str
    page: int
    position: int
    field: str
    row: int | None
    value: str | None
    read_value: str | None
    raw: str
    confidence: float
    status: str
    alternatives: tuple[Alternative, ...]
    reasons: tuple[str, ...]
    quad: tuple[tuple[float, float], ...]
    reader: str = ""
    unreadable: bool = False

    @property
    def proposed(self) -> bool:
        """Whether what the office's reader has learnt proposed another value than `read_value`."""
        return "+" in self.reader

    @property
    def blind(self) -> bool:
        """Whether nobody may be told how sure the reader is: what is said of it shows how often it is right.

        It may be an accepted value that is audited, or one of a group whose promise has to be proven anew.
        """
        return set(self.reasons) in ({"low_confidence"}, {WAITS})

    @property
    def holds_ink(self) -> bool:
        """Whether something stands in the field, though no value may have come of it."""
        return bool(self.raw.strip(" |e")) or not _INK.isdisjoint(self.reasons)

    def spec(self, forms: Catalogue) -> FieldSpec:
        """What the form's definition says of the field.

        Raises:
            UsageError: this computer does not know the form in that version.
        """
        return forms.get(self.form, self.version).definition.field(self.field)

    def layout(self, forms: Catalogue) -> FieldLayout:
        """Where the field lies on its page, in mm.

        Raises:
            UsageError: this computer does not know the form in that version.
        """
        fields = forms.get(self.form, self.version).layout.pages[self.page - 1].fields
        return next(one for one in fields if (one.name, one.row) == (self.field, self.row))


def item_of(row: FieldReading) -> ReviewItem:
    """The item of a row that was read with `WITH`."""
    page, file = row.page, row.page.file
    return ReviewItem(
        id=row.pk,
        sheet=page.sheet_id or 0,
        source=file.name,
        sha256=file.sha256,
        suffix=file.suffix,
        image=page.image,
        form=page.form,
        version=page.version or 1,
        serial=page.serial,
        page=page.number or 1,
        position=row.position,
        field=row.field,
        row=row.row,
        value=row.value,
        read_value=row.read_value,
        raw=row.raw,
        confidence=row.confidence,
        status=row.status,
        alternatives=tuple(Alternative(value, probability) for value, probability in row.alternatives),
        # An audited value looks like any other that is not sure, also to the one who looks back at it.
        reasons=tuple(row.reasons) or (("low_confidence",) if row.audit else ()),
        quad=tuple((x, y) for x, y in row.quad),
        reader=row.reader,
        unreadable=_unreadable(row),
    )


def _unreadable(row: FieldReading) -> bool:
    """Whether the last word on a reading, reopened since or not, is that nobody can read it."""
    if row.value is not None:
        return False
    last = row.decisions.exclude(kind=Decision.Kind.REOPENED).order_by("-pk").first()
    return last is not None and last.kind == Decision.Kind.UNREADABLE
