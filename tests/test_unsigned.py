"""Lines, crosses, letters and notes where a signature is asked for are asked about; signatures are not."""

import cv2
import numpy as np
import pytest

from pipeline.forms.layout import Box, FieldLayout, FieldType, Kind, PageLayout
from pipeline.recognition.areas import PX_PER_MM, read_areas
from pipeline.registration.plane import Plane
from pipeline.training.pen import PenStyle, draw
from pipeline.training.strokes import signature, thumbprint

PLANE = Plane(np.diag([PX_PER_MM, PX_PER_MM, 1.0]))
ROW, FOOT = (22.0, 7.0), (60.0, 20.0)
"""The areas of a roster's row and of a form's foot, mm."""


def read(lines=(), area=ROW, pen=0.5, ink=None):
    """What stands in an area in which lines are drawn, their points in shares of it, or an array of ink."""
    field = FieldLayout("tanda_tangan", None, FieldType.SIGNATURE, Kind.AREA, Box(5, 5, *area))
    page = np.full([round((side + 10) * PX_PER_MM) for side in area[::-1]], 255, np.uint8)
    for line in lines:
        points = np.round((np.array(line) * area + 5) * PX_PER_MM * 16).astype(np.int32)
        cv2.polylines(page, [points], False, 40, round(pen * PX_PER_MM), cv2.LINE_AA, 4)
    if ink is not None:
        top, left = ((np.array(page.shape) - ink.shape) // 2).clip(0)
        part = page[top : top + ink.shape[0], left : left + ink.shape[1]]
        part[:] = np.minimum(part, 255 * (1 - 0.85 * ink[: part.shape[0], : part.shape[1]]))
    layout = PageLayout(1, area[0] + 10, area[1] + 10, (), None, None, (field,))
    return read_areas(page, PLANE, layout)["tanda_tangan", None]


def written(text, area, high_mm):
    """A text in plain capitals as ink (h, w), as wide as the area leaves."""
    scale = high_mm * PX_PER_MM / 22
    (wide, tall), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, 4)
    ink = np.zeros((tall + 8, wide + 8), np.uint8)
    cv2.putText(ink, text, (4, tall + 4), cv2.FONT_HERSHEY_SIMPLEX, scale, 255, 4, cv2.LINE_AA)
    room = min(wide + 8, round((area[0] - 2.5) * PX_PER_MM))
    return cv2.resize(ink, (room, tall + 8), interpolation=cv2.INTER_AREA).astype(np.float32) / 255


LINES = {
    "dash": [[(0.2, 0.5), (0.8, 0.52)]],
    "line": [[(0.02, 0.5), (0.5, 0.46), (0.98, 0.5)]],
    "slash": [[(0.06, 0.95), (0.94, 0.06)]],
    "cross": [[(0.06, 0.95), (0.94, 0.06)], [(0.06, 0.06), (0.94, 0.95)]],
    "two lines": [[(0.2, 0.35), (0.8, 0.37)], [(0.2, 0.65), (0.82, 0.63)]],
    "tick": [[(0.3, 0.5), (0.42, 0.85), (0.75, 0.1)]],
}


@pytest.mark.parametrize("area", [ROW, FOOT])
@pytest.mark.parametrize("pen", [0.35, 0.5, 0.9])
@pytest.mark.parametrize("sign", LINES)
def test_lines_are_no_certain_signature(sign, pen, area):
    assert read(LINES[sign], area, pen).reasons == ("unclear_signature",)


@pytest.mark.parametrize("text", ["S", "I", "A", "TH"])
def test_a_letter_for_why_nobody_came_is_none(text):
    assert read(ink=written(text, ROW, 4.0)).reasons == ("unclear_signature",)


@pytest.mark.parametrize("text", ["SAKIT", "TDK HADIR", "TIDAK HADIR", "MENINGGAL", "PINDAH"])
@pytest.mark.parametrize("area", [ROW, FOOT])
def test_a_note_is_none(text, area):
    assert read(area=area, ink=written(text, area, 4.0)).reasons == ("unclear_signature",)


@pytest.mark.parametrize(("area", "high"), [(ROW, 6.0), (FOOT, 14.0)])
def test_signatures_are_seldom_asked_about(area, high):
    asked = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        style = PenStyle.sample(rng).for_height(high)
        ink = draw(
            signature(rng, area[0] / area[1]), PX_PER_MM, high, style, rng, widest_mm=0.9 * area[0]
        ).ink
        found = read(area=area, ink=ink)
        assert found.value == "present"
        asked += bool(found.reasons)
    assert asked <= 9


@pytest.mark.parametrize("seed", range(12))
def test_a_thumbprint_is_one(seed):
    rng = np.random.default_rng(seed)
    ink = draw(thumbprint(rng), PX_PER_MM, 17.0, PenStyle.sample(rng), rng).ink
    assert read(area=FOOT, ink=ink).reasons == ()
