"""Forms of others, filled in by others: read as their own programs expect, or refused where those give garbage."""

from pathlib import Path

import numpy as np
import practice_forms
import pytest
from typer.testing import CliRunner

from pipeline.cli import context
from pipeline.cli.forms import app
from pipeline.forms.catalogue import Catalogue
from pipeline.forms.definition import FormDefinition
from pipeline.forms.drafts import open_draft, save
from pipeline.forms.given import given_layout
from pipeline.forms.layout import Box, FormLayout
from pipeline.forms.writing import as_tree
from pipeline.page import PageReading, read_page
from pipeline.registration.register import register
from pipeline.registration.types import Registration
from pipeline.scans.pages import open_pages
from pipeline.scans.types import PageImage
from pipeline.training.beside import our_answers, sheets_of
from pipeline.training.damage_kinds import KINDS
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
    assert (total, right) == (80, 80)


@pytest.mark.parametrize(("kind", "strength"), [("wavy paper, photo", 2), ("1-bit", 0)])
def test_a_sheet_is_read_where_paper_bends_and_where_marks_hide_the_print(
    shelf, tmp_path, kind, strength
) -> None:
    """The wave moves the sheet's foot by 5 mm; 1 bit leaves hardly more than the print that marks stand on."""
    sheet = next(one for one in sheets_of(OMRCHECKER) if one.image == "camscanner-2.jpg")
    made = KINDS[kind][0](sheet.page, strength, np.random.default_rng(5))
    path = tmp_path / f"sent{made.suffix}"
    path.write_bytes(made.data)
    (opened,) = open_pages(path)
    assert isinstance(opened, PageImage)
    reading = read_page(opened.decode(), shelf)
    assert reading.form == "sample5", reading.detail
    found = our_answers(template_of(OMRCHECKER, "sample5"), reading)
    assert {q: one.value for q, one in found.items() if not one.doubted}.items() <= sheet.truth.items()
    assert sum(one.value == sheet.truth[q] for q, one in found.items()) >= 22


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


FOUND = {"sample1": 120, "sample2": 25, "sample5": 242, "sample6": 86}
"""How many of a blank's boxes `forms new` finds at least; that of the photo is blurred by its making."""


def drafted_and_edited(home: Path, sample: str, true: FormLayout, blank: Path) -> int:
    """What `forms new` drafts, as the editor saves it: boxes put in questions, missing added, false ones taken out.

    Returns:
        How many of the boxes were found.
    """
    context._catalogue.cache_clear()
    run = CliRunner().invoke(app, ["new", str(blank), "--name", sample], env={"SOTARSA_HOME": str(home)})
    assert run.exit_code == 0, run.output
    draft = open_draft([home / "forms"], sample)
    page = given_layout(draft.definition).pages[0]
    scale = page.width_mm / true.pages[0].width_mm
    ours = [choice.box for field in page.fields for choice in field.choices]
    items, found = [], set()
    for field in true.pages[0].fields:
        choices = []
        for choice in field.choices:
            wanted = Box(*(value * scale for value in choice.box))
            nearest = min(ours, key=lambda box: np.hypot(box.x - wanted.x, box.y - wanted.y))
            if np.hypot(nearest.x - wanted.x, nearest.y - wanted.y) <= wanted.w / 2:
                found.add(nearest)
                wanted = nearest
            at = [round(value, 2) for value in wanted]
            choices.append({"value": choice.value, "label": choice.value, "at": at})
        kind = {"type": "choice", "filled": True, "multiple": True}
        items.append({"name": field.name, "label": field.name, **kind, "choices": choices})
    tree = as_tree(draft.definition) | {"pages": [{"sections": [{"title": "1", "items": items}]}]}
    save(draft, draft.stamp, FormDefinition.model_validate(tree), frozen=False)
    return len(found)


