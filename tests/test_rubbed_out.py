"""What was written in pencil and rubbed out is much paler than the page's pen, and enters as nothing unseen."""

import cv2
import numpy as np
import pytest
from flat_pages import PX, written
from forms_under_test import form

from pipeline.forms.catalogue import Catalogue
from pipeline.page import read_page
from pipeline.recognition.doubt import doubt_paler
from pipeline.recognition.types import Reading
from pipeline.training.degrade import soften, to_bytes

SURVEY = form("pendataan")
FIELDS = {field.name: field for field in SURVEY.layout.pages[0].fields if field.row is None}
VALUES = {
    ("desa", None): "2005",
    ("rt", None): "4",
    ("kk", None): "6311021212129001",
    ("jumlah_anggota", None): "3",
    ("jenis_kelamin", None): "P",
}
RUBBED_OUT, PENCIL = 178, 96
"""Grey: the traces of a pencil, a pencil's line."""


def read(name, strokes, grey):
    """What becomes of a field in whose first cell or box strokes are drawn, in shares of it."""
    page, _ = written("pendataan", VALUES, np.random.default_rng(4))
    image = to_bytes(soften(page, 0.8))
    box = FIELDS[name].parts[0]
    for stroke in strokes:
        line = (np.array([box.x, box.y]) + np.array(stroke) * [box.w, box.h]) * PX
        drawn = np.full_like(image, 255)
        cv2.polylines(drawn, [np.round(line * 8).astype(int)], False, grey, round(0.6 * PX), cv2.LINE_AA, 3)
        image = np.minimum(image, drawn)
    readings = read_page(image, Catalogue([SURVEY])).readings
    return next(one for one in readings if (one.reading.field, one.reading.row) == (name, None))


ONE = [((0.5, 0.15), (0.48, 0.85))]
TICK = [((0.1, 0.5), (0.4, 0.9), (1.0, 0.1))]


@pytest.mark.parametrize(("name", "strokes"), [("rw", ONE), ("status_perkawinan", TICK)])
def test_what_was_rubbed_out_waits_for_a_person(name, strokes):
    found = read(name, strokes, RUBBED_OUT)
    assert found.status == "review"
    assert "faint" in found.reasons


@pytest.mark.parametrize(("name", "strokes"), [("rw", ONE), ("status_perkawinan", TICK)])
def test_what_a_pencil_wrote_beside_a_pen_may_enter(name, strokes):
    assert "faint" not in read(name, strokes, PENCIL).reasons


def test_a_page_in_pale_pencil_is_no_paler_than_itself():
    pens = {("a", None): (0.3, 0.35), ("b", None): (0.28,), ("c", 1): (0.31,)}
    readings = [Reading(name, row, "1", "1", 0.9, ((0, 0),) * 4, "cells") for name, row in pens]
    assert all(one.reasons == () for one in doubt_paler(readings, pens))


def test_the_palest_cell_of_a_number_speaks_for_it():
    pens = {("a", None): (0.9, 0.85, 0.3), ("b", None): (0.9,), ("c", 1): (0.8,)}
    readings = [Reading(name, row, "1", "1", 0.9, ((0, 0),) * 4, "cells") for name, row in pens]
    assert [one.reasons for one in doubt_paler(readings, pens)] == [("faint",), (), ()]


def test_a_page_without_ink_has_no_pen():
    reading = Reading("a", None, None, "", 0.9, ((0, 0),) * 4, "cells")
    assert doubt_paler([reading], {("a", None): ()}) == (reading,)
