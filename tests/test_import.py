"""The month's import: exact keys, the latest form's word, questions for people, twice is once, undo."""

from contextlib import contextmanager

import pytest
from builders import FAMILY, correct, sheet
from forms_under_test import catalogue
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import UsageError
from pipeline.forms.attributes import ENTITIES as KEPT
from pipeline.forms.catalogue import Catalogue, default_directories

pytestmark = pytest.mark.usefixtures("store")

ROSTER = {
    "desa": "2005",
    "tanggal_penyaluran": "2026-11-20",
    "program": "PKH",
    "satuan": "rupiah",
    ("penerima.status", 1): "hadir",
    ("penerima.jumlah", 1): "300000",
    ("penerima.tanda_tangan", 1): "present",
    ("penerima.status", 2): "tidak",
    ("tambahan.nama", 1): "JUMRI",
    ("tambahan.nik", 1): "6311020101809001",
    ("tambahan.status", 1): "wakil",
    ("tambahan.jumlah", 1): "300000",
    ("tambahan.tanda_tangan", 1): "present",
}


def run(month="2026-11", forms=None, **how):
    from pipeline.register.importing import import_month

    return import_month(forms or catalogue(), month, **how)


def everything():
    """The whole register, comparable."""
    from pipeline.register.changes import ENTITIES, state

    return {
        name: sorted((state(row) for row in model.objects.all()), key=lambda one: one["id"])
        for name, model in ENTITIES.items()
    }


def test_the_language_of_definitions_knows_what_the_register_keeps():
    from pipeline.register.changes import ENTITIES

    for entity, rules in KEPT.items():
        columns = {column.name: column for column in ENTITIES[entity]._meta.fields}
        # Who a line of a roster is about is kept as the person.
        without = rules.attributes.keys() - columns.keys()
        assert without == ({"nik", "name"} if entity == "distribution" else set())
        for name, kept in rules.attributes.items():
            assert kept.longest in (None, getattr(columns.get(name), "max_length", None))


@pytest.mark.parametrize(("written", "known"), [("PKH", "PKH"), ("pkh", "PKH"), ("sembako", "LNY")])
def test_a_programme_is_known_by_its_code_in_letters_of_any_case(written, known):
    """A draft of a given blank makes its values of the labels, in small letters."""
    from pipeline.register.book import Book
    from pipeline.register.drafts import Draft
    from pipeline.register.lists import Lost
    from pipeline.register.merge import _programme

    asked = Draft("proposal", f"0.{written}", {"programme": written})
    assert _programme(asked, Book.of([], {}, {}, Lost())) == known


OTHERS = {
    **FAMILY,
    "tanggal_pendataan": "2026-12-08",
    "nama": "HASAN",
    "nik": "6311020505809001",
    "kk": "6311022308239999",
    "tanggal_lahir": "1980-05-05",
    ("anggota.nama", 1): None,
    ("anggota.nik", 1): None,
}


def test_what_was_corrected_since_comes_along_whatever_its_month():
    from pipeline.register.importing import corrected
    from pipeline.register.models import Person

    november, _ = sheet(FAMILY), run("2026-11")
    assert corrected() == 0
    correct(november, "nama", "SARKAWI")
    assert corrected() == 1
    sheet(OTHERS)
    report = run("2026-12")
    assert report.sheets == 2
    names = set(Person.objects.values_list("name", flat=True))
    assert {"SARKAWI", "HASAN"} <= names
    assert "SARKANI" not in names
    assert corrected() == 0
    assert run("2026-12").changed == 0
    correct(november, "alamat", FAMILY["alamat"], kind="confirmed")
    assert corrected() == 1
    assert run("2026-12").changed == 0
    assert corrected() == 0, "an import that changes nothing has heard it too"


def test_what_an_undone_import_brought_is_to_be_brought_again():
    from pipeline.register.changes import undo
    from pipeline.register.importing import corrected

    november, _ = sheet(FAMILY), run("2026-11")
    correct(november, "nama", "SARKAWI")
    undo(run("2026-12").run)
    assert corrected() == 1


