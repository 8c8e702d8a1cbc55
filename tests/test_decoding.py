"""From distributions over cells to entries, and joint decoding of NIK, birth date and sex."""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.forms.layout import FieldType
from pipeline.recognition.alphabet import BLANK, CHARACTERS, CLASSES, CROSSED, allowed, character
from pipeline.recognition.decode import Entry, best_entries
from pipeline.recognition.joint import Candidate, agree, candidates, probabilities

NIK, DATE = "6311021203789001", "1978-03-12"


def certain(text, doubt=()):
    """Posteriors (n, CLASSES) sure of a text; doubt: (cell, other character, its probability)."""
    rows = np.zeros((len(text), CLASSES))
    for i, char in enumerate(text):
        rows[i, BLANK if char == " " else CHARACTERS.index(char)] = 1
    for cell, other, p in doubt:
        rows[cell] *= 1 - p
        rows[cell, CHARACTERS.index(other)] += p
    return rows


@st.composite
def few_cells(draw):
    n = draw(st.integers(1, 3))
    weights = draw(st.lists(st.lists(st.floats(0.01, 1), min_size=3, max_size=3), min_size=n, max_size=n))
    rows = np.zeros((n, CLASSES))
    for row, (a, b, c) in zip(rows, weights, strict=True):
        row[[0, 1, BLANK]] = np.array([a, b, c]) / (a + b + c)
    return rows


@given(few_cells())
@settings(max_examples=60)
def test_the_search_finds_what_trying_all_finds(rows):
    everything = sorted(
        (
            (math.prod(rows[i, c] for i, c in enumerate(choice)), "".join(map(character, choice)))
            for choice in product((0, 1, BLANK), repeat=len(rows))
        ),
        reverse=True,
    )
    found = best_entries(rows, k=10)
    assert [round(math.exp(e.score), 9) for e in found] == [round(p, 9) for p, _ in everything[:10]]
    assert found[0].raw in {raw for p, raw in everything if math.isclose(p, everything[0][0])}


def test_an_alphabet_leaves_its_characters_blank_and_crossed_out():
    mask = allowed("0123456789")
    assert mask.sum() == 12
    assert mask[BLANK]
    assert mask[CROSSED]


def test_an_impossible_date_loses_to_a_possible_one():
    found = candidates(best_entries(certain("31021978", [(0, "2", 0.4)])), FieldType.DATE)
    assert found[0].value == "1978-02-21"


def test_a_doubtful_digit_of_the_nik_is_settled_by_the_birth_date():
    nik = candidates(best_entries(certain(NIK, [(9, "5", 0.55)])), FieldType.NIK)
    assert nik[0].value != NIK
    date = candidates(best_entries(certain("12031978")), FieldType.DATE)
    together = agree(nik, date, (Candidate("", "L", 0.0),))
    assert together[0][0].value == NIK
    assert probabilities(together[0], 0.0)[0] > 0.99


def test_a_nik_that_is_read_surely_keeps_its_old_error():
    nik = candidates(best_entries(certain(NIK)), FieldType.NIK)
    date = candidates(best_entries(certain("13031978")), FieldType.DATE)
    together = agree(nik, date, (Candidate("", "L", 0.0),))
    assert together[0][0].value == NIK
    assert together[1][0].value == "1978-03-13"


@pytest.mark.parametrize(("sex", "day"), [("L", "12"), ("P", "52")])
def test_sex_and_day_of_a_nik_support_each_other(sex, day):
    text = f"631102{day}03789001"
    other = "5" if day[0] == "1" else "1"
    nik = candidates(best_entries(certain(text, [(6, other, 0.5)])), FieldType.NIK)
    nothing = (Candidate("", None, 0.0),)
    assert agree(nik, nothing, (Candidate("", sex, 0.0),))[0][0].value == text


@given(st.lists(st.floats(-20, 0), min_size=1, max_size=8), st.floats(0, 0.5))
def test_probabilities_and_the_rest_sum_to_one(scores, rest):
    found = [Candidate(str(i), str(i), s) for i, s in enumerate(scores)]
    assert math.isclose(sum(probabilities(found, rest)) + rest, 1)


def test_blank_cells_make_an_empty_entry():
    assert best_entries(certain("    "))[0] == Entry("    ", 0.0)


def test_company_tells_letters_and_digits_that_look_alike_apart():
    word = certain("N0", [(1, "O", 0.45)])
    assert best_entries(word)[0].raw == "NO"
    number = certain("80", [(1, "O", 0.55)])
    assert best_entries(number)[0].raw == "80"


def test_a_code_that_is_not_on_the_form_loses_to_one_that_is():
    entries = best_entries(certain("17", [(0, "7", 0.7)]))
    assert candidates(entries, FieldType.CODE)[0].value == "77"
    assert candidates(entries, FieldType.CODE, frozenset({"17", "18"}))[0].value == "17"


def test_a_year_beyond_next_year_loses():
    entries = best_entries(certain("12031965", [(4, "7", 0.8)]))
    assert candidates(entries, FieldType.DATE)[0].value == "1965-03-12"


def test_a_family_card_is_most_likely_from_here():
    entries = best_entries(certain("6311022308239183", [(2, "7", 0.6)]))
    assert candidates(entries, FieldType.KK)[0].value == "6311022308239183"
