"""A mark that was struck out is asked about: a line through its box, or much more ink than in the page's others."""

import cv2
import numpy as np
import pytest

from pipeline.recognition.marks import MarkState, judge
from pipeline.recognition.struck import struck_out
from pipeline.recognition.window import MARGIN_MM, PX_PER_MM
from pipeline.training.strokes import mark

BOX_MM = 4.5
SIZE = round((BOX_MM + 2 * MARGIN_MM) * PX_PER_MM)


def window(*lines, pen_mm=0.5):
    """A box's window in which strokes are drawn, mm from its middle."""
    page = np.full((SIZE, SIZE), 255, np.uint8)
    for line in lines:
        points = np.round((np.array(line) * PX_PER_MM + SIZE / 2) * 16).astype(np.int32)
        cv2.polylines(page, [points], False, 40, round(pen_mm * PX_PER_MM), cv2.LINE_AA, 4)
    return page.astype(np.float32) / 255


def marked(way, seed):
    return [line * BOX_MM for line in mark(way, np.random.default_rng(seed)).lines()]


def found(windows):
    sizes = np.full((len(windows), 2), BOX_MM)
    patches = np.stack(windows)
    judged = judge(patches, sizes)
    assert sum(one.state is MarkState.MARKED for one in judged) > 0.7 * len(judged)
    return struck_out(patches, sizes, judged).tolist()


ACROSS = [(-3.4, 0.2), (3.6, -0.1)]
ZIGZAG = [(x, 2.9 * (-1) ** i) for i, x in enumerate(np.linspace(-2.6, 2.6, 5))]
BIG_CROSS = ([(-3.2, -3.2), (3.2, 3.2)], [(-3.2, 3.2), (3.2, -3.2)])


@pytest.mark.parametrize("way", ["tick", "cross", "slash"])
def test_a_line_through_the_box_and_on_strikes_it_out(way):
    assert found([window(*marked(way, seed), ACROSS) for seed in range(5)]) == [True] * 5


@pytest.mark.parametrize("way", ["tick", "cross", "slash"])
@pytest.mark.parametrize("pen_mm", [0.3, 0.5, 0.9])
def test_marks_are_not_struck_out(way, pen_mm):
    windows = [window(*marked(way, seed), pen_mm=pen_mm) for seed in range(40)]
    assert sum(found(windows)) <= 1


@pytest.mark.parametrize("strokes", [(ZIGZAG,), BIG_CROSS], ids=["zigzag", "cross"])
def test_what_is_drawn_over_a_tick_shows_beside_the_other_ticks(strokes):
    ticks = [window(*marked("tick", seed)) for seed in range(6)]
    over = window(*marked("tick", 7), *strokes)
    assert found([*ticks, over]) == [False] * 6 + [True]


def test_a_page_of_marks_of_all_kinds_tells_nothing_of_one():
    ways = ("tick", "cross", "slash", "scribble") * 3
    assert sum(found([window(*marked(way, seed)) for seed, way in enumerate(ways)])) == 0


def test_bubbles_are_not_looked_at():
    patches = np.stack([window(*marked("tick", 1), ACROSS)] * 2)
    sizes = np.full((2, 2), BOX_MM)
    bubbles = np.array([False, True])
    assert struck_out(patches, sizes, judge(patches, sizes), bubbles).tolist() == [True, False]


def test_empty_boxes_are_not_struck_out():
    patches = np.stack([window(), window(ACROSS)])
    sizes = np.full((2, 2), BOX_MM)
    assert not struck_out(patches[:1], sizes[:1], judge(patches[:1], sizes[:1])).any()
