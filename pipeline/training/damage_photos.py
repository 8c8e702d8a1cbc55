"""A phone's photo of a page, and what goes wrong with it: each kind at three strengths 0 to 2."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from pipeline.training import damage_optics as optics
from pipeline.training import degrade
from pipeline.training.batch_file import as_jpeg
from pipeline.training.damage_optics import PAGE_PX_PER_MM, Camera, Damaged, Surface
from pipeline.training.hands import Floats

Rng = np.random.Generator
Light = Callable[[Floats], Floats]
"""What happens to the light of a picture, brightness (H, W), between the paper and the file."""
_PX_PER_MM: Final = 11.0
"""About how many px of a picture a mm of paper takes."""


def _table(size: tuple[int, int], rng: Rng) -> Floats:
    """A table top with grain, and a few things on it."""
    width, height = size
    bend = cv2.resize(rng.standard_normal((6, 4)).astype(np.float32), size, interpolation=cv2.INTER_CUBIC)
    grain = np.sin(np.arange(width, dtype=np.float32)[None] * 0.045 + 4 * bend)
    top = np.asarray(np.float32(rng.uniform(0.2, 0.6)) + 0.04 * grain, np.float32)
    for _ in range(int(rng.integers(2, 7))):
        x, y, w, h = (int(v) for v in rng.uniform(0.02, 0.3, 4) * [width * 3, height * 3, width, height])
        cv2.rectangle(top, (x, y), (x + w, y + h), float(rng.uniform(0, 1)), -1)
    return top


def photo(
    page: Floats, rng: Rng, surface: Surface = optics.flat, camera: Camera | None = None, *,
    noise: float = 0.012, light: Light = lambda seen: seen, quality: int = 85,
) -> Damaged:  # fmt: skip
    """A phone's photo: by an unsteady but able hand unless a camera is given."""
    held = camera or Camera(
        (float(rng.normal(0, 3)), float(rng.normal(0, 3))),
        float(rng.normal(0, 2)),
        float(rng.uniform(350, 500)),
        0.9,
    )
    seen, to_px = optics.photographed(page, surface, held, _table(held.size, rng))
    seen *= np.float32(0.92)
    degrade.uneven_light(seen, 0.12, rng)
    lit = light(seen)
    degrade.add_noise(lit, noise, rng)
    return Damaged(as_jpeg(degrade.to_bytes(degrade.soften(lit, 0.6)), quality), ".jpg", to_px)


def perspective(page: Floats, strength: int, rng: Rng) -> Damaged:
    """A photo from the side, 8, 18 or 30 degrees."""
    angle, way = (8.0, 18.0, 30.0)[strength], rng.uniform(0, 2 * np.pi)
    tilt = angle * float(np.sin(way)), angle * float(np.cos(way))
    return photo(page, rng, camera=Camera(tilt, float(rng.normal(0, 4)), 380.0))


def bow(page: Floats, strength: int, rng: Rng) -> Damaged:
    """Paper that bows up by 4, 10 or 20 mm, as in a book or fresh from a roll."""
    axis = int(rng.integers(2))
    length = page.shape[1 - axis] / PAGE_PX_PER_MM
    return photo(page, rng, optics.bowed((4.0, 10.0, 20.0)[strength], length, axis))


def wave(page: Floats, strength: int, rng: Rng) -> Damaged:
    """Paper that got damp: a wave and a half, 1.5, 3 or 6 mm high."""
    axis = int(rng.integers(2))
    length = page.shape[1 - axis] / PAGE_PX_PER_MM
    return photo(page, rng, optics.bowed((1.5, 3.0, 6.0)[strength], length, axis, waves=1.5))


def fold(page: Floats, strength: int, rng: Rng) -> Damaged:
    """Paper that was folded once and stands up beyond the crease by 4, 9 or 16 degrees."""
    axis = int(rng.integers(2))
    at = page.shape[1 - axis] / PAGE_PX_PER_MM * float(rng.uniform(0.4, 0.6))
    return photo(page, rng, optics.folded(at, (4.0, 9.0, 16.0)[strength], axis))


def shadow(page: Floats, strength: int, rng: Rng) -> Damaged:
    """A hand's or phone's shadow over half the page that takes 30, 50 or 70 % of the light."""
    return photo(page, rng, light=_shaded((0.3, 0.5, 0.7)[strength], rng))


def _shaded(depth: float, rng: Rng) -> Light:
    """Half the picture, to any side of a wavy edge, has less light by this share."""
    way = float(rng.uniform(0, 2 * np.pi))

    def light(seen: Floats) -> Floats:
        h, w = seen.shape
        x, y = np.linspace(-1, 1, w, dtype=np.float32)[None], np.linspace(-1, 1, h, dtype=np.float32)[:, None]
        edge = x * np.float32(np.cos(way)) + y * np.float32(np.sin(way)) + 0.15 * np.sin(3 * x + 2 * y)
        return np.asarray(seen * (1 - np.float32(depth) / (1 + np.exp(-40 * edge))), np.float32)

    return light


