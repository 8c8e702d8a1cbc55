"""A page that speaks against its own readings: twins among the digits of a hand, and traces of faint ink."""

import numpy as np
import pytest
from forms_under_test import form

from pipeline.recognition.alike import likeness, looks_alike
from pipeline.recognition.alphabet import CLASSES
from pipeline.recognition.combs import doubt_outvoted
from pipeline.recognition.confidence import lowered
from pipeline.recognition.decode import Entry
from pipeline.recognition.doubt import Guess, doubt_faint, doubt_hand, doubt_twins
from pipeline.recognition.joint import Candidate
from pipeline.recognition.types import Reading

PAGE = form("pendataan").layout.pages[0]
QUAD = ((0.0, 0.0),) * 4


def guessed(**raws):
    """Guesses for every comb of the page; raws: field → (decoded, seen by the ink alone)."""
    return {
        (f.name, f.row): Guess((Candidate(told, told or None, 0.0),), 0.0, (), Entry(seen, 0.0))
        for f in PAGE.fields
        if f.cells
        for told, seen in [raws.get(f.name, ("", "")) if f.row is None else ("", "")]
    }


def test_a_one_that_rules_took_for_a_seven_twice_doubts_the_other_numbers_that_hold_one():
    guesses = guessed(nik=("6311021203789001", "6377021203789001"), rt=("017", "017"), rw=("002", "002"))
    assert doubt_twins(guesses, PAGE) == {("rt", None), ("nik", None)}
    assert guesses["rt", None].doubt == guesses["nik", None].doubt == 2
    assert guesses["rw", None].doubt == 0


def test_one_digit_that_rules_settled_doubts_nothing():
    guesses = guessed(nik=("6311021203789001", "6317021203789001"), rt=("017", "017"))
    assert not doubt_twins(guesses, PAGE)
    assert all(guess.doubt == 0 for guess in guesses.values())


def test_rules_make_no_empty_field_of_ink_in_silence():
    """One digit in the cells of a date makes no date; that it is empty is more likely under the rules."""
    ink = Entry("1       ", np.log(0.6))
    key = ("tanggal_pendataan", None)
    guesses = {key: Guess((Candidate(" " * 8, None, -1.0), Candidate(ink.raw, None, -9.0)), 0.0, (), ink)}
    doubt_outvoted(guesses, PAGE)
    assert guesses[key].reasons == ("outvoted",)


def readings(**values):
    return [
        Reading(f.name, f.row, values.get(f.name), values.get(f.name) or "", 0.999, QUAD, "test")
        for f in PAGE.fields
    ]


@pytest.mark.parametrize(("traces", "doubted"), [({}, 0), ({"rw": 0.2}, 1), ({"rw": 0.1, "rt": 0.05}, 0)])
def test_an_empty_field_with_traces_is_shown(traces, doubted):
    guesses = {(name, None): Guess((), 0.0, trace=trace) for name, trace in traces.items()}
    found = doubt_faint(readings(), guesses)
    assert sum(reading.reasons == ("faint",) for reading in found) == doubted


def test_on_a_page_of_faint_ink_nothing_counts_as_empty():
    guesses = {(name, None): Guess((), 0.0, trace=0.3) for name in ("rt", "rw", "alamat")}
    found = doubt_faint(readings(nama="SITI"), guesses)
    assert [reading.field for reading in found if not reading.reasons] == ["nama"]


def test_on_a_page_of_a_hard_hand_only_numbers_are_trusted_less():
    numbers = [f for f in PAGE.fields if f.cells and f.alphabet.isdigit()][:6]
    name = next(f for f in PAGE.fields if f.name == "nama")
    rows = [Reading(f.name, f.row, "1", "1", 0.5, QUAD, "test") for f in numbers]
    *judged, named = doubt_hand([*rows, Reading(name.name, None, "SITI", "SITI", 0.4, QUAD, "test")], PAGE)
    assert {one.doubt for one in judged} == {6}
    assert named.doubt == 0


def test_clear_words_are_trusted_less_beside_doubtful_ones():
    words = [f for f in PAGE.fields if f.cells and not f.alphabet.isdigit()][:6]
    sure = [0.2, 0.2, *[0.999] * 4]
    rows = [Reading(f.name, f.row, "SITI", "SITI", p, QUAD, "test") for f, p in zip(words, sure, strict=True)]
    number = next(f for f in PAGE.fields if f.cells and f.alphabet.isdigit())
    *judged, counted = doubt_hand(
        [*rows, Reading(number.name, number.row, "1", "1", 0.1, QUAD, "test")], PAGE
    )
    assert {one.doubt for one in judged} == {0.5}
    assert counted.doubt == 0


