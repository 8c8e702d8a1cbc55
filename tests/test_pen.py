"""Hands and pens: where glyphs stand, how they are drawn, and the cells that are made of them."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from pen_hands import BLOCK, block_strokes

from pipeline.recognition.alphabet import BLANK, CHARACTERS, CLASSES
from pipeline.training.cells import Sources, cell_patches, draw_cells
from pipeline.training.hands import Mask, PenHand, Strokes, load_unipen, split_of
from pipeline.training.ink import closed_four, crossing, lay, rule
from pipeline.training.pen import PenStyle, draw

PLAIN = PenStyle("ballpoint", 0.5, 0.9, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0)


def _unipen_file(folder, name, characters):
    """A file of one-stroke characters: (label, writer, points with y up)."""
    strokes = [np.array(points, np.float32) for _, _, points in characters]
    ends = np.cumsum([len(stroke) for stroke in strokes])
    arrays = {
        "points": np.concatenate(strokes),
        "stroke_end": np.array([0, *ends], np.int32),
        "char_end": np.arange(len(strokes) + 1, dtype=np.int32),
        "label": np.array([label for label, _, _ in characters]),
        "writer": np.array([writer for _, writer, _ in characters], np.int32),
    }
    (folder / "handwriting").mkdir(exist_ok=True)
    np.savez(folder / "handwriting" / f"unipen_{name}.npz", **arrays)


def test_unipen_letters_stand_on_the_line_one_capital_high(tmp_path):
    bar = [(100, 500), (101, 560), (100, 620)]
    _unipen_file(tmp_path, "letters", [("I", 3, bar), ("I", 3, bar)])
    (glyph, _) = load_unipen(tmp_path, ["letters"])[3].glyphs["I"]
    assert glyph.points[:, 1].min() == pytest.approx(-1)
    assert glyph.points[:, 1].max() == pytest.approx(0)
    # The first point was the lowest on the tablet, where y points up.
    assert glyph.points[0, 1] == pytest.approx(0)
    assert (glyph.points[:, 0].min() + glyph.points[:, 0].max()) / 2 == pytest.approx(0, abs=0.02)


def test_wrong_and_unknown_labels_are_left_out(tmp_path):
    bar = [(0, 0), (50, 5)]
    characters = [("-", 1, bar)] * 40 + [("\\@", 1, bar), ("/", 1, bar)]
    _unipen_file(tmp_path, "symbols", characters)
    hand = load_unipen(tmp_path, ["symbols"])[1]
    assert set(hand.characters) == {"-", "/"}
    # `wrong_labels.csv` lists the symbol at place 37, labelled as a dash.
    assert len(hand.glyphs["-"]) == 39
    assert len(load_unipen(tmp_path, ["symbols"], as_labelled=True)[1].glyphs["-"]) == 40


def test_marks_take_their_place_on_the_line(tmp_path):
    slash, small = [(0, 0), (30, 100)], [(0, 0), (4, 20)]
    marks = [
        ("(", 1, slash),
        (",", 1, small),
        ("'", 1, small),
        ("-", 1, [(0, 0), (40, 0)]),
        (".", 1, [(5, 5)]),
    ]
    _unipen_file(tmp_path, "symbols", marks)
    glyphs = {char: one[0].points[:, 1] for char, one in load_unipen(tmp_path, ["symbols"])[1].glyphs.items()}
    assert "(" not in glyphs
    assert glyphs[","].min() < 0 < glyphs[","].max()
    assert glyphs["'"].max() < -0.5
    assert glyphs["-"].mean() == pytest.approx(-0.45, abs=0.05)
    assert abs(glyphs["."]).max() < 0.2


def test_writers_are_split_once_and_for_ever():
    parts = Counter(split_of(writer) for writer in range(184))
    assert {part: round(count / 184, 1) for part, count in parts.items()} == {
        "train": 0.7,
        "calibration": 0.1,
        "test": 0.2,
    }


@pytest.mark.parametrize("px_per_mm", [7.9, 11.8, 15.7])
def test_a_drawn_glyph_has_its_height_and_stands_on_its_baseline(px_per_mm):
    drawn = draw(block_strokes("I"), px_per_mm, 5.0, PLAIN, np.random.default_rng(4))
    inked = np.flatnonzero(drawn.ink.max(axis=1) > 0.5)
    assert 0 <= drawn.ink.min() <= drawn.ink.max() <= 1
    assert (inked[-1] - inked[0] + 1) / px_per_mm == pytest.approx(5.5, rel=0.15)
    assert (inked[-1] + drawn.top) / px_per_mm == pytest.approx(0.25, abs=0.3)


def test_a_wide_glyph_is_squeezed_into_its_cell():
    wide = Strokes(np.array([[-2, -1], [2, 0]], np.float32), (2,))
    drawn = draw(wide, 11.8, 5.0, PLAIN, np.random.default_rng(0), widest_mm=4.0)
    assert drawn.ink.shape[1] / 11.8 < 5.5


def test_a_picture_is_drawn_like_strokes():
    picture = np.zeros((40, 30), np.uint8)
    picture[10:30, 12:18] = 255
    drawn = draw(Mask(picture, 20.0, 30.0, 15.0), 10.0, 4.0, PLAIN, np.random.default_rng(2))
    inked = np.flatnonzero(drawn.ink.max(axis=1) > 0.5)
    assert (inked[-1] - inked[0] + 1) / 10.0 == pytest.approx(4.0, rel=0.2)
    assert inked[-1] + drawn.top == pytest.approx(0, abs=3)


@pytest.mark.parametrize("seed", range(8))
def test_the_same_seed_draws_the_same(seed):
    style = replace(PenStyle.sample(np.random.default_rng(seed)), breaks=1.0, retouch=1.0)
    first, second = (
        draw(block_strokes("R"), 11.8, 5.0, style, np.random.default_rng(seed)) for _ in range(2)
    )
    other = draw(block_strokes("R"), 11.8, 5.0, style, np.random.default_rng(seed + 100))
    assert np.array_equal(first.ink, second.ink)
    assert first.ink.shape != other.ink.shape or not np.array_equal(first.ink, other.ink)


def test_loose_strokes_stray_a_little_each_by_itself():
    glyph = block_strokes("R")
    firm = draw(glyph, 40.0, 5.0, PLAIN, np.random.default_rng(3))
    loose = [draw(glyph, 40.0, 5.0, replace(PLAIN, loose=0.04), np.random.default_rng(i)) for i in range(6)]
    assert len({one.ink.shape for one in loose}) > 1
    assert all(np.allclose(one.ink.shape, firm.ink.shape, rtol=0.3) for one in loose)


def test_a_four_is_closed_at_its_top_and_no_lower():
    four = Strokes(np.array([[-0.3, -1], [-0.3, -0.4], [0.3, -0.4], [0.2, -1], [0.2, 0]], np.float32), (3, 5))
    closed = closed_four(four, np.random.default_rng(1))
    added = closed.lines()[-1]
    assert len(closed.ends) == 3
    assert np.allclose(added, [[-0.3, -1], [0.2, -1]], atol=0.12)


def test_ink_and_lines_end_at_the_edge_of_the_page():
    page = np.ones((20, 20), np.float32)
    drawn = draw(crossing(np.random.default_rng(1)), 11.8, 6.0, PLAIN, np.random.default_rng(1))
    for x, y in ((0, 0), (19, 19), (-500, 3), (3, 900)):
        lay(page, drawn, x, y, 0.8)
    rule(page, -4.0, 2.25, 99.0, 3.25, 0.0)
    assert page[2, 10] <= 0.25 + 1e-6
    assert page.min() >= 0
    assert page.max() <= 1


def test_cells_are_cut_with_their_labels():
    sources = Sources.of((((BLOCK,), 1.0),))
    cells = cell_patches(np.random.default_rng(5), sources)
    assert len(cells.patches) == len(cells.labels) == len(cells.groups) == len(cells.sizes_mm)
    assert set(cells.labels) <= set(range(CLASSES))
    height, width = cells.patches.shape[1:]
    middle = 1 - cells.patches[:, height // 3 : 2 * height // 3, width // 3 : 2 * width // 3]
    peak = middle.reshape(len(middle), -1).max(axis=1)
    letters = cells.labels < CHARACTERS.index("Z")
    assert np.median(peak[letters]) > np.median(peak[cells.labels == BLANK]) + 0.2


def test_drawn_cells_are_what_the_reader_is_given():
    sources = Sources.of(
        (((BLOCK,), 0.5), ((PenHand("digits", {d: BLOCK.glyphs[d] for d in "0123456789"}),), 0.5))
    )
    images, place, labels = draw_cells(np.random.default_rng(1), sources, 200)
    again = draw_cells(np.random.default_rng(1), sources, 200)
    assert images.dtype == np.uint8
    assert images.shape == (200, 40, 40)
    assert place.shape == (200, 3)
    assert np.array_equal(images, again[0])
    assert np.array_equal(labels, again[2])
    assert (images[labels < 36].reshape(-1, 1600).max(axis=1) > 100).mean() > 0.9
