"""What people write where nothing stands, or the same as above, is no 1: dittos, slashes, lines down a column."""

import cv2
import numpy as np
import pytest
from flat_pages import PLANE, PX, blank
from forms_under_test import form

from pipeline.recognition.cells import SIZE
from pipeline.recognition.combs import comb_cells, comb_guesses
from pipeline.recognition.confidence import shipped
from pipeline.recognition.reader import cell_reader
from pipeline.recognition.signs import signs
from pipeline.recognition.types import Reading
from pipeline.training.degrade import soften, to_bytes
from pipeline.validation.judge import judge

SURVEY = form("pendataan")
PAGE = SURVEY.layout.pages[0]
LONE, TWO = ("anggota.sekolah", 3), ("anggota.hubungan", 3)
UPRIGHT = ((0.5, 0.15), (0.48, 0.85))
SLASH = ((0.1, 0.9), (0.9, 0.05))
ARROW = (((0.5, 0.1), (0.5, 0.9)), ((0.25, 0.68), (0.5, 0.9), (0.75, 0.68)))
DITTO = (((0.4, 0.2), (0.35, 0.45)), ((0.65, 0.2), (0.6, 0.45)))


def drawn(cells, *strokes, pen_mm=0.6):
    """A page on which strokes are drawn, in shares of some cells of the page together: ((x, y), (x, y))."""
    image = to_bytes(soften(blank("pendataan"), 0.8))
    first, last = cells[0], cells[-1]
    size = np.array([last.x + last.w - first.x, first.h])
    for stroke in strokes:
        line = (np.array([first.x, first.y]) + np.array(stroke) * size) * PX
        cv2.polylines(image, [np.round(line * 8).astype(int)], False, 40, round(pen_mm * PX), cv2.LINE_AA, 3)
    return image


def told(image, key):
    """The reasons of a comb, and what is read there."""
    guess = comb_guesses(comb_cells(image, PLANE, PAGE, cell_reader()), PAGE, SURVEY.definition, None)[key]
    return guess.reasons, guess.found[0].raw.strip()


def cells_of(key):
    return next(field for field in PAGE.fields if (field.name, field.row) == key).cells


@pytest.mark.parametrize("pen_mm", [0.4, 0.7])
def test_a_one_is_no_sign(pen_mm):
    image = drawn(cells_of(LONE), UPRIGHT, pen_mm=pen_mm)
    assert told(image, LONE) == ((), "1")


@pytest.mark.parametrize("pen_mm", [0.4, 0.7])
@pytest.mark.parametrize("strokes", [(SLASH,), DITTO, ARROW], ids=["slash", "ditto", "arrow"])
def test_a_slash_a_ditto_and_an_arrow_in_a_single_cell_are_asked_about(strokes, pen_mm):
    reasons, read = told(drawn(cells_of(LONE), *strokes, pen_mm=pen_mm), LONE)
    assert read in ("", "1")
    assert reasons or not read


def test_a_slash_through_two_cells_is_asked_about():
    reasons, read = told(drawn(cells_of(TWO), SLASH), TWO)
    assert reasons or not read


def test_a_line_down_a_column_is_asked_about_in_each_row():
    first, last = cells_of(LONE)[0], cells_of(("anggota.sekolah", 5))[0]
    image = drawn([first], ((0.5, 0.3), (0.5, (last.y + 0.7 * last.h - first.y) / first.h)))
    for row in (3, 4, 5):
        reasons, read = told(image, ("anggota.sekolah", row))
        assert reasons or not read, row


def straight(lean, high=30):
    """A cell with a stroke that leans by so many degrees."""
    cell, away = np.zeros((SIZE, SIZE), np.uint8), high / 2 * np.array([np.sin(lean), -np.cos(lean)])
    ends = SIZE / 2 + np.stack([-away, away])
    return cv2.polylines(cell, [np.round(ends * 8).astype(int)], False, 255, 4, cv2.LINE_AA, 3)


@pytest.mark.parametrize(
    ("hand", "lone", "asked"), [(0, 35, True), (30, 35, False), (0, 15, False), (20, -30, True)]
)
def test_a_slash_leans_further_than_the_ones_of_its_hand(hand, lone, asked):
    """Six ones in a number that holds other digits tell how this hand writes."""
    images = np.stack([straight(np.radians(hand))] * 7 + [straight(np.radians(lone))])
    ones, written = np.array([True] * 6 + [False, True]), np.ones(8, bool)
    found = signs(images, ones, written, np.zeros(8, np.float32), np.array([0] * 7 + [1]))
    assert found.tolist() == [False] * 7 + [asked]


def test_what_stands_beside_other_characters_is_a_one():
    images = np.stack([straight(np.radians(40)), straight(0.0)])
    found = signs(
        images, np.array([True, False]), np.ones(2, bool), np.zeros(2, np.float32), np.zeros(2, int)
    )
    assert not found.any()


def test_empty_cells_and_specks_are_none():
    images = np.zeros((2, SIZE, SIZE), np.uint8)
    images[1, 20, 20] = 255
    assert not signs(
        images, np.ones(2, bool), np.array([False, True]), np.zeros(2, np.float32), np.arange(2)
    ).any()


@pytest.mark.parametrize(("field", "value"), [("nama", "O"), ("nama", "X."), ("tempat_lahir", "J")])
def test_a_name_of_one_letter_is_asked_about(field, value):
    """A ring, a cross and a tick are read as letters, and surely."""
    reading = Reading(field, None, value, value, 0.999999, ((0, 0),) * 4, "cells")
    (judged,) = judge(SURVEY.definition, [reading], shipped("both/scan"))
    assert judged.status == "review"
    assert "one_letter" in judged.reasons


def test_a_short_name_is_one():
    reading = Reading("nama", None, "AM", "AM", 0.999999, ((0, 0),) * 4, "cells")
    (judged,) = judge(SURVEY.definition, [reading], shipped("both/scan"))
    assert judged.reasons == ()
