"""Forms of others, filled in by others: read as their own programs expect, or refused where those give garbage."""

from pathlib import Path

import numpy as np
import practice_forms
import pytest

from pipeline.forms.catalogue import Catalogue
from pipeline.page import PageReading, read_page
from pipeline.training.beside import our_answers
from pipeline.training.mark_sheets import SAMPLES, expected, grey, template_of

OMRCHECKER = practice_forms.FOLDER / "omrchecker"

pytestmark = pytest.mark.skipif(
    not practice_forms.FOLDER.is_dir(), reason="the practice forms of others are not beside the project"
)


def values(reading: PageReading) -> dict[str, str | None]:
    assert reading.readings, (reading.reason, reading.detail)
    return {one.reading.field: one.reading.value for one in reading.readings}


@pytest.fixture(scope="module")
def shelf(tmp_path_factory) -> Catalogue:
    """The mark sheets' definitions on one shelf."""
    folder = tmp_path_factory.mktemp("omr")
    for sample in SAMPLES.values():
        sample.make(OMRCHECKER, folder)
    return Catalogue.load([folder])


def sheets() -> list[tuple[str, Path]]:
    return [(sample.name, OMRCHECKER / image) for sample in SAMPLES.values() for image in sample.images]


def test_mark_sheets_are_read_as_expected_or_doubted(shelf) -> None:
    right = total = 0
    for sample, path in sheets():
        reading = read_page(grey(path), shelf)
        assert reading.form == sample
        wanted = expected(OMRCHECKER, sample, path.name)
        found = our_answers(template_of(OMRCHECKER, sample), reading)
        wrong = {question for question, answer in wanted.items() if found[question].value != answer}
        assert all(found[question].doubted for question in wrong), path.name
        right, total = right + len(wanted) - len(wrong), total + len(wanted)
    assert (total, right) >= (80, 74)


def test_a_sheet_upside_down_is_read_the_same(shelf) -> None:
    image = grey(OMRCHECKER / SAMPLES["sample5"].images[1])
    turned = read_page(np.ascontiguousarray(image[::-1, ::-1]), shelf)
    assert turned.turn == 180
    assert values(turned) == values(read_page(image, shelf))


def test_a_sheet_is_not_read_as_another_form(tmp_path) -> None:
    SAMPLES["sample5"].make(OMRCHECKER, tmp_path)
    shelf = Catalogue.load([tmp_path])
    for sample in ("sample1", "sample2", "sample6"):
        reading = read_page(grey(OMRCHECKER / SAMPLES[sample].images[0]), shelf)
        # The second sample is a photo so small that this is told first.
        assert reading.reason in ("not_our_form", "too_small"), sample
        assert reading.readings == (), sample


QUEXF = (
    {
        "a1_a": "1",
        "a1_b": "2",
        "b1_a": "3",
        "b1_b": "2",
        "b1_c": "4",
        "b3": "1",
        "b4": "43",
    },
    {"c2": "1"},
)
"""What the first filled questionnaire says, but for what its writer blackened out."""


def test_the_questionnaire_is_read(tmp_path) -> None:
    pages = practice_forms.make_quexf(tmp_path)
    shelf = Catalogue.load([tmp_path])
    readings = [read_page(page, shelf) for page in pages]
    assert [one.identity and one.identity.page for one in readings] == [1, 2] * 3
    assert max(one.residual_mm for one in readings) < 0.2
    for said, wanted in zip(readings[:2], QUEXF, strict=True):
        found = values(said)
        assert {name: found[name] for name in wanted} == wanted
    # One box blackened out and another crossed: a person looks.
    assert "several_marks" in {one.reading.field: one.reasons for one in readings[1].readings}["c1"]
