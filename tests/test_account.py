"""Accounting for paper: what was printed, what came back, what never will."""

import csv
import json
from datetime import UTC, date, datetime
from io import StringIO

import pytest
from forms_under_test import catalogue, form
from hypothesis import given
from hypothesis import strategies as st
from notes import BACK, VALUES, note, put, read_note, scan_notes
from typer.testing import CliRunner

from pipeline.cli.forms import app
from pipeline.errors import UsageError
from pipeline.forms.identity import serial_of
from pipeline.store import models as m
from pipeline.store.account import Entry, State, entries, lines, ranges
from pipeline.store.issue import next_serials, record_issued
from pipeline.store.spoiling import say_spoilt, serials_of, spoilt_now


def serial(number, village="2005", year=2026):
    return serial_of("FPS-01", village, year, number)


def sides(number, **more):
    return note(1, serial(number, **more), VALUES), note(2, serial(number, **more), BACK)


@pytest.fixture
def village(store, tmp_path):
    """Ten sheets printed, five of them in some way back, and two that nobody here printed."""
    record_issued(form("pendataan"), [serial(n) for n in range(1, 11)], "2005")
    record_issued(form("pendataan"), [serial(n, "2008") for n in (1, 2)], "2008")
    say_spoilt([serial(6)], "kena air", "siti")
    copied = note(1, serial(1), {**VALUES, "nik": "6311024503809003", "kk": "", "nama": "AHMAD", "rt": "9"})
    scan_notes(
        store,
        put(tmp_path / "a.tif", *sides(1), *sides(2), sides(3)[1], copied),
        put(tmp_path / "b.tif", *sides(77), sides(5, year=2025)[0]),
    )
    return store


def test_every_issued_sheet_is_in_one_state(village):
    told = {(one.form, one.village): one for one in lines(entries(catalogue()))}
    halong = told["pendataan", "2005"]
    assert (halong.issued, dict(halong.counts)) == (
        10,
        {"complete": 2, "waiting": 1, "spoilt": 1, "missing": 6, "foreign": 3},
    )
    assert (told["pendataan", "2008"].issued, told["pendataan", "2008"].counts[State.MISSING]) == (2, 2)


def test_no_serial_is_printed_that_stands_on_a_scanned_sheet(village, monkeypatch):
    """Sheet 77 was printed elsewhere: its number is taken all the same."""
    monkeypatch.setattr("django.utils.timezone.localdate", lambda: date(2026, 11, 29))
    survey = form("pendataan")
    assert next_serials(survey, "2005", 2) == [serial(78), serial(79)]
    assert next_serials(survey, "2008", 1) == [serial(3, "2008")]
    with pytest.raises(UsageError, match=serial(77)):
        next_serials(survey, "2005", 10, first=serial(70))


def test_serials_in_a_row_are_folded_and_say_what_is_lacking(village):
    told = [
        (one.state, one.serials, one.count, one.note, one.lacks)
        for one in ranges(entries(catalogue(), village="2005"))
    ]
    assert told == [
        ("waiting", serial(3), 1, "", (1,)),
        ("missing", f"{serial(4)}-00005", 2, "", ()),
        ("missing", f"{serial(7)}-00010", 4, "", ()),
        ("spoilt", serial(6), 1, "kena air", ()),
        ("foreign", serial(5, year=2025), 1, "", (2,)),
        ("foreign", serial(1), 1, "photocopy", (2,)),
        ("foreign", serial(77), 1, "", ()),
        ("complete", f"{serial(1)}-00002", 2, "", ()),
    ]


def test_only_one_form_village_or_year_is_asked_for(village):
    assert {one.village for one in entries(catalogue(), "pendataan", "2008")} == {"2008"}
    assert [one.serial for one in entries(catalogue(), year=2025)] == [serial(5, year=2025)]
    assert entries(catalogue(), "penyaluran") == []


def test_papers_without_a_serial_of_ours_are_listed_where_they_wait(store, tmp_path):
    scan_notes(store, put(tmp_path / "a.tif", note(1, ""), note(2, ""), note(2, "")), read=read_note)
    found = entries(catalogue())
    assert [(one.state, one.lacks, one.issued) for one in found] == [
        ("complete", (), False),
        ("waiting", (1,), False),
    ]
    assert [one.count for one in ranges(found)] == [1, 1]
    # Half past seven in the morning of New Year's Day in Halong.
    m.Sheet.objects.update(created_at=datetime(2026, 12, 31, 23, 30, tzinfo=UTC))
    assert [len(entries(catalogue(), year=year)) for year in (2026, 2027)] == [0, 2]


STATES = st.sampled_from([State.MISSING, State.COMPLETE])


@given(st.dictionaries(st.integers(1, 40), STATES, max_size=30))
def test_ranges_unfold_to_what_was_folded(states):
    found = [Entry("pendataan", "2005", serial(number), state) for number, state in states.items()]
    folded = list(ranges(found))
    assert sum(one.count for one in folded) == len(found)
    assert {(one.state, name) for one in folded for name in serials_of(one.serials)} == {
        (one.state, one.serial) for one in found
    }
    runs = sum((number - 1 not in states or states[number - 1] != state) for number, state in states.items())
    assert len(folded) == runs


