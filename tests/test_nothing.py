"""What stands in fields instead of an entry is drawn where it is said to be."""

import numpy as np
import pytest
from forms_under_test import form
from pen_hands import BLOCK

from pipeline.forms.layout import Kind
from pipeline.training.fill import DPI, Writer
from pipeline.training.nothing import STRIKES, STRUCK_OUT, _into_boxes

PX = DPI / 25.4
REACH_MM = 10.0
"""A line through a box ends within 8 mm of it."""


@pytest.mark.parametrize("seed", range(5))
def test_what_strikes_a_mark_out_lies_over_its_box(seed):
    layout = form("pendataan").layout.pages[1]
    field = max((f for f in layout.fields if f.kind is Kind.MARKS), key=lambda f: f.box.w)
    assert field.box.w > 100, "boxes far from the field's corner"
    rng = np.random.default_rng(seed)
    writer = Writer.sample([BLOCK], rng)
    struck = 0
    while struck < len(STRIKES) * 4:
        page = np.ones((round(layout.height_mm * PX), round(layout.width_mm * PX)), np.float32)
        if _into_boxes(page, field, writer, rng)[0] != STRUCK_OUT:
            continue
        struck += 1
        y, x = (axis / PX for axis in np.nonzero(page < 0.9))
        near = [
            box
            for box in (choice.box for choice in field.choices)
            if x.min() > box.x - REACH_MM / 2
            and x.max() < box.x + box.w + REACH_MM
            and y.min() > box.y - REACH_MM / 2
            and y.max() < box.y + box.h + REACH_MM / 2
        ]
        inside = [
            np.count_nonzero((x > b.x) & (x < b.x + b.w) & (y > b.y) & (y < b.y + b.h)) / len(x) for b in near
        ]
        assert max(inside, default=0) > 0.2
