"""How far off a part of a page may be: by the printed lines around it and, on bent paper, by how far those are."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from pipeline.forms.layout import Box
from pipeline.registration.fit import Floats
from pipeline.registration.plane import Plane

_NEAREST: Final = 3
"""Lines that speak for a place: one alone may be a ruler's stroke."""
_EVERY_MM: Final = 8.0
_SIGMAS: Final = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Controls:
    """Printed lines that were measured, and how far each is from where the others have it.

    Attributes:
        at: (N, 2) mm, their places on the form; at least one.
        miss: (N,) mm.
        gone: (M, 2) mm, middles of cells whose lines are not where they were found, or of fields of a blank of
            others whose surroundings are not there.
    """

    at: Floats
    miss: Floats
    gone: Floats

    def residual_at(self, box: Box, plane: Plane) -> float:
        """How far off the worst part of a box is to be feared, in mm."""
        inside = (self.gone >= box[:2]) & (self.gone <= (box.x + box.w, box.y + box.h))
        if inside.all(axis=1).any():
            return math.inf
        points = _points_in(box)
        far = np.linalg.norm(points[:, None] - self.at[None], axis=-1)
        nearest = np.argsort(far, axis=1)[:, :_NEAREST]
        squares = (self.miss[nearest] ** 2).mean(axis=1)
        if plane.bend is not None:
            squares = squares + (_SIGMAS * plane.bend.doubts(points)) ** 2
        return float(np.sqrt(squares.max()))


def _points_in(box: Box) -> Floats:
    across, down = (max(1, int(np.ceil(side / _EVERY_MM))) for side in (box.w, box.h))
    x = box.x + (np.arange(across) + 0.5) * box.w / across
    y = box.y + (np.arange(down) + 0.5) * box.h / down
    return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
