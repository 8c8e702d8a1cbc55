"""The blind audit: what is drawn, what a reviewer sees of it, and when the promise is refuted."""

import builders
import numpy as np
import pytest
from forms_under_test import catalogue
from hypothesis import given, settings
from hypothesis import strategies as st
from notes import BACK, VALUES, note, put, scan_notes

from pipeline.cli.main import command
from pipeline.cli.scan import make_reader
from pipeline.forms.fields import ALPHAS
from pipeline.review import audit, bet, chances
from pipeline.review.decisions import Kind, back, decide
from pipeline.review.queue import next_item, open_items
from pipeline.store.doubts import reopen
from pipeline.store.lottery import drawn
from pipeline.store.models import FieldReading, Refutation
from pipeline.store.readings import reading_of

ALPHA = 0.001
SHARE = 0.02
Status = FieldReading.Status


def audited(rng, values, wrong, odds):
    """What an audit sees of `values` values of kinds with these rates and odds (arrays), and when it saw each."""
    kind = rng.integers(len(odds), size=values)
    drawn = np.flatnonzero(rng.random(values) < odds[kind])
    kind = kind[drawn]
    return odds[kind], rng.random(len(drawn)) < wrong[kind]


def looks(odds, wrong, alpha=ALPHA, share=SHARE):
    n = len(wrong)
    return bet.Looks(np.full(n, alpha), np.full(n, share), np.asarray(odds), np.asarray(wrong, bool))


def refuted(rng, values, wrong, odds):
    """How many values were audited when the bet refuted the promise, looked at after each wrong one; or None."""
    odds, wrong = audited(rng, values, wrong, odds)
    ends = np.flatnonzero(wrong) + 1
    found = (end for end in ends if bet.evidence(looks(odds[:end], wrong[:end])) >= -np.log(bet.LEVEL))
    return next(found, None)


EVENLY = np.array([0.02])
RISKY_AND_SURE = np.array([0.09] + 9 * [0.0122])
"""A tenth of the values is likelier audited: two in a hundred of all."""
AMONG_RISKY = np.array([8.0] + 9 * [0.2 / 0.9])
"""How the wrong ones lie if eight in ten are among that tenth."""


@pytest.mark.parametrize(
    ("wrong", "odds"), [(np.ones(1), EVENLY), (AMONG_RISKY, RISKY_AND_SURE), (np.ones(10), RISKY_AND_SURE)]
)
def test_a_promise_that_just_holds_is_seldom_refuted_however_often_one_looks(wrong, odds):
    rng = np.random.default_rng(3)
    told = sum(refuted(rng, 500_000, ALPHA * wrong, odds) is not None for _ in range(200))
    assert told <= 0.05 * 200 + 2 * np.sqrt(200 * 0.05 * 0.95)


def test_a_rate_of_ten_times_the_promise_is_found_soon():
    rng = np.random.default_rng(4)
    found = [refuted(rng, 60_000, 10 * ALPHA * np.ones(1), EVENLY) for _ in range(100)]
    assert sum(n is not None and n <= 1000 for n in found) >= 95


def test_a_threefold_rate_is_found_within_2000_where_errors_lie_among_the_risky_values():
    rng = np.random.default_rng(5)
    found = [refuted(rng, 110_000, 3 * ALPHA * AMONG_RISKY, RISKY_AND_SURE) for _ in range(100)]
    assert sum(n is not None and n <= 2000 for n in found) >= 80


def test_a_threefold_rate_is_found_in_time_wherever_errors_lie():
    rng = np.random.default_rng(5)
    found = [refuted(rng, 700_000, 3 * ALPHA * np.ones(10), RISKY_AND_SURE) for _ in range(60)]
    assert sum(n is not None for n in found) >= 54


CHANCES = st.lists(st.floats(0.01, 1), max_size=20)
RIGHT = st.integers(0, 3000)


@given(RIGHT, CHANCES)
@settings(max_examples=40)
def test_more_wrong_is_more_evidence_and_a_looser_bound(right, found):
    odds, wrong = [*found, *[0.02] * right], [True] * len(found) + [False] * right
    before, after = looks(odds, wrong), looks([*odds, 0.5], [*wrong, True])
    assert bet.evidence(after) > bet.evidence(before)
    assert bet.bound(before) <= bet.bound(after) <= 1


@given(RIGHT)
def test_right_values_speak_for_the_promise(n):
    assert bet.evidence(looks([0.02] * n, [False] * n)) <= 0
    assert bet.bound(looks([0.02] * (n + 1), [False] * (n + 1))) <= bet.bound(looks([0.02] * n, [False] * n))


