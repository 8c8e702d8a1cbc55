"""`sotarsa verify`, `backup` and `restore`: the store for years, not for days."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli import context
from pipeline.cli.options import Json
from pipeline.errors import Exit, UsageError
from pipeline.language import Text, figure


def verify(as_json: Json = False) -> None:
    """Check that the store is whole."""
    home = context.open_store()
    from pipeline.store import keeping

    faults = list(keeping.verify(home))
    if as_json:
        context.put_json({"faults": [{"code": one.code, "about": one.about} for one in faults]})
    else:
        for fault in faults:
            typer.echo(f"{keeping.FAULTS[fault.code]}: {fault.about}")
        if not faults:
            typer.echo(str(Text("Semua data utuh.", "Everything is whole.")))
    raise typer.Exit(int(Exit.NEEDS_EYE if faults else Exit.DONE))


def backup(file: Annotated[Path, typer.Argument(metavar="FILE")]) -> None:
    """Put a copy of everything into one file."""
    if not file.absolute().parent.is_dir():
        raise UsageError(
            Text(
                f"Folder {file.parent} tidak ada. Buat dulu.",
                f"There is no folder {file.parent}. Make it first.",
            )
        )
    home = context.open_store()
    from pipeline.store import keeping

    size = keeping.backup(home, file)
    told = Text("Cadangan {file} selesai, {size} MB.", "The backup {file} is done, {size} MB.")
    context.tell(told, file=file, size=figure(size / 1e6, ",.1f"))


def restore(file: Annotated[Path, typer.Argument(metavar="FILE")]) -> None:
    """Unpack a backup into an empty home."""
    if not file.is_file():
        raise UsageError(
            Text(
                f"{file} tidak ada. Periksa ejaannya, atau sambungkan dulu diska USB-nya.",
                f"There is no file {file}. Check its spelling, or connect the USB drive first.",
            )
        )
    context.set_up()
    from pipeline.store import keeping

    home = context.home()
    keeping.restore(home, file)
    context.open_store()
    keeping.say_restored()
    done = Text(
        "Data dipulihkan ke {home}. Nomor seri formulir berikutnya melompat ke sepuluh ribuan berikutnya, karena nomor "
        "yang dicetak setelah cadangan dibuat tidak tercatat di sini.",
        "The data was restored to {home}. The next serials begin a new ten thousand, since numbers that were printed "
        "after the backup are not known here.",
    )
    context.tell(done, home=home)
