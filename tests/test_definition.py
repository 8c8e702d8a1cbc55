"""Form definitions: what is sound, and that every error names file and line in both languages."""

from dataclasses import replace
from pathlib import Path

import pytest
from forms_under_test import FORMS, form

from pipeline.errors import DefinitionError, Exit, UsageError
from pipeline.forms.attributes import ENTITIES
from pipeline.forms.catalogue import Catalogue, default_directories, load_form
from pipeline.forms.definition import FormDefinition, Section, load_definition
from pipeline.forms.entries import RegisterEntry
from pipeline.forms.fields import FieldSpec, TableSpec
from pipeline.forms.frozen import RELEASES, check_frozen, release, released
from pipeline.forms.layout import FieldType, Kind

SOUND = """\
form: uji
code: UJI-01
version: 1
title: Uji
letterhead: [KANTOR]
pages:
  - sections:
      - title: I. Satu
        items:
          - {name: nik, type: nik, label: NIK}
          - name: pilihan
            type: choice
            label: Pilihan
            choices:
              - {value: "01", label: Satu}
              - {value: no, label: Dua}
          - table: orang
            rows: 2
            columns:
              - {name: nama, type: name, cells: 5, label: Nama}
rules:
  - village_known: [nik]
register:
  - entity: person
    table: orang
    map: {name: nama, nik: nik}
"""


CONSENT = """\
          - name: setuju
            type: choice
            multiple: {multiple}
            label: Setuju
            choices: [{{value: setuju, label: Ya}}, {{value: {refusal}, label: Tidak}}]
rules:"""


def write(folder: Path, text: str, name: str = "uji.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", FORMS)
def test_the_offices_forms_load(name):
    definition = form(name).definition
    assert definition.form == name
    assert definition.letterhead[1] == "KECAMATAN HALONG"


def test_plain_scalars_stay_what_they_are(tmp_path):
    definition = load_definition(write(tmp_path, SOUND))
    assert [choice.value for choice in definition.field("pilihan").choices] == ["01", "no"]
    assert definition.field("orang.nama").type is FieldType.NAME
    assert definition.field("nik").cell_count == 16
    assert definition.rules[0].fields == ("nik",)
    assert definition.register_[0].map["nik"] == "nik"
    with pytest.raises(KeyError):
        definition.field("orang.nik")


