"""Made-up people, filled pages, scanners, and the score of readings."""

from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import numpy as np
import pytest
from forms_under_test import FORMS, definitions, form
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pen_hands import BLOCK

from pipeline.errors import DefinitionError
from pipeline.forms import nik
from pipeline.forms.arrange import compose
from pipeline.forms.catalogue import Form, fingerprint
from pipeline.forms.layout import Box, FieldType, Kind
from pipeline.forms.types import TYPES
from pipeline.recognition.combs import comb_places
from pipeline.training.fill import DPI, Writer, blank_sheets, fill_page, lines_of
from pipeline.training.labelled import Side
from pipeline.training.people import TODAY, family, fill_in
from pipeline.training.scanner import Scanner, coffee, folded, photocopied, photographed, upright_turned
from pipeline.training.score import interval, score, wrong_readings

seeds = st.integers(0, 2**32 - 1)


def _writer(seed=1, **changes):
    return Writer.sample([BLOCK], np.random.default_rng(seed), **changes)


def blank_page():
    return np.full((3508, 2480), 255, np.uint8)


def _inside(page, box, inset=0.9):
    """The pixels of a box without its outline."""
    x, y, w, h = (value * DPI / 25.4 for value in box)
    rim = inset * DPI / 25.4
    return page[round(y + rim) : round(y + h - rim), round(x + rim) : round(x + w - rim)]


@given(seeds)
@settings(max_examples=60, deadline=None)
def test_families_agree_with_themselves_and_with_the_rules(seed):
    kin = family(np.random.default_rng(seed), "2005")
    for who in (kin.head, *kin.members):
        facts = nik.parse(who.nik, TODAY)
        assert facts is not None
        assert (facts.sex, facts.birth_date) == (who.sex, who.born)
        assert 9001 <= int(who.nik[-4:]) <= 9999
        assert date(1900, 1, 1) < who.born < TODAY
    assert TYPES[FieldType.KK].fault(kin.kk) is None
    assert kin.kk != kin.head.nik


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("seed", range(6))
def test_what_is_written_is_valid_and_fits_its_cells(name, seed):
    values = fill_in(form(name), np.random.default_rng(seed), "2005")
    fields = {(field.name, field.row): field for page in form(name).layout.pages for field in page.fields}
    assert values.keys() == fields.keys()
    for key, field in fields.items():
        value = values[key]
        if value is None or field.kind in (Kind.LINE, Kind.AREA):
            continue
        if field.kind is Kind.MARKS:
            assert set(value.split("|")) <= {choice.value for choice in field.choices}
            assert field.multiple or "|" not in value
            continue
        cells = TYPES[field.type].to_cells(value, len(field.cells))
        assert TYPES[field.type].normalise(cells) == value
        assert TYPES[field.type].fault(cells) is None


def test_counts_agree_with_the_rows_they_count():
    values = fill_in(form("pendataan"), np.random.default_rng(3))
    members = [value for (name, _), value in values.items() if name == "anggota.nama" and value]
    assert values["jumlah_anggota", None] == str(len(members) + 1)
    roster = fill_in(form("penyaluran"), np.random.default_rng(3))
    absent = [row for (name, row), value in roster.items() if name == "penerima.status" and value == "tidak"]
    assert all(roster["penerima.jumlah", row] is None for row in absent)


@given(definitions(), seeds)
@settings(max_examples=10, deadline=None)
def test_any_form_can_be_filled(definition, seed):
    try:
        composition = compose(definition)
    except DefinitionError:
        assume(False)
    layout = composition.layout
    unknown = Form(definition, layout, fingerprint(layout), composition.ink)
    rng = np.random.default_rng(seed)
    values = fill_in(unknown, rng)
    for page in layout.pages:
        blank = blank_page()
        filled, truths = fill_page(blank, page, values, _writer(seed), rng)
        assert [(truth.field, truth.row) for truth in truths] == [
            (field.name, field.row) for field in page.fields
        ]
        written = any(truth.value not in (None, "absent") for truth in truths)
        assert written == bool((filled < 0.9).any())


