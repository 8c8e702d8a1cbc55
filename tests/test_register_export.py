"""Rosters, exports and reports of the register, at the command line."""

import csv
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from builders import FAMILY, sheet
from forms_under_test import catalogue
from pdf2image import convert_from_path

from pipeline.errors import UsageError
from pipeline.page import read_page

PROGRAM = Path(sys.executable).with_name("sotarsa")
WITHOUT_CONSENT = FAMILY | {
    "nik": "6311021203789001",
    "kk": "6311021203789002",
    "nama": "RUSLAN",
    "tanggal_lahir": "1978-03-12",
    "persetujuan": "tidak_setuju",
    ("anggota.nama", 1): None,
    ("anggota.nik", 1): None,
    ("anggota.jenis_kelamin", 1): None,
    ("anggota.tanggal_lahir", 1): None,
    ("anggota.hubungan", 1): None,
}


@pytest.fixture
def register(store):
    from pipeline.register.importing import import_month

    sheet(FAMILY)
    sheet(WITHOUT_CONSENT)
    sheet(FAMILY, serial="FPS-2005-26-00990", open_fields=("nik",))
    import_month(catalogue(), None)
    return store


def sotarsa(home, *words):
    return subprocess.run(
        [PROGRAM, "--home", home, *words], check=False, capture_output=True, text=True, timeout=120
    )


def test_people_are_exported_without_those_who_refused(register):
    lines = [json.loads(line) for line in sotarsa(register, "export", "people").stdout.splitlines()]
    assert [line["name"] for line in lines] == ["SARKANI", "WULANDARI"]
    assert lines[0]["nik"] == FAMILY["nik"]
    everybody = sotarsa(register, "export", "people", "--with-refused")
    assert (len(everybody.stdout.splitlines()), everybody.stderr) == (3, "")


def test_readings_are_everybodys_and_it_is_told(register, tmp_path):
    done = sotarsa(register, "export", "readings", "--format", "jsonl")
    assert any(json.loads(line)["value"] == WITHOUT_CONSENT["nik"] for line in done.stdout.splitlines())
    assert "hanya untuk dipakai di dalam kantor" in done.stderr
    assert "dalam kantor" not in sotarsa(register, "export", "pages").stderr


@pytest.mark.parametrize("table", ["people", "households", "distributions", "visits"])
def test_an_export_says_how_many_rows_stay_in_the_office(register, table, tmp_path):
    told = " ".join(sotarsa(register, "export", table, "--out", tmp_path / "a.csv").stderr.split())
    assert ("1 baris tidak ikut" in told) == (table in ("people", "households"))


def test_the_report_tells_of_people_without_a_household(register, tmp_path):
    from django.db import connection

    from pipeline.register.importing import import_month

    aid = {
        "desa": "2005", "tanggal_penyaluran": "2026-11-20", "program": "CBP", ("tambahan.nama", 1): "JUMRI",
        ("tambahan.nik", 1): "6311020101809001", ("tambahan.status", 1): "hadir",
    }  # fmt: skip
    sheet(aid, "penyaluran")
    import_month(catalogue(), None)
    connection.close()
    for month, told in (("2026-11", True), ("2026-10", False)):
        assert sotarsa(register, "report", "--month", month, "--out", tmp_path).returncode == 0
        words = ["pdftotext", "-layout", tmp_path / f"laporan-{month}.pdf", "-"]
        text = " ".join(subprocess.run(words, check=True, capture_output=True, text=True).stdout.split())
        assert ("Selain itu 1 orang tercatat di daftar penyaluran" in text) == told


def test_a_spreadsheet_keeps_every_digit_of_a_nik(register, tmp_path):
    assert sotarsa(register, "export", "people", "--out", tmp_path / "a.xlsx").returncode == 0
    rows = list(openpyxl.load_workbook(tmp_path / "a.xlsx").active.iter_rows(values_only=True))
    assert rows[1][rows[0].index("nik")] == FAMILY["nik"]


@pytest.mark.parametrize("table", ["people", "households", "distributions", "visits"])
def test_every_table_has_its_columns_even_when_empty(store, table):
    from django.db import connection

    connection.close()
    text = sotarsa(store, "export", table, "--format", "csv").stdout
    assert "serial" in next(csv.reader(text.splitlines()))


