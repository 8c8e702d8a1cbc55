"""Confidence and thresholds: the map rises, and the promise on errors holds."""

import json

import numpy as np
import pytest
from forms_under_test import form
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.recognition.confidence import (
    Calibration,
    Proof,
    load_tables,
    logit,
    save_tables,
    score_of,
    shipped,
)
from pipeline.recognition.promise import (
    Labelled,
    calibrate,
    hands_bound,
    isotonic_map,
    proof_of,
    proven_bound,
    smallest_sample,
)
from pipeline.recognition.types import Alternative, Reading
from pipeline.training.calibrate import labelled, main
from pipeline.validation.judge import judge


def test_the_smallest_sample_for_a_tenth_of_a_percent_is_that_of_the_literature():
    assert smallest_sample(0.001, 0.95) == 2995


def lot(rng, n):
    """Scores and outcomes whose true error falls from 20 % to nothing."""
    scores = rng.normal(4, 2, n)
    return scores, rng.random(n) > 0.2 * np.exp(-np.maximum(scores, 0))


def test_the_promise_is_broken_in_few_of_many_lots():
    rng = np.random.default_rng(7)
    broken = proven = 0
    for _ in range(200):
        proof = proof_of(*lot(rng, 8000), alpha=0.005, confidence=0.95)
        if proof is not None:
            proven += 1
            scores, right = lot(rng, 60_000)
            broken += bool((~right[scores >= proof.score]).mean() > 0.005)
    assert proven > 150
    assert broken <= 0.09 * proven


def test_too_few_labels_promise_nothing():
    assert proof_of(np.arange(2994.0), np.ones(2994, bool), 0.001, 0.95) is None
    assert proof_of(np.arange(2995.0), np.ones(2995, bool), 0.001, 0.95) == Proof(0.0, 2995, 0)


def test_what_the_reader_itself_doubts_never_enters_unseen():
    rows = [Labelled("date", score, True) for score in np.linspace(-3, 9, 9000)]
    proof = calibrate(rows)["date"].proofs[0.001, 0.95]
    assert proof.score >= score_of(0.9)
    assert proof.accepted > 4000
    assert proof_of(np.linspace(-3, 9, 9000), np.ones(9000, bool), 0.001, 0.95).score == -3


def test_an_error_among_the_surest_promises_nothing():
    right = np.ones(4000, bool)
    right[-3:] = False
    assert proof_of(np.arange(4000.0), right, 0.001, 0.95) is None


def by_hands(rng, hands, each):
    """As `lot`, where every tenth hand errs ten times as often."""
    who = np.repeat(np.arange(hands), each)
    scores = rng.normal(4, 2, len(who))
    badly = np.where(rng.random(hands) < 0.1, 10.0, 1.0)[who]
    return scores, rng.random(len(who)) > np.minimum(0.02 * badly * np.exp(-np.maximum(scores, 0)), 1), who


def test_a_promise_is_kept_for_an_offices_own_hands_where_it_is_known_who_wrote():
    rng = np.random.default_rng(11)
    broken = {True: 0, False: 0}
    for _ in range(60):
        scores, right, who = by_hands(rng, 24, 1500)
        others = by_hands(rng, 10, 4000)
        for known in broken:
            proof = proof_of(scores, right, 0.001, 0.95, who if known else None)
            if proof is not None:
                broken[known] += bool((~others[1][others[0] >= proof.score]).mean() > 0.001)
    assert broken[False] > 0.25 * 60
    assert broken[True] <= 0.15 * 60


def test_the_bound_for_hands_grows_with_how_far_they_are_apart():
    n = np.full(20, 1000)
    alike, apart = np.full(20, 1), np.array([20] + [0] * 19)
    assert hands_bound(np.zeros(20, int), n, 0.95) == 0
    assert hands_bound(alike, n, 0.95) == pytest.approx(0.001)
    assert hands_bound(apart, n, 0.95) > 0.003
    assert hands_bound(np.array([1]), np.array([10]), 0.95) == 1


def test_the_bound_for_hands_holds_for_others_of_their_kind():
    """Offices of five whose rates lie as far apart as those of the hands seen; 2,000 times over."""
    rng = np.random.default_rng(8)
    broken = 0
    for _ in range(2000):
        rates = rng.gamma(2, 0.0005 / 2, 25)
        bound = hands_bound(rng.poisson(1000 * rates[:20]), np.full(20, 1000), 0.95)
        broken += rates[20:].mean() > bound
    assert broken <= 0.06 * 2000


@given(st.lists(st.tuples(st.floats(-10, 10), st.booleans()), min_size=1, max_size=80))
@settings(max_examples=60)
def test_the_map_rises_and_never_claims_certainty(pairs):
    scores = np.array([score for score, _ in pairs])
    knots, levels = isotonic_map(scores, np.array([good for _, good in pairs]))
    assert knots == sorted(knots)
    assert levels == sorted(levels)
    assert 0 < min(levels) <= max(levels) < 1


def test_readings_that_a_reader_doubts_are_left_out():
    rows = [
        {"way": "both/scan", "group": "nik", "score": 0.9, "right": True, "reasons": ["crossed_out"]}
    ] * 10
    rows += [{"way": "both/scan", "group": "nik", "score": 0.9, "right": True, "reasons": []}] * 5
    assert calibrate(labelled(rows, "both/scan"))["nik"].n == 5


