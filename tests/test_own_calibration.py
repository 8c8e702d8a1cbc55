"""An office's own calibration: which decisions count, when they are enough, and what they replace."""

import json

import builders
import numpy as np
import pytest
from forms_under_test import catalogue

from pipeline.cli.main import command
from pipeline.errors import StoreError
from pipeline.forms.layout import FieldType
from pipeline.page import read_page
from pipeline.recognition.confidence import (
    Calibration,
    Proof,
    edition,
    load_tables,
    own_tables,
    read_tables,
    save_tables,
    shipped,
    way_of,
)
from pipeline.recognition.promise import Labelled, calibrate
from pipeline.recognition.recognise import cells_read_by
from pipeline.review import calibration
from pipeline.review.calibration import FILE, own_labels, recalibrate
from pipeline.store.models import FieldReading, Page

Status = FieldReading.Status
WAY = "both/scan"


@pytest.fixture
def drawn_all(monkeypatch):
    """Every reading belongs to the sample, and 200 of them are enough."""
    monkeypatch.setattr(calibration, "drawn", lambda *_: True)
    monkeypatch.setattr(calibration, "smallest_sample", lambda *_: 200)


def decided(count, wrong=(), **fields):
    """Sheets on which a person decided everything; the NIKs of those in `wrong` had been misread."""
    for i in range(count):
        sheet = builders.sheet(builders.FAMILY)
        Page.objects.filter(sheet=sheet).update(way=WAY)
        rows = FieldReading.objects.filter(page__sheet=sheet)
        rows.update(status=Status.REVIEWED, score=5.0, **fields)
        if i in wrong:
            rows.filter(field="nik").update(read_value="6311021610969571")


def test_only_sheets_that_are_wholly_decided_teach(store, drawn_all):
    decided(2)
    assert list(own_labels())
    FieldReading.objects.filter(field="nama").update(status=Status.REVIEW)
    assert not list(own_labels())


def test_what_a_reader_doubts_teaches_nothing(store, drawn_all):
    decided(1, reasons=["crossed_out"])
    assert not list(own_labels())


def test_only_the_sample_that_the_audit_draws_teaches(store, monkeypatch):
    decided(3)
    monkeypatch.setattr(calibration, "drawn", lambda share, sha, image, position: position == 0)
    assert len(list(own_labels())) == 3 * 2


def test_too_few_decisions_change_nothing(store, drawn_all, monkeypatch):
    monkeypatch.setattr(calibration, "smallest_sample", lambda *_: 2995)
    decided(3)
    standings = {(one.way, one.group): one for one in recalibrate(store, catalogue())}
    nik = standings[WAY, "nik"]
    assert not nik.own
    assert nik.decided == 6
    assert not (store / FILE).exists()


def test_enough_decisions_replace_what_was_shipped(store, drawn_all):
    decided(110, wrong=range(0, 110, 2))
    standings = {(one.way, one.group): one for one in recalibrate(store, catalogue())}
    nik = standings[WAY, "nik"]
    assert nik.own
    assert nik.n == 220
    assert nik.threshold is None, "half of the heads' numbers were wrong"
    own = read_tables(store / FILE)
    assert own[WAY]["nik"].proofs == {}
    assert "marks" in own[WAY]
    assert not own[WAY]["nik"].accepts(0.999999)


def test_a_scan_uses_the_offices_own(store, drawn_all, monkeypatch):
    from pipeline.cli.scan import make_reader

    decided(110, wrong=range(0, 110, 2))
    recalibrate(store, catalogue())
    used = make_reader(1, None).read
    assert used.func is read_page
    assert set(used.keywords["tables"]) == {WAY}


def test_what_another_edition_of_the_readers_read_counts_no_more(store, drawn_all):
    decided(110)
    numbers = FieldReading.objects.filter(type=FieldType.NIK)
    numbers.update(reader=cells_read_by())
    assert {(one.way, one.group): one for one in recalibrate(store, catalogue())}[WAY, "nik"].own
    numbers.update(reader="cells 12345678")
    standings = {(one.way, one.group): one for one in recalibrate(store, catalogue())}
    assert standings[WAY, "nik"].decided == 0
    assert standings[WAY, "marks"].own


def test_of_tables_for_another_edition_only_what_they_promise_is_kept(tmp_path):
    path = tmp_path / FILE
    table = Calibration((0.0,), (0.9,), {(0.001, 0.95): Proof(2.0, 3000, 0)}, 3000)
    save_tables(path, {WAY: {"nik": table}}, own=True)
    assert own_tables(path)[WAY]["nik"].accepts(0.999)
    path.write_text(path.read_text().replace(edition(), "00000000"))
    later = own_tables(path)[WAY]["nik"]
    assert later.probabilities == shipped(WAY)["nik"].probabilities
    assert later.proofs == {(0.001, 0.95): shipped(WAY)["nik"].proofs[0.001, 0.95]}


