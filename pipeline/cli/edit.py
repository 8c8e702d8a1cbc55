"""`sotarsa forms edit`: the boxes of a given blank, changed in the browser."""

from contextlib import nullcontext
from typing import Annotated, Final

import typer

from pipeline.cli import context
from pipeline.forms.catalogue import default_directories
from pipeline.forms.drafts import open_draft
from pipeline.language import Text

HELP: Final = Text(
    "Geser, ubah, dan namai kotak isian di atas blangko, di peramban. Contoh: sotarsa forms edit kuesioner",
    "Move, change and name the boxes of fields on a blank, in the browser. Example: sotarsa forms edit kuesioner",
)
_FORM: Final = Text(
    "Nama formulir (kuesioner) atau kodenya (KUE-01).", "A form's name (kuesioner) or code (KUE-01)."
)
_PORT: Final = Text(
    "Port di komputer ini; bawaan: yang bebas.", "Port on this computer; default: a free one."
)
_SILENT: Final = Text(
    "Jangan membuka peramban; sebut saja alamatnya.", "Do not open a browser; name the address only."
)
_OPEN: Final = Text(
    "Alamatnya, berlaku satu kali: {url}\nTekan Ctrl-C untuk berhenti.",
    "The address, good for once: {url}\nPress Ctrl-C to stop.",
)


def edit(
    form: Annotated[str, typer.Argument(metavar="FORM", help=str(_FORM), show_default=False)],
    port: Annotated[
        int, typer.Option(metavar="N", min=0, max=65535, help=str(_PORT), show_default=False)
    ] = 0,
    no_browser: Annotated[bool, typer.Option("--no-browser", help=str(_SILENT))] = False,
) -> None:
    """Serve the page for one form until Ctrl-C."""
    from pipeline.web.browser import opened
    from pipeline.web.serve import serving

    home = context.home()
    definition = open_draft(default_directories(home), form).definition
    with serving(home, f"/forms/{definition.form}/{definition.version}/", port) as server:
        context.open_log()
        context.tell(_OPEN, url=server.url)
        with nullcontext() if no_browser else opened(server.url, home):
            server.run()
