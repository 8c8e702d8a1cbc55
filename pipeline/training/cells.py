"""Training cells: little sheets of combs, written on, scanned, and cut by the code that reads real pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.recognition.alphabet import BLANK, CHARACTERS, CROSSED
from pipeline.recognition.cells import CellInk, isolate
from pipeline.recognition.printed_lines import take_out_lines
from pipeline.recognition.window import MARGIN_MM, PX_PER_MM, sample
from pipeline.registration.plane import Plane
from pipeline.training import degrade
from pipeline.training.between import Between
from pipeline.training.hands import (
    Floats,
    Hand,
    Split,
    load_fonts,
    load_mnist,
    load_unipen,
    split_of,
)
from pipeline.training.ink import closed_four, crossing, habits, lay, rule, with_habits
from pipeline.training.loose import loose_cells
from pipeline.training.others import load_others
from pipeline.training.pen import PenStyle, draw

_DIGITS: Final = "0123456789"
_CAPITALS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_MARKS: Final = ".,-/'"
_KINDS: Final = ((_DIGITS, 0.38), (_CAPITALS, 0.52), (_MARKS, 0.06))
_BLANK_SHARE: Final = 0.06
_CROSSED_SHARE: Final = 0.03
_OVERWRITTEN_SHARE: Final = 0.012
_CROWDED_SHARE: Final = 0.004
_SHOWS_THROUGH: Final = "02345689ABDEGHKMQRSTUWXYZ"
"""Characters that can be seen when another one is written over them."""
_SWALLOWS: Final = {c: c for c in _SHOWS_THROUGH} | {
    "8": "8023569",
    "6": "605",
    "9": "90",
    "B": "BREDS",
    "Q": "QG",
    "W": "WU",
}
"""But for these, in which what is under or over them may be lost."""
_FONT_SHARE: Final = 0.17
_SCANNED_SHARE: Final = 0.14
_OTHERS_SHARE: Final = 0.07
_MIXED_SHARE: Final = 0.5
_MIXED_BY: Final = (-0.3, 1.0)
"""How far hands go towards another one; a little away from it, too."""
_SMALL_SHARE: Final = 0.12
"""Of a font's capitals that have a small letter of another shape."""
_CLOSED_FOURS: Final = 0.05
_ONE_BIT: Final = 0.12
_LOOSE_SHARE: Final = 0.12
"""Sheets whose cells are cut as by others, with what the cut leaves of their lines."""
_LOOSE_PX: Final = (-2, 10)
"""How far beyond its lines such a cell is cut."""
_LOOSE_SCALE: Final = (0.4, 1.0)
"""In what share of the reader's own resolution it was kept."""

_DPI: Final = np.array([300, 200, 240, 400])
_DPI_SHARES: Final = (0.72, 0.14, 0.08, 0.06)
_CELL_MM: Final = (5.5, 6.5)
"""The house's cell; a third of the sheets has other sizes, so that other forms are read as well."""
_GAPS_MM: Final = (1.3, 2.0, 3.3, 5.2, 7.0)
"""Between the rows of cells, as on the house's forms."""
_LABEL_GAP_MM: Final = 5.0
_ROWS: Final = 7
_ROW_COMBS: Final = ((24,), (16, 7), (13, 8), (20, 2), (8, 4, 8), (2, 2, 4, 13), (1, 3, 16, 1))
"""How many cells the combs of a row have."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Whose writing is drawn: each hand with its chance, which sums to 1.

    Attributes:
        mixed: chance that a hand is drawn between it and another one.
    """

    hands: tuple[Hand, ...]
    chances: tuple[float, ...]
    mixed: float = 0.0

    @classmethod
    def of(cls, groups: tuple[tuple[tuple[Hand, ...], float], ...], mixed: float = 0.0) -> "Sources":
        """Groups of hands, each group with its share; within one, hands count by their weight."""
        hands = tuple(hand for group, _ in groups for hand in group)
        chances = []
        for group, share in groups:
            weights = sum(hand.weight for hand in group)
            chances += [share * hand.weight / weights for hand in group]
        total = sum(chances)
        return cls(hands, tuple(chance / total for chance in chances), mixed)

    @classmethod
    def load(cls, data: Path, split: Split, others: Sequence[Path] = ()) -> "Sources":
        """The hands of a split, real pens only; training adds fonts, MNIST and those of the files `others`."""
        writers = load_unipen(data)
        pens = tuple(hand for writer, hand in writers.items() if split_of(writer) == split)
        if split != "train":
            return cls.of(((pens, 1.0),))
        further = tuple(hand for path in others for hand in load_others(path))
        further_share = _OTHERS_SHARE if further else 0.0
        return cls.of(
            (
                (pens, 1 - _FONT_SHARE - _SCANNED_SHARE - further_share),
                (further, further_share),
                (load_fonts(data, _SMALL_SHARE), _FONT_SHARE),
                ((load_mnist(data),), _SCANNED_SHARE),
            ),
            _MIXED_SHARE,
        )

    def hand(self, rng: np.random.Generator) -> Hand:
        """One hand by its chance, or one between two."""
        own = self._one(rng)
        if rng.random() >= self.mixed:
            return own
        return Between(own, self._one(rng), float(rng.uniform(*_MIXED_BY)))

    def _one(self, rng: np.random.Generator) -> Hand:
        return self.hands[int(rng.choice(len(self.hands), p=self.chances))]


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """The cells of one little sheet.

    Attributes:
        patches: float32 (N, h, w), brightness with the paper at 1, as `recognition.window.sample` gives them.
        sizes_mm: float64 (N, 2).
        groups: int64 (N,), the comb of each.
        labels: int64 (N,), classes of `recognition.alphabet`.
    """

    patches: Floats
    sizes_mm: NDArray[np.float64]
    groups: NDArray[np.int64]
    labels: NDArray[np.int64]


