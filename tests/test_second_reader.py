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


def of(alphabet, count):
    return np.tile(allowed(alphabet), (count, 1))


@pytest.mark.parametrize("count", [1, 8, 10])
def test_it_reads_digits_in_lines_of_any_length(reader, count):
    images = np.stack([printed(c) for c in DIGITS[:count]])
    found = reader.posteriors(images, of(DIGITS, count))
    assert found.shape == (count, CLASSES)
    assert found.sum(axis=1) == pytest.approx(1)
    assert (found[:, :10].argmax(axis=1) == np.arange(count)).mean() >= 0.9


def test_what_it_sees_is_told_exactly_from_the_softmax(reader, monkeypatch):
    """Whatever it was scaled by on its way through the softmax, the same numbers come out."""
    images = np.stack([printed(c) for c in DIGITS])
    seen = reader.sight.features(images)
    assert seen.shape == (10, second.FRAMES * second.SEEN)
    assert np.isfinite(seen).all()
    assert np.ptp(seen, axis=0).min() > 0
    monkeypatch.setattr(second, "_GENTLE", 0.1)
    assert np.allclose(second.open_sight(second.model_file()).features(images), seen, atol=2e-3)


def test_many_cells_are_read_as_few_are(reader):
    images = np.stack([printed(c) for c in DIGITS * 9])
    each = [reader.sight.features(images[i : i + 8]) for i in range(0, 90, 8)]
    assert np.allclose(reader.sight.features(images), np.concatenate(each), atol=0.05)


def test_small_letters_count_as_capitals(reader):
    images = np.stack([printed(c) for c in "aenrbdgh"])
    read = "".join(CHARACTERS[i] for i in reader.posteriors(images, of(CHARACTERS[10:36], 8)).argmax(axis=1))
    assert sum(a == b for a, b in zip(read, "AENRBDGH", strict=True)) >= 6


def test_it_moves_only_doubtful_cells(reader, row):
    images = np.stack([printed("8"), printed("5"), np.zeros((SIZE, SIZE), np.uint8)])
    after = reader.weigh(row, images, of(DIGITS, 3))
    assert np.array_equal(after[[0, 2]], row[[0, 2]])
    assert after[1].argmax() == 5
    assert after.sum(axis=1) == pytest.approx(1)


def test_what_a_cell_may_not_hold_stays_impossible(reader, row):
    row[1, CHARACTERS.index("S")] = 0
    images = np.stack([printed("S")] * 3)
    assert reader.weigh(row, images, of(DIGITS, 3))[1, CHARACTERS.index("S")] == 0


def test_joining_is_a_product_and_keeps_what_both_rule_out(reader):
    first, other = np.zeros((1, CLASSES)), np.zeros((1, CLASSES))
    first[0, [4, 9]] = 0.5, 0.5
    other[0, [4, 9, 7]] = 0.9, 0.05, 0.05
    joined = reader.joined(first, other)
    odds = (0.9 / 0.05) ** reader.counts[1]
    assert joined[0, 4] == pytest.approx(odds / (1 + odds))
    assert joined[0, 7] == 0


@pytest.fixture
def afresh():
    second.second_reader.cache_clear()
    yield
    second.second_reader.cache_clear()


@pytest.mark.usefixtures("afresh")
def test_without_its_file_the_first_reader_reads_alone(monkeypatch):
    monkeypatch.setattr(second, "model_file", lambda: None)
    assert second.second_reader() is None
    assert second.readers() == "first"


@pytest.mark.usefixtures("afresh")
def test_another_model_than_the_head_was_trained_on_is_not_used(monkeypatch, tmp_path):
    found = second.model_file()
    other = tmp_path / found.name
    other.write_bytes(found.read_bytes() + b"\0")
    monkeypatch.setattr(second, "model_file", lambda: other)
    assert second.second_reader() is None
