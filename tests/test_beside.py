"""Answers of two programs are held against the same truth in the same way."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.page import PageReading, PageStatus
from pipeline.recognition.types import Reading
from pipeline.training import beside, omrchecker
from pipeline.training.beside import Case
from pipeline.training.mark_sheets import Answer, Said, bubbles_of, labels, questions_of
from pipeline.validation.judge import JudgedReading

TEMPLATE = {
    "pageDimensions": [300, 400],
    "bubbleDimensions": [20, 10],
    "customLabels": {"q2": ["q2_1..2"]},
    "preProcessors": [{"name": "CropPage", "options": {}}, {"name": "CropOnMarkers", "options": {}}],
    "fieldBlocks": {
        "A": {"fieldType": "QTYPE_MCQ4", "fieldLabels": ["q1"], "origin": [5, 6], "bubblesGap": 40, "labelsGap": 0},
        "B": {
            "fieldType": "QTYPE_INT", "fieldLabels": ["q2_1..2"], "origin": [9, 50], "bubblesGap": 12, "labelsGap": 30,
        },
    },
}  # fmt: skip
CASE = Case("turned", "quarter", "one.jpg", False, "sample1", Path("one.jpg"), {"q1": "B", "q2": "7"})


def test_a_template_gives_bubbles_and_questions():
    assert list(labels(["Medium", "roll1..3"])) == ["Medium", "roll1", "roll2", "roll3"]
    assert bubbles_of(TEMPLATE)["q1"]["C"] == (85, 6, 20, 10)
    assert bubbles_of(TEMPLATE)["q2_2"]["3"] == (39, 86, 20, 10)
    assert questions_of(TEMPLATE) == {"q1": ("q1",), "q2": ("q2_1", "q2_2")}


@pytest.mark.parametrize(
    ("row", "answers"),
    [
        ({"q1": "B", "q2_1": "0", "q2_2": "7"}, {"q1": Answer("B", False), "q2": Answer("07", False)}),
        ({"q1": "BD", "q2_1": "", "q2_2": "7"}, {"q1": Answer("BD", True), "q2": Answer("7", True)}),
    ],
)
def test_an_empty_or_second_mark_of_theirs_shows(row, answers):
    assert omrchecker.their_answers(TEMPLATE, row) == answers


def test_a_reason_of_the_reader_is_a_doubt_and_the_general_review_is_none():
    said = {"q1": ("B|D", ("unclear_mark",)), "q2_1": (None, ()), "q2_2": ("7", ())}
    readings = tuple(
        JudgedReading(
            Reading(name, None, value, "", 1.0, ((0, 0),) * 4, "ink", (), reasons),
            "review",
            reasons or ("low_confidence",),
        )
        for name, (value, reasons) in said.items()
    )
    page = PageReading(PageStatus.READ, readings=readings)
    assert beside.our_answers(TEMPLATE, page) == {"q1": Answer("BD", True), "q2": Answer("7", False)}


def test_only_what_is_neither_right_nor_doubted_is_wrong_unseen():
    said = [
        Said("", {"q1": Answer("B", False), "q2": Answer("", True)}),
        Said("", {"q1": Answer("C", False), "q2": Answer("7", True)}),
        Said("not_our_form", {}),
    ]
    assert beside.facts([CASE] * 3, said) == {
        "registered": 2,
        "reasons": {"not_our_form": 1},
        "right": 2,
        "doubted": 2,
        "wrong": ["one.jpg, q1: 'B' read as 'C'"],
    }


def test_where_nothing_is_to_be_read_no_answer_is_right():
    case = replace(CASE, truth=None)
    found = beside.facts([case], [Said("", {"q1": Answer("B", False), "q2": Answer("", True)})])
    assert (found["right"], found["wrong"]) == (0, ["one.jpg, q1: 'B' read"])


def test_all_rows_leave_out_what_was_not_damaged_and_a_sheet_beside_its_own_blank():
    cases = [replace(CASE, kind="as they came"), replace(CASE, own_blank=True), CASE]
    said = [Said("", {"q1": Answer("B", False), "q2": Answer("7", False)})] * 3
    rows = {(row["kind"], row["strength"]): row["sheets"] for row in beside.measure(cases, said, said)}
    assert rows == {
        ("as they came", "quarter"): 1,
        ("turned", "quarter"): 2,
        ("all scans", ""): 2,
        ("all scans", "blank of another sheet"): 1,
    }
    assert beside.markdown(beside.measure(cases, said, said)).count("\n") == 1 + len(rows)


def test_the_rim_of_the_sheet_is_looked_for_on_photos_only():
    steps = {
        crop: [one["name"] for one in omrchecker.as_sent(TEMPLATE, crop)["preProcessors"]]
        for crop in (True, False)
    }
    assert steps == {True: ["CropPage", "CropOnMarkers"], False: ["CropOnMarkers"]}
    assert "customLabels" not in omrchecker.as_sent(TEMPLATE, True)


FAKE = """import csv, pathlib, sys
batch, out = pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[4])
(out / "Results").mkdir(parents=True)
with (out / "Results/Results_01PM.csv").open("w") as file:
    rows = csv.writer(file)
    rows.writerow(["file_id", "q1"])
    for sheet in sorted((batch / "sheets").iterdir()):
        if sheet.read_bytes() == b"bad":
            sys.exit(1)
        rows.writerow([sheet.name, "B"])
"""


def test_a_file_that_ends_their_program_costs_no_other(tmp_path):
    """A stand-in with their command line, that ends at a bad file."""
    samples, sent = tmp_path / "samples", []
    (samples / "s").mkdir(parents=True)
    (samples / "s/template.json").write_text(json.dumps({**TEMPLATE, "customLabels": {}, "fieldBlocks": {
        "A": TEMPLATE["fieldBlocks"]["A"]}}))  # fmt: skip
    (samples / "s/config.json").write_text("{}")
    (tmp_path / "main.py").write_text(FAKE)
    for i, content in enumerate((b"good", b"bad", b"good", b"bad")):
        sent.append(tmp_path / f"{i}.jpg")
        sent[-1].write_bytes(content)
    program = omrchecker.OMRChecker(tmp_path, Path(sys.executable), samples)
    said = program.read("s", False, sent)
    assert [one.reason for one in said] == ["", "crashed", "", "crashed"]
    assert said[2].answers == {"q1": Answer("B", False)}
