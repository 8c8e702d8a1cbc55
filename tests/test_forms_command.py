"""`sotarsa forms`: what other programs rely on, and what is refused."""

import json
from pathlib import Path

import pytest
from forms_under_test import FORMS
from typer.testing import CliRunner

from pipeline.cli import forms
from pipeline.cli.forms import app
from pipeline.errors import DefinitionError, UsageError
from pipeline.forms import printing

REGISTER = ("people", "households", "distributions")


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("SOTARSA_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("SOTARSA_DATABASE_URL", raising=False)
    return lambda *words: CliRunner().invoke(app, list(words))


@pytest.mark.parametrize("name", FORMS)
def test_layout_is_one_json_object(run, name):
    told = json.loads(run("layout", name, "--json").stdout)
    assert told["form"] == name
    assert (told["pages"][0]["width_mm"], told["pages"][0]["height_mm"]) == (210.0, 297.0)


def test_list_names_every_form(run):
    told = json.loads(run("list", "--json").stdout)
    assert [one["form"] for one in told["forms"]] == sorted(FORMS)
    assert all(name in run("list").stdout for name in FORMS)


def test_check_finds_the_offices_forms_sound(run):
    done = run("check", "pendataan")
    assert done.exit_code == 0
    assert "pendataan versi 1" in done.stdout


def changed(tmp_path):
    """A definition of the office's own in which two fields of a printed form have changed places."""
    text = (Path(__file__).parents[1] / "forms" / "pendataan.v1.yaml").read_text(encoding="utf-8")
    swapped = (
        text.replace("name: rt,", "name: X,")
        .replace("name: rw,", "name: rt,")
        .replace("name: X,", "name: rw,")
    )
    assert swapped != text
    folder = tmp_path / "home" / "forms"
    folder.mkdir(parents=True)
    (folder / "pendataan.v1.yaml").write_text(swapped, encoding="utf-8")


def test_no_page_is_read_by_a_layout_that_is_not_on_paper(run, tmp_path):
    from pipeline.cli.scan import make_reader

    assert run("check").exit_code == 0
    changed(tmp_path)
    assert isinstance(run("check").exception, DefinitionError)
    with pytest.raises(DefinitionError, match="versi 2"):
        make_reader(1, None)


def test_what_an_editor_keeps_beside_a_definition_stops_nothing(run, tmp_path):
    folder = tmp_path / "home" / "forms"
    folder.mkdir(parents=True)
    (folder / ".#pendataan.v1.yaml").symlink_to("clerk@office.1")
    (folder / "gone.png").symlink_to("nowhere.png")
    assert run("list").exit_code == 0


def test_a_definition_that_is_put_there_later_is_known_at_once(run, tmp_path):
    """A watch goes on for days."""
    from pipeline.cli import context

    run("list")
    assert len(context.catalogue().forms()) == len(FORMS)
    text = (Path(__file__).parents[1] / "forms" / "sosialisasi.v1.yaml").read_text(encoding="utf-8")
    (tmp_path / "home" / "forms").mkdir(parents=True)
    later = tmp_path / "home" / "forms" / "sosialisasi.v2.yaml"
    later.write_text(text.replace("version: 1", "version: 2", 1), encoding="utf-8")
    assert context.catalogue().get("sosialisasi").definition.version == 2
    later.unlink()
    assert context.catalogue().get("sosialisasi").definition.version == 1


@pytest.mark.parametrize(
    "words",
    [
        ("layout", "tidak_ada", "--json"),
        ("layout", "pendataan", "--version", "9"),
        ("print", "pendataan", "--village", "2007"),
        ("print", "pendataan", "--first-serial", "17"),
    ],
)
def test_wrong_usage_is_refused_with_a_sentence(run, words):
    assert isinstance(run(*words).exception, UsageError)


@pytest.fixture
def overtaken(store, monkeypatch):
    """Somebody else takes the next number each time that sheets are being printed, so often as is said."""
    from pipeline.store import issue

    def overtaken(times):
        def printed(form, serials, *args, **more):
            if next(left, None) is not None:
                issue.record_issued(form, serials[:1], "0000")
            really(form, serials, *args, **more)

        left, really = iter(range(times)), printing.print_sheets
        monkeypatch.setattr(forms, "print_sheets", printed)

    return overtaken


def test_who_lets_the_program_choose_gets_other_numbers(run, store, overtaken):
    overtaken(2)
    assert run("print", "sosialisasi").exit_code == 0
    assert [path.name[-9:] for path in (store / "print").iterdir()] == ["00003.pdf"]


def test_who_never_gets_a_number_is_told_why(run, store, overtaken):
    overtaken(99)
    assert "sedang dicetak" in str(run("print", "sosialisasi").exception)
    assert not list((store / "print").iterdir())


def test_who_chooses_a_number_is_told_that_it_is_taken(run, store, overtaken):
    overtaken(1)
    done = run("print", "sosialisasi", "--first-serial", "DHS-0000-26-00007")
    assert "sudah pernah dicetak" in str(done.exception)


@pytest.fixture
def unkept(tmp_path):
    """A form of the office's own, on paper, on which people refuse in a word that the register does not know."""
    text = (Path(__file__).parents[1] / "forms" / "pendataan.v1.yaml").read_text(encoding="utf-8")
    for old, new in (
        ("form: pendataan", "form: lama"),
        ("code: FPS-01", "code: LMA-01"),
        ("value: tidak_setuju", "value: tidak"),
    ):
        assert old in text
        text = text.replace(old, new)
    folder = tmp_path / "home" / "forms"
    folder.mkdir(parents=True)
    (folder / "lama.v1.yaml").write_text(text, encoding="utf-8")


def test_what_the_register_cannot_keep_of_a_form_stops_no_reading(run, unkept):
    """It may be on paper for years; the version of the program that asks more of it came later."""
    from pipeline.cli import context
    from pipeline.cli.scan import make_reader

    listed = run("list")
    assert "lama" in listed.stdout
    assert "lama.v1.yaml baris 370: Persetujuan" in listed.stderr
    assert "tetap dibaca" in listed.stderr
    assert run("check", "pendataan").exit_code == 0
    assert make_reader(1, None)
    assert context.catalogue().get("lama").definition.register_


@pytest.mark.parametrize(
    "words", [("check",), ("check", "lama"), ("print", "lama"), ("print", "penyaluran", "--program", "PKH")]
)
def test_what_the_register_cannot_keep_of_a_form_is_refused_where_more_paper_or_a_list_comes_of_it(
    run, unkept, words
):
    more = ("--village", "2005") if words[0] == "print" else ()
    assert "baris 370" in str(run(*words, *more).exception)


@pytest.mark.parametrize(
    "words", ["import", "import --dry-run", "report --month 2026-11", *map("export {}".format, REGISTER)]
)
def test_the_register_waits_for_what_it_cannot_keep(run, unkept, words, capsys):
    """What it cannot keep may be a refusal: an export would let out whom it is of."""
    from pipeline.cli.main import command

    with pytest.raises(SystemExit) as left:
        command().main(words.split(), prog_name="sotarsa")
    assert left.value.code == 2
    assert "baris 370" in capsys.readouterr().err