def test_ink_stands_in_the_cells_and_boxes_of_its_field():
    survey = form("pendataan")
    layout = survey.layout.pages[0]
    blank = blank_sheets(survey, ["FPS-2005-26-00001"])[0][0]
    values = {("nik", None): "6311021203789001", ("jenis_kelamin", None): "P", ("nama", None): "SITI"}
    page, truths = fill_page(blank, layout, values, _writer(), np.random.default_rng(0))
    before = blank / np.float32(255)
    fields = {field.name: field for field in layout.fields if field.row is None}
    assert all(np.abs(_inside(page - before, cell)).max() > 0.2 for cell in fields["nik"].cells)
    written = [bool(np.abs(_inside(page - before, cell)).max() > 0.2) for cell in fields["nama"].cells]
    assert written == [True] * 4 + [False] * 20
    marked = [
        float(_inside(page - before, choice.box, 0.5).min()) < -0.2
        for choice in fields["jenis_kelamin"].choices
    ]
    assert marked == [False, True]
    assert not np.abs(_inside(page - before, fields["kk"].box)).any()
    lines = {
        line["field"]: line
        for line in lines_of(survey, "FPS-2005-26-00001", 1, truths)
        if line["row"] is None
    }
    assert lines["nik"]["value"] == "6311021203789001"
    assert lines["jenis_kelamin"]["value"] == "P"
    assert lines["kk"]["value"] is None


def test_the_truth_tells_which_sample_of_the_hand_stands_in_each_cell():
    survey = form("pendataan")
    layout = survey.layout.pages[0]
    values = {("nik", None): "6311021203789001", ("nama", None): "SITI ASIAH"}
    _, truths = fill_page(blank_page(), layout, values, _writer(slips=0.0), np.random.default_rng(0))
    told = {truth.field: truth for truth in truths if truth.samples}
    assert set(told) == {"nik", "nama"}
    characters = {}
    for truth in told.values():
        assert [sample != 0 for sample in truth.samples] == [char != " " for char in truth.raw]
        for sample, char in zip(truth.samples, truth.raw, strict=True):
            assert characters.setdefault(sample, char) == char
    assert len(characters) > len(set("6311021203789001SITI ASIAH")) - 1
    kin = Side(0, "", blank_page(), SimpleNamespace(page=layout), truths).kin()
    places = comb_places(layout)
    assert len(kin) == max(place.stop for place in places.values())
    assert kin[places["nama", None]].tolist() == list(told["nama"].samples)
    assert np.count_nonzero(kin) == 16 + len("SITIASIAH")


@pytest.mark.parametrize("ways", [(), ("cell",), ("overwritten",), ("struck",), ("missed",)])
def test_a_correction_is_told_in_the_truth_and_stands_where_it_should(ways):
    survey = form("pendataan")
    blank = blank_page()
    values = {("kk", None): "6311021203789001"}
    writer = replace(_writer(slips=float(bool(ways))), corrections=ways)
    page, truths = fill_page(blank, survey.layout.pages[0], values, writer, np.random.default_rng(0))
    told = next(truth for truth in truths if truth.value)
    assert (told.correction, told.value) == (ways[0] if ways else None, "6311021203789001")
    box = next(field.box for field in survey.layout.pages[0].fields if field.name == "kk")
    above = Box(box.x, box.y - 2.5, box.w, 1.2)
    assert bool((_inside(page, above, 0) < 0.5).any()) == (ways in {("cell",), ("struck",), ("missed",)})
    assert bool((_inside(page, box, 1.0) < 0.5).any()) == (ways != ("missed",))


