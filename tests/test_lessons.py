"""Which cell holds which character of a value that a person confirmed, and which cells say nothing sure."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.forms.layout import Box, FieldLayout, FieldType, Kind
from pipeline.forms.types import TYPES
from pipeline.recognition.lessons import places_of


def _comb(kind, cells):
    boxes = tuple(Box(6.0 * i, 0, 6.0, 7.0) for i in range(cells))
    return FieldLayout("f", None, kind, Kind.COMB, boxes[0], TYPES[kind].alphabet, boxes)


def _inked(pattern):
    return np.array([char != "." for char in pattern])


@pytest.mark.parametrize(
    ("kind", "value", "pattern", "told"),
    [
        (FieldType.DATE, "2026-11-08", "xxxxxxxx", "08112026"),
        (FieldType.NAME, "SITI AMINAH", "xxxx.xxxxxx..", "SITIAMINAH"),
        (FieldType.NAME, "SITI AMINAH", ".xxxx..xxxxxx", "SITIAMINAH"),
        (FieldType.COUNT, "12", ".xx", "12"),
        (FieldType.COUNT, "2", "xx.", ""),
        (FieldType.NAME, "SITI AMINAH", "xxxxxxxxxx...", ""),
        (FieldType.NAME, "SITI AMINAH", "xxxx.xxx.xxx.", ""),
        (FieldType.NIK, "6311021203789001", "xxxxxxx.xxxxxxxx", ""),
        (FieldType.NAME, "SITI AMINAH", "xxxx", ""),
    ],
)
def test_only_cells_beyond_doubt_are_labelled(kind, value, pattern, told):
    places = places_of(_comb(kind, len(pattern)), value, _inked(pattern))
    assert "".join(places.values()) == told
    assert all(pattern[cell] == "x" for cell in places)


@given(st.lists(st.text("ABCZ", min_size=1, max_size=5), min_size=1, max_size=3), st.integers(0, 4))
def test_words_are_found_wherever_they_begin(words, shift):
    value = " ".join(words)
    written = " " * shift + value
    places = places_of(_comb(FieldType.NAME, 24), value, np.array([c != " " for c in written.ljust(24)]))
    assert places == {i: char for i, char in enumerate(written) if char != " "}
