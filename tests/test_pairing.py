"""Sides find their sheet: any order and file, photocopied serials, second scans, papers without a serial."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from notes import BACK, SERIAL, VALUES, fields_on, interrupted, note, put, read_note, scan_notes

from pipeline.store import models as m
from pipeline.store.archive import sha256_of
from pipeline.store.lottery import Audit

pytestmark = pytest.mark.usefixtures("store")


def fronts(*numbers):
    """Fronts of photocopies: one serial, different people."""
    return [note(1, values={**VALUES, "nik": f"631102450380900{n}", "nama": f"AHMAD {n}"}) for n in numbers]


def backs(*numbers):
    return [note(2, values={**BACK, "penghasilan": str(1_500_000 + n)}) for n in numbers]


def alike(*numbers):
    """Backs that nobody filled in; they differ as files, not on paper."""
    return [note(2, values={}, nr=n) for n in numbers]


def people():
    """The sheets of photocopies: whose front, and whose back, by the numbers in their values."""
    found = []
    for sheet in m.Sheet.objects.order_by("copy"):
        values = m.FieldReading.objects.filter(page__sheet=sheet, value__isnull=False)
        told = dict(values.values_list("field", "value"))
        found.append((told.get("nama", "")[-1:], told.get("penghasilan", "")[-1:], sheet.complete))
    return found


def test_photocopies_pair_with_their_neighbours(store, tmp_path):
    (f1, f2, f3), (b1, b2, b3) = fronts(1, 2, 3), backs(1, 2, 3)
    scan_notes(store, put(tmp_path / "a.tif", f1, b1, b2, f2, f3, b3))
    assert people() == [("1", "1", True), ("2", "2", True), ("3", "3", True)]
    asked = m.FieldReading.objects.filter(page__sheet__copy__gt=1, value__isnull=False)
    assert all(row.reasons == ["serial_reused"] and row.status == "review" for row in asked)


@pytest.mark.parametrize("first", ["fronts", "backs"])
def test_photocopies_in_two_files_pair_by_their_place(store, tmp_path, first):
    one = put(tmp_path / "fronts.tif", *fronts(1, 2, 3, 4))
    two = put(tmp_path / "backs.tif", *backs(1, 2, 3, 4))
    scan_notes(store, *((one, two) if first == "fronts" else (two, one)))
    assert people() == [(str(n), str(n), True) for n in (1, 2, 3, 4)]


@pytest.mark.parametrize("first", ["fronts", "backs"])
def test_empty_backs_of_photocopies_are_papers_of_their_own(store, tmp_path, first):
    one, two = put(tmp_path / "fronts.tif", *fronts(1, 2, 3)), put(tmp_path / "backs.tif", *alike(1, 2, 3))
    scan_notes(store, *((one, two) if first == "fronts" else (two, one)))
    assert people() == [("1", "", True), ("2", "", True), ("3", "", True)]
    assert not m.Page.objects.exclude(reason="").exists()


def test_the_batch_at_hand_comes_first(store, tmp_path):
    scan_notes(store, put(tmp_path / "old.tif", *fronts(1)), batch="old")
    scan_notes(store, put(tmp_path / "f.tif", *fronts(2)), put(tmp_path / "b.tif", *backs(2)), batch="new")
    assert people() == [("1", "", False), ("2", "2", True)]


def test_a_stack_that_was_scanned_twice_in_one_file_is_there_once(store, tmp_path):
    deck = [*fronts(1), *alike(1)]
    scan_notes(store, put(tmp_path / "a.tif", *deck, *deck))
    assert people() == [("1", "", True)]
    assert (
        list(m.Page.objects.order_by("image").values_list("reason", flat=True))
        == ["", ""] + ["duplicate_side"] * 2
    )


MANY = {**VALUES, "rw": "1", "alamat": "JL A", "pekerjaan": "TANI", "jumlah_anggota": "4", "nomor_hp": "081234567890",
        "tempat_lahir": "HALONG", "kode_petugas": "007"}  # fmt: skip


def test_copies_that_differ_are_asked_where_they_differ(store, tmp_path):
    scan_notes(store, put(tmp_path / "a.png", note(1, values=MANY)), audit=Audit(1.0, lambda *_: 1.0))
    scan_notes(store, put(tmp_path / "b.png", note(1, values={**MANY, "rt": "007"})))
    again = m.Page.objects.get(file__name="b.png")
    assert (again.reason, again.readings.count(), again.sheet.pages.count()) == ("duplicate_side", 0, 2)
    asked = m.FieldReading.objects.get(status="review")
    assert (asked.field, asked.value, asked.audit) == ("rt", "002", False)
    assert asked.reasons == ["copies_differ"]
    assert asked.alternatives == [["007", 0.9991], ["0", 0.001]]


def test_a_value_that_only_one_copy_shows_is_asked_and_a_decided_one_only_where_it_surely_changed(
    store, tmp_path
):
    scan_notes(store, put(tmp_path / "a.png", note(1, values={**MANY, "rw": None})))
    m.FieldReading.objects.filter(field="rt").update(status="reviewed", value="003")
    scan_notes(store, put(tmp_path / "b.png", note(1, values={**MANY, "rt": None})))
    assert m.Page.objects.filter(reason="duplicate_side").count() == 0, "two of eleven differ: another paper"
    changed = {**MANY, "rw": None, "rt": "009"}
    scan_notes(store, put(tmp_path / "c.png", note(1, values=changed, doubt={"rt": "?"})))
    assert m.Page.objects.get(file__name="c.png").reason == "duplicate_side"
    first = m.FieldReading.objects.filter(page__file__name="a.png")
    assert not first.filter(status="review").exists()
    scan_notes(store, put(tmp_path / "d.png", note(1, values={**MANY})))
    assert m.Page.objects.get(file__name="d.png").sheet.copy == 1
    assert [row.field for row in first.filter(status="review")] == ["rw"]
    scan_notes(store, put(tmp_path / "e.png", note(1, values=changed)))
    assert [row.field for row in first.filter(status="review")] == ["rt", "rw"]
    assert m.Decision.objects.get().kind == "reopened"


@pytest.mark.parametrize("decided", [False, True])
def test_a_paper_of_another_day_is_no_second_scan_however_alike(store, tmp_path, decided):
    november = {**MANY, "tanggal_pendataan": "2026-11-20"}
    scan_notes(store, put(tmp_path / "a.png", note(1, values=november)))
    if decided:
        m.FieldReading.objects.filter(field="tanggal_pendataan").update(status="reviewed")
    december = {**MANY, "tanggal_pendataan": "2026-12-20"}
    scan_notes(store, put(tmp_path / "b.png", note(1, values=december)))
    assert m.Page.objects.get(file__name="b.png").sheet.copy == 2
    assert set(m.FieldReading.objects.get(page__file__name="b.png", field="nik").reasons) == {"serial_reused"}


def test_a_date_that_may_be_misread_is_asked_and_makes_no_other_paper(store, tmp_path):
    dated = {**MANY, "tanggal_pendataan": "2026-11-20"}
    scan_notes(store, put(tmp_path / "a.png", note(1, values=dated)))
    m.FieldReading.objects.filter(field="tanggal_pendataan").update(alternatives=[["2026-11-26", 0.02]])
    scan_notes(store, put(tmp_path / "b.png", note(1, values={**dated, "tanggal_pendataan": "2026-11-26"})))
    assert m.Page.objects.get(file__name="b.png").reason == "duplicate_side"
    assert m.FieldReading.objects.get(status="review").reasons == ["copies_differ"]


def test_sides_beside_a_page_that_was_not_read_are_asked_about_once_other_paper_has_their_serial(
    store, tmp_path
):
    (_, f2, f3), (b1, b2, b3) = fronts(1, 2, 3), backs(1, 2, 3)
    scan_notes(store, put(tmp_path / "a.tif", note(fault="too_dark"), b1, f2, b2, f3, b3))
    # Every pair is off by one; nothing of any may enter unseen.
    assert people() == [("2", "1", True), ("3", "2", True), ("", "3", False)]
    rows = m.FieldReading.objects.filter(page__sheet__complete=True, value__isnull=False)
    assert {row.status for row in rows} == {"review"}


def test_a_second_scan_makes_no_pair_doubtful(store, tmp_path):
    scan_notes(store, put(tmp_path / "a.tif", *fronts(1), *backs(1)))
    scan_notes(store, put(tmp_path / "b.tif", note(1, values=first_values(), nr=1), *fronts(2)))
    assert {row.status for row in m.FieldReading.objects.filter(page__sheet__copy=1)} == {"accepted"}


def first_values():
    return {**VALUES, "nik": "6311024503809001", "nama": "AHMAD 1"}


def test_a_side_that_came_alone_is_asked_about_once_other_paper_has_its_serial(store, tmp_path):
    scan_notes(store, put(tmp_path / "a.tif", *fronts(1)))
    scan_notes(store, put(tmp_path / "b.tif", *backs(2), *fronts(2)))
    whole = m.FieldReading.objects.filter(page__sheet__copy=1, value__isnull=False)
    assert {row.field for row in whole} >= {"nik", "penghasilan"}
    assert all("serial_reused" in row.reasons and row.status == "review" for row in whole)


def test_equal_copies_ask_nobody(store, tmp_path):
    for name in ("a", "b"):
        scan_notes(store, put(tmp_path / f"{name}.png", note(1, values=MANY, name=name)))
    assert not m.FieldReading.objects.filter(status="review").exists()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_sides_in_any_order_and_any_files_make_whole_sheets(store, tmp_path, data):
    empty()
    count = data.draw(st.integers(1, 5))
    sides = data.draw(st.permutations([(number, page) for number in range(1, count + 1) for page in (1, 2)]))
    cuts = sorted(data.draw(st.sets(st.integers(1, 2 * count - 1), max_size=3)))
    stacks = [sides[a:b] for a, b in zip([0, *cuts], [*cuts, len(sides)], strict=True)]
    files = []
    for index, stack in enumerate(stacks):
        notes = [
            note(page, f"FPS-2005-26-{number:05d}", {**(VALUES if page == 1 else BACK), "rw": str(number)})
            for number, page in stack
        ]
        files.append(put(tmp_path / f"{index}.tif", *notes))
    stop = data.draw(st.integers(0, 2 * count))
    interrupted(store, files, stop)
    scan_notes(store, *files)
    assert m.Sheet.objects.filter(complete=True).count() == m.Sheet.objects.count() == count
    assert m.Page.objects.filter(status="read").count() == m.Page.objects.count() == 2 * count
    assert m.FieldReading.objects.count() == count * (fields_on(1) + fields_on(2))
    assert not m.FieldReading.objects.exclude(status="accepted").exists()


def plain(page, number, form="pendataan"):
    """A side of a form that carries no serial."""
    return note(page, "", {"rt": str(number)}, form=form)


def numbered():
    rows = m.Page.objects.order_by("file", "image").values_list("image", "number", "reason", "serial")
    return [(image, number, reason, int(serial[-5:])) for image, number, reason, serial in rows]


def test_papers_without_a_serial_are_named_after_their_file_and_first_side(store, tmp_path):
    deck = put(
        tmp_path / "a.tif",
        plain(1, 1),
        plain(2, 1),
        plain(2, 2),
        plain(1, 2),
        plain(1, 3),
        plain(1, 4),
        plain(2, 4),
    )
    scan_notes(store, deck)
    head = f"FPS-{sha256_of(deck)[:8].upper()}-"
    assert {sheet.serial[:13] for sheet in m.Sheet.objects.all()} == {head}
    assert numbered() == [
        (1, 1, "", 1),
        (2, 2, "", 1),
        (3, 2, "", 3),
        (4, 1, "", 3),
        (5, 1, "missing_side", 5),
        (6, 1, "", 6),
        (7, 2, "", 6),
    ]
    assert not m.FieldReading.objects.filter(status="review").exists()
    scan_notes(store, deck)
    assert m.Page.objects.count() == 7


def test_papers_without_a_serial_do_not_pair_across_forms_gaps_or_files(store, tmp_path):
    scan_notes(
        store,
        put(
            tmp_path / "a.tif",
            plain(1, 1),
            plain(1, 1, "sosialisasi"),
            plain(2, 1),
            note(fault="blank"),
            plain(1, 2),
        ),
        put(tmp_path / "b.tif", plain(2, 2), plain(2, 2)),
    )
    waiting = m.Page.objects.filter(reason="missing_side")
    assert m.Sheet.objects.filter(complete=True).count() == 1
    assert waiting.count() == waiting.values("sheet").distinct().count() == 5
    assert not m.Page.objects.filter(reason="duplicate_side").exists()


def test_a_side_without_a_serial_that_is_read_late_finds_the_one_behind_it(store, tmp_path):
    deck = put(tmp_path / "a.tif", plain(1, 1), plain(2, 1), plain(1, 2), plain(2, 2))

    def failing(image, shelf):
        found = read_note(image, shelf)
        if found.identity.page == 1 and found.readings[1].reading.value == "2":
            raise ValueError("ink that nobody expected")
        return found

    scan_notes(store, deck, read=failing)
    assert m.Sheet.objects.filter(complete=False).count() == 1
    scan_notes(store, deck)
    assert numbered() == [(1, 1, "", 1), (2, 2, "", 1), (3, 1, "", 4), (4, 2, "", 4)]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from([1, 2]), min_size=1, max_size=9), st.integers(0, 9))
def test_sheets_without_a_serial_are_the_same_however_often_a_file_is_read(store, tmp_path, sides, stop):
    empty()
    deck = put(tmp_path / "a.tif", *(plain(side, place) for place, side in enumerate(sides)))
    interrupted(store, [deck], stop)
    scan_notes(store, deck)
    expected, open_side, first = [], None, 0
    for image, side in enumerate(sides, start=1):
        joins = open_side is not None and open_side != side
        first = first if joins else image
        expected.append(first)
        open_side = None if joins else side
    assert [row[3] for row in numbered()] == expected
    assert SERIAL not in expected


def empty():
    """No rows, as before the first scan."""
    for model in (m.FieldReading, m.Page, m.Sheet, m.ScanFile, m.Batch):
        model.objects.all().delete()


def test_a_random_pile_of_photocopies_loses_no_paper(store, tmp_path):
    chance = random.Random(3)
    pairs = [
        (one, two) if chance.random() < 0.5 else (two, one)
        for one, two in zip(fronts(*range(9)), backs(*range(9)), strict=True)
    ]
    scan_notes(store, put(tmp_path / "a.tif", *(side for pair in pairs for side in pair)))
    assert sorted(people()) == [(str(n), str(n), True) for n in range(9)]
