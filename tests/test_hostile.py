"""Inputs that mean us harm, or are no pages at all, end with a sentence; what is read is ours and right."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from forms_under_test import catalogue

from pipeline.reasons import PAGE_REASONS
from pipeline.training import hostile
from pipeline.training.hostile_bombs import BOMBS
from pipeline.training.hostile_files import Bench
from pipeline.training.hostile_guard import Accepted, Guard, PageEnd
from pipeline.training.hostile_pages import own_pages

SAMPLES = Path(__file__).parents[1] / "samples" / "halong-2026-11"
FILES = ("truncated file", "flipped bytes", "torn file", "odd TIFF", "wrong name", "other file", "empty file",
         "random bytes", "no file", "noise", "one grey", "our page, mirrored")  # fmt: skip
SMALL_BOMBS = ("lying.jpg", "long.png", "pages.tif", "1bit.tif", "wide.pdf", "ring.pdf", "arrays.pdf",
               "dictionaries.pdf", "locked.pdf", "no-box.pdf", "box-of-names.pdf", "endless-box.pdf",
               "self.pdf")  # fmt: skip


@pytest.fixture(scope="module")
def few_pages():
    return own_pages(SAMPLES)[:2]


def test_broken_files_and_foreign_pictures_end_with_a_sentence(monkeypatch, few_pages):
    monkeypatch.setattr(hostile, "own_pages", lambda _: few_pages)
    ended = hostile.run(24, 7, SAMPLES, catalogue(), FILES)
    assert {one.kind for one in ended} == set(FILES)
    assert [(one.kind, one.end.crash, one.wrong) for one in ended if one.end.crash or one.wrong] == []
    for one in ended:
        assert one.end.pages or one.end.refused or one.ending == "no pages"
        assert {page.reason for page in one.end.pages} - {""} <= PAGE_REASONS.keys() - {"internal"}


def test_bombs_are_refused_or_come_to_nothing(tmp_path):
    with Guard(catalogue(), 60, 3) as guard:
        for name in SMALL_BOMBS:
            (tmp_path / name).write_bytes(BOMBS[name]())
            end = guard.read(tmp_path / name)
            assert not end.crash, name
            assert all(page.reason not in ("", "internal") for page in end.pages), name
            assert max(end.open_mb, end.read_mb, end.draw_mb) < 500, name


def test_the_same_seed_plans_the_same_inputs(tmp_path, few_pages):
    made = []
    for _ in range(2):
        folder = tmp_path / str(len(made))
        folder.mkdir()
        bench = Bench(tuple(few_pages), catalogue(), folder, tmp_path)
        rng = np.random.default_rng([3, 1])
        made.append(hostile.KINDS["flipped bytes"][1](bench, rng).path.read_bytes())
    assert made[0] == made[1]


def test_a_value_that_is_not_the_truth_counts_as_wrong(few_pages):
    own = few_pages[0]
    right = tuple(Accepted(field, row, value) for (field, row), value in own.values.items())
    page = PageEnd("", serial=own.serial, page=own.page, accepted=right)
    assert list(hostile.wrong_values(page, own)) == []
    other = right[0]._replace(value="X")
    assert len(list(hostile.wrong_values(replace(page, accepted=(other, *right[1:])), own))) == 1


def test_a_process_that_dies_or_hangs_is_told(tmp_path):
    with Guard(catalogue(), 0.01, 3) as guard:
        assert guard.read(tmp_path).crash == "slow"