def test_numbers_that_make_no_value_speak_against_the_hand():
    numbers = [f for f in PAGE.fields if f.cells and f.alphabet.isdigit()][:6]
    rows = [
        Reading(f.name, f.row, None, "99", 0.0, QUAD, "test", reasons=("not_a_date",)) for f in numbers[:4]
    ]
    rows += [Reading(f.name, f.row, "1", "1", 0.999, QUAD, "test") for f in numbers[4:]]
    assert doubt_hand(rows, PAGE)[-1].doubt == pytest.approx(6 * 4 / 6)


def test_a_number_with_a_digit_that_looks_like_another_is_doubtful_however_clear():
    numbers = [f for f in PAGE.fields if f.cells and f.alphabet.isdigit()][:6]
    rows = [Reading(f.name, f.row, "1", "1", 0.999, QUAD, "test") for f in numbers]
    alike = {(f.name, f.row) for f in numbers[:3]}
    assert doubt_hand(rows, PAGE, alike)[-1].doubt == pytest.approx(3)


@pytest.mark.parametrize("doubtful", range(4))
def test_clear_numbers_are_trusted_less_beside_doubtful_ones(doubtful):
    numbers = [f for f in PAGE.fields if f.cells and f.alphabet.isdigit()][:6]
    sure = [0.5] * doubtful + [0.999] * (6 - doubtful)
    rows = [Reading(f.name, f.row, "1", "1", p, QUAD, "test") for f, p in zip(numbers, sure, strict=True)]
    assert doubt_hand(rows, PAGE)[-1].doubt == pytest.approx(6 * doubtful / 6)
    odds = lowered(0.999, 6 * doubtful / 6) / (1 - lowered(0.999, 6 * doubtful / 6))
    assert odds == pytest.approx(999 / np.exp(6 * doubtful / 6), rel=1e-6)


def test_a_few_doubtful_numbers_say_nothing_of_the_hand():
    numbers = [f for f in PAGE.fields if f.cells and f.alphabet.isdigit()][:4]
    rows = [Reading(f.name, f.row, "1", "1", 0.2, QUAD, "test") for f in numbers]
    assert all(one.doubt == 0 for one in doubt_hand(rows, PAGE))


def page_of(digits, like):
    """Hidden layers and posteriors of cells that are read as `digits`; those of `like` look as one of its digits."""
    rng = np.random.default_rng(5)
    kinds = np.eye(10, 32, dtype=np.float32) * 9
    looks = [kinds[like[0] if digit in like else digit] for digit in digits]
    hidden = np.abs(np.stack(looks) + rng.normal(0, 0.3, (len(digits), 32))).astype(np.float32)
    posteriors = np.zeros((len(digits), CLASSES))
    posteriors[np.arange(len(digits)), digits] = 1
    return hidden, posteriors, np.ones(len(digits), bool)


def test_two_digits_that_a_hand_writes_alike_are_told_by_their_look_however_sure_the_reader_is():
    digits = [0, 1, 2, 4, 7, 9] * 6
    assert not looks_alike(*page_of(digits, ())).any()
    found = looks_alike(*page_of(digits, (4, 7)))
    assert found[[4, 7]].min() > 0.5
    assert not found[[0, 1, 2, 3, 5, 6, 8, 9]].any()


def test_copies_of_one_sample_are_no_neighbours():
    hidden, posteriors, inked = page_of([4, 4, 4, 7, 7, 7], (4, 7))
    assert looks_alike(hidden, posteriors, inked)[[4, 7]].min() > 0
    assert not looks_alike(hidden, posteriors, inked, np.zeros(6, np.int64)).any()


@pytest.mark.parametrize(
    ("raw", "lost"), [("74", 5), ("99", 0), ("AB", 1), ("A", 2), ("A7", 7), ("", 0), (" .", 0)]
)
def test_entries_lose_by_what_looks_like_others_of_the_page(raw, lost):
    alike = np.zeros(36)
    alike[[7, 10]] = 0.5
    assert likeness(raw, alike) == pytest.approx(lost)


def test_a_digit_that_stands_once_on_a_page_looks_like_none():
    assert not looks_alike(*page_of([0, 0, 0, 1, 1, 1, 7], ())).any()
    assert not looks_alike(np.zeros((0, 32), np.float32), np.zeros((0, CLASSES)), np.zeros(0, bool)).any()


def test_cells_without_ink_look_like_nothing():
    hidden, posteriors, _ = page_of([4, 4, 7, 7], (4, 7))
    assert not looks_alike(hidden, posteriors, np.zeros(4, bool)).any()
