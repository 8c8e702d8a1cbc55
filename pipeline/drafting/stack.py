"""The outline that many equal boxes show together though none shows it alone: averaged, their grain goes and it stays.

The mean of n pictures has 1/√n of their grain, and what both halves of them show is none (as in electron microscopy of
regular arrangements: Saxton and Baumeister, J. Microscopy 127, 1982).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.drafting.types import PX, Grey

Floats = NDArray[np.float64]

_DEEP: Final = 16.0
"""What is darker than its paper by more counts no more: characters and marks must not outweigh outlines."""
_STROKE: Final = 0.45
"""Paper lies so far inside and outside of the middle of an outline, mm."""
_FAINTEST: Final = 0.4
"""An outline is darker than the paper on both sides by at least so much in the mean, grey levels of 255."""
_BOTH: Final = 0.4
"""Each half of the pictures must show this share of what all show."""
_CENTRED: Final = 0.15
"""Characters stand at most this share of a box's side beside its middle."""
_ASPECT: Final = 1.9
_SECTORS: Final = 8
_OPEN: Final = 1
"""An outline may be hidden in so many of its eight parts."""
_TURNS: Final = np.linspace(0, 2 * np.pi, 64, endpoint=False)


@dataclass(frozen=True, slots=True)
class Outline:
    """A box around a character: its middle beside the character's and its size, px.

    Attributes:
        contrast: how much darker than the paper it is, grey levels.
    """

    x: float
    y: float
    w: float
    h: float
    round: bool
    contrast: float


def stacked(grey: Grey, middles: Iterable[tuple[float, float]], reach: tuple[int, int]) -> Floats:
    """How dark the surroundings of each place are (n, 2 reach + 1 down, 2 reach + 1 across), 0 being their paper."""
    size = 2 * reach[0] + 1, 2 * reach[1] + 1
    pictures = []
    for x, y in middles:
        picture = cv2.getRectSubPix(grey, size, (x, y)).astype(np.float64)
        paper = float(np.percentile(picture, 80))
        pictures.append(np.clip(paper - picture, -_DEEP / 4, _DEEP))
    return np.asarray(pictures).reshape(-1, size[1], size[0])


def shared_outline(
    pictures: Floats, character: tuple[float, float], room: tuple[float, float]
) -> Outline | None:
    """The box that pictures (n, H, W) share around a character in their middle; None where they show none.

    Args:
        pictures: what `stacked` gives.
        character: width and height of what stands inside, px.
        room: the largest width and height, px: from there on it would be a neighbour's.
    """
    mean = pictures.mean(axis=0)
    across, down = (_sides(mean, axis, character, room) for axis in (0, 1))
    if across is None or down is None:
        return None
    (left, right), (top, bottom) = across, down
    w, h = right - left, bottom - top
    if max(w, h) > _ASPECT * min(w, h):
        return None
    both = [
        Outline((left + right) / 2, (top + bottom) / 2, w, h, is_round, 0.0) for is_round in (False, True)
    ]
    scores = [float(shown(mean, one).mean()) for one in both]
    best = both[int(np.argmax(scores))]
    outline = Outline(best.x, best.y, best.w, best.h, best.round, max(scores))
    return outline if is_shown(pictures, outline) else None


def is_shown(pictures: Floats, outline: Outline) -> bool:
    """Whether pictures (n, H, W), and each half of them, show an outline on nearly all sides."""
    whole = shown(pictures.mean(axis=0), outline)
    if whole.mean() < _FAINTEST or (whole <= 0).sum() > _OPEN:
        return False
    halves = [
        shown(half.mean(axis=0), outline).mean() for half in (pictures[::2], pictures[1::2]) if len(half)
    ]
    return bool(min(halves) >= _BOTH * whole.mean())


def shown(mean: Floats, outline: Outline) -> Floats:
    """How much darker each eighth of an outline is than the paper inside and outside of it."""
    lines = [_along(mean, outline, way * _STROKE * PX) for way in (-1, 0, 1)]
    points = lines[1] - (lines[0] + lines[2]) / 2
    return np.asarray(points.reshape(_SECTORS, -1).mean(axis=1))


def _along(mean: Floats, outline: Outline, grown: float) -> Floats:
    """The darkness along an outline grown by so many px."""
    cos, sin = np.cos(_TURNS), np.sin(_TURNS)
    far = 1.0 if outline.round else 1.0 / np.maximum(np.abs(cos), np.abs(sin))
    height, width = mean.shape
    xs = width // 2 + outline.x + (outline.w / 2 + grown) * cos * far
    ys = height // 2 + outline.y + (outline.h / 2 + grown) * sin * far
    places = (xs.astype(np.float32)[None], ys.astype(np.float32)[None])
    found = cv2.remap(mean.astype(np.float32), *places, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found[0], np.float64)


def _sides(
    mean: Floats, axis: int, character: Sequence[float], room: Sequence[float]
) -> tuple[float, float] | None:
    """Where the two sides across an axis lie beside the middle, px: the two lines that stand out most together."""
    middle = mean.shape[axis] // 2
    band = slice(round(middle - character[1 - axis] / 3), round(middle + character[1 - axis] / 3) + 1)
    profile = (mean[band] if axis == 0 else mean[:, band].T).mean(axis=0)
    step = round(_STROKE * PX)
    middle, along = len(profile) // 2, np.arange(step, len(profile) - step)
    ridge = np.full(len(profile), -np.inf)
    ridge[along] = profile[along] - (profile[along - step] + profile[along + step]) / 2
    nearest, furthest = character[axis] / 2 + step / 2, room[axis] / 2
    ways = np.arange(len(profile)) - middle
    before = np.flatnonzero((-ways >= nearest) & (-ways <= furthest * (1 + _CENTRED)) & (ridge > 0))
    after = np.flatnonzero((ways >= nearest) & (ways <= furthest * (1 + _CENTRED)) & (ridge > 0))
    pairs = [
        (min(ridge[one], ridge[other]), ways[one], ways[other])
        for one in before
        for other in after
        if ways[other] - ways[one] <= room[axis]
        and abs(ways[one] + ways[other]) <= 2 * _CENTRED * (ways[other] - ways[one])
    ]
    if not pairs:
        return None
    _, one, other = max(pairs)
    return float(one), float(other)