def test_what_an_undone_import_heard_is_to_be_heard_again_whatever_came_after_it():
    from pipeline.register.changes import undo
    from pipeline.register.importing import corrected
    from pipeline.register.models import Person

    november, _ = sheet(FAMILY), run("2026-11")
    correct(november, "nama", "SARKAWI")
    second = run("2026-11").run
    sheet(OTHERS)
    run("2026-12")
    undo(second)
    assert (Person.objects.get(nik=FAMILY["nik"]).name, corrected()) == ("SARKANI", 1)
    run("2026-12")
    assert (Person.objects.get(nik=FAMILY["nik"]).name, corrected()) == ("SARKAWI", 0)


def test_a_session_that_was_corrected_comes_along_too():
    from pipeline.register.importing import corrected

    made = sheet({"desa": "2005", "tanggal_kegiatan": "2026-11-02", "narasumber": "IBU A"}, "sosialisasi")
    run("2026-11")
    correct(made, "narasumber", "IBU B")
    assert corrected() == 1


def test_a_family_becomes_household_people_and_proposals():
    from pipeline.register.models import Household, Person, Proposal

    made = sheet(FAMILY)
    report = run()
    assert (report.sheets, report.waiting, report.questions) == (1, (), ())
    assert report.counts["person"]["new"] == 2
    household = Household.objects.get(kk=FAMILY["kk"])
    head, wife = Person.objects.order_by("slot")
    assert (head.name, head.birth_date.isoformat(), head.relation) == ("SARKANI", "1996-10-16", "01")
    assert (wife.household, wife.village, wife.sheet_id) == (household, "2005", made.pk)
    assert sorted(Proposal.objects.values_list("programme", flat=True)) == ["PKH", "RTL"]
    assert {one.person_id for one in Proposal.objects.all()} == {head.pk}


def test_twice_is_once():
    sheet(FAMILY)
    run()
    before = everything()
    again = run()
    assert (again.changed, again.run) == (0, None)
    assert everything() == before


def test_a_dry_run_tells_and_changes_nothing():
    sheet(FAMILY)
    before = everything()
    told = run(dry_run=True)
    assert told.changed > 0
    assert everything() == before
    assert run().counts == told.counts


def test_a_sheet_with_open_fields_or_a_missing_side_waits():
    sheet(FAMILY, serial="FPS-2005-26-00901", open_fields=("nik",))
    sheet(FAMILY, serial="FPS-2005-26-00902", complete=False)
    report = run()
    assert [(w.serial[-3:], w.reason) for w in report.waiting] == [("901", "review"), ("902", "missing_side")]
    assert report.sheets == 0


def test_a_sheet_whose_key_nobody_can_read_waits():
    made = sheet(FAMILY)
    correct(made, "nik", None, kind="unreadable")
    assert [w.reason for w in run().waiting] == ["unreadable_key"]


def test_a_sheet_without_a_date_belongs_to_the_day_of_the_office_on_which_it_came():
    from datetime import UTC, datetime

    made = sheet({key: value for key, value in FAMILY.items() if key != "tanggal_pendataan"})
    made.created_at = datetime(2026, 10, 31, 23, 30, tzinfo=UTC)  # half past seven in the morning in Halong
    made.save()
    assert run("2026-10").sheets == 0
    assert run("2026-11").sheets == 1


def test_a_field_of_another_form_with_the_name_of_a_date_is_none(tmp_path, monkeypatch):
    definition = """{form: kunjungan, code: KJG-01, version: 1, title: Kunjungan, letterhead: [KANTOR], pages:
    [{sections: [{title: Isi, items: [{name: tanggal_pendataan, type: line, label: Kapan didata}]}]}]}"""
    (tmp_path / "forms").mkdir()
    (tmp_path / "forms" / "kunjungan.v1.yaml").write_text(definition, encoding="utf-8")
    forms = Catalogue.load(default_directories(tmp_path))
    monkeypatch.setattr("builders.catalogue", lambda: forms)
    sheet(FAMILY)
    sheet({"tanggal_pendataan": "MINGGU LALU"}, "kunjungan")
    assert run(forms=forms).sheets == 1


