"""A page lies where registration says, however it was laid, scanned, copied or photographed."""

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from synthetic_pages import (
    IDENTITY,
    MARKERS,
    SHELF,
    draw,
    noisy,
    printed_to_px,
    shrunk,
    to_corners,
    turned,
    warp,
)

from pipeline.registration.fit import project
from pipeline.registration.register import register, turn_of
from pipeline.registration.types import Refusal, Registration

PAGE = draw()
HEIGHT, WIDTH = PAGE.shape
GRID = np.stack(np.meshgrid(np.linspace(5, 205, 9), np.linspace(5, 292, 13)), axis=-1).reshape(-1, 2)


def worst_mm(page: Registration, truth: np.ndarray) -> float:
    """The largest distance, in mm, between where a point is and where registration thinks that it is."""
    found = project(np.linalg.inv(truth), page.to_pixels(GRID))
    return float(np.linalg.norm(found - GRID, axis=1).max())


def registered(image: np.ndarray) -> Registration:
    page = register(image, SHELF)
    assert isinstance(page, Registration), page
    assert page.identity == IDENTITY
    return page


def hidden(*corners: int) -> np.ndarray:
    """The page with some markers covered by a staple's worth of paper."""
    page, scale = PAGE.copy(), WIDTH / 210
    for x, y in (MARKERS[corner] for corner in corners):
        page[int((y - 2) * scale) : int((y + 12) * scale), int((x - 2) * scale) : int((x + 12) * scale)] = 230
    return page


@pytest.mark.parametrize("quarter", range(4))
def test_any_quarter_turn(quarter: int) -> None:
    image, matrix = turned(noisy(PAGE), quarter)
    page = registered(image)
    assert worst_mm(page, matrix @ printed_to_px()) < 0.15
    assert turn_of(page) == -90 * quarter % 360
    assert page.markers == 4
    assert page.serial_from == "qr"
    assert page.residual_mm < 0.1


@pytest.mark.parametrize("dpi", [150, 200, 400])
def test_any_resolution(dpi: int) -> None:
    page = registered(noisy(draw(dpi=dpi)))
    assert worst_mm(page, printed_to_px(dpi)) < 0.2


@pytest.mark.parametrize("threshold", [100, 150, 200, 220])
def test_black_and_white_scans_even_where_grey_lines_vanish(threshold: int) -> None:
    page = registered(np.where(noisy(PAGE) > threshold, 255, 0).astype(np.uint8))
    assert worst_mm(page, printed_to_px()) < 0.2


@pytest.mark.parametrize(
    ("threshold", "pen_px"), [(60, 5), (60, -3), (100, -3), (150, 5), (220, 3), (225, 3)]
)
def test_scans_that_thicken_or_thin_what_is_black(threshold: int, pen_px: int) -> None:
    bits = np.where(noisy(PAGE) > threshold, 255, 0).astype(np.uint8)
    thicken, pen = (cv2.erode if pen_px > 0 else cv2.dilate), np.ones((abs(pen_px),) * 2)
    page = registered(np.asarray(thicken(bits, pen), np.uint8))
    assert worst_mm(page, printed_to_px()) < 0.2
    assert page.residual_mm < 0.15
    assert all(page.is_certain(field.box) for field in page.page.fields)


def test_shrunk_by_the_printer_and_skewed_by_the_feeder() -> None:
    skew = np.vstack([cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), 3.0, 0.9), [0, 0, 1]])
    page = registered(noisy(warp(PAGE, skew, (WIDTH, HEIGHT))))
    assert worst_mm(page, skew @ printed_to_px()) < 0.15


def test_phone_photo_on_a_dark_table_with_a_shadow() -> None:
    matrix = to_corners(PAGE, np.array([[500, 300], [2400, 420], [2700, 3500], [250, 3300]]))
    photo = warp(PAGE, matrix, (3000, 4000), ground=70) * np.linspace(0.5, 1, 3000)[None]
    page = registered(noisy(photo.astype(np.uint8), blur=1.5))
    assert worst_mm(page, matrix @ printed_to_px()) < 0.3


def test_copy_of_a_copy() -> None:
    copy = PAGE
    for seed in range(3):
        copy = np.clip(noisy(copy, seed, sigma=15, blur=1.2) * 1.3 - 40, 0, 255).astype(np.uint8)
    assert worst_mm(registered(copy), printed_to_px()) < 0.15


@pytest.mark.parametrize("corners", [(0,), (1,), (2,), (3,), (0, 1), (1, 2), (2, 3), (0, 3), (0, 2), (1, 3)])
def test_three_or_two_markers_will_do(corners: tuple[int, ...]) -> None:
    page = registered(noisy(hidden(*corners)))
    assert page.markers == 4 - len(corners)
    assert worst_mm(page, printed_to_px()) < 0.2


def test_three_markers_will_do_where_grey_lines_vanish() -> None:
    page = registered(np.where(noisy(hidden(2)) > 60, 255, 0).astype(np.uint8))
    assert worst_mm(page, printed_to_px()) < 0.5


@pytest.mark.parametrize("corners", [(0, 1, 2), (0, 1, 2, 3)])
def test_one_marker_is_not_enough(corners: tuple[int, ...]) -> None:
    refusal = register(noisy(hidden(*corners)), SHELF)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "corners_missing"


def test_dog_eared_corner_is_left_out() -> None:
    page, scale = PAGE.copy(), WIDTH / 210
    near, far = int(7 * scale), int(19 * scale)
    page[near:far, near:far] = np.roll(page[near:far, near:far], (12, 18), (0, 1))
    found = registered(noisy(page))
    assert found.markers == 3
    assert worst_mm(found, printed_to_px()) < 0.2


def test_mirrored_page_is_refused() -> None:
    refusal = register(noisy(np.ascontiguousarray(PAGE[:, ::-1])), SHELF)
    assert isinstance(refusal, Refusal)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    corners=st.lists(st.tuples(st.floats(-90, 90), st.floats(-90, 90)), min_size=4, max_size=4),
    angle=st.floats(0, 360),
    scale=st.floats(0.75, 1.0),
)
def test_any_view_of_a_page(corners: list[tuple[float, float]], angle: float, scale: float) -> None:
    page = shrunk(PAGE, 2)
    height, width = page.shape
    size = int(np.hypot(height, width)) + 200
    frame = np.array([[0, 0], [width, 0], [width, height], [0, height]], float) + np.array(corners)
    view = to_corners(page, frame)
    spin = np.vstack([cv2.getRotationMatrix2D((width / 2, height / 2), angle, scale), [0, 0, 1]])
    centre = np.array([[1, 0, (size - width) / 2], [0, 1, (size - height) / 2], [0, 0, 1]])
    matrix = centre @ spin @ view
    found = registered(noisy(warp(page, matrix, (size, size), ground=110), sigma=3))
    assert worst_mm(found, matrix @ printed_to_px(150)) < 0.3


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1), (60, 9000), (99, 99)])
def test_what_is_too_small_for_a_page_is_refused(shape):
    for image in (np.full(shape, 255, np.uint8), np.random.default_rng(0).integers(0, 256, shape, np.uint8)):
        found = register(image, SHELF)
        assert isinstance(found, Refusal)
        assert found.reason in ("blank", "not_our_form")
