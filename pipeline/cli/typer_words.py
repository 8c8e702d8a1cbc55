"""Typer's own words in the language of the office: headings, usage lines, placeholders, and usage errors.

Typer has no translations to switch to, so what it says is put into words here, from tables, where it leaves Typer.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from typer import rich_utils
from typer._click.core import Command, Context
from typer._click.exceptions import NoArgsIsHelpError, UsageError
from typer._click.formatting import HelpFormatter
from typer.core import TyperArgument, TyperGroup, TyperOption

from pipeline.language import Text, language

_HELP: Final = Text("Tampilkan bantuan ini.", "Show this help.")
_USAGE: Final = Text("Pemakaian: ", "Usage: ")

_PANELS: Final = {
    "ARGUMENTS_PANEL_TITLE": Text("Argumen", "Arguments"),
    "OPTIONS_PANEL_TITLE": Text("Opsi", "Options"),
    "COMMANDS_PANEL_TITLE": Text("Perintah", "Commands"),
    "ERRORS_PANEL_TITLE": Text("Kesalahan", "Error"),
    "DEFAULT_STRING": Text("[bawaan: {}]", "[default: {}]"),
    "REQUIRED_LONG_STRING": Text("[wajib]", "[required]"),
    "ABORTED_TEXT": Text("Dibatalkan.", "Aborted."),
    "RICH_HELP": Text(
        "Bantuan: [blue]{command_path} {help_option}[/]", "Help: [blue]{command_path} {help_option}[/]"
    ),
}
"""Constants of `typer.rich_utils`."""

_PLACEHOLDERS: Final = {
    "ADDRESS": "ALAMAT",
    "ARGS": "ARGUMEN",
    "BLANK": "BLANGKO",
    "CODE": "KODE",
    "COMMAND": "PERINTAH",
    "DD": "HH",
    "DIR": "FOLDER",
    "FILE": "BERKAS",
    "ITEM": "NOMOR",
    "MM": "BB",
    "NAME": "NAMA",
    "ONE": "SATU",
    "OPTIONS": "OPSI",
    "OTHER": "LAIN",
    "OUT": "HASIL",
    "PATH": "BERKAS",
    "RUN": "NOMOR",
    "SERIAL": "SERI",
    "TEXT": "TEKS",
    "VALUE": "NILAI",
    "YYYY": "TTTT",
}
"""What stands for a value in usage lines; others are the same in both languages."""

_ERRORS: Final = (
    (r"No such option: (\S+)(?: \(Possible options: (.+)\))?", "Tidak ada opsi {0}.", "Mungkin: {1}."),
    (r"No such command '(.+?)'\.(?: Did you mean (.+)\?)?", "Tidak ada perintah {0}.", "Mungkin: {1}."),
    (r"Missing command\.", "Perintahnya belum disebut.", ""),
    (r"Missing (?:argument|option|parameter) '(.+)'\.", "{0} belum diisi.", ""),
    (r"Got unexpected extra argument\(s\) \((.+)\)", "Ini berlebih: {0}.", ""),
    (r"Option '(.+)' requires an argument\.", "Setelah {0} harus ada isinya.", ""),
    (r"Option '(.+)' requires (\d+) arguments\.", "Setelah {0} harus ada {1} isian.", ""),
    (r"Option '(.+)' does not take a value\.", "{0} tidak memakai isi.", ""),
    (r"Invalid value for (.+?): .* valid integer.*", "{0} harus diisi bilangan bulat.", ""),
    (r"Invalid value for (.+?): .* valid number.*", "{0} harus diisi bilangan.", ""),
    (r"Invalid value for (.+?): .* greater than or equal to (\S+)", "{0} paling sedikit {1}.", ""),
    (r"Invalid value for (.+?): .* less than or equal to (\S+)", "{0} paling banyak {1}.", ""),
    (
        r"Invalid value for .+?: \w+ '(.+)' is not readable\.",
        "{0} tidak boleh dibaca. Minta izin bacanya.",
        "",
    ),
    (r"Invalid value for (.+?): (?s:.*)", "Isi {0} tidak sah.", ""),
)
"""Typer's sentences; what is said of them; and what is added where the last group is there."""


class _Formatter(HelpFormatter):
    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, _placeholder(args), prefix or str(_USAGE))


class _Context(Context):
    formatter_class = _Formatter


def spoken(command: Command) -> Command:
    """The command, and all below it, with help in the current language."""
    for name, text in _PANELS.items():
        setattr(rich_utils, name, str(text))
    command.context_class = _Context
    told = command.get_help_option(_Context(command))
    if told is not None:
        told.help, told.metavar = str(_HELP), ""
    for param in command.params:
        if isinstance(param, TyperOption):
            # Whether a switch is a <bool> helps nobody.
            param.metavar = "" if param.is_flag else param.metavar and _placeholder(param.metavar)
        elif isinstance(param, TyperArgument):
            param.metavar = param.metavar and _placeholder(param.metavar)
            param.display_type_rich = _nothing  # type: ignore[method-assign]
    if isinstance(command, TyperGroup):
        for inner in command.commands.values():
            spoken(inner)
    return command


@contextmanager
def usage_errors_told() -> Iterator[None]:
    """Say what is wrong with a command line in the current language."""
    try:
        yield
    except NoArgsIsHelpError:
        raise
    except UsageError as error:
        raise UsageError(in_words(error.format_message()), error.ctx) from None


def in_words(sentence: str) -> str:
    """A usage error of Typer's in the current language; one that the tables lack stays as it is."""
    if language() == "en":
        return sentence
    for pattern, told, more in _ERRORS:
        if found := re.fullmatch(pattern, sentence):
            facts = [(fact or "").replace("'", "") for fact in found.groups()]
            return f"{told} {more}".format(*facts) if more and facts[-1] else told.format(*facts)
    return sentence


def _placeholder(text: str) -> str:
    if language() == "en":
        return text
    return re.sub(r"[A-Z]+", lambda word: _PLACEHOLDERS.get(word[0], word[0]), text)


def _nothing(ctx: Context) -> None:
    """No type behind an argument's name."""