def cell_patches(rng: np.random.Generator, sources: Sources) -> Cells:
    """Writes one little sheet of combs (about 80 cells), scans it, and samples its cells."""
    dpi = float(rng.choice(_DPI, p=_DPI_SHARES))
    px = dpi / 25.4
    size = _CELL_MM if rng.random() < 0.67 else (float(rng.uniform(5.5, 6.5)), float(rng.uniform(6.5, 8.0)))
    gaps = rng.choice(_GAPS_MM, _ROWS)
    width, height = max(map(sum, _ROW_COMBS)) * size[0] + 20.0, _ROWS * size[1] + float(gaps.sum()) + 8.0
    page = np.ones((round(height * px), round(width * px)), np.float32)
    grey, stroke = _print_of(rng)
    boxes: list[tuple[float, ...]] = []
    groups: list[int] = []
    labels: list[int] = []
    top = 0.0
    for gap in gaps:
        top += float(gap)
        left = 4.0 + float(rng.random())
        if gap >= _LABEL_GAP_MM and rng.random() < 0.7:
            _label_text(page, rng, left, top, px)
        for count in _ROW_COMBS[int(rng.integers(len(_ROW_COMBS)))]:
            x = left + np.arange(count, dtype=np.float64) * size[0]
            _outline(page, x, top, size, px, grey, stroke)
            labels += _write(page, rng, sources, x, top, size, px)
            boxes += [(corner, top, *size) for corner in x]
            groups += [groups[-1] + 1 if groups else 0] * count
            left = float(x[-1]) + size[0] * (1.5 if rng.random() < 0.5 else 1 + rng.random())
        top += size[1]
    image, homography = _scan(page, px, rng)
    array = np.array(boxes)
    drift = rng.normal(0, 0.07, 2)
    wrong = np.array([[1, 0, drift[0]], [0, 1, drift[1]], [0, 0, 1]])
    patches = sample(image, Plane(homography @ wrong), array)
    return Cells(patches, array[:, 2:], np.array(groups, np.int64), np.array(labels, np.int64))


def draw_cells(
    rng: np.random.Generator, sources: Sources, n: int
) -> tuple[NDArray[np.uint8], Floats, NDArray[np.int64]]:
    """Draws n cells and cleans them as pages are.

    Returns:
        Images uint8 (n, SIZE, SIZE) and places float32 (n, 3) as in `recognition.cells.CellInk`; labels (n,).
    """
    images, places, labels, have = [], [], [], 0
    while have < n:
        cells = cell_patches(rng, sources)
        ink = _cut_by_others(cells, rng) if rng.random() < _LOOSE_SHARE else _cut(cells)
        images.append(ink.images)
        places.append(ink.place)
        labels.append(cells.labels)
        have += len(cells.labels)
    order = rng.permutation(have)[:n]
    return np.concatenate(images)[order], np.concatenate(places)[order], np.concatenate(labels)[order]


