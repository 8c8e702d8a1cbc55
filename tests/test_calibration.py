"""Confidence and thresholds: the map rises, and the promise on errors holds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.recognition.confidence import Calibration, calibrations, logit
from pipeline.training.calibrate import calibrate, isotonic_map, proven_threshold, smallest_sample


def test_the_smallest_sample_for_a_tenth_of_a_percent_is_that_of_the_literature():
    assert smallest_sample(0.001, 0.05) == 2995


def lot(rng, n):
    """Scores and outcomes whose true error falls from 20 % to nothing."""
    scores = rng.normal(4, 2, n)
    return scores, rng.random(n) > 0.2 * np.exp(-np.maximum(scores, 0))


def test_the_promise_is_broken_in_few_of_many_lots():
    rng = np.random.default_rng(7)
    broken = proven = 0
    for _ in range(200):
        threshold = proven_threshold(*lot(rng, 8000), alpha=0.005, delta=0.05)
        if threshold is not None:
            proven += 1
            scores, right = lot(rng, 60_000)
            broken += bool((~right[scores >= threshold]).mean() > 0.005)
    assert proven > 150
    assert broken <= 0.09 * proven


def test_too_few_labels_promise_nothing():
    assert proven_threshold(np.arange(2994.0), np.ones(2994, bool), 0.001, 0.05) is None
    assert proven_threshold(np.arange(2995.0), np.ones(2995, bool), 0.001, 0.05) == 0.0


def test_an_error_among_the_surest_promises_nothing():
    right = np.ones(4000, bool)
    right[-3:] = False
    assert proven_threshold(np.arange(4000.0), right, 0.001, 0.05) is None


@given(st.lists(st.tuples(st.floats(-10, 10), st.booleans()), min_size=1, max_size=80))
@settings(max_examples=60)
def test_the_map_rises_and_never_claims_certainty(pairs):
    scores = np.array([score for score, _ in pairs])
    knots, levels = isotonic_map(scores, np.array([good for _, good in pairs]))
    assert knots == sorted(knots)
    assert levels == sorted(levels)
    assert 0 < min(levels) <= max(levels) < 1


def test_readings_that_a_reader_doubts_are_left_out():
    rows = [{"group": "nik", "score": 0.9, "right": True, "reasons": ["crossed_out"]}] * 10
    rows += [{"group": "nik", "score": 0.9, "right": True, "reasons": []}] * 5
    assert calibrate(rows)["groups"]["nik"]["n"] == 5


@pytest.mark.parametrize("own", [0.0, 0.3, 0.999, 1.0])
def test_a_calibration_without_proof_accepts_nothing(own):
    assert not Calibration((-5.0, 5.0), (0.1, 0.9), None, 10, 0.001).accepts(own)


def test_the_shipped_calibration_keeps_its_promise_on_what_it_stands_on():
    table = calibrations()
    assert {"nik", "kk", "date", "digits", "letters", "marks", "signature", "empty"} <= table.keys()
    for name, group in table.items():
        assert list(group.scores) == sorted(group.scores), name
        assert list(group.probabilities) == sorted(group.probabilities), name
        assert group.threshold is None or group.n >= smallest_sample(group.alpha, 0.05)


def test_log_odds_stay_finite():
    assert np.isfinite(logit(np.array([0.0, 0.5, 1.0]))).all()
