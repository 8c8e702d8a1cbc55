"""Which form of those that others printed a page image shows, and where each mm of it lies."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.forms.catalogue import Form
from pipeline.forms.identity import Identity
from pipeline.forms.layout import FormLayout, PageLayout
from pipeline.registration.features import Laid, blank_page, lay, page_keypoints
from pipeline.registration.fit import Floats
from pipeline.registration.types import Refusal, Registration

_THERE: Final = 0.7
"""Share of a blank's print that must be on the page: right forms show 0.9 and more, others at most 0.3."""
_LEAD: Final = 0.05
_LEAD_TILES: Final = 3
"""By how much the best form must lead, for no answer is better than a wrong one."""
_AROUND, _AROUND_MM = 5, 30.0
"""The tiles nearest to a field, and how near, that tell whether the form is there as well."""
_MOST: Final = 0.5
MAX_RESIDUAL_MM: Final = 0.4
NO_BLANK_FITS: Final = Refusal("not_our_form", "no blank fits")


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    layout: FormLayout
    page: PageLayout
    laid: Laid


def register_given(image: NDArray[np.uint8], forms: Iterable[Form]) -> Registration | Refusal:
    """Which page of which given form a page image shows, in any turn.

    Args:
        image: grey, uint8 (H, W).
        forms: those that may come; forms without blanks are passed over.

    Returns:
        The registered page, its serial "", or why it is set aside: `not_our_form`, `forms_alike` (two forms fit) or
        `residual`. Where versions of a form stand on the same blanks, nothing on paper tells them apart: the newest
        counts.
    """
    given = sorted((form for form in forms if form.blanks), key=lambda form: form.layout.version)
    newest = {(form.layout.form, form.blanks): form for form in given}
    if not newest:
        return NO_BLANK_FITS
    keypoints = page_keypoints(image)
    sides = []
    for form in newest.values():
        for page, blank in zip(form.layout.pages, form.blanks, strict=True):
            size = page.width_mm, page.height_mm
            laid = lay(image, keypoints, blank_page(blank, *size), *size)
            if laid is not None and laid.there >= _THERE:
                sides.append(_Side(form.layout, page, laid))
    if not sides:
        return NO_BLANK_FITS
    best, *others = sorted(sides, key=lambda side: (-side.laid.there, side.laid.residual_mm))
    for other in others:
        near = (
            other.laid.there > best.laid.there - _LEAD or other.laid.missing < best.laid.missing + _LEAD_TILES
        )
        if near:
            return Refusal("forms_alike", f"{_side(best)}, {_side(other)}")
    if best.laid.residual_mm > MAX_RESIDUAL_MM:
        return Refusal("residual", f"{best.layout.form}: {best.laid.residual_mm:.2f} mm by its print")
    return Registration(
        layout=best.layout,
        identity=Identity(best.layout.code, best.layout.version, best.page.page, ""),
        plane=best.laid.plane,
        residual_mm=best.laid.residual_mm,
        markers=0,
        serial_from="",
        controls=replace(best.laid.controls, gone=_changed(best.laid, best.page)),
    )


def _side(side: _Side) -> str:
    return f"{side.layout.form}/{side.page.page}"


def _changed(laid: Laid, page: PageLayout) -> Floats:
    """Middles (M, 2) in mm of fields around which the print is not there: the form was revised, or is torn."""
    boxes = np.array([field.box for field in page.fields], np.float64).reshape(-1, 4)
    middles = boxes[:, :2] + boxes[:, 2:] / 2
    # A tile that lies inside a field is as near as can be.
    beyond = np.maximum(np.abs(laid.tiles - middles[:, None]) - boxes[:, None, 2:] / 2, 0)
    far = np.linalg.norm(beyond, axis=-1)
    nearest = np.argsort(far, axis=1, kind="stable")[:, :_AROUND]
    near = np.take_along_axis(far, nearest, axis=1) <= _AROUND_MM
    missing = (near & ~laid.seen[nearest]).sum(axis=1)
    return np.asarray(middles[missing > _MOST * near.sum(axis=1)])
