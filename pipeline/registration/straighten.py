"""The last step of registration: the printed lines have their say, and the residual is told."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.forms.layout import PageLayout
from pipeline.registration.fit import Fit, Floats, inverse, project, residuals_mm
from pipeline.registration.structure import REACH_MM, Offsets, correction, measure_offsets

_ENOUGH_SEEN: Final = 4
"""Landmarks that must show all their lines for lines to count; in 1-bit scans light grey ones vanish."""
_MAY_BE_LOST: Final = 0.2
"""Share of the landmarks that pen or stain may hide; flat pages lose at most 0.1, bent ones 0.3 and more."""
_CLOSE_MM: Final = 0.5
"""Lines further off than this are measured again after the correction."""
_ROUNDS: Final = 3
_FULL_SET: Final = 4


@dataclass(frozen=True, slots=True, eq=False)
class Straightened:
    """The final homography (3, 3), its residual in mm, and how that came about (English, for the log)."""

    homography: Floats
    residual_mm: float
    detail: str


def straightened(image: NDArray[np.uint8], fit: Fit, page: PageLayout) -> Straightened:
    """A fit corrected by the printed lines of a grey image (H, W); its residual is the worse of both."""
    homography, lines_mm = fit.homography, 0.0
    for _ in range(_ROUNDS):
        offsets = measure_offsets(image, homography, page)
        if offsets.seen.all(axis=1).sum() < _ENOUGH_SEEN and offsets.lost <= _MAY_BE_LOST:
            return Straightened(fit.homography, _by_markers_alone(fit), "lines not seen")
        corrected = correction(homography, fit.landmarks, offsets)
        before, lines_mm = offsets.rms_mm(), _after(offsets, homography, corrected).rms_mm()
        homography = corrected
        if before < _CLOSE_MM:
            break
    if offsets.lost > _MAY_BE_LOST:
        lines_mm = max(lines_mm, REACH_MM)
    markers_mm = float(np.sqrt((residuals_mm(homography, fit.landmarks) ** 2).sum(axis=1).mean()))
    detail = f"markers {markers_mm:.2f} mm, lines {lines_mm:.2f} mm, lost {offsets.lost:.0%}"
    return Straightened(homography, max(markers_mm, lines_mm), detail)


def _by_markers_alone(fit: Fit) -> float:
    """The residual in mm without lines; four markers tell of the whole page, three when it lies flat."""
    flat = not fit.homography[2, :2].any()
    known = len(fit.landmarks) >= (_FULL_SET - 1 if flat else _FULL_SET)
    return fit.residual_mm if known else REACH_MM


def _after(offsets: Offsets, before: Floats, corrected: Floats) -> Offsets:
    """The same offsets as they are from the corrected homography."""
    seen_at = project(inverse(corrected), project(before, offsets.at + offsets.off))
    return replace(offsets, off=seen_at - offsets.at)
