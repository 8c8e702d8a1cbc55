"""Boxes to mark whose outlines hardly show, or are hidden: found by what stands in and around them, nowhere else."""

import random
from collections.abc import Sequence
from pathlib import Path

import cv2
import drawn_blanks as drawn
import numpy as np
import pytest

from pipeline.drafting.blank import open_blank
from pipeline.drafting.combs import sort_shapes
from pipeline.drafting.lines import find_lines
from pipeline.drafting.shapes import rectangles, ticks
from pipeline.drafting.stack import shared_outline
from pipeline.drafting.types import PX, Grey, Sheet, Tick
from pipeline.forms.layout import Box
from pipeline.training import blanks

PRACTICE = Path(__file__).parents[2] / "shared/data/practice/omrchecker"
WORDS = "Dengan hormat kami sampaikan bahwa a I e O di Q 1 2 3 A B C D warga menerima bantuan"
PALE = 0.97
"""Grey of outlines that grain hides: after the scan about six levels below the paper."""

DIGITS = [Box(30 + 7 * column, 60 + 6 * row, 4.4, 4.6) for row in range(10) for column in range(6)]
LETTERS = [Box(110 + 9 * column, 60 + 8 * row, 5, 5) for row in range(5) for column in range(4)]
FILLED = (3, 17, 40, 41)
"""Which of the digits' boxes are filled in."""


