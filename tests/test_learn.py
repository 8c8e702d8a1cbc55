"""Learning from an office's own decisions: which cells teach, when the result is taken, and what it may not do."""

import json
import pickle
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline import page as paging
from pipeline.cli.main import command
from pipeline.errors import StoreError
from pipeline.forms.catalogue import Catalogue, load_form
from pipeline.page import read_page
from pipeline.recognition.alphabet import BLANK, CHARACTERS
from pipeline.recognition.combs import comb_cells
from pipeline.recognition.head import Card, Head, load_head, save_head
from pipeline.recognition.lessons import Lessons
from pipeline.recognition.reader import cell_reader
from pipeline.recognition.recognise import cells_read_by
from pipeline.recognition.refit import LEAST, refit
from pipeline.registration.register import register
from pipeline.review import learning
from pipeline.review.calibration import _UNPROVEN
from pipeline.training.fill import Writer, blank_sheets, fill_page
from pipeline.training.hands import Mask
from pipeline.training.people import fill_in

FORM = """
form: belajar
code: BLJ-01
version: 1
title: Belajar
letterhead: [KANTOR]
pages:
  - sections:
      - title: A. Angka dan nama
        items:
          - {name: nik1, type: nik, label: NIK}
          - {name: nik2, type: nik, label: NIK}
          - {name: nik3, type: nik, label: NIK}
          - {name: nik4, type: nik, label: NIK}
          - {name: kk1, type: kk, label: KK}
          - {name: kk2, type: kk, label: KK}
          - {name: nama1, type: name, label: Nama}
          - {name: nama2, type: name, label: Nama}
          - {name: nama3, type: name, label: Nama}
          - {name: nama4, type: name, label: Nama}
          - {name: jk, type: choice, label: JK, choices: [{value: L, label: L}, {value: P, label: P}]}
"""
SHEETS = 16
PARENT = cell_reader().version


def a_head(seed=None, scale=0.0, parent=PARENT):
    rng = np.random.default_rng(seed)
    weights = rng.normal(0, scale, (160, BLANK)).astype(np.float32)
    return Head(weights, np.zeros(BLANK, np.float32), Card(parent, "2026-11-24", 1, 1, 1, 10.0))


class Odd:
    """A plain hand with habits of its own: its 7 looks like a Z, its 4 like a Y, its N like a V."""

    id, characters, weight = "odd", CHARACTERS, 1.0
    habits = {"7": "Z", "4": "Y", "N": "V"}  # noqa: RUF012

    def has(self, char):
        return char in self.characters

    def glyph(self, char, rng):
        drawn = self.habits.get(char, char)
        (width, height), _ = cv2.getTextSize(drawn, cv2.FONT_HERSHEY_SIMPLEX, 2, 4)
        picture = np.zeros((80, width + 20), np.uint8)
        cv2.putText(picture, drawn, (10, 60), cv2.FONT_HERSHEY_SIMPLEX, 2, 255, 4, cv2.LINE_AA)
        return Mask(picture, float(height), 60.0, width / 2 + 10)


@pytest.fixture(scope="module")
def paper(tmp_path_factory):
    """Sheets of one strange hand as a scanner gives them, and what was written on each."""
    folder = tmp_path_factory.mktemp("paper")
    (folder / "belajar.yaml").write_text(FORM, encoding="utf-8")
    form = load_form(folder / "belajar.yaml")
    rng = np.random.default_rng(5)
    blank = blank_sheets(form, ["BLJ-2005-26-00001"])[0][0]
    images, truths = [], []
    for _ in range(SHEETS):
        page, truth = fill_page(
            blank, form.layout.pages[0], fill_in(form, rng), Writer.sample([Odd()], rng, slips=0.0), rng
        )
        images.append(np.round(page * 255).clip(0, 255).astype(np.uint8))
        truths.append({(one.field, one.row): one.value for one in truth})
    cv2.imwritemulti(str(folder / "pages.tif"), images)
    return folder / "pages.tif", Catalogue([form]), images, truths


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """The second reader is left out: it would look at every cell of this hand."""
    monkeypatch.setattr(paging, "second_reader", lambda: None)


