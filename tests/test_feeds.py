"""Sides without a serial that come as files of their own: joined where the whole feed agrees, else they wait."""

import pytest
from notes import BACK, VALUES, interrupted, note, put, read_note, reader, scan_notes

from pipeline.batch import scan_groups
from pipeline.page import PageReading, PageStatus
from pipeline.store import feeds
from pipeline.store import models as m
from pipeline.store.feeds import Image, of_one_form, pairs

pytestmark = pytest.mark.usefixtures("store")


FORM = ("surat", 1)


def side(token: str, nr: int = 0):
    """`1a` is the front of sheet a, `2a` its back; `Q1a` of another form; `-` unread, `.` empty, `S` a separator."""
    if token in "-.S":
        return note(fault={"-": "too_dark", ".": "blank", "S": "separator"}[token], nr=nr)
    form = "pendataan"
    if token.startswith("Q"):
        form, token = "sosialisasi", token[1:]
    return note(int(token[0]), "", {"rt": token[1:]}, form=form, nr=nr)


def feed(
    store, tmp_path, words: str, *, batch: str = "b1", name: str = "scan-{n:04d}.tif", first: int = 1
) -> None:
    """Scan images in files of their own, as a feeder leaves them; of `_` there is no file."""
    files = []
    for number, token in enumerate(words.split(), start=first):
        path = tmp_path / batch / name.format(n=number)
        path.parent.mkdir(exist_ok=True)
        if token != "_":
            files.append(put(path, side(token, number)))
    scan_notes(store, *files, batch=batch, read=read)


def read(image, shelf) -> PageReading:
    found = read_note(image, shelf)
    if found.reason == "separator":
        return PageReading(PageStatus.SET_ASIDE, "separator", "")
    return found


def whole() -> list[str]:
    """The sheets of two sides that are complete, by the numbers of their files."""
    sheets = m.Sheet.objects.filter(complete=True, form="pendataan").order_by("pages__file__name").distinct()
    return sorted({"".join(told(page) for page in one.pages.order_by("number")) for one in sheets})


def told(page: m.Page) -> str:
    return page.file.name[5:9].lstrip("0")


def waiting() -> int:
    return m.Page.objects.filter(reason="missing_side").count()


@pytest.mark.parametrize(
    ("words", "sheets", "left"),
    [
        ("1a 2a 1b 2b 1c 2c", ["12", "34", "56"], 0),
        # A back was lost: its front waits, and the sheet behind it.
        ("1a 2a 1b 2b 1c 1d 2d 1e 2e", ["12", "34", "89"], 3),
        # A front was lost: its back waits, and the sheet before it.
        ("1a 2a 1b 2b 2c 1d 2d", ["12", "67"], 3),
        # A side was fed twice.
        ("1a 2a 1b 2b 2b 1c 2c 1d 2d", ["12", "67", "89"], 3),
        ("1a 2a 1b 1b 2b 1c 2c", ["12", "67"], 3),
        ("1a 1a 1a 2a", [], 4),
        # A run that ends with a front does not show in which order its sides lie.
        ("1a 2a 1b 1c 2c 1d", [], 6),
        # The feed begins or ends in the middle of a sheet.
        ("2a 1b 2b 1c", [], 4),
        ("1a 2a 1b", [], 3),
        ("2a 1a 2b 1b", [], 4),
        ("1a 1b 2a 2b", [], 4),
        # A stack that lies with its backs up, and lost a side.
        ("2a 1a 2b 1b 1c 2d 1d 2e", [], 8),
        # A side that could not be read keeps its place.
        ("1a 2a - 2b 1c 2c", ["12", "56"], 1),
        ("1a 2a - 1b 2b", [], 4),
        # Another form between, with or without a whole sheet on either side.
        ("1a 2a Q1x 1b 2b", ["12", "45"], 0),
        ("1a Q1x 2a", [], 2),
        ("1a 2a 1b Q1x 2b 1c 2c", [], 6),
        # A separator ends what may be compared; its empty back is nobody's side.
        ("S . 1a 2a S . 1b 2b", ["34", "78"], 0),
        ("1a S 2a", [], 2),
        # What lies behind a missing file need not begin there: this stack lies with its backs up.
        ("2a 1a _ 1b 2c _ 2d 1d", [], 6),
        ("1a 2a 1b _ 1c 2c S 1d 2d", ["89"], 5),
    ],
)
def test_sides_are_joined_only_where_the_feed_leaves_no_doubt(store, tmp_path, words, sheets, left) -> None:
    feed(store, tmp_path, words)
    assert (whole(), waiting()) == (sheets, left)