def glare(page: Floats, strength: int, rng: Rng) -> Damaged:
    """A flash's or lamp's reflection, 25, 50 or 90 mm wide, white in its middle."""
    return photo(page, rng, light=_reflected((25.0, 50.0, 90.0)[strength], rng))


def _reflected(wide_mm: float, rng: Rng) -> Light:
    """A white spot somewhere, this wide on the paper."""
    reach = wide_mm / 2 * _PX_PER_MM
    x0, y0 = rng.uniform(0.2, 0.8, 2)

    def light(seen: Floats) -> Floats:
        h, w = seen.shape
        y, x = np.ogrid[0:h, 0:w]
        spot = np.exp(-(((x - x0 * w) ** 2 + (y - y0 * h) ** 2) / reach**2)).astype(np.float32)
        return np.asarray(np.minimum(0.75 * seen + 1.0 * spot, 1), np.float32)

    return light


def blur(page: Floats, strength: int, rng: Rng) -> Damaged:
    """A camera out of focus and moved: 0.15, 0.3 or 0.5 mm on the paper."""
    return photo(page, rng, light=blurred((0.15, 0.3, 0.5)[strength], rng))


def blurred(spread_mm: float, rng: Rng) -> Light:
    """Out of focus, and moved along a line, by this much on the paper."""
    spread, angle = spread_mm * _PX_PER_MM, float(rng.uniform(0, np.pi))

    def light(seen: Floats) -> Floats:
        length = max(1, round(2 * spread))
        kernel = np.zeros((2 * length + 1, 2 * length + 1), np.float32)
        away = (round(length * np.cos(angle) / 2), round(length * np.sin(angle) / 2))
        cv2.line(kernel, (length - away[0], length - away[1]), (length + away[0], length + away[1]), 1.0)
        moved = cv2.filter2D(seen, -1, kernel / kernel.sum())
        return degrade.soften(np.asarray(moved, np.float32), 0.6 * spread)

    return light


def low_light(page: Floats, strength: int, rng: Rng) -> Damaged:
    """An evening in the village: a third, a sixth or a twelfth of the light, and noise to match."""
    share, noise = ((0.35, 0.02), (0.17, 0.03), (0.085, 0.035))[strength]
    return photo(
        page,
        rng,
        noise=noise,
        light=lambda seen: np.asarray(seen * np.float32(share), np.float32),
        quality=75,
    )


def far_away(page: Floats, strength: int, rng: Rng) -> Damaged:
    """A photo in which the sheet takes only 75, 60 or 45 % of the height; the rest is table."""
    camera = Camera((4.0, -3.0), float(rng.normal(0, 8)), 500.0, (0.75, 0.6, 0.45)[strength])
    return photo(page, rng, camera=camera)


@dataclass(frozen=True, slots=True)
class _Care:
    """How much may be wrong with a photo at once; each is drawn up to here (angles: as a standard deviation).

    Attributes:
        fill: least share of the picture that the sheet takes.
        light: least share of the light.
    """

    tilt: float
    roll: float
    bow_mm: float
    wave_mm: float
    fold: float
    fill: float
    shadow: float
    spot_mm: float
    light: float
    blur_mm: float
    noise: float


_CARE: Final = (
    _Care(3.0, 2.0, 2.0, 0.5, 2.0, 0.85, 0.15, 0.0, 0.8, 0.05, 0.012),
    _Care(7.0, 5.0, 6.0, 1.5, 5.0, 0.7, 0.35, 20.0, 0.5, 0.1, 0.018),
    _Care(12.0, 15.0, 12.0, 3.0, 10.0, 0.6, 0.5, 40.0, 0.35, 0.2, 0.025),
)
_SPOTTED: Final = 0.2
"""Share of the photos that a lamp shines into."""


def village(page: Floats, strength: int, rng: Rng) -> Damaged:
    """All of it at once, as photos come from a village: taken with care, as usual, in haste."""
    care, axis = _CARE[strength], int(rng.integers(2))
    length = page.shape[1 - axis] / PAGE_PX_PER_MM
    surface = (
        optics.flat,
        optics.bowed(care.bow_mm * rng.random(), length, axis),
        optics.bowed(care.wave_mm * rng.random(), length, axis, waves=1.5),
        optics.folded(length * rng.uniform(0.4, 0.6), care.fold * rng.random(), axis),
    )[int(rng.integers(4))]
    camera = Camera(
        (float(rng.normal(0, care.tilt)), float(rng.normal(0, care.tilt))),
        float(rng.normal(0, care.roll)),
        float(rng.uniform(350, 500)),
        float(rng.uniform(care.fill, 0.95)),
    )
    steps = [_shaded(care.shadow * rng.random(), rng), blurred(care.blur_mm * rng.random(), rng)]
    if care.spot_mm and rng.random() < _SPOTTED:
        steps.insert(1, _reflected(care.spot_mm * rng.uniform(0.5, 1), rng))
    dim = np.float32(rng.uniform(care.light, 1))

    def light(seen: Floats) -> Floats:
        for step in steps:
            seen = step(seen)
        return np.asarray(seen * dim, np.float32)

    return photo(
        page,
        rng,
        surface,
        camera,
        noise=care.noise * rng.random(),
        light=light,
        quality=int(rng.integers(60, 95)),
    )