def test_a_key_that_proves_empty_after_all_lets_its_sheet_go():
    made = sheet(FAMILY)
    correct(made, "nik", None, kind="unreadable")
    correct(made, "nik", None, kind="empty")
    assert run().waiting == ()
    correct(made, "nik", None, kind="unreadable")
    assert [w.reason for w in run().waiting] == ["unreadable_key"]


def test_another_month_is_left_alone():
    sheet(FAMILY)
    assert run("2026-10").sheets == 0
    assert run(None).sheets == 1


def test_sheets_of_other_months_that_are_ready_are_told_until_they_are_in_the_register():
    late = sheet(OTHERS | {"tanggal_pendataan": "2026-10-08"})
    sheet(OTHERS | {"nik": "6311020505809003", "tanggal_pendataan": "2025-11-08"}, open_fields=("nama",))
    sheet(FAMILY)
    assert (run("2026-11").new, run("2026-11").elsewhere) == (1, {"2026-10": 1})
    assert run(None).elsewhere == {}
    assert run("2026-11").elsewhere == {}
    correct(late, "nama", "HASANI")
    assert run("2026-11").elsewhere == {}


def test_the_later_form_changes_address_and_phone_whatever_the_order_of_import():
    from pipeline.register.models import Household, Person

    later = FAMILY | {"tanggal_pendataan": "2026-11-25", "alamat": "JL. MAWAR", "nomor_hp": "081200000000"}
    sheet(later)
    run()
    sheet(FAMILY)
    report = run()
    assert report.changed == 2  # the proposals that the earlier form asked for
    assert Household.objects.get().address == "JL. MAWAR"
    assert Person.objects.get(nik=FAMILY["nik"]).phone == "081200000000"


def test_one_nik_with_two_names_is_a_question_and_not_overwritten():
    from pipeline.register.models import Person

    sheet(FAMILY, serial="FPS-2005-26-00911")
    sheet(FAMILY | {"nama": "SARKAWI", "tanggal_pendataan": "2026-11-25"})
    (question,) = run().questions
    assert (question.kind, question.attribute, question.known, question.told) == (
        "identity", "name", "SARKANI", "SARKAWI",
    )  # fmt: skip
    assert question.other == "FPS-2005-26-00911"
    assert Person.objects.get(nik=FAMILY["nik"]).name == "SARKANI"


def test_a_correction_of_the_same_sheet_is_taken_over_and_what_it_no_longer_says_goes():
    from pipeline.register.models import Person, Proposal

    made = sheet(FAMILY)
    run()
    correct(made, "nama", "SARKAWI")
    correct(made, "nomor_hp", None)
    correct(made, "bantuan_diusulkan", "RTL")
    report = run()
    head = Person.objects.get(nik=FAMILY["nik"])
    assert (head.name, head.phone) == ("SARKAWI", "")
    assert list(Proposal.objects.values_list("programme", flat=True)) == ["RTL"]
    assert report.counts["proposal"] == {"new": 0, "updated": 0, "unchanged": 1, "removed": 1}


def test_a_roster_gives_each_expected_person_and_those_not_on_the_list():
    from pipeline.register.models import Distribution, Person
    from pipeline.store.models import IssuedSheet

    sheet(FAMILY)
    run()
    head, wife = Person.objects.order_by("slot")
    IssuedSheet.objects.create(
        serial="BAP-2005-26-00001", form="penyaluran", version=1, village="2005", fingerprint="x",
        rows={"penerima": [{"row": 1, "person": head.pk}, {"row": 2, "person": wife.pk}]},
    )  # fmt: skip
    sheet(ROSTER, "penyaluran", "BAP-2005-26-00001")
    assert run().questions == ()
    rows = {one.person.name: one for one in Distribution.objects.select_related("person")}
    assert {name: one.status for name, one in rows.items()} == {
        "SARKANI": "hadir", "WULANDARI": "tidak", "JUMRI": "wakil",
    }  # fmt: skip
    assert (rows["SARKANI"].quantity, rows["SARKANI"].programme_id, rows["SARKANI"].signature) == (
        300000, "PKH", "present",
    )  # fmt: skip
    assert rows["JUMRI"].person.nik == "6311020101809001"


