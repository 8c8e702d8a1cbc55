"""A registered page: which page it is, where each mm lies on the image, and how well."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.forms.identity import Identity
from pipeline.forms.layout import Box, FormLayout, PageLayout
from pipeline.registration.plane import Plane
from pipeline.registration.residual import Controls

MAX_FIELD_MM: Final = 0.4
"""Cells are cut with a band of 0.6 mm for their printed lines; beyond it ink of the next cell comes in."""
_FLAT: Final = 1.005
"""Ratio of areas across a page that a scanner stays below."""


@dataclass(frozen=True, slots=True, eq=False)
class Registration:
    """One page image laid onto its form.

    Attributes:
        layout: the form's layout in the version that was printed.
        identity: what the page says of itself.
        plane: mm of the form to px of the page image as scanned.
        residual_mm: root mean square distance of the found landmarks from where the plane, on bent paper their
            neighbours, put them.
        markers: how many of the four markers were found.
        serial_from: `qr` or `print`.
        controls: printed lines that tell how far off each part of a page is; None where it lies flat.
    """

    layout: FormLayout
    identity: Identity
    plane: Plane
    residual_mm: float
    markers: int
    serial_from: str
    controls: Controls | None = None

    @property
    def homography(self) -> NDArray[np.float64]:
        """float64 (3, 3), mm to px of the sheet as if it lay flat."""
        return self.plane.homography

    @property
    def page(self) -> PageLayout:
        """The layout of this side."""
        return self.layout.pages[self.identity.page - 1]

    @property
    def capture(self) -> str:
        """`photo` where near parts of the sheet are larger than far ones, or it is bent, else `scan`.

        Glass knows no perspective and presses paper flat.
        """
        if self.plane.bend is not None:
            return "photo"
        page = self.page
        corners = np.array([[0, 0], [page.width_mm, 0], [page.width_mm, page.height_mm], [0, page.height_mm]])
        # The area that a mm² covers goes with the third power of the homography's denominator (its Jacobian).
        depth = corners @ self.homography[2, :2] + self.homography[2, 2]
        return "photo" if float((depth.max() / depth.min()) ** 3) > _FLAT else "scan"

    def to_pixels(self, points_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points (..., 2) in mm to px (..., 2) on the page image."""
        return self.plane.to_pixels(points_mm)

    def residual_at(self, box: Box) -> float:
        """How far off a box (mm) may be, in mm, by the printed lines around it."""
        return self.residual_mm if self.controls is None else self.controls.residual_at(box, self.plane)

    def is_certain(self, box: Box) -> bool:
        """Whether a field's box (mm) lies so well that it can be read."""
        return self.residual_at(box) <= MAX_FIELD_MM


@dataclass(frozen=True, slots=True)
class Refusal:
    """A page that is set aside: the stable reason code, and what was seen (for the log, in English)."""

    reason: str
    detail: str = ""
