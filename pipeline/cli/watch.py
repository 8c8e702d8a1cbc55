"""`sotarsa watch`: files are read as they arrive, and whatever goes wrong, the watch goes on."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from pipeline.cli import context
from pipeline.cli.arrivals import SIDE_FOLDER, Arrivals
from pipeline.cli.aside import put_aside
from pipeline.cli.scan import BatchName, Jobs, Scheduler, read_groups
from pipeline.cli.summary import show, status
from pipeline.errors import Exit, SotarsaError, UsageError
from pipeline.language import Text

if TYPE_CHECKING:
    from pipeline.store.tally import BatchSummary

RETRY_SECONDS: Final = 30.0
"""How long to wait when the store refuses or a part of the system is missing."""

PAUSE_SECONDS: Final = 600.0
"""Files that come within so long of one another were put into the scanner together."""

_WAITS: Final = Text(
    "{why} Dicoba lagi setiap {seconds} detik.", "{why} It is tried again every {seconds} seconds."
)
_ON: Final = Text("Dilanjutkan.", "Going on.")
_MOVED: Final = Text(
    "{name} tidak dapat dibaca; dipindahkan ke {to}.", "{name} cannot be read; moved to {to}."
)
_STAYS: Final = Text(
    "{name} tidak dapat dibaca, dan tidak dapat dipindahkan ({why}). Berkas itu dilewati.",
    "{name} cannot be read, and cannot be moved ({why}). It is passed over.",
)
_END: Final = Text(
    "Berhenti menunggu. {files} berkas masuk: {pages} halaman dibaca, {aside} halaman disisihkan, "
    "{review} isian untuk diperiksa, {moved} berkas dipindahkan ke {side}.",
    "Watching has ended. {files} files came: {pages} pages read, {aside} pages set aside, {review} fields to review, "
    "{moved} files moved to {side}.",
)

_log = logging.getLogger(__name__)


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
    home = context.open_store(fills=True)
    context.tell(
        Text(
            "Menunggu berkas di {folder}. Ctrl-C untuk berhenti.",
            "Waiting for files in {folder}. Ctrl-C stops.",
        ),
        folder=folder,
    )
    say = partial(context.say, err=True)
    came = Arrivals(folder, once=once, tell=say)
    read = together(lambda files, lot: read_groups([files], batch or lot, jobs, scheduler, home))
    watcher = Watcher(folder, came, read, once, say)
    try:
        watcher.run()
    except KeyboardInterrupt:
        say(watcher.told())
    raise typer.Exit(int(watcher.status))


def together(
    read: "Callable[[Sequence[Path], str | None], BatchSummary]", now: Callable[[], float] = time.monotonic
) -> "Callable[[Sequence[Path]], BatchSummary]":
    """Files that come without a long pause read into one batch, so that sides in files of their own can be compared.

    Args:
        read: reads files into the batch of that name, None for one of its own choice.
        now: a clock, s.
    """
    batch, last = "", 0.0

    def read_on(files: Sequence[Path]) -> "BatchSummary":
        nonlocal batch, last
        if now() - last > PAUSE_SECONDS:
            batch = ""
        summary = read(files, batch or None)
        batch, last = summary.batch or batch, now()
        return summary

    return read_on


class Watcher:
    """One watch over a folder.

    Attributes:
        status: the exit status that it deserves so far.
    """

    def __init__(
        self,
        folder: Path,
        came: Arrivals,
        read: "Callable[[Sequence[Path]], BatchSummary]",
        once: bool,
        say: Callable[[str], None],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Prepare a watch.

        Args:
            folder: the watched one.
            came: its files as they come to rest.
            read: reads files into the store.
            once: what the store refuses ends the watch.
            say: takes sentences for the person who watches.
            sleep: how to wait.
        """
        self.status = Exit.DONE
        self._folder, self._came, self._read = folder, came, read
        self._once, self._say, self._sleep = once, say, sleep
        self._sum: Counter[str] = Counter()
        self._counted: set[Path] = set()

    def run(self) -> None:
        """Read until the arrivals end.

        Raises:
            SotarsaError: only with `once`.
        """
        for files in self._came:
            for path, reason in self._take(files).items():
                if self._came.doubt(path):
                    self._put_aside(path, reason)
        if self._once and self._came.shut:
            self.status = max(self.status, Exit.NEEDS_EYE)

    def told(self) -> str:
        """What was done, in one sentence."""
        names = ("files", "pages", "aside", "review", "moved")
        return _END.format(side=SIDE_FOLDER, **{name: self._sum[name] for name in names})

    def _take(self, files: Sequence[Path]) -> dict[Path, str]:
        """Read files, waiting for the store where it refuses; those that cannot be read, with their reasons."""
        trouble = ""
        while there := [path for path in files if self._is_there(path)]:
            try:
                summary = self._read(there)
                open_ones = [path for path in there if path not in summary.shut]
                bad = _unusable(open_ones) if summary.unusable or summary.already else {}
                bad |= dict.fromkeys(summary.shut, "unreadable_file")
            except Exception as error:
                refused = _refusal(error)
                if refused is None:
                    return self._one_by_one(there, error)
                if self._once:
                    raise refused from error
                if trouble != str(refused):
                    trouble = str(refused)
                    self._say(_WAITS.format(why=trouble, seconds=round(RETRY_SECONDS)))
                self._sleep(RETRY_SECONDS)
                continue
            if trouble:
                self._say(str(_ON))
            self._count(there, summary, bad)
            return bad
        return {}

    def _is_there(self, path: Path) -> bool:
        """Whether a file can be opened; one that cannot is the arrivals' to wait for."""
        try:
            with path.open("rb"):
                return True
        except OSError as error:
            _log.info("%s: %s", path, error)
            self._came.forget(path)
            return False

    def _one_by_one(self, files: Sequence[Path], error: Exception) -> dict[Path, str]:
        """What one file of several does to the program must not touch the others."""
        if len(files) == 1:
            _log.error("%s could not be read", files[0], exc_info=error)
            return {files[0]: "unreadable_file" if isinstance(error, OSError) else "internal"}
        bad: dict[Path, str] = {}
        for path in files:
            bad |= self._take([path])
        return bad

    def _count(self, files: Sequence[Path], summary: "BatchSummary", bad: dict[Path, str]) -> None:
        again = self._counted.issuperset(files)
        self._counted.update(files)
        if not again and (summary.files or not bad):
            self._show(summary)
        # One bad file that comes alone is not all that the watch was given.
        self.status = max(self.status, min(status(summary), Exit.NEEDS_EYE))
        aside = sum(one.reason != "missing_side" for one in summary.set_aside)
        if not again:
            self._sum.update(
                files=summary.files, pages=summary.pages - aside, aside=aside, review=summary.review
            )

    def _show(self, summary: "BatchSummary") -> None:
        """Show what a batch gave; a definition under change, which keeps that from being told whole, ends no watch."""
        try:
            show(summary)
        except Exception as error:
            if (refused := _refusal(error)) is None:
                raise
            self._say(str(refused))

    def _put_aside(self, path: Path, reason: str) -> None:
        self.status = max(self.status, Exit.NEEDS_EYE)
        try:
            to = put_aside(path, self._folder, reason)
        except OSError as error:
            self._say(_STAYS.format(name=path.name, why=error.strerror))
            return
        self._sum["moved"] += 1
        self._say(_MOVED.format(name=path.name, to=to))


def _unusable(files: Sequence[Path]) -> dict[Path, str]:
    from pipeline.store.intake import unusable

    reasons = {path: unusable(path) for path in files}
    return {path: reason for path, reason in reasons.items() if reason}


def _refusal(error: Exception) -> SotarsaError | None:
    """What the store or the system lacks, None where a file or the program is at fault."""
    from pipeline.store.refusals import refusal

    return error if isinstance(error, SotarsaError) else refusal(error)
