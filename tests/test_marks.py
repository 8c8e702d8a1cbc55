"""Tick boxes: each judged by itself against its own empty printed box."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.recognition.marks import MarkState, judge
from pipeline.recognition.printed_lines import take_out_lines
from pipeline.recognition.window import MARGIN_MM, PX_PER_MM, sample, window_px
from pipeline.registration.plane import Plane

PX = 300 / 25.4
BOXES = np.array([[6.0 + 9 * i, 6.0, 4.5, 4.5] for i in range(4)])


def judged(*strokes, pen_mm=0.5, grey=50, outline=110, filled=False):
    """Judges the first of four printed boxes with pen strokes in shares of the box: ((x, y), (x, y), …)."""
    page = np.full((200, 520), 250, np.uint8)
    corner = [round(v * PX) for v in (6.0, 6.0, 10.5, 10.5)]
    if filled:
        cv2.rectangle(page, corner[:2], corner[2:], grey, -1)
    for points in strokes:
        line = np.array([[(6 + 4.5 * x) * PX, (6 + 4.5 * y) * PX] for x, y in points])
        cv2.polylines(page, [np.round(line * 8).astype(int)], False, grey, round(pen_mm * PX), cv2.LINE_AA, 3)
    for x, y, w, h in BOXES:
        cv2.rectangle(
            page, (round(x * PX), round(y * PX)), (round((x + w) * PX), round((y + h) * PX)), outline, 3
        )
    patches = sample(page, Plane(np.diag([PX, PX, 1.0])), BOXES)
    mark, *others = judge(take_out_lines(patches, BOXES[:, 2:], np.zeros(4, np.int64)), BOXES[:, 2:])
    assert {other.state for other in others} == {MarkState.EMPTY}
    return mark


TICK = ((0.15, 0.55), (0.4, 0.85), (1.1, -0.2))
CROSS = (((0.1, 0.1), (0.9, 0.9)), ((0.9, 0.1), (0.1, 0.9)))
SCRIBBLE = (tuple((0.15 + 0.1 * i, 0.2 if i % 2 else 0.8) for i in range(8)),)


@pytest.mark.parametrize("pen", [0.3, 0.5, 0.8, 1.2])
@pytest.mark.parametrize("grey", [30, 90, 140])
@pytest.mark.parametrize("strokes", [(TICK,), CROSS, (CROSS[0],)], ids=["tick", "cross", "slash"])
def test_a_mark_is_seen_in_every_pen(strokes, grey, pen):
    assert judged(*strokes, pen_mm=pen, grey=grey).state is MarkState.MARKED


@pytest.mark.parametrize("pen", [0.3, 0.5, 0.8])
def test_a_scribble_that_leaves_paper_free_is_never_taken_for_cancelled(pen):
    assert judged(*SCRIBBLE, pen_mm=pen).state in (MarkState.MARKED, MarkState.UNCLEAR)


@pytest.mark.parametrize("grey", [185, 200])
def test_a_pale_pencil_is_never_lost(grey):
    assert judged(*CROSS, grey=grey).state in (MarkState.MARKED, MarkState.UNCLEAR)


@pytest.mark.parametrize("outline", [0, 90, 170, 250])
def test_an_empty_box_is_empty_however_it_is_printed(outline):
    mark = judged(outline=outline)
    assert mark.state is MarkState.EMPTY
    assert mark.confidence > 0.99


def test_a_filled_box_is_cancelled():
    assert judged(filled=True).state is MarkState.CANCELLED


@pytest.mark.parametrize(
    "strokes",
    [(((0.5, 0.5), (0.52, 0.5)),), (((-0.5, 0.9), (0.28, 0.7)),), (((1.3, 0.2), (0.75, 0.3)),)],
    ids=["dot", "from the left", "from the right"],
)
def test_a_dot_or_a_stray_end_is_no_mark(strokes):
    assert judged(*strokes).state in (MarkState.UNCLEAR, MarkState.EMPTY)


@pytest.mark.parametrize("pen", [0.2, 0.5, 0.8, 1.2])
@pytest.mark.parametrize(
    "way", [((0.15, 0.3), (0.6, 0.3)), ((0.0, 0.55), (1.0, 0.4)), ((0.5, 0.1), (0.45, 0.9))]
)
def test_a_dash_is_no_mark(way, pen):
    """It may say no; damaged files draw them too."""
    assert judged(way, pen_mm=pen).state in (MarkState.UNCLEAR, MarkState.EMPTY)


@pytest.mark.parametrize("pen", [0.3, 0.5, 0.8])
@pytest.mark.parametrize(
    "way", [((0.05, 0.5), (0.4, 1.02), (0.8, -0.3)), ((0.15, 0.45), (0.5, 0.95), (0.85, 0.05))]
)
def test_a_steep_tick_whose_corner_lies_at_the_outline_is_no_dash(way, pen):
    """Inside, away from the outline, its legs do not meet, and the longer one stands."""
    assert judged(way, pen_mm=pen).state is MarkState.MARKED


def test_a_dash_that_leaves_its_box_stays_one():
    assert judged(((0.5, -0.2), (0.45, 1.2))).state is MarkState.UNCLEAR


def test_strokes_that_meet_are_no_dot():
    stem, arms = ((0.2, 0.1), (0.2, 0.9)), ((0.8, 0.1), (0.25, 0.5), (0.8, 0.9))
    assert judged(stem, arms, pen_mm=0.9).state is MarkState.MARKED


def test_half_a_black_box_is_asked_about():
    half = tuple((0.05 + 0.9 * (i % 2), 0.1 + 0.04 * i) for i in range(12))
    assert judged(half, pen_mm=0.9).state is MarkState.UNCLEAR


def crosses(*brightness):
    """Windows of boxes with a cross as bright as that."""
    side = window_px(4.5, 4.5)[0]
    patches = np.ones((len(brightness), side, side), np.float32)
    low, high = (round(v * PX_PER_MM) for v in (MARGIN_MM + 0.5, MARGIN_MM + 4))
    for patch, bright in zip(patches, brightness, strict=True):
        cv2.line(patch, (low, low), (high, high), float(bright), 5)
        cv2.line(patch, (low, high), (high, low), float(bright), 5)
    return patches


@pytest.mark.parametrize(
    ("others", "state"),
    [((0.76,) * 4, "marked"), ((0.76,) * 3, "unclear"), ((0.3,) * 8, "unclear")],
    ids=["a page in pencil", "too few marks to tell", "what shines through beside a pen"],
)
def test_a_pale_mark_counts_where_its_page_is_as_pale(others, state):
    patches = crosses(0.81, *others)
    assert judge(patches, np.full((len(patches), 2), 4.5))[0].state == state


@given(x=st.floats(-0.6, -0.12), y=st.floats(-0.5, 1.5), length=st.floats(0, 0.4))
@settings(max_examples=40, deadline=None)
def test_ink_beside_the_box_leaves_it_empty(x, y, length):
    assert judged(((x, y), (x, y + length))).state is MarkState.EMPTY


def test_a_dot_of_a_thick_pen_is_never_a_mark():
    dot = ((0.5, 0.5), (0.52, 0.52))
    assert judged(dot, pen_mm=1.2).state in (MarkState.EMPTY, MarkState.UNCLEAR)


def test_in_thousands_of_drawn_boxes_none_is_wrong_and_few_are_doubtful():
    from pipeline.training.marks import measure

    found = measure(2500, seed=11)
    assert sum(counts["wrong"] for counts in found.values()) == 0
    drawn = [found[kind] for kind in ("empty", "tick", "cross", "slash", "scribble", "filled")]
    assert sum(counts["doubtful"] for counts in drawn) <= 0.005 * sum(counts.total() for counts in drawn)


@pytest.mark.parametrize("bright", [0.3, 0.6])
@pytest.mark.parametrize("turned", range(0, 360, 45))
@pytest.mark.parametrize(("what", "state"), [("disc", "marked"), ("beside", "marked"), ("edge", "unclear")])
def test_a_bubble_is_marked_by_what_ends_around_it(what, state, turned, bright):
    """Printed 4 mm wide; a mark may lie 1.2 mm beside it, the edge of a shadow through its middle."""
    side = np.array([np.cos(np.deg2rad(turned)), np.sin(np.deg2rad(turned))])
    far = (np.arange(window_px(4, 4)[0]) + 0.5) / PX_PER_MM - MARGIN_MM - 2
    y, x = np.meshgrid(far, far, indexing="ij")
    beside = 1.2 * side * (what == "beside")
    dark = x * side[0] + y * side[1] > -0.3 if what == "edge" else np.hypot(x - beside[0], y - beside[1]) < 2
    patch = np.where(dark, bright, 1).astype(np.float32)
    (mark,) = judge(patch[None], np.array([[4.0, 4.0]]), np.ones(1, bool))
    assert mark.state == state, mark
