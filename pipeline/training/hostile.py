"""Hostile inputs through the real way in: `python -m pipeline.training.hostile --count 10000 --seed 1 [--json]`.

Every input goes from its file to read pages as in a batch, in two processes that are watched. It must end with a
sentence of `pipeline.reasons`, or as a page that is truly ours and whose accepted values are all right: no crash, no
fault of the program, no wrong acceptance, bounded time and memory. The same seed makes the same inputs.
"""

import argparse
import json
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from pipeline.forms.catalogue import Catalogue, default_directories
from pipeline.reasons import PAGE_REASONS
from pipeline.training import hostile_files as files
from pipeline.training import hostile_pages as pictures
from pipeline.training import hostile_papers as papers
from pipeline.training.hostile_bombs import bomb
from pipeline.training.hostile_files import Bench, Made
from pipeline.training.hostile_guard import FileEnd, Guard, PageEnd
from pipeline.training.hostile_pages import Own, Spoil, own_pages

SECONDS: Final = 120.0
"""An input that takes longer counts as a crash; poppler alone may take 60."""
MOST_PAGES: Final = 40
"""Pages of one file that are read; a batch takes them one by one, so more would only take longer."""

Make = Callable[[Bench, np.random.Generator], Made]


def _picture(spoil: Spoil) -> Make:
    def make(bench: Bench, rng: np.random.Generator) -> Made:
        picture, owners = spoil(bench.pages, rng)
        suffix = files.SUFFIXES[int(rng.choice(4, p=[0.55, 0.1, 0.15, 0.2]))]
        return Made(files.save(np.ascontiguousarray(picture), bench.folder / f"scan{suffix}", rng), owners)

    return make


def _other_code(bench: Bench, rng: np.random.Generator) -> Made:
    picture, owners = pictures.other_code(bench.pages, rng, bench.catalogue)
    return Made(files.save(picture, bench.folder / "scan.jpg", rng), owners)


def _paper(*draw: papers.Draw) -> Make:
    def make(bench: Bench, rng: np.random.Generator) -> Made:
        first = papers.PAPERS[int(rng.integers(len(papers.PAPERS)))]
        return _pdf(bench, papers.paper(rng, first, *draw))

    return make


def _our_marks(*, markers: bool, code: bool) -> Make:
    """Papers of others, and empty ones, with our markers, our QR code, or both."""

    def make(bench: Bench, rng: np.random.Generator) -> Made:
        page, identity = papers.any_page(bench.catalogue, rng)
        shown = (*papers.PAPERS, papers.nothing)
        draw = [shown[int(rng.integers(len(shown)))]]
        draw += [papers.our_markers(page)] if markers else []
        draw += [papers.our_code(identity)] if code else []
        return _pdf(bench, papers.paper(rng, *draw))

    return make


def _pdf(bench: Bench, data: bytes) -> Made:
    path = bench.folder / "scan.pdf"
    path.write_bytes(data)
    return Made(path)


KINDS: Final[Mapping[str, tuple[float, Make]]] = {
    "part of our page": (8, _picture(pictures.crop)),
    "our page, trimmed": (8, _picture(pictures.trimmed)),
    "our page, other size": (6, _picture(pictures.resized)),
    "our page, blown up": (4, _picture(pictures.blown_up)),
    "our page, mirrored": (4, _picture(pictures.mirrored)),
    "our page, negative": (3, _picture(pictures.negative)),
    "our page, warped": (5, _picture(pictures.warped)),
    "our page, in waves": (5, _picture(pictures.bent)),
    "our page, partly covered": (5, _picture(pictures.covered)),
    "halves of two forms": (6, _picture(pictures.glued)),
    "two sheets at once": (4, _picture(pictures.two_up)),
    "our page, another's code": (6, _other_code),
    "paper of others": (3, _paper()),
    "others' QR codes": (3, _paper(papers.foreign_codes)),
    "others' markers": (4, _paper(papers.foreign_markers)),
    "our code on others' paper": (3, _our_marks(markers=False, code=True)),
    "our markers on others' paper": (3, _our_marks(markers=True, code=False)),
    "our frame on others' paper": (6, _our_marks(markers=True, code=True)),
    "noise": (3, _picture(pictures.noise)),
    "one grey": (2, _picture(pictures.flat)),
    "truncated file": (7, files.truncated),
    "flipped bytes": (10, files.flipped),
    "torn file": (6, files.torn),
    "odd TIFF": (5, files.odd_tiff),
    "wrong name": (3, files.misnamed),
    "other file": (3, files.foreign),
    "empty file": (1, files.empty),
    "random bytes": (3, files.random_bytes),
    "no file": (4, files.no_file),
    "bomb": (6, bomb),
}
"""Kind of input to its weight and how it is made."""


@dataclass(frozen=True, slots=True)
class Ended:
    """One input and its end: `wrong` says what was accepted wrongly."""

    kind: str
    number: int
    end: FileEnd
    wrong: tuple[str, ...]

    @property
    def ending(self) -> str:
        """`crash`, `wrong`, `read`, or the reasons that set it aside."""
        if self.end.crash:
            return "crash"
        if self.wrong:
            return "wrong"
        reasons = sorted({page.reason or "read" for page in self.end.pages})
        return " + ".join(reasons) or ("refused" if self.end.refused else "no pages")