@pytest.mark.parametrize("alpha", ALPHAS)
@pytest.mark.parametrize("share", [0.001, 0.02, 0.05, 1.0])
def test_a_bet_never_loses_more_than_it_has(alpha, share):
    least = chances.chance(share, 1.0, alpha)
    assert np.isfinite(bet.evidence(looks([least] * 9, [False] * 9, alpha, share)))
    assert bet.bound(looks([least] * 9, [True] * 9, alpha, share)) == 1


def test_the_bound_holds_at_every_moment():
    rng = np.random.default_rng(6)
    rate, missed = 0.004, 0
    for _ in range(100):
        odds, wrong = audited(rng, 100_000, rate * AMONG_RISKY, RISKY_AND_SURE)
        # It is lowest right before the next wrong one.
        ends = [*np.flatnonzero(wrong), len(wrong)]
        missed += any(bet.bound(looks(odds[:end], wrong[:end])) < rate for end in ends)
    assert missed <= 0.05 * 100 + 2 * np.sqrt(100 * 0.05 * 0.95)


def test_a_looser_promise_is_harder_to_refute():
    odds, wrong = [0.02] * 400, [i < 10 for i in range(400)]
    assert bet.evidence(looks(odds, wrong, 0.01)) < bet.evidence(looks(odds, wrong, 0.001))


SHARES = st.floats(0, 1)
CONFIDENCES = st.floats(0, 1)


@given(SHARES, CONFIDENCES, CONFIDENCES)
def test_the_less_sure_a_value_the_likelier_it_is_audited(share, one, other):
    low, high = sorted((one, other))
    assert 0 <= chances.chance(share, high, ALPHA) <= chances.chance(share, low, ALPHA) <= 1
    assert chances.chance(share, high, ALPHA) >= chances.EVEN * share
    assert chances.chance(1.0, one, ALPHA) == 1
    assert chances.chance(0.0, one, ALPHA) == 0


@given(SHARES, SHARES, st.text("0123456789abcdef", min_size=64, max_size=64), st.integers(1, 500))
def test_a_value_is_drawn_or_not_once_and_for_all(chance, other, sha256, image):
    first = [drawn(chance, sha256, image, position) for position in range(40)]
    assert first == [drawn(chance, sha256, image, position) for position in range(40)]
    more = [drawn(max(chance, other), sha256, image, position) for position in range(40)]
    assert all(also for also, once in zip(more, first, strict=True) if once)
    assert not any(drawn(0.0, sha256, image, position) for position in range(40))
    assert all(drawn(1.0, sha256, image, position) for position in range(40))


def test_the_chance_is_kept():
    hits = sum(drawn(0.02, f"{i:064x}", 1, position) for i in range(500) for position in range(80))
    assert 0.016 < hits / 40_000 < 0.024


def drawn_sheet(*names, **how):
    """A stored sheet with these plain fields drawn for the audit."""
    made = builders.sheet(builders.FAMILY, **how)
    rows = FieldReading.objects.filter(page__sheet=made, field__in=names, row=None)
    rows.update(status=Status.AUDIT, audit=True)
    return made


def of(sheet, field):
    return FieldReading.objects.get(page__sheet=sheet, field=field, row=None)


def test_a_drawn_value_comes_unmarked_among_the_doubtful(store):
    made = drawn_sheet("nik", open_fields=("nama",))
    shown = {item.field: item for item in open_items()}
    assert set(shown) == {"nama", "nik"}
    assert shown["nik"].reasons == ("low_confidence",)
    first = next_item("ani")
    assert first is not None
    assert first.sheet == made.pk


def test_a_drawn_value_counts_as_accepted_until_a_person_says_otherwise(store):
    from pipeline.register.importing import waiting_sheets
    from pipeline.store.exports import readings

    drawn_sheet("nik")
    assert {row["status"] for row in readings()} == {"accepted"}
    assert list(waiting_sheets(catalogue(), None)) == []


def test_a_confirmed_value_counts_as_right(store):
    row = of(drawn_sheet("nama"), "nama")
    decide(row.pk, "ani", Kind.CONFIRMED, None, catalogue())
    found = {watch.group: (watch.audited, watch.errors) for watch in audit.watches(catalogue())}
    assert found == {"": (1, 0), "letters": (1, 0)}
    assert not Refutation.objects.exists()


def test_who_looks_back_is_told_no_more_of_an_audited_value_and_the_audit_keeps_it(store):
    row = of(drawn_sheet("nama"), "nama")
    decide(row.pk, "ani", Kind.CORRECTED, "SARKAWI", catalogue())
    seen = back("ani")
    assert (seen.reasons, seen.blind) == (("low_confidence",), True)
    assert of(row.page.sheet, "nama").status == Status.REVIEWED
    assert (audit.watches(catalogue())[0].audited, audit.watches(catalogue())[0].errors) == (1, 1)
    decide(row.pk, "ani", Kind.CORRECTED, row.read_value, catalogue())
    assert (audit.watches(catalogue())[0].audited, audit.watches(catalogue())[0].errors) == (1, 0)


