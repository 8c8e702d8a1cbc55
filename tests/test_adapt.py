"""A page is read by the hand that wrote it: what is known of some characters tells how to read the others."""

import shutil

import numpy as np
import pytest
from forms_under_test import form
from hypothesis import given, settings
from hypothesis import strategies as st
from pen_hands import block_strokes

from pipeline.errors import MissingPartError
from pipeline.forms.layout import FieldType
from pipeline.recognition.adapt import adapted, writer_models
from pipeline.recognition.alphabet import BLANK, CHARACTERS, CLASSES, DIGITS, KINDS, LETTERS
from pipeline.recognition.cells import SIZE, CellInk
from pipeline.recognition.combs import CombCells, comb_arrays, comb_guesses, comb_places
from pipeline.recognition.joint import as_ruled
from pipeline.recognition.reader import MODELS, cell_reader
from pipeline.recognition.words import as_words
from pipeline.training import writers
from pipeline.training.hands import PenHand, split_of
from pipeline.training.writers import fit


def as_seen(text, bent=None, kind=DIGITS, seed=3):
    """Hidden layers of characters by a hand that bends one of them half way to another: `("7", "4")`."""
    model, rng = writer_models()[KINDS.index(kind)], np.random.default_rng(seed)
    classes = [CHARACTERS.index(c) - kind.start for c in text]
    points = model.middles[classes] + rng.normal(0, 0.3, (len(text), model.middles.shape[1]))
    if bent:
        one, other = (CHARACTERS.index(c) - kind.start for c in bent)
        points[np.array(classes) == one] += 0.6 * (model.middles[other] - model.middles[one])
    return (points @ np.linalg.inv(model.axes)).astype(np.float32)


def as_read(*cells):
    """Posteriors of cells; `"74"` may be either, the first a little less likely."""
    rows = np.full((len(cells), CLASSES), 1e-7)
    for row, cell in zip(rows, cells, strict=True):
        for char, chance in zip(cell, (0.45, 0.55) if len(cell) > 1 else (1.0,), strict=True):
            row[CHARACTERS.index(char)] = chance
    return rows / rows.sum(axis=1, keepdims=True)


def by_hand(posteriors, hidden, labels=None, kin=None):
    labels = posteriors if labels is None else labels
    return adapted(posteriors, labels, hidden, np.ones(len(posteriors), bool), one_entry(posteriors), kin)


def one_entry(posteriors):
    return np.zeros(len(posteriors), np.int64)


def test_a_digit_is_read_as_the_hand_writes_it_elsewhere_on_the_page():
    hidden = as_seen("7777" + "4444" + "7", ("7", "4"))
    posteriors = as_read(*"7777", *"4444", "74")
    assert posteriors[-1].argmax() == 4
    found = by_hand(posteriors, hidden)[-1]
    assert found.argmax() == 7
    assert found[7] > 0.6


def test_a_habit_that_only_words_know_is_told_by_them():
    text = "SITI" + "RAMLI" + "SALIM" + "ALI" + "I"
    seen = [c if c != "I" else "IJ" for c in text]
    hidden, posteriors = as_seen(text, ("I", "J"), LETTERS), as_read(*seen)
    labels, start = posteriors.copy(), 0
    for word in ("SITI", "RAMLI", "SALIM", "ALI"):
        mine = slice(start, start + len(word))
        labels[mine] = as_words(posteriors[mine], "names")
        start += len(word)
    assert labels[1, CHARACTERS.index("I")] > 0.95
    assert by_hand(posteriors, hidden, labels)[-1].argmax() == CHARACTERS.index("I")


def test_copies_of_one_sample_tell_nothing_of_each_other():
    hidden = as_seen("7777" + "4444" + "7", ("7", "4"))
    posteriors = as_read(*"7777", *"4444", "74")
    assert np.allclose(by_hand(posteriors, hidden, kin=np.zeros(9, np.int64)), posteriors)
    apart = by_hand(posteriors, hidden, kin=np.arange(9))
    assert np.allclose(apart, by_hand(posteriors, hidden))


def written_by(hands, seed):
    """Hidden layers of sixty digits, each row of ten by the next of some hands that differ as hands do."""
    model, rng = writer_models()[0], np.random.default_rng(seed)
    own = model.middles + rng.normal(0, 1, (hands, *model.middles.shape)) * np.sqrt(model.spread)
    rows = [own[i % hands] + rng.normal(0, 1, model.middles.shape) for i in range(6)]
    return (np.concatenate(rows) @ np.linalg.inv(model.axes)).astype(np.float32)


