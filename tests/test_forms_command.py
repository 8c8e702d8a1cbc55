"""`sotarsa forms`: what other programs rely on, and what is refused."""

import json

import pytest
from forms_under_test import FORMS
from typer.testing import CliRunner

from pipeline.cli.forms import app
from pipeline.errors import UsageError


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
