"""Options that several commands have."""

import getpass
from typing import Annotated

import typer

from pipeline.language import Text

Json = Annotated[
    bool, typer.Option("--json", help=str(Text("Keluarkan satu objek JSON.", "Print one JSON object.")))
]
Reviewer = Annotated[
    str | None,
    typer.Option(
        "--reviewer", metavar="NAME", help=str(Text("Bawaan: nama akun.", "Default: your login name."))
    ),
]
OnlyBatch = Annotated[
    str | None,
    typer.Option("--batch", metavar="NAME", help=str(Text("Hanya batch ini.", "Only this batch."))),
]


def reviewer_name(reviewer: str | None) -> str:
    """Who decides: as given, else the login name."""
    return (reviewer or getpass.getuser())[:80]
