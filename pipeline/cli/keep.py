"""`sotarsa verify`, `backup` and `restore`: the store for years, not for days."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from pipeline.cli import context
from pipeline.cli.options import Json
from pipeline.errors import Exit, UsageError
from pipeline.language import Text, figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.store import keeping

_NOT_WHOLE: Final = Text(
    "Data yang dipulihkan tidak utuh ({count} kesalahan). Pulihkan cadangan lain ke folder lain; bila tidak ada, "
    "pindai lagi berkas yang disebut.",
    "What was restored is not whole ({count} faults). Restore another backup into another folder; if there is none, "
    "scan the files named once more.",
)


def verify(as_json: Json = False) -> None:
    """Check that the store is whole."""
    home = context.open_store()
    from pipeline.store import keeping

    faults = list(keeping.verify(home))
    if as_json:
        context.put_json({"faults": [{"code": one.code, "about": one.about} for one in faults]})
    else:
        _show(faults)
    raise typer.Exit(int(Exit.NEEDS_EYE if faults else Exit.DONE))


def _show(faults: "Sequence[keeping.Fault]") -> None:
    from pipeline.store.keeping import FAULTS

    for fault in faults:
        typer.echo(f"{FAULTS[fault.code]}: {fault.about}")
    if not faults:
        typer.echo(str(Text("Semua data utuh.", "Everything is whole.")))


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
    """Unpack a backup into an empty home, and check that it is whole."""
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
    done = Text(
        "Data dipulihkan ke {home}. Nomor seri formulir berikutnya melompat ke sepuluh ribuan berikutnya, karena nomor "
        "yang dicetak setelah cadangan dibuat tidak tercatat di sini.",
        "The data was restored to {home}. The next serials begin a new ten thousand, since numbers that were printed "
        "after the backup are not known here.",
    )
    context.tell(done, home=home)
    faults = list(keeping.verify(home))
    _show(faults)
    if faults:
        context.tell(_NOT_WHOLE, count=len(faults))
        raise typer.Exit(int(Exit.NEEDS_EYE))
