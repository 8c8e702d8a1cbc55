"""Machine print in uncombed lines: told from hand print, and read by the real Tesseract."""

import cv2
import numpy as np
import pytest
from matplotlib import font_manager
from PIL import Image, ImageDraw, ImageFont

from pipeline.recognition.print import looks_typed, read_lines

PX = 8.0


def typed(text, family="DejaVu Sans", size=28):
    picture = Image.new("L", (900, 64), 255)
    font = ImageFont.truetype(font_manager.findfont(family), size)
    ImageDraw.Draw(picture).text((12, 14), text, font=font, fill=20)
    return np.asarray(picture)


def written(text, rng):
    """Capitals put down one by one, each a little off the line, as a hand does."""
    picture = np.full((64, 900), 255, np.uint8)
    for i, char in enumerate(text):
        at = (15 + 24 * i, 46 + round(rng.normal(0, 3)))
        cv2.putText(
            picture, char, at, cv2.FONT_HERSHEY_SIMPLEX, 0.85 + rng.normal(0, 0.1), 20, 3, cv2.LINE_AA
        )
    return picture


@pytest.mark.parametrize("family", ["DejaVu Sans", "DejaVu Serif", "DejaVu Sans Mono"])
@pytest.mark.parametrize("text", ["Atap bocor, dinding rusak", "RUMAH SUDAH DIPERBAIKI", "lihat catatan 12"])
def test_type_is_told_from_hand(family, text):
    assert looks_typed(typed(text, family), PX)


@pytest.mark.parametrize("seed", range(8))
def test_hand_print_is_not_taken_for_type(seed):
    assert not looks_typed(written("ATAP BOCOR DINDING RUSAK", np.random.default_rng(seed)), PX)


def steady(text, rng):
    """Capitals all on one line and of one height, each bent a little otherwise: a hand that writes evenly."""
    picture = np.full((64, 900), 255, np.uint8)
    ys, xs = np.mgrid[0:40, 0:24].astype(np.float32)
    for i, char in enumerate(text):
        cell = np.zeros((40, 24), np.uint8)
        cv2.putText(cell, char, (2, 34), cv2.FONT_HERSHEY_SIMPLEX, 0.85, 235, 3, cv2.LINE_AA)
        bend = cv2.resize(
            rng.normal(0, 2.0, (4, 3)).astype(np.float32), (24, 40), interpolation=cv2.INTER_CUBIC
        )
        bent = cv2.remap(cell, xs + bend, ys, cv2.INTER_LINEAR)
        picture[12:52, 15 + 24 * i : 39 + 24 * i] = 255 - bent
    return picture


@pytest.mark.parametrize("seed", range(8))
def test_a_hand_that_writes_evenly_never_writes_one_letter_twice_the_same(seed):
    assert not looks_typed(steady("ATAP BOCOR DINDING RUSAK", np.random.default_rng(seed)), PX)
    assert looks_typed(typed("ATAP BOCOR DINDING RUSAK"), PX)


def test_an_empty_line_is_neither():
    assert not looks_typed(np.full((64, 900), 255, np.uint8), PX)


def test_many_lines_are_read_in_one_go():
    texts = ["Atap bocor dan dinding rusak", "Sudah menerima bantuan", "Kepala keluarga sakit"]
    read = read_lines([typed(text) for text in texts], PX)
    assert [line.text for line in read] == texts
    assert min(line.confidence for line in read) > 0.8


def test_what_tesseract_is_not_sure_of_is_left_to_a_person():
    text = "ATAP BOCOR DINDING RUSAK"
    rngs = [np.random.default_rng(seed) for seed in range(8)]
    read = read_lines([*(written(text, rng) for rng in rngs), *(steady(text, rng) for rng in rngs)], PX)
    assert sum(line.text == "" for line in read) >= 12
    assert sum(line.text not in ("", text) for line in read) <= 1, "this one is sure, and wrong"


def test_nothing_to_read_starts_nothing():
    assert read_lines([], PX) == []