def test_a_value_that_no_hand_can_write_is_left_empty_and_said_so():
    survey = form("pendataan")
    blank = blank_page()
    values = {("nama", None): "ÅSA"}
    with pytest.raises(ValueError, match="ÅSA"):
        fill_page(blank, survey.layout.pages[0], values, _writer(), np.random.default_rng(0))
    digits = Writer.sample([type(BLOCK)("digits", {"1": BLOCK.glyphs["1"]})], np.random.default_rng(0))
    page, truths = fill_page(
        blank, survey.layout.pages[0], {("nama", None): "ASA"}, digits, np.random.default_rng(0)
    )
    assert page.min() == 1
    assert not any(truth.value for truth in truths if truth.kind is not Kind.AREA)


def test_every_machine_keeps_the_page_and_repeats_itself():
    page = np.ones((700, 500), np.float32)
    page[300:310, 50:450] = 0.1
    for seed in range(5):
        scans = [
            Scanner.sample(np.random.default_rng(seed)).scan(page, np.random.default_rng(seed))
            for _ in range(2)
        ]
        assert scans[0].shape == page.shape
        assert scans[0].dtype == np.uint8
        assert np.array_equal(*scans)
        assert int(scans[0].min()) < 120 < int(np.median(scans[0]))
    for spoil in (coffee, folded, photocopied):
        spoilt = spoil(page, np.random.default_rng(0))
        assert spoilt.shape == page.shape
        assert spoilt[305, 250] < 0.4
        assert not np.array_equal(spoilt, page)
    assert page.max() == 1
    photo = photographed(page, np.random.default_rng(0))
    assert photo.dtype == np.uint8
    assert photo.shape[2] == 3


def test_a_1_bit_scan_is_black_and_white():
    page = np.linspace(0, 1, 40_000, dtype=np.float32).reshape(200, 200)
    assert set(np.unique(Scanner(bit_level=150).scan(page, np.random.default_rng(0)))) == {0, 255}


def test_quarter_turns_go_clockwise():
    image = np.array([[1, 2], [3, 4]], np.uint8)
    assert upright_turned(image, 1).tolist() == [[3, 1], [4, 2]]
    assert upright_turned(image, 4).tolist() == image.tolist()


def _line(field, value, kind="comb", type_="nik", **more):
    line = {
        "serial": "S",
        "page": 1,
        "field": field,
        "row": None,
        "type": type_,
        "kind": kind,
        "value": value,
    }
    return line | {"raw": value or "" if kind == "comb" else ""} | more


def test_scores_count_right_wrong_and_waiting():
    truth = [
        _line("a", "12345"),
        _line("b", "12345"),
        _line("c", None),
        _line("d", "12345"),
        _line("e", "ya", "marks", "choice"),
        {"source": "x.pdf", "image": 1, "status": "read"},
    ]
    readings = [
        _line("a", "12345", status="accepted"),
        _line("b", "12845", status="accepted"),
        _line("c", None, status="accepted"),
        _line("e", "ya", "marks", "choice", status="review"),
    ]
    by_kind = {one.kind: one for one in score(truth, readings)}
    assert list(by_kind) == ["marks", "NIK", "all"]
    niks = by_kind["NIK"]
    assert (niks.fields, niks.filled, niks.accepted, niks.right, niks.wrong, niks.review) == (
        4,
        3,
        3,
        2,
        1,
        1,
    )
    assert (niks.characters, niks.characters_right) == (15, 9)
    assert by_kind["marks"].review == 1
    assert [(line["field"], got["value"]) for line, got in wrong_readings(truth, readings)] == [
        ("b", "12845")
    ]


@given(st.integers(0, 400), st.integers(0, 400))
def test_intervals_hold_the_share_and_are_exact_at_the_ends(hits, more):
    n = hits + more
    low, high = interval(hits, n)
    assert 0 <= low <= high <= 1
    if n:
        assert low <= hits / n <= high
    if n and hits == 0:
        assert high == pytest.approx(1 - 0.025 ** (1 / n), abs=1e-6)