def test_a_roster_lists_who_was_proposed_in_sheets_and_hides_the_birth_date(register):
    from pipeline.register.roster import roster_rows

    rows = roster_rows(catalogue(), "2005", "PKH", 12)
    assert [[row["name"] for row in page] for page in rows] == [["SARKANI"]]
    assert rows[0][0]["nik"] == "631102******9574"
    with pytest.raises(UsageError):
        roster_rows(catalogue(), "2005", "NONE", 12)


def test_a_roster_of_nobody_is_not_printed(register):
    from pipeline.register.roster import roster_rows

    with pytest.raises(UsageError, match="import"):
        roster_rows(catalogue(), "2014", "PKH", 12)


def test_a_printed_roster_carries_the_names_and_knows_its_rows(register, tmp_path):
    from django.db import connection

    from pipeline.register.models import Person
    from pipeline.store.models import IssuedSheet

    person = Person.objects.get(nik=FAMILY["nik"]).pk
    connection.close()
    out = tmp_path / "roster.pdf"
    done = sotarsa(
        register, "forms", "print", "penyaluran", "--village", "2005", "--programme", "PKH", "--out", out
    )
    assert done.returncode == 0, done.stderr
    text = subprocess.run(
        ["pdftotext", "-layout", out, "-"], check=True, capture_output=True, text=True
    ).stdout
    assert "SARKANI" in text
    assert "631102******9574" in text
    assert FAMILY["nik"] not in text
    assert IssuedSheet.objects.get().rows == {"penerima": [{"row": 1, "person": person}]}
    (page,) = convert_from_path(str(out), 300, grayscale=True)
    read = read_page(np.asarray(page), catalogue())
    said = {one.reading.field: (one.reading.value, one.status) for one in read.readings}
    assert said["program"] == ("PKH", "accepted")
    assert said["desa"] == ("2005", "accepted")
    assert said["satuan"][0] is None


def test_a_roster_is_only_printed_where_the_form_has_a_box_for_its_programme(register, tmp_path):
    from django.db import connection

    from pipeline.register.models import Proposal
    from pipeline.store.models import IssuedSheet

    Proposal.objects.filter(programme="PKH").update(programme="PBD")
    connection.close()
    roster = "forms", "print", "penyaluran", "--village", "2005", "--out", tmp_path / "roster.pdf"
    for word in ("PBD", "PBI", "xyz"):
        refused = sotarsa(register, *roster, "--programme", word)
        assert refused.returncode == 2
        assert f"tidak punya kotak {word.upper()}. Yang ada: PKH, SMB" in refused.stderr
    nobody = sotarsa(register, *roster, "--programme", "pkh")
    assert (nobody.returncode, "diusulkan untuk PKH" in nobody.stderr) == (2, True)
    nowhere = sotarsa(register, *roster[:3], "--programme", "PKH")
    assert (nowhere.returncode, "--village 2005" in nowhere.stderr) == (2, True)
    assert not IssuedSheet.objects.exists()
    connection.close()
    empty = sotarsa(register, *roster)
    assert empty.returncode == 0
    assert "tidak dibaca dari kertas" in " ".join(empty.stderr.split())


def test_a_month_without_sheets_is_told(register, tmp_path):
    from django.db import connection

    connection.close()
    for command in (("report", "--out", tmp_path), ("import",)):
        done = sotarsa(register, *command, "--month", "2025-11")
        assert "Bulan yang ada: 2026-11" in " ".join(done.stderr.split())


@pytest.fixture(params=["id", "en"])
def reported(register, request, tmp_path, monkeypatch):
    from django.db import connection

    connection.close()
    monkeypatch.setenv("SOTARSA_LANG", request.param)
    done = sotarsa(register, "report", "--month", "2026-11", "--out", tmp_path, "--json")
    assert done.returncode == 0, done.stderr
    return request.param, json.loads(done.stdout), tmp_path


