"""Measuring the readers on cells that others cut: any size, any polarity, remains of lines; the report adds up."""

import json
import subprocess
import sys

import cv2
import numpy as np
import pytest

from pipeline.training.evaluate import ALPHABETS, Labelled, load, measure
from pipeline.training.held_out import framed
from pipeline.training.loose import ink_is_bright, loose_cells

DIGITS = ALPHABETS["digits"]


def printed(char, side=64, turn=0.0):
    """A cell with one character in plain type, ink dark."""
    page = np.full((side, side), 255, np.uint8)
    cv2.putText(
        page,
        char,
        (side // 4, side * 3 // 4),
        cv2.FONT_HERSHEY_SIMPLEX,
        side / 40,
        0,
        side // 16,
        cv2.LINE_AA,
    )
    matrix = cv2.getRotationMatrix2D((side / 2, side / 2), turn, 1.0)
    return cv2.warpAffine(page, matrix, (side, side), borderValue=255)


@pytest.fixture(scope="module")
def digits():
    return np.stack([printed(c, turn=t) for c in DIGITS for t in (-4, 0, 4)]), np.repeat(list(DIGITS), 3)


def labelled(images, labels, groups=None):
    return Labelled(images, labels, np.array(groups if groups is not None else [""] * len(labels)))


@pytest.mark.parametrize("readers", ["first", "second", "both"])
def test_plain_digits_are_read(digits, readers):
    assert measure(labelled(*digits), DIGITS, readers)["accuracy"] >= 0.9


@pytest.mark.parametrize("side", [28, 40, 90, 128])
def test_the_size_of_the_images_does_not_matter(side):
    images = np.stack([printed(c, side) for c in DIGITS])
    assert measure(labelled(images, np.array(list(DIGITS))), DIGITS, "first")["accuracy"] >= 0.9


def test_bright_ink_reads_as_dark_ink_does(digits):
    images, _ = digits
    assert not ink_is_bright(images)
    assert ink_is_bright(255 - images)
    assert np.array_equal(loose_cells(images).images, loose_cells(255 - images).images)


def test_remains_of_lines_are_left_out(digits):
    images, _ = digits
    lined = images.copy()
    lined[:, :2, 3:] = 150
    lined[:, 10:, -3:] = 120
    bare, cleaned = loose_cells(images), loose_cells(lined)
    assert np.abs(cleaned.place - bare.place).max() < 0.05


def test_a_stroke_at_the_rim_is_ink_where_it_stands_alone():
    page = np.full((1, 64, 64), 255, np.uint8)
    page[0, 8:56, :5] = 0
    assert loose_cells(page).amount[0] > 0


def test_the_report_adds_up(digits):
    images, labels = digits
    found = measure(labelled(images, labels, ["a", "b", "c"] * 10), DIGITS, "first")
    assert found["n"] == 30
    assert sum(part["n"] for part in found["classes"].values()) == 30
    assert {name: part["n"] for name, part in found["groups"].items()} == {"a": 10, "b": 10, "c": 10}
    assert found["error_at_coverage"]["100"] == pytest.approx(1 - found["accuracy"])
    wrong = round(30 * (1 - found["accuracy"]))
    assert sum(pair["count"] for pair in found["confusions"]) == wrong
    low, high = found["interval"]
    assert low <= found["accuracy"] <= high


@pytest.mark.parametrize(
    "y",
    [np.arange(10), np.array(list(DIGITS)), np.array([c.encode() for c in DIGITS])],
    ids=["int", "str", "bytes"],
)
def test_labels_may_be_numbers_text_or_bytes(tmp_path, y):
    np.savez(tmp_path / "cells.npz", x=np.zeros((10, 8, 8), np.uint8), y=y, writer=np.arange(10))
    cells = load(tmp_path / "cells.npz", "0123")
    assert "".join(cells.labels) == "0123"
    assert list(cells.groups) == ["0", "1", "2", "3"]


@pytest.mark.parametrize(
    ("arrays", "told"),
    [
        ({"x": np.zeros((2, 8, 8), np.uint8)}, "no array y"),
        ({"x": np.zeros((2, 8, 8)), "y": np.arange(2)}, "uint8"),
        ({"x": np.zeros((2, 8, 8), np.uint8), "y": np.array(["1", None])}, "plain arrays"),
        ({"x": np.zeros((2, 8, 8), np.uint8), "y": np.array(["?", "!"])}, "no cell labelled"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_words(tmp_path, arrays, told):
    np.savez(tmp_path / "cells.npz", **arrays)
    with pytest.raises(SystemExit, match=told):
        load(tmp_path / "cells.npz", DIGITS)


def test_a_folder_of_pictures_is_read_as_a_file_of_arrays_is(tmp_path, digits):
    images, labels = digits
    for i, (image, label) in enumerate(zip(images, labels, strict=True)):
        (tmp_path / label).mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / label / f"{i}.png"), image)
    (tmp_path / "notes.txt").write_text("no picture", encoding="utf-8")
    cells = load(tmp_path, "01")
    assert sorted(cells.labels) == sorted(label for label in labels if label in "01")
    assert all(any(np.array_equal(cell, image) for image in images) for cell in cells.images)


def test_pictures_of_many_sizes_are_set_in_squares_of_their_own_paper(tmp_path, digits):
    images, labels = digits
    for i, (image, label) in enumerate(zip(images, labels, strict=True)):
        (tmp_path / label).mkdir(exist_ok=True)
        grey = np.uint8(90) + image // 2
        cut = grey[: 64 - i % 5, 10 + i % 3 : 54]
        cv2.imwrite(str(tmp_path / label / f"{i}.png"), cut)
    cells = load(tmp_path, DIGITS)
    assert cells.images.shape == (30, 64, 64)
    assert cells.images[:, :, 0].min() > 200
    assert measure(cells, DIGITS, "first")["accuracy"] >= 0.9


def test_a_folder_without_pictures_is_refused_in_words(tmp_path):
    (tmp_path / "A").mkdir()
    with pytest.raises(SystemExit, match="it holds none"):
        load(tmp_path, DIGITS)


@pytest.mark.parametrize("dark", [0.6, 0.4])
@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_a_shadow_over_a_part_of_a_cell_is_no_ink(digits, dark, turns):
    images, labels = digits
    shade = cv2.GaussianBlur(np.where(np.arange(64) < 24, dark, 1.0)[:, None].repeat(64, 1), (0, 0), 4)
    shaded = (images * np.rot90(shade, turns)).astype(np.uint8)
    assert measure(labelled(shaded, labels), DIGITS, "first")["accuracy"] >= 0.9


def test_the_command_prints_one_json_object(tmp_path, digits):
    images, labels = digits
    np.savez(tmp_path / "cells.npz", x=images, y=labels, source=np.repeat("type", len(labels)))
    command = [sys.executable, "-m", "pipeline.training.evaluate", str(tmp_path / "cells.npz")]
    done = subprocess.run(
        [*command, "--alphabet", "digits", "--json"], capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    assert found["n"] == 30
    assert set(found["error_at_coverage"]) == {"100", "99", "98", "95", "90", "80"}
    assert found["groups"]["type"]["n"] == 30
    assert found["microseconds_per_cell"] > 0


@pytest.mark.parametrize("gap", [-1, 0, 1, 3, 6, 10])
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_a_whole_frame_of_lines_is_left_out(digits, gap, seed):
    images, labels = digits
    cells = framed(images, np.random.default_rng(seed), (gap, gap))
    assert measure(labelled(cells, labels), DIGITS, "first")["accuracy"] >= 0.9


@pytest.mark.parametrize("char", "TLIHNVX")
@pytest.mark.parametrize("pen", [4, 9])
def test_a_letters_own_bars_stay_where_it_is_cut_close(char, pen):
    page = np.full((120, 120), 255, np.uint8)
    cv2.putText(page, char, (20, 90), cv2.FONT_HERSHEY_SIMPLEX, 2.2, 0, pen, cv2.LINE_AA)
    ys, xs = np.nonzero(page < 128)
    close = page[None, ys.min() : ys.max() + 1, xs.min() - 12 : xs.max() + 13]
    inked = np.count_nonzero(close < 128) / close.size * 7.0**2 * close.shape[2] / close.shape[1]
    assert loose_cells(close).amount[0] >= 0.8 * inked


def test_an_even_grey_is_an_empty_cell():
    assert loose_cells(np.full((3, 64, 64), 200, np.uint8)).amount.max() == 0