def test_spoilt_is_said_once_and_can_be_taken_back(village):
    words = [f"{serial(7)}-00009", serial(8)]
    assert say_spoilt(words, "salah cetak", "siti") == [serial(7), serial(8), serial(9)]
    assert say_spoilt(words, "salah cetak", "siti") == []
    assert say_spoilt([serial(8)], "", "budi", spoilt=False) == [serial(8)]
    assert say_spoilt([serial(8)], "", "budi", spoilt=False) == []
    assert spoilt_now() == {serial(6): "kena air", serial(7): "salah cetak", serial(9): "salah cetak"}
    assert list(m.Spoiling.objects.filter(sheet__serial=serial(8)).values_list("spoilt", "by")) == [
        (True, "siti"),
        (False, "budi"),
    ]


@pytest.mark.parametrize("word", ["FPS-2005-26-00099", "FPS-2005-26-00001", "17", "FPS-2005-26-00009-00002"])
def test_what_cannot_be_spoilt_is_refused_and_nothing_is_written(village, word):
    before = m.Spoiling.objects.count()
    with pytest.raises(UsageError):
        say_spoilt([serial(10), word], "", "siti")
    assert m.Spoiling.objects.count() == before


def test_a_spoilt_sheet_that_comes_back_whole_is_there(village, tmp_path):
    scan_notes(village, put(tmp_path / "c.tif", *sides(6)))
    assert next(one.state for one in entries(catalogue()) if one.serial == serial(6)) == State.COMPLETE


@pytest.fixture
def run(village):
    return lambda *words: CliRunner().invoke(app, list(words))


def test_the_command_shows_counts_and_serials(run):
    shown = run("account", "FPS-01", "--list", "--village", "63.11.02.2005")
    assert shown.exit_code == 1
    assert "2005 Halong" in shown.stdout
    assert f"{serial(7)}-00010" in shown.stdout
    assert "menunggu: sisi 1 belum ada" in shown.stdout
    assert run("account", "--village", "2008").exit_code == 0
    assert run("account", "penyaluran").stdout.strip() == "Belum ada lembar yang dicetak atau kembali."
    assert isinstance(run("account", "--village", "20").exception, UsageError)
    assert isinstance(run("account", "--json", "--format", "csv").exception, UsageError)


def test_the_command_gives_tables_to_other_programs(run, tmp_path):
    told = json.loads(run("account", "--json", "--list").stdout)
    assert told["lines"][0] == {
        "form": "pendataan", "village": "2005", "name": "Halong", "issued": 10, "complete": 2, "waiting": 1,
        "spoilt": 1, "missing": 6, "foreign": 3,
    }  # fmt: skip
    assert told["serials"][0]["serials"] == serial(3)
    assert told["serials"][0]["lacks"] == [1]
    table = list(csv.DictReader(StringIO(run("account", "--format", "csv").stdout)))
    assert [(row["village"], row["missing"]) for row in table] == [("2005", "6"), ("2008", "2")]
    out = tmp_path / "lembar.xlsx"
    run("account", "--list", "--out", str(out))
    assert out.stat().st_size > 0


def test_spoil_says_how_many(run):
    assert run("spoil", f"{serial(7)}-00008", "--why", "robek").exit_code == 0
    assert spoilt_now()[serial(8)] == "robek"
    again = run("spoil", f"{serial(7).lower()}-00009")
    assert again.stderr == "1 lembar dicatat rusak.\n2 lembar sudah dicatat rusak sebelumnya.\n"
    assert spoilt_now()[serial(8)] == "robek", "who says it again without a reason takes none away"
    run("spoil", serial(8).lower(), "--undo")
    assert serial(8) not in spoilt_now()
    assert run("spoil", serial(8), "--undo").stderr == "1 lembar memang tidak dicatat rusak.\n"


def test_who_takes_a_list_back_is_told_of_people_who_are_no_longer_there(run, village):
    listed = serial_of("BAP-01", "2005", 2026, 1)
    record_issued(form("penyaluran"), [listed], "2005", {listed: {"penerima": [{"row": 1, "person": 4_000}]}})
    assert "tidak ada" not in run("spoil", listed).stderr
    assert "1 orang yang tercetak di situ tidak ada lagi" in run("spoil", listed, "--undo").stderr


def test_the_printed_separator_goes_where_asked(home, tmp_path):
    def printed(*words):
        return CliRunner().invoke(app, ["print", "pemisah", *words])

    out = tmp_path / "pemisah.pdf"
    assert printed("--village", "2005", "--date", "2026-11-24", "--out", str(out)).exit_code == 0
    assert out.read_bytes().startswith(b"%PDF")
    for words in (("--team", "Tim A"), ("--team", "Tim B")):
        assert printed(*words).exit_code == 0
    assert {path.name for path in (home / "print").iterdir()} == {"pemisah-tim-a.pdf", "pemisah-tim-b.pdf"}
    for words in ((), ("--date", "24-11-2026"), ("--village", "9999")):
        assert isinstance(printed(*words).exception, UsageError)
    wrong = CliRunner().invoke(app, ["print", "pendataan", "--team", "Tim A"])
    assert isinstance(wrong.exception, UsageError)
