"""`sotarsa scan`: page images into the store, and what the commands that read pages share."""

import os
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from importlib import import_module
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from pipeline.cli import context, feeder
from pipeline.cli.options import Json
from pipeline.cli.summary import facts, show, status
from pipeline.errors import Exit, MissingPartError, UsageError
from pipeline.language import Text

if TYPE_CHECKING:
    from pipeline import batch as batches
    from pipeline.store.tally import BatchSummary
    from pipeline.workers import MakeExecutor

Paths = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="PATH|NAME",
        help=str(
            Text(
                "Berkas atau folder: PDF, TIFF, JPEG, PNG, HEIC; dengan --device: nama pemindai.",
                "Files or folders: PDF, TIFF, JPEG, PNG, HEIC; with --device: the scanner's name.",
            )
        ),
    ),
]
BatchName = Annotated[
    str | None,
    typer.Option(
        "--batch",
        metavar="NAME",
        help=str(
            Text("Nama batch; bawaan: tanggal dan nomor urut.", "Its name; default: date and running number.")
        ),
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        metavar="N",
        min=1,
        help=str(Text("Banyaknya proses; bawaan: jumlah inti.", "Worker processes; default: one a core.")),
    ),
]
Scheduler = Annotated[
    str | None,
    typer.Option(
        "--scheduler",
        metavar="ADDRESS",
        help=str(
            Text("Alamat penjadwal Dask (beberapa komputer).", "Address of a Dask scheduler (many machines).")
        ),
    ),
]
Device = Annotated[
    bool,
    typer.Option(
        "--device",
        help=str(
            Text(
                "Pindai langsung dari pengumpan kertas; tanpa nama: pemindai pertama.",
                "Scan from the feeder; without a name: the first scanner.",
            )
        ),
    ),
]
ListDevices = Annotated[
    bool, typer.Option("--list-devices", help=str(Text("Tampilkan nama pemindai.", "List the scanners.")))
]
Resolution = Annotated[
    int,
    typer.Option(
        "--resolution",
        metavar="DPI",
        min=100,
        max=1200,
        help=str(Text("Resolusi pemindai.", "The scanner's resolution.")),
    ),
]
Source = Annotated[
    str | None,
    typer.Option(
        "--source",
        metavar="NAME",
        help=str(
            Text(
                "Sumber kertas; bawaan: pengumpan, dua sisi bila bisa.",
                "Where the paper comes from; default: the feeder, both sides where it can.",
            )
        ),
    ),
]
_SO_FAR: Final = (
    Text("{pages} halaman", "{pages} pages"),
    Text("{aside} disisihkan", "{aside} set aside"),
    Text("{review} untuk diperiksa", "{review} to review"),
    Text("{rate} per menit", "{rate} a minute"),
)
"""How far a scan is; a narrow terminal shows the first of these."""
_BESIDE: Final = 28
"""Columns that the spinner, the files and the time take beside them."""
_BAR: Final = 20
_WIDE: Final = 110
"""From so many columns on there is a bar as well."""


def scan(
    paths: Paths = None,
    batch: BatchName = None,
    jobs: Jobs = None,
    scheduler: Scheduler = None,
    device: Device = False,
    list_devices: ListDevices = False,
    resolution: Resolution = 300,
    source: Source = None,
    as_json: Json = False,
) -> None:
    """Read scanned files, or sheets from a scanner, into the store."""
    if list_devices:
        feeder.list_devices(as_json)
        return
    if not (paths or device):
        raise UsageError(
            Text(
                "Sebutkan berkas atau folder yang akan dibaca, atau --device untuk memindai langsung.",
                "Name the files or folders to read, or --device to scan directly.",
            )
        )
    words = paths or []
    tray = feeder.Tray(feeder.name_of(words), batch, resolution, source) if device else None
    home = context.open_store(fills=True)
    passed: list[Path] = []
    with closing(_groups(tray, words, home, passed)) as groups:
        summary = read_groups(groups, batch, jobs, scheduler, home)
    fault = tray.fault if tray else None
    if fault and not (summary.files or summary.already):
        raise fault
    if as_json:
        context.put_json(facts(summary, passed, fault))
    else:
        show(summary, passed)
    if fault:
        context.tell(fault.text)
    raise typer.Exit(int(max(status(summary), Exit.NEEDS_EYE if fault else Exit.DONE)))


