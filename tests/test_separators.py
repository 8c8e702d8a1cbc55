"""Separator sheets: recognised however they come, and what they say holds for their own pages only."""

import random
from datetime import date

import cv2
import numpy as np
import pytest
from forms_under_test import catalogue
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from notes import BACK, VALUES, interrupted, note, put, read_note, scan_notes
from pdf2image import convert_from_path

from pipeline.errors import UsageError
from pipeline.forms.identity import parse_qr
from pipeline.forms.printing import print_separators
from pipeline.forms.separator import Separator, make_separator, parse_separator
from pipeline.page import PageReading, PageStatus, read_page
from pipeline.store import exports, separators
from pipeline.store import models as m

HALONG = Separator("2005", "Tim A – Pak Ahmad", date(2026, 11, 24), "HALONG | 01%")
OTHER = Separator("2008", "Tim B", date(2026, 11, 25), "PUYUN")


@pytest.fixture(scope="module")
def paper(tmp_path_factory) -> np.ndarray:
    """The printed separator, grey, 200 dpi."""
    out = tmp_path_factory.mktemp("print") / "pemisah.pdf"
    print_separators(HALONG, 1, out)
    return np.asarray(convert_from_path(out, dpi=200, grayscale=True)[0])


TEXTS = st.text(st.characters(exclude_categories=["C", "Z"]), max_size=20)


@given(st.sampled_from(["", "2005"]), TEXTS, st.none() | st.dates(), TEXTS)
def test_the_code_says_all_of_it_and_knows_a_damaged_text(village, team, day, batch):
    separator = Separator(village, team, day, batch)
    text = separator.qr_text()
    assert text.isascii()
    assert parse_separator(text) == separator
    assert parse_qr(text) is None
    for place in range(len(text)):
        other = "A" if text[place] != "A" else "B"
        assert parse_separator(text[:place] + other + text[place + 1 :]) is None


def test_a_separator_says_something_and_fits_its_lines():
    assert make_separator("", "  Tim   A ", None, "") == Separator(team="Tim A")
    for words in (("", "", None, ""), ("", "a" * 41, None, ""), ("", "", None, "a" * 61)):
        with pytest.raises(UsageError):
            make_separator(*words)


@pytest.mark.parametrize("text", ["a" * 61, "\0", "\x1b]0;judul\x07", "\u202ea mit", "dua\nbaris"])
def test_a_code_that_was_made_elsewhere_puts_nothing_in_that_cannot_be_printed(text):
    assert parse_separator(Separator(team=text).qr_text()) is None
    assert parse_separator(Separator(batch=text).qr_text()) is None


@pytest.mark.parametrize(
    ("words", "named"),
    [(("", "Posko – 第三", None, ""), "--team.*: 第三"), (("", "", None, "☑ Minggu"), "--batch")],
)
def test_what_the_font_lacks_is_not_printed_as_a_black_square(words, named):
    with pytest.raises(UsageError, match=named):
        make_separator(*words)
    assert make_separator("", "Posko Ärzte – “Nor’aini”", None, "").team == "Posko Ärzte – “Nor’aini”"


def copied(image: np.ndarray) -> np.ndarray:
    """A poor photocopy of a photocopy in black and white."""
    for blur in (1.6, 2.4):
        soft = cv2.GaussianBlur(image, (0, 0), blur)
        image = np.where(soft + np.random.default_rng(5).normal(0, 25, soft.shape) > 150, 255, 0).astype(
            np.uint8
        )
    return image


