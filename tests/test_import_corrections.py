"""What an import makes of corrected sheets, of aid that was given and of printed lists, and what undo may take back."""

import pytest
from builders import ALONE, FAMILY, ROSTER, correct, everything, imported, people, sheet
from forms_under_test import catalogue

from pipeline.errors import UsageError

pytestmark = pytest.mark.usefixtures("store")


def run(month="2026-11"):
    return imported(month)


NIKS = [FAMILY["nik"], "6311021610969999"]


def test_a_row_that_proves_empty_takes_its_person_away():
    made = sheet(FAMILY)
    run()
    for name, row in [key for key in FAMILY if isinstance(key, tuple)]:
        correct(made, name, None, row=row)
    report = run()
    assert people() == [("SARKANI", FAMILY["nik"], FAMILY["kk"])]
    assert report.counts["person"] == {"new": 0, "updated": 0, "unchanged": 1, "removed": 1}


@pytest.mark.parametrize("other_day", ["2026-11-01", "2026-11-25"])
def test_a_corrected_nik_takes_all_that_its_sheet_had_said_of_another_along(other_day):
    siti = ALONE | {"nama": "SITI", "kk": "6311022308239184", "nomor_hp": "081111111111"}
    wrong = sheet(ALONE | {"nama": "BUDI", "nomor_hp": "082222222222"})
    right = sheet(siti | {"tanggal_pendataan": other_day})
    assert {question.kind for question in run().questions} == {"identity", "two_kks"}
    correct(wrong, "nik", NIKS[1])
    assert run().questions == ()
    assert people() == [("SITI", NIKS[0], "6311022308239184"), ("BUDI", NIKS[1], FAMILY["kk"])]
    from pipeline.register.models import Person, Proposal

    head = Person.objects.get(nik=NIKS[0])
    assert (head.phone, head.voices) == ("081111111111", [right.pk])
    asked = Proposal.objects.values_list("sheet", "person__name", "household__kk").distinct()
    assert sorted(asked) == [(wrong.pk, "BUDI", FAMILY["kk"]), (right.pk, "SITI", "6311022308239184")]
    assert run().changed == 0


def test_a_form_of_another_month_is_heard_again_when_one_takes_its_word_back():
    sheet(ALONE | {"nama": "SITI", "kk": "6311022308239184", "tanggal_pendataan": "2026-10-02"})
    run("2026-10")
    wrong = sheet(ALONE | {"nama": "BUDI"})
    run()
    correct(wrong, "nik", NIKS[1])
    run()
    assert people() == [("SITI", NIKS[0], "6311022308239184"), ("BUDI", NIKS[1], FAMILY["kk"])]


def test_a_number_that_its_sheet_has_given_up_is_free_for_another():
    wrong = sheet(ALONE | {"nama": "BUDI"})
    run()
    correct(wrong, "nik", NIKS[1])
    sheet(ALONE | {"nama": "SITI", "kk": "6311022308239184", "tanggal_pendataan": "2026-11-25"})
    assert run().questions == ()
    assert people() == [("SITI", NIKS[0], "6311022308239184"), ("BUDI", NIKS[1], FAMILY["kk"])]


def test_two_numbers_that_changed_places_change_back():
    made = sheet(FAMILY)
    run()
    correct(made, "nik", FAMILY["anggota.nik", 1])
    correct(made, "anggota.nik", FAMILY["nik"], row=1)
    run()
    assert {(name, nik) for name, nik, _ in people()} == {
        ("SARKANI", FAMILY["anggota.nik", 1]),
        ("WULANDARI", FAMILY["nik"]),
    }
    assert run().changed == 0


def test_a_nik_corrected_to_one_that_is_known_leaves_no_ghost():
    first = sheet(ALONE | {"nik": NIKS[1], "tanggal_pendataan": "2026-11-01"})
    second = sheet(ALONE)
    run()
    correct(second, "nik", NIKS[1])
    run()
    assert people() == [("SARKANI", NIKS[1], FAMILY["kk"])]
    from pipeline.register.models import Person

    assert Person.objects.get().voices == [first.pk, second.pk]


