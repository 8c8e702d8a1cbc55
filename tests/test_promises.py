"""A promise that the audit refuted over all lots lets nothing in until the office's own decisions prove it anew."""

import json
from dataclasses import replace
from functools import partial

import builders
import pytest
from forms_under_test import catalogue
from hypothesis import given
from hypothesis import strategies as st
from notes import BACK, VALUES, note, put, read_note, scan_notes
from test_audit import drawn_sheet, of, refute

from pipeline.cli.main import command
from pipeline.cli.summary import facts, show
from pipeline.recognition.confidence import edition, own_tables, score_of, shipped
from pipeline.review import audit
from pipeline.review.calibration import FILE, own_labels, recalibrate, waiting
from pipeline.review.decisions import Kind, decide
from pipeline.store import promises
from pipeline.store.models import FieldReading, Page, Refutation, Sheet
from pipeline.store.promises import WAITS, Refuted
from pipeline.store.tally import tally
from pipeline.validation.judge import judge

Status = FieldReading.Status
WAY = "both/scan"
SURE = 0.9999999
SCORE = score_of(SURE)


def read_surely(image, shelf, tables=None, sure=SURE):
    """A note that came by a way of its own and is judged as a page is."""
    read = replace(read_note(image, shelf), way=WAY)
    readings = [replace(one.reading, confidence=sure) for one in read.readings]
    groups = {**shipped(WAY), **(tables or {}).get(WAY, {})}
    return replace(read, readings=judge(shelf.get(read.form).definition, readings, groups))


@pytest.fixture
def paper(store, tmp_path):
    """Scans one sheet into a batch and gives the rows of its head's name and NIK."""

    def scan(batch, serial=1, **how):
        number = f"FPS-2007-26-{serial:05d}"
        # Another NIK and name make it other paper.
        values = VALUES | {"nik": f"631102120378{9000 + serial:04d}", "nama": f"SITI {'ABCDEFGHIJ'[serial]}"}
        pages = note(1, number, values), note(2, number, BACK)
        tables = own_tables(store / FILE)
        read = how.pop("read", partial(read_surely, tables=tables))
        scan_notes(store, put(tmp_path / f"{batch}.tif", *pages), batch=batch, read=read, **how)
        rows = FieldReading.objects.filter(page__serial=number, row=None)
        return rows.get(field="nama"), rows.get(field="nik")

    return scan


def decide_all(rows):
    for row in rows.filter(status__in=(Status.REVIEW, Status.AUDIT)):
        decide(row.pk, "ani", Kind.CONFIRMED, None, catalogue(), confirmed=True)


