"""A registered page: which page it is, where each mm lies on the image, and how well."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.forms.identity import Identity
from pipeline.forms.layout import FormLayout, PageLayout

_FLAT: Final = 1.005
"""Ratio of areas across a page that a scanner stays below."""


@dataclass(frozen=True, slots=True, eq=False)
class Registration:
    """One page image laid onto its form.

    Attributes:
        layout: the form's layout in the version that was printed.
        identity: what the page says of itself.
        homography: float64 (3, 3), mm of the form to px of the page image as scanned.
        residual_mm: root mean square distance of the found landmarks from where the homography puts them.
        markers: how many of the four markers were found.
        serial_from: `qr` or `print`; "" for a form that others printed, which has none.
    """

    layout: FormLayout
    identity: Identity
    homography: NDArray[np.float64]
    residual_mm: float
    markers: int
    serial_from: str

    @property
    def page(self) -> PageLayout:
        """The layout of this side."""
        return self.layout.pages[self.identity.page - 1]

    @property
    def capture(self) -> str:
        """`given` for a form that others printed; else `photo` where near parts of the sheet are larger than far ones.

        What is neither is a `scan`: glass knows no perspective.
        """
        page = self.page
        if not page.markers:
            return "given"
        corners = np.array([[0, 0], [page.width_mm, 0], [page.width_mm, page.height_mm], [0, page.height_mm]])
        # The area that a mm² covers goes with the third power of the homography's denominator (its Jacobian).
        depth = corners @ self.homography[2, :2] + self.homography[2, 2]
        return "photo" if float((depth.max() / depth.min()) ** 3) > _FLAT else "scan"

    def to_pixels(self, points_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points (..., 2) in mm to px (..., 2) on the page image."""
        homogeneous = points_mm @ self.homography[:, :2].T + self.homography[:, 2]
        return np.asarray(homogeneous[..., :2] / homogeneous[..., 2:])


@dataclass(frozen=True, slots=True)
class Refusal:
    """A page that is set aside: the stable reason code, and what was seen (for the log, in English)."""

    reason: str
    detail: str = ""