@pytest.mark.parametrize(
    ("old", "new", "line", "indonesian"),
    [
        ("type: nik", "type: nikk", 10, "type harus salah satu dari"),
        ("version: 1", "version: satu", 3, "version harus bilangan bulat"),
        ("code: UJI-01", "code: uji", 2, "code tidak sesuai bentuk"),
        ("title: Uji\n", "", 1, "title belum diisi"),
        ("rows: 2", "rows: 2\n            warna: merah", 19, "warna tidak dikenal"),
        ("rows: 2", "rows: 0", 18, "rows paling sedikit 1"),
        ("cells: 5", "cells: 99", 20, "cells paling banyak 33"),
        (
            "{name: nik, type: nik, label: NIK}",
            "{name: nik, type: nik, label: NIK, cells: 15}",
            10,
            "selalu 16 kotak",
        ),
        ("value: no", 'value: "01"', 14, "nilai 01 ditulis dua kali"),
        ("- table: orang", "- table: nik", 6, "nama nik dipakai dua kali"),
        ("type: choice", "type: name", 14, "hanya choice dan code"),
        ("village_known: [nik]", "village_known: [desa]", 22, "isian desa tidak ada"),
        ("table: orang\n    map", "table: rumah\n    map", 25, "isian rumah tidak ada"),
        (
            "map: {name: nama, nik: nik}",
            "map:\n      name: nama\n      nik: nomor",
            28,
            "isian nomor tidak ada",
        ),
        (
            "map: {name: nama, nik: nik}",
            "map:\n      name: nama\n      nikk: nik",
            28,
            "daftar penerima tidak mengenal nikk",
        ),
        (
            "map: {name: nama, nik: nik}",
            "map: {name: nama}\n    constants:\n      relasi: ada",
            28,
            "daftar penerima tidak mengenal relasi",
        ),
        (
            "map: {name: nama, nik: nik}",
            "map:\n      name: nama\n      birth_date: nama",
            28,
            "birth_date harus tanggal; nama bukan",
        ),
        (
            "entity: person\n    table: orang\n    map: {name: nama, nik: nik}",
            "entity: distribution\n    map: {quantity: pilihan}",
            25,
            "quantity harus bilangan; pilihan bukan",
        ),
        (
            "entity: person\n    table: orang\n    map: {name: nama, nik: nik}",
            "entity: visit\n    map: {topic: pilihan}\n    constants: {date: 2026-13-01}",
            26,
            "date harus tanggal; 2026-13-01 bukan",
        ),
        (
            "map: {name: nama, nik: nik}",
            "map:\n      name: nama\n      nik: nama",
            28,
            "nik harus NIK (16 angka); nama bukan",
        ),
        (
            "map: {name: nama, nik: nik}",
            "map:\n      name: nama\n      sex: pilihan",
            28,
            "Jenis kelamin (sex) hanya mengenal nilai L, P; ganti nilai 01",
        ),
        (
            "map: {name: nama, nik: nik}",
            "map: {name: nama}\n    constants:\n      sex: pria",
            28,
            "Jenis kelamin (sex) hanya mengenal nilai L, P; ganti nilai pria",
        ),
        (
            "map: {name: nama, nik: nik}",
            "map: {facts.pilihan: pilihan}",
            26,
            "Orang baru masuk daftar bila ada isian yang menjadi NIK atau Nama (nik, name)",
        ),
        (
            "entity: person\n    table: orang\n    map: {name: nama, nik: nik}",
            "entity: person\n    map:\n      nik: nik\n      name: orang.nama",
            27,
            "isian orang.nama tidak ada",
        ),
        (
            "entity: person\n    table: orang\n    map: {name: nama, nik: nik}",
            "entity: visit\n    table: orang\n    map:\n      siapa: nama",
            27,
            "siapa harus Kode desa (4 angka) atau",
        ),
        ("entity: person", "entity: household", 25, "Keluarga tidak dapat menjadi baris tabel"),
        ("entity: person", "entity: orang", 24, "entity harus salah satu dari"),
        ("label: Pilihan", "label: Pilihan\n            type: code", 14, "type ditulis dua kali"),
        ("rows: 2", "rows: [2", 19, "YAML tidak sah"),
        ("name: nama, type: name", "name: nama, type: name, line: 2", 20, "baris kolom melebihi lines"),
        ("name: nama, type: name", "name: nama, type: name, words: kota", 20, "daftar kata yang ada"),
        ("title: Uji\n", "title: ''\n", 4, "title: masih kosong"),
        ("title: I. Satu", "title: {id: ' ', en: One}", 8, "title: masih kosong"),
        ("label: Nama", "label: ''", 20, "label: masih kosong"),
        ("label: Nama", 'label: "Nama\\e[2J"', 20, "label: memuat karakter kendali"),
        ("title: Uji\n", 'title: {id: Uji, en: "\\u202eijU"}\n', 4, "title: memuat karakter kendali"),
        ("version: 1", "version: \x0b", 3, "YAML tidak sah"),
        ("version: 1", "version: 1\x00", 3, "YAML tidak sah"),
        ("version: 1", "version: &a [*a]", 1, "menunjuk ke dirinya sendiri"),
        ("version: 1", "version: 1\n? [a]\n: 1", 4, "kunci harus berupa kata"),
    ],
)
def test_an_error_names_file_and_line(tmp_path, old, new, line, indonesian):
    assert SOUND.count(old) == 1
    with pytest.raises(DefinitionError) as caught:
        load_definition(write(tmp_path, SOUND.replace(old, new)))
    error = caught.value
    assert error.exit is Exit.USAGE
    assert f"uji.yaml baris {line}: " in error.text.id
    assert indonesian in error.text.id
    assert f"uji.yaml, line {line}: " in error.text.en


