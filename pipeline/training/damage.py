"""What damage does to pages: `python -m pipeline.training.damage --data ../shared/data --pages 6 [--json]`.

Forms are filled by held-out writers, damaged in every way of `damage_kinds` at three strengths, and read from their
files. Since each damage knows where it took every mm, the registration is held against the truth at the middle of every
field. Beside ours stands what four points give: a homography through the outer corners of the four markers, no
refinement, the same reader.
"""

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from pipeline.forms.catalogue import Catalogue, Form, default_directories
from pipeline.forms.identity import MARKER_DICTIONARY, Identity, parse_qr, serial_of
from pipeline.forms.layout import PageLayout
from pipeline.page import PageReading, PageStatus, read_page
from pipeline.recognition.confidence import load_tables, way_of
from pipeline.recognition.recognise import recognise
from pipeline.recognition.second import readers
from pipeline.registration.identity import qr_texts_anywhere
from pipeline.registration.plane import Plane
from pipeline.registration.register import register
from pipeline.registration.types import Registration
from pipeline.scans.pages import open_pages
from pipeline.scans.types import PageImage
from pipeline.training.damage_kinds import KINDS
from pipeline.training.damage_optics import Map, Points
from pipeline.training.deck import hands_of, writers_of
from pipeline.training.fill import Truth, Writer, blank_sheets, fill_page
from pipeline.training.hands import Floats, PenHand
from pipeline.training.people import fill_in
from pipeline.validation.judge import JudgedReading, judge

FORMS: Final = ("pendataan", "penyaluran", "pendataan", "sosialisasi")
VILLAGE: Final = "2005"
MISPLACED_MM: Final = 1.5
"""A page on which a field is further off than this was read at the wrong place: cells run into their neighbours."""

Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Filled:
    """A page before anything happens to it: its picture (H, W) in 0..1, whose it is, what stands on it."""

    picture: Floats
    form: Form
    layout: PageLayout
    serial: str
    truths: tuple[Truth, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What one way of reading made of one page.

    Attributes:
        reason: "" when it was read.
        off_mm: of the middle of every field from the truth, empty when it was not read.
        right: fields with ink read rightly, whatever became of them.
        filled: fields with ink.
        fields: all.
        accepted: fields accepted unseen.
        wrong: of them, wrong; each in words.
    """

    reason: str
    off_mm: NDArray[np.float64]
    right: int
    filled: int
    fields: int
    accepted: int
    wrong: tuple[str, ...]


def filled_pages(catalogue: Catalogue, data: Path, count: int, seed: int) -> list[Filled]:
    """Pages of the project's forms, each sheet in the hand of another test writer."""
    hands = hands_of(data, "test")
    writers = writers_of(hands)
    return list(_pages(catalogue, writers, hands, count, seed))


def _pages(
    catalogue: Catalogue, writers: Sequence[PenHand], hands: Sequence[PenHand], count: int, seed: int
) -> Iterator[Filled]:
    for i in range(count):
        rng = np.random.default_rng([seed, i])
        form = catalogue.get(FORMS[i % len(FORMS)])
        serial = serial_of(form.definition.code, VILLAGE, 2026, 70_001 + i)
        own = writers[i % len(writers)]
        writer = Writer.sample([own, *(hands[int(j)] for j in rng.permutation(len(hands)))], rng)
        values = fill_in(form, rng, VILLAGE)
        # The two sides of the survey take turns.
        side = (i // len(FORMS)) % len(form.layout.pages)
        layout = form.layout.pages[side]
        picture, truths = fill_page(blank_sheets(form, [serial])[0][side], layout, values, writer, rng)
        yield Filled(picture, form, layout, serial, truths)


def ours(image: Image, catalogue: Catalogue, page: Filled, to_px: Map) -> Outcome:
    """The page as the project reads it."""
    reading = read_page(image, catalogue)
    if reading.status is not PageStatus.READ:
        return _refused(page, reading.reason)
    registration = register(image, catalogue)
    assert isinstance(registration, Registration)
    return _outcome(page, registration, reading, to_px)


def four_points(image: Image, catalogue: Catalogue, page: Filled, to_px: Map) -> Outcome:
    """The page through a homography of its four markers' outer corners, identity by its QR code, the same reader."""
    corners = _outer_corners(image, page.layout)
    if corners is None:
        return _refused(page, "corners_missing")
    identity = next((one for one in map(parse_qr, qr_texts_anywhere(image)) if one), None)
    form = catalogue.by_code(identity.code, identity.version) if identity else None
    if identity is None or form is None or identity.page > len(form.layout.pages):
        return _refused(page, "unreadable_identity")
    plane = np.asarray(cv2.findHomography(_outer_mm(page.layout), corners, 0)[0], np.float64)
    registration = Registration(form.layout, identity, Plane(plane), 0.0, 4, "qr")
    readings = recognise(image, registration, form)
    judged = judge(form.definition, readings, load_tables().get(way_of(readers(), registration.capture), {}))
    reading = PageReading(PageStatus.READ, identity=identity, readings=judged)
    return _outcome(page, registration, reading, to_px)


def _outer_corners(image: Image, page: PageLayout) -> Points | None:
    dictionary = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, MARKER_DICTIONARY))
    found, ids, _ = cv2.aruco.ArucoDetector(dictionary).detectMarkers(image)
    seen = (
        {}
        if ids is None
        else {int(n): np.asarray(c).reshape(4, 2) for n, c in zip(np.ravel(ids), found, strict=True)}
    )
    if not all(marker.id in seen for marker in page.markers):
        return None
    return np.array([seen[marker.id][i] for i, marker in enumerate(page.markers)], np.float64)


