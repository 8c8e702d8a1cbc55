"""OMRChecker beside ours: `python -m pipeline.training.beside --data ../shared/data --omrchecker PATH`.

PATH is a checkout of https://github.com/Udayraj123/OMRChecker (MIT) with its requirements and an OpenCV in PATH/.venv
(or `--python`). Its samples lie in `practice/omrchecker` of the data. Each filled sheet is damaged in the ways of
`damage_kinds`, and both programs read the same files: ours on the definitions of `mark_sheets`, OMRChecker by its
command line on its own templates. First the untouched samples must come out as its own tests expect.

An answer is right when it is what those tests expect. Ours is doubted when the reader gives a reason of its own (that
every field of a blank of others goes to a person anyway is left out); OMRChecker's when a part of it is empty or
marked more than once. What is neither right nor doubted is wrong unseen.
"""

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from rich.console import Console
from rich.progress import track

from pipeline.forms.catalogue import Catalogue
from pipeline.page import PageReading, PageStatus, read_page
from pipeline.scans.pages import open_pages
from pipeline.scans.types import PageImage
from pipeline.training.damage_kinds import KINDS
from pipeline.training.damage_optics import PAGE_PX_PER_MM
from pipeline.training.hands import Floats
from pipeline.training.mark_sheets import (
    SAMPLES,
    Answer,
    Grey,
    Said,
    expected,
    flat,
    grey,
    paper,
    questions_of,
    template_of,
)
from pipeline.training.omrchecker import OMRChecker

SCANNED: Final = (
    "office scan", "turned", "scaled print", "cropped margins", "1-bit", "colour, 600 dpi", "photocopied",
)  # fmt: skip
PHOTOGRAPHED: Final = (
    "photo from the side", "bowed paper, photo", "wavy paper, photo", "shadow, photo", "blur, photo",
    "low light, photo",
)  # fmt: skip
_ALL: Final = {"all scans": SCANNED, "all photos": PHOTOGRAPHED}
UNTOUCHED, WRONG_FORM, BLANK = "as they came", "wrong form", "blank"
_ALIKE: Final = frozenset({("sample1", "sample5"), ("sample5", "sample1")})
"""Two rounds of one contest: the same markers, nearly the same columns."""
_PAPERS: Final = {"sample1": (2000, 2600), "sample2": (300, 400)}
"""Samples that came as photos: width and height of the sheet that is cut out of them."""
_WIDTH_PX: Final = round(210 * PAGE_PX_PER_MM)
_WHITE_RIM: Final = 0.06


@dataclass(frozen=True, slots=True)
class Case:
    """A file that both programs read.

    Attributes:
        kind: what was done to it.
        strength: and how much of it.
        sheet: which one it was.
        photo: whether it is a photo.
        form: the sample whose form it is read as.
        path: the file.
        truth: question → answer; None on paper where there is nothing to be read.
        alone: whether our shelf holds that form only.
        own_blank: whether our blank was made from this very sheet.
    """

    kind: str
    strength: str
    sheet: str
    photo: bool
    form: str
    path: Path
    truth: Mapping[str, str] | None
    alone: bool = False
    own_blank: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """A filled sheet, lying flat: brightness (H, W) in 0..1 as if scanned at 300 dpi."""

    sample: str
    image: str
    page: Floats
    truth: Mapping[str, str]
    own_blank: bool


def sheets_of(samples: Path) -> list[Sheet]:
    """The filled sheets of all samples; those that came as photos are cut out and laid flat."""
    return [
        Sheet(
            sample.name,
            Path(image).name,
            _page(_laid_flat(samples / image, sample.name)),
            expected(samples, sample.name, Path(image).name),
            i == 0,
        )
        for sample in SAMPLES.values()
        for i, image in enumerate(sample.images)
    ]


def _laid_flat(path: Path, sample: str) -> Grey:
    image = grey(path)
    if sample not in _PAPERS:
        return image
    width, height = _PAPERS[sample]
    return flat(image, paper(image), (_WIDTH_PX, round(_WIDTH_PX * height / width)))


