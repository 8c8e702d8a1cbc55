"""Where each mm of a page lies on its image: a homography, and the bend of paper that does not lie flat."""

from dataclasses import dataclass

import numpy as np

from pipeline.registration.fit import Floats, project
from pipeline.registration.spline import ThinPlate


@dataclass(frozen=True, slots=True, eq=False)
class Bend:
    """How far a bent page's points lie from where a flat one's would, to the right and down, in mm."""

    right: ThinPlate
    down: ThinPlate

    def shifts(self, mm: Floats) -> Floats:
        """The shift (N, 2) in mm of points (N, 2) in mm."""
        return np.stack([self.right.values(mm), self.down.values(mm)], axis=-1)

    def slopes(self, mm: Floats) -> Floats:
        """How the shift changes around points (N, 2): (N, 2, 2), rows are right and down, columns x and y."""
        return np.stack([self.right.slopes(mm), self.down.slopes(mm)], axis=-2)

    def doubts(self, mm: Floats) -> Floats:
        """The standard deviation (N,) of the shift of points (N, 2), in mm."""
        return np.asarray(np.hypot(self.right.doubts(mm), self.down.doubts(mm)))


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """The way from mm of the form to px of the page image.

    Attributes:
        homography: float64 (3, 3), for the sheet as if it lay flat.
        bend: what the paper's curl adds, in mm before the homography; None where it lies flat.
    """

    homography: Floats
    bend: Bend | None = None

    def to_pixels(self, mm: Floats) -> Floats:
        """Points (..., 2) in mm to px (..., 2)."""
        if self.bend is None:
            return project(self.homography, mm)
        flat = mm.reshape(-1, 2)
        return project(self.homography, flat + self.bend.shifts(flat)).reshape(mm.shape)

    def near(self, mm: Floats, at: Floats) -> Floats:
        """Points (N, M, 2) in mm to px, each row of them by the affine map that holds around `at` (N, 2)."""
        if self.bend is None:
            return project(self.homography, mm)
        centre, jacobian = self.frames(at)
        return np.asarray(centre[:, None] + (mm - at[:, None]) @ jacobian.transpose(0, 2, 1))

    def frames(self, at: Floats) -> tuple[Floats, Floats]:
        """The affine maps that hold around points (N, 2) in mm: where they lie, (N, 2) in px, and Jacobians.

        Jacobians are (N, 2, 2), px a mm; rows are x and y of the image. Within a cell they are exact to far
        less than a px.
        """
        m = self.homography
        lies = at if self.bend is None else at + self.bend.shifts(at)
        depth = lies @ m[2, :2] + m[2, 2]
        centre = (lies @ m[:2, :2].T + m[:2, 2]) / depth[:, None]
        jacobian = (m[None, :2, :2] - centre[:, :, None] * m[None, 2:, :2]) / depth[:, None, None]
        if self.bend is not None:
            jacobian = jacobian @ (np.eye(2) + self.bend.slopes(at))
        return centre, jacobian

    def px_per_mm(self, x: float, y: float) -> float:
        """How many px a mm takes up around a point in mm, by the area that it covers."""
        _, jacobian = self.frames(np.array([[x, y]]))
        return float(np.sqrt(abs(np.linalg.det(jacobian[0]))))