def _outer_mm(page: PageLayout) -> Points:
    """The outermost corner of each marker; markers come clockwise from the top left, as their corners do."""
    outer = ((0, 0), (1, 0), (1, 1), (0, 1))
    return np.array(
        [
            [m.box.x + a * m.box.w, m.box.y + b * m.box.h]
            for m, (a, b) in zip(page.markers, outer, strict=True)
        ]
    )


def _refused(page: Filled, reason: str) -> Outcome:
    filled = sum(truth.value not in (None, "absent") for truth in page.truths)
    return Outcome(reason, np.zeros(0), 0, filled, len(page.truths), 0, ())


def _outcome(page: Filled, registration: Registration, reading: PageReading, to_px: Map) -> Outcome:
    identity = reading.identity
    assert identity is not None
    filled = [truth for truth in page.truths if truth.value not in (None, "absent")]
    accepted = [one for one in reading.readings if one.status == "accepted"]
    if not _is(identity, page):
        told = (f"read as {identity.qr_text()}",)
        return Outcome("", np.full(1, np.inf), 0, len(filled), len(page.truths), len(accepted), told)
    said = {(one.reading.field, one.reading.row): one for one in reading.readings}
    wrong = [
        f"{page.serial} {truth.field} {truth.row or ''}: {truth.value} read as {said[key].reading.value}"
        for truth in page.truths
        if said[key := (truth.field, truth.row)].status == "accepted" and not _same(truth, said[key])
    ]
    right = sum(_same(truth, said[truth.field, truth.row]) for truth in filled)
    off = _off_mm(page.layout, registration, to_px)
    return Outcome("", off, right, len(filled), len(page.truths), len(accepted), tuple(wrong))


def _is(identity: Identity, page: Filled) -> bool:
    definition = page.form.definition
    return identity == Identity(definition.code, definition.version, page.layout.page, page.serial)


def _same(truth: Truth, read: JudgedReading) -> bool:
    empty = (None, "", "absent")
    return truth.value == read.reading.value or (truth.value in empty and read.reading.value in empty)


def _off_mm(layout: PageLayout, registration: Registration, to_px: Map) -> NDArray[np.float64]:
    """How far the middle of every field lies from where it truly is, in mm."""
    middles = np.array([[f.box.x + f.box.w / 2, f.box.y + f.box.h / 2] for f in layout.fields])
    true = to_px(middles)
    across, down = (to_px(middles + step) - true for step in np.eye(2))
    # A true step in px is taken back to mm by the map's own slope there.
    slope = np.stack([across, down], axis=-1)
    away = np.linalg.solve(slope, (registration.to_pixels(middles) - true)[..., None])[..., 0]
    return np.asarray(np.linalg.norm(away, axis=1))