def test_the_report_counts_people_and_names_nobody(reported):
    language, told, folder = reported
    assert told["people"] == 3
    text = subprocess.run(
        ["pdftotext", "-layout", folder / "laporan-2026-11.pdf", "-"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert {"id": "Orang yang terjangkau per desa", "en": "People reached in each village"}[language] in text
    for secret in ("SARKANI", FAMILY["nik"], FAMILY["kk"], "RUSLAN"):
        assert secret not in text
    book = openpyxl.load_workbook(folder / "laporan-2026-11.xlsx")
    assert len(book.sheetnames) == 3
    villages = {row[0]: row[3] for row in book.worksheets[0].iter_rows(min_row=4, values_only=True)}
    assert villages["Halong"] == 3


def test_signs_of_markup_in_an_offices_own_words_are_printed(tmp_path):
    from pipeline.register.figures import MonthFigures, ProgrammeFigures
    from pipeline.register.report_pdf import write_pdf

    programme = ProgrammeFigures("06", "Beras & <i gula", 0, 1, 1, 1, {"kg": 3})
    write_pdf(MonthFigures("2026-11", (), (programme,), 0, ()), tmp_path / "report.pdf")
    words = ["pdftotext", tmp_path / "report.pdf", "-"]
    shown = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    assert "Beras & <i gula" in " ".join(shown.split())


@pytest.mark.parametrize("language", ["id", "en"])
def test_what_is_ready_but_not_imported_is_told(register, language, tmp_path, monkeypatch):
    from django.db import connection

    from pipeline.register.changes import undo

    sheet({"desa": "2005", "tanggal_penyaluran": "2026-11-20"}, "penyaluran")
    undo(1)
    connection.close()
    monkeypatch.setenv("SOTARSA_LANG", language)
    done = sotarsa(register, "report", "--month", "2026-11", "--out", tmp_path, "--json")
    assert (done.returncode, json.loads(done.stdout)["not_imported"]) == (0, 2), (
        "a list of nobody says nothing"
    )
    assert "sotarsa import --month 2026-11" in " ".join(done.stderr.split())
    words = ["pdftotext", "-layout", tmp_path / "laporan-2026-11.pdf", "-"]
    text = " ".join(subprocess.run(words, check=True, capture_output=True, text=True).stdout.split())
    told = {
        "id": "3 lembar masih menunggu. 2 di antaranya lengkap",
        "en": "3 sheets are still waiting. 2 of them are complete",
    }
    assert told[language] in text
    assert text.count({"id": "lengkap, belum diimpor", "en": "complete, not imported yet"}[language]) == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "0 lembar masuk daftar, 2 sudah ada sebelumnya, 1 menunggu."),
        (("--dry-run",), "0 lembar akan masuk daftar, 2 sudah ada, 1 menunggu."),
    ],
)
def test_what_the_register_had_before_is_counted_apart(register, words, told):
    from django.db import connection

    connection.close()
    assert told in sotarsa(register, "import", *words).stderr
    assert sotarsa(register, "import", "--undo", "1").returncode == 0
    assert told.replace("0", "2", 1).replace("2 s", "0 s") in sotarsa(register, "import", *words).stderr


def test_sheets_that_say_nothing_to_the_register_are_not_told_as_being_in_it(register):
    from django.db import connection

    from pipeline.store.models import Sheet

    (register / "forms").mkdir()
    (register / "forms" / "tamu.v1.yaml").write_text(
        "{form: tamu, code: TMU-01, version: 1, title: Tamu, letterhead: [KECAMATAN], pages: [{sections: "
        "[{title: I. Tamu, items: [{name: nama, type: name, label: Nama}]}]}]}"
    )
    for number in (1, 2):
        Sheet.objects.create(serial=f"TMU-2005-26-0000{number}", form="tamu", version=1, complete=True)
    connection.close()
    told = sotarsa(register, "import").stderr
    assert "0 lembar masuk daftar, 2 sudah ada sebelumnya, 1 menunggu." in told
    assert "2 lembar tamu tidak masuk daftar" in told
    report = json.loads(sotarsa(register, "import", "--json").stdout)
    assert (report["sheets"], report["unmapped"]) == (2, {"tamu": 2})


@pytest.mark.parametrize(("language", "word"), [("id", "baris"), ("en", "row")])
def test_aid_for_nobody_is_told_by_the_number_on_paper(register, language, word, monkeypatch):
    from django.db import connection

    monkeypatch.setenv("SOTARSA_LANG", language)
    sheet(
        {
            "tanggal_penyaluran": "2026-11-20",
            ("penerima.status", 2): "hadir",
            ("tambahan.status", 1): "hadir",
        },
        "penyaluran",
    )
    connection.close()
    told = sotarsa(register, "import", "--month", "2026-11").stderr
    assert f"{word} 2 " in told
    assert f"{word} 13 " in told
    assert "penerima 2" not in told


def test_before_and_after_are_of_the_month(register):
    from pipeline.register.figures import figures

    november, december = (figures(catalogue(), month) for month in ("2026-11", "2026-12"))
    assert (november.people_before, november.people) == (0, 3)
    assert (december.people_before, december.people) == (3, 3)
    assert [w.serial for w in november.waiting] == ["FPS-2005-26-00990"]


