"""A smooth surface through scattered values: the thin-plate spline, and what each value says of its neighbours.

F. L. Bookstein, Principal Warps: Thin-Plate Splines and the Decomposition of Deformations, IEEE PAMI 11 (1989);
smoothing as in G. Wahba, Spline Models for Observational Data (1990); leaving one out without fitting again as in
S. Rippa, Advances in Computational Mathematics 11 (1999).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.registration.fit import Floats

_UNIT_MM: Final = 100.0
_CLOSE: Final = 1e-12
"""Squared distance, in units, below which two points are one."""


@dataclass(frozen=True, slots=True, eq=False)
class ThinPlate:
    """A smooth function of the page.

    Attributes:
        knots: (N, 2), in units of 100 mm.
        weights: (N,), how much of each knot's kernel is in it.
        trend: (3,), constant and slopes.
        miss: (N,), by how much each value is missed by the surface through all the others.
        inverse: (N + 3, N + 3), of the system that was solved.
    """

    knots: Floats
    weights: Floats
    trend: Floats
    miss: Floats
    inverse: Floats

    def values(self, mm: Floats) -> Floats:
        """The function (N,) at points (N, 2) in mm."""
        points = mm / _UNIT_MM
        kernel = _kernel(_squares(points, self.knots))
        return np.asarray(kernel @ self.weights + self.trend[0] + points @ self.trend[1:])

    def slopes(self, mm: Floats) -> Floats:
        """How fast the function grows to the right and down, (N, 2) a mm."""
        points = mm / _UNIT_MM
        squares = np.maximum(_squares(points, self.knots), _CLOSE)
        pull = (np.log(squares) + 1) * self.weights
        turned = points * pull.sum(axis=1, keepdims=True) - pull @ self.knots
        return np.asarray((turned + self.trend[1:]) / _UNIT_MM)

    def doubts(self, mm: Floats) -> Floats:
        """The standard deviation (N,) of the function at points (N, 2), by how well its values foretell each other.

        The kriging variance of the plate; it grows with the distance from the knots, and beyond the outermost.
        """
        points = mm / _UNIT_MM
        ones = np.ones((len(points), 1))
        row = np.concatenate([_kernel(_squares(points, self.knots)), ones, points], axis=1)
        variance = -np.einsum("ni,ij,nj->n", row, self.inverse, row, optimize=True)
        held = np.diag(self.inverse)[: len(self.knots)]
        return np.asarray(np.sqrt(np.maximum(variance, 0.0) * (self.miss**2 * held).mean()))


def thin_plate(mm: Floats, values: Floats, looseness: NDArray[np.float64]) -> ThinPlate:
    """The thin plate near values (N,) at points (N, 2) in mm, N at least 3 and not on one line.

    Args:
        mm: where the values stand.
        values: what the surface should pass near.
        looseness: (N,), how softly the plate is held at each; 0 holds it fast.
    """
    knots = mm / _UNIT_MM
    n = len(knots)
    system = np.zeros((n + 3, n + 3))
    system[:n, :n] = _kernel(_squares(knots, knots)) + np.diag(looseness)
    system[:n, n] = system[n, :n] = 1.0
    system[:n, n + 1 :] = knots
    system[n + 1 :, :n] = knots.T
    inverse = np.asarray(np.linalg.inv(system), np.float64)
    solution = inverse[:, :n] @ values
    return ThinPlate(knots, solution[:n], solution[n:], solution[:n] / np.diag(inverse)[:n], inverse)


def _squares(points: Floats, knots: Floats) -> Floats:
    """Squared distances (N, M), in units."""
    difference = points[:, None] - knots[None]
    return np.asarray((difference**2).sum(axis=-1))


def _kernel(squares: Floats) -> Floats:
    """r² log r, of squared distances."""
    return np.asarray(0.5 * squares * np.log(np.maximum(squares, _CLOSE)))