def measure(
    catalogue: Catalogue, pages: Sequence[Filled], kinds: Sequence[str], seed: int
) -> list[dict[str, object]]:
    """A row for each kind and strength: what became of all pages, ours and through four points."""
    rows = []
    todo = [(kind, strength) for kind in kinds for strength in range(3)]
    with tempfile.TemporaryDirectory() as folder:
        for kind, strength in track(todo, console=Console(stderr=True), transient=True):
            damage, names = KINDS[kind]
            outcomes: dict[str, list[Outcome]] = {"ours": [], "four_points": []}
            for i, page in enumerate(pages):
                rng = np.random.default_rng([seed, i, strength, list(KINDS).index(kind)])
                made = damage(page.picture, strength, rng)
                path = Path(folder) / f"page{made.suffix}"
                path.write_bytes(made.data)
                (opened,) = open_pages(path)
                assert isinstance(opened, PageImage)
                image = opened.decode()
                outcomes["ours"].append(ours(image, catalogue, page, made.to_px))
                outcomes["four_points"].append(four_points(image, catalogue, page, made.to_px))
            row = {"kind": kind, "strength": names[strength], "pages": len(pages)}
            rows.append(row | {who: _facts(what) for who, what in outcomes.items()})
    return rows


def _facts(outcomes: Sequence[Outcome]) -> dict[str, object]:
    read = [one for one in outcomes if not one.reason]
    off = np.concatenate([np.zeros(0), *(one.off_mm[np.isfinite(one.off_mm)] for one in read)])
    fields, filled = sum(one.fields for one in outcomes), sum(one.filled for one in read)
    accepted = sum(one.accepted for one in read)
    return {
        "registered": len(read),
        "reasons": dict(Counter(one.reason for one in outcomes if one.reason)),
        "median_mm": round(float(np.median(off)), 3) if len(off) else None,
        "p99_mm": round(float(np.percentile(off, 99)), 3) if len(off) else None,
        "misplaced": sum(bool(one.off_mm.max() > MISPLACED_MM) for one in read),
        "right": round(sum(one.right for one in read) / filled, 4) if filled else None,
        "review": round(1 - accepted / fields, 4),
        "accepted": accepted,
        "wrong": [told for one in read for told in one.wrong],
    }


def markdown(rows: Sequence[Mapping[str, object]]) -> str:
    """The rows as a table for docs/robustness.md."""
    lines = [
        "| damage | strength | pages | registered | off, median mm | off, 99 % mm | misplaced | fields right "
        "| for a person | wrong accepted | refused as "
        "| four points: registered | off, 99 % mm | fields right | wrong accepted |",
        "|" + "---|" * 15,
    ]
    for row in rows:
        own, plain = row["ours"], row["four_points"]
        assert isinstance(own, dict)
        assert isinstance(plain, dict)
        reasons = ", ".join(f"{reason} {n}" for reason, n in own["reasons"].items()) or "–"
        cells = (
            row["kind"], row["strength"], row["pages"], own["registered"], _mm(own["median_mm"]), _mm(own["p99_mm"]),
            own["misplaced"], _share(own["right"]), _share(own["review"]),
            f"{len(own['wrong'])} of {own['accepted']}", reasons,
            plain["registered"], _mm(plain["p99_mm"]), _share(plain["right"]),
            f"{len(plain['wrong'])} of {plain['accepted']}",
        )  # fmt: skip
        lines.append("| " + " | ".join(str(cell) for cell in cells) + " |")
    return "\n".join(lines)


def _mm(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def main() -> None:
    """Command line; see the module."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="the data folder with handwriting/")
    parser.add_argument("--pages", type=int, default=6, help="pages for each kind and strength")
    parser.add_argument("--seed", type=int, default=20261124)
    parser.add_argument("--kind", action="append", choices=list(KINDS), help="only these kinds")
    parser.add_argument("--home", type=Path, default=Path("output"), help="where more definitions may be")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    catalogue = Catalogue.load(default_directories(arguments.home))
    pages = filled_pages(catalogue, arguments.data, arguments.pages, arguments.seed)
    rows = measure(catalogue, pages, arguments.kind or list(KINDS), arguments.seed)
    if arguments.json:
        sys.stdout.write(json.dumps({"pages": arguments.pages, "rows": rows}, ensure_ascii=False) + "\n")
        return
    sys.stdout.write(markdown(rows) + "\n")
    for row in rows:
        for who in ("ours", "four_points"):
            found = row[who]
            assert isinstance(found, dict)
            for told in found["wrong"]:
                sys.stdout.write(f"{row['kind']}, {row['strength']}, {who}: {told}\n")


if __name__ == "__main__":
    main()
