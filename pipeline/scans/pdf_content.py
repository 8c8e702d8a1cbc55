"""Whether a PDF page is one scanned image and nothing else, and how that image lies on it.

Only pages whose whole drawing is understood are taken apart; a page that says anything more is rendered.
Operators and coordinate spaces as in ISO 32000-1, 8.3, 8.4 and 8.8.
"""

import zlib
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import pikepdf
from pikepdf import Name, Page

MAX_CONTENT_BYTES: Final = 1_000_000
"""Longer drawings, unpacked, are no scans (a scanner's invisible text layer stays far below)."""

_COVERS: Final = 0.95
_SKEW: Final = 0.002
_OBLONG: Final = 1.05
_INVISIBLE_TEXT: Final = 3
_UNIT_SQUARE: Final = ((0, 0), (1, 0), (0, 1), (1, 1))

# fmt: off
_HARMLESS: Final = frozenset({
    "re", "W", "W*", "n", "m", "l", "c", "v", "y", "h",
    "i", "ri", "gs", "J", "j", "M", "d", "w",
    "g", "G", "rg", "RG", "k", "K", "cs", "CS", "sc", "SC", "scn", "SCN",
    "BT", "ET", "Tc", "Tw", "Tz", "TL", "Tf", "Ts", "Td", "TD", "Tm", "T*",
    "BMC", "BDC", "EMC", "MP", "DP", "BX", "EX",
})
# fmt: on
"""Operators that paint nothing by themselves."""
_TEXT: Final = frozenset({"Tj", "TJ", "'", '"'})

_ORIENTATIONS: Final[dict[tuple[int, ...], int]] = {
    (1, 0, 0, 1): 1,
    (-1, 0, 0, 1): 2,
    (-1, 0, 0, -1): 3,
    (1, 0, 0, -1): 4,
    (0, 1, 1, 0): 5,
    (0, -1, 1, 0): 6,
    (0, -1, -1, 0): 7,
    (0, 1, -1, 0): 8,
}
"""Displayed x = xx u + xy v and y = yx u + yy v of the stored u, v: (xx, xy, yx, yy) to EXIF's code."""


class Matrix(NamedTuple):
    """A PDF matrix: x' = a x + c y + e, y' = b x + d y + f."""

    a: float
    b: float
    c: float
    d: float
    e: float
    f: float

    def then(self, outer: "Matrix") -> "Matrix":
        """This matrix first, `outer` after it."""
        return Matrix(
            self.a * outer.a + self.b * outer.c,
            self.a * outer.b + self.b * outer.d,
            self.c * outer.a + self.d * outer.c,
            self.c * outer.b + self.d * outer.d,
            self.e * outer.a + self.f * outer.c + outer.e,
            self.e * outer.b + self.f * outer.d + outer.f,
        )


_IDENTITY: Final = Matrix(1, 0, 0, 1, 0, 0)


@dataclass(frozen=True, slots=True)
class PlacedImage:
    """The one image of a page, EXIF's code for how it has to be turned to be displayed, and its dpi there."""

    image: pikepdf.Stream
    orientation: int
    dpi: float


@dataclass(slots=True)
class _Painter:
    """What a page's drawing has painted so far."""

    matrix: Matrix = _IDENTITY
    text_mode: int = 0
    stack: list[tuple[Matrix, int]] = field(default_factory=list)
    painted: list[tuple[Name, Matrix]] = field(default_factory=list)
    understood: bool = True

    def draw(self, operands: list[pikepdf.Object], operator: str) -> None:
        """Follow one operator."""
        if operator == "q":
            self.stack.append((self.matrix, self.text_mode))
        elif operator == "Q" and self.stack:
            self.matrix, self.text_mode = self.stack.pop()
        elif operator == "cm":
            self.matrix = Matrix(*(float(value) for value in operands)).then(self.matrix)
        elif operator == "Tr":
            self.text_mode = int(operands[0])
        elif operator == "Do":
            self.painted.append((Name(str(operands[0])), self.matrix))
        elif operator in _TEXT:
            self.understood &= self.text_mode == _INVISIBLE_TEXT
        else:
            self.understood &= operator in _HARMLESS