def _groups(
    tray: "feeder.Tray | None", words: Sequence[str], home: Path, passed: list[Path]
) -> Generator[Sequence[Path]]:
    """The files to read, group by group; what folders hold beside them joins `passed`."""
    from pipeline.scans.files import find_files

    if tray is None:
        yield find_files(words, passed.append)
    else:
        yield from tray.groups(home)


def read_groups(
    groups: Iterable[Sequence[Path]], batch: str | None, jobs: int | None, scheduler: str | None, home: Path
) -> "BatchSummary":
    """Read files that come group by group into one batch, with a progress bar.

    Raises:
        SotarsaError: as `pipeline.batch.scan_groups` and `make_reader`.
    """
    from pipeline.batch import scan_groups

    reader = make_reader(jobs, scheduler)
    with _bar() as told:
        return scan_groups(groups, batch, reader, home, told)


def make_reader(jobs: int | None, scheduler: str | None) -> "batches.Reader":
    """How pages are read: by processes of this computer, or by a cluster.

    Raises:
        MissingPartError: a cluster is asked for and Dask is not installed.
        UsageError: no scheduler answers.
        DefinitionError: a form definition is wrong, or is no longer as it was printed.
    """
    from pipeline.batch import Reader
    from pipeline.forms.catalogue import default_directories
    from pipeline.page import read_page
    from pipeline.recognition.confidence import own_tables
    from pipeline.review.audit import share_now
    from pipeline.review.calibration import FILE
    from pipeline.review.chances import chance
    from pipeline.review.learning import head_of
    from pipeline.settings import settings
    from pipeline.store.lottery import Audit
    from pipeline.store.paper import check_paper
    from pipeline.validation.sheet import broken_rules
    from pipeline.workers import process_pool

    workers = jobs or settings().jobs or len(os.sched_getaffinity(0))
    make: MakeExecutor = partial(process_pool, workers)
    if scheduler:
        make, workers = cluster(scheduler)
    check_paper(default_directories(context.home()), context.catalogue().forms())
    audit = Audit(share_now(settings().audit_share), chance)
    read = partial(read_page, tables=own_tables(context.home() / FILE), head=head_of(context.home()))
    return Reader(read, context.catalogue(), broken_rules, make, workers, audit)


def cluster(address: str) -> "tuple[MakeExecutor, int]":
    """The workers of a Dask cluster as a standard executor, and how many there are.

    Raises:
        MissingPartError: Dask is not installed.
        UsageError: no scheduler answers at the address.
    """
    try:
        connect = import_module("dask.distributed").Client
    except ImportError as error:
        raise MissingPartError(
            Text(
                "Untuk --scheduler pasang dulu: .venv/bin/pip install 'sotarsa[cluster]'",
                "For --scheduler install first: .venv/bin/pip install 'sotarsa[cluster]'",
            )
        ) from error
    try:
        client = connect(address)
    except (OSError, ValueError) as error:
        raise UsageError(
            Text(
                f"Penjadwal {address} tidak menjawab. Periksa alamatnya.",
                f"No scheduler answers at {address}. Check the address.",
            )
        ) from error
    return client.get_executor, max(1, sum(client.ncores().values()))


@contextmanager
def _bar() -> "Iterator[Callable[[batches.Progress], None]]":
    """A progress bar on standard error, told of each step."""
    console = context.console()
    wide = console.width >= _WIDE
    room = console.width - _BESIDE - (_BAR + 1 if wide else 0)
    columns = (
        SpinnerColumn(),
        *([BarColumn(_BAR)] if wide else []),
        MofNCompleteColumn(),
        TextColumn(str(Text("berkas", "files"))),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
    )
    started = time.monotonic()
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None)

        def told(now: "batches.Progress") -> None:
            rate = round(now.pages / max(time.monotonic() - started, 0.001) * 60)
            facts = {"pages": now.pages, "aside": now.set_aside, "review": now.review, "rate": rate}
            said = fitting([words.format(**facts) for words in _SO_FAR], room)
            bar.update(task, description=said, completed=now.files, total=now.of_files)

        yield told


def fitting(words: Sequence[str], room: int, between: str = " · ") -> str:
    """As many words, from the first on, as there is room for on one line."""
    lines = accumulate(words, lambda line, word: f"{line}{between}{word}")
    return max((line for line in lines if len(line) <= room), key=len, default="")