@pytest.fixture(scope="module")
def decided(paper, tmp_path_factory, _fresh_database):
    """A home in which the sheets were scanned, and a person corrected every comb."""
    from django.db import connection

    from pipeline.batch import Reader, scan
    from pipeline.store.models import Decision, FieldReading
    from pipeline.store.setup import open_store

    file, forms, _, truths = paper
    home = tmp_path_factory.mktemp("office")
    shutil.copy(_fresh_database, home)
    open_store(home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paging, "second_reader", lambda: None)
        pool = ThreadPoolExecutor(1)
        scan([file], "b1", Reader(read_page, forms, lambda *_: {}, lambda: pool, 1), home)
    for row in FieldReading.objects.select_related("page"):
        value = truths[row.page.image - 1][row.field, row.row]
        if row.type != "choice" and value is not None:
            row.value, row.status = value, FieldReading.Status.REVIEWED
            row.save()
            Decision.objects.create(reading=row, kind="corrected", value=value, by="siti")
    connection.close()
    return home


@pytest.fixture
def office(decided, home):
    """A copy of that home, with its store open."""
    from django.db import connection

    from pipeline.store.setup import open_store

    shutil.copytree(decided, home)
    open_store(home)
    yield home
    connection.close()


@pytest.fixture(scope="module")
def taught(decided, paper):
    """What the decisions teach, and its refit; reckoned once."""
    from django.db import connection

    from pipeline.store.setup import open_store

    open_store(decided)
    cells = learning.confirmed_cells(decided, paper[1])
    connection.close()
    return cells, refit(cells, PARENT, None, date(2026, 11, 24))


@pytest.fixture
def sotarsa(office, paper, capsys, monkeypatch, taught):
    """Run a command in this process; the pages are not looked at again."""
    monkeypatch.setattr(learning, "confirmed_cells", lambda *_: taught[0])
    monkeypatch.setenv("SOTARSA_LANG", "en")

    def run(*args):
        with pytest.raises(SystemExit) as left:
            command().main([str(arg) for arg in args], prog_name="sotarsa")
        told = capsys.readouterr()
        return left.value.code, told.out, told.err

    return run


# Which cells teach.


def test_the_cells_of_the_archived_pages_have_their_characters(taught, paper):
    cells, truths = taught[0], paper[3]
    assert set(cells.groups) == {"nik", "kk", "letters"}
    assert len(np.unique(cells.sheets)) == SHEETS
    for sheet, truth in zip(np.unique(cells.sheets), truths, strict=True):
        for group, name in (("nik", "nik"), ("kk", "kk"), ("letters", "nama")):
            mine = cells.part((cells.sheets == sheet) & (cells.groups == group))
            told = "".join(CHARACTERS[label] for label in mine.labels)
            values = [
                value.replace(" ", "") for key, value in truth.items() if key[0].startswith(name) and value
            ]
            # Whole fields in order; those of a doubtful ink are left out.
            for value in values:
                told = told.removeprefix(value)
            assert told == ""


def test_what_no_person_saw_and_what_is_not_plain_teaches_nothing(office, paper, taught):
    from pipeline.store.models import Decision, FieldReading

    rows = FieldReading.objects.filter(type__in=["nik", "kk"])
    rows.filter(field__in=["nik1", "nik4"]).update(status="accepted")
    rows.filter(field__in=["nik2", "nik3"]).update(status="review")
    rows.filter(field="kk1").update(reasons=["crossed_out"])
    for row in rows.filter(field="kk2"):
        Decision.objects.create(reading=row, kind="unreadable", value=None, by="siti")
    assert set(learning.confirmed_cells(office, paper[1]).groups) == {"letters"}


# When the result is taken.


def test_a_hand_that_is_strange_to_the_reader_is_learnt(taught):
    found = taught[1]
    every = found.changes[0]
    assert found.better
    assert every.after < 0.5 * every.before
    assert found.loss[1] < found.loss[0]
    assert sum(one.n for one in found.changes[1:]) == every.n


