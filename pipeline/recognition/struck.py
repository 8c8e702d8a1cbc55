"""Marks that were struck out: a line runs through the box and on beside it, or it holds more ink than the others."""

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.recognition.marks import Mark, MarkState
from pipeline.recognition.window import FAINT, MARGIN_MM, PX_PER_MM, Floats

_INKED: Final = 0.4
"""Of its darkest, where something is ink."""
_BESIDE_MM: Final = 0.6
"""A line that strikes a box out goes on so far on both sides of it …"""
_UNBROKEN: Final = 0.92
"""… inked along such a share …"""
_FALLS: Final = np.tan(np.radians(np.arange(-12, 13, 3)))
"""… and falls, or rises, no more steeply than these."""
_AROUND_MM: Final = 0.5
"""It is looked for in the box and so far above and below it."""
_MORE: Final = 0.5
"""A mark with so much more ink than most on its page has something over it …"""
_APART: Final = 3.0
"""… unless the page's marks are as unlike as that anyway, in robust standard deviations."""
_FEW: Final = 4
"""With fewer marks a page does not tell how its hand marks."""


def struck_out(
    patches: Floats,
    sizes_mm: NDArray[np.float64],
    judged: Sequence[Mark],
    filled: NDArray[np.bool_] | None = None,
) -> NDArray[np.bool_]:
    """Which boxes (N,) hold a mark that may be struck out.

    Args:
        patches: float32 (N, h, w), brightness without the printed outline, as `window.sample` gives it.
        sizes_mm: float64 (N, 2), width and height of each box.
        judged: what each box shows.
        filled: bool (N,), which are bubbles; they are not looked at.
    """
    out = np.zeros(len(patches), bool)
    bubbles = out if filled is None else filled
    marked = [i for i, mark in enumerate(judged) if mark.state is MarkState.MARKED and not bubbles[i]]
    if not marked:
        return out
    margin = 2 * round(MARGIN_MM * PX_PER_MM)
    inks = []
    for i in marked:
        wide, high = np.round(sizes_mm[i] * PX_PER_MM).astype(int) + margin
        inks.append(1 - patches[i, :high, :wide] > _INKED * max(judged[i].pen, 2 * FAINT))
    out[marked] = [_has_line(ink) for ink in inks]
    if len(marked) >= _FEW:
        amounts = np.array([np.count_nonzero(ink) for ink in inks])
        usual = np.median(amounts)
        apart = 1.4826 * np.median(np.abs(amounts - usual))
        out[marked] |= amounts > usual + max(_MORE * usual, _APART * apart)
    return out


def _has_line(ink: NDArray[np.bool_]) -> bool:
    """Whether a stroke runs through a box and on, from left to right; ink is bool (h, w) with the margin around."""
    margin, beside, around = (round(mm * PX_PER_MM) for mm in (MARGIN_MM, _BESIDE_MM, _AROUND_MM))
    thick = cv2.dilate(ink.astype(np.uint8), np.ones((3, 1), np.uint8))
    thick = thick[:, margin - beside : ink.shape[1] - margin + beside]
    high, wide = thick.shape
    rows, columns = np.arange(margin - around, high - margin + around)[:, None], np.arange(wide)
    for fall in _FALLS:
        at = rows + np.round(np.linspace(-0.5, 0.5, wide) * wide * fall).astype(int)
        if thick[np.clip(at, 0, high - 1), columns].mean(axis=1).max() >= _UNBROKEN:
            return True
    return False