@pytest.mark.parametrize(
    ("refusal", "multiple", "wrong"),
    [
        ("tidak_setuju", "false", None),
        (
            "tidak",
            "false",
            r"Persetujuan atas data \(consent\) hanya mengenal nilai setuju, tidak_setuju; ganti nilai tidak",
        ),
        ("tidak, means: tidak_setuju", "false", None),
        ("tidak, means: menolak", "false", r"ganti nilai menolak, atau .* \(means\)"),
        ("tidak_setuju", "true", r"\(consent\) hanya satu jawaban"),
    ],
)
def test_a_refusal_that_the_register_would_not_know_is_told(tmp_path, refusal, multiple, wrong):
    """It would let the data of people out who said no."""
    text = SOUND.replace("rules:", CONSENT.format(refusal=refusal, multiple=multiple))
    path = write(tmp_path, f"{text}  - {{entity: household, map: {{consent: setuju}}}}\n")
    if wrong is None:
        assert load_definition(path).register_[1].map == {"consent": "setuju"}
    else:
        with pytest.raises(DefinitionError, match=wrong):
            load_definition(path)


@pytest.mark.parametrize("content", ["", "- 1", "teks", "\tx: ["])
def test_what_is_no_definition_is_refused(tmp_path, content):
    with pytest.raises(DefinitionError, match=r"uji\.yaml"):
        load_definition(write(tmp_path, content))


def test_a_few_lines_that_aliases_swell_to_gigabytes_are_refused(tmp_path):
    tenfold = "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 10))
    with pytest.raises(DefinitionError, match=r"uji\.yaml baris \d+: .*alias"):
        load_definition(write(tmp_path, f"a0: &a0 x\n{tenfold}pages: *a9\n"))