def test_wrong_labels_teach_nothing_and_change_nothing(taught):
    cells = taught[0]
    labels = np.random.default_rng(0).permutation(cells.labels)
    digits = cells.groups != "letters"
    noise = Lessons(
        cells.hidden, cells.chances, np.where(digits, labels % 10, labels), cells.sheets, cells.groups
    )
    right = noise.chances.argmax(axis=1)
    noise.labels[:] = np.where(np.arange(len(noise)) % 9 == 0, noise.labels, right)
    allowed = noise.chances[np.arange(len(noise)), noise.labels] > 0
    assert not refit(noise.part(allowed), PARENT, None, date(2026, 11, 24)).better


def test_a_reader_that_has_learnt_it_already_is_not_replaced(taught):
    cells, found = taught
    assert not refit(cells, PARENT, found.head, date(2026, 11, 24)).better


def test_too_few_cells_are_not_tried(taught):
    cells = taught[0]
    few = refit(cells.part(np.arange(len(cells)) < LEAST - 1), PARENT, None, date(2026, 11, 24))
    assert (few.head, few.better, few.cells) == (None, False, LEAST - 1)


def test_a_head_leaves_blank_and_crossed_out_as_they_were():
    rng = np.random.default_rng(1)
    before = rng.dirichlet(np.ones(BLANK + 2), 50)
    before[:, 3] = 0
    before /= before.sum(axis=1, keepdims=True)
    after = a_head(2, 0.5).weigh(before, rng.random((50, 160), np.float32) * 9)
    assert np.allclose(after.sum(axis=1), 1)
    assert (after[:, BLANK:] == before[:, BLANK:]).all()
    assert not after[:, 3].any()
    assert (after.argmax(axis=1) != before.argmax(axis=1)).any()
    assert np.allclose(a_head().weigh(before, np.ones((50, 160), np.float32)), before)


def test_the_shipped_model_gives_its_hidden_layer(paper):
    _, forms, images, _ = paper
    seen = register(images[0], forms)
    full = comb_cells(images[0], seen.plane, seen.page, cell_reader())
    assert (cell_reader().posteriors(full.ink, full.classes) == full.posteriors).all()
    assert full.hidden.shape == (len(full.posteriors), 160)
    assert (full.hidden[full.ink.amount > 0] > 0).any(axis=1).all()


def test_a_head_reaches_workers(paper):
    _, forms, images, _ = paper
    read = partial(read_page, head=a_head(7, 0.5))
    assert pickle.loads(pickle.dumps(read))(images[0], forms) == read(images[0], forms)


def test_a_head_comes_back_from_its_file(tmp_path):
    save_head(tmp_path / "0001.npz", a_head(3, 0.2))
    back = load_head(tmp_path / "0001.npz")
    assert (back.version, back.card) == (a_head(3, 0.2).version, a_head().card)
    assert [path.name for path in tmp_path.iterdir()] == ["0001.npz"]


# What it may not do.


def test_what_is_accepted_unseen_does_not_depend_on_what_was_learnt(paper, taught):
    """With any head, the values that enter unseen, and what calibrates anew, are those of the shipped reader."""
    _, forms, images, _ = paper
    touched = 0
    for head in (taught[1].head, a_head(7, 0.3), a_head(8, 3.0)):
        for image in images[:3]:
            plain, learnt = read_page(image, forms), read_page(image, forms, head=head)
            assert plain.way == learnt.way
            for one, other in zip(plain.readings, learnt.readings, strict=True):
                same = replace(other.reading, alternatives=one.reading.alternatives)
                assert (one.reading, one.status, one.score) == (same, other.status, other.score)
                assert other.status == "review" or other == one
                assert _UNPROVEN.issuperset(one.reasons) == _UNPROVEN.issuperset(other.reasons)
                touched += other != one
    assert touched > 20