def test_what_has_no_date_on_paper_counts_from_the_day_on_which_it_was_scanned(store):
    from pipeline.register.figures import figures
    from pipeline.register.importing import import_month
    from pipeline.store.models import Sheet

    sheet({key: value for key, value in FAMILY.items() if key != "tanggal_pendataan"})
    sheet({"desa": "2005", ("peserta.jenis_kelamin", 1): "L"}, "sosialisasi")
    roster = {"desa": "2005", "program": "PKH", "satuan": "rupiah", ("tambahan.nama", 1): "JUMRI"}
    sheet(roster | {("tambahan.status", 1): "hadir", ("tambahan.jumlah", 1): "300000"}, "penyaluran")
    # Half past seven in the morning of the first of November in Halong.
    Sheet.objects.update(created_at=datetime(2026, 10, 31, 23, 30, tzinfo=UTC))
    import_month(catalogue(), None)
    october, november, december = (figures(catalogue(), f"2026-{month}") for month in (10, 11, 12))
    told = ("people_before", "people", "households", "attended", "delivered", "others")
    assert [getattr(october, one) for one in told] == [0, 0, 0, 0, 0, 0]
    assert [getattr(november, one) for one in told] == [0, 2, 1, 1, 1, 1]
    assert [getattr(december, one) for one in told] == [2, 2, 1, 0, 0, 1]
    asked = {one.code: (one.proposed_before, one.proposed) for one in november.programmes}
    assert asked == {"PKH": (0, 1), "RTL": (0, 1)}
    assert november.programmes[0].quantities == {"rupiah": 300000}


def test_import_tells_what_waits_with_status_1_and_undo_takes_it_back(register):
    from django.db import connection

    connection.close()
    done = sotarsa(register, "import", "--month", "2026-11", "--json")
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert (told["run"], [w["serial"] for w in told["waiting"]]) == (None, ["FPS-2005-26-00990"])
    assert sotarsa(register, "import", "--undo", "1").returncode == 0
    assert sotarsa(register, "export", "people").stdout == ""
    assert sotarsa(register, "import", "--undo", "1").returncode == 2
    assert sotarsa(register, "import", "--month", "Nov").returncode == 2


def test_the_imports_so_far_are_listed_as_an_answer(register):
    from django.db import connection

    connection.close()
    done = sotarsa(register, "import", "--runs")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Dibatalkan" in done.stdout
    assert len(json.loads(sotarsa(register, "import", "--runs", "--json").stdout)["runs"]) == 1


@pytest.mark.parametrize(
    "words",
    [
        ("--undo", "1", "--dry-run"),
        ("--undo", "1", "--month", "2026-11"),
        ("--undo", "1", "--runs"),
        ("--runs", "--dry-run"),
        ("--runs", "--month", "2026-11"),
    ],
)
def test_an_import_is_not_asked_for_two_things_at_once(register, words):
    from django.db import connection

    connection.close()
    done = sotarsa(register, "import", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert "tanpa --month dan --dry-run" in done.stderr
    assert sotarsa(register, "export", "people").stdout


def test_what_is_to_decide_names_both_sheets_and_numbers_whole_in_a_narrow_window(register, monkeypatch):
    from django.db import connection

    from pipeline.store.models import Sheet

    monkeypatch.setenv("COLUMNS", "80")
    kk = "6311022308239138"
    second = sheet(
        FAMILY | {"kk": kk, "tanggal_pendataan": "2026-11-25", "nama": "SARKAWI BIN ABDURRAHMAN ARSYAD"}
    )
    first = Sheet.objects.order_by("pk").first()
    connection.close()
    told = sotarsa(register, "import").stderr
    for whole in (kk, FAMILY["kk"], first.serial, second.serial):
        assert whole in told
    lines = told.splitlines()
    assert max(map(len, lines)) <= 80
    assert [line for line in lines if line[0] in "┏┡┃│└" and line[-1] not in "┓┩┃│┘"] == []


def test_what_lists_the_rest_changes_nothing_and_keeps_to_the_month(register):
    from django.db import connection

    for _ in range(21):
        sheet(FAMILY, open_fields=("nama",))
    connection.close()
    told = sotarsa(register, "import", "--month", "2026-11").stderr
    assert "Semuanya: sotarsa import --month 2026-11 --dry-run --json" in told
