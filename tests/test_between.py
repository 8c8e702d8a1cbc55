"""Hands between two hands."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.training.between import Between, between
from pipeline.training.hands import Mask, PenHand, Strokes


def strokes(*lines):
    return Strokes(
        np.concatenate([np.array(line, np.float32) for line in lines]),
        tuple(np.cumsum([len(line) for line in lines]).tolist()),
    )


TEE = strokes([(-0.4, -1), (0.4, -1)], [(0, -1), (0, 0)])
WIDE_TEE = strokes([(-0.6, -0.9), (0.6, -0.9)], [(0.1, -0.9), (0.1, 0)])
BACKWARDS = strokes([(0.1, 0), (0.1, -0.9)], [(0.6, -0.9), (-0.6, -0.9)])
"""The wide one, its strokes drawn in the other order and direction."""
CROSS = strokes([(-0.4, -1), (0.4, 0)], [(0.4, -1), (-0.4, 0)])
ONE_STROKE = strokes([(-0.4, -1), (0.4, -1), (0, -1), (0, 0)])


@given(st.floats(-0.3, 1.3))
def test_a_glyph_lies_on_the_way_from_one_to_the_other(share):
    found = between(TEE, WIDE_TEE, share)
    assert found is not None
    bar, stem = found.lines()
    assert bar[0] == pytest.approx((-0.4 - 0.2 * share, -1 + 0.1 * share), abs=1e-5)
    assert stem[-1] == pytest.approx((0.1 * share, 0), abs=1e-5)


def test_strokes_are_matched_whatever_their_order_and_direction():
    found, other = between(TEE, BACKWARDS, 1.0), between(TEE, WIDE_TEE, 1.0)
    assert found is not None
    assert other is not None
    np.testing.assert_allclose(found.points, other.points, atol=1e-5)


@pytest.mark.parametrize("other", [CROSS, ONE_STROKE])
def test_what_is_written_in_another_way_is_not_mixed(other):
    assert between(TEE, other, 0.5) is None


def test_a_hand_between_two_keeps_its_own_where_the_other_writes_otherwise():
    rng = np.random.default_rng(1)
    own, other = PenHand("a", {"T": (TEE,), "X": (CROSS,)}), PenHand("b", {"T": (WIDE_TEE,)})
    hand = Between(own, other, 0.5)
    assert hand.characters == "TX"
    assert hand.glyph("X", rng) is CROSS
    assert hand.glyph("T", rng).points[0] == pytest.approx((-0.5, -0.95))
    assert Between(PenHand("c", {"T": (ONE_STROKE,)}), other, 0.5).glyph("T", rng) is ONE_STROKE


def test_a_picture_is_not_mixed():
    picture = Mask(np.zeros((4, 4), np.uint8), 4.0, 4.0, 2.0)

    class Font:
        id, characters, weight = "font", "T", 1.0

        def has(self, char):
            return char == "T"

        def glyph(self, char, rng):
            return picture

    rng, pen = np.random.default_rng(1), PenHand("a", {"T": (TEE,)})
    assert Between(Font(), pen, 0.5).glyph("T", rng) is picture
    assert Between(pen, Font(), 0.5).glyph("T", rng) is TEE
