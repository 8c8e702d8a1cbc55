"""Strokes that others collected become hands: whose they are, what they say, which way up."""

import json
from pathlib import Path

import pytest
from pen_hands import BLOCK

from pipeline.forms.catalogue import load_form
from pipeline.training.held_out import drawn
from pipeline.training.labelled import CALIBRATION_FORM, sheets
from pipeline.training.others import load_others

_UNIPEN = """\
.INCLUDE\tdene.doc

.LEXICON "0" "1"
.HIERARCHY\tDIGIT

.SEGMENT DIGIT\t0 ? "7"
.COMMENT 7 1  12
.PEN_DOWN
  10  300
 200  300
.PEN_UP
.PEN_DOWN
 200  300
 100  10
.PEN_UP
.DT 100

.SEGMENT DIGIT\t3 ? "1"
.COMMENT 1 2  13
.PEN_DOWN
 50  300
 50  10
.PEN_UP
.DT 100
"""


def test_unipens_text_gives_every_writer_a_hand(tmp_path: Path) -> None:
    """Digits stand on the baseline, a capital high, y pointing down; the bar of a 7 is at its top."""
    (tmp_path / "digits.tes").write_text(_UNIPEN)
    seven, one = load_others(tmp_path / "digits.tes")
    assert [(hand.id, hand.characters) for hand in (seven, one)] == [
        ("digits.tes:1", "7"),
        ("digits.tes:2", "1"),
    ]
    bar, stem = seven.glyphs["7"][0].lines()
    assert bar[:, 1].tolist() == pytest.approx([-1, -1])
    assert stem[:, 1].tolist() == pytest.approx([-1, 0])


def test_json_holds_one_of_each_by_each_person(tmp_path: Path) -> None:
    """Screens count y downwards; small letters are no characters of ours."""
    across, down = [[0, 0], [80, 0]], [[40, 0], [40, 100]]
    samples = {"T": [[across, down], [down, across]], "l": [[down], [down]]}
    (tmp_path / "chars.json").write_text(json.dumps(samples))
    hands = load_others(tmp_path / "chars.json")
    assert [hand.id for hand in hands] == ["chars.json:0", "chars.json:1"]
    for hand, bar in zip(hands, (0, 1), strict=True):
        assert hand.characters == "T"
        assert hand.glyphs["T"][0].lines()[bar][:, 1].tolist() == pytest.approx([-1, -1])


def test_they_are_drawn_as_other_held_out_cells_are(tmp_path: Path) -> None:
    """One picture a character of the alphabet, with its label and who wrote it."""
    (tmp_path / "digits.tes").write_text(_UNIPEN)
    cells = drawn(load_others(tmp_path / "digits.tes"), "01234567")
    assert (cells.labels.tolist(), cells.groups.tolist()) == (["7", "1"], ["1", "2"])
    assert cells.images.shape == (2, 64, 64)
    assert (cells.images.min(axis=(1, 2)) == 0).all()
    assert drawn(load_others(tmp_path / "digits.tes"), "1").labels.tolist() == ["1"]


def test_they_fill_in_sheets_and_borrow_what_they_cannot_write(tmp_path: Path) -> None:
    """All that a hand lacks is lent, also by those who fill in no sheet of their own."""
    (tmp_path / "digits.tes").write_text(_UNIPEN.replace("1 2  13", "1 1  13"))
    hands = load_others(tmp_path / "digits.tes")
    side = next(sheets(load_form(CALIBRATION_FORM), hands, range(1), 3, page=1, helpers=(BLOCK,)))
    assert side.writer == "digits.tes:1"
    assert set("".join(truth.value or "" for truth in side.truths)) > set("0123456789ABDEIKLMNRSTU")


@pytest.mark.parametrize(
    ("name", "text"), [("digits.txt", _UNIPEN), ("digits.tes", ""), ("chars.json", "{}")]
)
def test_what_holds_no_strokes_is_refused(tmp_path: Path, name: str, text: str) -> None:
    """A clear sentence instead of an empty training."""
    (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=name):
        load_others(tmp_path / name)
