"""The last step of registration: the printed lines have their say, and the residual is told."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.forms.layout import PageLayout
from pipeline.registration.fit import Fit, Floats, project, residuals_mm
from pipeline.registration.structure import Offsets, correction, measure_offsets

_ENOUGH_SEEN: Final = 0.25
"""Share of the lines that must be seen for them to count; in 1-bit scans light grey lines vanish altogether."""
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
    """A fit corrected by the printed lines of a grey image (H, W); the worse of markers and lines is its residual."""
    homography = fit.homography
    for _ in range(_ROUNDS):
        offsets = measure_offsets(image, homography, page)
        if offsets.share_seen < _ENOUGH_SEEN:
            return _by_markers_alone(fit, offsets)
        corrected = correction(homography, fit.landmarks, offsets)
        left = _after(offsets, homography, corrected)
        moved = offsets.rms_mm()
        homography = corrected
        if moved < _CLOSE_MM:
            break
    at_markers = float(np.sqrt((residuals_mm(homography, fit.landmarks) ** 2).sum(axis=1).mean()))
    detail = f"markers {at_markers:.2f}, lines {left.rms_mm():.2f} of {left.share_seen:.0%}"
    return Straightened(homography, max(at_markers, left.rms_mm()), detail)


def _by_markers_alone(fit: Fit, offsets: Offsets) -> Straightened:
    """Without lines, fewer markers than four give a residual that says nothing of the far side of the page."""
    detail = f"{len(fit.landmarks)} markers {fit.residual_mm:.2f}, lines not seen ({offsets.share_seen:.0%})"
    return Straightened(fit.homography, fit.residual_mm, detail)


def _after(offsets: Offsets, before: Floats, corrected: Floats) -> Offsets:
    """The same offsets as they are from the corrected homography."""
    seen_at = project(np.linalg.inv(corrected), project(before, offsets.at + offsets.off))
    return replace(offsets, off=seen_at - offsets.at)