def test_a_joined_sheet_is_one_with_one_serial_and_its_rules_judged(store, tmp_path) -> None:
    files = [
        put(tmp_path / "scan-0001.png", note(1, "", VALUES)),
        put(tmp_path / "scan-0002.png", note(2, "", BACK)),
    ]
    scan_notes(store, *files, rules=lambda definition, readings: {("nik", None): ["kk_differs_from_nik"]})
    sheet = m.Sheet.objects.get()
    assert sheet.complete
    assert {page.serial for page in sheet.pages.all()} == {sheet.serial}
    assert [row.field for row in m.FieldReading.objects.filter(status="review")] == ["nik"]
    scan_notes(store, *files)
    assert m.Sheet.objects.count() == 1


def test_files_of_two_feeds_are_not_compared(store, tmp_path) -> None:
    feed(store, tmp_path, "1a", batch="b1")
    feed(store, tmp_path, "2x", batch="b2", first=2)
    feed(store, tmp_path, "1b", name="pagi-{n:04d}.tif", batch="b3")
    feed(store, tmp_path, "2y", name="sore-{n:04d}.tif", batch="b3", first=2)
    feed(store, tmp_path, "1c", batch="b4")
    feed(store, tmp_path, "2z", batch="b4", first=3)
    assert (whole(), waiting()) == ([], 6)


def test_a_stack_with_its_backs_up_that_is_taken_in_pieces_is_not_joined(store, tmp_path) -> None:
    feed(store, tmp_path, "2a 1a 2b", batch="b1")
    feed(store, tmp_path, "1b 2c", batch="b2", first=4)
    feed(store, tmp_path, "1c", batch="b3", first=6)
    assert (whole(), waiting()) == ([], 6)


def test_a_feeder_that_counts_on_begins_anew_behind_a_whole_sheet(store, tmp_path) -> None:
    feed(store, tmp_path, "1a 2a", batch="b1")
    feed(store, tmp_path, "1b 2b", batch="b2", first=3)
    assert (whole(), waiting()) == (["12", "34"], 0)


def test_a_feed_of_many_files_does_not_take_ever_longer(store, tmp_path, monkeypatch) -> None:
    asked = []
    really = feeds.made_serial
    monkeypatch.setattr(feeds, "made_serial", lambda *told: asked.append(told) or really(*told))
    feed(store, tmp_path, " ".join(f"1{n} 2{n}" for n in range(20)))
    assert len(whole()) == 20
    assert len(asked) <= 2 * 40


def test_a_number_that_is_there_twice_ends_a_feed(store, tmp_path) -> None:
    for folder, tokens in (("satu", ("1a", "2a")), ("dua", ("1b", "2b"))):
        (tmp_path / folder).mkdir()
        files = [put(tmp_path / folder / f"{n}.tif", side(token)) for n, token in enumerate(tokens, 1)]
        scan_notes(store, *files, batch="b1")
    assert m.Sheet.objects.filter(complete=True).count() == 1
    assert waiting() == 2


