"""Cells: sampled through the plane, printed lines taken out, a neighbour's ink kept out, ink scaled to size."""

import itertools

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pipeline.recognition.cells import SIZE, cell_ink, isolate
from pipeline.recognition.printed_lines import take_out_lines
from pipeline.recognition.window import MARGIN_MM, PX_PER_MM, ranked, sample
from pipeline.registration.plane import Plane

PX = 300 / 25.4
LEFT, TOP, W, H, N = 10.0, 8.0, 5.5, 6.5, 6
BOXES = np.array([[LEFT + i * W, TOP, W, H] for i in range(N)])
GROUPS = np.zeros(N, np.int64)


def paper(line_grey=184, thick=3):
    """A printed comb on white paper at 300 dpi and the plane that maps mm to its pixels."""
    page = np.full((300, 640), 255, np.uint8)
    for x in (LEFT + i * W for i in range(N + 1)):
        cv2.line(page, px(x, TOP), px(x, TOP + H), line_grey, thick)
    for y in (TOP, TOP + H):
        cv2.line(page, px(LEFT, y), px(LEFT + N * W, y), line_grey, thick)
    return page, np.array([[PX, 0, -0.5], [0, PX, -0.5], [0, 0, 1]])


def px(x, y):
    return round(x * PX - 0.5), round(y * PX - 0.5)


def stroke(page, x0, y0, x1, y1, grey=40, width_mm=0.5):
    """A pen stroke in mm from the comb's corner; ink and print multiply."""
    ink = np.full_like(page, 255)
    cv2.line(ink, px(LEFT + x0, TOP + y0), px(LEFT + x1, TOP + y1), grey, round(width_mm * PX), cv2.LINE_AA)
    page[:] = (page.astype(np.float32) * ink / 255).astype(np.uint8)


def read(page, plane):
    patches = sample(page, Plane(plane), BOXES)
    clean = take_out_lines(patches, BOXES[:, 2:], GROUPS)
    return clean, isolate(clean, BOXES[:, 2:])


@pytest.mark.parametrize("grey", [60, 120, 184, 225, 255])
@pytest.mark.parametrize("thick", [2, 4])
def test_an_empty_comb_has_no_ink_however_dark_its_lines(grey, thick):
    _, ink = read(*paper(grey, thick))
    assert not ink.amount.any()
    assert not ink.images.any()


@pytest.mark.parametrize("grey", [90, 184, 225])
def test_a_stroke_across_a_line_stays_whole(grey):
    page, plane = paper(grey)
    stroke(page, 1.5 * W, 1.5, 1.5 * W, H + 1.0)
    _, ink = read(page, plane)
    assert np.flatnonzero(ink.amount).tolist() == [1]
    rows = np.flatnonzero(ink.images[1].max(axis=1) > 100)
    assert len(rows) == rows[-1] - rows[0] + 1
    assert ink.place[1, 1] == pytest.approx((H - 0.5 + 0.5) / H, abs=0.08)


def test_ink_that_reaches_in_from_a_neighbour_is_left_out():
    page, plane = paper()
    stroke(page, 1.2 * W, 2, 1.8 * W, 5)
    stroke(page, 1.05 * W, 3.5, 0.4 * W, 3.5)
    _, ink = read(page, plane)
    alone, plane = paper()
    stroke(alone, 1.2 * W, 2, 1.8 * W, 5)
    _, expected = read(alone, plane)
    assert np.abs(ink.images[1].astype(int) - expected.images[1]).mean() < 3


def test_a_foot_beside_the_line_is_not_taken_for_the_line():
    """Two of the three cells of a comb hold a 2 whose foot lies along the printed line."""
    page, plane = paper()
    for i in (1, 2):
        stroke(page, i * W + 1.0, 1.5, i * W + 4.5, 1.5)
        stroke(page, i * W + 4.5, 1.5, i * W + 1.0, H - 0.45)
        stroke(page, i * W + 1.0, H - 0.45, i * W + 4.5, H - 0.45)
    clean = take_out_lines(sample(page, Plane(plane), BOXES[:3]), BOXES[:3, 2:], GROUPS[:3])
    ink = isolate(clean, BOXES[:3, 2:])
    assert not ink.amount[0]
    for image in ink.images[1:]:
        foot = image[26:36].max(axis=0)
        assert np.count_nonzero(foot > 100) >= 20


def claimed(page, plane, boxes=BOXES):
    """Which cells hold ink when each character belongs to one cell alone."""
    return np.flatnonzero(cell_ink(page, Plane(plane), boxes, np.zeros(len(boxes), np.int64)).amount).tolist()


