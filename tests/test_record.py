"""The record that a definition gives: right types, empty is None, nothing unknown."""

from datetime import date

import pytest
from forms_under_test import FORMS, definitions, form
from hypothesis import HealthCheck, given, settings
from pydantic import ValidationError

from pipeline.forms.record import record_model, record_value

FILLED = {
    "desa": "2005",
    "tanggal_pendataan": "2026-11-05",
    "nik": "6311021203789001",
    "jumlah_anggota": "3",
    "jenis_kelamin": "L",
    "penghasilan": "750000",
    "aset": ("motor", "ternak"),
    "tanda_tangan": "present",
    "anggota": ({"nama": "SITI AISYAH", "tanggal_lahir": "1980-01-31", "hubungan": "03"}, {}),
}


def test_values_take_their_types():
    record = record_model(form("pendataan").definition).model_validate(FILLED)
    told = record.model_dump()
    assert told["tanggal_pendataan"] == date(2026, 11, 5)
    assert (told["nik"], told["desa"]) == ("6311021203789001", "2005")
    assert (told["jumlah_anggota"], told["penghasilan"]) == (3, 750000)
    assert [one.value for one in told["aset"]] == ["motor", "ternak"]
    assert told["anggota"][0]["hubungan"] == "03"
    assert told["anggota"][1]["nama"] is None
    assert record.model_dump(mode="json")["jenis_kelamin"] == "L"


@pytest.mark.parametrize("name", FORMS)
def test_an_empty_form_is_a_record_of_nothing(name):
    told = record_model(form(name).definition).model_validate({}).model_dump()
    assert told
    assert set(told.values()) <= {None, ()}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("tanggal_pendataan", "2026-02-30"),
        ("jenis_kelamin", "X"),
        ("aset", ("kapal",)),
        ("jumlah_anggota", "tiga"),
        ("tanda_tangan", "ya"),
        ("tidak_ada", "1"),
        ("anggota", ({},) * 7),
    ],
)
def test_what_does_not_belong_is_refused(key, value):
    with pytest.raises(ValidationError):
        record_model(form("pendataan").definition).model_validate({key: value})


def test_readings_become_record_values():
    definition = form("pendataan").definition
    assert record_value(definition.field("aset"), "motor|ternak") == ("motor", "ternak")
    assert record_value(definition.field("aset"), None) == ()
    assert record_value(definition.field("nik"), None) is None


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(definitions())
def test_every_definition_has_a_record(definition):
    model = record_model(definition)
    assert model.model_validate(model().model_dump()) == model()
