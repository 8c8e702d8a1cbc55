"""Options that several commands have."""

from typing import Annotated

import typer

from pipeline.language import Text

Json = Annotated[
    bool, typer.Option("--json", help=str(Text("Keluarkan satu objek JSON.", "Print one JSON object.")))
]
OnlyBatch = Annotated[
    str | None,
    typer.Option("--batch", metavar="NAME", help=str(Text("Hanya batch ini.", "Only this batch."))),
]