def test_aid_for_nobody_is_counted_and_each_row_of_it_is_a_question():
    """A roster that another office printed: whom its rows are about is not known here, what was handed over is."""
    from pipeline.register.figures import figures
    from pipeline.register.models import Distribution

    sheet({k: v for k, v in ROSTER.items() if not str(k[0]).startswith("tambahan")}, "penyaluran")
    questions = run().questions
    assert [(q.kind, q.name) for q in questions] == [("nobody", "penerima 1"), ("nobody", "penerima 2")]
    assert [(one.person, one.status) for one in Distribution.objects.order_by("slot")] == [
        (None, "hadir"), (None, "tidak"),
    ]  # fmt: skip
    (programme,) = figures(catalogue(), "2026-11").programmes
    assert (programme.planned, programme.delivered) == (2, 1)


def test_an_information_session_is_counted_and_names_nobody():
    from pipeline.register.models import Person, Visit

    sheet(
        {
            "desa": "2014",
            "tanggal_kegiatan": "2026-11-09",
            "materi": "hak|jkn",
            ("peserta.nama", 1): "SITI",
            ("peserta.jenis_kelamin", 1): "P",
            ("peserta.nama", 2): "BUDI",
            ("peserta.jenis_kelamin", 2): "L",
            ("peserta.kelompok", 2): "2",
        },
        "sosialisasi",
    )
    run()
    visit = Visit.objects.get()
    assert (visit.attended, visit.counts["sex"], visit.topic) == (2, {"L": 1, "P": 1}, "hak|jkn")
    assert not Person.objects.exists()


def test_a_neighbourhood_is_one_and_the_same_with_and_without_its_zeros():
    from pipeline.register.models import Household

    made = sheet(FAMILY | {"rt": "6", "rw": "006"})
    run()
    assert [(one.rt, one.rw) for one in Household.objects.all()] == [("006", "006")]
    correct(made, "rt", "006")
    assert run().changed == 0


def test_undo_restores_what_was_there():
    from pipeline.register.changes import undo

    sheet(FAMILY)
    run()
    before = everything()
    sheet(FAMILY | {"tanggal_pendataan": "2026-11-25", "alamat": "JL. MAWAR"})
    report = run()
    assert everything() != before
    undo(report.run)
    assert everything() == before


def test_undo_refuses_under_a_later_run_and_names_it():
    from pipeline.register.changes import undo

    sheet(FAMILY)
    first = run()
    sheet(FAMILY | {"tanggal_pendataan": "2026-11-25", "alamat": "JL. MAWAR"})
    second = run()
    with pytest.raises(UsageError, match=str(second.run)):
        undo(first.run)
    undo(second.run)
    undo(first.run)
    assert not any(everything().values())
    with pytest.raises(UsageError):
        undo(first.run)


HEAD = {key: value for key, value in FAMILY.items() if not isinstance(key, tuple)}
NIKS = [FAMILY["nik"], "6311021610969999"]


def people():
    """Name, NIK and family card of everybody."""
    from pipeline.register.models import Person

    rows = Person.objects.order_by("nik", "pk").select_related("household")
    return [(row.name, row.nik, row.household and row.household.kk) for row in rows]


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
    siti = HEAD | {"nama": "SITI", "kk": "6311022308239184", "nomor_hp": "081111111111"}
    wrong = sheet(HEAD | {"nama": "BUDI", "nomor_hp": "082222222222"})
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
    sheet(HEAD | {"nama": "SITI", "kk": "6311022308239184", "tanggal_pendataan": "2026-10-02"})
    run("2026-10")
    wrong = sheet(HEAD | {"nama": "BUDI"})
    run()
    correct(wrong, "nik", NIKS[1])
    run()
    assert people() == [("SITI", NIKS[0], "6311022308239184"), ("BUDI", NIKS[1], FAMILY["kk"])]


