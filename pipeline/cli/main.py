"""`sotarsa`: the one door of the command line, and the one place where expected failures are told."""

import math
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Final

import typer
from typer.core import TyperCommand, TyperGroup

from pipeline.cli.context import say
from pipeline.cli.typer_words import spoken, usage_errors_told
from pipeline.errors import SotarsaError, UsageError
from pipeline.language import Text
from pipeline.scans.files import readable

if TYPE_CHECKING:
    from typer._click.core import Command, Context

INTERRUPTED: Final = 130
_OWNER_ONLY: Final = 0o077
_ONE_PRESS: Final = 2.0
"""Seconds in which further Ctrl-C mean the same one."""


@dataclass(frozen=True, slots=True)
class _Door:
    """A command that is imported only when it is called."""

    module: str
    member: str
    help: Text


_DOORS: Final = {
    "forms": _Door(
        "forms",
        "app",
        Text(
            "Formulir: daftar, periksa, rancang, ubah, tata letak, cetak, hitung lembar, catat yang rusak.\n\n"
            "Contoh: sotarsa forms print pendataan --count 20",
            "Forms: list, check, draft, edit, layout, print, account for sheets, write down spoilt ones.\n\n"
            "Example: sotarsa forms print pendataan --count 20",
        ),
    ),
    "scan": _Door(
        "scan",
        "scan",
        Text(
            "Baca berkas atau folder hasil pindaian, atau langsung dari pemindai.\n\n"
            "Contoh: sotarsa scan pindaian/ --batch halong-01\n\nContoh: sotarsa scan --device",
            "Read scanned files or folders, or straight from a scanner.\n\n"
            "Example: sotarsa scan scans/ --batch halong-01\n\nExample: sotarsa scan --device",
        ),
    ),
    "watch": _Door(
        "watch",
        "watch",
        Text(
            "Baca berkas yang masuk ke sebuah folder.\n\nContoh: sotarsa watch /srv/pemindai",
            "Read files as they arrive in a folder.\n\nExample: sotarsa watch /srv/scanner",
        ),
    ),
    "review": _Door(
        "review",
        "app",
        Text("Periksa isian yang belum pasti, satu demi satu.", "Review doubtful fields, one at a time."),
    ),
    "calibrate": _Door(
        "calibrate",
        "calibrate",
        Text(
            "Buktikan ulang nilai mana yang boleh masuk tanpa dilihat orang.\n\nContoh: sotarsa calibrate",
            "Prove anew which values may enter unseen.\n\nExample: sotarsa calibrate",
        ),
    ),
    "learn": _Door(
        "learn",
        "learn",
        Text(
            "Pelajari tulisan warga dari isian yang sudah diputuskan kantor ini, di komputer ini saja.\n\n"
            "Contoh: sotarsa learn",
            "Learn the hands of this office from what its people decided, on this computer alone.\n\n"
            "Example: sotarsa learn",
        ),
    ),
    "import": _Door(
        "register",
        "import_forms",
        Text(
            "Masukkan lembar yang sudah lengkap ke daftar penerima.\n\nContoh: sotarsa import --month 2026-11",
            "Bring complete sheets into the register.\n\nExample: sotarsa import --month 2026-11",
        ),
    ),
    "register": _Door(
        "answers",
        "app",
        Text(
            "Jawab pertanyaan impor: yang tampak sama memang dua.\n\n"
            "Contoh: sotarsa register apart FPS-2005-26-00017 FPS-2005-26-00031",
            "Answer what an import asks: two who look like one are two.\n\n"
            "Example: sotarsa register apart FPS-2005-26-00017 FPS-2005-26-00031",
        ),
    ),
    "report": _Door(
        "register",
        "report",
        Text(
            "Buat laporan bulanan (XLSX dan PDF).\n\nContoh: sotarsa report --month 2026-11",
            "Write the month's report (XLSX and PDF).\n\nExample: sotarsa report --month 2026-11",
        ),
    ),
    "export": _Door(
        "export",
        "app",
        Text(
            "Keluarkan data sebagai tabel.\n\nContoh: sotarsa export people --out orang.xlsx",
            "Put data out as tables.\n\nExample: sotarsa export people --out people.xlsx",
        ),
    ),
    "verify": _Door(
        "keep",
        "verify",
        Text(
            "Periksa apakah semua data utuh.\n\nContoh: sotarsa verify",
            "Check that all data is whole.\n\nExample: sotarsa verify",
        ),
    ),
    "backup": _Door(
        "keep",
        "backup",
        Text(
            "Simpan cadangan semua data dalam satu berkas.\n\nContoh: sotarsa backup /media/usb/sotarsa.tar",
            "Put a copy of all data into one file.\n\nExample: sotarsa backup /media/usb/sotarsa.tar",
        ),
    ),
    "restore": _Door(
        "keep",
        "restore",
        Text(
            "Pulihkan cadangan ke folder data yang kosong.\n\n"
            "Contoh: sotarsa --home baru restore /media/usb/sotarsa.tar",
            "Restore a backup into an empty data folder.\n\n"
            "Example: sotarsa --home new restore /media/usb/sotarsa.tar",
        ),
    ),
    "doctor": _Door(
        "doctor",
        "doctor",
        Text(
            "Periksa kelengkapan komputer ini.\n\nContoh: sotarsa doctor",
            "Check what this computer has.\n\nExample: sotarsa doctor",
        ),
    ),
}