def test_what_an_earlier_form_said_counts_again_when_the_later_one_falls_silent():
    from pipeline.register.exports import people as exported

    sheet(
        ALONE | {"tanggal_pendataan": "2026-10-01", "nomor_hp": "081111111111", "persetujuan": "tidak_setuju"}
    )
    later = sheet(ALONE | {"nomor_hp": "082222222222"})
    run(None)
    correct(later, "nomor_hp", None)
    correct(later, "persetujuan", None, kind="empty")
    run()
    from pipeline.register.models import Person

    assert Person.objects.get().phone == "081111111111"
    assert list(exported(catalogue())) == []
    assert run(None).changed == 0


def test_a_name_that_two_forms_agree_on_is_not_overwritten_by_one_of_them():
    sheet(ALONE)
    later = sheet(ALONE | {"tanggal_pendataan": "2026-11-25"})
    run()
    correct(later, "nama", "SITI")
    (question,) = run().questions
    assert (question.kind, question.known, question.told) == ("identity", "SARKANI", "SITI")
    assert [name for name, _, _ in people()] == ["SARKANI"]


def test_a_form_whose_date_was_too_late_can_still_be_corrected():
    from pipeline.register.models import Household

    made = sheet(ALONE | {"tanggal_pendataan": "2026-11-25"})
    run()
    for name, value in (("tanggal_pendataan", "2026-11-05"), ("alamat", "JL. MAWAR"), ("nama", "SARKAWI")):
        correct(made, name, value)
    run()
    household = Household.objects.get()
    assert (household.address, household.surveyed_on.day) == ("JL. MAWAR", 5)
    assert [name for name, _, _ in people()] == ["SARKAWI"]


def test_all_who_live_in_a_household_move_with_it():
    from pipeline.register.models import Person

    sheet(FAMILY)
    sheet({name: FAMILY[name] for name in ("kk", "tanggal_pendataan")} | {"desa": "2006", "nama": "JUMRI"})
    run()
    assert set(Person.objects.values_list("village", flat=True)) == {"2006"}


def test_a_household_moves_with_those_whose_own_form_waits():
    from pipeline.register.models import Person
    from pipeline.store.models import FieldReading

    made = sheet(FAMILY)
    run()
    FieldReading.objects.filter(page__sheet=made, field="rt").update(status="review")
    moved = {name: FAMILY[name] for name in ("kk", "nik", "nama", "jenis_kelamin")}
    sheet(moved | {"desa": "2006", "tanggal_pendataan": "2026-11-25"})
    run()
    assert dict(Person.objects.values_list("name", "village")) == {"SARKANI": "2006", "WULANDARI": "2006"}
    sheet(
        ROSTER | {("tambahan.nama", 1): "WULANDARI", ("tambahan.nik", 1): FAMILY["anggota.nik", 1]},
        "penyaluran",
    )
    run()
    assert set(Person.objects.values_list("village", flat=True)) == {"2006"}


def test_a_roster_moves_nobody_out_of_a_household():
    from pipeline.register.models import Person

    made = sheet(ALONE | {"desa": "2006"})
    listed = sheet(ROSTER, "penyaluran")
    run()
    # The number was not the head's but his wife's, who was given aid in another village.
    correct(made, "nik", None)
    for name, value in (("nama", "SITI"), ("nik", NIKS[0])):
        correct(made, f"anggota.{name}", value, row=1)
        correct(listed, f"tambahan.{name}", value, row=1)
    run()
    assert Person.objects.get(nik=NIKS[0]).village == "2006"
    assert run().changed == 0


