"""What runs across fields speaks of all that it crosses; what is filled in, however large, of its own field alone."""

import cv2
import numpy as np
import pytest
from flat_pages import PLANE, PX, written
from forms_under_test import FORMS, form

from pipeline.forms.layout import Kind, around
from pipeline.recognition.bare import dark_on
from pipeline.recognition.crossing import crossed
from pipeline.training.degrade import soften, specks, to_bytes
from pipeline.training.people import fill_in

SEX = "anggota.jenis_kelamin"


def filled(name, values, seed=1, side=0):
    rng = np.random.default_rng(seed)
    page, _ = written(name, values, rng, side)
    specks(page, 40, rng)
    return to_bytes(soften(page, 0.8))


def across(name, image, side=0):
    page, ink = form(name).layout.pages[side], form(name).ink[side]
    return crossed(dark_on(image, PLANE, page), page, ink)


def drawn(image, points_mm, mm=0.6):
    points = np.round(np.array(points_mm) * PX).astype(np.int32)
    return cv2.polylines(image, [points], False, 40, round(mm * PX), cv2.LINE_AA)


def stamped(image, middle_mm, seed):
    """An office's stamp, by a pad that inks unevenly."""
    through = np.full(image.shape, 255, np.uint8)
    at = tuple(round(mm * PX) for mm in middle_mm)
    for radius, line in ((19.0, 1.0), (17.0, 0.4)):
        cv2.circle(through, at, round(radius * PX), 120, round(line * PX), cv2.LINE_AA)
    blotches = np.random.default_rng(seed).standard_normal([side // 8 for side in image.shape])
    covers = np.clip(0.75 + 0.5 * cv2.resize(blotches, image.shape[::-1]), 0, 1)
    return (image * (1 - covers * (1 - through / 255))).astype(np.uint8)


def field(key):
    return next(one for one in form("pendataan").layout.pages[0].fields if (one.name, one.row) == key)


def fields_of_row(row):
    return [one for one in form("pendataan").layout.pages[0].fields if one.row == row]


def middle(box):
    return box.x + box.w / 2, box.y + box.h / 2


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", FORMS)
def test_what_is_filled_in_runs_across_nothing(name, seed):
    values = fill_in(form(name), np.random.default_rng(seed))
    for side in range(len(form(name).layout.pages)):
        assert across(name, filled(name, values, seed, side), side) == frozenset()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("towards", [-1, 1])
def test_the_ring_of_a_stamp_through_a_box_is_no_mark_of_it(towards, seed):
    x, y = middle(field((SEX, 2)).choices[1].box)
    assert (SEX, 2) in across("pendataan", stamped(filled("pendataan", {}), (x + towards * 18.9, y), seed))


def test_a_line_through_the_boxes_of_several_rows_is_no_mark_of_them():
    rows = [(SEX, row) for row in range(1, 6)]
    ends = [middle(field(key).choices[0].box) for key in (rows[0], rows[-1])]
    assert set(rows) <= across("pendataan", drawn(filled("pendataan", {}), ends))


@pytest.mark.parametrize("seed", range(4))
def test_a_row_that_is_struck_out_is_asked_about_whole_and_no_other(seed):
    values = fill_in(form("pendataan"), np.random.default_rng(seed))
    row = around([box for one in fields_of_row(2) for box in one.parts])
    x = np.linspace(row.x, row.x + row.w, 9)
    y = row.y + row.h * 0.25 + np.random.default_rng(seed).normal(0, 0.5, 9)
    found = across("pendataan", drawn(filled("pendataan", values, seed), np.stack([x, y], axis=1)))
    assert {(one.name, one.row) for one in fields_of_row(2)} <= found
    assert {key[1] for key in found} <= {1, 2, 3}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", FORMS)
def test_a_page_that_is_struck_out_from_corner_to_corner_is_asked_about_whole(name, seed):
    page = form(name).layout.pages[0]
    values = fill_in(form(name), np.random.default_rng(seed))
    image = filled(name, values, seed)
    w, h, t = page.width_mm, page.height_mm, np.linspace(0, 1, 13)
    wave = np.random.default_rng(seed).normal(0, 1.5, 13)
    for ends in ((15, w - 15), (w - 15, 15)):
        drawn(image, np.stack([ends[0] + t * (ends[1] - ends[0]), 25 + t * (h - 50) + wave], axis=1))
    found = across(name, image)
    assert found == {(one.name, one.row) for one in page.fields}


@pytest.mark.parametrize("off_mm", [-0.9, 0.9])
@pytest.mark.parametrize("name", FORMS)
def test_printed_frames_that_bent_paper_moves_strike_nothing_out(name, off_mm):
    image = filled(name, fill_in(form(name), np.random.default_rng(1)))
    assert across(name, np.roll(image, round(off_mm * PX), axis=1)) == frozenset()


def test_a_signature_that_touches_its_neighbours_is_not_struck_out():
    areas = [one for one in form("penyaluran").layout.pages[0].fields if one.kind is Kind.AREA]
    image = filled("penyaluran", {})
    for one in areas[:2]:
        x, y = middle(one.box)
        drawn(
            image,
            [(x - 9, y + 2), (x - 3, y - one.box.h / 2 - 1), (x + 4, y + one.box.h / 2 + 1), (x + 9, y)],
        )
    assert across("penyaluran", image) == frozenset()
