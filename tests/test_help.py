"""Help and usage errors are wholly in one language: what Typer says of itself too."""

import json
import os
import re
import subprocess
import sys
from functools import lru_cache

import pytest
from typer.core import TyperGroup

from pipeline.cli.main import command
from pipeline.cli.typer_words import in_words

ASK = """
import contextlib, io, json, sys
from pipeline.cli.main import _DOORS, _open, command

def walk(words, one):
    yield words
    for word, inner in getattr(one, "commands", {}).items():
        yield from walk([*words, word], inner)

def told(words):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), contextlib.suppress(SystemExit):
        command().main(words, prog_name="sotarsa")
    return out.getvalue() + err.getvalue()

calls = [[], *(words for name, door in _DOORS.items() for words in walk([name], _open(door)))]
asked = {" ".join(words): told([*words, "--help"]) for words in calls}
json.dump({"help": asked, "wrong": {line: told(line.split()) for line in json.load(sys.stdin)}}, sys.stdout)
"""

WRONG = {
    "scan --nope": ("Tidak ada opsi --nope.", "No such option: --nope"),
    "forms print a --cuont 3": ("Mungkin: --count", "Possible options: --count"),
    "scann": ("Tidak ada perintah scann. Mungkin: scan.", "No such command 'scann'. Did you mean 'scan'?"),
    "forms layuot": ("Tidak ada perintah layuot.", "No such command 'layuot'."),
    "export": ("Perintah", "Commands"),
    "forms print": ("FORM belum diisi.", "Missing argument 'FORM'."),
    "review set": ("NOMOR belum diisi.", "Missing argument 'ITEM'."),
    "forms list lagi": ("Ini berlebih: lagi.", "Got unexpected extra argument(s) (lagi)"),
    "--home": ("Setelah --home harus ada isinya.", "Option '--home' requires an argument."),
    "doctor --json=3": ("--json tidak memakai isi.", "Option '--json' does not take a value."),
    "forms print a --count x": ("--count harus diisi bilangan bulat.", "Input should be a valid integer"),
    "forms print a --count 0": ("--count paling sedikit 1.", "greater than or equal to 1"),
    "forms print a --count 5001": ("--count paling banyak 5000.", "less than or equal to 5000"),
}

ENGLISH = (
    "Usage", "Options", "OPTIONS", "Arguments", "Commands", "COMMAND", "ARGS", "Error", "Try '", "Show this",
    "[required]", "[default", "(deprecated)", "No such", "Missing", "Input should", "NAME", "FILE", "CODE",
)  # fmt: skip
INDONESIAN = (
    "Pemakaian",
    "Opsi",
    "OPSI",
    "Argumen ─",
    "PERINTAH",
    "Kesalahan",
    "bawaan",
    "wajib",
    "Tampilkan",
    "NAMA",
)


def test_a_file_that_may_not_be_read_is_named():
    told = in_words("Invalid value for 'BLANK': Path '/media/a b/blangko.png' is not readable.")
    assert told == "/media/a b/blangko.png tidak boleh dibaca. Minta izin bacanya."


@lru_cache
def said(language):
    environment = {**os.environ, "SOTARSA_LANG": language, "COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"}
    done = subprocess.run(
        [sys.executable, "-c", ASK], env=environment, input=json.dumps([*WRONG]), capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


@pytest.mark.parametrize(("language", "others"), [("id", ENGLISH), ("en", INDONESIAN)])
def test_every_help_speaks_one_language(language, others):
    helps = said(language)["help"]
    assert len(helps) >= 30
    assert {name.split()[0] for name in helps if name} == set(command().commands)
    for name, text in helps.items():
        assert f"sotarsa {name}".strip() in text
        assert ("Pemakaian: " if language == "id" else "Usage: ") in text
        assert not [word for word in others if word in text], name
        # Types such as <bool> or <int range> say nothing to an office.
        assert not re.search(r"<[a-z\[\]]+( range)?>", text)
        # Typer itself says what may be left out and what may stand several times.
        assert not re.search(r"\[\[|\.\.\.[\]}|]", text), name


@pytest.mark.parametrize(("language", "others"), [("id", ENGLISH), ("en", INDONESIAN)])
@pytest.mark.parametrize("line", WRONG)
def test_every_usage_error_speaks_one_language(language, others, line):
    text = said(language)["wrong"][line]
    assert WRONG[line][language == "en"] in text
    assert not [word for word in others if word in text]


def test_help_can_be_read_in_both_languages_by_one_process(monkeypatch, capsys):
    for language, usage in (("en", "Usage: "), ("id", "Pemakaian: "), ("en", "Usage: ")):
        monkeypatch.setenv("SOTARSA_LANG", language)
        group = command()
        assert isinstance(group, TyperGroup)
        with pytest.raises(SystemExit):
            group.main(["--help"], prog_name="sotarsa")
        assert usage in capsys.readouterr().out
