"""Small questions about boxes in mm."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from pipeline.forms.layout import Box

T = TypeVar("T")


def right(box: Box) -> float:
    """The right edge."""
    return box.x + box.w


def bottom(box: Box) -> float:
    """The bottom edge."""
    return box.y + box.h


def middle(box: Box) -> tuple[float, float]:
    """The middle, x and y."""
    return box.x + box.w / 2, box.y + box.h / 2


def overlap(first: Box, second: Box) -> float:
    """The common area in mm²."""
    x, y, w, h = first
    other_x, other_y, other_w, other_h = second
    across = (x + w if x + w < other_x + other_w else other_x + other_w) - (x if x > other_x else other_x)
    if across <= 0:
        return 0.0
    down = (y + h if y + h < other_y + other_h else other_y + other_h) - (y if y > other_y else other_y)
    return across * down if down > 0 else 0.0


def share_inside(inner: Box, outer: Box) -> float:
    """Which share of `inner` lies in `outer`, 0..1."""
    area = inner.w * inner.h
    return overlap(inner, outer) / area if area else 0.0


def same_row(first: Box, second: Box) -> bool:
    """Whether the lower of two boxes has its middle between top and bottom of the higher one."""
    low, high = sorted((first, second), key=lambda box: box.h)
    return high.y <= middle(low)[1] <= bottom(high)


def alike(first: Box, second: Box, tolerance: float) -> bool:
    """Whether two boxes have one size, up to a share of it."""
    return abs(first.w - second.w) <= tolerance * max(first.w, second.w) and abs(
        first.h - second.h
    ) <= tolerance * max(first.h, second.h)


def clusters(items: Sequence[T], key: Callable[[T], float], reach: float) -> list[list[T]]:
    """Items whose keys follow each other within `reach`, sorted by key."""
    found: list[list[T]] = []
    for item in sorted(items, key=key):
        if found and key(item) - key(found[-1][-1]) <= reach:
            found[-1].append(item)
        else:
            found.append([item])
    return found
