"""Whole pages through printers, copiers, scanners and phones; every chance comes from the given generator."""

from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.training import degrade
from pipeline.training.degrade import Picture
from pipeline.training.hands import Floats

_SURVIVES_ONE_BIT = 0.6


@dataclass(frozen=True, slots=True)
class Scanner:
    """How one pass through a scanner treats a page.

    Attributes:
        skew: degrees.
        stretch: along the feed, as a share.
        shift_px: of the paper in the picture.
        blur: sigma in px.
        white: brightness of the paper, 0..1.
        black: brightness of full ink.
        gamma: of the scanner's curve.
        noise: standard deviation.
        shade: how uneven the light is.
        dust: number of specks.
        quality: of its JPEG.
        bit_level: threshold when it scans in 1 bit, else 0.
    """

    skew: float = 0.0
    stretch: float = 0.0
    shift_px: tuple[float, float] = (0.0, 0.0)
    blur: float = 0.6
    white: float = 0.96
    black: float = 0.05
    gamma: float = 1.0
    noise: float = 0.012
    shade: float = 0.03
    dust: int = 4
    quality: int = 80
    bit_level: int = 0

    @classmethod
    def sample(cls, rng: np.random.Generator) -> "Scanner":
        """An office scanner on an ordinary day; one page in twenty-five is scanned in 1 bit."""
        return cls(
            skew=float(np.clip(rng.normal(0, 0.6), -2, 2)),
            stretch=float(rng.normal(0, 0.002)),
            shift_px=(float(rng.normal(0, 8)), float(rng.normal(0, 10))),
            blur=float(rng.uniform(0.4, 1.1)),
            white=float(rng.uniform(0.88, 1.0)),
            black=float(rng.uniform(0.0, 0.12)),
            gamma=float(np.exp(rng.normal(0, 0.12))),
            noise=float(rng.choice([0.006, 0.015, 0.03], p=[0.5, 0.35, 0.15])),
            shade=float(rng.uniform(0.0, 0.1)),
            dust=int(rng.poisson(6)),
            quality=int(rng.integers(60, 93)),
            bit_level=int(rng.integers(150, 190)) if rng.random() < 0.04 else 0,
        )

    def scan(self, page: Floats, rng: np.random.Generator) -> Picture:
        """The scanner's picture of a page, before it is packed as JPEG.

        Args:
            page: float32 (H, W), brightness 0..1.
            rng: source of noise and dust.

        Returns:
            uint8 (H, W).
        """
        h, w = page.shape
        out = np.asarray(
            cv2.warpAffine(
                page,
                self.matrix(h, w),
                (w, h),
                flags=cv2.INTER_LINEAR,
                borderValue=float(rng.uniform(0.85, 1.0)),
            ),
            np.float32,
        )
        out = degrade.soften(out, self.blur)
        degrade.specks(out, self.dust, rng, most_px=5.0)
        if self.gamma != 1.0:
            out = np.power(np.clip(out, 0, 1), np.float32(self.gamma)).astype(np.float32)
        out = out * np.float32(self.white - self.black)
        out += np.float32(self.black)
        if self.shade:
            degrade.uneven_light(out, self.shade, rng)
        degrade.add_noise(out, self.noise, rng)
        image = degrade.to_bytes(out)
        return degrade.one_bit(image, self.bit_level) if self.bit_level else image

    def matrix(self, height: int, width: int) -> NDArray[np.float64]:
        """Where the px of a page of this size go: (2, 3), affine."""
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), self.skew, 1.0)
        placed = np.array(turn, np.float64) @ np.diag([1.0, 1 + self.stretch, 1.0])
        placed[:, 2] += np.array(self.shift_px)
        return placed

    def fit_for(self, darkness: float) -> "Scanner":
        """The scanner for ink of this darkness.

        Pale ink is gone after a threshold, for a person as well: an office that uses pencils scans in grey.
        """
        return self if darkness >= _SURVIVES_ONE_BIT else self.tidy()

    def tidy(self, skew: float | None = None) -> "Scanner":
        """The same scanner in grey, with a skew of choice."""
        return replace(self, bit_level=0, skew=self.skew if skew is None else skew)


def photocopied(page: Floats, rng: np.random.Generator, generations: int = 1) -> Floats:
    """A page after a copier: harder contrast, a swollen line, specks, and a dark edge of the lid."""
    out = page
    for _ in range(generations):
        out = degrade.soften(out, float(rng.uniform(0.8, 1.2)))
        out = np.clip((out - 0.5) * np.float32(rng.uniform(1.3, 1.8)) + np.float32(0.52), 0.02, 1)
        degrade.specks(out, int(rng.poisson(160)), rng, most_px=4.0)
        side = int(rng.integers(18, 50))
        fade = np.linspace(rng.uniform(0.3, 0.6), 1, side).astype(np.float32)
        if rng.random() < 0.5:
            out[:, :side] *= fade
        else:
            out[:, -side:] *= fade[::-1]
    return out


