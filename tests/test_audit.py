"""The blind audit: what is drawn, what a reviewer sees of it, and when the promise is refuted."""

import builders
import numpy as np
import pytest
from forms_under_test import catalogue
from hypothesis import given, settings
from hypothesis import strategies as st
from notes import BACK, VALUES, note, put, scan_notes

from pipeline.cli.scan import make_reader
from pipeline.review import audit, bet, chances
from pipeline.review.decisions import Kind, back, decide
from pipeline.review.queue import next_item, open_items
from pipeline.store.lottery import drawn
from pipeline.store.models import FieldReading, Refutation
from pipeline.store.readings import reading_of

ALPHA = 0.001
Status = FieldReading.Status


def refuted(rng, values, wrong, odds):
    """How many values were audited when the bet refuted the promise, as somebody looks after each wrong one; or None.

    Of `values` values with these rates and odds, one kind after the other (both are arrays of kinds).
    """
    kind = rng.integers(len(odds), size=values)
    drawn = rng.random(values) < odds[kind]
    found = np.flatnonzero(drawn & (rng.random(values) < wrong[kind]))
    looked = np.cumsum(drawn)
    for n, last in enumerate(found, 1):
        seen = bet.Seen({ALPHA: int(last) + 1}, [(ALPHA, odds[kind[at]]) for at in found[:n]])
        if bet.evidence(seen) >= -np.log(bet.LEVEL):
            return looked[last]
    return None


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


COUNTS = st.integers(1, 5000)
CHANCES = st.lists(st.floats(0.01, 1), max_size=20)


@given(COUNTS, CHANCES)
@settings(max_examples=40)
def test_more_wrong_is_more_evidence_and_a_looser_bound(right, found):
    wrong = [(ALPHA, chance) for chance in found]
    before = bet.Seen({ALPHA: right + len(wrong)}, wrong, 0.01)
    after = bet.Seen({ALPHA: right + len(wrong) + 1}, [*wrong, (ALPHA, 0.5)], 0.01)
    assert bet.evidence(after) > bet.evidence(before)
    assert bet.bound(before) <= bet.bound(after) <= 1


@given(COUNTS)
def test_right_values_speak_for_the_promise(n):
    assert bet.evidence(bet.Seen({ALPHA: n}, [])) < 0
    assert bet.bound(bet.Seen({ALPHA: n + 1}, [])) <= bet.bound(bet.Seen({ALPHA: n}, []))


def test_the_bound_holds_at_every_moment():
    rng = np.random.default_rng(6)
    rate, missed = 0.004, 0
    for _ in range(100):
        kind = rng.integers(10, size=40_000)
        drawn = rng.random(40_000) < RISKY_AND_SURE[kind]
        found = np.flatnonzero(drawn & (rng.random(40_000) < rate * AMONG_RISKY[kind]))
        wrong = [(ALPHA, RISKY_AND_SURE[kind[at]]) for at in found]
        # It is lowest right before the next wrong one.
        ends = [*found[1:], 40_000]
        seen = (bet.Seen({ALPHA: int(end)}, wrong[: n + 1], 0.0122) for n, end in enumerate(ends))
        missed += any(bet.bound(one) < rate for one in seen)
    assert missed <= 0.05 * 100 + 2 * np.sqrt(100 * 0.05 * 0.95)


def test_a_looser_promise_is_harder_to_refute():
    loose, strict = (bet.Seen({alpha: 20_000}, [(alpha, 0.02)] * 10) for alpha in (0.01, 0.001))
    assert bet.evidence(loose) < bet.evidence(strict)


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


def test_going_back_leaves_it_to_the_audit(store):
    row = of(drawn_sheet("nama"), "nama")
    decide(row.pk, "ani", Kind.CORRECTED, "SARKAWI", catalogue())
    back("ani")
    assert of(row.page.sheet, "nama").status == Status.AUDIT
    assert audit.watches(catalogue())[0].audited == 0


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


def test_a_refuted_lot_still_counts_for_all_lots(store):
    for sheet in [drawn_sheet("nama") for _ in range(6)]:
        decide(of(sheet, "nama").pk, "ani", Kind.CORRECTED, "SARKAWI", catalogue())
    lot = Refutation.objects.get(group="letters", batch__isnull=False)
    assert lot.reopened > 0
    letters = audit._of("letters", audit._counted())
    assert letters.count() == FieldReading.objects.filter(type__in=("name", "place", "text")).count()


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
    chance = make_reader(1, None).chance
    scan_notes(
        store,
        put(tmp_path / "a.tif", note(1, values=VALUES), note(2, values=BACK, doubt={"aset": "?"})),
        chance=chance,
    )
    status = {
        field: (status, flag)
        for field, status, flag in FieldReading.objects.values_list("field", "status", "audit")
    }
    assert status["nik"] == (Status.AUDIT, True)
    assert status["aset"] == (Status.REVIEW, False)
    monkeypatch.setenv("SOTARSA_AUDIT_SHARE", "0")
    assert make_reader(1, None).chance(0.99, ALPHA) == 0