def pale_form(path: Path, outlines: bool = True) -> Path:
    """Columns of digits in squares and rows of letters in circles, with a heading and numbers of questions."""
    pen = drawn.Pen(path)
    pen.text(30, 40, "LEMBAR JAWABAN", 14)
    pen.text(30, 54, "Nomor peserta")
    pen.text(110, 54, "Pilihan A, B, C atau D")
    if outlines:
        pen.canvas.setStrokeGray(PALE)
        for box in DIGITS:
            pen.rect(box)
        for x, y, w, h in LETTERS:
            pen.canvas.circle((x + w / 2) * drawn.mm, (297 - y - h / 2) * drawn.mm, w / 2 * drawn.mm)
    for number, (x, y, w, h) in enumerate(DIGITS):
        pen.text(x + w / 2 - 0.7, y + h / 2 + 0.9, str(number // 6), 7)
        if number in FILLED:
            pen.canvas.setFillGray(0.2)
            pen.canvas.rect(x * drawn.mm, (297 - y - h) * drawn.mm, w * drawn.mm, h * drawn.mm, 0, 1)
    for number, (x, y, w, h) in enumerate(LETTERS):
        pen.text(x + w / 2 - 0.9, y + h / 2 + 0.9, "ABCD"[number % 4], 7)
        if number % 4 == 0:
            pen.text(x - 8, y + h / 2 + 0.9, f"{number // 4 + 1}.", 7)
    pen.canvas.save()
    return path


def found_on(path: Path, tmp_path: Path, angle: float = 0.4) -> list[Tick]:
    """What is to be marked on a page that was scanned with grain."""
    scan = drawn.scanned(path, tmp_path / "scan.jpg", angle)
    grey = cv2.imread(str(scan), cv2.IMREAD_GRAYSCALE).astype(np.float32)
    grain = np.random.default_rng(7).normal(0, 2.5, grey.shape)
    noisy = np.clip(grey + cv2.GaussianBlur(grain, (3, 3), 0), 0, 255).astype(np.uint8)
    cv2.imwrite(str(tmp_path / "grain.png"), noisy)
    sheet = next(open_blank(tmp_path / "grain.png"))
    return ticks(sheet.grey, find_lines(sheet.grey))


def test_boxes_are_found_by_their_characters_as_large_as_all_show_together(tmp_path):
    ours = found_on(pale_form(tmp_path / "form.pdf"), tmp_path)
    score = blanks.score("", "", [*DIGITS, *LETTERS], [one.box for one in ours], aligned=True)
    assert (score.found, score.false) == (80, 0)
    digits, letters = ([one for one in ours if one.round is kind] for kind in (False, True))
    assert (len(digits), len(letters)) == (60, 20)
    assert np.allclose([(one.box.w, one.box.h) for one in digits], (4.4, 4.6), atol=0.35)
    assert np.allclose([(one.box.w, one.box.h) for one in letters], 5, atol=0.35)
    assert all(one.lettered for one in ours)


def test_characters_without_outlines_or_marks_are_no_boxes(tmp_path):
    """A table of the same letters looks so too; where boxes were filled in, it is none."""
    ours = found_on(pale_form(tmp_path / "form.pdf", outlines=False), tmp_path)
    score = blanks.score("", "", DIGITS, [one.box for one in ours], aligned=True)
    assert (score.found, score.false) == (60, 0)


def test_words_and_tables_are_no_boxes(tmp_path):
    """A letter, a table of figures, questions with their answers, a list of people, a scale without boxes."""
    pen, some = drawn.Pen(tmp_path / "page.pdf"), random.Random(5)
    for line in range(14):
        pen.text(25, 20 + 5 * line, " ".join(some.choices(WORDS.split(), k=14)), 10)
    for row in range(9):
        for column in range(12):
            pen.text(32 + 10 * column, 100 + 7 * row, str(some.randrange(10)), 10)
    for number in range(4):
        pen.text(20, 170 + 14 * number, f"{number + 1}. Manakah yang benar tentang {some.randrange(99)}?", 9)
        for place, answer in enumerate("ABCD"):
            pen.text(28 + 42 * place, 176 + 14 * number, answer)
            pen.text(34 + 42 * place, 176 + 14 * number, some.choice(("satu", "dua kali", "tiga")))
    for row in range(8):
        pen.text(20, 230 + 6 * row, some.choice(("Siti Aminah", "Rahmat", "Hasan Basri")))
        for place, kinds in enumerate(("LP", "SMKD", "123456", "-")):
            pen.text(70 + 14 * place, 230 + 6 * row, some.choice(kinds))
        for place in range(5):
            pen.text(130 + 12 * place, 230 + 6 * row, str(place + 1), 10)
    pen.canvas.save()
    assert not found_on(tmp_path / "page.pdf", tmp_path)


def test_an_outline_that_only_some_pictures_show_is_none():
    """Grain, and what crosses single pictures, is not shown by both halves."""
    some = np.random.default_rng(3)
    pictures = some.normal(0, 2.0, (40, 81, 81))
    assert shared_outline(pictures, (14, 20), (54, 54)) is None
    pictures[0, 20:61, 20:61] += 40 * np.pad(np.zeros((37, 37)), 2, constant_values=1.0)
    assert shared_outline(pictures, (14, 20), (54, 54)) is None
    pictures[:, 20:61, 20:61] += 2 * np.pad(np.zeros((37, 37)), 2, constant_values=1.0)
    outline = shared_outline(pictures, (14, 20), (54, 54))
    assert outline is not None
    assert not outline.round
    assert np.allclose((outline.w, outline.h), 39, atol=1)


def page_of(boxes: Sequence[Box], filled: Sequence[Box] = (), pale: Sequence[Box] = ()) -> Grey:
    """A page of squares: outlined, filled in, and outlined so faintly that each by itself is none."""
    grey = np.full((100 * PX, 120 * PX), 245, np.uint8)
    for some, value, thick in ((boxes, 90, 3), (filled, 60, cv2.FILLED), (pale, 238, 3)):
        for x, y, w, h in some:
            ends = [(round(left * PX), round(top * PX)) for left, top in ((x, y), (x + w, y + h))]
            cv2.rectangle(grey, ends[0], ends[1], value, thick)
    return np.asarray(cv2.GaussianBlur(grey, (5, 5), 0), np.uint8)


GRID = [Box(20 + 8 * column, 20 + 7 * row, 4, 4) for row in range(6) for column in range(5)]


def test_a_grid_is_completed_where_a_mark_or_the_print_hid_an_outline():
    filled, pale = [GRID[7], GRID[16]], [*GRID[20:24], GRID[11]]
    grey = page_of([box for box in GRID if box not in (*filled, *pale)], filled, pale)
    ours = [one.box for one in ticks(grey, find_lines(grey))]
    score = blanks.score("", "", GRID, ours)
    assert (score.found, score.false) == (30, 0)


def test_a_grid_is_not_completed_where_nothing_is_or_more_than_a_box():
    """A hole in it, and a photo or a bar that goes on beyond the box."""
    there = [box for number, box in enumerate(GRID) if number not in (7, 16)]
    grey = page_of(there)
    x, y, _, _ = GRID[16]
    grey[round((y - 2) * PX) : round((y + 4) * PX), round((x - 2.5) * PX) : round((x + 6) * PX)] = 60
    ours = [one.box for one in ticks(grey, find_lines(grey))]
    score = blanks.score("", "", GRID, ours)
    assert score.found <= 28
    assert score.false == 0


def test_cells_that_touch_are_no_grid_to_be_completed():
    """Half a cell beside a comb's cells looks much like one."""
    cells = [
        Box(20 + left + 5 * cell, top, 5, 6)
        for top, left in ((15, 0), (27, 2.5), (39, 1))
        for cell in range(9)
    ]
    grey = page_of(cells)
    lines = find_lines(grey)
    ours = [
        cell for comb in sort_shapes(rectangles(grey, lines), ticks(grey, lines)).combs for cell in comb.cells
    ]
    score = blanks.score("", "", cells, ours)
    assert (score.found, score.false) == (27, 0)


def test_an_even_column_gets_the_box_that_is_filled_in():
    column = [Box(40, 20 + 6 * row, 4, 4) for row in range(4)]
    grey = page_of([column[0], *column[2:]], [column[1], Box(80, 26, 4, 4)])
    ours = [one.box for one in ticks(grey, find_lines(grey))]
    score = blanks.score("", "", column, ours)
    assert (score.found, score.false) == (4, 0)


@pytest.mark.skipif(not PRACTICE.exists(), reason="the practice forms are not on this computer")
@pytest.mark.parametrize("scan", ["ScanBatch1/camscanner-1.jpg", "ScanBatch2/camscanner-2.jpg"])
def test_a_sheet_of_which_only_characters_show(scan):
    """Below what was measured by `python -m pipeline.training.blanks`."""
    sheet: Sheet = next(open_blank(PRACTICE / "sample5" / scan))
    one = blanks.omr_score(PRACTICE, "sample5", PRACTICE / "sample5" / scan, sheet)
    assert one.recall > 0.95, one
    assert one.precision > 0.97, one


@pytest.mark.skipif(not PRACTICE.exists(), reason="the practice forms are not on this computer")
def test_a_photo_whose_print_is_blurred_in_places():
    path = PRACTICE / "sample1/MobileCamera/sheet1.jpg"
    one = blanks.omr_score(PRACTICE, "sample1", path, next(open_blank(path)))
    assert one.recall > 0.97, one
    assert one.precision > 0.97, one