def test_a_lot_whose_audit_finds_too_much_goes_back_to_the_queue(store):
    sheets = [drawn_sheet("nama", "alamat") for _ in range(6)]
    for sheet in sheets:
        decide(of(sheet, "nama").pk, "ani", Kind.CORRECTED, "SARKAWI", catalogue())
        if Refutation.objects.exists():
            break
    refuted = Refutation.objects.order_by("pk").first()
    assert refuted is not None
    assert refuted.errors == refuted.audited
    waiting = FieldReading.objects.filter(status=Status.REVIEW, reasons=["audit_refuted"])
    assert waiting.count() >= refuted.reopened > 0
    assert "audit_refuted" in reading_of(of(sheets[-1], "alamat")).reasons
    assert not FieldReading.objects.filter(status=Status.AUDIT, type="text").exists()


def refute(field, wrong, other="alamat", batch="builders"):
    """Find values of a field wrong until a promise is refuted."""
    for _ in range(8):
        row = of(drawn_sheet(field, other, batch=batch), field)
        decide(row.pk, "ani", Kind.CORRECTED, wrong, catalogue(), confirmed=True)
        if found := Refutation.objects.order_by("pk").first():
            return found
    raise AssertionError("eight of eight wrong refute nothing")


def test_what_waits_for_a_rule_alone_does_not_enter_once_its_lot_is_refuted(store):
    made = builders.sheet(builders.FAMILY, open_fields=("nik",))
    decide(of(made, "nik").pk, "ani", Kind.CORRECTED, "6311021203789001", catalogue(), confirmed=True)
    assert of(made, "tanggal_lahir").reasons == ["nik_agrees_with_birth_date"]
    refute("tanggal_lahir", "1996-10-17")
    decide(of(made, "nik").pk, "ani", Kind.CORRECTED, builders.FAMILY["nik"], catalogue(), confirmed=True)
    row = of(made, "tanggal_lahir")
    assert (row.status, row.reasons) == (Status.REVIEW, ["audit_refuted"])


def test_pages_that_come_later_into_a_refuted_lot_wait_too(store, tmp_path):
    refute("nama", "SARKAWI")
    Refutation.objects.update(suspends=[])
    for batch in ("builders", "another"):
        paper = put(tmp_path / f"{batch}.tif", note(1, values=VALUES), note(2, values=BACK))
        scan_notes(store, paper, batch=batch)
    found = {
        row.page.file.name: row.reasons
        for row in FieldReading.objects.filter(field="nama", page__file__name__endswith=".tif")
    }
    assert found["builders.tif"] == ["audit_refuted"]
    assert not found.get("another.tif")


def test_an_error_counts_once_however_often_its_word_is_changed(store):
    refute("nama", "SARKAWI")
    before = Refutation.objects.count()
    for row in FieldReading.objects.filter(audit=True, status=Status.REVIEWED):
        decide(row.pk, "ani", Kind.CORRECTED, "SARKAWY", catalogue(), confirmed=True)
    assert Refutation.objects.count() == before


def test_what_was_written_on_the_paper_since_is_no_error_of_reading(store):
    row = of(drawn_sheet("nama"), "nama")
    decide(row.pk, "ani", Kind.CONFIRMED, None, catalogue())
    reopen(of(row.page.sheet, "nama"), ["copies_differ"])
    decide(row.pk, "ani", Kind.CORRECTED, "SARKAWI", catalogue(), confirmed=True)
    assert audit.watches(catalogue())[0].errors == 0


@pytest.mark.parametrize("ways", [("review",), ("calibrate",)])
def test_a_refutation_is_told_until_somebody_can_have_read_it(store, capsys, monkeypatch, ways):
    refute("nama", "SARKAWI")
    capsys.readouterr()
    told = []
    for terminal in (False, True, True):
        monkeypatch.setattr("pipeline.cli.refuted.sys.stderr.isatty", lambda seen=terminal: seen)
        with pytest.raises(SystemExit):
            command().main([*ways, "--list"] if ways == ("review",) else list(ways), prog_name="sotarsa")
        told.append("Janji ketelitian" in capsys.readouterr().err)
    assert told == [True, True, False]


def test_more_looks_in_one_month_than_in_another_do_not_hide_what_is_wrong():
    """All values of the first weeks are audited, and right; then one in 50, of which three in a thousand are wrong."""
    rng = np.random.default_rng(5)
    below = 0
    for _ in range(60):
        late = rng.random(4_000) < 0.003
        wrong = np.concatenate([np.zeros(8_000, bool), late])
        share = np.repeat([1.0, 0.02], [8_000, 4_000])
        seen = bet.Looks(np.full(12_000, ALPHA), share, share, wrong)
        true = (8_000 * 0 + 200_000 * 0.003) / 208_000
        below += bet.bound(seen) < true
    assert below <= 60 * 0.05 + 2 * np.sqrt(60 * 0.05 * 0.95)