def test_mark_sheets_are_read_on_what_forms_new_drafts_and_a_person_edits(shelf, tmp_path) -> None:
    made, home = tmp_path / "made", tmp_path / "home"
    for sample in SAMPLES.values():
        sample.make(OMRCHECKER, made)
        blank = made / f"{sample.name}.v1-1.png"
        found = drafted_and_edited(home, sample.name, shelf.get(sample.name).layout, blank)
        assert found >= FOUND[sample.name]
    edited = Catalogue.load([home / "forms"])
    right = 0
    for sample, path in sheets():
        wanted = expected(OMRCHECKER, sample, path.name)
        said = our_answers(template_of(OMRCHECKER, sample), read_page(grey(path), edited))
        wrong = {question for question, answer in wanted.items() if said[question].value != answer}
        assert all(said[question].doubted for question in wrong), path.name
        right += len(wanted) - len(wrong)
    assert right == 80


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


@pytest.fixture(scope="module")
def questionnaires(tmp_path_factory) -> tuple[Catalogue, list[np.ndarray]]:
    """The questionnaire on a shelf, and the pages of its three filled copies."""
    folder = tmp_path_factory.mktemp("quexf")
    pages = practice_forms.make_quexf(folder)
    return Catalogue.load([folder]), pages


@pytest.mark.parametrize("foot", ["10 mm down", "white", "another"])
def test_where_a_revised_form_is_another_nothing_is_certain(questionnaires, foot) -> None:
    """Down to a line the page is the blank's own, and that is most of it."""
    shelf, (page, *_) = questionnaires
    from_mm = 193
    row, down = round(from_mm / 25.4 * 300), round(10 / 25.4 * 300)
    below = {
        "10 mm down": np.concatenate([np.full_like(page[:down], 255), page[row:-down]]),
        "white": np.full_like(page[row:], 255),
        "another": page[row:][::-1, ::-1],
    }[foot]
    laid = register(np.concatenate([page[:row], below]), shelf)
    assert isinstance(laid, Registration), laid
    certain = {field.box.y for field in laid.page.fields if laid.is_certain(field.box)}
    assert certain
    assert max(certain) < from_mm


def test_the_questionnaire_is_read(questionnaires) -> None:
    shelf, pages = questionnaires
    readings = [read_page(page, shelf) for page in pages]
    assert [one.identity and one.identity.page for one in readings] == [1, 2] * 3
    assert max(one.residual_mm for one in readings) < 0.2
    for said, wanted in zip(readings[:2], QUEXF, strict=True):
        found = values(said)
        assert {name: found[name] for name in wanted} == wanted
    # One box blackened out and another crossed: a person looks.
    assert "several_marks" in {one.reading.field: one.reasons for one in readings[1].readings}["c1"]


CHOSEN = (((1, 2, 3, 2, 4, 2), (1, 1)), ((3, 3, 1, 3, 3, 1), (1, 2)), ((1, 1, 1, 1, 1, 1), (2, 1)))
"""Which box of each question the three copies have crossed, page by page; four blackened ones lie beside them."""
NUMBERS = ("43", None, "1234")
"""What the amount says; in the second copy one digit is written over another."""


def test_the_questionnaire_is_read_on_the_draft_of_forms_new(questionnaires, tmp_path) -> None:
    """Nothing was edited: all 24 answers of the three copies, and doubt where something was blackened out."""
    context._catalogue.cache_clear()
    blank = practice_forms.FOLDER / "quexf/test_original.pdf"
    run = CliRunner().invoke(app, ["new", str(blank)], env={"SOTARSA_HOME": str(tmp_path)})
    assert run.exit_code == 0, run.output
    (form,) = (shelf := Catalogue.load([tmp_path / "forms"])).forms()
    doubted = 0
    for copy, (chosen, number) in enumerate(zip(CHOSEN, NUMBERS, strict=True)):
        for side, answers in enumerate(chosen):
            reading = read_page(questionnaires[1][2 * copy + side], shelf)
            said = values(reading)
            asked = [field for field in form.layout.pages[side].fields if field.choices]
            assert (
                tuple(
                    [choice.value for choice in field.choices].index(said[field.name]) + 1 for field in asked
                )
                == answers
            )
            doubted += sum("several_marks" in one.reasons for one in reading.readings)
            if side == 0 and number:
                assert said["aud"] == number
    assert doubted == 4
