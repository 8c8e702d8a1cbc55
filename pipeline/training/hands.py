"""Sources of handwriting behind one interface: real pens (UNIPEN), scanned digits (MNIST), open fonts.

Glyphs are normalised so that a capital is 1 high and stands on the baseline y = 0, y pointing down; x = 0 is
the middle of the glyph. UNIPEN (Guyon et al. 1994, CC BY 4.0) gives pen strokes, MNIST and fonts pictures.
"""

import csv
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from pipeline.recognition.alphabet import CHARACTERS

Floats = NDArray[np.float32]
Split = Literal["train", "calibration", "test"]

MNIST_HELD_OUT: Final = 10_000

_SHARES: Final[tuple[tuple[Split, float], ...]] = (("train", 0.70), ("calibration", 0.85), ("test", 1.0))
_SPLIT_SEED: Final = 20261124
_FONT_PX: Final = 72
_SIMPLIFY: Final = 0.012
"""Share of a capital's height that a simplified stroke may stray: 0.06 mm, far below a pen's width."""
_SMALL: Final = "ABDEFGHMNQRTY"
"""Capitals whose small letters look otherwise, and like no other capital: a small l is an I, a small j a J."""
_CAPITAL_LIKE: Final = "()/!?$&#%[]{}|"
"""Symbols about as high as a capital, from which the scale of a writer's symbols is taken."""


