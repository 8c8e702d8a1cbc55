"""Combs that were filled in by machine: words are read by Tesseract and say so, hands are left alone."""

from collections import Counter
from pathlib import Path

import matplotlib
import numpy as np
import pytest

from pipeline.forms.catalogue import Catalogue, default_directories
from pipeline.page import read_page
from pipeline.recognition.cells import CellInk
from pipeline.recognition.typed import looks_even
from pipeline.training.typed import sheets, tally

FONTS = Path(matplotlib.get_data_path()) / "fonts/ttf"


@pytest.fixture(scope="module")
def forms(tmp_path_factory):
    return Catalogue.load(default_directories(tmp_path_factory.mktemp("home")))


@pytest.mark.parametrize("font", ["DejaVuSerif.ttf", "DejaVuSansMono.ttf", "STIXGeneral.ttf"])
def test_typed_words_and_numbers_are_right_and_no_word_enters_unseen(forms, font):
    counts, reasons = Counter(), Counter()
    for page, truths in sheets(forms.get("pendataan"), FONTS / font, 1, 5):
        reading = read_page(page, forms)
        counts += tally(reading, truths)
        filled = {(truth.field, truth.row) for truth in truths if truth.raw.replace(" ", "").isalpha()}
        for one in reading.readings:
            if (one.reading.field, one.reading.row) in filled:
                reasons["machine_print" in one.reasons] += 1
    assert counts["words", "n"] >= 4
    assert counts["words", "right"] == counts["words", "n"]
    assert counts["words", "accepted"] == 0
    assert reasons[True] >= 3
    assert reasons[False] <= 1, "words of three letters cannot be told"
    assert counts["numbers", "right"] == counts["numbers", "n"] >= 12
    assert counts["numbers", "wrong"] == 0


def _cells(feet, talls):
    """Cells of 7 mm whose ink stands at these feet and is this high, in mm."""
    feet, talls = np.array(feet, np.float32), np.array(talls, np.float32)
    place = np.stack([(feet + talls / 2) / 7, talls / 7, np.full(len(feet), 0.3)], axis=1).astype(np.float32)
    ink = np.ones(len(feet), np.float32)
    return CellInk(np.zeros((len(feet), 40, 40), np.uint8), place, ink, 0 * ink, 0 * ink, 0 * ink)


@pytest.mark.parametrize(
    ("feet", "talls", "even"),
    [
        ([1.5, 1.55, 1.5, 1.45, 1.5], [2.9, 2.9, 3.0, 2.9, 2.85], True),
        ([1.5, 1.0, 1.9, 1.45, 1.2], [2.9, 2.9, 2.9, 2.9, 2.9], False),
        ([1.5, 1.5, 1.5, 1.5, 1.5], [2.9, 4.1, 3.5, 2.2, 3.0], False),
        ([1.5, 1.5, 1.5], [2.9, 2.9, 2.9], False),
    ],
)
def test_type_stands_on_one_line_and_is_alike_high(feet, talls, even):
    ink = _cells(feet, talls)
    assert looks_even(ink, slice(0, len(feet)), np.full(len(feet), 7.0)) is even