def test_where_the_form_changes_a_run_ends() -> None:
    one, two = FORM, ("kartu", 1)
    images = [
        Image(side, form, number)
        for number, (side, form) in enumerate(
            [
                (1, one),
                (2, one),
                (0, None),
                (1, two),
                (2, two),
                (1, one),
                (2, two),
                (1, one),
                (0, None),
                (2, one),
                (1, one),
                (0, None),
                (0, None),
                (0, None),
                (1, two),
                (2, two),
            ]
        )
    ]
    runs = list(of_one_form(images))
    # As papers have two sides, what was not read there goes where it makes an even number.
    numbers = [[image.page for image in run] for run in runs]
    assert numbers == [[0, 1], [2, 3, 4], [5], [6], [7, 8, 9, 10], [11, 12, 13, 14, 15]]
    assert [list(pairs(run)) for run in runs] == [[(0, 1)], [], [], [], [], []]


def test_a_stack_with_its_backs_up_is_not_joined_between_two_changes_of_the_form() -> None:
    one, two = FORM, ("kartu", 1)
    sides = [(2, one), (1, one), (0, None), (1, two), (2, two), (0, None), (2, one), (1, one)]
    images = [Image(side, form, number) for number, (side, form) in enumerate(sides)]
    assert [list(pairs(run)) for run in of_one_form(images)] == [[], [], []]


@pytest.mark.parametrize("order", [(1, 2), (2, 1)], ids=["fronts up", "backs up"])
def test_no_single_fault_joins_sides_of_two_papers(order) -> None:
    deck = [(side, paper) for paper in "abcd" for side in order]
    joined = 0
    for at, (_, paper) in enumerate(deck):
        for faulty in (
            deck[:at] + deck[at + 1 :],
            deck[: at + 1] + deck[at:],
            [*deck[:at], (0, paper), *deck[at + 1 :]],
            [*deck[:at], (0, "another"), *deck[at:]],
            [*deck[:at], *deck[at : at + 2][::-1], *deck[at + 2 :]],
        ):
            images = [Image(side, FORM if side else None, place) for place, (side, _) in enumerate(faulty)]
            found = [(faulty[front][1], faulty[back][1]) for front, back in pairs(images)]
            assert all(front == back for front, back in found), faulty
            joined += len(found)
    assert bool(joined) == (order == (1, 2))


def test_sides_with_a_serial_are_left_to_their_serial(store, tmp_path) -> None:
    files = [
        put(tmp_path / "1.png", note(1, "FPS-2005-26-00001", VALUES)),
        put(tmp_path / "2.png", note(2, "FPS-2005-26-00002", BACK)),
    ]
    scan_notes(store, *files)
    assert waiting() == 2


def test_the_empty_back_of_a_separator_needs_nobody(store, tmp_path) -> None:
    feed(store, tmp_path, "S . 1a 2a . .")
    reasons = list(m.Page.objects.order_by("file__name").values_list("reason", flat=True))
    assert reasons == ["separator", "separator_back", "", "", "blank", "blank"]


def test_a_feed_that_was_killed_half_way_waits_for_the_rest_of_it(store, tmp_path):
    def fed(words):
        return [put(tmp_path / f"scan-{n:04d}.tif", side(one, n)) for n, one in enumerate(words.split(), 1)]

    files = fed("1a 2a 2b 1c 2c")  # a front was lost: what lies beside that place waits
    interrupted(store, files, 2)
    scan_notes(store, put(tmp_path / "lain.tif", note(1)), batch="b2")
    assert whole() == []
    scan_notes(store, *files)
    assert whole() == ["45"]


def test_a_form_that_is_known_no_more_stops_no_scan(store, tmp_path):
    feed(store, tmp_path, "1a")
    for model in (m.Page, m.Sheet):
        model.objects.update(form="lama")
    feed(store, tmp_path, "1b 2b", batch="b2", name="baru-{n:04d}.tif")
    assert len(whole()) == 1


def test_a_scan_that_was_killed_is_paired_by_the_next(store, tmp_path):
    def killed():
        for number, token in enumerate(["1a", "2a", "1b", "2b"], start=1):
            path = put(tmp_path / f"scan-{number:04d}.tif", side(token, number))
            yield [path]
            path.unlink()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scan_groups(killed(), None, reader(read), store)
    assert waiting() == 4
    scan_notes(store, put(tmp_path / "lain.tif", note(1)))
    assert whole() == ["12", "34"]