@pytest.mark.parametrize(("off", "cell"), [(-0.7, 1), (-0.25, 1), (0.25, 2), (0.7, 2)])
def test_a_character_astride_a_line_belongs_to_one_cell(off, cell):
    page, plane = paper()
    middle = 2 * W + off
    stroke(page, middle - 1.9, 1.5, middle + 1.9, 1.5)
    stroke(page, middle - 1.9, 1.5, middle + 1.9, 5.0)
    stroke(page, middle - 1.9, 5.0, middle + 1.9, 5.0)
    assert claimed(page, plane) == [cell]


def test_two_characters_that_touch_stay_two():
    page, plane = paper()
    stroke(page, 0.8, 1.5, W - 0.5, 5.0)
    stroke(page, W - 0.5, 5.0, W + 0.6, 3.0)
    stroke(page, W + 0.6, 3.0, 2 * W - 0.8, 5.0)
    assert claimed(page, plane) == [0, 1]


def test_two_narrow_characters_whose_bars_touch_stay_two():
    page, plane = paper()
    for i in (1, 2):
        stroke(page, i * W + 1.2, 1.5, i * W + 4.6, 1.5)
        stroke(page, i * W + 4.2, 1.5, i * W + 3.0, 5.5)
    stroke(page, W + 4.6, 1.5, 2 * W + 1.2, 1.5)
    assert claimed(page, plane) == [1, 2]


def test_a_last_character_that_hangs_over_the_end_of_its_comb_is_kept():
    page, plane = paper()
    stroke(page, N * W - 1.0, 1.2, N * W + 3.0, 1.2)
    stroke(page, N * W - 1.0, 1.2, N * W + 0.2, 5.5)
    assert claimed(page, plane) == [N - 1]


@pytest.mark.parametrize(("tip", "cells"), [(H - 1.2, []), (2.0, [0])])
def test_a_letter_that_reaches_up_from_the_row_below_is_not_this_rows(tip, cells):
    page, plane = paper()
    stroke(page, 0.5 * W, tip, 0.45 * W, H + 3.5)
    assert claimed(page, plane) == cells


def whole(page, plane):
    """The comb as pages are read: `cell_ink`, which passes over combs without ink."""
    return cell_ink(page, Plane(plane), BOXES, GROUPS)


@pytest.mark.parametrize("grey", [150, 200])
@pytest.mark.parametrize("off", [-0.2, 0.0, 0.2])
@pytest.mark.parametrize("beside", [True, False])
def test_a_one_that_stands_on_a_line_is_looked_at(grey, off, beside):
    """Alone in its comb, too: at the right line of its cell nothing of it is well inside."""
    page, plane = paper(grey)
    if beside:
        stroke(page, 0.5 * W, 1.5, 0.5 * W, 5)
    stroke(page, 2 * W - off, 1.5, 2 * W - off, 5)
    ink = whole(page, plane)
    assert ink.amount[1:3].any() or ink.left_out[1:3].any()


def test_a_thin_character_that_touches_its_neighbour_is_not_lost_in_silence():
    page, plane = paper()
    for x0, y0, x1, y1 in (
        (2.0, 1.5, 4.8, 1.5),
        (4.8, 1.5, 2.2, 5.0),
        (2.2, 5.0, 6.2, 5.0),
        (6.2, 1.5, 6.2, 5.0),
    ):
        stroke(page, x0, y0, x1, y1)
    ink = whole(page, plane)
    assert ink.amount[1] or ink.left_out[1]


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_character_on_the_line_that_touches_a_wide_neighbour_is_not_lost_in_silence(mirrored):
    """A J whose stem stands on the line and touches the O beside it: all but its hook lies in the O's cell."""
    page, plane = paper()
    ring = np.linspace(0, 2 * np.pi, 40)
    points = [(W + 2.5 + 2.4 * np.cos(a), 3.8 + 1.9 * np.sin(a)) for a in ring]
    lines = [
        *itertools.pairwise(points),
        ((1.2, 4.9), (2.6, 5.4)),
        ((2.6, 5.4), (W + 0.3, 4.9)),
    ]
    for (x0, y0), (x1, y1) in [*lines, ((W + 0.3, 1.7), (W + 0.3, 4.9))]:
        stroke(page, *((2 * W - x0, y0, 2 * W - x1, y1) if mirrored else (x0, y0, x1, y1)))
    ink = whole(page, plane)
    lost = 1 if mirrored else 0
    assert ink.amount[lost] or ink.left_out[lost] > 0.15


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_stroke_across_the_line_that_a_wide_neighbour_takes_whole_is_not_lost_in_silence(mirrored):
    """The I of SUPIR, which leans over its line and meets the R: the word had entered as SUP R."""
    page, plane = paper()
    letter = (
        ((W + 1.6, 1.6), (W + 1.0, 5.2)),
        ((W + 1.3, 1.6), (W + 3.6, 2.0)),
        ((W + 3.6, 2.0), (W + 1.4, 3.4)),
    )
    for (x0, y0), (x1, y1) in (*letter, ((W + 1.6, 3.4), (W + 3.8, 5.2)), ((W - 1.0, 4.2), (W + 1.6, 1.6))):
        stroke(page, *((2 * W - x0, y0, 2 * W - x1, y1) if mirrored else (x0, y0, x1, y1)))
    ink = whole(page, plane)
    lost = 1 if mirrored else 0
    assert ink.amount[lost] or ink.left_out[lost] > 0.15