def test_unreadable_files_are_refused(tmp_path):
    with pytest.raises(DefinitionError):
        load_definition(tmp_path / "tidak-ada.yaml")
    (tmp_path / "biner.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DefinitionError):
        load_definition(tmp_path / "biner.yaml")


def test_versions_stand_side_by_side_and_the_home_comes_first(tmp_path):
    home, project = tmp_path / "home", tmp_path / "project"
    home.mkdir()
    project.mkdir()
    write(project, SOUND)
    write(project, SOUND.replace("version: 1", "version: 2"), "uji.v2.yaml")
    write(home, SOUND.replace("title: Uji", "title: Rumah"))
    catalogue = Catalogue.load([home, project])
    assert catalogue.get("uji").definition.version == 2
    assert catalogue.get("uji", 1).definition.title.id == "Rumah"
    assert [one.definition.version for one in catalogue.forms()] == [1, 2]
    with pytest.raises(UsageError, match="uji v1, uji v2"):
        catalogue.get("lain")
    with pytest.raises(UsageError, match="uji v3"):
        catalogue.get("uji", 3)


def test_two_files_may_not_claim_one_version(tmp_path):
    write(tmp_path, SOUND)
    write(tmp_path, SOUND, "salinan.yaml")
    with pytest.raises(DefinitionError, match=r"uji\.yaml"):
        Catalogue.load([tmp_path])


def test_a_code_and_version_name_one_form_wherever_it_lies(tmp_path):
    """A QR code says no more: the sheets of one would be read as the other's."""
    (tmp_path / "home").mkdir()
    (tmp_path / "project").mkdir()
    write(tmp_path / "project", SOUND)
    write(tmp_path / "home", SOUND.replace("form: uji", "form: lain"), "lain.yaml")
    with pytest.raises(DefinitionError, match=r"lain dan uji|uji dan lain"):
        Catalogue.load([tmp_path / "home", tmp_path / "project"])


def test_what_other_programs_leave_beside_a_definition_is_none(tmp_path):
    write(tmp_path, SOUND)
    write(tmp_path, "\x00", "._uji.yaml")
    (tmp_path / ".#uji.yml").symlink_to("somebody@computer.1")
    assert [one.definition.form for one in Catalogue.load([tmp_path]).forms()] == ["uji"]


def test_a_missing_home_is_no_error(tmp_path):
    assert Catalogue.load(default_directories(tmp_path)).get("pendataan")


def test_a_printed_version_may_not_change(tmp_path):
    before = load_form(write(tmp_path, SOUND))
    printed = {before.key: frozenset({before.fingerprint})}
    check_frozen(before, printed)
    reworded = load_form(write(tmp_path, SOUND.replace("label: Nama", "label: Nama penuh")))
    check_frozen(reworded, printed)
    changed = load_form(write(tmp_path, SOUND.replace("cells: 5", "cells: 6")))
    with pytest.raises(DefinitionError, match="versi 2"):
        check_frozen(changed, printed)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff", b"[]", b'{"uji": 1}', b'{"uji": {"satu": "x"}}', b'{"uji": {"1": []}}', b"[" * 9999],
)
def test_a_broken_release_file_is_named(tmp_path, content):
    (tmp_path / RELEASES).write_bytes(content)
    with pytest.raises(DefinitionError, match=RELEASES):
        released([tmp_path])
    with pytest.raises(DefinitionError, match=RELEASES):
        release(tmp_path, [])


def test_a_release_adds_what_is_new_and_keeps_what_was(tmp_path):
    first = load_form(write(tmp_path, SOUND))
    release(tmp_path, [first])
    second = load_form(
        write(tmp_path, SOUND.replace("cells: 5", "cells: 6").replace("version: 1", "version: 2"))
    )
    release(tmp_path, [replace(first, fingerprint="0"), second])
    assert released([tmp_path]) == {
        ("uji", 1): frozenset({first.fingerprint}),
        ("uji", 2): frozenset({second.fingerprint}),
    }


@pytest.mark.parametrize("name", FORMS)
def test_released_forms_are_unchanged(name):
    printed = released(default_directories(Path("/nonexistent")))
    assert form(name).key in printed
    check_frozen(form(name), printed)


@pytest.mark.parametrize("name", FORMS)
def test_labels_speak_both_languages(name):
    definition = form(name).definition
    labels = [spec.label for _name, spec in definition.fields()] + [s.title for s in definition.sections()]
    assert all(label.id and label.en for label in labels)


def test_the_session_list_asks_for_no_identity_number():
    kinds = {spec.type for _name, spec in form("sosialisasi").definition.fields()}
    assert not kinds & {FieldType.NIK, FieldType.KK, FieldType.PHONE}


def test_a_roster_reads_only_what_happened():
    definition = form("penyaluran").definition
    assert {column.kind for column in definition.table("penerima").columns} == {
        Kind.COMB,
        Kind.MARKS,
        Kind.AREA,
    }
    assert [column.name for column in definition.table("penerima").preprinted] == ["nama", "nik"]
    with pytest.raises(KeyError):
        definition.table("anggota")


def test_definitions_survive_their_own_dump():
    definition = form("pendataan").definition
    assert FormDefinition.model_validate(definition.model_dump(by_alias=True)) == definition


def test_the_language_is_documented():
    text = (Path(__file__).parents[1] / "docs" / "form-definitions.md").read_text(encoding="utf-8")
    keys = {
        field.alias or name
        for model in (FormDefinition, Section, FieldSpec, TableSpec, RegisterEntry)
        for name, field in model.model_fields.items()
    }
    missing = [word for word in (*keys, *FieldType) if f"`{word}`" not in text and f"{word}:" not in text]
    assert not missing
    kept = {name for rules in ENTITIES.values() for name in (*rules.attributes, *rules.needs)}
    assert not [name for name in kept if f"`{name}`" not in text]


def test_the_documented_examples_are_sound(tmp_path):
    text = (Path(__file__).parents[1] / "docs" / "form-definitions.md").read_text(encoding="utf-8")
    example = text.split("```yaml\n")[1].split("```")[0]
    assert load_form(write(tmp_path, example)).definition.form == "tamu"