def test_what_the_office_withdrew_stays_withdrawn_under_another_edition(store, drawn_all):
    decided(110, wrong=range(0, 110, 2))
    recalibrate(store, catalogue())
    path = store / FILE
    path.write_text(path.read_text().replace(edition(), "00000000"))
    FieldReading.objects.update(reader="cells 12345678")
    assert not own_tables(path)[WAY]["nik"].accepts(0.999999)
    assert own_tables(path)[WAY]["marks"].accepts(0.999999, 0.01), "of the marks none was wrong"
    standings = {(one.way, one.group): one for one in recalibrate(store, catalogue())}
    assert standings[WAY, "nik"].own
    assert standings[WAY, "nik"].threshold is None
    assert not own_tables(path)[WAY]["nik"].accepts(0.999999)


def labels(rate, n=3_200):
    rng = np.random.default_rng(1)
    right = rng.random(n) >= rate
    scores = rng.uniform(3, 12, n).round(4)
    return [Labelled("nik", float(score), bool(one)) for score, one in zip(scores, right, strict=True)]


def test_a_promise_that_own_decisions_did_not_bear_out_stays_withdrawn_though_a_weaker_one_held(tmp_path):
    """Four in a thousand are wrong: one in a hundred is proven, one in a thousand is not."""
    path = tmp_path / FILE
    save_tables(path, {WAY: calibrate(labels(0.004))}, own=True)
    assert own_tables(path)[WAY]["nik"].accepts(0.99999, 0.01)
    assert not own_tables(path)[WAY]["nik"].accepts(0.99999)
    path.write_text(path.read_text().replace(edition(), "00000000"))
    later = {**shipped(WAY), **own_tables(path)[WAY]}
    assert later["nik"].accepts(0.9999999, 0.01)
    assert not later["nik"].accepts(0.9999999)
    assert shipped(WAY)["nik"].accepts(0.9999999)


def test_a_withdrawn_promise_stays_so_when_fewer_decisions_count(store, monkeypatch):
    """Sheets that are opened again, as after a refutation, count no more until they are decided."""
    now = labels(0.004)
    monkeypatch.setattr(calibration, "own_labels", lambda: ((WAY, one) for one in now))

    def standing():
        found = recalibrate(store, catalogue())
        return next(one for one in found if (one.way, one.group, one.alpha) == (WAY, "nik", 0.001))

    assert standing().threshold is None
    now = now[:2_900]
    assert standing().decided == 2_900
    assert standing().threshold is None


@pytest.mark.parametrize("torn", ["", '{"edition', '{"both/scan": {"nik": {}}}', "[]"])
def test_a_damaged_file_is_told_and_no_promise_comes_back_for_it(store, torn):
    from pipeline.cli.scan import make_reader

    (store / FILE).write_text(torn)
    for use in (lambda: make_reader(1, None), lambda: recalibrate(store, catalogue())):
        with pytest.raises(StoreError, match="damaged"):
            use()


def test_the_command_tells_promises_and_audit(store, capsys):
    with pytest.raises(SystemExit) as left:
        command().main(["calibrate", "--json"], prog_name="sotarsa")
    assert left.value.code == 0
    told = json.loads(capsys.readouterr().out)
    shipped = load_tables()
    assert {(one["way"], one["group"]) for one in told["promises"]} == {
        (way, group) for way, groups in shipped.items() for group in groups
    }
    assert all(one["bound"] is None or one["bound"] <= one["alpha"] for one in told["promises"])
    assert {one["alpha"] for one in told["promises"] if one["group"] == "date"} == {0.001}
    assert 0.002 in {one["alpha"] for one in told["promises"] if one["group"] == "digits"}
    assert told["audit"] == [{"group": "", "audited": 0, "errors": 0, "bound": 1.0}]
    assert {FieldType.NIK.value} <= {one["group"] for one in told["promises"]}
    assert np.isfinite([one["accepted"] for one in told["promises"]]).all()


@pytest.mark.parametrize("readers", ["both", "first"])
@pytest.mark.parametrize("capture", ["scan", "photo", "given"])
def test_the_command_has_words_for_every_way_that_a_page_may_come(store, drawn_all, readers, capture):
    decided(1)
    Page.objects.update(way=way_of(readers, capture))
    with pytest.raises(SystemExit) as left:
        command().main(["calibrate"], prog_name="sotarsa")
    assert left.value.code == 0
