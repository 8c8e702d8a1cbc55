"""`sotarsa doctor`: what this computer has, and the command that installs what it lacks."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

import typer
from rich.table import Table

from pipeline.cli import context
from pipeline.cli.options import Json
from pipeline.errors import Exit, SotarsaError
from pipeline.language import Text

_OLDEST_PYTHON: Final = (3, 11)
_MODELS: Final = "*.onnx"


@dataclass(frozen=True, slots=True)
class _Part:
    """One thing that must be there.

    Attributes:
        name: as the table shows it.
        look: what was found, None when it is missing.
        cure: the command that brings it.
        needed: whether the program cannot do its work without it.
    """

    name: Text
    look: Callable[[], str | None]
    cure: str
    needed: bool = True


def doctor(
    as_json: Json = False,
) -> None:
    """Check that everything is there, and say how to install what is not."""
    found = [(part, part.look()) for part in _PARTS]
    trouble = _store_trouble()
    if as_json:
        parts = [
            {"name": part.name.en, "found": seen, "cure": None if seen else part.cure} for part, seen in found
        ]
        context.put_json({"parts": parts, "store": str(trouble) if trouble else None})
    else:
        _show(found, trouble)
    if any(seen is None and part.needed for part, seen in found):
        raise typer.Exit(int(Exit.MISSING_PART))
    if trouble is not None:
        raise typer.Exit(int(trouble.exit))


def _show(found: list[tuple[_Part, str | None]], trouble: SotarsaError | None) -> None:
    heads = (Text("Bagian", "Part"), Text("Keadaan", "State"), Text("Tindakan", "Cure"))
    table = Table(*map(str, heads))
    missing = str(Text("tidak ada", "missing"))
    for part, seen in found:
        table.add_row(str(part.name), seen or missing, "" if seen else part.cure)
    store = str(Text("Folder data dan basis data", "Data folder and database"))
    table.add_row(store, str(context.home()) if trouble is None else "-", str(trouble or ""))
    context.answers().print(table)


def _store_trouble() -> SotarsaError | None:
    """Why the store cannot be opened and written to, None when it can."""
    try:
        home = context.open_store(fills=True)
    except SotarsaError as error:
        return error
    from pipeline.store.refusals import told_as_refusals

    try:
        with told_as_refusals():
            probe = home / ".probe"
            probe.touch()
            probe.unlink()
    except SotarsaError as error:
        return error
    return None


def _python() -> str | None:
    return sys.version.split()[0] if sys.version_info >= _OLDEST_PYTHON else None


def _tesseract() -> str | None:
    languages = _output("tesseract", "--list-langs").split()
    return _output("tesseract", "--version").partition("\n")[0] if "ind" in languages else None


def _poppler() -> str | None:
    return _output("pdftoppm", "-v").partition("\n")[0] or None


def _models() -> str | None:
    from pipeline.errors import MissingPartError
    from pipeline.recognition.adapt import writer_models

    try:
        writer_models()
    except MissingPartError:
        return None
    names = sorted(path.name for path in Path(str(files("pipeline.recognition"))).rglob(_MODELS))
    return ", ".join(names) or None


def _second_reader() -> str | None:
    from pipeline.recognition.second import model_file, second_reader

    path = model_file()
    return path.name if path and second_reader() else None


def _scanimage() -> str | None:
    from pipeline.scans.device import version

    return version()


def _output(*command: str) -> str:
    """What a program says, "" when it is not there."""
    if shutil.which(command[0]) is None:
        return ""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip()


_PARTS: Final = (
    _Part(Text("Python 3.11 atau lebih baru", "Python 3.11 or newer"), _python, "apt-get install python3"),
    _Part(
        Text("Tesseract dengan bahasa Indonesia", "Tesseract with Indonesian"),
        _tesseract,
        "apt-get install tesseract-ocr tesseract-ocr-ind",
    ),
    _Part(Text("Poppler (PDF)", "Poppler (PDF)"), _poppler, "apt-get install poppler-utils"),
    _Part(Text("Model pembaca", "Reader models"), _models, "make setup"),
    _Part(
        Text(
            "Pembaca kedua (tanpanya lebih banyak diperiksa)", "Second reader (without it more is reviewed)"
        ),
        _second_reader,
        "make setup",
    ),
    _Part(
        Text("Pemindai langsung (hanya untuk scan --device)", "Direct scanning (only for scan --device)"),
        _scanimage,
        "apt-get install sane-utils",
        needed=False,
    ),
)
