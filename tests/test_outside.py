"""Writing beside a comb sends the comb to a person; print, neighbours and dust do not."""

import cv2
import numpy as np
import pytest
from flat_pages import PLANE, written
from forms_under_test import FORMS, form

from pipeline.forms.layout import Kind
from pipeline.recognition.bare import dark_on
from pipeline.recognition.outside import written_beside
from pipeline.training.degrade import specks, to_bytes
from pipeline.training.fill import CORRECTIONS, DPI
from pipeline.training.people import fill_in


def filled(name, values, slips=0.0, way="cell", seed=1, dust=0, side=0):
    """A page of a form as it was filled in, and which of its combs hold ink."""
    rng = np.random.default_rng(seed)
    page, truths = written(name, values, rng, side, slips, (way,))
    specks(page, dust, rng)
    inside = {(one.field, one.row) for one in truths if one.value and one.correction != "missed"}
    return to_bytes(page), inside


def beside(name, image, inside, side=0):
    page, ink = form(name).layout.pages[side], form(name).ink[side]
    return written_beside(dark_on(image, PLANE, page), page, ink, inside)


@pytest.mark.parametrize("name", FORMS)
def test_print_alone_is_no_writing(name):
    for side in range(len(form(name).layout.pages)):
        assert beside(name, *filled(name, {}, dust=40, side=side), side) == frozenset()


@pytest.mark.parametrize("seed", range(3))
def test_what_is_written_in_cells_and_boxes_is_not_beside_them(seed):
    values = fill_in(form("pendataan"), np.random.default_rng(seed))
    assert beside("pendataan", *filled("pendataan", values, seed=seed, dust=40)) == frozenset()


@pytest.mark.parametrize("way", [way for way in CORRECTIONS if way != "overwritten"])
@pytest.mark.parametrize("key", ["nik", "kk", "nama", "pekerjaan"])
def test_an_entry_written_above_its_comb_is_noticed(way, key):
    value = {"nik": "6311021203789001", "kk": "6311021203789001"}.get(key, "PETANI")
    found = beside("pendataan", *filled("pendataan", {(key, None): value}, slips=1.0, way=way))
    if way != "cell":
        assert (key, None) in found
    else:
        # One small character may hide behind the label; its cell is crossed out.
        assert found <= {(key, None), ("nama", None), ("tempat_lahir", None)}


def test_a_word_beside_an_empty_comb_is_noticed_and_concerns_those_next_to_it_alone():
    image, inside = filled("pendataan", {})
    box = next(field for field in form("pendataan").layout.pages[0].fields if field.name == "rw").cells[-1]
    x, y = (round(mm * DPI / 25.4) for mm in (box.x + box.w + 1.5, box.y + 1))
    image[y : y + 45, x : x + 6] = 40
    assert beside("pendataan", image, inside) == {("rw", None), ("tanggal_pendataan", None)}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("key", ["luas_lantai", "penghasilan"])
def test_an_entry_written_small_on_the_label_of_its_empty_comb_is_noticed(key, seed):
    # Under tick boxes and above the comb there is no bare paper but between the letters of the label.
    image, inside = filled("pendataan", {(key, None): "38"}, slips=1.0, way="missed", seed=seed, side=1)
    assert (key, None) not in inside
    assert (key, None) in beside("pendataan", image, inside, side=1)


@pytest.mark.parametrize("seed", range(4))
def test_a_single_digit_struck_through_and_written_anew_is_noticed(seed):
    key = ("anggota.disabilitas", 2)
    assert key in beside("pendataan", *filled("pendataan", {key: "7"}, slips=1.0, way="struck", seed=seed))


@pytest.mark.parametrize("aside", [0.0, 4.4])
@pytest.mark.parametrize("marked", [True, False])
def test_a_choice_that_is_circled_instead_of_marked_is_noticed(aside, marked):
    """Round its box, or round the label beside it; round a box that is marked the circle says no more."""
    image, inside = filled("pendataan", {}, side=1)
    field = next(one for one in form("pendataan").layout.pages[1].fields if one.kind is Kind.MARKS)
    box = field.choices[1].box
    middle = tuple(round(mm * DPI / 25.4) for mm in (box.x + box.w / 2 + aside, box.y + box.h / 2))
    cv2.ellipse(image, middle, (44, 40), 0, 0, 360, 60, 5, cv2.LINE_AA)
    key = (field.name, field.row)
    found = beside("pendataan", image, inside | {key} if marked else inside, side=1)
    assert (key in found) != marked