def test_a_foot_that_reaches_over_the_line_leaves_nothing_out():
    page, plane = paper()
    for x0, y0, x1, y1 in ((2.0, 1.5, 4.8, 1.5), (4.8, 1.5, 2.2, 5.0), (2.2, 5.0, 6.2, 5.0)):
        stroke(page, x0, y0, x1, y1)
    ink = whole(page, plane)
    assert (ink.amount > 0).tolist() == [True] + [False] * 5
    assert not ink.left_out.any()


def test_a_character_most_of_which_lies_below_its_cell_is_told():
    page, plane = paper()
    stroke(page, 0.5 * W, 1.5, 0.5 * W, 5)
    stroke(page, 1.5 * W - 1, H - 1.5, 1.5 * W + 1, H + 4.0)
    ink = whole(page, plane)
    assert not ink.left_out[0]
    assert ink.left_out[1] > 0.15


def test_a_dot_stays_small_and_low_and_an_apostrophe_high():
    page, plane = paper()
    stroke(page, 0.5 * W, 5.4, 0.5 * W, 5.4, width_mm=0.8)
    stroke(page, 1.5 * W, 1.0, 1.5 * W, 1.8, width_mm=0.6)
    _, ink = read(page, plane)
    dot, apostrophe = ink.place[0], ink.place[1]
    assert dot[0] < 0.25 < 0.7 < apostrophe[0]
    assert (ink.images[0] > 60).sum() < 0.15 * SIZE * SIZE


@given(
    turn=st.floats(-3, 3),
    scale=st.floats(0.65, 1.3),
    tilt=st.floats(-2e-5, 2e-5),
)
@settings(max_examples=25, deadline=None)
def test_sampling_follows_the_plane(turn, scale, tilt):
    page, plane = paper()
    stroke(page, 0.2 * W, 1.2, 0.8 * W, 5.2)
    stroke(page, 3.8 * W, 1.2, 3.2 * W, 5.2)
    _, straight = read(page, plane)
    c, s = scale * np.cos(np.radians(turn)), scale * np.sin(np.radians(turn))
    bend = np.array([[c, -s, 40], [s, c, 40], [tilt, tilt, 1]])
    moved = cv2.warpPerspective(page, bend, (900, 500), flags=cv2.INTER_AREA, borderValue=255)
    _, ink = read(moved, bend @ plane)
    assert np.flatnonzero(ink.amount).tolist() == [0, 3]
    assert np.abs(ink.place - straight.place).max() < 0.1
    assert np.abs(ink.images[[0, 3]].astype(int) - straight.images[[0, 3]]).mean() < 14


def test_boxes_of_different_size_share_one_array():
    page, plane = paper()
    boxes = np.array([[LEFT, TOP, W, H], [LEFT + 2 * W, TOP, 4.5, 4.5]])
    patches = sample(page, Plane(plane), boxes)
    assert patches.shape == (
        2,
        round((H + 2 * MARGIN_MM) * PX_PER_MM),
        round((W + 2 * MARGIN_MM) * PX_PER_MM),
    )
    beyond = round((4.5 + 2 * MARGIN_MM) * PX_PER_MM)
    assert (patches[1, beyond:] == 1).all()


@given(arrays.arrays(np.uint8, arrays.array_shapes(min_dims=2, max_dims=2, max_side=40)), st.data())
def test_a_rank_found_by_counting_is_the_one_found_by_sorting(rows, data):
    rank = data.draw(st.integers(0, rows.shape[1] - 1))
    assert ranked(rows, rank).tolist() == np.sort(rows, axis=1)[:, rank].tolist()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([0.05, 0.4, 1.0]), st.integers(10, 300))
def test_the_30th_darkest_px_speaks_for_the_pen(seed, darkest, count):
    rng = np.random.default_rng(seed)
    side = round((7 + 2 * MARGIN_MM) * PX_PER_MM)
    low, high = round(MARGIN_MM * PX_PER_MM) + 8, round((MARGIN_MM + 7) * PX_PER_MM) - 8
    patch = np.ones((side, side), np.float32)
    # One stroke, row by row, so that it is one component however many px it has.
    at = np.arange(count)
    patch[low + at // (high - low), low + at % (high - low)] = 1 - darkest * rng.uniform(0.8, 1, count)
    pen = isolate(patch[None], np.array([[7.0, 7.0]])).pen[0]
    usual = np.sort(1 - patch, axis=None)[-30]
    assert pen == (usual if usual >= 0.16 else 0)
