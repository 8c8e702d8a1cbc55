"""The month's import: exact keys, the latest form's word, questions for people, twice is once, undo."""

from contextlib import contextmanager

import pytest
from builders import FAMILY, OTHERS, ROSTER, correct, everything, imported, sheet
from forms_under_test import catalogue
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import UsageError
from pipeline.forms.attributes import ENTITIES as KEPT
from pipeline.forms.catalogue import Catalogue, default_directories

pytestmark = pytest.mark.usefixtures("store")


def run(month="2026-11", forms=None, **how):
    return imported(month, forms, **how)


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