def coffee(page: Floats, rng: np.random.Generator, centre: tuple[float, float] | None = None) -> Floats:
    """A page with the ring of a cup and a few drops; `centre` as shares of width and height."""
    h, w = page.shape
    x, y = centre or (float(rng.uniform(0.25, 0.75)), float(rng.uniform(0.25, 0.75)))
    radius = w * float(rng.uniform(0.13, 0.17))
    small = 4
    yy, xx = np.mgrid[0 : h // small, 0 : w // small].astype(np.float32) * small
    angle = np.arctan2(yy - y * h, xx - x * w)
    distance = np.hypot(xx - x * w, yy - y * h)
    wave = 1 + 0.015 * np.sin(3 * angle + rng.uniform(0, 6)) + 0.01 * np.sin(7 * angle)
    bright = 0.6 + 0.4 * np.sin(angle + rng.uniform(0, 6))
    ring = bright * np.exp(-(((distance - radius * wave) / (0.035 * radius)) ** 2))
    inside = np.clip((radius - distance) / (0.1 * radius), 0, 1)
    stain = 0.26 * np.clip(ring, 0, 1) + 0.07 * inside
    for _ in range(int(rng.integers(2, 6))):
        reach = float(rng.uniform(8, 30))
        dx, dy = rng.normal(0, 1.3 * radius, 2)
        stain += 0.15 * np.clip((reach - np.hypot(xx - x * w - dx, yy - y * h - dy)) / 4, 0, 1)
    through = 1 - np.clip(stain, 0, 0.45).astype(np.float32)
    stained: Floats = page * cv2.resize(through, (w, h), interpolation=cv2.INTER_LINEAR)
    return stained


def folded(page: Floats, rng: np.random.Generator) -> Floats:
    """A page that was folded once across: a soft crease of shadow beside light."""
    h = page.shape[0]
    y = np.arange(h, dtype=np.float32) - h * np.float32(rng.uniform(0.4, 0.6))
    crease = 1 - 0.16 * np.exp(-((y / 5) ** 2)) - 0.05 * np.exp(-(((y - 25) / 30) ** 2))
    creased: Floats = page * crease.astype(np.float32)[:, None]
    return creased


_LONG_PX: Final = 3200


def photographed(page: Floats, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A phone's photo of the page on a wooden table, uint8 (H, W, 3), BGR: perspective, shadow, tint."""
    h, w = page.shape
    high, wide = _LONG_PX, int(_LONG_PX * 0.75)
    rim = np.array([[0.07, 0.06], [0.93, 0.06], [0.93, 0.95], [0.07, 0.95]]) + rng.uniform(
        -0.025, 0.025, (4, 2)
    )
    corners = (rim * np.array([wide, high])).astype(np.float32)
    own = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
    matrix = cv2.getPerspectiveTransform(own, corners)
    # Averaging first keeps fine lines whole where the photo is coarser than the page.
    soft = degrade.soften(page, 0.55 * w / (0.86 * wide))
    paper = cv2.warpPerspective(soft, matrix, (wide, high), flags=cv2.INTER_LINEAR, borderValue=0.0)
    cover = cv2.warpPerspective(
        np.ones_like(page), matrix, (wide, high), flags=cv2.INTER_LINEAR, borderValue=0.0
    )
    table = _wood(high, wide, rng)
    tint = np.array([0.86, 0.93, 0.97], np.float32)
    picture = table * (1 - cover[..., None]) + (paper * 0.97 * cover)[..., None] * tint
    light = np.ones((high, wide), np.float32)
    degrade.uneven_light(light, 0.25, rng)
    edge = (
        np.linspace(-1, 1, wide, dtype=np.float32)[None]
        + np.linspace(-0.6, 0.6, high, dtype=np.float32)[:, None]
    )
    light *= 1 - 0.22 / (1 + np.exp(-(edge - np.float32(rng.uniform(0.2, 0.9))) * 6))
    picture *= light[..., None]
    noise = np.zeros((high, wide), np.float32)
    degrade.add_noise(noise, 0.012, rng)
    soft_light = degrade.soften(picture, 0.7) + noise[..., None]
    photo: NDArray[np.uint8] = np.clip(soft_light * 255, 0, 255).astype(np.uint8)
    return photo


def _wood(high: int, wide: int, rng: np.random.Generator) -> Floats:
    """A table top, float32 (H, W, 3), BGR."""
    bend = cv2.resize(
        rng.standard_normal((6, 4)).astype(np.float32), (wide, high), interpolation=cv2.INTER_CUBIC
    )
    grain = np.sin(np.arange(wide, dtype=np.float32)[None] * 0.045 + 4 * bend) * 0.5 + 0.5
    colour = np.array([0.16, 0.27, 0.42], np.float32) * np.float32(rng.uniform(0.8, 1.25))
    top: Floats = (0.8 + 0.25 * grain)[..., None] * colour
    return top


def upright_turned(image: NDArray[np.uint8], quarters: int) -> NDArray[np.uint8]:
    """The image turned clockwise by quarter turns."""
    return np.ascontiguousarray(np.rot90(image, -quarters))
