"""Rules across the fields of a sheet."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import DefinitionError
from pipeline.forms.catalogue import Catalogue, default_directories
from pipeline.forms.definition import RuleUse, load_definition
from pipeline.language import Text
from pipeline.reasons import VALUE_REASONS
from pipeline.recognition.types import Reading
from pipeline.validation.rules import RULES, check_rules
from pipeline.validation.sheet import broken_rules, record_of

CATALOGUE = Catalogue.load(default_directories(Path("no-home")))
PENDATAAN = CATALOGUE.get("pendataan").definition
ROSTER = CATALOGUE.get("penyaluran").definition
MAN, WOMAN = "6311021203789001", "6311025507659002"


def readings(values, definition=PENDATAAN):
    empty = {(name, None if "." not in name else 1): None for name, _ in definition.fields()}
    return [
        Reading(field, row, value, value or "", 1.0, ((0, 0),) * 4, "test")
        for (field, row), value in {**empty, **values}.items()
    ]


@pytest.mark.parametrize(
    ("rule", "holds", "breaks"),
    [
        ("nik_agrees_with_birth_date", (MAN, "1978-03-12"), (MAN, "1978-03-13")),
        ("nik_agrees_with_birth_date", (WOMAN, "1965-07-15"), (WOMAN, "1965-08-15")),
        ("sex_agrees_with_nik", ("P", WOMAN), ("L", WOMAN)),
        ("kk_differs_from_nik", (WOMAN, MAN), (MAN, MAN)),
        ("niks_differ", (MAN, (WOMAN, None)), (MAN, (WOMAN, MAN))),
        ("members_counted", ("3", ("A", "B", None)), ("4", ("A", "B", None))),
        ("members_counted", ("9", ("A", "B")), ("2", ("A", "B"))),
        ("village_known", ("2005",), ("2006",)),
        ("date_not_in_future", ("2026-01-01",), ("2999-01-01",)),
        ("not_born_after", ("2020-01-01", "2020-01-01"), ("2020-01-02", "2020-01-01")),
        ("signed_when_received", ("hadir", "present"), ("tidak", "present")),
        ("signed_when_received", ("tidak", "absent"), ("wakil", "absent")),
        ("quantity_when_received", ("hadir", "10"), ("hadir", None)),
        ("quantity_when_received", (None, None), ("tidak", "5")),
        ("received_counted", ("1", ("hadir", "tidak", None)), ("2", ("hadir", None))),
        ("men_counted", ("1", ("L", "P")), ("2", ("L", "P"))),
        ("women_counted", ("1", ("L", "P")), ("0", ("L", "P"))),
    ],
)
def test_a_rule_holds_and_breaks(rule, holds, breaks):
    assert RULES[rule](*holds)
    assert not RULES[rule](*breaks)


def test_every_rule_has_its_sentence_in_both_languages():
    for name in RULES:
        assert isinstance(VALUE_REASONS[name], Text)


@pytest.mark.parametrize(
    "rule",
    [
        "tidak_ada: [nama]",
        "nik_agrees_with_birth_date: [nik]",
        "not_born_after: [anggota.tanggal_lahir, bayi.tanggal_lahir]",
    ],
)
def test_a_rule_that_cannot_be_asked_is_told_before_any_page_is_read(tmp_path, rule):
    text = (Path(__file__).parents[1] / "forms" / "pendataan.v1.yaml").read_text(encoding="utf-8")
    path = tmp_path / "pendataan.v1.yaml"
    table = "{table: bayi, rows: 1, columns: [{name: tanggal_lahir, type: date, label: Lahir}]}"
    text = text.replace("\npages:\n", f"\npages:\n  - sections: [{{title: Bayi, items: [{table}]}}]\n", 1)
    path.write_text(text.replace("\nrules:\n", f"\nrules:\n  - {rule}\n", 1), encoding="utf-8")
    with pytest.raises(DefinitionError, match=rule.partition(":")[0]):
        check_rules(load_definition(path))


def test_every_rule_that_a_form_lists_exists():
    for form in CATALOGUE.forms():
        assert {use.name for use in form.definition.rules} <= RULES.keys()


@given(st.sampled_from(["nik_agrees_with_birth_date", "sex_agrees_with_nik", "kk_differs_from_nik"]))
def test_what_is_not_there_breaks_nothing(name):
    assert RULES[name](None, None)
    assert RULES[name](MAN, None)
    assert RULES[name](None, MAN if name != "nik_agrees_with_birth_date" else "1978-03-12")


def test_a_broken_rule_names_every_filled_field_it_looks_at():
    broken = broken_rules(PENDATAAN, readings({("nik", None): MAN, ("tanggal_lahir", None): "1979-03-12"}))
    assert broken == {
        ("nik", None): ["nik_agrees_with_birth_date"],
        ("tanggal_lahir", None): ["nik_agrees_with_birth_date"],
    }


def test_rules_go_through_the_rows_of_a_table():
    values = {
        ("anggota.nik", 2): WOMAN,
        ("anggota.jenis_kelamin", 2): "L",
        ("anggota.tanggal_lahir", 2): None,
    }
    broken = broken_rules(PENDATAAN, readings(values))
    assert broken == {
        ("anggota.jenis_kelamin", 2): ["sex_agrees_with_nik"],
        ("anggota.nik", 2): ["sex_agrees_with_nik"],
    }


def test_fields_outside_a_table_are_the_same_for_every_row():
    use = {"name": "not_born_after", "fields": ("anggota.tanggal_lahir", "tanggal_pendataan")}
    definition = PENDATAAN.model_copy(update={"rules": (RuleUse.model_validate(use),)})
    check_rules(definition)
    births = {("anggota.tanggal_lahir", 1): "2026-12-01", ("anggota.tanggal_lahir", 2): "2026-11-01"}
    values = {**births, ("anggota.tanggal_lahir", 3): None, ("tanggal_pendataan", None): "2026-11-08"}
    assert broken_rules(definition, readings(values)) == {
        ("anggota.tanggal_lahir", 1): ["not_born_after"],
        ("tanggal_pendataan", None): ["not_born_after"],
    }


def test_a_single_field_is_a_column_of_one():
    use = {"name": "niks_differ", "fields": ("nik", "kk")}
    definition = PENDATAAN.model_copy(update={"rules": (RuleUse.model_validate(use),)})
    assert broken_rules(definition, readings({("nik", None): MAN, ("kk", None): WOMAN})) == {}
    assert broken_rules(definition, readings({("nik", None): MAN})) == {}
    assert broken_rules(definition, readings({("nik", None): MAN, ("kk", None): MAN})).keys() == {
        ("nik", None),
        ("kk", None),
    }


@pytest.mark.parametrize("name", ["members_counted", "received_counted", "men_counted", "women_counted"])
def test_words_count_nothing(name):
    assert RULES[name]("TIGA ORANG", ("A", "B"))


def test_a_signature_without_a_mark_is_shown():
    values = {
        ("penerima.tanda_tangan", 3): "present",
        ("penerima.status", 3): None,
        ("penerima.jumlah", 3): None,
    }
    assert broken_rules(ROSTER, readings(values, ROSTER)) == {
        ("penerima.tanda_tangan", 3): ["signed_when_received"]
    }


def test_the_record_has_dates_numbers_and_the_rows_in_use():
    values = {
        ("nik", None): MAN,
        ("tanggal_lahir", None): "1978-03-12",
        ("jumlah_anggota", None): "2",
        ("anggota.nama", 1): None,
        ("anggota.nama", 2): "SITI",
    }
    record = record_of(PENDATAAN, readings(values))
    assert record.tanggal_lahir.year == 1978
    assert record.jumlah_anggota == 2
    assert [row.nama for row in record.anggota] == ["SITI"]