def test_the_learnt_reader_proposes_what_was_written(paper, taught):
    _, forms, images, truths = paper
    right = {"shipped": 0, "learnt": 0}
    # The newest third of the sheets, which nothing was learnt from.
    for image, truth in list(zip(images, truths, strict=True))[-SHEETS // 3 + 1 :]:
        for one in read_page(image, forms, head=taught[1].head).readings:
            if one.reading.field != "jk":
                shown = one.proposal or one.reading
                right["shipped"] += one.reading.value == truth[one.reading.field, None]
                right["learnt"] += shown.value == truth[one.reading.field, None]
                assert one.proposal is None or shown.reader == f"{cells_read_by()}+{taught[1].head.version}"
    assert right["learnt"] > right["shipped"] + 1


def test_a_head_of_another_shipped_reader_is_passed_over(paper):
    _, forms, images, _ = paper
    other = a_head(7, 3.0, parent="00000000")
    assert read_page(images[0], forms, head=other) == read_page(images[0], forms)


def test_a_proposal_is_what_the_reviewer_sees_and_the_reading_stays(store, paper, taught):
    from pipeline.batch import Reader, scan
    from pipeline.review.items import WITH, item_of
    from pipeline.store.models import FieldReading

    file, forms, _, _ = paper
    pool = ThreadPoolExecutor(1)
    read = lambda image, forms: read_page(image, forms, head=taught[1].head)  # noqa: E731
    scan([file], "b1", Reader(read, forms, lambda *_: {}, lambda: pool, 1), store)
    rows = FieldReading.objects.select_related(*WITH).filter(reader__contains="+")
    assert rows.count() > 4
    for row in rows:
        assert row.status == FieldReading.Status.REVIEW
        assert row.value != row.read_value
        assert item_of(row).proposed


# The command, and what lies in the home.


def test_without_consent_nothing_is_done(sotarsa):
    status, out, err = sotarsa("learn")
    assert (status, out) == (2, "")
    assert "SOTARSA_LEARN=1" in err


def test_learn_take_back_and_learn_again(sotarsa, office, monkeypatch):
    from pipeline.cli.scan import make_reader

    monkeypatch.setenv("SOTARSA_LEARN", "1")
    status, out, _ = sotarsa("learn", "--dry-run", "--json")
    told = json.loads(out)
    assert status == 0
    assert (told["better"], told["kept"]) == (True, False)
    assert not (office / "reader").exists()
    assert make_reader(1, None).read.keywords["head"] is None

    status, _, err = sotarsa("learn")
    assert status == 0
    assert "Proven to be better" in err
    now = learning.head_of(office)
    assert make_reader(1, None).read.keywords["head"].version == now.version == told["reader"]
    assert now.card.parent == PARENT

    status, _, err = sotarsa("learn")
    assert "Nothing changes" in err
    assert learning.head_of(office).version == now.version

    assert json.loads(sotarsa("learn", "--undo", "--json")[1]) == {"undone": True, "reader": None}
    assert learning.head_of(office) is None
    assert json.loads(sotarsa("learn", "--undo", "--json")[1]) == {"undone": False, "reader": None}
    assert json.loads(sotarsa("learn", "--json")[1])["kept"]


def test_too_little_is_said(sotarsa, taught, monkeypatch):
    monkeypatch.setenv("SOTARSA_LEARN", "1")
    monkeypatch.setattr(learning, "confirmed_cells", lambda *_: None)
    status, _, err = sotarsa("learn")
    assert status == 0
    assert "Nothing changes" in err


def test_a_damaged_head_is_told_and_can_be_undone(sotarsa, office):
    (office / "reader").mkdir()
    save_head(office / "reader" / "0001.npz", a_head())
    (office / "reader" / "0002.npz").write_bytes(b"junk")
    with pytest.raises(StoreError):
        learning.head_of(office)
    assert json.loads(sotarsa("learn", "--undo", "--json")[1]) == {"undone": True, "reader": a_head().version}


def test_a_backup_holds_what_was_learnt_and_the_own_calibration(office, tmp_path):
    from pipeline.store.keeping import backup, restore

    (office / "reader").mkdir()
    save_head(office / "reader" / "0001.npz", a_head(4, 0.1))
    (office / "calibration.json").write_text("{}")
    backup(office, tmp_path / "copy.tar")
    restore(tmp_path / "new", tmp_path / "copy.tar")
    assert learning.head_of(tmp_path / "new").version == a_head(4, 0.1).version
    assert Path(tmp_path / "new" / "calibration.json").read_text() == "{}"


def test_the_file_in_the_home_holds_numbers_only(tmp_path):
    save_head(tmp_path / "0001.npz", a_head())
    with np.load(tmp_path / "0001.npz", allow_pickle=False) as file:
        assert set(file.files) == {"weights", "bias", "card"}
        assert set(json.loads(str(file["card"]))) == {
            "parent", "made", "cells", "sheets", "held_out", "strength",
        }  # fmt: skip
