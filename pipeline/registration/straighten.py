"""The last step of registration: the printed lines have their say, and the residual is told."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.forms.layout import PageLayout
from pipeline.registration.confirm import unconfirmed
from pipeline.registration.fit import FLAT_MM, Fit, Floats, inverse, off_mm, project
from pipeline.registration.follow import followed
from pipeline.registration.outlines import spread
from pipeline.registration.plane import Plane
from pipeline.registration.residual import Controls
from pipeline.registration.structure import REACH_MM, Offsets, contrast_of, correction, measure_offsets

_ENOUGH_SEEN: Final = 4
_SEEN_SHARE: Final = 0.15
"""Landmarks, and share of all, that must show all their lines for lines to count: copiers and 1-bit scans wipe out
light grey ones, and of the few that seem to be left some are strokes of the pen."""
_MAY_BE_LOST: Final = 0.2
"""Share of the landmarks that pen or stain may hide; flat pages lose at most 0.1, bent ones 0.3 and more."""
_CLOSE_MM: Final = 0.5
"""Lines further off than this are measured again after the correction."""
_ROUNDS: Final = 3
_FULL_SET: Final = 4
_FLAT_MM: Final = 0.09
"""Flat scans and photos have a residual of 0.01 to 0.07 mm, pages that curl by half a mm 0.06 to 0.25."""
_HARDLY_MM: Final = 0.25
"""A bend that moves no field further is the noise of a coarse picture, and the flat page is surer."""
_SHARP_MM: Final = 0.17
"""A px of 150 dpi: the bounds of a flat page grow with coarser ones."""
_BESIDE_MM: Final = 0.2
_PLAIN_BLACK: Final = 60.0
"""Grey levels between black and white from which lines that are not seen are wiped out, not drowned in the dark."""
_WIPED_SHARE: Final = 0.6
"""Where fewer landmarks than this are seen, a copier has wiped out pale lines …"""
_MAY_BE_BESIDE: Final = 0.15
"""… and this share of those that are left may be strokes of the pen beside their place; else one landmark may."""
_FLAT_LOSES: Final = 0.1
"""Share of its landmarks that a copied flat page may lose."""
_WRONG_MM: Final = 0.4
_MUST_BE_RIGHT: Final = 0.7
"""Share of a bent page's outlines that must be seen where their neighbours have them; writing hides up to 0.25."""
_ENOUGH_OUTLINES: Final = 12
_HIDDEN_MM: Final = np.array([0.35, 0.5])
"""What is feared of vertical and of horizontal lines on bent paper that are not seen while the others of their outline
are: upright strokes hide the vertical ones now and then. Where both are not seen they are not within reach."""


@dataclass(frozen=True, slots=True, eq=False)
class Straightened:
    """The final plane, its residual in mm, and how that came about (English, for the log).

    `controls` are None where the page lies flat.
    """

    plane: Plane
    residual_mm: float
    detail: str
    controls: Controls | None = None


def straightened(image: NDArray[np.uint8], fit: Fit, page: PageLayout) -> Straightened:
    """A fit corrected by the printed lines of a grey image (H, W); its residual is the worse of both.

    Where the lines say that the paper does not lie flat, it is bent as they say.
    """
    flat, offsets = _flattened(image, fit, page)
    contrast = contrast_of(image, fit.homography, page)
    px_mm = 1 / Plane(fit.homography).px_per_mm(page.width_mm / 2, page.height_mm / 2)
    if _lies_flat(flat, offsets, px_mm, contrast):
        return flat
    bent = _bent(image, fit, page)
    if bent and contrast >= _PLAIN_BLACK and _apart_mm(bent.plane, flat.plane, page) <= _HARDLY_MM:
        return flat
    return bent or replace(flat, controls=_controls(offsets, unconfirmed(image, flat.plane, page)))


def _flattened(image: NDArray[np.uint8], fit: Fit, page: PageLayout) -> tuple[Straightened, Offsets]:
    """The page as a plane, and what its lines say of that."""
    homography, lines_mm = fit.homography, 0.0
    outlines = spread(page)
    for _ in range(_ROUNDS):
        offsets = measure_offsets(image, Plane(homography), outlines, contrast_of(image, homography, page))
        if not _lines_count(offsets):
            return Straightened(Plane(fit.homography), _by_markers_alone(fit), "lines not seen"), offsets
        corrected = correction(homography, fit.landmarks, offsets)
        after = _after(offsets, homography, corrected)
        before, lines_mm = offsets.rms_mm(), after.rms_mm()
        homography = corrected
        if before < _CLOSE_MM:
            break
    if after.lost_share > _MAY_BE_LOST:
        lines_mm = max(lines_mm, REACH_MM)
    markers_mm = off_mm(homography, fit.landmarks)
    detail = f"markers {markers_mm:.2f} mm, lines {lines_mm:.2f} mm, lost {after.lost_share:.0%}"
    return Straightened(Plane(homography), max(markers_mm, lines_mm), detail), after


