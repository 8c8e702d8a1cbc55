"""A stamp is no signature: what an office stamps across an area goes to a person, signatures do not."""

import cv2
import numpy as np
import pytest

from pipeline.forms.layout import Box, FieldLayout, FieldType, Kind, PageLayout
from pipeline.recognition.areas import PX_PER_MM, read_areas
from pipeline.registration.plane import Plane
from pipeline.training.pen import PenStyle, draw
from pipeline.training.strokes import signature, thumbprint

WIDE, HIGH = 60.0, 20.0
AREA = FieldLayout("tanda_tangan", None, FieldType.SIGNATURE, Kind.AREA, Box(10, 10, WIDE, HIGH))
PAGE = PageLayout(1, WIDE + 20, HIGH + 20, (), None, None, (AREA,))
PLANE = Plane(np.diag([PX_PER_MM, PX_PER_MM, 1.0]))


def paper():
    return np.full((round((HIGH + 20) * PX_PER_MM), round((WIDE + 20) * PX_PER_MM)), 255, np.uint8)


def stamp(page, middle):
    at = tuple(round(mm * PX_PER_MM) for mm in middle)
    for radius, line in ((19.0, 1.0), (17.0, 0.4)):
        cv2.circle(page, at, round(radius * PX_PER_MM), 110, max(1, round(line * PX_PER_MM)), cv2.LINE_AA)
    return page


def unevenly(page, seed):
    """The same, by a pad that has dried here and there."""
    h, w = page.shape
    blotches = np.random.default_rng(seed).standard_normal((h // 6, w // 6)).astype(np.float32)
    covers = np.clip(0.75 + 0.5 * cv2.resize(blotches, (w, h)), 0, 1)
    return (255 - covers * (255 - page.astype(np.float32))).astype(np.uint8)


def sign(page, seed, thumb):
    rng = np.random.default_rng(seed)
    style = PenStyle.sample(rng)
    glyph = thumbprint(rng) if thumb else signature(rng, WIDE / HIGH)
    ink = draw(glyph, PX_PER_MM, 17.0 if thumb else 12.0, style, rng, widest_mm=48).ink
    ink = ink[: round(18 * PX_PER_MM), : round(56 * PX_PER_MM)] * style.darkness
    top, left = round(11 * PX_PER_MM), round(12 * PX_PER_MM)
    part = page[top : top + ink.shape[0], left : left + ink.shape[1]]
    part[:] = np.minimum(part, 255 * (1 - ink[: part.shape[0], : part.shape[1]]))
    return page


def read(page):
    return read_areas(page, PLANE, PAGE)["tanda_tangan", None]


@pytest.mark.parametrize("middle", [(40, 20), (20, 12), (62, 34), (40, 38), (75, 20)])
def test_a_stamp_over_an_empty_area_is_asked_about(middle):
    assert read(stamp(paper(), middle)).reasons == ("unclear_signature",)


@pytest.mark.parametrize("middle", [(35, 47), (87, 18), (-1, 37), (12, -5), (75, 2), (8, 39), (84, 29)])
def test_a_stamp_that_only_grazes_an_empty_area_is_asked_about(middle):
    for seed in range(8):
        reading = read(unevenly(stamp(paper(), middle), seed))
        assert reading.reasons == ("unclear_signature",), (seed, reading)


def test_what_is_signed_near_print_and_lines_is_no_stamp():
    page = paper()
    cv2.putText(page, "Tanda tangan kepala keluarga", (60, 60), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 0, 2)
    for y in (76, 250):
        cv2.line(page, (0, y), (page.shape[1], y), 0, 3)
    found = [read(sign(page.copy(), seed, thumb=False)) for seed in range(30)]
    assert all(reading.value == "present" and not reading.reasons for reading in found)


@pytest.mark.parametrize("thumb", [False, True])
def test_signatures_and_thumbprints_are_not_taken_for_stamps(thumb):
    found = [read(sign(paper(), seed, thumb)) for seed in range(40)]
    assert all(reading.value == "present" for reading in found)
    assert sum(bool(reading.reasons) for reading in found) <= 2


@pytest.mark.parametrize("seed", [32, 76, 110, 136])
def test_ridges_that_lie_on_a_circle_are_no_ring_where_it_ends_with_them(seed):
    assert not read(sign(paper(), seed, thumb=True)).reasons


def test_an_empty_area_stays_absent():
    assert read(paper()).value == "absent"
    assert not read(paper()).reasons
