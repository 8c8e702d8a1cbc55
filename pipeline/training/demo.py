"""The whole way once, as the office goes it, on the samples: `python -m pipeline.training.demo SAMPLES`.

Scans the samples, holds what was read against the truth, imports what needs nobody, writes the report, and says
what to do next. Ends with 0 or 1 as `sotarsa scan` does; with 2 where a value was accepted wrongly or a page came
out otherwise than it is.
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

from pipeline.language import Text
from pipeline.training.batch_file import read_lines
from pipeline.training.score import score, table, wrong_readings

MONTH = "2026-11"


def _sotarsa(home: Path, *words: str, out: Path | None = None, wanted: tuple[int, ...] = (0, 1)) -> int:
    command = [str(Path(sys.executable).with_name("sotarsa")), "--home", str(home), *words]
    Console(stderr=True).print(f"\n[bold]$ sotarsa {' '.join(words)}[/bold]")
    if out is None:
        status = subprocess.run(command, check=False).returncode
    else:
        with out.open("wb") as file:
            status = subprocess.run(command, check=False, stdout=file).returncode
    if status not in wanted:
        raise SystemExit(status)
    return status


def _pages_as_expected(truth: list[dict[str, object]], pages: list[dict[str, object]]) -> int:
    """Prints how the pages came out and returns how many came out otherwise than the truth says."""
    got = {(page["source"], page["image"]): (page["status"], page["reason"]) for page in pages}
    expected = {
        (line["source"], line["image"]): (line["status"], line["reason"])
        for line in truth
        if "status" in line
    }
    counts = Counter(got.values())
    shown = Table("status", "reason", "pages")
    for (status, reason), count in sorted(counts.items(), key=str):
        shown.add_row(str(status), str(reason), str(count))
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
    status = _sotarsa(home, "scan", str(arguments.samples), "--batch", "contoh")
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
    _sotarsa(home, "report", "--month", MONTH)
    Console().print(
        Text(
            f"\nSelanjutnya: periksa isian yang ragu dengan [bold]sotarsa --home {home} review[/bold], "
            f"lalu ulangi [bold]sotarsa --home {home} import --month {MONTH}[/bold].",
            f"\nNext: look at the doubtful fields with [bold]sotarsa --home {home} review[/bold], "
            f"then run [bold]sotarsa --home {home} import --month {MONTH}[/bold] again.",
        )
    )
    raise SystemExit(2 if wrong or astray else status)


if __name__ == "__main__":
    main()