@dataclass(frozen=True, slots=True, eq=False)
class Strokes:
    """Pen strokes: points float32 (N, 2) in capital heights; stroke k ends before `ends[k]`."""

    points: Floats
    ends: tuple[int, ...]

    def lines(self) -> tuple[Floats, ...]:
        """Each stroke's points (n, 2)."""
        starts = (0, *self.ends[:-1])
        return tuple(self.points[a:b] for a, b in zip(starts, self.ends, strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class Mask:
    """A picture of a glyph: uint8 (h, w), ink bright; `capital` px high, baseline and middle in px."""

    picture: NDArray[np.uint8]
    capital: float
    baseline: float
    middle: float


Glyph = Strokes | Mask


class Hand(Protocol):
    """One person's (or font's) way of writing."""

    @property
    def id(self) -> str:
        """A stable name such as `unipen:37`."""

    @property
    def characters(self) -> str:
        """Every character that the hand can write."""

    @property
    def weight(self) -> float:
        """How much variety the hand has; for drawing hands at random."""

    def has(self, char: str) -> bool:
        """Whether the hand can write a character."""

    def glyph(self, char: str, rng: np.random.Generator) -> Glyph:
        """One instance of a character.

        Raises:
            KeyError: the hand lacks it.
        """


@dataclass(frozen=True, slots=True, eq=False)
class PenHand:
    """A UNIPEN writer."""

    id: str
    glyphs: Mapping[str, tuple[Strokes, ...]]

    @property
    def characters(self) -> str:
        """See `Hand`."""
        return "".join(self.glyphs)

    @property
    def weight(self) -> float:
        """The square root of the number of glyphs: large hands count more, yet do not rule."""
        return float(np.sqrt(sum(map(len, self.glyphs.values()))))

    def has(self, char: str) -> bool:
        """See `Hand`."""
        return char in self.glyphs

    def glyph(self, char: str, rng: np.random.Generator) -> Strokes:
        """See `Hand`."""
        own = self.glyphs[char]
        return own[int(rng.integers(len(own)))]


@dataclass(frozen=True, slots=True)
class FontHand:
    """A handwriting-like font.

    Attributes:
        small: chance that a capital is written as its small letter, where that is no other character's twin.
    """

    id: str
    path: Path
    characters: str
    weight: float = 1.0
    small: float = 0.0

    def has(self, char: str) -> bool:
        """See `Hand`."""
        return char in self.characters

    def glyph(self, char: str, rng: np.random.Generator) -> Mask:
        """See `Hand`."""
        if not self.has(char):
            raise KeyError(char)
        return font_mask(self.path, char.lower() if char in _SMALL and rng.random() < self.small else char)


@dataclass(frozen=True, slots=True, eq=False)
class ScannedDigits:
    """MNIST's digits, as if one hand had written them all (their writers are unknown)."""

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    by_digit: Mapping[str, NDArray[np.intp]]
    id: str = "mnist"
    characters: str = "0123456789"
    weight: float = 1.0

    def has(self, char: str) -> bool:
        """See `Hand`."""
        return char in self.by_digit

    def glyph(self, char: str, rng: np.random.Generator) -> Mask:
        """See `Hand`; digits are 20 px high in their 28."""
        rows = self.by_digit[char]
        picture = self.images[rows[int(rng.integers(len(rows)))]]
        inked = np.flatnonzero(picture.max(axis=1) > 64)
        return Mask(picture, 20.0, float(inked[-1] + 1) if len(inked) else 24.0, 14.0)


def load_unipen(
    data: Path,
    kinds: Sequence[str] = ("digits", "letters", "symbols"),
    characters: str = CHARACTERS,
    as_labelled: bool = False,
) -> dict[int, PenHand]:
    """UNIPEN writers under their numbers, from `handwriting/unipen_<kind>.npz` of the data folder.

    Labels that a reader doubts were looked at one by one: what is a fragment, several characters or another
    character stands in `wrong_labels.csv` and is left out; the rest stays, however odd.

    Args:
        data: the data folder.
        kinds: which files.
        characters: all others are left out.
        as_labelled: take everything as it is labelled, whatever is known of it.
    """
    files = []
    for kind in kinds:
        wrong = frozenset[int]() if as_labelled else _wrong_labels().get(kind, frozenset())
        with np.load(data / "handwriting" / f"unipen_{kind}.npz") as file:
            files.append(({name: file[name] for name in file.files}, wrong))
    return hands_from(files, characters, "unipen")


def hands_from(
    files: Iterable[tuple[Mapping[str, NDArray[np.generic]], frozenset[int]]], characters: str, source: str
) -> dict[int, PenHand]:
    """Writers under their numbers, from arrays as `unipen_*.npz` hold them.

    Args:
        files: the arrays of each, and which characters to leave out.
        characters: all others are left out.
        source: what the names of the hands begin with.
    """
    found: dict[int, dict[str, list[Strokes]]] = {}
    for arrays, wrong in files:
        for writer, char, strokes in _normalised(arrays, characters, wrong):
            found.setdefault(writer, {}).setdefault(char, []).append(strokes)
    hands = {}
    for writer, glyphs in sorted(found.items()):
        own = {char: tuple(instances) for char, instances in sorted(glyphs.items())}
        hands[writer] = PenHand(f"{source}:{writer}", MappingProxyType(own))
    return hands


def load_mnist(data: Path, split: Split = "train") -> ScannedDigits:
    """MNIST's digits of one split; its last 10,000 images are held out for calibration and test alike."""
    with np.load(data / "handwriting" / "mnist_train.npz") as file:
        images, labels = file["x"], file["y"]
    part = slice(None, -MNIST_HELD_OUT) if split == "train" else slice(-MNIST_HELD_OUT, None)
    images, labels = images[part], labels[part]
    return ScannedDigits(images, labels, {str(d): np.flatnonzero(labels == d) for d in range(10)})


def load_fonts(data: Path, small: float = 0.0) -> tuple[FontHand, ...]:
    """Every font that `fonts/INDEX.tsv` lists and that is there, without the punctuation that it lacks.

    `small` is the chance that a capital is written as its small letter.
    """
    hands = []
    for line in (data / "fonts" / "INDEX.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        name, *_, missing = (*line.split("\t"), "")[:5]
        path = data / "fonts" / name
        if path.is_file():
            characters = "".join(c for c in CHARACTERS if c not in missing)
            hands.append(FontHand(f"font:{path.stem}", path, characters, small=small))
    return tuple(hands)


def split_of(writer: int, seed: int = _SPLIT_SEED) -> Split:
    """The split of a writer by a stable hash of the number, so the same in all files: about 70, 15 and 15 %."""
    digest = hashlib.sha256(f"{seed}:{writer}".encode()).digest()
    share = int.from_bytes(digest[:8], "big") / 2**64
    return next(split for split, end in _SHARES if share < end)


@lru_cache(maxsize=1)
def _wrong_labels() -> Mapping[str, frozenset[int]]:
    """For each file the characters whose label a person found wrong, by their place in the file."""
    found: dict[str, set[int]] = {}
    with (Path(__file__).parent / "wrong_labels.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["file"], set()).add(int(row["index"]))
    return {kind: frozenset(indices) for kind, indices in found.items()}


@lru_cache(maxsize=4096)
def font_mask(path: Path, char: str) -> Mask:
    """A font's picture of one character, its capital H about 50 px high."""
    font = ImageFont.truetype(str(path), _FONT_PX)
    capital = -font.getbbox("H", anchor="ls")[1]
    left, top, right, bottom = font.getbbox(char, anchor="ls")
    pad = 6
    size = (max(1, round(right - left)) + 2 * pad, max(1, round(bottom - top)) + 2 * pad)
    image = Image.new("L", size)
    ImageDraw.Draw(image).text((pad - left, pad - top), char, font=font, fill=255, anchor="ls")
    return Mask(np.asarray(image), float(capital), float(pad - top), size[0] / 2)


def _normalised(
    arrays: Mapping[str, NDArray[np.generic]], characters: str, wrong: frozenset[int]
) -> Iterable[tuple[int, str, Strokes]]:
    points = np.asarray(arrays["points"], np.float32) * np.array([1, -1], np.float32)
    stroke_ends, char_ends = arrays["stroke_end"].tolist(), arrays["char_end"].tolist()
    labels, writers = arrays["label"].tolist(), arrays["writer"].tolist()
    symbols = any(label in _CAPITAL_LIKE for label in labels)
    heights: dict[int, list[float]] = {}
    spans = []
    for i, (label, writer) in enumerate(zip(labels, writers, strict=True)):
        ends = stroke_ends[char_ends[i] : char_ends[i + 1] + 1]
        spans.append(ends)
        own = points[ends[0] : ends[-1], 1]
        if len(own) and (not symbols or label in _CAPITAL_LIKE):
            heights.setdefault(writer, []).append(float(np.ptp(own)))
    scales = {writer: float(np.median(own)) for writer, own in heights.items()}
    for i, (label, writer, ends) in enumerate(zip(labels, writers, spans, strict=True)):
        if label not in characters or i in wrong:
            continue
        lines = [points[a:b] for a, b in pairwise(ends) if b > a]
        if lines:
            yield writer, label, _seated(lines, label, scales.get(writer, 0.0))


_SYMBOLS: Final[Mapping[str, tuple[float, float, float, float]]] = MappingProxyType(
    {
        ".": (0.01, 0.16, 0.08, 0.0),
        ",": (0.15, 0.42, 0.26, 0.18),
        "-": (0.25, 0.65, 0.42, -0.45),
        "/": (0.85, 1.3, 1.1, 0.08),
        "'": (0.15, 0.42, 0.28, -0.75),
    }
)
"""Least, greatest and usual size (the larger side) in capital heights, and where the lowest ink stands."""


def _seated(lines: Sequence[Floats], label: str, scale: float) -> Strokes:
    """Strokes in capital heights, in the middle and where the character belongs on the line."""
    points = np.concatenate(lines)
    low, high = points.min(axis=0), points.max(axis=0)
    extent = float((high - low).max()) if label in _SYMBOLS else float(high[1] - low[1])
    least, greatest, usual, bottom = _SYMBOLS.get(label, (0.75, 1.3, 1.0, 0.0))
    wanted = float(np.clip(extent / scale, least, greatest)) if scale > 0 else usual
    factor = wanted / extent if extent > 0 else 0.0
    # A dash stands by its middle, everything else by its foot.
    foot = float((low[1] + high[1]) / 2 if label == "-" else high[1])
    shift = np.array([(low[0] + high[0]) / 2, foot], np.float32)
    # No capital is wider than this: what exceeds it is a tablet's broken aspect.
    wide = float(high[0] - low[0]) * factor
    stretch = np.array([factor * min(1.0, 1.6 / max(wide, 1e-6)), factor], np.float32)
    seated = [(line - shift) * stretch + np.array([0, bottom], np.float32) for line in lines]
    thin = [_simplified(line) for line in seated]
    ends = np.cumsum([len(line) for line in thin])
    return Strokes(np.concatenate(thin), tuple(int(end) for end in ends))


def _simplified(line: Floats) -> Floats:
    if len(line) < 3:
        return np.repeat(line, 2, axis=0) if len(line) == 1 else line
    kept = np.asarray(cv2.approxPolyDP(np.ascontiguousarray(line), _SIMPLIFY, False), np.float32).reshape(
        -1, 2
    )
    return kept if len(kept) > 1 else np.repeat(kept, 2, axis=0)
