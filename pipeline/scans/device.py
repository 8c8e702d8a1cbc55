"""Paper straight from a scanner's feeder: all that this program says to SANE's `scanimage`, and hears from it.

`scanimage` writes each page beside its name and renames it when it is whole, so a page file is there entirely
or not at all. Its faults are told by SANE's standard sentences (sane_strstatus), which it does not translate.
"""

import os
import select
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Final

from pipeline import outputs
from pipeline.errors import MissingPartError
from pipeline.language import Text
from pipeline.scans.device_options import ScannerFault, options, settings

PROGRAM: Final = "scanimage"
INSTALL: Final = "apt-get install sane-utils"
PAGES: Final = "*.jpg"
"""Pages are JPEGs (quality 75): what the readers were measured on, at a tenth of a TIFF's size."""

_ANSWER_SECONDS: Final = 120
"""A scanner that says nothing, and gives no page, for so long hangs: a large page at 600 dpi takes half of that."""
_STOP_SECONDS: Final = 30
_CHUNK: Final = 2**16
_CAMERAS: Final = "v4l:"

_FAULTS: Final = {
    "document feeder jammed": Text(
        "Kertas macet, atau dua lembar tertarik sekaligus. Keluarkan kertasnya, pisahkan lembar yang menempel, "
        "taruh kembali lembar yang belum terpindai, lalu jalankan lagi.",
        "The paper is jammed, or two sheets were drawn in at once. Take the paper out, part the sheets that "
        "stick together, put back those that were not scanned, and run it again.",
    ),
    "document feeder out of documents": Text(
        "Pengumpan kertas kosong. Taruh lembarnya di pengumpan, lalu jalankan lagi.",
        "The feeder is empty. Put the sheets into the feeder and run it again.",
    ),
    "scanner cover is open": Text(
        "Tutup pemindai terbuka. Tutup rapat, lalu jalankan lagi.",
        "The scanner's cover is open. Close it firmly and run it again.",
    ),
    "device busy": Text(
        "Pemindai sedang dipakai program atau orang lain. Tunggu sampai selesai, lalu jalankan lagi.",
        "The scanner is in use by another program or person. Wait until it is free and run it again.",
    ),
    "access to resource has been denied": Text(
        "Akun ini tidak boleh memakai pemindai. Jalankan: sudo usermod -aG scanner $USER  lalu masuk ulang.",
        "This account may not use the scanner. Run: sudo usermod -aG scanner $USER  then log in again.",
    ),
    "error during device i/o": Text(
        "Hubungan dengan pemindai terputus. Periksa kabel dan dayanya, lalu jalankan lagi.",
        "The connection to the scanner broke. Check its cable and power, then run it again.",
    ),
    "operation was cancel": Text(
        "Pemindaian dibatalkan di pemindainya. Jalankan lagi untuk melanjutkan.",
        "The scan was cancelled at the scanner. Run it again to go on.",
    ),
    "no space left": Text(
        "Diska penuh. Kosongkan ruang, lalu pindai lagi lembar yang belum tersimpan.",
        "The disk is full. Free some space, then scan again the sheets that were not kept.",
    ),
    "no sane devices found": Text(
        "Tidak ada pemindai yang ditemukan. Periksa kabel, daya, dan jaringannya, lalu jalankan lagi.",
        "No scanner was found. Check its cable, power and network, then run it again.",
    ),
    "timeout": Text(
        "Pemindai tidak menjawab. Matikan lalu nyalakan lagi, taruh kembali lembar yang belum terpindai, lalu "
        "jalankan lagi.",
        "The scanner does not answer. Turn it off and on again, put back the sheets that were not scanned, and "
        "run it again.",
    ),
    "open of device": Text(
        "Pemindai dengan nama itu tidak ada. Lihat namanya dengan: sotarsa scan --list-devices",
        "There is no scanner of that name. See the names with: sotarsa scan --list-devices",
    ),
}
"""What SANE says, in lower case, and what the office reads; the first that fits."""

_EMPTY: Final = "document feeder out of documents"
_NONE: Final = "no sane devices found"


@dataclass(frozen=True, slots=True)
class Scanner:
    """A scanner as SANE lists it: `name` is what it is called by, `model` what stands on its case."""

    name: str
    model: str


def version() -> str | None:
    """What `scanimage` calls itself, None when it is not installed."""
    if shutil.which(PROGRAM) is None:
        return None
    return _ask("--version").partition("\n")[0] or None


def scanners() -> list[Scanner]:
    """The scanners that SANE finds, cameras left out; on a network this takes several seconds.

    Raises:
        MissingPartError: `scanimage` is not installed.
        ScannerFault: it does not answer.
    """
    lines = _ask("--formatted-device-list=%d\t%v %m%n").splitlines()
    found = [Scanner(*line.split("\t", 1)) for line in lines if "\t" in line]
    return [one for one in found if not one.name.startswith(_CAMERAS)]


