"""A picture that is too poor is refused with what to do, one that can be read is not."""

import cv2
import numpy as np
import pytest
from synthetic_pages import SHELF, draw, noisy

from pipeline.reasons import PAGE_REASONS
from pipeline.registration.quality import CORNERS, fault
from pipeline.registration.register import register
from pipeline.registration.types import Refusal, Registration

PAGE = draw(dpi=150)
HEIGHT, WIDTH = PAGE.shape


def reason(image: np.ndarray) -> str:
    outcome = register(np.ascontiguousarray(image), SHELF)
    return outcome.reason if isinstance(outcome, Refusal) else ""


@pytest.mark.parametrize("light", [1.0, 0.5, 0.3])
def test_a_dim_picture_is_read(light):
    assert reason((noisy(PAGE) * light).astype(np.uint8)) == ""


def test_a_dark_picture_is_told_to_be_too_dark():
    dark = np.random.default_rng(1).normal(PAGE * 0.08, 6.0)
    assert reason(np.clip(dark, 0, 255).astype(np.uint8)) == "too_dark"


@pytest.mark.parametrize(("sigma", "expected"), [(1.5, ""), (7.0, "too_blurred"), (12.0, "too_blurred")])
def test_blur(sigma, expected):
    assert reason(cv2.GaussianBlur(PAGE, (0, 0), sigma)) == expected


@pytest.mark.parametrize(("dpi", "expected"), [(110, ""), (80, "too_small"), (50, "too_small")])
def test_resolution(dpi, expected):
    small = cv2.resize(PAGE, None, fx=dpi / 150, fy=dpi / 150, interpolation=cv2.INTER_AREA)
    assert reason(small) == expected


@pytest.mark.parametrize("quarter", range(4))
@pytest.mark.parametrize("corner", range(4))
def test_the_corner_that_is_cut_off_is_named(corner, quarter):
    """A quarter of the page is all there is to see, and one corner beside it is missing by its own marker."""
    rows = slice(300, None) if corner < 2 else slice(None, HEIGHT - 300)
    left = corner in (0, 3)
    columns = slice(300, None) if left else slice(None, WIDTH - 300)
    image = noisy(PAGE[rows, columns])
    told = reason(np.rot90(image, quarter))
    missing = {CORNERS[corner], *(CORNERS[i] for i in {0: (1, 3), 1: (0, 2), 2: (1, 3), 3: (0, 2)}[corner])}
    assert told in missing


def test_a_burnt_out_spot_is_glare():
    grey = (noisy(PAGE) * 0.7).astype(np.uint8)
    grey[: HEIGHT // 3] = 255
    grey[-HEIGHT // 6 :, : WIDTH // 4] = 255
    assert reason(grey) == "glare"


def test_shadows_that_one_bit_made_black_are_told_as_such_and_not_as_glare():
    """A foreign sheet in uneven light, scanned in black and white: the white that is left is no reflection."""
    light = np.linspace(0.55, 1.0, WIDTH)
    sheet = np.full((HEIGHT, WIDTH), 235, np.uint8)
    for row in range(12):
        cv2.putText(sheet, "Dengan hormat, bersama ini", (120, 200 + 90 * row), 0, 1.4, 30, 3)
    one_bit = np.where(sheet * light < 170, 0, 255).astype(np.uint8)
    assert (one_bit == 0).mean() > 0.4
    assert reason(one_bit) == "blotted"
    assert reason(np.where(sheet < 170, 0, 255).astype(np.uint8)) == "not_our_form"


def test_a_sharp_letter_of_somebody_else_is_only_not_ours():
    letter = np.full((HEIGHT, WIDTH), 245, np.uint8)
    for row in range(12):
        cv2.putText(letter, "Dengan hormat, bersama ini", (120, 200 + 90 * row), 0, 1.4, 30, 3)
    assert reason(noisy(letter)) == "not_our_form"


def test_every_advice_has_its_sentence():
    assert {"too_dark", "blotted", "too_blurred", "too_small", "glare", *CORNERS} <= set(PAGE_REASONS)


def test_a_good_page_has_no_fault():
    assert isinstance(register(noisy(PAGE), SHELF), Registration)
    assert fault(noisy(PAGE), {}, {}) == ""
