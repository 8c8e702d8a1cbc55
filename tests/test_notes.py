"""Notes where a name is asked for (sda, nihil, tidak ada, alm.), and Roman numerals, wait for a person."""

from types import SimpleNamespace

import pytest
from forms_under_test import form
from hypothesis import given
from hypothesis import strategies as st

from pipeline.forms.reference import WORD_LISTS, words
from pipeline.recognition.confidence import shipped
from pipeline.recognition.types import Alternative, Reading
from pipeline.validation.judge import judge
from pipeline.validation.notes import is_note

SURVEY = form("pendataan")
KNOWN = sorted(word for name in WORD_LISTS for word in words(name))


def reasons(field, value, *others):
    alternatives = tuple(Alternative(other, 0.001) for other in others)
    reading = Reading(field, None, value, value, 0.999999, ((0, 0),) * 4, "cells", alternatives)
    return judge(SURVEY.definition, [reading], shipped("both/scan"))[0].reasons


@pytest.mark.parametrize(
    "value",
    [
        "SDA",
        "S D A",
        "S.D.A.",
        "IDEM",
        "NIHIL",
        "TIDAK ADA",
        "TDK ADA",
        "BELUM PUNYA",
        "tidak tahu",
        "SAMA DENGAN DI ATAS",
        "MENINGGAL DUNIA",
        "ALM. BUDI",
        "BUDI (ALM)",
        "ALMH SITI AMINAH",
    ],
)
def test_a_note_is_told_by_its_words(value):
    assert is_note(value)


@pytest.mark.parametrize("value", ["IDA", "SAMAD", "BUDI ATAS", "HALMAH", "TIDAK BEKERJA", "", "-", "63.11"])
def test_what_only_looks_like_one_is_none(value):
    assert not is_note(value)


def test_no_word_of_the_lists_is_a_note():
    assert [word for word in KNOWN if is_note(word)] == []


@given(st.lists(st.sampled_from(KNOWN), min_size=1, max_size=4))
def test_a_name_of_known_words_is_no_note(parts):
    assert not is_note(" ".join(parts))


@pytest.mark.parametrize("field", ["nama", "tempat_lahir", "pekerjaan"])
def test_a_note_waits_however_sure_its_letters_are(field):
    assert reasons(field, "SDA") == ("note",)
    assert reasons(field, "TDU", "TDK") == ("note",)
    assert "note" not in reasons(field, "BUDI")


def test_one_letter_again_and_again_is_no_name():
    assert "one_letter" in reasons("nama", "OOO")
    assert "one_letter" in reasons("nama", "X X")
    assert "one_letter" in reasons("pekerjaan", "X")
    assert reasons("nama", "OO'A") == ()


def test_a_name_in_few_cells_is_more_than_a_letter_too():
    short = SURVEY.definition.field("nama").model_copy(update={"cells": 3})
    shelf = SimpleNamespace(field=lambda name: short)
    reading = Reading("nama", None, "X", "X", 0.999999, ((0, 0),) * 4, "cells")
    assert "one_letter" in judge(shelf, [reading], shipped("both/scan"))[0].reasons


@pytest.mark.parametrize(("value", "asked"), [("11", True), ("111", True), ("1", False), ("12", False)])
def test_ones_alone_may_be_a_roman_numeral(value, asked):
    assert ("roman" in reasons("rt", value)) is asked


def test_a_code_of_a_printed_list_is_none():
    (one,) = judge(
        SURVEY.definition,
        [Reading("anggota.hubungan", 1, "11", "11", 0.999999, ((0, 0),) * 4, "cells")],
        shipped("both/scan"),
    )
    assert one.reasons == ()