def torn(image: np.ndarray) -> np.ndarray:
    """Three corners lost, and a stain on the QR code."""
    image = image.copy()
    height, width = image.shape
    image[:250, :300] = image[:250, width - 300 :] = image[height - 250 :, :300] = 255
    cv2.circle(image, (width // 2, 1700), 60, 40, -1)
    return image


@pytest.mark.parametrize("quarter", range(4))
@pytest.mark.parametrize("damage", [np.copy, copied, torn], ids=["clean", "copied", "torn"])
def test_it_is_recognised_in_any_turn(paper, quarter, damage):
    found = read_page(np.ascontiguousarray(np.rot90(damage(paper), quarter)), catalogue())
    assert (found.status, found.reason) == ("set_aside", "separator")
    assert parse_separator(found.detail) == HALONG


def test_one_whose_code_is_gone_is_still_a_separator(paper):
    covered = paper.copy()
    covered[1450:2000] = 255
    assert read_page(covered, catalogue()).reason == "unreadable_separator"


def read(image, shelf) -> PageReading:
    """`read_note`, which knows separators too."""
    found = read_note(image, shelf)
    told = {"A": HALONG, "B": OTHER}.get(found.reason)
    if told:
        return PageReading(PageStatus.SET_ASIDE, "separator", told.qr_text())
    return found


A, B, LOST, BLANK = (note(fault=code) for code in ("A", "B", "unreadable_separator", "blank"))


def front(number, **values):
    return note(1, f"FPS-2005-26-{number:05d}", {**VALUES, **values})


def back(number):
    return note(2, f"FPS-2005-26-{number:05d}", BACK)


def said():
    return list(m.Page.objects.order_by("file", "image").values_list("village", "team", "day", "lot"))


NOTHING = ("", "", None, "")
FOR_A = (HALONG.village, HALONG.team, HALONG.day, HALONG.batch)
FOR_B = (OTHER.village, OTHER.team, OTHER.day, OTHER.batch)


def test_it_holds_until_the_next_one_or_the_files_end(store, tmp_path):
    one = put(tmp_path / "1.tif", front(1), A, back(1), BLANK, B, front(2), LOST, back(2), A)
    two = put(tmp_path / "2.tif", front(3), back(3))
    summary = scan_notes(store, one, two, read=read)
    assert said()[:9] == [NOTHING, FOR_A, FOR_A, FOR_A, FOR_B, FOR_B, NOTHING, NOTHING, FOR_A]
    assert said()[9:] == [NOTHING] * 2
    assert (summary.read, summary.separators) == (6, 3)
    assert [page.reason for page in summary.set_aside] == ["blank", "unreadable_separator"]
    rows = list(exports.pages())
    assert (rows[1]["reason"], rows[1]["status"], rows[2]["village"]) == ("separator", "set_aside", "2005")
    assert (rows[2]["team"], rows[2]["date"], rows[2]["lot"]) == (HALONG.team, "2026-11-24", HALONG.batch)
    assert (rows[0]["village"], rows[0]["date"]) == (None, None)


EMPTY = {n: note(fault="blank", nr=n) for n in range(9)}


@pytest.mark.parametrize(
    ("pages", "empty"),
    [
        ((A, EMPTY[1], front(1), back(1)), {2: "separator_back"}),
        ((EMPTY[1], A, front(1), back(1)), {1: "separator_back"}),
        ((front(1), back(1), LOST, EMPTY[1], EMPTY[2]), {4: "separator_back", 5: "blank"}),
        ((front(1), A, EMPTY[1], back(1)), {3: "separator_back"}),
        ((front(1), EMPTY[1], A, EMPTY[2], back(1)), {2: "blank", 4: "separator_back"}),
        ((EMPTY[1], A, EMPTY[2], front(1), back(1)), {1: "separator_back", 3: "blank"}),
        ((A, front(1), EMPTY[1], back(1)), {3: "blank"}),
    ],
)
@pytest.mark.parametrize("late", [False, True])
def test_the_empty_back_of_a_separator_is_its_own(store, tmp_path, pages, empty, late):
    deck = put(tmp_path / "a.tif", *pages)

    def failing(image, shelf):
        found = read(image, shelf)
        if late and "separator" in found.reason:
            raise ValueError("ink that nobody expected")
        return found

    if late:
        scan_notes(store, deck, read=failing)
    summary = scan_notes(store, deck, read=read)
    told = m.Page.objects.filter(reason__in=("blank", "separator_back")).values_list("image", "reason")
    assert dict(told) == empty
    assert m.Sheet.objects.get().complete
    asked = [page.image for page in summary.set_aside if page.reason != "unreadable_separator"]
    assert asked == [image for image, reason in empty.items() if reason == "blank"]


def test_an_empty_page_far_from_separators_does_not_look_through_its_file(store, tmp_path, monkeypatch):
    looked = []
    really = separators.backs
    monkeypatch.setattr(separators, "backs", lambda images: looked.append(images) or really(images))
    scan_notes(store, put(tmp_path / "a.tif", A, *EMPTY.values()), read=read)
    assert len(looked) == 2
    assert m.Page.objects.filter(reason="separator_back").count() == 1


@pytest.mark.parametrize(
    ("values", "asked"),
    [
        ({}, set()),
        ({"desa": "2005", "tanggal_pendataan": "2026-11-24"}, set()),
        ({"desa": "2008", "tanggal_pendataan": "2026-11-24"}, {"desa"}),
        (
            {"desa": "2005", "tanggal_pendataan": "2026-11-23", "tanggal_lahir": "1990-01-01"},
            {"tanggal_pendataan"},
        ),
    ],
)
def test_a_form_that_says_otherwise_is_shown_to_a_person(store, tmp_path, values, asked):
    scan_notes(store, put(tmp_path / "a.tif", A, front(1, **values), back(1)), read=read)
    waiting = m.FieldReading.objects.filter(status="review")
    assert {row.field for row in waiting} == asked
    assert all(row.reasons == ["separator_disagrees"] and row.value for row in waiting)


def test_a_separator_that_is_read_late_puts_the_pages_behind_it_right(store, tmp_path):
    deck = put(tmp_path / "a.tif", A, front(1, desa="2008"), back(1), B, front(2), back(2))

    def blind(image, shelf):
        found = read(image, shelf)
        return PageReading(PageStatus.SET_ASIDE, "internal") if found.reason == "separator" else found

    scan_notes(store, deck, read=blind)
    assert said() == [NOTHING] * 6
    assert not m.FieldReading.objects.filter(status="review").exists()
    scan_notes(store, deck, read=read)
    assert said() == [FOR_A] * 3 + [FOR_B] * 3
    assert [row.page.image for row in m.FieldReading.objects.filter(status="review")] == [2]


def test_a_value_that_a_person_decided_is_not_asked_again(store, tmp_path):
    deck = put(tmp_path / "a.tif", A, front(1, desa="2008"), back(1))
    scan_notes(
        store, deck, read=lambda image, shelf: PageReading(PageStatus.SET_ASIDE, "internal")
        if read(image, shelf).reason == "separator" else read(image, shelf),
    )  # fmt: skip
    m.FieldReading.objects.filter(field="desa").update(status="reviewed")
    scan_notes(store, deck, read=read)
    assert said()[1] == FOR_A
    assert not m.FieldReading.objects.filter(status="review").exists()


KINDS = {"A": A, "B": B, "?": LOST, " ": BLANK}


@pytest.mark.usefixtures("store")
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text("AB? fff", min_size=1, max_size=8), min_size=1, max_size=3), st.integers(0, 99))
def test_any_stack_killed_anywhere_ends_as_one_read_in_one_go(store, tmp_path, stacks, seed):
    for model in (m.FieldReading, m.Page, m.Sheet, m.ScanFile, m.Batch):
        model.objects.all().delete()
    chance = random.Random(seed)
    files, numbers = [], iter(range(1, 99))
    for index, stack in enumerate(stacks):
        deck = [KINDS[one] if one in KINDS else front(next(numbers), rw=str(seed)) for one in stack]
        files.append(put(tmp_path / f"{index}.tif", *deck, note(fault="blank", nr=index + 10 * seed)))
    for _ in range(2):
        interrupted(store, files, chance.randrange(1, 12), read)
    scan_notes(store, *files, read=read)
    expected = []
    for stack in stacks:
        now = NOTHING
        for one in (*stack, " "):
            now = {"A": FOR_A, "B": FOR_B, "?": NOTHING}.get(one, now)
            expected.append(now)
    assert said() == expected
