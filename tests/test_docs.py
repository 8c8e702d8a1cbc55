"""The docs say what the program does: commands, settings, statuses, reasons, rules, links, pictures."""

import json
import os
import re
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import Exit
from pipeline.reasons import ENTRY_REASONS, PAGE_REASONS, VALUE_REASONS
from pipeline.settings import Settings
from pipeline.store.keeping import FAULTS
from pipeline.validation.rules import RULES

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
HANDBOOK, COMMANDS, FORMS = (
    (DOCS / name).read_text("utf-8") for name in ("panduan.md", "commands.md", "form-definitions.md")
)
PAGES = (ROOT / "README.md", *sorted(DOCS.glob("*.md")), ROOT / "pipeline/recognition/models/README.md")
REASONS = {**PAGE_REASONS, **VALUE_REASONS, **ENTRY_REASONS, **FAULTS}

EXAMPLE = {"id": "Contoh", "en": "Example"}
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
VARIABLE = re.compile(r"SOTARSA_[A-Z_]*[A-Z]")

WALK = """
import json
from pipeline.cli.main import _DOORS, _open, command

def walk(name, one, found):
    options = [word for param in one.params for word in param.opts if word.startswith("--")]
    found[name] = {"help": one.help, "options": options}
    for word, inner in getattr(one, "commands", {}).items():
        walk(f"{name} {word}", inner, found)
    return found

found = {"sotarsa": {"help": command().help, "options": []}}
for name, door in _DOORS.items():
    walk(f"sotarsa {name}", _open(door), found)
print(json.dumps(found))
"""


@lru_cache
def commands(language: str) -> dict[str, dict[str, Any]]:
    """Every command under its full name, with its help and its options, as one language has them."""
    environment = {**os.environ, "SOTARSA_LANG": language}
    told = subprocess.run([sys.executable, "-c", WALK], env=environment, capture_output=True, check=True)
    found: dict[str, dict[str, Any]] = json.loads(told.stdout)
    return found


def call(name: str) -> str:
    """A pattern of how a command is called."""
    return name.replace("sotarsa", r"sotarsa(?: --home \w+)?", 1)


def sections() -> dict[str, str]:
    """The text under each heading of commands.md."""
    parts = HEADING.split(COMMANDS)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def anchors(text: str) -> set[str]:
    """The anchors that a page's headings make."""
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in HEADING.findall(text)}


def table_heads(text: str) -> set[str]:
    """The first cells of all table rows, without code marks."""
    return {row.split("|")[1].strip(" `") for row in text.splitlines() if row.startswith("|")}


def test_every_command_and_option_is_documented() -> None:
    found, told = commands("en"), sections()
    assert {"sotarsa forms print", "sotarsa review set", "sotarsa export readings"} <= found.keys()
    for name in found.keys() - {"sotarsa"}:
        assert name in told, f"{name} has no heading in commands.md"
        assert re.search(f"^    {call(name)}", COMMANDS, re.MULTILINE), f"{name} has no example"
        here = told[name] + told.get(name.rpartition(" ")[0], "")
        for option in found[name]["options"]:
            assert option in here, f"{name} {option} is not in commands.md"
    assert {head for head in told if re.match("sotarsa ", head)} <= found.keys(), "a command that is gone"


@pytest.mark.parametrize("language", EXAMPLE)
def test_every_help_has_an_example(language: str) -> None:
    for name, command in commands(language).items():
        assert re.search(f"{EXAMPLE[language]}: {call(name)}", command["help"]), (name, command["help"])


@pytest.mark.parametrize("code", REASONS)
def test_every_reason_is_explained(code: str) -> None:
    assert f"| {REASONS[code].id} | " in HANDBOOK
    assert f"| `{code}` | {REASONS[code].en} |" in COMMANDS


def test_every_sentence_of_the_handbook_tables_is_still_said() -> None:
    heads = re.findall(r"^\| (?:Sebab|Kalimat) di layar .*\n\|[-|]+\n((?:\|.*\n)+)", HANDBOOK, re.MULTILINE)
    told = set().union(*(table_heads(rows) for rows in heads))
    assert told == {reason.id for reason in REASONS.values()}


@pytest.mark.parametrize("text", [HANDBOOK, COMMANDS], ids=["panduan", "commands"])
def test_exit_statuses(text: str) -> None:
    assert {str(int(status)) for status in Exit} <= table_heads(text)


def test_every_setting_is_documented() -> None:
    known = {f"SOTARSA_{name.upper()}" for name in Settings.model_fields}
    for path in (ROOT / "pipeline").rglob("*.py"):
        known |= set(VARIABLE.findall(path.read_text("utf-8")))
    assert table_heads(sections()["Settings"]) - {"variable", "---"} == known


def test_every_rule_is_in_the_table() -> None:
    assert RULES.keys() <= table_heads(FORMS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text("utf-8")):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), f"{page.name}: {link}"
        assert not anchor or anchor in anchors(target.read_text("utf-8")), f"{page.name}: {link}"


def test_every_picture_is_shown() -> None:
    shown = {
        (page.parent / link).resolve() for page in PAGES for link in LINK.findall(page.read_text("utf-8"))
    }
    assert {path for path in (DOCS / "gambar").iterdir() if path not in shown} == set()


def test_every_script_that_is_named_can_be_started() -> None:
    pages = DOCS / "accuracy.md", DOCS / "robustness.md", ROOT / "pipeline/recognition/models/README.md"
    text = "".join(page.read_text(encoding="utf-8") for page in pages)
    modules = sorted(set(re.findall(r"python -m (pipeline\.training\.\w+)", text)))
    assert len(modules) > 15
    code = """
import importlib, sys
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        assert error.name in ("torch", "onnx"), error
"""
    subprocess.run([sys.executable, "-c", code, *modules], check=True)
