"""Forms that others printed: their fields lie where the definition says, on a blank that is kept beside it."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import DefinitionError
from pipeline.forms.definition import FormDefinition, Note
from pipeline.forms.fields import FieldSpec, TableSpec
from pipeline.forms.layout import Box, ChoiceBox, FieldLayout, FormLayout, Kind, PageLayout, around
from pipeline.language import Text

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def given_layout(definition: FormDefinition) -> FormLayout:
    """Where everything of a form on a given blank lies; without markers, QR code and serial."""
    pages = tuple(
        PageLayout(
            number,
            blank.width,
            blank.height,
            (),
            None,
            None,
            tuple(field for section in page.sections for item in section.items for field in _fields(item)),
        )
        for number, (page, blank) in enumerate(zip(definition.pages, definition.blank, strict=True), start=1)
    )
    return FormLayout(definition.form, definition.code, definition.version, pages)


def load_blanks(definition: FormDefinition, folder: Path) -> tuple[bytes, ...]:
    """The PNG files of a definition's blank pages; none for a form of our own.

    Raises:
        DefinitionError: one is missing or no picture.
    """
    return tuple(_load(folder / page.file) for page in definition.blank)


def digest(blanks: tuple[bytes, ...]) -> str:
    """SHA-256 (hex) of all blank pages."""
    return hashlib.sha256(b"".join(hashlib.sha256(blank).digest() for blank in blanks)).hexdigest()


def picture_of(blank: bytes) -> "NDArray[np.uint8]":
    """The grey picture (H, W) in a blank page's PNG file.

    Raises:
        ValueError: it holds no picture.
    """
    # OpenCV takes a third of a second to load, and every command looks at the forms; few have blanks.
    import cv2
    import numpy as np

    try:
        picture = cv2.imdecode(np.frombuffer(blank, np.uint8), cv2.IMREAD_GRAYSCALE)
    except cv2.error as error:
        raise ValueError("no picture") from error
    if picture is None:
        raise ValueError("no picture")
    return np.asarray(picture, np.uint8)


def _load(path: Path) -> bytes:
    try:
        content = path.read_bytes()
        picture_of(content)
    except (OSError, ValueError) as error:
        raise _no_blank(path) from error
    return content


def _no_blank(path: Path) -> DefinitionError:
    return DefinitionError(
        Text(
            f"Gambar blangko {path} tidak ada atau rusak. Buat lagi dengan: sotarsa forms new",
            f"The blank page {path} is missing or damaged. Make it again with: sotarsa forms new",
        )
    )


def _fields(item: FieldSpec | TableSpec | Note) -> Iterator[FieldLayout]:
    """A field once, the columns of a table once a row."""
    if isinstance(item, FieldSpec):
        yield _field(item, item.name)
    elif isinstance(item, TableSpec):
        for row, below in enumerate(item.offsets, start=1):
            for column in item.columns:
                yield _field(column, f"{item.name}.{column.name}", row, below)


def _field(field: FieldSpec, name: str, row: int | None = None, below: float = 0.0) -> FieldLayout:
    boxes = [Box(box.x, round(box.y + below, 3), box.w, box.h) for box in field.places if box is not None]
    extent = around(boxes)
    return FieldLayout(
        name,
        row,
        field.type,
        field.kind,
        extent._replace(w=round(extent.w, 3), h=round(extent.h, 3)),
        alphabet=field.rules.alphabet if field.kind is Kind.COMB else "",
        cells=tuple(boxes) if field.kind is Kind.COMB else (),
        choices=tuple(ChoiceBox(choice.value, box) for choice, box in zip(field.choices, boxes, strict=True))
        if field.kind is Kind.MARKS
        else (),
        multiple=field.multiple,
    )