def _page(picture: Grey) -> Floats:
    height = round(picture.shape[0] * _WIDTH_PX / picture.shape[1])
    grown = cv2.resize(picture, (_WIDTH_PX, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(grown, np.float32) / np.float32(255)


def cases(samples: Path, blanks: Path, folder: Path, kinds: Sequence[str], seed: int) -> Iterator[Case]:
    """Writes the files that are read.

    Args:
        samples: folder of OMRChecker's samples.
        blanks: folder of our definitions of them.
        folder: where the files are written.
        kinds: of damage, and of the other ways to send a sheet.
        seed: of chance.
    """
    for sample in SAMPLES.values():
        for i, image in enumerate(sample.images):
            truth = expected(samples, sample.name, Path(image).name)
            photo = sample.name in _PAPERS
            yield Case(
                UNTOUCHED, "–", Path(image).name, photo, sample.name, samples / image, truth, own_blank=not i
            )
    every = sheets_of(samples)
    for kind in kinds:
        if kind in KINDS:
            yield from _damaged(every, kind, folder, seed)
    if WRONG_FORM in kinds:
        yield from _wrong_forms(every, folder, seed)
    if BLANK in kinds:
        yield from _blanks(samples, blanks, folder, seed)


def _damaged(every: Sequence[Sheet], kind: str, folder: Path, seed: int) -> Iterator[Case]:
    for strength, name in enumerate(KINDS[kind][1]):
        for i, one in enumerate(every):
            path = _sent(one.page, kind, strength, folder, [seed, i])
            yield Case(
                kind,
                name,
                one.image,
                kind in PHOTOGRAPHED,
                one.sample,
                path,
                one.truth,
                own_blank=one.own_blank,
            )


def _wrong_forms(every: Sequence[Sheet], folder: Path, seed: int) -> Iterator[Case]:
    for alike in (True, False):
        for i, one in enumerate(every):
            for form in SAMPLES:
                if form != one.sample and ((one.sample, form) in _ALIKE) == alike:
                    path = _sent(one.page, "office scan", 0, folder, [seed, i])
                    name = "of the next round" if alike else "another"
                    yield Case(WRONG_FORM, name, one.image, False, form, path, None, alone=True)


def _blanks(samples: Path, blanks: Path, folder: Path, seed: int) -> Iterator[Case]:
    for i, form in enumerate(SAMPLES):
        unfilled = grey(blanks / f"{form}.v1-1.png")
        rim = round(_WHITE_RIM * unfilled.shape[1])
        page = _page(np.pad(unfilled, rim, constant_values=255))
        truth = dict.fromkeys(questions_of(template_of(samples, form)), "")
        path = _sent(page, "office scan", 0, folder, [seed, i])
        yield Case(BLANK, "form", form, False, form, path, truth, own_blank=True)
    for i, form in enumerate(SAMPLES):
        white = np.ones((round(_WIDTH_PX * 297 / 210), _WIDTH_PX), np.float32)
        path = _sent(white, "office scan", 0, folder, [seed, i])
        yield Case(BLANK, "white paper", form, False, form, path, None)


def _sent(page: Floats, kind: str, strength: int, folder: Path, seed: Sequence[int]) -> Path:
    rng = np.random.default_rng([*seed, strength, list(KINDS).index(kind)])
    made = KINDS[kind][0](page, strength, rng)
    path = folder / f"{len(list(folder.iterdir())):05d}{made.suffix}"
    path.write_bytes(made.data)
    return path


def ours(case: Case, shelf: Catalogue, template: Mapping[str, Any]) -> Said:
    """A file as the project reads it."""
    (opened,) = open_pages(case.path)
    if not isinstance(opened, PageImage):
        return Said("not opened", {})
    reading = read_page(opened.decode(), shelf)
    if reading.status is not PageStatus.READ:
        return Said(reading.reason, {})
    if reading.form != case.form:
        return Said("", {one: Answer(f"read as {reading.form}", False) for one in questions_of(template)})
    return Said("", our_answers(template, reading))


def our_answers(template: Mapping[str, Any], reading: PageReading) -> dict[str, Answer]:
    """Our readings as OMRChecker's table has them: the parts of a question joined."""
    said = {one.reading.field: one.reading for one in reading.readings}
    return {
        question: Answer(
            "".join((said[part.lower()].value or "").replace("|", "") for part in parts),
            any(said[part.lower()].reasons for part in parts),
        )
        for question, parts in questions_of(template).items()
    }


def facts(cases: Sequence[Case], said: Sequence[Said]) -> dict[str, object]:
    """What one program made of some files."""
    right = doubted = 0
    wrong = []
    for case, one in zip(cases, said, strict=True):
        for question, answer in one.answers.items():
            truth = None if case.truth is None else case.truth[question]
            right += answer.value == truth
            doubted += answer.doubted
            if answer.value != truth and not answer.doubted:
                told = (
                    f"{truth!r} read as {answer.value!r}" if truth is not None else f"{answer.value!r} read"
                )
                wrong.append(f"{case.sheet}, {question}: {told}")
    return {
        "registered": sum(not one.reason for one in said),
        "reasons": dict(Counter(one.reason for one in said if one.reason)),
        "right": right,
        "doubted": doubted,
        "wrong": wrong,
    }


def measure(every: Sequence[Case], by_us: Sequence[Said], by_them: Sequence[Said]) -> list[dict[str, object]]:
    """A row for each kind and strength, and for all that was damaged."""
    rows: list[dict[str, object]] = []
    for (kind, strength), chosen in _groups(every).items():
        some = [every[i] for i in chosen]
        rows.append(
            {
                "kind": kind,
                "strength": strength,
                "sheets": len(some),
                "answers": sum(len(case.truth or ()) for case in some),
                "ours": facts(some, [by_us[i] for i in chosen]),
                "omrchecker": facts(some, [by_them[i] for i in chosen]),
            }
        )
    return rows


def _groups(every: Sequence[Case]) -> dict[tuple[str, str], list[int]]:
    found: dict[tuple[str, str], list[int]] = {}
    for i, case in enumerate(every):
        found.setdefault((case.kind, case.strength), []).append(i)
    for name, kinds in _ALL.items():
        among = [i for i, case in enumerate(every) if case.kind in kinds]
        found[name, ""] = among
        found[name, "blank of another sheet"] = [i for i in among if not every[i].own_blank]
    return {name: chosen for name, chosen in found.items() if chosen}


def markdown(rows: Sequence[Mapping[str, object]]) -> str:
    """The rows as a table for docs/robustness.md."""
    lines = [
        "| damage | strength | sheets | answers | ours: registered | right | doubted | wrong unseen | refused as "
        "| OMRChecker: processed | right | empty or several | wrong unseen | failed with |",
        "|" + "---|" * 14,
    ]
    for row in rows:
        cells = [row[name] for name in ("kind", "strength", "sheets", "answers")]
        for who in ("ours", "omrchecker"):
            found = row[who]
            assert isinstance(found, dict)
            reasons = ", ".join(f"{reason} {n}" for reason, n in found["reasons"].items()) or "–"
            cells += [found["registered"], found["right"], found["doubted"], len(found["wrong"]), reasons]
        lines.append("| " + " | ".join(str(cell) for cell in cells) + " |")
    return "\n".join(lines)


def both(
    samples: Path, program: OMRChecker, kinds: Sequence[str], seed: int
) -> tuple[list[Case], list[Said], list[Said]]:
    """Writes all files and has them read by both programs.

    Raises:
        SystemExit: OMRChecker does not read the untouched samples as its own tests expect.
    """
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory() as name:
        folder, blanks = Path(name) / "sent", Path(name) / "forms"
        folder.mkdir()
        for sample in SAMPLES.values():
            sample.make(samples, blanks)
            sample.make(samples, blanks / sample.name)
        every: list[Case] = []
        by_them: dict[int, Said] = {}
        for case in track(
            cases(samples, blanks, folder, kinds, seed), "sent", console=console, transient=True
        ):
            every.append(case)
        batches: dict[tuple[str, bool, bool], list[int]] = {}
        for i, case in enumerate(every):
            batches.setdefault((case.form, case.photo, case.kind != UNTOUCHED), []).append(i)
        # The untouched ones come first, so that a checkout that does not run is told of at once.
        for (form, photo, sent), chosen in sorted(batches.items(), key=lambda item: item[0][2]):
            said = program.read(form, photo, [every[i].path for i in chosen])
            by_them |= dict(zip(chosen, said, strict=True))
            for i in chosen if not sent else ():
                if {question: one.value for question, one in by_them[i].answers.items()} != every[i].truth:
                    raise SystemExit(
                        f"OMRChecker does not read {every[i].sheet} as its own tests expect it to"
                    )
        shelf = Catalogue.load([blanks])
        alone = {name: Catalogue.load([blanks / name]) for name in SAMPLES}
        by_us = [
            ours(case, alone[case.form] if case.alone else shelf, template_of(samples, case.form))
            for case in track(every, "read", console=console, transient=True)
        ]
    return every, by_us, [by_them[i] for i in range(len(every))]


def main() -> None:
    """Command line; see the module."""
    kinds = (*SCANNED, *PHOTOGRAPHED, WRONG_FORM, BLANK)
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="the data folder with practice/omrchecker")
    parser.add_argument("--omrchecker", type=Path, required=True, help="a checkout of OMRChecker")
    parser.add_argument("--python", type=Path, help="the interpreter that runs it (default: its .venv)")
    parser.add_argument("--kind", action="append", choices=kinds, help="only these kinds")
    parser.add_argument("--seed", type=int, default=20261124)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    samples = arguments.data.resolve() / "practice/omrchecker"
    checkout = arguments.omrchecker.resolve()
    # A link of a virtual environment must not be followed: it would lead out of it.
    python = (arguments.python or checkout / ".venv/bin/python").absolute()
    for path in (samples, checkout / "main.py", python):
        if not path.exists():
            parser.error(f"{path} is not there")
    program = OMRChecker(checkout, python, samples)
    rows = measure(*both(samples, program, arguments.kind or kinds, arguments.seed))
    if arguments.json:
        sys.stdout.write(json.dumps({"rows": rows}, ensure_ascii=False) + "\n")
        return
    sys.stdout.write(markdown(rows) + "\n")
    for row in rows:
        found = row["ours"]
        assert isinstance(found, dict)
        for told in found["wrong"] if row["kind"] not in _ALL else ():
            sys.stdout.write(f"{row['kind']}, {row['strength']}, ours: {told}\n")


if __name__ == "__main__":
    main()