def run(
    count: int,
    seed: int,
    samples: Path,
    catalogue: Catalogue,
    kinds: Iterable[str] = KINDS,
    part: slice = slice(None),
) -> list[Ended]:
    """Makes and reads `count` inputs of these kinds, in proportion to their weights, each at least once.

    Of them only those in `part`: each is the same whatever the part, so that a long run may be done in pieces.
    """
    plan = list(enumerate(_plan(count, list(kinds))))[part]
    pages = tuple(own_pages(samples))
    ended = []
    with tempfile.TemporaryDirectory() as name, Guard(catalogue, SECONDS, MOST_PAGES) as guard:
        shared = Path(name) / "shared"
        shared.mkdir()
        for number, kind in track(plan, console=Console(stderr=True), transient=True):
            folder = Path(name) / str(number)
            folder.mkdir()
            rng = np.random.default_rng([seed, number])
            made = KINDS[kind][1](Bench(pages, catalogue, folder, shared), rng)
            end = guard.read(made.path)
            ended.append(Ended(kind, number, end, tuple(_wrong(end, made.owners))))
            shutil.rmtree(folder)
    return ended


def _plan(count: int, kinds: list[str]) -> list[str]:
    """The kind of every input, spread evenly."""
    weight = np.array([KINDS[kind][0] for kind in kinds])
    each = np.maximum(1, np.floor(weight / weight.sum() * count)).astype(int)
    places = [((i + 0.5) / n, kind) for kind, n in zip(kinds, each, strict=True) for i in range(n)]
    return [kind for _, kind in sorted(places)]


def _wrong(end: FileEnd, owners: tuple[Own, ...]) -> Iterable[str]:
    """What was accepted wrongly."""
    for page in end.pages:
        if page.reason:
            continue
        own = next((own for own in owners if (own.serial, own.page) == (page.serial, page.page)), None)
        if own is None and page.accepted:
            yield f"read as {page.serial} page {page.page}, {len(page.accepted)} values accepted"
        elif own is not None:
            yield from wrong_values(page, own)


def wrong_values(page: PageEnd, own: Own) -> Iterable[str]:
    """The accepted values of a page that are not what stands on it, in words."""
    for field, row, value in page.accepted:
        truth = own.values[field, row]
        if (value or None) != (truth or None) and {value, truth} != {None, "absent"}:
            yield f"{page.serial} page {page.page} {field} {row or ''}: {truth} read as {value}"


def table(ended: list[Ended]) -> Table:
    """A row a kind."""
    shown = Table(
        "kind",
        "n",
        "read, all right",
        "set aside, with its sentence",
        "crash",
        "wrong",
        "slowest s",
        "open MB",
        "read MB",
    )
    for kind in dict.fromkeys(one.kind for one in ended):
        mine = [one for one in ended if one.kind == kind]
        endings = Counter(one.ending for one in mine)
        aside = ", ".join(
            f"{name} {n}" for name, n in endings.most_common() if name not in ("read", "crash", "wrong")
        )
        shown.add_row(
            kind, str(len(mine)), str(endings["read"]), aside or "–", str(endings["crash"]), str(endings["wrong"]),
            f"{max(one.end.seconds for one in mine):.1f}", f"{max(one.end.open_mb for one in mine):.0f}",
            f"{max(one.end.read_mb for one in mine):.0f}",
        )  # fmt: skip
    return shown


def facts(ended: list[Ended]) -> dict[str, object]:
    """The same as one JSON object, with every crash and wrong acceptance by the number of its input."""
    kinds = []
    for kind in dict.fromkeys(one.kind for one in ended):
        mine = [one for one in ended if one.kind == kind]
        kinds.append(
            {
                "kind": kind,
                "n": len(mine),
                "endings": dict(Counter(one.ending for one in mine).most_common()),
                "slowest_seconds": round(max(one.end.seconds for one in mine), 2),
                "open_mb": round(max(one.end.open_mb for one in mine)),
                "read_mb": round(max(one.end.read_mb for one in mine)),
                "draw_mb": round(max(one.end.draw_mb for one in mine)),
            }
        )
    bad = [one for one in ended if one.end.crash or one.wrong]
    reasons = {page.reason for one in ended for page in one.end.pages if page.reason}
    return {
        "n": len(ended),
        "kinds": kinds,
        "bad": [
            {"kind": one.kind, "number": one.number, "crash": one.end.crash, "wrong": one.wrong}
            for one in bad
        ],
        "sentences": {reason: PAGE_REASONS[reason].en for reason in sorted(reasons)},
    }


def _part(text: str) -> slice:
    return slice(*(int(number) if number else None for number in text.split(":")))


def main() -> None:
    """Command line; see the module."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--samples", type=Path, default=Path("samples/halong-2026-11"))
    parser.add_argument("--home", type=Path, default=Path("output"), help="where more definitions may be")
    parser.add_argument("--kind", action="append", choices=list(KINDS), help="only these kinds")
    parser.add_argument(
        "--part", type=_part, default=slice(None), help="only these inputs, as FIRST:PAST:STEP"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    catalogue = Catalogue.load(default_directories(arguments.home))
    ended = run(
        arguments.count, arguments.seed, arguments.samples, catalogue, arguments.kind or KINDS, arguments.part
    )
    found = facts(ended)
    if arguments.json:
        sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")
        return
    console = Console(width=190)
    console.print(table(ended))
    for one in (one for one in ended if one.end.crash or one.wrong):
        console.print(f"{one.number} {one.kind}: {one.end.crash or '; '.join(one.wrong[:3])}", markup=False)
    for reason, text in PAGE_REASONS.items():
        if any(page.reason == reason for one in ended for page in one.end.pages):
            console.print(f"{reason}: {text.en}", markup=False)


if __name__ == "__main__":
    main()
