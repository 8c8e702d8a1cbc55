"""What the commands share: the home, the forms, the opened store, and where words go."""

import json
import logging
import os
import shutil
import sys
import textwrap
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from pipeline.language import Text
from pipeline.scans.files import readable

if TYPE_CHECKING:
    from rich.console import Console

    from pipeline.forms.catalogue import Catalogue

_LOG_BYTES: Final = 5 * 2**20
_LOG_FILES: Final = 5
_NEW_HOME: Final = Text(
    "Belum ada data di {path}: folder itu baru dibuat. Bila datanya di tempat lain, sebut dengan --home.",
    "There is no data in {path} yet: the folder is new. If the data is elsewhere, name that with --home.",
)

_FAULT: Final = Text(
    "{why} Lembarnya tetap dibaca, tetapi impor, ekspor penerima, dan laporan menunggu sampai definisi itu diperbaiki.",
    "{why} Its sheets are still read, but imports, exports of people and reports wait until that definition is mended.",
)


class _OneLine(logging.Formatter):
    """Messages on one line each, whatever a file is called; a traceback below one keeps its own."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        return readable(super().formatMessage(record))


def home() -> Path:
    """The folder of this office: `--home`, `SOTARSA_HOME` or `output/`."""
    from pipeline.settings import settings

    return settings().home.expanduser().absolute()


def catalogue(*, silent: bool = False) -> "Catalogue":
    """Every form that this computer knows, to read what is on paper.

    Args:
        silent: whether it is left to the caller to say where the register cannot keep what a form says to it.

    Raises:
        DefinitionError: a definition is wrong.
    """
    found = _catalogue(home(), _files(home()))
    return found if silent else _told(found)


def register_forms() -> "Catalogue":
    """The same for what the register makes of sheets: what a form says that it cannot keep may be a refusal.

    Raises:
        DefinitionError: a definition is wrong, or what it says to the register.
    """
    return catalogue(silent=True).sound()


def open_store(*, fills: bool = False) -> Path:
    """Open the store and the log of the home, which is given back; models may be imported afterwards.

    Args:
        fills: whether the command puts something into it; any other says so where there is nothing yet.

    Raises:
        StoreError: the store refused.
    """
    from pipeline.store.setup import open_store as open_home

    where = home()
    fresh = not where.exists()
    open_home(where)
    if fresh and not fills:
        tell(_NEW_HOME, path=where)
    open_log()
    return where


def open_log() -> None:
    """Send the program's log to the home, for commands that open the store in their own way."""
    _log_to(home() / "logs" / "sotarsa.log")


def set_up() -> None:
    """Let the models be imported without opening the store."""
    from pipeline.store.setup import set_up as set_up_django

    set_up_django(home())


def console() -> "Console":
    """Where progress and words for people go: standard error, brackets in names and values as they are."""
    from rich.console import Console

    return Console(stderr=True, markup=False, emoji=False)


def answers() -> "Console":
    """Where tables that were asked for go: standard output, brackets in names and values as they are."""
    from rich.console import Console

    return Console(markup=False, emoji=False)


def tell(text: Text, **values: object) -> None:
    """Say one sentence to the person at the keyboard, on standard error."""
    say(text.format(**values), err=True)


def say(text: str, *, err: bool = False) -> None:
    """Say something that no terminal obeys: one breaks no word of it, another program gets each line whole."""
    harmless = "\n".join(map(readable, text.split("\n")))
    terminal = (sys.stderr if err else sys.stdout).isatty()
    typer.echo(folded(harmless, shutil.get_terminal_size().columns) if terminal else harmless, err=err)


def folded(text: str, columns: int) -> str:
    """A text in lines of at most so many columns, broken between words; a longer word, as a path, stays whole."""
    return "\n".join(
        line
        if len(line) <= columns
        else textwrap.fill(line, columns, break_long_words=False, break_on_hyphens=False)
        for line in text.split("\n")
    )


def put_json(record: Mapping[str, object]) -> None:
    """Print the one JSON object of a `--json` run on standard output."""
    typer.echo(json.dumps(record, ensure_ascii=False))


@lru_cache(maxsize=1)
def _catalogue(where: Path, _files: tuple[tuple[str, int, int], ...]) -> "Catalogue":
    """The forms, read anew whenever a definition or a blank has changed."""
    from pipeline.forms.catalogue import Catalogue, default_directories
    from pipeline.validation.rules import check_rules

    found = Catalogue.load(default_directories(where))
    for form in found.forms():
        check_rules(form.definition)
    return found


@lru_cache(maxsize=1)
def _told(forms: "Catalogue") -> "Catalogue":
    """The same forms; once, what is wrong with what they say to the register."""
    for fault in forms.faults():
        tell(_FAULT, why=fault)
    return forms


def _files(where: Path) -> tuple[tuple[str, int, int], ...]:
    """Name, time and size of every file beside the office's own definitions."""
    folder, found = where / "forms", []
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        # What other programs keep beside a definition comes and goes.
        with suppress(FileNotFoundError):
            if not path.name.startswith("."):
                found.append((path.name, (one := path.stat()).st_mtime_ns, one.st_size))
    return tuple(found)


def _log_to(path: Path) -> None:
    """Send the program's log to the home; another home's log is closed."""
    logger = logging.getLogger("pipeline")
    if any(getattr(handler, "baseFilename", None) == os.fspath(path) for handler in logger.handlers):
        return
    for handler in [one for one in logger.handlers if isinstance(one, RotatingFileHandler)]:
        logger.removeHandler(handler)
        handler.close()
    path.parent.mkdir(mode=0o700, exist_ok=True)
    handler = RotatingFileHandler(
        path,
        maxBytes=_LOG_BYTES,
        backupCount=_LOG_FILES,
        encoding="utf-8",
        errors="backslashreplace",
        delay=True,
    )
    handler.setFormatter(_OneLine("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    # A log that cannot be written, on a full disk, must not put its own traceback on the screen.
    logging.raiseExceptions = False
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
