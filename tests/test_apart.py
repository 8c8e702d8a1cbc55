"""Two who look like one and are said to be two: asked about no more, until one of them changes or they become one."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from builders import ALONE, FAMILY, correct, imported, sheet
from forms_under_test import catalogue

from pipeline.errors import UsageError

PROGRAM = Path(sys.executable).with_name("sotarsa")
SLIP = "6311021610969575"
NEAR_KK = "6311022308239138"
NUMBERLESS = {key: value for key, value in ALONE.items() if key not in ("nik", "kk")}
TWIN = ALONE | {"kk": "6311022308239999", "nik": SLIP}

pytestmark = pytest.mark.usefixtures("store")


def say(one, other, name="", *, undo=False, why="", by="siti"):
    from pipeline.register.answers import say_apart, take_back

    return (take_back if undo else say_apart)(one, other, name, why=why, by=by)


def asked(report):
    return [one for one in report.questions if one.kind in ("two_niks", "alike", "two_kks")]


def two_niks():
    """A person, and one more under nearly the same NIK: their sheets, imported."""
    made = sheet(ALONE), sheet(TWIN)
    imported()
    return made


@pytest.mark.parametrize(
    "words", ["nik nik", "nik nik reversed", "serial serial", "nik serial", "small serial"]
)
def test_two_people_are_asked_about_no_more_once_they_are_said_to_be_two(words):
    first, second = two_niks()
    one, other = {
        "nik nik": (ALONE["nik"], SLIP),
        "nik nik reversed": (SLIP, ALONE["nik"]),
        "serial serial": (first.serial, second.serial),
        "nik serial": (f" {ALONE['nik']} ", second.serial),
        "small serial": (first.serial.lower(), second.serial.lower()),
    }[words]
    say(one, other)
    report = imported()
    assert (report.questions, report.answered) == ((), 1)
    say(one, other, undo=True)
    (question,) = imported().questions
    assert question.kind == "two_niks"


def test_a_question_names_the_command_that_answers_it():
    two_niks()
    (question,) = imported().questions
    assert question.answer == f"sotarsa register apart {ALONE['nik']} {SLIP}"


def test_people_without_a_nik_are_told_by_their_sheets():
    first, second = sheet(NUMBERLESS), sheet(NUMBERLESS)
    (question,) = imported().questions
    assert question.answer == f"sotarsa register apart {first.serial} {second.serial} --name SARKANI"
    say(first.serial, second.serial)
    assert imported().questions == ()
    correct(second, "nama", "SARKAWI")
    assert imported().questions == ()
    correct(first, "nama", "SARKAWI")
    assert [(q.kind, q.name) for q in imported().questions] == [("alike", "SARKAWI")]


def test_somebody_with_a_nik_and_one_without_may_be_two():
    first, second = sheet(NUMBERLESS), sheet(ALONE)
    (question,) = imported().questions
    assert shlex.split(question.answer)[3:] == [*sorted([ALONE["nik"], first.serial]), "--name", "SARKANI"]
    say(second.serial, first.serial)
    assert imported().questions == ()
    # With a number of its own it is another question.
    correct(first, "nik", SLIP)
    assert [q.kind for q in imported().questions] == ["two_niks"]


def test_one_answer_holds_for_all_whom_two_families_share():
    sheet(FAMILY)
    sheet(FAMILY | {"kk": NEAR_KK, "tanggal_pendataan": "2026-11-25"})
    report = imported()
    assert [q.kind for q in report.questions] == ["two_kks"] * 2
    say(FAMILY["kk"], NEAR_KK)
    assert imported().questions == ()
    assert imported().answered == 2
    from pipeline.register.models import Apart

    assert Apart.objects.count() == 1


def test_an_answer_outlives_an_import_that_is_undone():
    from pipeline.register.changes import undo

    sheet(ALONE), sheet(TWIN)
    number = imported().run
    say(ALONE["nik"], SLIP)
    undo(number)
    with pytest.raises(UsageError, match="impor dulu"):
        say(ALONE["nik"], SLIP)
    report = imported()
    assert (report.counts["person"]["new"], report.questions) == (2, ())


def test_a_word_that_was_left_empty_is_nobody():
    sheet(NUMBERLESS)
    second = sheet(NUMBERLESS)
    imported()
    with pytest.raises(UsageError):
        say("", second.serial)
    assert len(imported().questions) == 1


@pytest.mark.parametrize("name", ["nik", "tanggal_lahir"])
def test_who_was_corrected_since_is_asked_about_anew(name):
    both = two_niks()
    say(ALONE["nik"], SLIP)
    changed = {"nik": "6311021610969576", "tanggal_lahir": "1996-10-17"}[name]
    for made in both[1:] if name == "nik" else both:
        correct(made, name, changed)
    (question,) = imported().questions
    assert question.kind == "two_niks"


def test_a_change_of_what_does_not_tell_people_apart_asks_nothing_anew():
    _, second = two_niks()
    say(ALONE["nik"], SLIP)
    correct(second, "nomor_hp", "081129458525")
    correct(second, "rt", "003")
    assert imported().questions == ()


@pytest.mark.parametrize("key", ["nik", "kk", "none"])
def test_when_corrections_make_the_two_one_the_answer_is_taken_back(key):
    from pipeline.register.answers import standing
    from pipeline.register.changes import undo

    first = sheet(NUMBERLESS if key == "none" else FAMILY)
    second = sheet(
        {"nik": TWIN, "none": TWIN, "kk": FAMILY | {"kk": NEAR_KK, "tanggal_pendataan": "2026-11-25"}}[key]
    )
    imported()
    say(first.serial, second.serial)
    if key == "none":
        correct(first, "nik", SLIP)
    else:
        correct(second, key, FAMILY[key])
    report = imported()
    (joined,) = report.joined
    assert ({joined.serial, joined.other}, report.questions) == ({first.serial, second.serial}, ())
    assert standing() == {}
    assert imported().joined == ()
    undo(report.run)
    assert len(standing()) == 1


def test_where_one_of_two_only_leaves_the_answer_stays():
    from pipeline.register.answers import standing

    _, second = two_niks()
    say(ALONE["nik"], SLIP)
    correct(second, "nik", "6311020101809001")
    assert imported().joined == ()
    assert len(standing()) == 1


def test_words_that_fit_several_questions_are_refused_with_the_commands_that_do_not():
    member = {key: value for key, value in FAMILY.items() if key != ("anggota.nik", 1)}
    first = sheet(member)
    second = sheet(member | {"kk": NEAR_KK, "nik": SLIP, "tanggal_pendataan": "2026-11-25"})
    third = sheet(ALONE | {"kk": NEAR_KK, "tanggal_pendataan": "2026-11-26"})
    found = {one.kind: one for one in asked(imported())}
    assert found.keys() == {"two_niks", "alike", "two_kks"}
    with pytest.raises(UsageError) as told:
        say(first.serial, second.serial)
    assert third.serial not in str(told.value)
    for kind, question in found.items():
        assert question.answer in str(told.value)
        say(*shlex.split(question.answer)[3:5], *shlex.split(question.answer)[6:])
        assert kind not in {one.kind for one in asked(imported())}
    with pytest.raises(UsageError) as told:
        say(first.serial, second.serial, undo=True)
    assert all(f"{question.answer} --undo" in str(told.value) for question in found.values())


@pytest.mark.parametrize(
    "words",
    [
        (ALONE["nik"], "6311021610969579"),
        (ALONE["nik"], ALONE["nik"]),
        (ALONE["nik"], SLIP, "SARKAWI"),
        ("", ""),
    ],
    ids=["slip", "one", "another name", "nothing"],
)
@pytest.mark.parametrize("undo", [False, True])
def test_nothing_is_said_of_whom_nothing_is_asked(words, undo):
    from pipeline.register.models import Apart

    two_niks()
    with pytest.raises(UsageError):
        say(*words, undo=undo)
    assert not Apart.objects.exists()


def test_to_say_it_again_changes_nothing():
    from pipeline.register.models import Apart

    two_niks()
    assert say(ALONE["nik"], SLIP, why="both cards seen")[1] is None
    before = say(SLIP, ALONE["nik"], by="rahmat")[1]
    assert (before.by, before.why) == ("siti", "both cards seen")
    assert Apart.objects.count() == 1
    assert say(ALONE["nik"], SLIP, undo=True, by="rahmat")[1] is None
    assert say(ALONE["nik"], SLIP, undo=True)[1] is not None
    words = [(one.apart, one.by, one.why) for one in Apart.objects.order_by("pk")]
    assert words == [(True, "siti", "both cards seen"), (False, "rahmat", "")]


def test_a_dry_run_takes_no_answer_back():
    from pipeline.register.answers import standing
    from pipeline.register.importing import import_month

    _, second = two_niks()
    say(ALONE["nik"], SLIP)
    correct(second, "nik", ALONE["nik"])
    assert len(import_month(catalogue(), None, dry_run=True).joined) == 1
    assert len(standing()) == 1


def sotarsa(home, *words):
    return subprocess.run(
        [PROGRAM, "--home", home, *words], check=False, capture_output=True, text=True, timeout=120
    )


def test_the_way_of_an_answer_at_the_command_line(store, tmp_path, monkeypatch):
    from django.db import connection

    monkeypatch.setenv("COLUMNS", "80")
    first, second = two_niks()
    connection.close()
    report = sotarsa(store, "import")
    assert (report.returncode, f"sotarsa register apart {ALONE['nik']} {SLIP}" in report.stderr) == (1, True)
    done = sotarsa(
        store, "register", "apart", first.serial, second.serial, "--why", "KTP", "--reviewer", "siti"
    )
    assert (done.returncode, done.stdout) == (0, "")
    assert (
        f"{ALONE['nik']} ({first.serial}) dan {SLIP} ({second.serial}) dicatat sebagai dua orang"
        in done.stderr
    )
    report = sotarsa(store, "import", "--json")
    assert report.returncode == 0
    told = json.loads(report.stdout)
    assert (told["questions"], told["answered"], told["joined"]) == ([], 1, [])
    assert "1 pertanyaan sudah dijawab" in sotarsa(store, "import").stderr
    again = sotarsa(store, "register", "apart", ALONE["nik"], SLIP)
    assert (again.returncode, "Tidak ada yang berubah" in again.stderr) == (0, True)
    # What was said goes with the data (whose pictures these sheets do not have).
    assert sotarsa(store, "backup", tmp_path / "a.tar").returncode == 0
    assert "4 kesalahan" in sotarsa(tmp_path / "new", "restore", tmp_path / "a.tar").stderr
    shown = sotarsa(tmp_path / "new", "register", "answers")
    for whole in (first.serial, second.serial, ALONE["nik"], SLIP, "siti", "dua orang", "KTP"):
        assert whole in shown.stdout
    assert [line for line in shown.stdout.splitlines() if len(line) > 80 or line[-1] not in "┓┩┃│┘"] == []
    (answer,) = json.loads(sotarsa(store, "register", "answers", "--json").stdout)["answers"]
    assert (answer["kind"], answer["by"], answer["why"]) == ("two_niks", "siti", "KTP")
    assert {answer["known"], answer["told"]} == {ALONE["nik"], SLIP}
    assert sotarsa(store, *shlex.split(answer["answer"])[1:], "--undo").returncode == 0
    assert sotarsa(store, "import").returncode == 1
    refused = sotarsa(store, "register", "apart", ALONE["nik"], "6311021610969579")
    assert (refused.returncode, refused.stdout, len(refused.stderr.splitlines())) == (2, "", 1)


@pytest.mark.parametrize(
    ("language", "word"), [("id", "Catatan itu dicabut"), ("en", "That word is taken back")]
)
def test_an_import_says_that_two_became_one(store, monkeypatch, language, word):
    from django.db import connection

    monkeypatch.setenv("SOTARSA_LANG", language)
    _, second = two_niks()
    say(ALONE["nik"], SLIP)
    correct(second, "nik", ALONE["nik"])
    connection.close()
    done = sotarsa(store, "import")
    assert (done.returncode, word in done.stderr, second.serial in done.stderr) == (1, True, True)
    assert sotarsa(store, "import").returncode == 0