def test_a_number_that_its_sheet_has_given_up_is_free_for_another():
    wrong = sheet(HEAD | {"nama": "BUDI"})
    run()
    correct(wrong, "nik", NIKS[1])
    sheet(HEAD | {"nama": "SITI", "kk": "6311022308239184", "tanggal_pendataan": "2026-11-25"})
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
    first = sheet(HEAD | {"nik": NIKS[1], "tanggal_pendataan": "2026-11-01"})
    second = sheet(HEAD)
    run()
    correct(second, "nik", NIKS[1])
    run()
    assert people() == [("SARKANI", NIKS[1], FAMILY["kk"])]
    from pipeline.register.models import Person

    assert Person.objects.get().voices == [first.pk, second.pk]


def test_what_an_earlier_form_said_counts_again_when_the_later_one_falls_silent():
    from pipeline.register.exports import people as exported

    sheet(
        HEAD | {"tanggal_pendataan": "2026-10-01", "nomor_hp": "081111111111", "persetujuan": "tidak_setuju"}
    )
    later = sheet(HEAD | {"nomor_hp": "082222222222"})
    run(None)
    correct(later, "nomor_hp", None)
    correct(later, "persetujuan", None, kind="empty")
    run()
    from pipeline.register.models import Person

    assert Person.objects.get().phone == "081111111111"
    assert list(exported(catalogue())) == []
    assert run(None).changed == 0


def test_a_name_that_two_forms_agree_on_is_not_overwritten_by_one_of_them():
    sheet(HEAD)
    later = sheet(HEAD | {"tanggal_pendataan": "2026-11-25"})
    run()
    correct(later, "nama", "SITI")
    (question,) = run().questions
    assert (question.kind, question.known, question.told) == ("identity", "SARKANI", "SITI")
    assert [name for name, _, _ in people()] == ["SARKANI"]


def test_a_form_whose_date_was_too_late_can_still_be_corrected():
    from pipeline.register.models import Household

    made = sheet(HEAD | {"tanggal_pendataan": "2026-11-25"})
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

    made = sheet(HEAD | {"desa": "2006"})
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

    made = sheet(HEAD)
    run()
    correct(made, "nik", NIKS[1])
    correct(made, "kk", None)
    second = run()
    sheet(HEAD | {"nama": "SITI", "kk": None})
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
    sheet(HEAD | {"nik": NIKS[1], "nama": "BUDI", "kk": None})
    run()
    head = Person.objects.get(nik=NIKS[0])
    printed_for(head)
    sheet({key: value for key, value in ROSTER.items() if key[-1] != 2 and key[0] != "t"}, "penyaluran",
          "BAP-2005-26-00001")  # fmt: skip
    run()
    correct(made, "nik", NIKS[1])
    assert "left" in {one.kind for one in run().questions}
    if by_another:
        sheet(HEAD | {"kk": None, "tanggal_pendataan": "2026-12-01"})
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

    made = sheet(HEAD)
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


@pytest.mark.parametrize("month", ["2026-13", "november", "2026"])
def test_a_month_that_is_none_is_refused(month):
    from pipeline.register.importing import month_of

    with pytest.raises(UsageError):
        month_of(month)


FIELDS = st.fixed_dictionaries(
    {
        "nik": st.sampled_from([None, "6311021610969574", "6311025712019314"]),
        "kk": st.sampled_from([None, "6311022308239183"]),
        "nama": st.sampled_from(["SARKANI", "JUMRI"]),
        "tanggal_lahir": st.sampled_from([None, "1996-10-16", "1980-01-02"]),
        "alamat": st.sampled_from([None, "JL. MAWAR", "JL. MELATI"]),
        "tanggal_pendataan": st.sampled_from(["2026-11-01", "2026-11-02"]),
        "bantuan_diusulkan": st.sampled_from([None, "PKH", "PKH|RTL"]),
    }
)


@given(st.lists(FIELDS, min_size=1, max_size=4), st.integers(0, 3))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_imported_again_changes_nothing_and_undone_leaves_nothing(forms, early):
    from pipeline.register.changes import undo

    with rolled_back():
        for values in forms[:early]:
            sheet(values)
        run()
        middle = everything()
        for values in forms[early:]:
            sheet(values)
        report = run()
        after = everything()
        assert run().changed == 0
        assert everything() == after
        if report.run:
            undo(report.run)
        assert everything() == middle


@contextmanager
def rolled_back():
    from django.db import transaction

    with transaction.atomic():
        yield
        transaction.set_rollback(True)
