"""Paper that does not lie flat: its printed lines are followed outward from the markers, each telling the next.

A curled or folded page is off by many mm in its middle, more than lines stand apart, so a line cannot be looked
for there without knowing its neighbours. Round by round the outlines next to known ones are measured where a
thin plate through the known ones expects them, and believed only when they lie near that. At the end every
outline is measured anew, and those that their neighbours contradict are left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.forms.layout import PageLayout
from pipeline.registration.fit import Fit, Floats, residuals_mm
from pipeline.registration.outlines import Outline, all_pieces
from pipeline.registration.plane import Bend, Plane
from pipeline.registration.spline import ThinPlate, thin_plate
from pipeline.registration.structure import contrast_of, measure_offsets

_STRIDES_MM: Final = (16.0, 25.0, 40.0, 60.0)
"""How far from what is known lines are looked for: the shortest that finds any, so that a step is never blind."""
_TRUST_MM: Final = 0.3
"""By how much a line may miss its expected place, and …"""
_TRUST_SLOPE: Final = 0.025
"""… by how much more for each mm from the nearest that is known: half a comb's pitch lies far beyond."""
_WRONG_MM: Final = 0.4
"""A line that its neighbours miss by more than this is something else, or the paper is creased there."""
_LOOSE: Final = 1e-3
"""Lines are measured to 0.05 mm; the plate gives way by as much within about 5 mm."""
_ROUNDS: Final = 60
_SETTLE: Final = 3


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """A page whose lines were followed.

    Attributes:
        plane: where each mm lies.
        at: (N, 2) mm, the middle of each outline.
        miss: (N, 2) mm, how far its vertical and its horizontal lines lie from where all the others have them;
            NaN where not seen.
        lost: bool (N,), whether one pair of lines is plain to see and the other not where it must be.
    """

    plane: Plane
    at: Floats
    miss: Floats
    lost: NDArray[np.bool_]


def followed(image: NDArray[np.uint8], fit: Fit, page: PageLayout) -> Followed | None:
    """The bend of a page on a grey image (H, W), from the markers of a fit on; None where there is no way.

    Whether it can be trusted is for the caller to judge by what was missed.
    """
    outlines = all_pieces(page)
    if not outlines:
        return None
    tracks = _Tracks(image, fit, page, outlines)
    for _ in range(_SETTLE):
        tracks.grow()
        tracks.settle()
    return tracks.found()


class _Tracks:
    """The state of following: what is known so far of each outline."""

    def __init__(
        self, image: NDArray[np.uint8], fit: Fit, page: PageLayout, outlines: Sequence[Outline]
    ) -> None:
        self._image, self._homography, self._outlines = image, fit.homography, outlines
        self._contrast = contrast_of(image, fit.homography, page)
        self._corners = np.concatenate([landmark.mm for landmark in fit.landmarks])
        self._corner_shifts = residuals_mm(fit.homography, fit.landmarks)
        self.at = np.stack([outline.middle for outline in outlines])
        self.shifts = np.zeros((len(outlines), 2))
        self.known = np.zeros((len(outlines), 2), bool)
        self.miss = np.full((len(outlines), 2), np.nan)
        self.lost = np.zeros(len(outlines), bool)
        self.bend = self._fitted()

    def grow(self) -> None:
        """Measures outlines nearer and nearer to the middle, until no further ones are found."""
        for _ in range(_ROUNDS):
            if not any(self._step(stride) for stride in _STRIDES_MM):
                return
            self.bend = self._fitted()

    def settle(self) -> None:
        """Measures all lines anew by all others, and leaves out those that the others contradict."""
        self._measure(np.arange(len(self.at)), _TRUST_MM + _TRUST_SLOPE * self._far())
        self.bend = self._fitted()
        while (self.known & (self.miss > _WRONG_MM)).any():
            worst = np.unravel_index(np.argmax(np.where(self.known, self.miss, 0.0)), self.miss.shape)
            self.known[worst] = False
            self.bend = self._fitted()

    def found(self) -> Followed:
        return Followed(Plane(self._homography, self.bend), self.at, self.miss, self.lost)

    def _far(self) -> Floats:
        """How far each outline is from the nearest that is known, in mm."""
        sure = np.concatenate([self._corners, self.at[self.known.all(axis=1)]])
        return np.asarray(np.linalg.norm(self.at[:, None] - sure[None], axis=-1).min(axis=1))

    def _step(self, stride_mm: float) -> bool:
        """Looks for lines within a stride of what is known; whether one was found."""
        far = self._far()
        which = np.flatnonzero((far <= stride_mm) & ~self.known.any(axis=1))
        if not len(which):
            return False
        self._measure(which, _TRUST_MM + _TRUST_SLOPE * far[which])
        return bool(self.known[which].any())

    def _measure(self, which: NDArray[np.intp], trust_mm: Floats) -> None:
        offsets = measure_offsets(
            self._image,
            Plane(self._homography, self.bend),
            [self._outlines[i] for i in which],
            self._contrast,
        )
        self.shifts[which] = self.bend.shifts(self.at[which]) + offsets.off
        self.miss[which] = np.nan
        self.lost[which] = offsets.lost
        self.known[which] = offsets.seen & (np.abs(offsets.off) < trust_mm[:, None])

    def _fitted(self) -> Bend:
        """The bend through what is known; tells of each known line how far the others miss it."""
        plates: list[ThinPlate] = []
        for axis in (0, 1):
            known = self.known[:, axis]
            at = np.concatenate([self._corners, self.at[known]])
            values = np.concatenate([self._corner_shifts[:, axis], self.shifts[known, axis]])
            plate = thin_plate(at, values, np.where(np.arange(len(at)) < len(self._corners), 2e-4, _LOOSE))
            self.miss[known, axis] = np.abs(plate.miss[len(self._corners) :])
            plates.append(plate)
        return Bend(*plates)