def test_one_look_at_a_tiny_share_takes_nothing_from_what_was_seen():
    odds, wrong = np.full(400, SHARE), np.arange(400) % 40 == 0
    before = bet.evidence(looks(odds, wrong))
    share = np.append(odds, 0.0001)
    after = bet.Looks(np.full(401, ALPHA), share, share, np.append(wrong, False))
    assert bet.evidence(after) > 0.9 * before
    assert bet.bound(after) < 1.2 * bet.bound(looks(odds, wrong))


def test_what_waits_for_a_decision_counts_for_nothing(store):
    """A bound that took a backlog for right would promise what nobody looked at."""
    row = of(drawn_sheet("nama", "alamat"), "nama")
    decide(row.pk, "ani", Kind.CONFIRMED, None, catalogue())
    assert audit.watches(catalogue())[0].audited == 1
    assert audit.watches(catalogue())[0].bound > 0.9


def test_after_a_refutation_other_lots_are_still_watched(store):
    first = [drawn_sheet("nama") for _ in range(4)]
    later = drawn_sheet("nama", batch="another")
    for sheet in first:
        decide(of(sheet, "nama").pk, "ani", Kind.CORRECTED, "SARKAWI", catalogue())
    assert Refutation.objects.filter(batch=None).exists()
    assert of(later, "nama").status == Status.AUDIT
    before = audit.watches(catalogue())[0].audited
    decide(of(later, "nama").pk, "ani", Kind.CONFIRMED, None, catalogue())
    assert audit.watches(catalogue())[0].audited == before + 1


def test_a_value_that_is_accepted_again_is_drawn_again(store):
    made = drawn_sheet("tanggal_lahir", open_fields=("nik",))
    FieldReading.objects.filter(page__sheet=made).update(audit_chance=1.0)
    decide(of(made, "nik").pk, "ani", Kind.CORRECTED, "6311021203789001", catalogue(), confirmed=True)
    assert of(made, "tanggal_lahir").status == Status.REVIEW
    decide(of(made, "nik").pk, "ani", Kind.CORRECTED, builders.FAMILY["nik"], catalogue(), confirmed=True)
    row = of(made, "tanggal_lahir")
    assert (row.status, row.audit) == (Status.AUDIT, True)


def test_who_looks_back_sees_the_rule_that_speaks_against_an_audited_value_now(store):
    row = of(drawn_sheet("nama"), "nama")
    decide(row.pk, "ani", Kind.CONFIRMED, None, catalogue())
    FieldReading.objects.filter(pk=row.pk).update(reasons=["niks_differ"])
    assert back("ani").reasons == ("niks_differ",)


def test_one_wrong_value_refutes_nothing(store):
    row = of(drawn_sheet("nama"), "nama")
    decide(row.pk, "ani", Kind.CORRECTED, "SARKAWI", catalogue())
    assert not Refutation.objects.exists()
    assert audit.watches(catalogue())[0].errors == 1


def test_a_rule_that_speaks_against_a_drawn_value_takes_it_out_of_the_audit(store):
    made = drawn_sheet("tanggal_lahir", open_fields=("nik",))
    decide(of(made, "nik").pk, "ani", Kind.CORRECTED, "6311021203789001", catalogue(), confirmed=True)
    row = of(made, "tanggal_lahir")
    assert (row.status, row.audit) == (Status.REVIEW, False)


def test_an_office_audits_more_while_it_is_young(store, monkeypatch):
    assert audit.share_now(None) == chances.YOUNG_SHARE
    assert audit.share_now(0.5) == 0.5
    monkeypatch.setattr(audit, "YOUNG", 0)
    assert audit.share_now(None) == chances.SHARE


def test_a_scan_draws_what_the_setting_says(store, tmp_path, monkeypatch):
    monkeypatch.setenv("SOTARSA_AUDIT_SHARE", "1")
    drawing = make_reader(1, None).audit
    scan_notes(
        store,
        put(tmp_path / "a.tif", note(1, values=VALUES), note(2, values=BACK, doubt={"aset": "?"})),
        audit=drawing,
    )
    status = {
        field: (status, flag)
        for field, status, flag in FieldReading.objects.values_list("field", "status", "audit")
    }
    assert status["nik"] == (Status.AUDIT, True)
    assert status["aset"] == (Status.REVIEW, False)
    monkeypatch.setenv("SOTARSA_AUDIT_SHARE", "0")
    assert make_reader(1, None).audit.chance(0.0, 0.99, ALPHA) == 0
    assert make_reader(1, None).audit.share == 0