def as_many(row, count, **fields):
    """What more sheets like this one would hold: its row over and over, thirty on a page."""
    image = Page.objects.filter(file=row.page.file).count()
    pages = Page.objects.bulk_create(
        copied(
            row.page,
            image=image + one,
            sheet=Sheet.objects.create(serial=f"{row.pk}/{image + one}", version=1),
        )
        for one in range(1, count // 30 + 2)
    )
    FieldReading.objects.bulk_create(
        copied(row, **fields, page=pages[one // 30], position=one % 30) for one in range(count)
    )


def copied(row, **fields):
    held = {field.name: getattr(row, field.name) for field in row._meta.concrete_fields}
    return type(row)(**held | fields | {"id": None})


def standing(store, group="letters"):
    found = recalibrate(store, catalogue())
    return next(one for one in found if (one.way, one.group, one.alpha) == (WAY, group, 0.001))


def decided_anew(store, paper, count=3_000):
    """The name of a sheet that waited for its promise, and of as many more, all decided as they were read."""
    name, _ = paper("later")
    decide_all(FieldReading.objects.filter(page__sheet=name.page.sheet))
    name.refresh_from_db()
    as_many(name, count - 1)
    return name


def test_the_whole_way_from_a_refuted_promise_to_a_proven_one(store, paper):
    name, nik = paper("before", 1)
    assert (name.status, nik.status) == (Status.ACCEPTED, Status.ACCEPTED)
    refute("nama", "SARKAWI")
    name, nik = paper("after", 2)
    assert (name.status, name.reasons) == (Status.REVIEW, [WAITS])
    assert nik.status == Status.ACCEPTED, "nothing was wrong with numbers"
    assert standing(store).suspended
    decide_all(FieldReading.objects.filter(page__sheet=name.page.sheet))
    name.refresh_from_db()
    as_many(name, 2_000)
    assert (standing(store).suspended, standing(store).threshold) == (True, None)
    assert paper("still", 3)[0].reasons == [WAITS]
    decide_all(FieldReading.objects.filter(page__sheet__serial__endswith="3"))
    as_many(name, 1_000)
    found = standing(store)
    assert (found.suspended, found.own) == (False, True)
    assert found.bound <= 0.001
    assert paper("proven", 4)[0].status == Status.ACCEPTED


def test_a_batch_under_way_is_held_to_what_is_refuted_now(store, paper):
    """Its readers were given the thresholds before."""
    stale = partial(read_surely, tables={})
    refute("nama", "SARKAWI")
    assert paper("under way", 1, read=stale)[0].reasons == [WAITS]
    decide_all(FieldReading.objects.filter(page__file__batch__name="under way"))
    as_many(FieldReading.objects.get(page__file__batch__name="under way", field="nama", row=None), 3_000)
    assert not standing(store).suspended
    assert paper("under way still", 2, read=stale)[0].reasons == [WAITS]
    (store / FILE).unlink()
    assert paper("without the file", 3)[0].reasons == [WAITS]


@pytest.mark.parametrize(("score", "proven"), [(SCORE, False), (3.0, True)])
def test_no_threshold_comes_back_that_the_refuting_values_speak_against(store, paper, score, proven):
    refute("nama", "SARKAWI")
    wrong = FieldReading.objects.filter(pk__in=promises.refuted()["letters"].wrong)
    assert wrong
    wrong.update(score=score)
    Page.objects.filter(readings__in=wrong).update(way=WAY)
    decided_anew(store, paper)
    found = standing(store)
    assert found.suspended is not proven
    assert found.decided == 3_000 + len(wrong)
    assert found.threshold is None or found.threshold > score


def test_what_waits_is_not_shown_to_be_sure_or_not(store, paper):
    from pipeline.review.items import item_of

    refute("nama", "SARKAWI")
    sure, _ = paper("sure", 1)
    unsure, _ = paper("unsure", 2, read=partial(read_surely, sure=0.6))
    assert sure.reasons == unsure.reasons == [WAITS]
    assert item_of(sure).blind


def test_all_that_is_decided_while_a_promise_waits_is_the_sample_and_nothing_that_is_chosen(store, paper):
    refute("nama", "SARKAWI")
    lot = FieldReading.objects.filter(page__file__batch__name="builders")
    Page.objects.filter(readings__in=lot).update(way=WAY)
    lot.update(status=Status.REVIEWED)
    refuting = len(promises.refuted()["letters"].wrong)
    assert standing(store).decided == refuting, "the lot that was sent back is no sample"
    name, _ = paper("later")
    assert standing(store).decided == refuting, "the sheet is not wholly decided"
    decide_all(FieldReading.objects.filter(page__sheet=name.page.sheet))
    first = standing(store).decided
    assert first > refuting
    FieldReading.objects.filter(pk=name.pk).update(reasons=[WAITS, "crossed_out"])
    assert standing(store).decided == first - 1, "what is never accepted unseen says nothing of what is"


def test_what_was_never_audited_is_of_the_sample_all_the_same(store, paper):
    refute("nama", "SARKAWI")
    name, nik = paper("later")
    assert (nik.audit_chance, name.audit_chance) == (0.0, None)
    decide_all(FieldReading.objects.filter(page__sheet=name.page.sheet))
    assert {label.group for _, label in own_labels()} == {"letters"}


def test_what_waits_for_a_rule_alone_does_not_enter_once_its_promise_is_refuted_in_other_lots(store):
    made = builders.sheet(builders.FAMILY, open_fields=("nik",), batch="another")
    decide(of(made, "nik").pk, "ani", Kind.CORRECTED, "6311021203789001", catalogue(), confirmed=True)
    assert of(made, "tanggal_lahir").reasons == ["nik_agrees_with_birth_date"]
    refute("tanggal_lahir", "1996-10-17")
    assert of(made, "tanggal_lahir").reasons == ["nik_agrees_with_birth_date"]
    decide(of(made, "nik").pk, "ani", Kind.CORRECTED, builders.FAMILY["nik"], catalogue(), confirmed=True)
    row = of(made, "tanggal_lahir")
    assert (row.status, row.reasons) == (Status.REVIEW, [WAITS])


def test_a_promise_of_all_values_shuts_the_groups_in_which_some_were_wrong(store):
    for field, value in (("nama", "SARKAWI"), ("nik", "6311021610969571")):
        row = of(drawn_sheet("nama", "nik", "kk"), field)
        decide(row.pk, "ani", Kind.CORRECTED, value, catalogue(), confirmed=True)
    row = of(drawn_sheet("kk"), "kk")
    decide(row.pk, "ani", Kind.CONFIRMED, None, catalogue(), confirmed=True)
    assert {(one.group, one.batch) for one in audit.refutations()} == {("", None)}
    assert set(promises.refuted()) == {"letters", "nik"}


def test_a_value_that_was_wrongly_left_empty_shuts_empty_fields(store):
    for _ in range(2):
        row = of(drawn_sheet("rw"), "rw")
        assert row.read_value is None
        decide(row.pk, "ani", Kind.CORRECTED, "002", catalogue(), confirmed=True)
    assert set(promises.refuted()) == {"empty"}


def test_a_refutation_of_one_lot_suspends_nothing(store, paper):
    refute("nama", "SARKAWI")
    Refutation.objects.filter(batch=None).delete()
    Refutation.objects.create(
        group="letters", batch_id=1, audited=9, errors=9, reopened=0, last_decision=0, lots=[1]
    )
    assert promises.refuted() == {}
    assert paper("later")[0].status == Status.ACCEPTED


def test_what_entered_before_says_nothing_of_what_was_proven_since(store, paper):
    before = [drawn_sheet("nama", batch=f"old {n}") for n in range(8)]
    refute("nama", "SARKAWI")
    shut = promises.refuted()["letters"]
    decided_anew(store, paper)
    for sheet in before:
        if (row := of(sheet, "nama")).status == Status.AUDIT:
            decide(row.pk, "ani", Kind.CORRECTED, "SARKAWI", catalogue())
    again = Refutation.objects.filter(suspends=[], batch=None)
    assert again, "their lots go back as before"
    assert {row.status for row in [of(one, "nama") for one in before]} == {Status.REVIEWED}
    assert promises.refuted()["letters"] == shut
    assert not standing(store).suspended
    last = again.last().pk
    for _ in range(2):
        row = of(drawn_sheet("nama", batch="new"), "nama")
        decide(row.pk, "ani", Kind.CORRECTED, "SARKAWI", catalogue())
    assert Refutation.objects.filter(pk__gt=last, suspends=["letters"]).exists()
    assert standing(store).suspended
    assert paper("again", 5)[0].reasons == [WAITS]


def test_another_edition_of_the_readers_ends_no_suspension_and_brings_back_one_that_was_ended(store, paper):
    refute("nama", "SARKAWI")
    decided_anew(store, paper)
    path = store / FILE
    assert not standing(store).suspended
    assert own_tables(path)[WAY]["letters"].made_with == promises.refuted()["letters"].refutation
    path.write_text(path.read_text().replace(edition(), "00000000"))
    assert paper("updated", 2)[0].reasons == [WAITS]
    FieldReading.objects.filter(reader="note").update(reader="cells 12345678")
    assert (standing(store).suspended, standing(store).decided) == (True, 0)


def test_one_rate_that_is_proven_of_two_ends_nothing(store, paper):
    """The names of a form ask for two in a thousand, its other texts for one."""
    refute("nama", "SARKAWI")
    name = decided_anew(store, paper, 4_000)
    as_many(name, 2, read_value="SITI", score=SCORE)
    assert standing(store).suspended
    table = own_tables(store / FILE)[WAY]["letters"]
    assert (0.002, 0.95) in table.proofs
    assert paper("later still", 2)[0].reasons == [WAITS]


@given(
    st.sampled_from(
        [("accepted", []), ("review", ["low_confidence"]), ("review", ["low_confidence", "gap"])]
    ),
    st.sampled_from(["", "2026-11-05", "2026-12-01"]),
    st.sampled_from(["2026-11-05", "2026-12-01"]),
    st.sampled_from(["nik", "name", "choice"]),
    st.sampled_from([None, "X"]),
)
def test_a_value_waits_if_its_table_does_not_answer_the_newest_refutation(
    judged, made_with, refuted, kind, value
):
    row = FieldReading(type=kind, read_value=value, status=judged[0], reasons=judged[1])
    known = {"nik": Refuted(refuted, 0, ()), "empty": Refuted(refuted, 0, ())}
    group = "empty" if value is None else {"nik": "nik", "name": "letters", "choice": "marks"}[kind]
    alone = judged[1] in ([], ["low_confidence"])
    assert promises.waits(row, made_with, known) == (group in known and made_with != refuted and alone)
    assert not promises.waits(row, made_with, {})


def test_it_is_told_when_it_is_refuted_at_every_scan_and_by_calibrate(store, paper, capsys, monkeypatch):
    monkeypatch.setenv("SOTARSA_LANG", "en")
    refute("nama", "SARKAWI")

    def said(*words):
        capsys.readouterr()
        with pytest.raises(SystemExit):
            command().main(list(words), prog_name="sotarsa")
        return capsys.readouterr()

    assert "From now on a person checks every value of this kind: names, places, text." in said(
        "review", "--list"
    ).err.replace("\n", " ")
    name, _ = paper("later")
    (one,) = waiting(store, catalogue(), "later")
    assert (one.way, one.group, one.decided, one.needed) == (WAY, "letters", 0, 2_995)
    told = json.loads(said("calibrate", "--json").out)
    states = {one["group"]: one["suspended"] for one in told["promises"] if one["way"] == WAY}
    assert states["letters"]
    assert not states["nik"]
    assert {"letters"} == {group for one in told["refuted"] for group in one["suspends"]}
    assert "refuted:" in said("calibrate").out
    scanned = replace(tally("later", {}, (), ()), files=1)
    assert facts(scanned, (), None)["suspended"] == [
        {"way": WAY, "group": "letters", "decided": 0, "needed": 2_995}
    ]
    show(scanned)
    line = " ".join(capsys.readouterr().err.split())
    assert "names, places, text (Scans): every value waits for a person" in line
    assert "at least 2,995 more decisions are needed" in line
    decide_all(FieldReading.objects.filter(page__sheet=name.page.sheet))
    name.refresh_from_db()
    as_many(name, 3_000)
    show(scanned)
    assert "3,001 decisions may be enough" in " ".join(capsys.readouterr().err.split())
    recalibrate(store, catalogue())
    show(scanned)
    assert "every value waits" not in " ".join(capsys.readouterr().err.split())


def test_it_survives_a_backup(store, paper, tmp_path):
    from pipeline.store.keeping import backup, restore
    from pipeline.store.setup import open_store

    refute("nama", "SARKAWI")
    decided_anew(store, paper)
    recalibrate(store, catalogue())
    before = promises.refuted()
    backup(store, tmp_path / "a.tar")
    restore(tmp_path / "other", tmp_path / "a.tar")
    open_store(tmp_path / "other")
    assert promises.refuted() == before
    assert own_tables(tmp_path / "other" / FILE)[WAY]["letters"].made_with == before["letters"].refutation


def test_what_was_refuted_before_this_was_held_to_is_held_to_now(store):
    from importlib import import_module

    from django.apps import apps

    decide(of(drawn_sheet("rw"), "rw").pk, "ani", Kind.CONFIRMED, None, catalogue(), confirmed=True)
    refute("nama", "SARKAWI")
    now = promises.refuted()
    Refutation.objects.update(suspends=[], wrong=[], last_reading=0)
    import_module("pipeline.store.migrations.0007_promises_refuted").refuted_before(apps, None)
    assert promises.refuted() == now