def only_image(page: Page) -> PlacedImage | None:
    """The one image that covers the page upright or in quarter turns, None when the page is anything else.

    Raises:
        pikepdf.PdfError: the page is damaged.
    """
    if _has_annotations(page) or _content_bytes(page) > MAX_CONTENT_BYTES:
        return None
    painter = _Painter()
    for instruction in pikepdf.parse_content_stream(page):
        if isinstance(instruction, pikepdf.ContentStreamInlineImage):
            return None
        painter.draw(list(instruction.operands), str(instruction.operator))
    if not painter.understood or len(painter.painted) != 1:
        return None
    name, matrix = painter.painted[0]
    image = page.get_images(recursive=False).get(str(name))
    return _placed(image, matrix, page) if isinstance(image, pikepdf.Stream) else None


def visible_box(page: Page) -> tuple[float, float, float, float]:
    """The part of the page that is displayed: left, bottom, right, top in points."""
    media, crop = _box(page.mediabox), _box(page.cropbox)
    box = max(media[0], crop[0]), max(media[1], crop[1]), min(media[2], crop[2]), min(media[3], crop[3])
    return box if box[0] < box[2] and box[1] < box[3] else media


def quarter_turns(page: Page) -> int:
    """How often the page is turned clockwise by a quarter to be displayed: 0 to 3."""
    return round(float(page.rotation) / 90) % 4


def _placed(image: pikepdf.Stream, matrix: Matrix, page: Page) -> PlacedImage | None:
    width, height = int(image.Width), int(image.Height)
    extent = abs(matrix.a) + abs(matrix.c), abs(matrix.b) + abs(matrix.d)
    if min(extent) <= 0 or min(width, height) <= 0 or not _covers(matrix, visible_box(page)):
        return None
    axes = matrix.a / extent[0], -matrix.c / extent[0], -matrix.b / extent[1], matrix.d / extent[1]
    directions = tuple(0 if abs(value) < _SKEW else 1 if value > 0 else -1 for value in axes)
    for _ in range(quarter_turns(page)):
        directions = (-directions[2], -directions[3], directions[0], directions[1])
    orientation = _ORIENTATIONS.get(directions)
    if orientation is None:
        return None
    sideways = abs(matrix.b) > abs(matrix.a)
    along_u, along_v = (extent[1], extent[0]) if sideways else extent
    across, down = 72 * width / along_u, 72 * height / along_v
    if max(across, down) > _OBLONG * min(across, down):
        return None
    return PlacedImage(image, orientation, across)


def _covers(matrix: Matrix, box: tuple[float, float, float, float]) -> bool:
    across = [matrix.e + u * matrix.a + v * matrix.c for u, v in _UNIT_SQUARE]
    up = [matrix.f + u * matrix.b + v * matrix.d for u, v in _UNIT_SQUARE]
    left, bottom, right, top = box
    return min(max(across), right) - max(min(across), left) >= _COVERS * (right - left) and min(
        max(up), top
    ) - max(min(up), bottom) >= _COVERS * (top - bottom)


def _box(array: pikepdf.Object) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = (float(value) for value in array)
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


def _has_annotations(page: Page) -> bool:
    return any("/AP" in annotation for annotation in page.obj.get("/Annots", []))


def _content_bytes(page: Page) -> int:
    """How long the page's drawing is, unpacked; never unpacks much more than `MAX_CONTENT_BYTES` of it."""
    contents = page.obj.get("/Contents")
    if contents is None:
        return 0
    streams = list(contents) if isinstance(contents, pikepdf.Array) else [contents]
    return sum(_unpacked_bytes(stream) for stream in streams)


def _unpacked_bytes(stream: pikepdf.Object) -> int:
    packed = stream.get("/Filter")
    filters = [str(one) for one in packed] if isinstance(packed, pikepdf.Array) else [str(packed)]
    if packed is None:
        return int(stream.get("/Length", 0))
    if filters != ["/FlateDecode"] or "/DecodeParms" in stream:
        return MAX_CONTENT_BYTES + 1
    try:
        return len(zlib.decompressobj().decompress(stream.read_raw_bytes(), MAX_CONTENT_BYTES + 1))
    except zlib.error:
        return MAX_CONTENT_BYTES + 1
