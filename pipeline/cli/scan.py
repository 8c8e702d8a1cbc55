"""`sotarsa scan` and `sotarsa watch`: page images into the store, with what became of them."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from importlib import import_module
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
from rich.table import Table

from pipeline.cli import context
from pipeline.cli.arrivals import arrivals
from pipeline.errors import Exit, MissingPartError, UsageError
from pipeline.language import Text
from pipeline.reasons import PAGE_REASONS

if TYPE_CHECKING:
    from pipeline import batch as batches
    from pipeline.workers import MakeExecutor

_NAMED_ALREADY: Final = 5
"""Up to so many files that were read before are named one by one."""

Paths = Annotated[
    list[Path],
    typer.Argument(
        metavar="PATH...",
        help=str(
            Text("Berkas atau folder: PDF, TIFF, JPEG, PNG.", "Files or folders: PDF, TIFF, JPEG, PNG.")
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
Json = Annotated[
    bool, typer.Option("--json", help=str(Text("Keluarkan satu objek JSON.", "Print one JSON object.")))
]


def scan(
    paths: Paths,
    batch: BatchName = None,
    jobs: Jobs = None,
    scheduler: Scheduler = None,
    as_json: Json = False,
) -> None:
    """Read scanned files into the store."""
    from pipeline.scans.files import find_files

    home = context.open_store()
    summary = _read(find_files(paths), batch, jobs, scheduler, home)
    if as_json:
        context.put_json(_facts(summary))
    else:
        _show(summary)
    raise typer.Exit(int(_status(summary)))


def watch(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER")],
    batch: BatchName = None,
    jobs: Jobs = None,
    scheduler: Scheduler = None,
    once: Annotated[
        bool,
        typer.Option(
            "--once",
            help=str(Text("Baca yang ada sekarang lalu berhenti.", "Read what is there now, then stop.")),
        ),
    ] = False,
) -> None:
    """Read files as they arrive in a folder."""
    if not folder.is_dir():
        raise UsageError(
            Text(
                f"{folder} bukan folder. Periksa ejaannya.", f"{folder} is not a folder. Check its spelling."
            )
        )
    home = context.open_store()
    context.tell(
        Text(
            "Menunggu berkas di {folder}. Ctrl-C untuk berhenti.",
            "Waiting for files in {folder}. Ctrl-C stops.",
        ),
        folder=folder,
    )
    status = Exit.DONE
    for files in arrivals(folder, once=once):
        summary = _read(files, batch, jobs, scheduler, home)
        _show(summary)
        status = max(status, _status(summary))
    raise typer.Exit(int(status))


def _read(
    files: Sequence[Path], batch: str | None, jobs: int | None, scheduler: str | None, home: Path
) -> "batches.BatchSummary":
    from pipeline.batch import scan

    reader = make_reader(jobs, scheduler)
    with _bar() as told:
        return scan(files, batch, reader, home, told)


def make_reader(jobs: int | None, scheduler: str | None) -> "batches.Reader":
    """How pages are read: by processes of this computer, or by a cluster.

    Raises:
        MissingPartError: a cluster is asked for and Dask is not installed.
        UsageError: no scheduler answers.
        DefinitionError: a form definition is wrong.
    """
    from pipeline.batch import Reader
    from pipeline.page import read_page
    from pipeline.recognition.confidence import load_tables
    from pipeline.review.audit import drawn, share_now
    from pipeline.review.calibration import FILE
    from pipeline.review.learning import head_of
    from pipeline.settings import settings
    from pipeline.validation.sheet import broken_rules
    from pipeline.workers import process_pool

    workers = jobs or settings().jobs or len(os.sched_getaffinity(0))
    make: MakeExecutor = partial(process_pool, workers)
    if scheduler:
        make, workers = cluster(scheduler)
    draw = partial(drawn, share_now(settings().audit_share))
    read = partial(read_page, tables=load_tables(context.home() / FILE), head=head_of(context.home()))
    return Reader(read, context.catalogue(), broken_rules, make, workers, draw)


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
    columns = (
        SpinnerColumn(),
        TextColumn(str(Text("berkas", "files"))),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
    )
    words = Text(
        "{pages} halaman · {rate} per menit · {aside} disisihkan · {review} isian untuk diperiksa",
        "{pages} pages · {rate} a minute · {aside} set aside · {review} fields to review",
    )
    started = time.monotonic()
    with Progress(*columns, console=context.console(), transient=True) as bar:
        task = bar.add_task("", total=None)

        def told(now: "batches.Progress") -> None:
            rate = round(now.pages / max(time.monotonic() - started, 0.001) * 60)
            said = words.format(pages=now.pages, rate=rate, aside=now.set_aside, review=now.review)
            bar.update(task, description=said, completed=now.files, total=now.of_files)

        yield told


def _status(summary: "batches.BatchSummary") -> Exit:
    if summary.files and summary.unusable == summary.files and not summary.already:
        return Exit.USAGE
    return Exit.NEEDS_EYE if summary.set_aside else Exit.DONE


def _facts(summary: "batches.BatchSummary") -> dict[str, object]:
    return {
        "batch": summary.batch,
        "files": summary.files,
        "already_read": list(summary.already),
        "pages": summary.pages,
        "read": summary.read,
        "set_aside": [
            {
                "source": one.source,
                "image": one.image,
                "reason": one.reason,
                "message": str(PAGE_REASONS[one.reason]),
            }
            for one in summary.set_aside
        ],
        "fields": {"accepted": summary.accepted, "review": summary.review},
        "forms": summary.forms,
    }


def _show(summary: "batches.BatchSummary") -> None:
    console = context.console()
    _show_already(summary.already)
    if not summary.files:
        return
    counts = Table(title=str(Text("Batch", "Batch")) + f" {summary.batch}", show_header=False)
    counts.add_column()
    counts.add_column(justify="right")
    for form, pages in sorted(summary.forms.items()):
        counts.add_row(Text("Halaman dibaca: {form}", "Pages read: {form}").format(form=form), str(pages))
    counts.add_row(str(Text("Halaman disisihkan", "Pages set aside")), str(len(summary.set_aside)))
    counts.add_row(str(Text("Isian diterima", "Fields accepted")), str(summary.accepted))
    counts.add_row(str(Text("Isian untuk diperiksa", "Fields to review")), str(summary.review))
    console.print(counts)
    from pipeline.recognition.second import model_file

    if model_file() is None:
        console.print(
            Text(
                "Pembaca kedua tidak terpasang: lebih banyak isian harus diperiksa. Pasang dengan: make setup",
                "The second reader is not installed: more fields need review. Install it with: make setup",
            )
        )
    if not summary.set_aside:
        return
    aside = Table(title=str(Text("Disisihkan", "Set aside")))
    for head in (
        Text("Berkas", "File"),
        Text("Hal.", "Image"),
        Text("Sebab dan tindakan", "Reason and cure"),
    ):
        aside.add_column(str(head))
    for one in summary.set_aside:
        aside.add_row(one.source, str(one.image), str(PAGE_REASONS[one.reason]))
    console.print(aside)


def _show_already(names: Sequence[str]) -> None:
    if len(names) > _NAMED_ALREADY:
        many = Text("{count} berkas sudah pernah dibaca.", "{count} files were read before.")
        context.tell(many, count=len(names))
        return
    for name in names:
        one = Text(
            "{name}: sudah pernah dibaca, tidak ada yang berubah.", "{name}: read before, nothing changed."
        )
        context.tell(one, name=name)
