"""Which form of those that others printed a page image shows, and where each mm of it lies."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.forms.identity import Identity
from pipeline.forms.layout import FormLayout, PageLayout
from pipeline.registration.features import Laid, blank_page, lay, page_keypoints
from pipeline.registration.types import Refusal, Registration

_THERE: Final = 0.7
"""Share of a blank's print that must be on the page: right forms show 0.9 and more, others at most 0.3."""
_LEAD: Final = 0.05
_LEAD_TILES: Final = 3
"""By how much the best form must lead, for no answer is better than a wrong one."""
MAX_RESIDUAL_MM: Final = 0.4


class GivenForm(Protocol):
    """What registration needs of a form on a given blank."""

    @property
    def layout(self) -> FormLayout:
        """Where its fields lie."""

    @property
    def blanks(self) -> tuple[bytes, ...]:
        """PNG files of its empty pages; none for a form of our own."""


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    layout: FormLayout
    page: PageLayout
    laid: Laid


def register_given(image: NDArray[np.uint8], forms: Iterable[GivenForm]) -> Registration | Refusal:
    """Which page of which given form a page image shows, in any turn.

    Args:
        image: grey, uint8 (H, W).
        forms: those that may come; forms without blanks are passed over.

    Returns:
        The registered page, its serial "", or why it is set aside: `not_our_form`, `unreadable_identity`
        (two forms are alike) or `residual`.
    """
    keypoints = page_keypoints(image)
    sides = []
    for form in forms:
        for page, blank in zip(form.layout.pages, form.blanks, strict=False):
            size = page.width_mm, page.height_mm
            laid = lay(image, keypoints, blank_page(blank, *size), *size)
            if laid is not None and laid.there >= _THERE:
                sides.append(_Side(form.layout, page, laid))
    if not sides:
        return Refusal("not_our_form", "no blank fits")
    best, *others = sorted(sides, key=lambda side: (-side.laid.there, side.laid.residual_mm))
    for other in others:
        near = (
            other.laid.there > best.laid.there - _LEAD or other.laid.missing < best.laid.missing + _LEAD_TILES
        )
        if near:
            names = f"{best.layout.form} page {best.page.page} and {other.layout.form} page {other.page.page}"
            return Refusal("unreadable_identity", f"{names} fit alike")
    if best.laid.residual_mm > MAX_RESIDUAL_MM:
        return Refusal("residual", f"{best.layout.form}: {best.laid.residual_mm:.2f} mm by its print")
    return Registration(
        layout=best.layout,
        identity=Identity(best.layout.code, best.layout.version, best.page.page, ""),
        homography=best.laid.homography,
        residual_mm=best.laid.residual_mm,
        markers=0,
        serial_from="",
    )
