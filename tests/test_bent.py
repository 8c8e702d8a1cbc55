"""Curled, folded and wavy paper: a field is found where it lies, told to be uncertain, or the page is refused."""

from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pikepdf
import pytest
from forms_under_test import catalogue
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.forms.layout import Box
from pipeline.page import PageStatus, read_page
from pipeline.registration.crop import crop
from pipeline.registration.fit import project
from pipeline.registration.plane import Bend as Curl
from pipeline.registration.plane import Plane
from pipeline.registration.presence import fields_seen
from pipeline.registration.register import register
from pipeline.registration.spline import thin_plate
from pipeline.registration.types import Refusal, Registration
from pipeline.training.bent import BENDS, Bend, bent

BATCH = Path(__file__).parents[1] / "samples" / "halong-2026-11" / "batch-01.pdf"
NEAR_MM = 0.4


@cache
def flat(number: int) -> tuple[np.ndarray, Registration]:
    """A filled page as it was scanned, at 150 dpi, and where it lies."""
    with pikepdf.open(BATCH) as pdf:
        (image,) = pdf.pages[number - 1].get_images().values()
        picture = cv2.imdecode(np.frombuffer(image.read_raw_bytes(), np.uint8), cv2.IMREAD_GRAYSCALE)
    half = cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    page = register(half, catalogue())
    assert isinstance(page, Registration)
    return half, page


def misses(found: Registration, truth: np.ndarray, bend: Bend) -> list[tuple[bool, float]]:
    """For each comb and choice whether it is told to be certain, and how far off its worst cell is, in mm."""
    told = []
    for field in found.page.fields:
        boxes = field.cells or [choice.box for choice in field.choices] or [field.box]
        middles = np.array([(box.x + box.w / 2, box.y + box.h / 2) for box in boxes])
        there = project(np.linalg.inv(truth), found.to_pixels(middles))
        told.append((found.is_certain(field.box), float(np.hypot(*(there - bend.places(middles)).T).max())))
    return told


@pytest.mark.parametrize("number", [1, 2])
def test_a_flat_page_has_no_bend(number):
    _, page = flat(number)
    assert page.plane.bend is None
    assert page.controls is None
    assert page.residual_at(Box(20, 60, 30, 6)) == page.residual_mm


@pytest.mark.parametrize("off_mm", [1.0, 2.0, 4.0])
@pytest.mark.parametrize("kind", ["curl", "fold", "bow"])
def test_curled_and_folded_pages_are_read_where_they_lie(kind, off_mm):
    image, page = flat(1)
    bend = Bend(kind, off_mm, angle=25.0)
    found = register(bent(image, page.homography, bend), catalogue())
    assert isinstance(found, Registration), found
    assert found.plane.bend is not None
    assert found.capture == "photo"
    told = misses(found, page.homography, bend)
    assert max(miss for _, miss in told) < NEAR_MM
    assert np.mean([certain for certain, _ in told]) > 0.9


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    number=st.sampled_from([1, 2, 21, 31]),
    kind=st.sampled_from(BENDS),
    off_mm=st.floats(0.5, 7.0),
    angle=st.floats(-90.0, 90.0),
)
def test_nothing_is_certain_at_a_wrong_place(number, kind, off_mm, angle):
    image, page = flat(number)
    bend = Bend(kind, off_mm, angle)
    image = bent(image, page.homography, bend)
    found = register(image, catalogue())
    if isinstance(found, Registration):
        # A corner that lifts between the lines that registration looks at is told by each field's own outline.
        told = zip(misses(found, page.homography, bend), fields_seen(image, found), strict=True)
        assert all(miss < 2 * NEAR_MM for (certain, miss), seen in told if certain and seen)
    else:
        assert found.reason in {"residual", "not_our_form", "unreadable_identity"}


def test_a_crumpled_page_is_refused():
    image, page = flat(31)
    found = register(bent(image, page.homography, Bend("wave", 6.0, 90.0)), catalogue())
    assert isinstance(found, Refusal)
    assert found.reason == "residual"


def test_a_curled_page_says_what_the_flat_one_says():
    image, page = flat(1)
    straight = read_page(image, catalogue())
    curled = read_page(bent(image, page.homography, Bend("curl", 3.0)), catalogue())
    assert curled.status is PageStatus.READ
    same = [
        one.reading.value == other.reading.value
        for one, other in zip(straight.readings, curled.readings, strict=True)
    ]
    assert np.mean(same) > 0.9


def test_where_lines_are_not_in_their_place_a_person_looks():
    image, page = flat(1)
    spoilt = image.copy()
    field = next(field for field in page.page.fields if field.name == "nama")
    (left, top), (right, bottom) = page.to_pixels(
        np.array([[field.box.x, field.box.y], [field.box.x + field.box.w, field.box.y + field.box.h]])
    ).astype(int)
    spoilt[top - 20 : bottom + 5, left:right] = 235
    reading = read_page(bent(spoilt, page.homography, Bend("curl", 3.0)), catalogue())
    waiting = {one.reading.field for one in reading.readings if "uncertain_place" in one.reasons}
    assert "nama" in waiting
    assert len(waiting) < 6


def test_a_plate_goes_through_its_values_and_misses_one_that_is_wrong():
    at = np.stack(np.meshgrid(np.arange(0, 200, 20.0), np.arange(0, 280, 20.0)), -1).reshape(-1, 2)
    values = np.sin(at[:, 0] / 60) + at[:, 1] / 100
    plate = thin_plate(at, values, np.zeros(len(at)))
    assert np.abs(plate.values(at) - values).max() < 1e-9
    ahead = (plate.values(at + np.array([0.01, 0])) - plate.values(at)) / 0.01
    assert np.abs(plate.slopes(at + np.array([0.005, 0]))[:, 0] - ahead).max() < 1e-3
    others = thin_plate(np.delete(at, 44, 0), np.delete(values, 44), np.zeros(len(at) - 1))
    assert plate.miss[44] == pytest.approx(values[44] - others.values(at[44:45])[0], abs=1e-6)
    values[44] += 1.0
    assert np.abs(thin_plate(at, values, np.zeros(len(at))).miss).argmax() == 44
    assert plate.doubts(np.array([[390.0, 140.0]])) > 10 * plate.doubts(np.array([[90.0, 130.0]]))


def test_a_crop_of_bent_paper_is_straight():
    at = np.array([[0, 0], [100, 0], [200, 0], [0, 200], [100, 200], [200, 200.0]])
    down = thin_plate(at, np.array([0, 4.0, 0, 0, 4.0, 0]), np.zeros(6))
    plane = Plane(np.diag([8.0, 8.0, 1.0]), Curl(thin_plate(at, np.zeros(6), np.zeros(6)), down))
    image = np.full((1700, 1700), 255, np.uint8)
    line = plane.to_pixels(np.column_stack([np.linspace(10, 190, 500), np.full(500, 50.0)]))
    cv2.polylines(image, [line.round().astype(np.int32)], False, 0, 5)
    rows = crop(image, plane, Box(20, 40, 160, 20), 8.0).argmin(axis=0)
    assert np.abs(rows - 80).max() < 5