def _lines_count(offsets: Offsets) -> bool:
    """Whether enough lines are seen, or plainly not in their place, to say how the page lies."""
    enough = max(_ENOUGH_SEEN, _SEEN_SHARE * len(offsets.at))
    return int(offsets.seen.all(axis=1).sum()) >= enough or offsets.lost_share > _MAY_BE_LOST


def _apart_mm(bent: Plane, flat: Plane, page: PageLayout) -> float:
    """How far the two put the middles of the page's fields apart at most, in mm."""
    middles = np.array([[f.box.x + f.box.w / 2, f.box.y + f.box.h / 2] for f in page.fields])
    back = project(inverse(flat.homography), bent.to_pixels(middles))
    return float(np.linalg.norm(back - middles, axis=1).max(initial=0.0))


def _lies_flat(flat: Straightened, offsets: Offsets, px_mm: float, contrast: float) -> bool:
    coarse = max(1.0, px_mm / _SHARP_MM)
    if flat.residual_mm > coarse * _FLAT_MM:
        return False
    if not _lines_count(offsets):
        return contrast >= _PLAIN_BLACK
    beside = (np.abs(np.where(offsets.seen, offsets.off, 0.0)) > coarse * _BESIDE_MM).any(axis=1)
    seen = offsets.seen.any(axis=1)
    if seen.mean() >= _WIPED_SHARE:
        return int((beside | offsets.lost).sum()) <= 1
    return (
        float(beside.sum()) <= max(1.0, _MAY_BE_BESIDE * float(seen.sum()))
        and offsets.lost_share <= _FLAT_LOSES
    )


def _bent(image: NDArray[np.uint8], fit: Fit, page: PageLayout) -> Straightened | None:
    """The page as its lines were followed; None unless most of them agree with those that were left out."""
    found = followed(image, fit, page)
    if found is None or len(found.at) < _ENOUGH_OUTLINES:
        return None
    miss = np.hypot(*found.miss.T)
    seen = np.isfinite(miss)
    right = seen & (miss <= _WRONG_MM)
    if right.mean() < _MUST_BE_RIGHT:
        return None
    kept = np.sort(miss[seen])[: int(np.ceil(0.9 * seen.sum()))]
    residual_mm = float(np.sqrt((kept**2).mean()))
    detail = f"bent, lines {residual_mm:.2f} mm, {right.mean():.0%} right"
    feared = np.hypot(*np.where(np.isnan(found.miss), _HIDDEN_MM, found.miss).T)
    feared[np.isnan(found.miss).all(axis=1) | found.lost] = REACH_MM
    return Straightened(
        found.plane, residual_mm, detail, Controls(found.at, feared, unconfirmed(image, found.plane, page))
    )


def _controls(offsets: Offsets, gone: Floats) -> Controls | None:
    """What the lines of a page that is neither flat nor bent in a way that can be followed say of its parts."""
    told = offsets.seen.all(axis=1) | offsets.lost
    miss = np.where(offsets.lost, REACH_MM, np.hypot(*offsets.off.T))
    return Controls(offsets.at[told], miss[told], gone) if told.any() else None


def _by_markers_alone(fit: Fit) -> float:
    """The residual in mm without lines; four markers tell of the whole page, three when it lies flat.

    Markers are a tenth as far off as the middle of a bent page, so they must stand as on a flat one.
    """
    flat = not fit.homography[2, :2].any()
    known = len(fit.landmarks) >= (_FULL_SET - 1 if flat else _FULL_SET)
    return fit.residual_mm if known and fit.residual_mm < FLAT_MM else REACH_MM


def _after(offsets: Offsets, before: Floats, corrected: Floats) -> Offsets:
    """The same offsets as they are from the corrected homography."""
    seen_at = project(inverse(corrected), project(before, offsets.at + offsets.off))
    return replace(offsets, off=seen_at - offsets.at)