@pytest.mark.parametrize("seed", range(5))
def test_a_page_by_several_hands_is_read_as_if_nothing_were_known_of_them(seed):
    posteriors = as_read(*"0123456789" * 6)
    posteriors[:, DIGITS] += 0.02
    posteriors /= posteriors.sum(axis=1, keepdims=True)
    assert np.array_equal(by_hand(posteriors, written_by(6, seed)), posteriors)
    assert not np.array_equal(by_hand(posteriors, written_by(1, seed)), posteriors)


def test_a_few_characters_say_nothing_of_the_hand():
    hidden, posteriors = as_seen("774", ("7", "4")), as_read("7", "7", "74")
    assert np.array_equal(by_hand(posteriors, hidden), posteriors)


def test_what_no_hand_wrote_is_left_as_it_is():
    hidden, posteriors = as_seen("7777" + "4444" + "7", ("7", "4")), as_read(*"7777", *"4444", "74")
    written = np.arange(9) < 8
    assert np.array_equal(
        adapted(posteriors, posteriors, hidden, written, one_entry(posteriors))[-1], posteriors[-1]
    )
    assert np.array_equal(
        adapted(posteriors, posteriors, hidden, ~written, one_entry(posteriors)), posteriors
    )


@given(st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=6, max_size=30), st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_chances_stay_chances_and_no_letter_turns_into_a_digit(text, seed):
    rng = np.random.default_rng(seed)
    posteriors = as_read(*text) + 0.3 * rng.random((len(text), CLASSES)) ** 6
    posteriors /= posteriors.sum(axis=1, keepdims=True)
    hidden = np.abs(rng.normal(0, 1, (len(text), len(writer_models()[0].axes)))).astype(np.float32)
    found = by_hand(posteriors, hidden)
    assert np.allclose(found.sum(axis=1), 1)
    assert (found >= 0).all()
    for kind in KINDS:
        assert np.allclose(found[:, kind].sum(axis=1), posteriors[:, kind].sum(axis=1))
    assert np.array_equal(found[:, BLANK], posteriors[:, BLANK])


@pytest.mark.parametrize("words", ["names", "places", "occupations"])
def test_what_words_say_of_letters_are_chances(words):
    posteriors = as_read(*"RAMLI", *"QXZ", "A", *"PETANI")
    found = as_words(posteriors, words)
    assert np.allclose(found.sum(axis=1), 1)
    assert np.allclose(found[:, LETTERS].sum(axis=1), posteriors[:, LETTERS].sum(axis=1))


@pytest.mark.parametrize("change", ["another reader", "lost"])
def test_models_of_another_reader_are_refused(tmp_path, change):
    for path in MODELS.glob("*.*"):
        shutil.copy(path, tmp_path)
    assert writer_models(tmp_path)
    if change == "lost":
        (tmp_path / "writers.npz").unlink()
    else:
        card = tmp_path / "cells.json"
        card.write_text(card.read_text().replace(cell_reader().version, "00000000"))
    writer_models.cache_clear()
    with pytest.raises(MissingPartError, match=r"writers\.npz"):
        writer_models(tmp_path)


def test_models_are_of_the_reader_as_it_is_now(tmp_path, monkeypatch):
    """A training saves its nets several times, each over the last; the models had been fitted on the first of them."""
    glyphs = {char: (block_strokes(char),) * 3 for char in CHARACTERS}
    train = [writer for writer in range(20) if split_of(writer) == "train"][:3]

    def hands(data, characters):
        return dict.fromkeys(train, PenHand("block", {char: glyphs[char] for char in characters}))

    monkeypatch.setattr(writers, "load_unipen", hands)
    for name in ("cells.onnx", "cells.json"):
        shutil.copy(MODELS / name, tmp_path)
    card = tmp_path / "cells.json"
    for version in (cell_reader().version, "00000000"):
        card.write_text(card.read_text().replace(cell_reader().version, version))
        writers.save(tmp_path, tmp_path, seed=1)
        assert np.load(tmp_path / "writers.npz")["reader"] == version


