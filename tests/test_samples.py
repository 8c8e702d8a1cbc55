"""The committed samples: small enough, complete, and every page becomes what the truth says."""

from pathlib import Path

import cv2
import numpy as np
import pikepdf
import pytest
from forms_under_test import catalogue

from pipeline.forms.types import TYPES
from pipeline.registration.register import register
from pipeline.registration.types import Refusal, Registration
from pipeline.training.batch_file import as_jpeg, read_lines, write_lines, write_pdf

SAMPLES = Path(__file__).parents[1] / "samples" / "halong-2026-11"
TRUTH = read_lines(SAMPLES / "truth.jsonl")
PAGES = [line for line in TRUTH if "field" not in line]
FIELDS = [line for line in TRUTH if "field" in line]


def _pictures():
    with pikepdf.open(SAMPLES / "batch-01.pdf") as pdf:
        for number, page in enumerate(pdf.pages, 1):
            (image,) = page.get_images().values()
            yield "batch-01.pdf", number, image.read_raw_bytes()
    for path in sorted(SAMPLES.glob("*.jpg")):
        yield path.name, 1, path.read_bytes()


def test_the_folder_is_small_and_lists_every_page_once():
    assert sum(path.stat().st_size for path in SAMPLES.iterdir()) < 25_000_000
    listed = [(line["source"], line["image"]) for line in PAGES]
    assert listed == [(source, number) for source, number, _ in _pictures()]
    assert len(set(listed)) == len(listed)


def test_it_holds_what_an_office_meets():
    reasons = [line["reason"] for line in PAGES]
    assert {reason for reason in reasons if reason} == {"blank", "not_our_form", "missing_side"}
    sides = {}
    for line in PAGES:
        sides.setdefault((line["form"], line["serial"]), set()).add(line["page"])
    whole = [form for (form, _), pages in sides.items() if pages == {1, 2}]
    assert whole.count("pendataan") >= 12
    assert {form for form, _ in sides} == {"pendataan", "penyaluran", "sosialisasi", None}
    assert len(list(SAMPLES.glob("*.jpg"))) == 3


def test_every_value_of_the_truth_can_stand_on_its_form():
    forms = catalogue()
    known = {
        (form.definition.form, page.page, field.name, field.row): field
        for form in forms.forms()
        for page in form.layout.pages
        for field in page.fields
    }
    for line in FIELDS:
        field = known[line["form"], line["page"], line["field"], line["row"]]
        if line["kind"] == "comb" and line["value"] is not None:
            assert (
                TYPES[field.type].fault(TYPES[field.type].to_cells(line["value"], len(field.cells))) is None
            )
    for line in FIELDS:
        if line["type"] == "nik" and line["value"]:
            assert 9001 <= int(line["value"][-4:]) <= 9999


@pytest.mark.parametrize("part", range(4))
def test_every_page_is_known_or_refused_as_the_truth_says(part):
    expected = {(line["source"], line["image"]): line for line in PAGES}
    for source, number, data in list(_pictures())[part::4]:
        line = expected[source, number]
        found = register(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE), catalogue())
        if line["serial"] is None:
            assert isinstance(found, Refusal)
            assert found.reason == line["reason"]
        else:
            assert isinstance(found, Registration)
            assert (found.identity.serial, found.identity.page) == (line["serial"], line["page"])


def test_pages_are_packed_without_recoding(tmp_path):
    data = as_jpeg(np.full((60, 40), 200, np.uint8), 80)
    write_pdf(tmp_path / "a.pdf", [(data, (60, 40))] * 2, "two pages")
    with pikepdf.open(tmp_path / "a.pdf") as pdf:
        (image,) = pdf.pages[1].get_images().values()
        assert image.read_raw_bytes() == data
        assert [float(side) for side in pdf.pages[0].mediabox[2:]] == pytest.approx([40 * 0.24, 60 * 0.24])


def test_lines_survive_a_file(tmp_path):
    lines = [{"field": "nama", "value": "Å"}, {"field": "kk", "value": None}]
    write_lines(tmp_path / "t.jsonl", lines)
    assert read_lines(tmp_path / "t.jsonl") == lines