@pytest.mark.parametrize("own", [0.0, 0.3, 0.999, 1.0])
def test_a_calibration_without_proof_accepts_nothing(own):
    assert not Calibration((-5.0, 5.0), (0.1, 0.9), {}, 10).accepts(own)


@given(st.floats(0.5, 1 - 1e-7))
def test_what_the_proof_counts_as_accepted_is_accepted(own):
    """A reader may say one probability for all its boxes: the threshold then lies on it, if it is not too low."""
    rows = [Labelled("marks", score_of(own), True)] * 4000
    assert calibrate(rows)["marks"].accepts(own) == (score_of(own) >= score_of(0.9))


@pytest.mark.parametrize(
    ("field", "value", "status"),
    [
        ("alamat", "JL MERATUS", "review"),
        ("pekerjaan", "PETANI", "accepted"),
        ("pekerjaan", None, "accepted"),
    ],
)
def test_words_that_no_list_is_named_for_are_always_shown(field, value, status):
    reading = Reading(field, None, value, value or "", 0.9999999, ((0, 0),) * 4, "cells")
    (found,) = judge(form("pendataan").definition, [reading], shipped("both/scan"))
    assert found.status == status
    assert found.reasons == (("low_confidence",) if status == "review" else ())


@pytest.mark.parametrize("own", [0.0, 0.3, 0.99])
def test_what_is_read_and_what_else_it_may_be_share_one_certainty(own):
    others = (Alternative("PETANI", 0.6 * (1 - own)), Alternative("PENANI", 0.4 * (1 - own)))
    reading = Reading("pekerjaan", None, "PETAN/", "PETAN/", own, ((0, 0),) * 4, "cells", others)
    (found,) = judge(form("pendataan").definition, [reading], shipped("both/scan"))
    chances = [one.probability for one in found.reading.alternatives]
    assert found.reading.confidence + sum(chances) == pytest.approx(1, abs=1e-5)
    assert chances[0] == pytest.approx(1.5 * chances[1], abs=1e-5)


def test_what_a_doubt_takes_from_a_reading_it_gives_to_no_other_value():
    others = (Alternative("2026-12-20", 4e-6),)
    day = Reading("tanggal_pendataan", None, "2026-11-20", "20112026", 0.99999, ((0, 0),) * 4, "cells", others,
                  ("ink_outside",))  # fmt: skip
    (found,) = judge(form("pendataan").definition, [day], shipped("both/scan"))
    assert found.reading.confidence <= 0.5
    assert found.reading.alternatives[0].probability < 1e-3


def test_a_stricter_promise_never_accepts_more():
    rng = np.random.default_rng(5)
    scores, right = lot(rng, 40_000)
    table = calibrate(Labelled("nik", s, bool(r)) for s, r in zip(scores, right, strict=True))["nik"]
    assert len(table.proofs) >= 4
    for confidence in (0.95, 0.99):
        kept = [proof.accepted for (_, sure), proof in sorted(table.proofs.items()) if sure == confidence]
        assert kept == sorted(kept)
    for (alpha, confidence), proof in table.proofs.items():
        assert proven_bound(proof.errors, proof.accepted, confidence) <= alpha


@pytest.mark.parametrize("way", ["both/scan", "both/photo", "first/scan"])
def test_the_shipped_calibration_keeps_its_promise_on_what_it_stands_on(way):
    table = load_tables()[way]
    assert {"nik", "kk", "date", "digits", "letters", "marks", "signature", "empty"} <= table.keys()
    for name, group in table.items():
        assert list(group.scores) == sorted(group.scores), name
        assert list(group.probabilities) == sorted(group.probabilities), name
        for (alpha, confidence), proof in group.proofs.items():
            assert group.n >= proof.accepted >= smallest_sample(alpha, confidence), name
            assert proven_bound(proof.errors, proof.accepted, confidence) <= alpha, name


def test_tables_survive_their_file(tmp_path):
    table = {
        "first/scan": {"kk": Calibration((-1.0, 2.0), (0.3, 0.9), {(0.001, 0.95): Proof(1.5, 3000, 0)}, 4000)}
    }
    save_tables(tmp_path / "calibration.json", table)
    assert load_tables(tmp_path / "calibration.json") == table


def test_log_odds_stay_finite():
    assert np.isfinite(logit(np.array([0.0, 0.5, 1.0]))).all()


def test_one_group_may_be_calibrated_by_itself(tmp_path, monkeypatch):
    rows, out = tmp_path / "rows.jsonl", tmp_path / "calibration.json"

    def fit(right, *words):
        lines = [
            {"way": "both/scan", "group": group, "score": 0.999, "right": right, "reasons": []}
            for group in ("nik", "kk")
        ] * 3000
        rows.write_text("".join(json.dumps(line) + "\n" for line in lines))
        monkeypatch.setattr(
            "sys.argv", ["calibrate", "--way", "both/scan", "--out", str(out), *words, str(rows)]
        )
        main()
        load_tables.cache_clear()
        return {name: bool(one.proofs) for name, one in load_tables(out)["both/scan"].items()}

    assert fit(True) == {"nik": True, "kk": True}
    assert fit(False, "--group", "kk") == {"nik": True, "kk": False}
    assert fit(False) == {"nik": False, "kk": False}