def _cut(cells: Cells) -> CellInk:
    clean = take_out_lines(cells.patches, cells.sizes_mm, cells.groups)
    return isolate(clean, cells.sizes_mm, np.append(cells.groups[1:] == cells.groups[:-1], False))


def _cut_by_others(cells: Cells, rng: np.random.Generator) -> CellInk:
    """The ink of the cells when nobody tells where their lines are."""
    edge = round(MARGIN_MM * PX_PER_MM) - int(rng.integers(*_LOOSE_PX))
    width, height = np.round(cells.sizes_mm[0] * PX_PER_MM).astype(int) + 2 * round(MARGIN_MM * PX_PER_MM)
    cut = degrade.to_bytes(cells.patches[:, edge : height - edge, edge : width - edge])
    scale = float(rng.uniform(*_LOOSE_SCALE))
    small = [cv2.resize(cell, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) for cell in cut]
    return loose_cells(np.asarray(small, np.uint8))


def _print_of(rng: np.random.Generator) -> tuple[float, float]:
    """Brightness and width in mm of the printed lines: as designed, photocopied dark, or nearly gone."""
    way = rng.random()
    if way < 0.75:
        return float(rng.uniform(0.6, 0.85)), float(rng.uniform(0.15, 0.35))
    if way < 0.9:
        return float(rng.uniform(0.1, 0.5)), float(rng.uniform(0.2, 0.4))
    return float(rng.uniform(0.9, 1.0)), 0.2


def _outline(
    page: Floats,
    x: NDArray[np.float64],
    top: float,
    size: tuple[float, float],
    px: float,
    grey: float,
    stroke: float,
) -> None:
    half = stroke / 2
    ends = (x[0] - half) * px, (x[-1] + size[0] + half) * px
    for y in (top, top + size[1]):
        rule(page, ends[0], (y - half) * px, ends[1], (y + half) * px, grey)
    first, last = int(ends[0]), int(ends[1]) + 1
    at, columns = np.append(x, x[-1] + size[0])[:, None] * px, np.arange(first, last)
    cover = np.minimum(columns + 1, at + half * px) - np.maximum(columns, at - half * px)
    through = 1 - (1 - grey) * np.clip(cover, 0, 1).sum(axis=0)
    page[int((top + half) * px) : int((top + size[1]) * px), first:last] *= through.astype(np.float32)


def _write(
    page: Floats,
    rng: np.random.Generator,
    sources: Sources,
    x: NDArray[np.float64],
    top: float,
    size: tuple[float, float],
    px: float,
) -> list[int]:
    """Writes into the cells of one comb with one hand and pen; the classes written."""
    hand = sources.hand(rng)
    kinds = [("".join(c for c in kind if hand.has(c)), share) for kind, share in _KINDS]
    shares = np.array([share if kind else 0.0 for kind, share in kinds])
    # Marks mix with everything; digits and capitals seldom stand in one comb.
    main = int(rng.choice(3, p=shares / shares.sum()))
    tall = float(rng.uniform(3.0, min(6.3, 0.92 * size[1])))
    base = float(np.clip((size[1] + tall) / 2 + rng.normal(0, 0.35), tall * 0.9, size[1] + 0.5))
    style, added = PenStyle.sample(rng).varied(rng).for_height(tall), habits(rng)
    closes = rng.random() < _CLOSED_FOURS
    sloppy = float(rng.choice([0.2, 0.4, 0.65], p=[0.5, 0.38, 0.12]))
    widest = size[0] * float(rng.uniform(0.72, 1.08))
    labels = []
    for left in x:
        if rng.random() < _BLANK_SHARE:
            labels.append(BLANK)
            continue
        which = main if rng.random() < 0.9 else int(rng.choice(3, p=shares / shares.sum()))
        char = kinds[which][0][int(rng.integers(len(kinds[which][0])))]
        glyph = with_habits(hand.glyph(char, rng), added.get(char, ()), rng)
        if closes and char == "4":
            glyph = closed_four(glyph, rng)
        # Small marks are put down with less care than letters.
        at_x = (left + size[0] / 2 + rng.normal(0, sloppy * (1.4 if char in _MARKS else 0.8))) * px
        at_y = (top + base + rng.normal(0, 0.5 * sloppy)) * px
        x_px, y_px = int(at_x), int(at_y)
        shift = (at_x - x_px, at_y - y_px)
        drawn = draw(glyph, px, tall, style, rng, widest_mm=widest, shift_px=shift)
        lay(page, drawn, x_px, y_px, style.darkness)
        label = CHARACTERS.index(char)
        way = rng.random()
        if way < _CROSSED_SHARE:
            high = tall if rng.random() < 0.6 else size[1] * 0.9
            drawn = draw(crossing(rng), px, high, style, rng, widest_mm=size[0] * 1.05)
            lay(page, drawn, x_px, y_px, style.darkness)
            label = CROSSED
        elif way < _CROSSED_SHARE + _OVERWRITTEN_SHARE + _CROWDED_SHARE and char in _SHOWS_THROUGH:
            other = kinds[which][0][int(rng.integers(len(kinds[which][0])))]
            over = way < _CROSSED_SHARE + _OVERWRITTEN_SHARE
            hidden = char in _SWALLOWS.get(other, "") or other in _SWALLOWS.get(char, "")
            if other in _SHOWS_THROUGH and not hidden:
                aside = int((rng.normal(0, 0.3) if over else rng.choice([-1, 1]) * size[0] / 3.4) * px)
                room = widest if over else widest / 2
                drawn = draw(hand.glyph(other, rng), px, tall, style, rng, widest_mm=room)
                lay(page, drawn, x_px + aside, y_px, style.darkness)
                label = CROSSED
        labels.append(label)
    return labels


