"""Word lists tell how sure a word is, and never what it says."""

import numpy as np
import pytest
from forms_under_test import form
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.forms import reference
from pipeline.recognition.alphabet import BLANK, CHARACTERS, CLASSES
from pipeline.recognition.decode import best_entries
from pipeline.recognition.words import with_words
from pipeline.training.people import fill_in


def ink(*cells, sure=0.97):
    """A comb whose cells hold these characters; `"UV"` is a U that may as well be a V."""
    rows = np.full((len(cells), CLASSES), 1e-6)
    for row, cell in zip(rows, cells, strict=True):
        if cell == " ":
            row[BLANK] = sure
        else:
            row[CHARACTERS.index(cell[0])] = sure if len(cell) == 1 else 0.55
            for other in cell[1:]:
                row[CHARACTERS.index(other)] = 0.4
    return rows / rows.sum(axis=1, keepdims=True)


def scored(rows, words="names"):
    found = with_words(rows, best_entries(rows), words)
    return found[0].raw.strip(), float(np.exp(found[0].score)), [one.raw.strip() for one in found[1:]]


def test_a_known_word_is_surer_than_its_ink():
    rows = ink("S", "I", "T", "IJ", " ", "A", "M", "I", "NM", "A", "H")
    value, chance, _ = scored(rows)
    assert value == "SITI AMINAH"
    assert chance > 0.99 > 0.5 > float(np.exp(best_entries(rows)[0].score))


def test_a_word_that_nobody_bears_stays_as_written_but_is_doubted_beside_one_that_is_borne():
    value, chance, others = scored(ink("S", "I", "T", "I", " ", "A", "M", "I", "N", "A", "NH"))
    assert value == "SITI AMINAN"
    assert chance < 0.05
    assert others[0] == "SITI AMINAH"


def test_a_rare_word_in_clear_ink_stays_as_sure_as_its_ink():
    rows = ink(*"QWOZEK", sure=0.9999)
    value, chance, _ = scored(rows)
    assert value == "QWOZEK"
    assert chance > 0.97


def test_two_known_words_that_differ_by_a_letter_are_told_by_the_ink_alone():
    value, chance, others = scored(ink("N", "OU", "R", "H", "A", "Y", "A", "T", "I"))
    assert (value, others[0]) == ("NORHAYATI", "NURHAYATI")
    assert 0.4 < chance < 0.75


def test_a_mark_that_stands_alone_may_be_dust():
    _, beside, _ = scored(ink(*"SITI,", " ", *"AMINAH"))
    _, alone, _ = scored(ink(*"SITI", " ", ",", " ", *"AMINAH"))
    assert alone < 0.02 < 0.9 < beside


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_the_first_entry_is_always_the_inks_and_chances_are_chances(data):
    letters = data.draw(st.lists(st.sampled_from(CHARACTERS + " "), min_size=1, max_size=12))
    noise = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1))).random((len(letters), CLASSES)) ** 8
    rows = ink(*letters) + data.draw(st.floats(0, 2)) * noise
    rows /= rows.sum(axis=1, keepdims=True)
    own = best_entries(rows)
    found = with_words(rows, own, data.draw(st.sampled_from(reference.WORD_LISTS)))
    assert found[0].raw == own[0].raw
    assert all(entry.score <= 0 for entry in found)
    assert len({entry.raw for entry in found}) == len(found)
    assert [entry.score for entry in found[1:]] == sorted((e.score for e in found[1:]), reverse=True)


@pytest.mark.parametrize("rare", [0.0, 0.5])
def test_people_with_unheard_names_can_be_made_up(rare):
    known = {part for word in reference.words("names") for part in word.split()}
    rng = np.random.default_rng(4)
    values = [fill_in(form("pendataan"), rng, rare=rare) for _ in range(30)]
    words = [word for one in values for word in one["nama", None].split()]
    unheard = sum(word not in known for word in words) / len(words)
    assert unheard <= 0.1 if not rare else 0.3 <= unheard <= 0.7
