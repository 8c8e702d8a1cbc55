"""The promise over many calibrations, and what the diagram of confidences says."""

import numpy as np
import pytest

from pipeline.training.reliability import reliability
from pipeline.training.simulate import new_hands, simulate


@pytest.fixture(scope="module")
def population():
    """Readings whose chance of being wrong falls with their score."""
    rng = np.random.default_rng(1)
    scores = rng.normal(5, 2, 60_000)
    return scores, rng.random(60_000) > 0.3 * np.exp(-np.maximum(scores, 0))


def test_the_promise_is_kept_and_little_is_given_away(population):
    found = simulate("any", *population, 30_000, 120, np.random.default_rng(2), alpha=0.002)
    assert found.proven == 1
    assert found.broken <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 120)
    assert found.coverage >= 0.7
    assert found.naive_broken > 0.3


def test_the_promise_is_held_against_hands_that_had_no_part_in_it():
    rng = np.random.default_rng(4)
    who = np.repeat(np.arange(24), 2_000)
    scores = rng.normal(4, 2, len(who))
    errs = np.where(np.arange(24) % 8 == 0, 10.0, 1.0)[who]
    right = rng.random(len(who)) > np.minimum(0.02 * errs * np.exp(-np.maximum(scores, 0)), 1)
    found = new_hands("any", scores, right, who, 40, rng)
    assert found.hands == 24
    assert found.broken < found.broken_without
    assert 0 < found.accepted <= found.accepted_without


def test_confidences_that_tell_the_truth_have_no_calibration_error():
    rng = np.random.default_rng(3)
    confidence = rng.uniform(0.5, 1, 200_000)
    assert reliability(confidence, rng.random(200_000) < confidence).error < 0.01
    assert reliability(confidence, rng.random(200_000) < confidence - 0.2).error == pytest.approx(
        0.2, abs=0.01
    )