def test_the_fit_finds_how_far_apart_hands_are():
    rng, classes, dims = np.random.default_rng(8), 4, 3
    middles = rng.normal(0, 9, (classes, dims))
    within, between = np.array([1.0, 2.0, 0.5]), np.array([3.0, 0.2, 1.0])
    seen = []
    for _ in range(300):
        labels = np.repeat(np.arange(classes), 8)
        own = middles + rng.normal(0, 1, (classes, dims)) * np.sqrt(between)
        points = own[labels] + rng.normal(0, 1, (len(labels), dims)) * np.sqrt(within)
        seen.append((points.astype(np.float32), labels))
    model = fit(seen, classes)
    ridge = 0.1 * within.mean()
    assert np.allclose(np.sort(model.spread), np.sort((between - ridge / 8) / (within + ridge)), rtol=0.15)
    assert np.allclose(model.middles @ np.linalg.inv(model.axes), middles, atol=0.5)


def test_rules_tell_what_the_digits_of_a_number_are():
    # Of this district's number the third digit is a 1, whatever it looks like.
    posteriors = as_read(*"63", "17", *"1022702999001")
    posteriors[2, [1, 7]] = 0.3, 0.7
    found = as_ruled(posteriors, FieldType.NIK)
    assert found[2].argmax() == 1
    assert np.allclose(found.sum(axis=1), 1)


def page_of_numbers(bent):
    """The comb cells of a page whose NIKs one hand wrote, its 7 bent towards a 4 or not, and what they should hold."""
    page = form("pendataan").layout.pages[0]
    boxes, _, classes = comb_arrays(page)
    keys = [(f.name, f.row) for f in page.fields if f.type is FieldType.NIK]
    cells, wanted = ["" for _ in boxes], {}
    for i, key in enumerate(keys):
        wanted[key] = f"6311021{i}077{i}9001"
        for at, char in zip(range(comb_places(page)[key].start, len(boxes)), wanted[key], strict=False):
            cells[at] = char
    inked = np.array([char != "" for char in cells])
    posteriors, hidden = np.zeros((len(boxes), CLASSES)), np.zeros((len(boxes), 160), np.float32)
    posteriors[:, BLANK] = 1
    posteriors[inked] = as_read(*(char if char != "7" else "74" for char in cells if char))
    hidden[inked] = as_seen("".join(cells), bent)
    pictures = np.zeros((len(boxes), SIZE, SIZE), np.uint8)
    nothing = np.zeros(len(boxes), np.float32)
    ink = CellInk(
        pictures, np.zeros((len(boxes), 3), np.float32), inked.astype(np.float32), nothing, nothing, nothing
    )
    return CombCells(ink, classes, posteriors, hidden), page, wanted


def test_a_page_is_read_by_its_hand_and_not_by_copies():
    cells, page, wanted = page_of_numbers(("7", "4"))
    # Of half the sevens the ink is plain: they tell of the others.
    plain = np.flatnonzero((cells.posteriors[:, 7] > 0.4) & (np.arange(len(cells.posteriors)) % 2 == 0))
    cells.posteriors[plain] = as_read(*"7" * len(plain))
    definition = form("pendataan").definition
    read = comb_guesses(cells, page, definition, None)
    assert {key: read[key].ink.raw for key in wanted} == wanted
    copies = comb_guesses(cells, page, definition, None, kin=np.zeros(len(cells.posteriors), np.int64))
    assert {key: copies[key].ink.raw for key in wanted} != wanted


def test_an_entry_by_another_hand_is_left_as_it_is():
    posteriors = as_read(*"0123456789" * 6, "74")
    hidden = np.concatenate([written_by(1, 1)[:50], written_by(1, 9)[:10], written_by(1, 9)[7:8]])
    entries = np.repeat(np.arange(7), [10] * 6 + [1])
    entries[-1] = 5
    found = adapted(posteriors, posteriors, hidden, np.ones(61, bool), entries)
    assert np.array_equal(found[50:], posteriors[50:])


def test_a_hand_moves_a_character_by_no_more_than_it_may():
    hidden = as_seen("0123456789" * 6 + "7")
    hidden[-1] *= 5
    posteriors = as_read(*"0123456789" * 6, "74")
    found = by_hand(posteriors, hidden)[-1]
    assert abs(np.log(found[4] / found[7]) - np.log(posteriors[-1, 4] / posteriors[-1, 7])) <= 3.001


def test_a_cell_of_which_rules_leave_no_digit_has_no_say():
    hidden, posteriors = as_seen("0123456789" * 3), as_read(*"0123456789" * 3)
    labels = posteriors.copy()
    labels[4] = 0
    labels[4, BLANK] = 1
    found = by_hand(posteriors, hidden, labels)
    assert np.isfinite(found).all()
