"""Pictures that are not quite pages of ours: parts of sample pages, two of them at once, and what is no page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import segno
from numpy.typing import NDArray

from pipeline.forms.catalogue import Catalogue
from pipeline.forms.frame import QR
from pipeline.forms.identity import Identity
from pipeline.forms.layout import Box
from pipeline.scans.pages import open_pages
from pipeline.scans.types import PageImage
from pipeline.training.batch_file import read_lines

Picture = NDArray[np.uint8]
Value = tuple[str, int | None]

_PX_PER_MM: Final = 300 / 25.4


@dataclass(frozen=True, slots=True, eq=False)
class Own:
    """A sample page: its picture uint8 (H, W) at 300 dpi, whose it is, and what is written on it."""

    picture: Picture
    form: str
    serial: str
    page: int
    values: dict[Value, str | None]


Spoil = Callable[[Sequence[Own], np.random.Generator], tuple[Picture, tuple[Own, ...]]]
"""A picture uint8 (H, W) made from sample pages, and those that it may be read as."""


def own_pages(samples: Path) -> list[Own]:
    """All pages of a samples folder that show a form upright, with their truth; photos are left out."""
    truth = read_lines(samples / "truth.jsonl")
    values: dict[tuple[object, object], dict[Value, str | None]] = {}
    for line in (line for line in truth if "field" in line):
        row = line["row"]
        value = None if line["value"] is None else str(line["value"])
        key = str(line["field"]), int(str(row)) if row is not None else None
        values.setdefault((line["source"], line["image"]), {})[key] = value
    lines = {(line["source"], line["image"]): line for line in truth if "field" not in line}
    pages = []
    for path in sorted(samples.glob("*.pdf")):
        for page in open_pages(path):
            line = lines[path.name, page.image]
            if isinstance(page, PageImage) and line["serial"]:
                said = values[path.name, page.image]
                number = int(str(line["page"]))
                pages.append(Own(page.decode(), str(line["form"]), str(line["serial"]), number, said))
    return pages


def _pick(pages: Sequence[Own], rng: np.random.Generator) -> Own:
    return pages[int(rng.integers(len(pages)))]


def crop(pages: Sequence[Own], rng: np.random.Generator) -> tuple[Picture, tuple[Own, ...]]:
    """A window of a page, somewhere."""
    own = _pick(pages, rng)
    h, w = own.picture.shape
    high, wide = (int(side * rng.uniform(0.1, 0.97)) for side in (h, w))
    top, left = int(rng.integers(h - high + 1)), int(rng.integers(w - wide + 1))
    return own.picture[top : top + high, left : left + wide], (own,)


def trimmed(pages: Sequence[Own], rng: np.random.Generator) -> tuple[Picture, tuple[Own, ...]]:
    """A page of which up to a quarter is gone at one side or two."""
    own = _pick(pages, rng)
    cut = np.zeros(4)
    cut[rng.permutation(4)[: rng.integers(1, 3)]] = rng.uniform(0.02, 0.25)
    h, w = own.picture.shape
    top, bottom, left, right = (cut * [h, h, w, w]).astype(int)
    return own.picture[top : h - bottom, left : w - right], (own,)


def resized(pages: Sequence[Own], rng: np.random.Generator) -> tuple[Picture, tuple[Own, ...]]:
    """A page blown up or made small, its sides not always by the same share."""
    own = _pick(pages, rng)
    factor = float(np.exp(rng.uniform(np.log(0.05), np.log(2.5))))
    squeeze = float(np.exp(rng.normal(0, 0.15)))
    h, w = own.picture.shape
    size = max(1, round(factor * w)), max(1, round(factor * squeeze * h))
    return _picture(cv2.resize(own.picture, size, interpolation=cv2.INTER_AREA)), (own,)


def blown_up(pages: Sequence[Own], rng: np.random.Generator) -> tuple[Picture, tuple[Own, ...]]:
    """A part of a page at the size of a whole one."""
    part, owners = crop(pages, rng)
    return _picture(cv2.resize(part, owners[0].picture.shape[::-1], interpolation=cv2.INTER_CUBIC)), owners


def mirrored(pages: Sequence[Own], rng: np.random.Generator) -> tuple[Picture, tuple[Own, ...]]:
    """A page seen from behind, in any quarter turn."""
    own = _pick(pages, rng)
    return np.ascontiguousarray(np.rot90(own.picture[:, ::-1], int(rng.integers(4)))), ()


def negative(pages: Sequence[Own], rng: np.random.Generator) -> tuple[Picture, tuple[Own, ...]]:
    """White on black; whoever reads it must read it rightly."""
    own = _pick(pages, rng)
    return 255 - own.picture, (own,)


def warped(pages: Sequence[Own], rng: np.random.Generator) -> tuple[Picture, tuple[Own, ...]]:
    """A page whose corners were pulled anywhere."""
    own = _pick(pages, rng)
    h, w = own.picture.shape
    corners = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
    moved = corners + rng.normal(0, rng.uniform(0.02, 0.3), (4, 2)).astype(np.float32) * [w, h]
    matrix = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    return _picture(cv2.warpPerspective(own.picture, matrix, (w, h), borderValue=200.0)), (own,)


def bent(pages: Sequence[Own], rng: np.random.Generator) -> tuple[Picture, tuple[Own, ...]]:
    """A page whose rows and columns run in waves of some mm."""
    own = _pick(pages, rng)
    h, w = own.picture.shape
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    sway, waves = rng.uniform(3, 60, 2), rng.uniform(0.3, 4, 2)
    away_x = np.float32(sway[0]) * np.sin(y * np.float32(2 * np.pi * waves[0] / h))
    away_y = np.float32(sway[1]) * np.sin(x * np.float32(2 * np.pi * waves[1] / w))
    return _picture(cv2.remap(own.picture, x + away_x, y + away_y, cv2.INTER_LINEAR, borderValue=255)), (own,)


def glued(pages: Sequence[Own], rng: np.random.Generator) -> tuple[Picture, tuple[Own, ...]]:
    """Halves of two sheets that hold different forms or sides: nothing of the one may be accepted for the other."""
    one = _pick(pages, rng)
    other = _pick([own for own in pages if (own.form, own.page) != (one.form, one.page)], rng)
    picture = one.picture.copy()
    h, w = picture.shape
    rest = _picture(cv2.resize(other.picture, (w, h)))
    if rng.random() < 0.6:
        at = int(h * rng.uniform(0.3, 0.7))
        picture[at:] = rest[at:]
    else:
        at = int(w * rng.uniform(0.3, 0.7))
        picture[:, at:] = rest[:, at:]
    return picture, (one, other)


def two_up(pages: Sequence[Own], rng: np.random.Generator) -> tuple[Picture, tuple[Own, ...]]:
    """Two sheets in one picture, beside each other or one above the other; either may be read, rightly."""
    one, other = _pick(pages, rng), _pick(pages, rng)
    second = _picture(cv2.resize(other.picture, one.picture.shape[::-1]))
    gap = np.full_like(one.picture, 255)[: int(rng.integers(0, 300))]
    both = [one.picture, gap, second] if rng.random() < 0.5 else [one.picture.T, gap[:, :1].T, second.T]
    if both[1].shape[1] != both[0].shape[1]:
        both.pop(1)
    stacked = np.concatenate(both)
    return np.ascontiguousarray(stacked if both[0] is one.picture else stacked.T), (one, other)


def covered(pages: Sequence[Own], rng: np.random.Generator) -> tuple[Picture, tuple[Own, ...]]:
    """A page under a slip of blank paper, which hides what is written there: nothing of it may be accepted."""
    own = _pick(pages, rng)
    picture = own.picture.copy()
    h, w = picture.shape
    high, wide = int(h * rng.uniform(0.1, 0.5)), int(w * rng.uniform(0.3, 0.9))
    top, left = int(rng.integers(h - high)), int(rng.integers(w - wide))
    picture[top : top + high, left : left + wide] = int(rng.integers(215, 256))
    return picture, (own,)


def other_code(
    pages: Sequence[Own], rng: np.random.Generator, catalogue: Catalogue
) -> tuple[Picture, tuple[Own, ...]]:
    """A page with the QR code of another form, version or side stuck over its own; its serial is still printed."""
    own = _pick(pages, rng)
    form = catalogue.get(own.form)
    others = [
        Identity(
            one.definition.code, one.definition.version, page.page, f"{one.definition.code[:3]}-2005-26-00999"
        )
        for one in catalogue.forms()
        for page in one.layout.pages
        if (one.definition.form, page.page) != (own.form, own.page)
    ]
    code = form.definition.code
    others.append(Identity(code, form.definition.version + 1, own.page, own.serial))
    others.append(Identity(code, form.definition.version, own.page + 5, own.serial))
    others.append(Identity("XYZ-09", 1, own.page, "XYZ-2005-26-00001"))
    picture = own.picture.copy()
    put_code(picture, others[int(rng.integers(len(others)))].qr_text(), QR)
    return picture, (own,)


def put_code(picture: Picture, text: str, box: Box) -> None:
    """Draws a QR code over a box in mm of an upright page at 300 dpi, in place."""
    side = round(box.w * _PX_PER_MM)
    bits = np.array([[0 if dark else 255 for dark in row] for row in segno.make_qr(text, error="m").matrix])
    code = cv2.resize(bits.astype(np.uint8), (side, side), interpolation=cv2.INTER_NEAREST)
    left, top, rim = round(box.x * _PX_PER_MM), round(box.y * _PX_PER_MM), round(2 * _PX_PER_MM)
    picture[top - rim : top + side + rim, left - rim : left + side + rim] = 255
    picture[top : top + side, left : left + side] = code


def noise(_: Sequence[Own], rng: np.random.Generator) -> tuple[Picture, tuple[Own, ...]]:
    """Noise of one kind or another, coarse or fine."""
    h, w = (int(v) for v in rng.integers(200, 3600, 2))
    grain = int(rng.integers(1, 40))
    small = rng.random((max(1, h // grain), max(1, w // grain)), np.float32)
    style = int(rng.integers(4))
    if style == 0:
        small = (small > 0.5).astype(np.float32)
    elif style == 1:
        small = 1 - (small < 0.02).astype(np.float32)
    elif style == 2:
        small = np.cumsum(small - 0.5, axis=0, dtype=np.float32) % 1
    return _picture(cv2.resize(small * 255, (w, h), interpolation=cv2.INTER_NEAREST)), ()


def flat(_: Sequence[Own], rng: np.random.Generator) -> tuple[Picture, tuple[Own, ...]]:
    """One grey all over, of any size, down to a single px."""
    sizes = ((1, 1), (1, 3000), (3000, 1), (2, 2), (7, 7), (600, 400), (3508, 2480), (60, 9000))
    h, w = sizes[int(rng.integers(len(sizes)))]
    return np.full((h, w), int(rng.choice([0, 255, 128, 254, 3])), np.uint8), ()


def _picture(image: object) -> Picture:
    picture: Picture = np.clip(np.asarray(image), 0, 255).astype(np.uint8)
    return picture
