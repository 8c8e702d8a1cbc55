"""Paper that does not lie flat before a camera: curled, folded, wavy; where each mm of it comes to lie.

Paper bends without stretching, so it is a surface ruled by straight lines: along one direction nothing changes,
across it a profile goes up and down, and lengths along the profile stay what they are on the sheet.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.training.degrade import Picture, as_picture

Points = NDArray[np.float64]

_PROFILES: Final[Mapping[str, Callable[[Points], Points]]] = {
    "curl": lambda t: t,
    "fold": lambda t: np.sign(t - 0.07),
    "thirds": lambda t: np.where(np.abs(t) < 1 / 3, 1.0, -1.0),
    "bow": lambda t: np.sin(np.pi * t) * np.abs(t),
    "wave": lambda t: np.cos(2 * np.pi * t),
    "corner": lambda t: np.maximum(t - 0.4, 0.0),
}
"""The slope of the surface across the sheet, from -1 at one edge to 1 at the other, up to a factor."""

BENDS: Final = tuple(_PROFILES)
_STEPS: Final = 400
_GRID_PX: Final = 16
_ROUNDS: Final = 25


@dataclass(frozen=True, slots=True)
class Bend:
    """One way in which a sheet does not lie flat.

    Attributes:
        kind: one of `BENDS`.
        off_mm: how far the point that is worst off lies from where the flattest view of the sheet has it.
        angle: of the lines that stay straight, degrees from the upright.
        camera_mm: from the camera to the sheet.
        size_mm: width and height of the sheet.
    """

    kind: str
    off_mm: float
    angle: float = 0.0
    camera_mm: float = 450.0
    size_mm: tuple[float, float] = (210.0, 297.0)

    def places(self, mm: Points) -> Points:
        """Where points (N, 2) of the sheet are seen, in mm of a flat sheet whose four corners lie the same."""
        factor = self._factor()
        return self._seen(mm, factor)

    def _factor(self) -> float:
        """The slope at which the worst point is `off_mm` off, by bisection; at most 45 degrees."""
        grid = np.stack(np.meshgrid(*(np.linspace(0, side, 12) for side in self.size_mm)), -1).reshape(-1, 2)
        low, high = 0.0, 0.8
        for _ in range(_ROUNDS):
            middle = (low + high) / 2
            worst = np.linalg.norm(self._seen(grid, middle) - grid, axis=1).max()
            low, high = (middle, high) if worst < self.off_mm else (low, middle)
        return low

    def _seen(self, mm: Points, factor: float) -> Points:
        width, height = self.size_mm
        corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
        seen = self._projected(np.concatenate([corners, mm]), factor)
        matrix = cv2.getPerspectiveTransform(seen[:4].astype(np.float32), corners.astype(np.float32))
        back = cv2.perspectiveTransform(seen[None, 4:], matrix.astype(np.float64))[0]
        return np.asarray(back, np.float64)

    def _projected(self, mm: Points, factor: float) -> Points:
        """Points of the bent sheet through a pinhole above its middle."""
        turn = np.radians(self.angle)
        across = np.array([np.cos(turn), np.sin(turn)])
        along = np.array([-np.sin(turn), np.cos(turn)])
        centred = mm - np.array(self.size_mm) / 2
        half = float(np.abs(across) @ self.size_mm) / 2
        steps = np.linspace(-1.0, 1.0, _STEPS)
        slope = factor * _PROFILES[self.kind](steps)
        run, rise = (
            np.concatenate([[0.0], np.cumsum((part[1:] + part[:-1]) / 2)]) * half * (steps[1] - steps[0])
            for part in (np.cos(slope), np.sin(slope))
        )
        at = centred @ across / half
        x, z, y = np.interp(at, steps, run), np.interp(at, steps, rise), centred @ along
        x, z = x - np.interp(0.0, steps, run), z - np.interp(0.0, steps, rise)
        depth = 1 - z / self.camera_mm
        return np.asarray((x[:, None] * across + y[:, None] * along) / depth[:, None])


def bent(image: Picture, plane: Points, bend: Bend) -> Picture:
    """The picture of a flat page as it looks when the page is bent.

    Args:
        image: uint8 (H, W).
        plane: (3, 3), mm of the page to px of the image; the same holds for `bend.places` in the outcome.
        bend: how it lies.

    Returns:
        uint8 (H, W); what lies beyond the page is continued from its edge.
    """
    h, w = image.shape
    px = np.stack(
        np.meshgrid(np.arange(0, w + _GRID_PX, _GRID_PX), np.arange(0, h + _GRID_PX, _GRID_PX)), -1
    ).astype(np.float64)
    target = cv2.perspectiveTransform(px.reshape(1, -1, 2), np.linalg.inv(plane))[0]
    factor = bend._factor()
    source = target.copy()
    for _ in range(_ROUNDS):
        source += target - bend._seen(source, factor)
    back = cv2.perspectiveTransform(source[None], plane)[0].reshape(px.shape)
    fine = cv2.warpAffine(
        back.astype(np.float32),
        np.array([[_GRID_PX, 0, 0], [0, _GRID_PX, 0]], np.float64),
        (w, h),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return as_picture(
        cv2.remap(image, fine[..., 0], fine[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    )
