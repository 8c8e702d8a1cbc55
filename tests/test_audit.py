"""The blind audit: what is drawn, what a reviewer sees of it, and when the promise is refuted."""

import builders
import numpy as np
from forms_under_test import catalogue
from hypothesis import given, settings
from hypothesis import strategies as st
from notes import BACK, VALUES, note, put, scan_notes

from pipeline.cli.scan import make_reader
from pipeline.review import audit, bet
from pipeline.review.decisions import Kind, back, decide
from pipeline.review.queue import next_item, open_items
from pipeline.store.models import FieldReading, Refutation
from pipeline.store.readings import reading_of

ALPHA = 0.001
Status = FieldReading.Status


def run(rng, rate, n):
    return bet.evidence(rng.random(n) < rate, np.full(n, ALPHA)) >= -np.log(bet.LEVEL)


def test_a_promise_that_just_holds_is_seldom_refuted_however_often_one_looks():
    rng = np.random.default_rng(3)
    assert sum(run(rng, ALPHA, 20_000) for _ in range(400)) <= 0.05 * 400 + 2 * np.sqrt(400 * 0.05 * 0.95)


def test_a_rate_of_ten_times_the_promise_is_found_soon():
    rng = np.random.default_rng(4)
    assert sum(run(rng, 10 * ALPHA, 1500) for _ in range(200)) >= 190


def test_a_threefold_rate_is_found_in_time():
    rng = np.random.default_rng(5)
    assert sum(run(rng, 3 * ALPHA, 8000) for _ in range(200)) >= 190


@given(st.lists(st.booleans(), min_size=1, max_size=300))
@settings(max_examples=40)
def test_evidence_never_falls_and_the_bound_lies_above_what_was_seen(outcomes):
    wrong = np.array(outcomes)
    path = [bet.evidence(wrong[:n], np.full(n, ALPHA)) for n in range(len(wrong) + 1)]
    assert path == sorted(path)
    errors = int(wrong.sum())
    assert errors / len(wrong) <= bet.bound(errors, len(wrong)) <= 1


def test_the_bound_holds_at_every_moment():
    rng = np.random.default_rng(6)
    missed = 0
    for _ in range(200):
        errors = np.cumsum(rng.random(2000) < 0.004)
        missed += any(bet.bound(int(errors[n - 1]), n) < 0.004 for n in range(20, 2001, 20))
    assert missed <= 0.05 * 200 + 2 * np.sqrt(200 * 0.05 * 0.95)


def test_a_looser_promise_is_harder_to_refute():
    wrong = np.zeros(400, bool)
    wrong[::40] = True
    assert bet.evidence(wrong, np.full(400, 0.01)) < bet.evidence(wrong, np.full(400, 0.001))


@given(st.floats(0, 1), st.text("0123456789abcdef", min_size=64, max_size=64), st.integers(1, 500))
def test_a_value_is_drawn_or_not_once_and_for_all(share, sha256, image):
    first = [audit.drawn(share, sha256, image, position) for position in range(40)]
    assert first == [audit.drawn(share, sha256, image, position) for position in range(40)]
    assert not any(audit.drawn(0.0, sha256, image, position) for position in range(40))
    assert all(audit.drawn(1.0, sha256, image, position) for position in range(40))


def test_the_share_is_kept():
    hits = sum(audit.drawn(0.02, f"{i:064x}", 1, position) for i in range(500) for position in range(80))
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
    assert audit.share_now(None) == audit.YOUNG_SHARE
    assert audit.share_now(0.5) == 0.5
    monkeypatch.setattr(audit, "YOUNG", 0)
    assert audit.share_now(None) == audit.SHARE


def test_a_scan_draws_what_the_setting_says(store, tmp_path, monkeypatch):
    monkeypatch.setenv("SOTARSA_AUDIT_SHARE", "1")
    draw = make_reader(1, None).drawn
    scan_notes(
        store,
        put(tmp_path / "a.tif", note(1, values=VALUES), note(2, values=BACK, doubt={"aset": "?"})),
        drawn=draw,
    )
    status = {
        field: (status, flag)
        for field, status, flag in FieldReading.objects.values_list("field", "status", "audit")
    }
    assert status["nik"] == (Status.AUDIT, True)
    assert status["aset"] == (Status.REVIEW, False)
    monkeypatch.setenv("SOTARSA_AUDIT_SHARE", "0")
    assert not make_reader(1, None).drawn("0" * 64, 1, 0)
