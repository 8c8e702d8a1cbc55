"""A blot in a cell is no 0: it goes to a person, characters and the marks of names do not."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from flat_pages import PLANE, PX, blank
from forms_under_test import catalogue, form

from pipeline.recognition.alphabet import MARKS
from pipeline.recognition.blots import blots
from pipeline.recognition.combs import comb_cells, comb_guesses
from pipeline.recognition.reader import cell_reader
from pipeline.registration.register import register
from pipeline.training.degrade import soften, to_bytes
from pipeline.training.hostile_pages import own_pages

SURVEY = form("pendataan")
PAGE = SURVEY.layout.pages[0]


def guesses(image):
    cells = comb_cells(image, PLANE, PAGE, cell_reader())
    return comb_guesses(cells, PAGE, SURVEY.definition, None)


def drawn(size_mm, turn):
    cell = np.zeros((40, 40), np.uint8)
    axes = tuple(round(16 * side / max(size_mm)) for side in size_mm)
    return cv2.ellipse(cell, (20, 20), axes, turn, 0, 360, 255, -1, cv2.LINE_AA)


@pytest.mark.parametrize("turn", [0, 20, 45, 90])
@pytest.mark.parametrize("size_mm", [(1, 1), (1, 0.8), (1, 0.6)])
def test_a_blot_of_any_shape_is_one(size_mm, turn):
    assert blots(drawn(size_mm, turn)[None]).all()


def test_rings_strokes_and_empty_cells_are_none():
    ring = cv2.circle(np.zeros((40, 40), np.uint8), (20, 20), 13, 255, 5)
    stroke = cv2.line(np.zeros((40, 40), np.uint8), (18, 4), (22, 36), 255, 5)
    eight = cv2.circle(cv2.circle(np.zeros((40, 40), np.uint8), (20, 12), 8, 255, -1), (20, 28), 8, 255, -1)
    assert not blots(np.stack([ring, stroke, eight, np.zeros((40, 40), np.uint8)])).any()


@pytest.mark.parametrize("radius_mm", [0.5, 0.8, 1.4])
def test_a_blot_in_a_cell_of_a_number_is_asked_about(radius_mm):
    image, key = to_bytes(soften(blank("pendataan"), 0.8)), ("anggota.disabilitas", 4)
    cell = next(field for field in PAGE.fields if (field.name, field.row) == key).cells[0]
    middle = round((cell.x + cell.w / 2) * PX), round((cell.y + cell.h / 2) * PX)
    cv2.ellipse(image, middle, (round(radius_mm * PX), round(0.8 * radius_mm * PX)), 30, 0, 360, 40, -1)
    found = guesses(image)
    assert [one for one, guess in found.items() if guess.reasons] == [key]
    assert found[key].reasons == ("crossed_out",)


def test_what_people_write_on_the_sample_pages_is_none():
    marks = 0
    for own in own_pages(Path(__file__).parents[1] / "samples" / "halong-2026-11")[:6]:
        page = register(own.picture, catalogue())
        cells = comb_cells(own.picture, page.plane, page.page, cell_reader())
        found, read = blots(cells.ink.images), cells.posteriors.argmax(axis=1)
        assert not (found & ~np.isin(read, MARKS)).any()
        marks += np.count_nonzero(found)
    assert marks