def first() -> Scanner:
    """The first scanner that is found.

    Raises:
        MissingPartError: `scanimage` is not installed.
        ScannerFault: there is no scanner.
    """
    found = scanners()
    if not found:
        raise ScannerFault(_FAULTS[_NONE])
    return found[0]


def feed(name: str, folder: Path, *, dpi: int, source: str | None = None) -> Iterator[list[Path]]:
    """Scan until the feeder is empty; pages come as they are finished, while the scanner goes on.

    A flatbed gives one page. Whoever stops asking stops the scanner.

    Args:
        name: the scanner's, as SANE knows it.
        folder: where the pages go, made when missing; their names start with the time and count up.
        dpi: resolution; the next higher one that the scanner has.
        source: a source of the scanner, such as `ADF Duplex`; None for its feeder, both sides where it can.

    Yields:
        The pages that came since the last time, at least one.

    Raises:
        MissingPartError: `scanimage` is not installed.
        ScannerFault: no paper, jam or double feed, open cover, no such scanner or source …; after the pages
            that came before it.
    """
    wanted = settings(options(_ask("--device-name", name, "--all-options")), dpi, source)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    stem = f"{folder / format(datetime.now().astimezone(), '%Y%m%d-%H%M%S')}".replace("%", "%%")
    command = ("--device-name", name, *wanted, "--format=jpeg", f"--batch={stem}-%04d.jpg", "--batch-print")
    came = False
    with tempfile.TemporaryFile() as told:
        with _running(command, told) as scan:
            for names in _lines(scan):
                came = True
                yield [Path(one) for one in names]
            status = scan.wait()
        told.seek(0)
        said = told.read().decode(errors="replace")
    emptied = came and _EMPTY in said.lower()
    if not emptied and (status or not came):
        raise _fault(said)


def sweep(folder: Path) -> None:
    """Remove the halves of pages that killed scans left."""
    outputs.sweep(folder.glob(f"{PAGES}.part"))


@contextmanager
def _running(command: Sequence[str], told: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """`scanimage` at work, out of reach of Ctrl-C; left early, it is asked to let go of the paper.

    Between two pages it forgets that it was asked; it then ends at its next page, whose name nobody takes.
    """
    process = subprocess.Popen(
        (_program(), *command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=told, env=_plain(),
        start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    with process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                process.stdout.close()
                try:
                    process.wait(_STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    process.kill()


def _lines(process: subprocess.Popen[bytes]) -> Iterator[list[str]]:
    """The lines that a process prints, as many at a time as have come.

    Raises:
        ScannerFault: it printed nothing for too long.
    """
    assert process.stdout is not None
    rest = b""
    while True:
        if not select.select([process.stdout], [], [], _ANSWER_SECONDS)[0]:
            raise _fault("timeout")
        chunk = os.read(process.stdout.fileno(), _CHUNK)
        if not chunk:
            return
        *lines, rest = (rest + chunk).split(b"\n")
        if lines:
            yield [os.fsdecode(line) for line in lines]


def _ask(*question: str) -> str:
    """What `scanimage` answers.

    Raises:
        MissingPartError: it is not installed.
        ScannerFault: it cannot answer.
    """
    try:
        done = subprocess.run(
            (_program(), *question), stdin=subprocess.DEVNULL, capture_output=True, env=_plain(),
            timeout=_ANSWER_SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise _fault("timeout") from error
    if done.returncode:
        raise _fault(done.stderr.decode(errors="replace"))
    return done.stdout.decode(errors="replace")


def _program() -> str:
    found = shutil.which(PROGRAM)
    if found is None:
        raise MissingPartError(
            Text(
                f"Program scanimage (SANE) belum terpasang. Jalankan: sudo {INSTALL}",
                f"The program scanimage (SANE) is not installed. Run: sudo {INSTALL}",
            )
        )
    return found


def _plain() -> dict[str, str]:
    return {**os.environ, "LC_ALL": "C"}


def _fault(said: str) -> ScannerFault:
    """The fault that SANE tells of; what it says and no table knows is passed on in its own words."""
    low = said.lower()
    for sign, text in _FAULTS.items():
        if sign in low:
            return ScannerFault(text)
    last = next((line for line in reversed(said.splitlines()) if f"{PROGRAM}:" in line), said.strip()[-200:])
    return ScannerFault(
        Text(
            f"Pemindai berhenti: {last or '-'}. Periksa pemindainya, lalu jalankan lagi.",
            f"The scanner stopped: {last or '-'}. Check the scanner, then run it again.",
        )
    )