def test_who_is_named_by_a_correction_gets_the_aid_in_the_same_import():
    from pipeline.register.models import Distribution

    nameless = {
        key: value for key, value in ROSTER.items() if key[0] not in ("tambahan.nama", "tambahan.nik")
    }
    made = sheet(nameless, "penyaluran")
    run()
    correct(made, "tambahan.nama", "JUMRI", row=1)
    run()
    assert Distribution.objects.get(status="wakil").person.name == "JUMRI"
    assert run().changed == 0


def test_a_roster_row_that_proves_empty_gives_nothing_to_nobody():
    from pipeline.register.models import Distribution

    made = sheet(ROSTER, "penyaluran")
    run()
    for name, row in [key for key in ROSTER if key[0].startswith("tambahan")]:
        correct(made, name, None, row=row)
    assert [one.kind for one in run().questions] == ["nobody", "nobody"]
    assert not Distribution.objects.filter(status="wakil").exists()
    assert not people()


def test_undo_refuses_where_a_number_was_given_away_since():
    from pipeline.register.changes import undo

    made = sheet(ALONE)
    run()
    correct(made, "nik", NIKS[1])
    correct(made, "kk", None)
    second = run()
    sheet(ALONE | {"nama": "SITI", "kk": None})
    third = run()
    before = everything()
    with pytest.raises(UsageError, match=rf"impor {third.run} "):
        undo(second.run)
    assert everything() == before


def test_one_nik_twice_on_a_sheet_is_a_question_and_overwrites_nobody():
    again = {("tambahan.nama", 2): "SITI", ("tambahan.nik", 2): ROSTER["tambahan.nik", 1]}
    sheet(ROSTER | again | {("tambahan.status", 2): "hadir", ("tambahan.jumlah", 2): "300000"}, "penyaluran")
    for _ in range(2):
        (question,) = (one for one in run().questions if one.kind == "identity")
        assert (question.known, question.told) == ("JUMRI", "SITI")
        assert people() == [("JUMRI", ROSTER["tambahan.nik", 1], None)]
    assert run().changed == 0


def printed_for(*people):
    from pipeline.store.models import IssuedSheet

    IssuedSheet.objects.create(
        serial="BAP-2005-26-00001", form="penyaluran", version=1, village="2005", fingerprint="x",
        rows={"penerima": [{"row": row, "person": one.pk} for row, one in enumerate(people, 1)]},
    )  # fmt: skip


def test_whom_aid_was_given_stays_and_is_a_question_when_no_form_names_them_any_more():
    from pipeline.register.models import Distribution, Person

    made = sheet(FAMILY)
    run()
    head, wife = Person.objects.order_by("slot")
    printed_for(head, wife)
    sheet(ROSTER, "penyaluran", "BAP-2005-26-00001")
    run()
    correct(made, "anggota.nik", NIKS[1], row=1)
    assert run().questions == ()
    assert Person.objects.get(nik=NIKS[1]).pk == wife.pk, "alone in speaking of her, the form renames her"
    for name, row in [key for key in FAMILY if isinstance(key, tuple)]:
        correct(made, name, None, row=row)
    for _ in range(2):
        assert [(one.kind, one.name) for one in run().questions] == [("left", "WULANDARI")]
        wife.refresh_from_db()
        assert (wife.nik, Distribution.objects.get(status="tidak").person_id) == (None, wife.pk)


@pytest.mark.parametrize("by_another", [False, True])
def test_who_was_taken_for_another_by_mistake_finds_the_aid_again(by_another):
    from pipeline.register.models import Distribution, Person

    made = sheet(FAMILY)
    sheet(ALONE | {"nik": NIKS[1], "nama": "BUDI", "kk": None})
    run()
    head = Person.objects.get(nik=NIKS[0])
    printed_for(head)
    sheet({key: value for key, value in ROSTER.items() if key[-1] != 2 and key[0] != "t"}, "penyaluran",
          "BAP-2005-26-00001")  # fmt: skip
    run()
    correct(made, "nik", NIKS[1])
    assert "left" in {one.kind for one in run().questions}
    if by_another:
        sheet(ALONE | {"kk": None, "tanggal_pendataan": "2026-12-01"})
    else:
        correct(made, "nik", NIKS[0])
    assert "left" not in {one.kind for one in run(None).questions}
    assert Distribution.objects.get(status="hadir").person == Person.objects.get(nik=NIKS[0]) == head
    assert run(None).changed == 0


