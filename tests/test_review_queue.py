"""The review queue and decisions: leases, order, what people type, rules over the sheet."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from forms_under_test import catalogue, form
from hypothesis import given
from hypothesis import strategies as st
from notes import BACK, VALUES, fields_on, note, put, scan_notes

from pipeline.errors import UsageError
from pipeline.forms.layout import FieldType
from pipeline.forms.types import TYPES
from pipeline.reasons import ENTRY_REASONS, VALUE_REASONS
from pipeline.review.decisions import Changed, Doubtful, Kind, Taken, back, decide
from pipeline.review.entry import Refused, as_written, interpret, shown
from pipeline.review.items import ReviewItem
from pipeline.review.keys import Action, Do
from pipeline.review.queue import claim, count_open, next_item, open_items, release, sheet_items
from pipeline.review.session import Session
from pipeline.store.doubts import reopen
from pipeline.store.models import Decision, FieldReading, Page
from pipeline.validation.sheet import broken_rules

FRONT = {**VALUES, "nik": "6311026103789001", "tanggal_lahir": "1978-03-21", "jenis_kelamin": "P"}
SERIALS = [f"FPS-2005-26-0010{number}" for number in range(6)]


@pytest.fixture
def scanned(store, tmp_path):
    """Scan sheets with these doubtful fields, fronts first and then the backs; rules are judged."""

    def scan(*doubts, fronts=FRONT, batch="b1", backs=True):
        notes = []
        for values, page in ((fronts, 1), (BACK, 2)) if backs else ((fronts, 1),):
            for serial, names in zip(SERIALS, doubts, strict=False):
                notes.append(note(page, serial, values, doubt=dict.fromkeys(names, "?")))
        scan_notes(store, put(tmp_path / f"{batch}.tif", *notes), batch=batch, rules=broken_rules)

    return scan


def reading(field, serial=SERIALS[0]) -> FieldReading:
    return FieldReading.objects.get(field=field, page__serial=serial, row=None)


def say(field, typed, *, by="ani", confirmed=False, kind=Kind.CORRECTED) -> ReviewItem:
    return decide(reading(field).pk, by, kind, typed, catalogue(), confirmed=confirmed)


def walk(reviewer, **how) -> list[tuple[str, int, str]]:
    """Every item that a reviewer who skips all is shown."""
    seen, item = [], next_item(reviewer, **how)
    while item:
        seen.append((item.serial, item.page, item.field))
        item = next_item(reviewer, after=item.id, **how)
    return seen


def test_items_of_one_sheet_come_together_though_its_sides_were_scanned_apart(scanned):
    scanned(["nik", "lantai"], ["nama", "aset"])
    expected = [
        (SERIALS[0], 1, "nik"),
        (SERIALS[0], 2, "lantai"),
        (SERIALS[1], 1, "nama"),
        (SERIALS[1], 2, "aset"),
    ]
    assert walk("ani") == expected


def test_reviewers_never_meet_and_every_item_is_shown_once(scanned):
    scanned(*[["nik", "kk", "lantai"]] * 4)
    items = {"ani": None, "budi": None, "citra": None}
    seen = []
    for _ in range(20):
        for name, last in items.items():
            items[name] = next_item(name, after=last and last.id)
            if items[name]:
                seen.append(items[name].id)
                decide(items[name].id, name, Kind.CONFIRMED, None, catalogue(), confirmed=True)
    assert len(seen) == len(set(seen)) == 12
    assert count_open() == 0


def test_reviewers_at_the_same_moment_share_the_work(scanned):
    scanned(*[["nik", "kk", "lantai"]] * 6)

    def work(name):
        done = []
        while item := next_item(name):
            decide(item.id, name, Kind.CONFIRMED, None, catalogue(), confirmed=True)
            done.append(item.id)
        connection.close()
        return done

    with ThreadPoolExecutor(4) as people:
        shares = list(people.map(work, ["ani", "budi", "citra", "dedi"]))
    done = [item for share in shares for item in share]
    assert len(done) == len(set(done)) == Decision.objects.count() == 18


def test_what_is_held_is_given_to_nobody_until_the_lease_ends_or_it_is_given_back(scanned):
    scanned(["nik"])
    first = next_item("ani")
    assert next_item("budi") is None
    assert claim(first.id, "budi") is None
    with pytest.raises(Taken):
        say("nik", "6311026103789002", by="budi")
    assert next_item("ani").id == first.id
    FieldReading.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    assert next_item("budi").id == first.id
    release("budi")
    assert next_item("citra").id == first.id


def test_a_lease_given_while_the_clock_went_ahead_holds_nobody_up(scanned):
    scanned(["nik"])
    item = next_item("ani")
    FieldReading.objects.update(claimed_until=timezone.now() + timedelta(days=300))
    assert next_item("budi").id == item.id
    FieldReading.objects.update(claimed_by="ani", claimed_until=timezone.now() + timedelta(days=300))
    assert say("nik", "6311026103789002", by="budi").status == "reviewed"


def test_only_a_batch_or_a_form(scanned):
    scanned(["nik"], batch="b1")
    assert walk("ani", batch="b1", form="pendataan") == [(SERIALS[0], 1, "nik")]
    release("ani")
    assert walk("ani", form="penyaluran") == []
    assert [item.field for item in open_items("b1")] == ["nik"]
    with pytest.raises(UsageError):
        next_item("ani", batch="b2")


def test_a_decision_is_kept_with_who_and_gives_the_lease_back(scanned):
    scanned(["nama", "rt"])
    next_item("ani")
    done = say("nama", "siti  rahmatiah")
    assert (done.value, done.status, done.read_value) == ("SITI RAHMATIAH", "reviewed", "SITI RAHMAH")
    row = reading("nama")
    assert (row.value, row.read_value, row.claimed_by, row.claimed_until) == (
        "SITI RAHMATIAH",
        "SITI RAHMAH",
        "",
        None,
    )
    assert [(d.kind, d.value, d.by) for d in row.decisions.all()] == [("corrected", "SITI RAHMATIAH", "ani")]
    say("rt", "3")
    assert reading("rt").decisions.get().kind == "corrected"


def test_typing_what_stands_there_confirms_it(scanned):
    scanned(["nik"])
    assert say("nik", "6311.0261.0378.9001").value == FRONT["nik"]
    assert reading("nik").decisions.get().kind == "confirmed"


@pytest.mark.parametrize(
    ("kind", "value"), [(Kind.CONFIRMED, FRONT["kk"]), (Kind.EMPTY, None), (Kind.UNREADABLE, None)]
)
def test_what_a_key_leaves(scanned, kind, value):
    scanned(["kk"])
    assert say("kk", None, kind=kind).value == value
    row = reading("kk")
    assert (row.value, row.status, row.decisions.get().kind) == (value, "reviewed", kind)


def test_an_empty_signature_is_absent(scanned):
    scanned(["nik"])
    assert say("tanda_tangan", None, kind=Kind.EMPTY).value == "absent"


def test_a_wrong_value_is_refused_with_the_sentence_of_the_rule_and_changes_nothing(scanned):
    scanned(["nik"])
    next_item("ani")
    with pytest.raises(Refused) as refused:
        say("nik", "631102610378900")
    assert (refused.value.reason, str(refused.value)) == ("nik_length", str(VALUE_REASONS["nik_length"]))
    row = reading("nik")
    assert (row.value, row.status, row.claimed_by) == (FRONT["nik"], "review", "ani")
    assert not Decision.objects.exists()


def test_a_reading_that_cannot_be_right_is_not_confirmed(scanned):
    scanned(["nik"], fronts={**FRONT, "nik": "63110261037890"})
    with pytest.raises(Refused, match="16"):
        say("nik", None, kind=Kind.CONFIRMED)


def test_evidence_asks_once_and_then_gives_way(scanned):
    scanned(["nik"])
    strange = "0011026103789001"
    with pytest.raises(Doubtful) as doubt:
        say("nik", strange)
    assert doubt.value.reasons == ("nik_area_unknown",)
    assert say("nik", strange, confirmed=True).value == strange


def test_ink_is_not_confirmed_as_empty_without_asking(scanned):
    scanned(["nik"])
    FieldReading.objects.filter(pk=reading("nik").pk).update(value=None, raw="63##")
    with pytest.raises(Doubtful) as doubt:
        say("nik", None, kind=Kind.CONFIRMED)
    assert doubt.value.reasons == ("holds_ink",)
    assert say("nik", None, kind=Kind.EMPTY).value is None


def test_a_decision_sends_accepted_values_that_now_disagree_to_review(scanned):
    scanned(["nik"])
    assert reading("tanggal_lahir").status == "accepted"
    with pytest.raises(Doubtful, match="Tanggal lahir"):
        say("nik", "6311026203789001")
    assert reading("tanggal_lahir").status == "accepted"
    say("nik", "6311026203789001", confirmed=True)
    born = reading("tanggal_lahir")
    assert (born.status, born.reasons) == ("review", ["nik_agrees_with_birth_date"])
    assert reading("jenis_kelamin").status == "accepted"
    assert next_item("ani").field == "tanggal_lahir"


def test_what_a_person_decided_stays(scanned):
    scanned(["nik", "tanggal_lahir"])
    say("tanggal_lahir", None, kind=Kind.CONFIRMED)
    say("nik", "6311026203789001", confirmed=True)
    assert reading("tanggal_lahir").status == "reviewed"


def test_a_corrected_value_frees_what_waited_only_for_it(scanned):
    scanned(["nik", "jenis_kelamin"], fronts={**FRONT, "nik": "6311022103789001"})
    waiting = {row.field: row.reasons for row in FieldReading.objects.filter(status="review")}
    assert waiting["jenis_kelamin"] == ["low_confidence", "sex_agrees_with_nik"]
    say("nik", FRONT["nik"])
    sex = reading("jenis_kelamin")
    assert (sex.status, sex.reasons) == ("review", ["low_confidence"])


def test_a_value_that_only_a_rule_held_back_is_accepted_again(scanned):
    scanned(["nik"], fronts={**FRONT, "tanggal_lahir": "1978-03-22"})
    assert reading("tanggal_lahir").status == "review"
    say("nik", "6311026203789001")
    born = reading("tanggal_lahir")
    assert (born.status, born.reasons) == ("accepted", [])


def test_what_nobody_can_read_settles_no_conflict(scanned):
    scanned([], fronts={**FRONT, "jenis_kelamin": "L"})
    assert reading("nik").status == "review"
    say("jenis_kelamin", None, kind=Kind.UNREADABLE)
    nik = reading("nik")
    assert (nik.status, nik.reasons) == ("review", ["sex_agrees_with_nik"])


def test_a_sheet_with_a_missing_side_waits_with_its_rules(scanned):
    scanned(["nik"], backs=False)
    say("nik", "6311026203789001")
    assert reading("tanggal_lahir").status == "accepted"


def test_back_shows_ones_own_decisions_one_after_the_other_and_they_stand(scanned):
    scanned(["nama", "rt"])
    assert back("ani") is None
    say("nama", "SITI")
    say("rt", "003")
    last = back("ani")
    before = back("ani", [last.id])
    assert (last.field, before.field, back("ani", [last.id, before.id])) == ("rt", "nama", None)
    assert back("budi") is None
    row = reading("nama")
    assert (row.status, row.value, row.claimed_by) == ("reviewed", "SITI", "")
    assert say("nama", None, kind=Kind.CONFIRMED).value == "SITI"
    assert list(row.decisions.values_list("kind", flat=True)) == ["corrected"]
    say("nama", "SITA")
    assert back("ani").field == "nama"


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        ((Kind.CORRECTED, "SITI"), (Kind.CORRECTED, "siti"), ["corrected"]),
        ((Kind.UNREADABLE, None), (Kind.CONFIRMED, None), ["unreadable"]),
        ((Kind.UNREADABLE, None), (Kind.EMPTY, None), ["unreadable", "empty"]),
        ((Kind.EMPTY, None), (Kind.UNREADABLE, None), ["empty", "unreadable"]),
        ((Kind.EMPTY, None), (Kind.CONFIRMED, None), ["empty"]),
    ],
)
def test_what_is_said_again_is_no_other_decision(scanned, first, second, kept):
    scanned(["nama"])
    for kind, value in (first, second):
        say("nama", value, kind=kind, confirmed=True)
    assert list(reading("nama").decisions.order_by("pk").values_list("kind", flat=True)) == kept


def test_nobody_undoes_the_decision_of_another(scanned):
    scanned(["nama"])
    say("nama", "SITI")
    with pytest.raises(Taken):
        say("nama", "SITA", by="budi")
    say("nama", "SITA")
    assert reading("nama").value == "SITA"


def test_nothing_is_confirmed_that_was_not_on_the_screen(scanned):
    scanned(["nama"])
    ani, budi = Session("ani", catalogue()), Session("budi", catalogue())
    ani.start()
    FieldReading.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    budi.start()
    budi.decide(Action(Do.VALUE, "SITI"))
    budi.stop()
    reopen(reading("nama"), ["copies_differ"])
    with pytest.raises(Changed):
        ani.decide(Action(Do.TAKE))
    assert reading("nama").status == "review"
    ani.look_again()
    assert ani.item.value == "SITI"
    assert ani.decide(Action(Do.TAKE)).value == "SITI"


def test_a_doubt_that_came_while_the_item_was_on_the_screen_is_shown_first(scanned):
    scanned(["nama"])
    ani = Session("ani", catalogue())
    ani.start()
    reopen(reading("nama"), ["copies_differ"])
    with pytest.raises(Changed):
        ani.decide(Action(Do.TAKE))
    ani.look_again()
    assert "copies_differ" in ani.item.reasons
    ani.decide(Action(Do.TAKE))


def test_a_session_goes_back_and_forth_and_ends(scanned):
    scanned(["nik", "kk", "lantai"], ["nama"])
    session = Session("ani", catalogue())
    session.start()
    shown_fields = []

    def step(act):
        shown_fields.append((session.number, session.item.field))
        act()

    confirm = _confirming(session)
    step(session.skip)
    step(confirm)
    step(session.back)
    step(confirm)
    step(confirm)
    step(confirm)
    assert session.item is None
    assert shown_fields == [(1, "nik"), (2, "kk"), (3, "lantai"), (2, "kk"), (3, "lantai"), (4, "nama")]
    session.stop()
    assert next_item("budi").field == "nik"


def test_what_was_skipped_long_ago_does_not_end_the_session(scanned):
    scanned(["nik"], ["nama"], ["rt"], ["kk"])
    session = Session("ani", catalogue())
    session.start()
    session.skip()
    session.skip()
    FieldReading.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    left = []
    while session.item:
        left.append(session.item.field)
        session.decide(Action(Do.TAKE), confirmed=True)
    assert left == ["rt", "kk"]


def _confirming(session):
    return lambda: session.decide(Action(Do.TAKE))


def test_a_sheet_shows_all_its_fields_and_an_accepted_one_can_be_corrected(scanned, capsys):
    from pipeline.cli.main import command

    scanned(["nama"])
    items = {(item.field, item.row): item for item in sheet_items(SERIALS[0].lower())}
    assert len(items) == fields_on(1) + fields_on(2)
    with pytest.raises(SystemExit) as left:
        command().main(["review", "show", SERIALS[0]], prog_name="sotarsa")
    assert left.value.code == 0
    assert str(items["nik", None].id) in capsys.readouterr().out
    with pytest.raises(SystemExit):
        command().main(["review", "set", str(items["rt", None].id), "7"], prog_name="sotarsa")
    assert reading("rt").value != reading("rt").read_value
    with pytest.raises(UsageError):
        sheet_items("FPS-2005-26-99999")


def test_an_unknown_item_is_told(store):
    with pytest.raises(UsageError, match="99"):
        decide(99, "ani", Kind.CONFIRMED, None, catalogue())
    assert not Page.objects.exists()


def spec(name):
    return form("pendataan").definition.field(name)


@pytest.mark.parametrize(
    ("field", "typed", "value"),
    [
        ("tanggal_lahir", "21031978", "1978-03-21"),
        ("tanggal_lahir", "21-03-1978", "1978-03-21"),
        ("tanggal_lahir", "1-3-1978", "1978-03-01"),
        ("tanggal_lahir", "21/3/1978", "1978-03-21"),
        ("tanggal_lahir", " 1978-03-21 ", "1978-03-21"),
        ("lantai", "semen", "semen"),
        ("lantai", "2", "semen"),
        ("lantai", "Kayu/Papan", "kayu"),
        ("lantai", "earth", "tanah"),
        ("prioritas", "2", "2"),
        ("aset", "3, 1", "motor|kulkas"),
        ("aset", "motor|kulkas", "motor|kulkas"),
        ("aset", "lemari es", "kulkas"),
        ("aset", "1 3", "motor|kulkas"),
        ("nama", "nor’aini  h. m.", "NOR'AINI H. M."),
        ("nomor_hp", "+62 812-3456-7890", "081234567890"),
        ("penghasilan", "1.500.000", "1500000"),
        ("jumlah_anggota", "04", "4"),
        ("anggota.hubungan", "4", "04"),
        ("tanda_tangan", "ada", "present"),
        ("tanda_tangan", "2", "absent"),
        ("catatan", "rumah  dekat sungai", "rumah dekat sungai"),
    ],
)
def test_people_type_as_they_speak(field, typed, value):
    assert interpret(spec(field), typed) == value


@pytest.mark.parametrize(
    ("field", "typed", "raw", "value"),
    [
        ("rt", "5", "005", "005"),
        ("rt", "7", "0#5", "07"),
        ("rt", "6", "6  ", "6"),
        ("rt", "6", "106", "6"),
        ("rt", "6", "   ", "6"),
        ("rt", "012", "01 ", "012"),
        ("anggota.sekolah", "2", "1", "2"),
        ("jumlah_anggota", "4", "04", "4"),
        ("nama", "SITI", "SITI R", "SITI"),
    ],
)
def test_zeros_that_are_left_out_in_typing_stand_on_the_paper(field, typed, raw, value):
    assert as_written(spec(field), interpret(spec(field), typed), raw) == value


def test_a_code_typed_without_its_zeros_confirms_the_reading(scanned):
    scanned(["rt"])
    FieldReading.objects.filter(field="rt").update(value="005", read_value="005", raw="005")
    done = say("rt", "5")
    assert (done.value, reading("rt").decisions.get().kind) == ("005", Kind.CONFIRMED)
    assert say("rt", "6").value == "006"


@pytest.mark.parametrize(
    ("field", "typed", "reason"),
    [
        ("tanggal_lahir", "31-02-1978", "not_a_date"),
        ("tanggal_lahir", "21-03-78", "not_a_date"),
        ("tanggal_lahir", "01-01-1850", "date_out_of_range"),
        ("nik", "63110261037890O1", "wrong_character"),
        ("nik", "6311027203789001", "nik_date"),
        ("kk", "12", "kk_length"),
        ("desa", "1234", "village_unknown"),
        ("lantai", "emas", "not_a_choice"),
        ("lantai", "9", "not_a_choice"),
        ("lantai", "1,2", "one_choice"),
        ("nama", "SITI 2", "wrong_character"),
        ("nama", "A" * 60, "too_long"),
        ("nama", ".", "no_letters"),
        ("nama", "", "unfit"),
        ("catatan", " \x00", "unfit"),
        ("penghasilan", "123456789", "too_long"),
        ("anggota.hubungan", "99", "code_unknown"),
        ("tanda_tangan", "mungkin", "unfit"),
    ],
)
def test_what_the_field_cannot_hold_is_refused(field, typed, reason):
    with pytest.raises(Refused) as refused:
        interpret(spec(field), typed)
    assert refused.value.reason == reason
    assert str(refused.value) == str({**VALUE_REASONS, **ENTRY_REASONS}[reason])


@given(st.sampled_from([name for name, _ in form("pendataan").definition.fields()]), st.text(max_size=20))
def test_any_line_is_a_possible_value_or_refused(name, typed):
    field = spec(name)
    try:
        value = interpret(field, typed)
    except Refused:
        return
    assert interpret(field, shown(field, value)) == value
    if field.type not in (FieldType.LINE, FieldType.CHOICE):
        assert TYPES[field.type].check(value) in (None, "nik_area_unknown")
