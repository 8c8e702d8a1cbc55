"""The whole way of the samples with the real readers: scanned by the command, held against the truth."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.scans.pages import open_pages
from pipeline.training.batch_file import read_lines
from pipeline.training.score import score, wrong_readings

PROGRAM = Path(sys.executable).with_name("sotarsa")
SAMPLES = Path(__file__).parents[1] / "samples" / "halong-2026-11"
TRUTH = read_lines(SAMPLES / "truth.jsonl")


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """A home into which the samples were scanned; runs further commands in it."""
    home = tmp_path_factory.mktemp("office")

    def run(*words):
        return subprocess.run(
            [PROGRAM, "--home", home, *words], check=False, capture_output=True, text=True, timeout=300
        )

    first = run("scan", SAMPLES, "--batch", "contoh", "--json")
    assert first.returncode == 1, first.stderr
    run.told = json.loads(first.stdout)
    return run


@pytest.fixture(scope="module")
def readings(office):
    return [json.loads(line) for line in office("export", "readings").stdout.splitlines()]


def test_every_page_becomes_what_it_is(office):
    pages = [json.loads(line) for line in office("export", "pages").stdout.splitlines()]
    got = {(p["source"], p["image"]): (p["status"], p["reason"], p["serial"], p["page"]) for p in pages}
    expected = {
        (p["source"], p["image"]): (p["status"], p["reason"], p["serial"], p["page"])
        for p in TRUTH
        if "field" not in p
    }
    assert got == expected


def test_every_field_of_every_page_has_its_reading(readings):
    fields = {(line["serial"], line["page"], line["field"], line["row"]) for line in TRUTH if "field" in line}
    assert {(line["serial"], line["page"], line["field"], line["row"]) for line in readings} == fields


def test_not_one_wrong_value_is_accepted(readings):
    assert wrong_readings(TRUTH, readings) == []


def test_most_of_what_is_clear_needs_nobody(readings):
    shares = {one.kind: one.accepted / one.fields for one in score(TRUTH, readings)}
    assert shares["marks"] > 0.9
    assert shares["all"] > 0.6


def test_what_waits_says_why_and_what_is_accepted_is_sure(readings):
    for line in readings:
        assert bool(line["reasons"]) == (line["status"] == "review")
        assert line["status"] == "review" or line["confidence"] > 0.9


def test_every_crop_lies_on_its_page(readings):
    pages = {
        (path.name, page.image): page.decode().shape
        for path in SAMPLES.iterdir()
        if path.suffix in (".pdf", ".jpg")
        for page in open_pages(path)
    }
    assert {(line["source"], line["image"]) for line in readings} <= pages.keys()
    for line in readings:
        height, width = pages[line["source"], line["image"]]
        quad = np.array(line["quad"], np.float32)
        assert quad.shape == (4, 2)
        assert (quad >= 0).all()
        assert (quad < (width, height)).all()
        assert cv2.contourArea(quad, oriented=True) > 0


def test_scanned_again_nothing_changes(office, readings):
    again = office("scan", SAMPLES, "--json")
    assert again.returncode == 0
    assert len(json.loads(again.stdout)["already_read"]) == 4
    assert [json.loads(line) for line in office("export", "readings").stdout.splitlines()] == readings