def _label_text(page: Floats, rng: np.random.Generator, left: float, top: float, px: float) -> None:
    """Prints small type above a comb; its feet reach into the cells' margin."""
    text = "".join(rng.choice(list("abdefghijklmnoprstuy "), 14))
    foot = round((top - float(rng.uniform(1.2, 1.9))) * px)
    rise = min(foot, round(2.6 * px))
    strip = page[foot - rise : foot + round(px), round(left * px) : round((left + 40) * px)]
    print_ = np.full(strip.shape, 255, np.uint8)
    at, thick = (0, rise), max(1, round(0.2 * px))
    cv2.putText(print_, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.068 * px, 20, thick, cv2.LINE_AA)
    strip *= print_ * np.float32(1 / 255)


def _scan(page: Floats, px: float, rng: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """A scanner's picture of the sheet and the homography from mm to its px."""
    if rng.random() < 0.12:
        behind = degrade.soften(page[:, ::-1], 1.2)
        page *= 1 - np.float32(rng.uniform(0.05, 0.2)) * (1 - behind)
    if rng.random() < 0.3:
        degrade.specks(page, int(rng.poisson(page.size / 30000)), rng, most_px=0.5 * px)
    page = degrade.soften(page, float(rng.uniform(0, 0.16)) * px / 2)
    homography = np.array([[px, 0, -0.5], [0, px, -0.5], [0, 0, 1.0]])
    if rng.random() < 0.7:
        page, homography = _skewed(page, homography, rng)
    white, black = float(rng.uniform(0.8, 1.02)), float(rng.uniform(0.0, 0.15))
    page *= np.float32(white - black)
    page += np.float32(black)
    if rng.random() < 0.35:
        degrade.uneven_light(page, float(rng.uniform(0.05, 0.3)), rng)
    degrade.add_noise(page, float(rng.choice([0.006, 0.02, 0.04], p=[0.5, 0.35, 0.15])), rng)
    image = degrade.to_bytes(page)
    if rng.random() < _ONE_BIT:
        # Ink must survive a threshold: an office that scans in 1 bit has set it so.
        image = degrade.one_bit(image, int(255 * (black + (white - black) * rng.uniform(0.5, 0.8))))
    elif rng.random() < 0.7:
        image = degrade.jpeg(image, int(rng.integers(55, 95)))
    return image, homography


def _skewed(
    page: Floats, homography: NDArray[np.float64], rng: np.random.Generator
) -> tuple[Floats, NDArray[np.float64]]:
    """The page turned by up to 2° and stretched by up to 1 %."""
    h, w = page.shape
    angle = float(np.clip(rng.normal(0, 0.8), -2, 2))
    turn = np.vstack([cv2.getRotationMatrix2D((w / 2, h / 2), angle, 1.0), [0, 0, 1]])
    stretch = np.diag([1 + rng.normal(0, 0.004), 1 + rng.normal(0, 0.004), 1.0])
    matrix = turn @ stretch
    turned = cv2.warpAffine(page, matrix[:2], (w, h), flags=cv2.INTER_LINEAR, borderValue=1.0)
    return np.asarray(turned, np.float32), matrix @ homography
