"""Layouts: everything on the page, nothing over anything else, big enough to write in, always the same."""

import pickle
from itertools import combinations

import pytest
from forms_under_test import FORMS, catalogue, definitions, form
from hypothesis import HealthCheck, assume, given, settings

from pipeline.errors import DefinitionError
from pipeline.forms.arrange import compose
from pipeline.forms.catalogue import fingerprint
from pipeline.forms.definition import FormDefinition
from pipeline.forms.describe import describe
from pipeline.forms.layout import Box, FieldType, Kind

SAFE_MM = 7.5


def overlap(a: Box, b: Box, by: float = 0.02) -> bool:
    return min(a.x + a.w, b.x + b.w) - max(a.x, b.x) > by and min(a.y + a.h, b.y + b.h) - max(a.y, b.y) > by


def clashes(boxes: list[tuple[str, Box]]) -> list[tuple[str, str]]:
    return [(m, n) for (m, a), (n, b) in combinations(boxes, 2) if overlap(a, b)]


def check(definition: FormDefinition) -> None:
    composition = compose(definition)
    for page, ink in zip(composition.layout.pages, composition.ink, strict=True):
        landmarks = [(f"marker {marker.id}", marker.box) for marker in page.markers]
        landmarks += [("qr", page.qr), ("serial", page.serial)]
        fields = [(f"{field.name}/{field.row}", field.box) for field in page.fields]
        ink_boxes = [
            (f"{field.name}/{field.row}", box)
            for field in page.fields
            for box in (field.cells or [choice.box for choice in field.choices] or [field.box])
        ]
        texts = [(f"text {run.text!r}", run.box) for run in ink.runs]
        slots = [(f"slot {slot.table}.{slot.column}/{slot.row}", slot.box) for slot in ink.slots]
        assert not clashes(landmarks + fields)
        assert not clashes(landmarks + ink_boxes + texts + slots)
        for name, box in landmarks + fields + texts + slots:
            assert box.x >= SAFE_MM, name
            assert box.y >= SAFE_MM, name
            assert box.x + box.w <= page.width_mm - SAFE_MM, name
            assert box.y + box.h <= page.height_mm - SAFE_MM, name


@pytest.mark.parametrize("name", FORMS)
def test_nothing_overlaps_and_all_is_inside_the_page(name):
    check(form(name).definition)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(definitions())
def test_any_definition_gives_a_sound_layout_or_is_refused(definition):
    try:
        compose(definition)
    except DefinitionError:
        assume(False)
    check(definition)
    assert (
        compose(definition).layout
        == compose(FormDefinition.model_validate(definition.model_dump(by_alias=True))).layout
    )


@pytest.mark.parametrize("name", FORMS)
def test_cells_are_big_enough_and_boxes_are_uniform(name):
    for page in form(name).layout.pages:
        for field in page.fields:
            assert all(cell.w >= 5.5 and cell.h >= 6.5 for cell in field.cells)
            assert all((choice.box.w, choice.box.h) == (4.5, 4.5) for choice in field.choices)


@pytest.mark.parametrize("name", FORMS)
def test_labels_keep_clear_of_the_ink(name):
    composition = compose(form(name).definition)
    for page, ink in zip(composition.layout.pages, composition.ink, strict=True):
        for field in page.fields:
            for box in (*field.cells, *(choice.box for choice in field.choices)):
                wide = Box(box.x - 0.5, box.y - 0.5, box.w + 1, box.h + 1)
                assert not [run.text for run in ink.runs if overlap(run.box, wide)], field.name


@pytest.mark.parametrize("name", FORMS)
def test_markers_are_numbered_by_page_and_corner(name):
    for page in form(name).layout.pages:
        assert [marker.id for marker in page.markers] == [4 * (page.page - 1) + i for i in range(4)]
        assert page.qr.w >= 18


@pytest.mark.parametrize("name", FORMS)
def test_every_field_of_the_definition_lies_somewhere(name):
    found = form(name)
    laid = {field.name for page in found.layout.pages for field in page.fields}
    assert laid == {field for field, _spec in found.definition.fields()}
    for table in found.definition.tables():
        rows = [
            field.row
            for page in found.layout.pages
            for field in page.fields
            if field.name == f"{table.name}.{table.columns[0].name}"
        ]
        assert rows == list(range(1, table.rows + 1))


def test_a_date_stands_in_three_groups():
    (field,) = [f for p in form("pendataan").layout.pages for f in p.fields if f.name == "tanggal_lahir"]
    steps = [round(b.x - a.x - a.w, 2) for a, b in zip(field.cells, field.cells[1:], strict=False)]
    assert [step > 0 for step in steps] == [False, True, False, True, False, False, False]


def test_a_form_is_picklable_and_its_fingerprint_follows_its_layout():
    found = form("pendataan")
    again = pickle.loads(pickle.dumps(found))
    assert again == found
    changed = found.definition.model_dump(by_alias=True)
    changed["pages"][0]["sections"][0]["items"][1]["cells"] = 4
    assert fingerprint(compose(FormDefinition.model_validate(changed)).layout) != found.fingerprint
    assert fingerprint(compose(found.definition).layout) == found.fingerprint


def test_the_catalogue_knows_forms_by_name_and_code():
    assert catalogue().get("FPS-01") is catalogue().get("pendataan", 1)
    assert catalogue().by_code("FPS-01", 1) is catalogue().get("pendataan")
    assert catalogue().by_code("FPS-01", 99) is None


def test_layout_as_json_keeps_the_contract():
    told = describe(form("pendataan").layout)
    assert list(told) == ["form", "code", "version", "pages"]
    fields = {(field["name"], field["row"]): field for page in told["pages"] for field in page["fields"]}
    name = fields["anggota.nama", 1]
    assert (name["kind"], name["type"], name["alphabet"]) == ("comb", "name", "A-Z .,'-")
    assert fields["nik", None]["alphabet"] == "0123456789"
    assert len(fields["nik", None]["cells"]) == 16
    assert [choice["value"] for choice in fields["jenis_kelamin", None]["choices"]] == ["L", "P"]
    assert fields["bantuan_diusulkan", None]["multiple"] is True
    assert set(fields["tanda_tangan", None]) == {"name", "row", "type", "kind", "box"}
    assert {field["type"] for field in fields.values()} <= {kind.value for kind in FieldType}
    assert {field["kind"] for field in fields.values()} == {kind.value for kind in Kind}


def test_what_does_not_fit_is_told_with_its_section():
    data = form("sosialisasi").definition.model_dump(by_alias=True)
    data["pages"][0]["sections"][1]["items"][0]["rows"] = 40
    with pytest.raises(DefinitionError, match=r"halaman 1: bagian “II. Peserta”"):
        compose(FormDefinition.model_validate(data))


def test_what_is_too_wide_is_told_by_name():
    data = form("penyaluran").definition.model_dump(by_alias=True)
    data["pages"][0]["sections"][1]["items"][0]["preprinted"][0]["width"] = 80
    with pytest.raises(DefinitionError, match="penerima"):
        compose(FormDefinition.model_validate(data))
