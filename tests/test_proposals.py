"""What a learnt reader may say beside the shipped one: a proposal for the person who is asked anyway."""

from dataclasses import replace

import pytest

from pipeline.recognition.types import Reading
from pipeline.validation.judge import SURER, JudgedReading, propose


def _judged(value, status, *reasons):
    return JudgedReading(Reading("nik", None, value, value or "", 0.5, (), "cells"), status, reasons, 1.5)


@pytest.mark.parametrize(
    ("proven", "learnt", "reasons"),
    [
        (_judged("1", "accepted"), _judged("2", "accepted"), None),
        (_judged("1", "review", "low_confidence"), _judged("1", "accepted"), None),
        (_judged("1", "review", "low_confidence"), _judged(None, "accepted"), None),
        (_judged("1", "review", "low_confidence"), _judged("2", "review", "nik_date"), None),
        (_judged("1", "review", "low_confidence"), _judged("2", "accepted"), ("low_confidence",)),
        (_judged("1", "review", "nik_date"), _judged("2", "accepted"), ("reread",)),
        (
            _judged("1", "review", "crossed_out", "low_confidence"),
            _judged("2", "review", "crossed_out"),
            ("crossed_out", "low_confidence"),
        ),
        (_judged(None, "review", "not_a_date"), _judged("2", "review", "low_confidence"), ("reread",)),
    ],
)
def test_a_proposal_never_changes_what_a_reading_counts_for(proven, learnt, reasons):
    found = propose(proven, replace(learnt, score=proven.score + SURER))
    assert (found.reading.value, found.status, found.score) == (
        "1" if proven.reading.value else None,
        proven.status,
        1.5,
    )
    assert (found.proposal is not None) == (reasons is not None)
    assert found.reasons == (reasons or proven.reasons)
    assert found.reasons or found.status == "accepted"


def test_a_head_that_is_not_surer_adds_its_value_to_the_others():
    proven, learnt = _judged("1", "review", "low_confidence"), _judged("2", "accepted")
    found = propose(proven, replace(learnt, score=1.5 + SURER - 0.01))
    assert (found.proposal, found.reasons, found.reading.value) == (None, proven.reasons, "1")
    assert [one.value for one in found.reading.alternatives] == ["2"]