class _Office(TyperGroup):
    """The commands by name; their modules are imported at the call, so that help is quick."""

    def resolve_command(
        self, ctx: "Context", args: list[str]
    ) -> tuple[str | None, "Command | None", list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        return name, _open(_DOORS[name]) if name in _DOORS else command, rest

    def make_context(
        self, info_name: str | None, args: list[str], parent: "Context | None" = None, **extra: object
    ) -> "Context":
        with usage_errors_told():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: "Context") -> object:
        with _failures_told(), usage_errors_told():
            return super().invoke(ctx)


_HELP = Text(
    "Dari formulir bertulisan tangan ke daftar penerima yang dapat dipercaya. Contoh: sotarsa scan pindaian/",
    "From handwritten paper forms to a beneficiary register one can trust. Example: sotarsa scan scans/",
)
_STOPPED = Text("Dihentikan. Jalankan lagi untuk melanjutkan.", "Stopped. Run it again to go on.")
_NO_TEXT = Text(
    "{word} memuat huruf yang tidak dapat disimpan (bukan UTF-8). Ketik lagi tanpa huruf itu.",
    "{word} holds a character that cannot be kept (it is no UTF-8). Type it again without that.",
)
_HOME = Text("Folder data kantor ini.", "The folder with this office's data.")

app = typer.Typer(
    cls=_Office, help=str(_HELP), no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)


@app.callback()
def _choose_home(
    home: Annotated[
        Path | None, typer.Option("--home", metavar="DIR", help=f"{_HOME} [SOTARSA_HOME, output/]")
    ] = None,
) -> None:
    if home is not None:
        os.environ["SOTARSA_HOME"] = str(home)


def command() -> TyperGroup:
    """The whole command line, each command as a light stand-in until it is called."""
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    for name, door in _DOORS.items():
        group.add_command(TyperCommand(name, help=str(door.help)), name)
    spoken(group)
    return group


def main() -> None:
    """Run `sotarsa` and leave with its exit status; what it writes is for its owner alone."""
    os.umask(_OWNER_ONLY)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _impatience())
    try:
        command().main(prog_name="sotarsa")
    except KeyboardInterrupt:
        typer.echo(str(_STOPPED), err=True)
        sys.exit(INTERRUPTED)
    finally:
        # Workers are being waited for; one more Ctrl-C must not fall into that.
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _open(door: _Door) -> "Command":
    member = getattr(import_module(f"pipeline.cli.{door.module}"), door.member)
    if isinstance(member, typer.Typer):
        group = typer.main.get_command(member)
        group.help = group.help or str(door.help)
        return spoken(group)
    alone = typer.Typer(add_completion=False)
    alone.command(help=str(door.help))(member)
    return spoken(typer.main.get_command(alone))


def _impatience() -> Callable[[int, FrameType | None], None]:
    """A handler of Ctrl-C that takes presses in quick succession for one: the first is being cleared up after."""
    last = -math.inf

    def pressed(number: int, frame: FrameType | None) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last > _ONE_PRESS:
            last = now
            signal.default_int_handler(number, frame)

    return pressed


@contextmanager
def _failures_told() -> Iterator[None]:
    """Say an expected failure in one sentence and leave with its status.

    `SOTARSA_DEBUG=1` shows where it came from; what nobody expected always shows.
    """
    try:
        yield
    except KeyboardInterrupt:
        typer.echo(str(_STOPPED), err=True)
        raise typer.Exit(INTERRUPTED) from None
    except (typer.Exit, typer.Abort):
        raise
    except Exception as error:
        told = _expected(error)
        if told is None or os.environ.get("SOTARSA_DEBUG", "") not in ("", "0"):
            raise
        say(str(told), err=True)
        # One sentence: what falls over while it is cleared away (a half-written archive on a full disk) adds none.
        sys.unraisablehook = lambda _: None
        raise typer.Exit(int(told.exit)) from error


def _expected(error: Exception) -> SotarsaError | None:
    if isinstance(error, SotarsaError):
        return error
    if isinstance(error, UnicodeEncodeError) and error.encoding == "utf-8":
        return UsageError(_NO_TEXT.filled(word=readable(error.object)))
    if isinstance(error, OSError) or "django" in sys.modules:
        from pipeline.store.refusals import refusal

        return refusal(error)
    return None
