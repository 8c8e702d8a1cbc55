"""The second reader: reads what it is shown, and moves only what the first reader doubts."""

import cv2
import numpy as np
import pytest

from pipeline.recognition import second
from pipeline.recognition.alphabet import BLANK, CHARACTERS, CLASSES, allowed
from pipeline.recognition.cells import INK_SIZE, SIZE

DIGITS = "0123456789"


def printed(char):
    """One character in plain type, its ink scaled as cells are."""
    big = np.zeros((160, 160), np.uint8)
    cv2.putText(big, char, (30, 130), cv2.FONT_HERSHEY_SIMPLEX, 4, 255, 9, cv2.LINE_AA)
    x, y, w, h = cv2.boundingRect(big)
    scale = INK_SIZE / max(w, h)
    small = cv2.resize(big[y : y + h, x : x + w], None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    out = np.zeros((SIZE, SIZE), np.uint8)
    top, left = (SIZE - small.shape[0]) // 2, (SIZE - small.shape[1]) // 2
    out[top : top + small.shape[0], left : left + small.shape[1]] = small
    return out


@pytest.fixture(scope="module")
def reader():
    found = second.second_reader()
    assert found is not None, "make setup installs the second reader"
    return found


@pytest.fixture
def row():
    """Three cells: a sure 3, a doubtful 5 that is more likely a 6, an empty one."""
    posteriors = np.full((3, CLASSES), 1e-6)
    posteriors[0, 3] = 1
    posteriors[1, [5, 6, BLANK]] = 0.4, 0.55, 0.05
    posteriors[2, BLANK] = 1
    return posteriors / posteriors.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("count", [1, 8, 10])
def test_it_reads_digits_in_lines_of_any_length(reader, count):
    images = np.stack([printed(c) for c in DIGITS[:count]])
    found = reader.likelihoods(images)
    assert found.shape == (count, len(CHARACTERS))
    read = [DIGITS[i] for i in found[:, :10].argmax(axis=1)]
    assert sum(a == b for a, b in zip(read, DIGITS, strict=False)) >= count - 1


def test_many_cells_are_read_as_few_are(reader):
    images = np.stack([printed(c) for c in DIGITS * 9])
    each = [reader.likelihoods(images[i : i + 8]) for i in range(0, 90, 8)]
    assert np.allclose(reader.likelihoods(images), np.concatenate(each), rtol=0.05)


def test_small_letters_count_as_capitals(reader):
    images = np.stack([printed(c) for c in "aenrbdgh"])
    read = "".join(CHARACTERS[i + 10] for i in reader.likelihoods(images)[:, 10:36].argmax(axis=1))
    assert sum(a == b for a, b in zip(read, "AENRBDGH", strict=True)) >= 6


def test_it_moves_only_the_characters_of_doubtful_cells(reader, row):
    images = np.stack([printed("8"), printed("5"), np.zeros((SIZE, SIZE), np.uint8)])
    after = reader.weigh(row, images, np.stack([allowed(DIGITS)] * 3))
    assert np.array_equal(after[[0, 2]], row[[0, 2]])
    assert after[1, :BLANK].argmax() == 5
    assert after[1, BLANK:] == pytest.approx(row[1, BLANK:])
    assert after.sum(axis=1) == pytest.approx(1)


def test_what_a_cell_may_not_hold_stays_impossible(reader, row):
    row[1, CHARACTERS.index("S")] = 0
    images = np.stack([printed("S")] * 3)
    assert reader.weigh(row, images, np.stack([allowed(DIGITS)] * 3))[1, CHARACTERS.index("S")] == 0


def test_without_its_file_the_first_reader_reads_alone(monkeypatch):
    second.second_reader.cache_clear()
    monkeypatch.setattr(second, "model_file", lambda: None)
    try:
        assert second.second_reader() is None
        assert second.readers() == "first"
    finally:
        second.second_reader.cache_clear()