def test_undo_refuses_while_a_printed_list_names_its_people():
    from pipeline.register.changes import undo
    from pipeline.register.models import Person
    from pipeline.store.spoiling import say_spoilt

    sheet(FAMILY)
    report = run()
    printed_for(*Person.objects.order_by("slot"))
    with pytest.raises(UsageError, match="BAP-2005-26-00001"):
        undo(report.run)
    say_spoilt(["BAP-2005-26-00001"], "not used", "ani")
    undo(report.run)
    assert not people()


CORRECTIONS = [
    {},
    {"nik": NIKS[1]},
    {"nik": None},
    {"nama": "SARKAWI"},
    {"tanggal_pendataan": "2026-11-02", "kk": None},
]


@pytest.mark.parametrize("changed", CORRECTIONS)
@pytest.mark.parametrize("together", [False, True])
def test_a_printed_list_finds_its_people_again_when_their_import_is_undone_and_repeated(changed, together):
    """What they are known by may have been corrected between: that is what imports are undone for."""
    from pipeline.register.changes import undo
    from pipeline.register.lists import lost
    from pipeline.register.models import Distribution, Person
    from pipeline.store.spoiling import say_spoilt

    made, listed = sheet(FAMILY), "BAP-2005-26-00001"
    report = run()
    head, wife = Person.objects.order_by("slot")
    printed_for(head, wife)
    say_spoilt([listed], "not used", "ani")
    undo(report.run)
    assert lost([listed]) == 2
    for name, value in changed.items():
        correct(made, name, value)
    say_spoilt([listed], "", "ani", spoilt=False)
    if not together:
        again = run()
        assert lost([listed]) == 0
        with pytest.raises(UsageError, match=listed):
            undo(again.run)
    sheet({key: value for key, value in ROSTER.items() if key[0] != "tambahan.nama"}, "penyaluran", listed)
    assert {one.kind for one in run().questions} <= {"nobody"}
    aid = {one.status: one.person_id for one in Distribution.objects.filter(slot__startswith="0.")}
    assert aid == {"hadir": head.pk, "tidak": wife.pk}
    assert run().changed == 0


def test_nobody_else_takes_the_place_of_one_whom_a_list_names():
    from pipeline.register.changes import undo
    from pipeline.register.lists import lost
    from pipeline.register.models import Person
    from pipeline.store.spoiling import say_spoilt

    made = sheet(ALONE)
    report = run()
    head = Person.objects.get()
    printed_for(head)
    say_spoilt(["BAP-2005-26-00001"], "not used", "ani")
    undo(report.run)
    correct(made, "nik", NIKS[1])
    correct(made, "nama", "JUMRI")
    run()
    assert Person.objects.get().pk != head.pk
    assert lost(["BAP-2005-26-00001"]) == 1


@pytest.mark.parametrize("imported", [False, True])
def test_a_consent_that_nobody_can_read_is_none(imported):
    from pipeline.register.exports import people as exported
    from pipeline.register.roster import roster_rows

    made = sheet(FAMILY)
    if imported:
        run()
    correct(made, "persetujuan", None, kind="unreadable")
    assert run().waiting == ()
    assert (list(exported(catalogue())), len(people())) == ([], 2)
    with pytest.raises(UsageError):
        roster_rows(catalogue(), "2005", "PKH", 12)
    correct(made, "persetujuan", "setuju")
    run()
    assert len(list(exported(catalogue()))) == 2
