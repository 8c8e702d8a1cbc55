"""Sides become sheets, in any order, from any file; photocopied serials become sheets of their own."""

from dataclasses import replace
from itertools import permutations

import pytest
from notes import BACK, SERIAL, VALUES, fields_on, note, put, read_note, scan_notes

from pipeline.store import models as m
from pipeline.validation.sheet import broken_rules

pytestmark = pytest.mark.usefixtures("store")
OTHER = {"nik": "6311024503809003", "kk": "6311021203789009", "nama": "AHMAD YANI", "rt": "001"}


def states():
    return list(m.Page.objects.order_by("file", "image").values_list("status", "reason", "sheet__copy"))


def test_two_sides_make_a_sheet(store, tmp_path):
    summary = scan_notes(store, put(tmp_path / "a.tif", note(1, values=VALUES), note(2, values=BACK)))
    assert states() == [("read", "", 1), ("read", "", 1)]
    assert m.Sheet.objects.get().complete
    assert (summary.read, summary.set_aside, summary.forms) == (2, (), {"pendataan": 2})
    assert summary.accepted == fields_on(1) + fields_on(2) == m.FieldReading.objects.count()


def test_a_side_waits_for_the_other_and_stays_readable(store, tmp_path):
    summary = scan_notes(store, put(tmp_path / "back.png", note(2, values=BACK)))
    assert states() == [("set_aside", "missing_side", 1)]
    assert [one.reason for one in summary.set_aside] == ["missing_side"]
    assert m.FieldReading.objects.count() == fields_on(2)
    scan_notes(store, put(tmp_path / "front.png", note(1, values=VALUES)), batch="another day")
    assert states() == [("read", "", 1), ("read", "", 1)]
    assert m.Sheet.objects.get().complete


def test_the_same_side_again_is_a_duplicate(store, tmp_path):
    deck = put(tmp_path / "a.tif", note(1, values=VALUES), note(2, values=BACK))
    scan_notes(store, deck)
    again = put(tmp_path / "b.tif", note(1, values=VALUES, other="scan"), note(2, values=BACK, other="scan"))
    before = m.FieldReading.objects.count()
    scan_notes(store, again)
    assert states()[2:] == [("set_aside", "duplicate_side", 1)] * 2
    assert m.FieldReading.objects.count() == before


def test_a_reader_that_errs_once_in_eleven_still_sees_a_duplicate(store, tmp_path):
    many = {
        **VALUES,
        "rw": "1",
        "alamat": "JL A",
        "tempat_lahir": "HALONG",
        "pekerjaan": "TANI",
        "jumlah_anggota": "4",
        "nomor_hp": "081234567890",
        "kode_petugas": "007",
    }
    scan_notes(store, put(tmp_path / "a.png", note(1, values=many)))
    (told,) = scan_notes(
        store, put(tmp_path / "b.png", note(1, values={**many, "pekerjaan": "TARI"}))
    ).set_aside
    assert states()[1][1] == "duplicate_side"
    assert "pekerjaan" in told.message.id
    assert "sotarsa review" in told.message.id
    scan_notes(store, put(tmp_path / "c.png", note(1, values={**many, "pekerjaan": "TARI", "rw": "7"})))
    assert states()[2] == ("set_aside", "missing_side", 2)


def test_a_photocopied_serial_is_a_sheet_of_its_own_for_a_person_to_see(store, tmp_path):
    scan_notes(store, put(tmp_path / "a.tif", note(1, values=VALUES), note(2, values=BACK)))
    scan_notes(store, put(tmp_path / "b.tif", note(1, values=OTHER), note(2, values=BACK)))
    assert states() == [("read", "", 1), ("read", "", 1), ("read", "", 2), ("read", "", 2)]
    second = m.FieldReading.objects.filter(page__sheet__copy=2)
    asked = set(second.filter(status="review").values_list("field", flat=True))
    assert asked == set(OTHER) | set(BACK)
    assert all("serial_reused" in row.reasons for row in second.filter(status="review"))
    assert not m.FieldReading.objects.filter(page__sheet__copy=1, status="review").exists()


def test_an_unsure_pairing_is_shown_to_a_person(store, tmp_path):
    scan_notes(store, put(tmp_path / "a.png", note(1, values=VALUES)))
    scan_notes(store, put(tmp_path / "b.png", note(1, values=OTHER)))
    scan_notes(store, put(tmp_path / "c.png", note(2, values=BACK)))
    assert states() == [("read", "", 1), ("set_aside", "missing_side", 2), ("read", "", 1)]
    back = m.FieldReading.objects.filter(page__number=2, value__isnull=False)
    assert all(row.reasons == ["serial_reused"] for row in back)


@pytest.mark.parametrize("order", list(permutations(range(4)))[::5])
def test_the_order_of_two_sheets_does_not_matter(store, tmp_path, order):
    sides = [
        note(page, f"FPS-2005-26-0000{number}", BACK if page == 2 else VALUES)
        for number in (1, 2)
        for page in (1, 2)
    ]
    scan_notes(store, put(tmp_path / "a.tif", *(sides[i] for i in order)))
    assert [sheet.pages.count() for sheet in m.Sheet.objects.all()] == [2, 2]
    assert all(state[:2] == ("read", "") for state in states())


def test_rules_see_the_whole_sheet_and_change_no_value(store, tmp_path):
    seen = []

    def rules(definition, readings):
        seen.append((definition.form, len(readings)))
        return {("nik", None): ["low_confidence"], ("aset", None): ["unfit", "gap"]}

    scan_notes(store, put(tmp_path / "a.png", note(1, values=VALUES)), rules=rules)
    assert seen == []
    m.FieldReading.objects.filter(field="nik").update(status="reviewed", value="6311021203789005")
    scan_notes(store, put(tmp_path / "b.png", note(2, values=BACK)), rules=rules)
    assert seen == [("pendataan", fields_on(1) + fields_on(2))]
    nik, aset = (m.FieldReading.objects.get(field=name) for name in ("nik", "aset"))
    assert (nik.status, nik.value, nik.reasons) == ("review", "6311021203789005", ["low_confidence"])
    assert (aset.status, aset.value, aset.reasons) == ("review", BACK["aset"], ["unfit", "gap"])
    assert m.Decision.objects.get().kind == "reopened"


@pytest.mark.parametrize("proposal", [None, "1978-03-12"])
def test_what_a_learnt_reader_proposes_ends_no_conflict(store, tmp_path, proposal):
    """The NIK is misread, and so does the proposal agree with it: both wait, as without it."""

    def read(image, shelf):
        page = read_note(image, shelf)
        readings = [
            replace(
                one,
                status="review",
                reasons=("low_confidence",),
                proposal=replace(one.reading, value=proposal),
            )
            if one.reading.field == "tanggal_lahir" and one.reading.value and proposal
            else one
            for one in page.readings
        ]
        return replace(page, readings=tuple(readings))

    values = {**VALUES, "nik": "6311021203789001", "tanggal_lahir": "1979-03-12"}
    deck = put(tmp_path / "a.tif", note(1, values=values), note(2, values=BACK))
    scan_notes(store, deck, read=read, rules=broken_rules)
    nik = m.FieldReading.objects.get(field="nik")
    assert (nik.status, nik.reasons) == ("review", ["nik_agrees_with_birth_date"])


def test_a_one_sided_form_is_complete_at_once(store, tmp_path):
    scan_notes(store, put(tmp_path / "a.png", note(1, "DHS-2005-26-00001", form="sosialisasi")))
    assert states() == [("read", "", 1)]
    assert SERIAL not in m.Sheet.objects.get().serial
