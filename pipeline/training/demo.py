"""The whole way once, as the office goes it, on the samples: `python -m pipeline.training.demo SAMPLES`.

Scans the samples, holds what was read against the truth, imports what needs nobody; then answers the doubtful fields
from the truth, as a reviewer would from the ink, imports again, writes the report and says what to do next. Ends with
0; with 1 where a value was accepted wrongly or a page came out otherwise than it is.
"""

import argparse
import json
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.table import Table

from pipeline.errors import SotarsaError
from pipeline.forms.catalogue import Catalogue, default_directories
from pipeline.language import Text
from pipeline.training.batch_file import read_lines
from pipeline.training.score import score, table, wrong_readings

MONTH = "2026-11"


def _sotarsa(home: Path, *words: str, out: Path | None = None) -> None:
    command = [str(Path(sys.executable).with_name("sotarsa")), "--home", str(home), *words]
    Console(stderr=True).print(f"\n[bold]$ sotarsa {' '.join(words)}[/bold]")
    if out is None:
        status = subprocess.run(command, check=False).returncode
    else:
        with out.open("wb") as file:
            status = subprocess.run(command, check=False, stdout=file).returncode
    if status not in (0, 1):
        raise SystemExit(status)


def _pages_as_expected(truth: list[dict[str, object]], pages: list[dict[str, object]]) -> int:
    """Prints how the pages came out and returns how many came out otherwise than the truth says."""
    got = {(page["source"], page["image"]): (page["status"], page["reason"]) for page in pages}
    expected = {
        (line["source"], line["image"]): (line["status"], line["reason"])
        for line in truth
        if "status" in line
    }
    counts = Counter(got.values())
    shown = Table(str(Text("halaman", "pages")), "status", str(Text("sebab", "reason")))
    for (status, reason), count in sorted(counts.items(), key=str):
        shown.add_row(str(count), str(status), str(reason or "–"))
    Console().print(shown)
    wrong = {place: (want, got.get(place)) for place, want in expected.items() if got.get(place) != want}
    for place, (want, came) in wrong.items():
        Console().print(f"{place[0]} {place[1]}: {want} expected, {came} came out")
    return len(wrong)


def main() -> None:
    """Command line; see the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("samples", type=Path)
    parser.add_argument("--home", type=Path, default=Path("output/demo"))
    arguments = parser.parse_args()
    home: Path = arguments.home
    if home.exists():
        shutil.rmtree(home)
    _sotarsa(home, "scan", str(arguments.samples), "--batch", "contoh")
    readings, pages = home / "readings.jsonl", home / "pages.jsonl"
    _sotarsa(home, "export", "readings", "--batch", "contoh", out=readings)
    _sotarsa(home, "export", "pages", "--batch", "contoh", out=pages)
    truth = read_lines(arguments.samples / "truth.jsonl")
    read = read_lines(readings)
    Console().print(table(score(truth, read)))
    wrong = wrong_readings(truth, read)
    for line, got in wrong:
        Console().print(
            f"[red]{line['field']}: {json.dumps(line['value'])} / {json.dumps(got['value'])}[/red]"
        )
    astray = _pages_as_expected(truth, read_lines(pages))
    _sotarsa(home, "import", "--month", MONTH)
    _heading(Text("Orang memeriksa isian yang ragu (di sini: dari kunci jawaban)", _PERSON_EN))
    answered, skipped = _answer(home, truth)
    Console().print(
        str(Text(f"{answered} isian dijawab, {skipped} dilewati", f"{answered} answered, {skipped} skipped"))
    )
    _sotarsa(home, "import", "--month", MONTH)
    _sotarsa(home, "report", "--month", MONTH)
    _heading(Text("Selanjutnya", "Next"))
    program = Path(sys.executable).with_name("sotarsa")
    program = program.relative_to(Path.cwd()) if program.is_relative_to(Path.cwd()) else program
    for step in _NEXT:
        Console().print(f"  {program} --home {home} {step}", highlight=False)
    raise SystemExit(1 if wrong or astray else 0)


_LEFT = 6
"""Doubtful fields that are left for whoever tries the review."""
_PERSON_EN = "A person looks at the doubtful fields (here: the answers come from the truth)"
_NEXT = (
    "review",
    f"import --month {MONTH}",
    "forms print penyaluran --village 2005 --programme PKH",
    "export people --out output/demo/people.xlsx",
)


def _heading(text: Text) -> None:
    Console(stderr=True).print(f"\n[bold]{text}[/bold]")


def _answer(home: Path, truth: list[dict[str, object]]) -> tuple[int, int]:
    """Decides all open fields but a few by the truth; returns how many were decided, and how many could not be."""
    from pipeline.store.setup import open_store

    open_store(home.absolute())
    from pipeline.review.decisions import Kind, decide
    from pipeline.review.queue import open_items

    forms = Catalogue.load(default_directories(home))
    told = {
        (line["serial"], line["page"], line["field"], line["row"]): line for line in truth if "field" in line
    }
    answered = skipped = 0
    for item in list(open_items())[:-_LEFT]:
        value = told[item.serial, item.page, item.field, item.row]["value"]
        kind = Kind.EMPTY if value in (None, "absent") else Kind.CORRECTED
        try:
            decide(item.id, "contoh", kind, None if value is None else str(value), forms, confirmed=True)
            answered += 1
        except SotarsaError:
            skipped += 1
    return answered, skipped


if __name__ == "__main__":
    main()
