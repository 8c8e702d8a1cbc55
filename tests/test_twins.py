"""Who may be in the register twice is a question: a second NIK, nearly the old family card, the same without a NIK."""

import pytest
from builders import ALONE, FAMILY, correct, imported, sheet
from hypothesis import given
from hypothesis import strategies as st

NUMBERLESS = {key: value for key, value in ALONE.items() if key not in ("nik", "kk")}
NUMBERS = st.text("0123456789", min_size=16, max_size=16)

stored = pytest.mark.usefixtures("store")


@stored
def test_people_without_a_nik_who_look_alike_are_a_question():
    sheet(NUMBERLESS)
    sheet(NUMBERLESS)
    report = imported()
    assert [q.kind for q in report.questions] == ["alike"]
    assert report.counts["person"]["new"] == 2


@stored
def test_somebody_known_without_a_nik_is_asked_about_when_one_comes():
    first, _ = sheet(NUMBERLESS), imported()
    second = sheet(FAMILY)
    (question,) = imported().questions
    assert (question.kind, question.serial, question.other) == ("alike", second.serial, first.serial)


@stored
@pytest.mark.parametrize(
    ("second", "asked"),
    [
        ({"nik": "6311021610969575"}, True),
        ({"nik": "6311021610969475"}, True),
        ({"nik": "6311021610969574", "nama": "SARKAWI"}, False),
        ({"nik": "6311021610969575", "nama": "SARKAWI"}, False),
        ({"nik": "6311021610979574", "tanggal_lahir": "1997-10-16"}, False),
        ({"nik": "6311021610969575", "desa": "2006"}, True),
        ({"nik": "6311021610969745", "desa": "2006"}, False),
    ],
    ids=["slip", "other digits", "one NIK", "two names", "two dates", "moved, a slip", "moved, another NIK"],
)
def test_one_person_under_two_niks_is_a_question(second, asked):
    first, _ = sheet(ALONE), imported()
    made = sheet(ALONE | {"kk": "6311022308239999"} | second)
    questions = [one for one in imported().questions if one.kind == "two_niks"]
    told = [(q.name, q.serial, q.known, q.told, q.other) for q in questions]
    assert told == [("SARKANI", made.serial, FAMILY["nik"], second["nik"], first.serial)] * asked


@stored
def test_a_recipient_on_a_roster_whose_nik_has_a_slip_is_a_question():
    sheet(FAMILY)
    imported()
    roster = {
        "desa": "2005",
        "tanggal_penyaluran": "2026-11-20",
        "program": "PKH",
        ("tambahan.status", 1): "hadir",
    }
    sheet(roster | {("tambahan.nama", 1): "SARKANI", ("tambahan.nik", 1): "6311021610965974"}, "penyaluran")
    assert [q.name for q in imported().questions if q.kind == "two_niks"] == ["SARKANI"]


@stored
@pytest.mark.parametrize(("kk", "asked"), [("6311022308239138", True), ("6311020101209183", False)])
def test_a_family_under_nearly_its_old_number_is_a_question(kk, asked):
    from pipeline.register.models import Household

    sheet(FAMILY)
    imported()
    later = FAMILY | {"kk": kk, "tanggal_pendataan": "2026-11-25"}
    made = sheet(later)
    questions = [q for q in imported().questions if q.kind == "two_kks"]
    assert [(q.serial, q.known, q.told) for q in questions] == [(made.serial, FAMILY["kk"], kk)] * 2 * asked
    assert [q for q in imported().questions if q.kind == "two_kks"] == questions
    if asked:
        correct(made, "kk", FAMILY["kk"])
        assert imported().questions == ()
        assert Household.objects.get().kk == FAMILY["kk"]


@given(NUMBERS, st.data())
def test_a_slip_makes_a_near_number_and_two_slips_do_not(number, data):
    from pipeline.register.twins import near

    at = data.draw(st.integers(0, 15))
    digit = data.draw(st.sampled_from("0123456789").filter(lambda digit: digit != number[at]))
    changed = number[:at] + digit + number[at + 1 :]
    swapped = number[: at % 15] + number[at % 15 + 1] + number[at % 15] + number[at % 15 + 2 :]
    assert near(number, changed)
    assert near(changed, number)
    assert near(number, swapped) is (swapped != number)
    assert not near(number, number)
    far = data.draw(NUMBERS)
    if sum(one != other for one, other in zip(number, far, strict=True)) > 2:
        assert not near(number, far)
