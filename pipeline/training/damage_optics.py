"""A sheet of paper in space before a camera: bent or folded paper, perspective, and where each mm of it is seen.

Paper bends but does not stretch (a developable surface), so lengths along it stay what they are.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.training import degrade
from pipeline.training.hands import Floats

Points = NDArray[np.float64]
Surface = Callable[[Points], Points]
"""Points of the sheet (N, 2) in mm from its top left to places in space (N, 3) in mm, the third up to the camera."""
Map = Callable[[Points], Points]
"""Points of the sheet (N, 2) in mm to the px (N, 2) where a picture shows them."""


@dataclass(frozen=True, slots=True)
class Damaged:
    """A file as it comes, and where on the picture in it (turned as EXIF says) each mm of the form lies."""

    data: bytes
    suffix: str
    to_px: Map


PAGE_PX_PER_MM: Final = 300 / 25.4
_GRID_PX: Final = 8
_ROUNDS: Final = 30


@dataclass(frozen=True, slots=True)
class Camera:
    """Where the camera stands and what it sees.

    Attributes:
        tilt: degrees about the picture's horizontal and vertical axis.
        roll: degrees about the line of sight.
        distance: mm from the sheet's middle.
        fill: share of the picture's width or height that the sheet takes, whichever is larger.
        size: width and height of the picture, px.
    """

    tilt: tuple[float, float] = (0.0, 0.0)
    roll: float = 0.0
    distance: float = 420.0
    fill: float = 0.9
    size: tuple[int, int] = (2700, 3600)

    def sees(self, surface: Surface, width_mm: float, height_mm: float) -> Map:
        """The map from the sheet to the picture, the whole sheet within it."""
        rim = _grid(width_mm, height_mm, 20)
        middle = surface(np.array([[width_mm / 2, height_mm / 2]]))[0]
        turn = _rotation(*self.tilt, self.roll)

        def project(points: Points) -> Points:
            seen = (surface(points) - middle) @ turn.T
            depth = 1 - seen[:, 2:] / self.distance
            return np.asarray(seen[:, :2] / depth)

        low, high = project(rim).min(axis=0), project(rim).max(axis=0)
        size = np.array(self.size, np.float64)
        scale = float((self.fill * size / (high - low)).min())
        return lambda points: np.asarray((project(points) - (low + high) / 2) * scale + size / 2 - 0.5)


def flat(points: Points) -> Points:
    """The sheet on a table."""
    return np.column_stack([points, np.zeros(len(points))])


def bowed(rise_mm: float, length_mm: float, axis: int, waves: float = 0.5) -> Surface:
    """A sheet that bows up by `rise_mm` along one axis (0 across, 1 down), over this many waves of a sine."""
    along = np.linspace(0, length_mm, 400)

    def height(at: Points) -> Points:
        return np.asarray(rise_mm * np.sin(2 * np.pi * waves * at / length_mm))

    rise = height(along)
    ground = np.concatenate(
        [[0.0], np.cumsum(np.sqrt(np.maximum(np.diff(along) ** 2 - np.diff(rise) ** 2, 0)))]
    )

    def surface(points: Points) -> Points:
        placed = np.column_stack([points, height(points[:, axis])])
        placed[:, axis] = np.interp(points[:, axis], along, ground) + np.minimum(points[:, axis], 0)
        placed[:, axis] += np.maximum(points[:, axis] - length_mm, 0)
        return placed

    return surface


def folded(at_mm: float, degrees: float, axis: int) -> Surface:
    """A sheet whose part beyond a crease stands up by an angle."""
    angle = np.radians(degrees)

    def surface(points: Points) -> Points:
        beyond = np.maximum(points[:, axis] - at_mm, 0)
        placed = np.column_stack([points, beyond * np.sin(angle)])
        placed[:, axis] += beyond * (np.cos(angle) - 1)
        return placed

    return surface


def inverted(to_px: Map, width_mm: float, height_mm: float, size: tuple[int, int]) -> tuple[Floats, Floats]:
    """The sheet's mm (x and y, each float32 (H, W)) that each px of a picture of this size shows.

    Found by fixed-point rounds on a coarse grid of px, from the homography that comes closest to the map.
    """
    known = _grid(width_mm, height_mm, 25)
    plane = np.asarray(cv2.findHomography(known, to_px(known), 0)[0], np.float64)
    back = np.asarray(np.linalg.inv(plane), np.float64)
    width, height = size
    columns, rows = np.arange(0, width + _GRID_PX, _GRID_PX), np.arange(0, height + _GRID_PX, _GRID_PX)
    px = np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2).astype(np.float64)
    goal = _through(back, px)
    found = goal.copy()
    for _ in range(_ROUNDS):
        found += goal - _through(back, to_px(found))
    coarse = found.reshape(len(rows), len(columns), 2).astype(np.float32)
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    fine = cv2.remap(coarse, x / _GRID_PX, y / _GRID_PX, cv2.INTER_LINEAR)
    return np.asarray(fine[..., 0], np.float32), np.asarray(fine[..., 1], np.float32)


def photographed(page: Floats, surface: Surface, camera: Camera, table: Floats) -> tuple[Floats, Map]:
    """What the camera sees.

    Args:
        page: brightness float32 (H, W) at 300 dpi.
        surface: how the sheet lies.
        camera: where it is seen from.
        table: brightness float32 of what lies below it, of the camera's size.

    Returns:
        Brightness float32 (H, W), and where each mm is seen.
    """
    width_mm, height_mm = page.shape[1] / PAGE_PX_PER_MM, page.shape[0] / PAGE_PX_PER_MM
    to_px = camera.sees(surface, width_mm, height_mm)
    x, y = inverted(to_px, width_mm, height_mm, camera.size)
    middle = np.array([[width_mm / 2, height_mm / 2]])
    px_per_mm = float(np.linalg.norm(to_px(middle + np.array([1.0, 0.0])) - to_px(middle)))
    # Averaging first keeps fine lines whole where the photo is coarser than the page.
    soft = degrade.soften(page, 0.5 * PAGE_PX_PER_MM / px_per_mm)
    ratio = np.float32(PAGE_PX_PER_MM)
    seen = cv2.remap(soft, x * ratio - 0.5, y * ratio - 0.5, cv2.INTER_LINEAR, borderValue=1.0)
    on_sheet = (x >= 0) & (x < width_mm) & (y >= 0) & (y < height_mm)
    return np.where(on_sheet, seen * _shade(surface, x, y), table).astype(np.float32), to_px


def _shade(surface: Surface, x: Floats, y: Floats) -> Floats:
    """How bright paper is under a lamp from the upper left, for its slope at each place; 1 where it lies flat."""
    step = 8
    points = np.column_stack([x[::step, ::step].ravel(), y[::step, ::step].ravel()]).astype(np.float64)
    here = surface(points)
    across, down = (surface(points + step / 2) - here for step in np.eye(2))
    normal = np.cross(across, down)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
    lamp = np.array([-0.35, -0.45, 0.82])
    bright = (normal @ lamp / lamp[2]).reshape(x[::step, ::step].shape).astype(np.float32)
    return np.asarray(
        cv2.resize(np.clip(bright, 0.4, 1.15), x.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32
    )


def _grid(width_mm: float, height_mm: float, count: int) -> Points:
    x, y = np.meshgrid(np.linspace(0, width_mm, count), np.linspace(0, height_mm, count))
    return np.column_stack([x.ravel(), y.ravel()])


def _through(homography: Points, points: Points) -> Points:
    homogeneous = points @ homography[:, :2].T + homography[:, 2]
    return np.asarray(homogeneous[:, :2] / homogeneous[:, 2:])


def _rotation(pitch: float, yaw: float, roll: float) -> Points:
    a, b, c = np.radians([pitch, yaw, roll])
    about_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    about_y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    about_z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return np.asarray(about_z @ about_y @ about_x, np.float64)
