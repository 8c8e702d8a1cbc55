"""Tick boxes by the hundred thousand: `python -m pipeline.training.marks --count 100000`.

Sheets of printed boxes are marked in every way that people mark, and in the ways that are none: a stray end of a
line, a dot, a dash, a mark beside its box. They are scanned and judged as pages are. What a box holds is right,
doubtful (a person looks) or wrong (it would have entered); counts are told for each kind.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import numpy as np
from rich.console import Console
from rich.table import Table

from pipeline.recognition.marks import MarkState, judge
from pipeline.recognition.printed_lines import take_out_lines
from pipeline.recognition.window import sample
from pipeline.registration.plane import Plane
from pipeline.training.hands import Floats, Strokes
from pipeline.training.ink import lay, rule
from pipeline.training.pen import PenStyle, draw
from pipeline.training.scanner import Scanner
from pipeline.training.score import interval
from pipeline.training.strokes import filled, mark

_DPI: Final = 300
_PX: Final = _DPI / 25.4
_BOX_MM: Final = 4.5
_PITCH_MM: Final = 12.0
_COLUMNS: Final = 14
_ROWS: Final = 20
_SCRIBBLE_MM: Final = 0.6
_DRIFT_MM: Final = 0.07
"""How far registration may be off."""

KINDS: Final[Mapping[str, tuple[MarkState, float]]] = {
    "empty": (MarkState.EMPTY, 0.26),
    "tick": (MarkState.MARKED, 0.15),
    "cross": (MarkState.MARKED, 0.15),
    "slash": (MarkState.MARKED, 0.08),
    "scribble": (MarkState.MARKED, 0.08),
    "filled": (MarkState.CANCELLED, 0.08),
    "stray": (MarkState.EMPTY, 0.06),
    "dot": (MarkState.EMPTY, 0.05),
    "dash": (MarkState.EMPTY, 0.04),
    "beside": (MarkState.EMPTY, 0.05),
}
"""What is drawn, what it means, and how often."""


def measure(count: int, seed: int) -> dict[str, Counter[str]]:
    """Draws and judges at least `count` boxes; for each kind how many were `right`, `doubtful`, `wrong`."""
    found = {kind: Counter[str]() for kind in KINDS}
    sheets = -(-count // (_COLUMNS * _ROWS))
    for number in range(sheets):
        for kind, verdict in _sheet(np.random.default_rng([seed, number])):
            found[kind][verdict] += 1
    return found


def _sheet(rng: np.random.Generator) -> list[tuple[str, str]]:
    h, w = round((_ROWS + 1) * _PITCH_MM * _PX), round((_COLUMNS + 1) * _PITCH_MM * _PX)
    page = np.ones((h, w), np.float32)
    corners = [((c + 0.7) * _PITCH_MM, (r + 0.7) * _PITCH_MM) for r in range(_ROWS) for c in range(_COLUMNS)]
    style = PenStyle.sample(rng)
    grey, stroke = float(rng.uniform(0.0, 0.4)), float(rng.uniform(0.2, 0.35))
    chances = [share for _, share in KINDS.values()]
    kinds = [list(KINDS)[int(i)] for i in rng.choice(len(KINDS), len(corners), p=chances)]
    for corner, kind in zip(corners, kinds, strict=True):
        _outline(page, corner, grey, stroke)
        _draw(page, corner, kind, style, rng)
    scanner = Scanner.sample(rng).fit_for(style.darkness)
    image = scanner.scan(page, rng)
    to_px = np.vstack([scanner.matrix(h, w), [0, 0, 1]]) @ np.array(
        [[_PX, 0, -0.5], [0, _PX, -0.5], [0, 0, 1.0]]
    )
    drift = np.eye(3)
    drift[:2, 2] = np.clip(rng.normal(0, _DRIFT_MM, 2), -2 * _DRIFT_MM, 2 * _DRIFT_MM)
    boxes = np.array([(*corner, _BOX_MM, _BOX_MM) for corner in corners])
    patches = take_out_lines(
        sample(image, Plane(to_px @ drift), boxes), boxes[:, 2:], np.zeros(len(boxes), np.int64)
    )
    judged = judge(patches, boxes[:, 2:])
    return [(kind, _verdict(KINDS[kind][0], one.state)) for kind, one in zip(kinds, judged, strict=True)]


def _verdict(meant: MarkState, seen: MarkState) -> str:
    if seen is MarkState.UNCLEAR:
        return "doubtful"
    # A cancelled box and an empty one both mean no.
    no = (MarkState.EMPTY, MarkState.CANCELLED)
    return "right" if seen is meant or (seen in no and meant in no) else "wrong"


def _outline(page: Floats, corner: tuple[float, float], grey: float, stroke: float) -> None:
    x, y = corner
    half = stroke / 2
    for a, b, c, d in (
        (x - half, y - half, x + _BOX_MM + half, y + half),
        (x - half, y + _BOX_MM - half, x + _BOX_MM + half, y + _BOX_MM + half),
        (x - half, y + half, x + half, y + _BOX_MM - half),
        (x + _BOX_MM - half, y + half, x + _BOX_MM + half, y + _BOX_MM - half),
    ):
        rule(page, a * _PX, b * _PX, c * _PX, d * _PX, grey)


def _draw(
    page: Floats, corner: tuple[float, float], kind: str, style: PenStyle, rng: np.random.Generator
) -> None:
    if kind == "empty":
        return
    middle = np.array(corner) + _BOX_MM / 2
    plain = replace(style, aspect=1.0, slant=0.0, wobble=0.02, breaks=0.0)
    if kind == "scribble":
        # A scribble that leaves no paper free is a filled box.
        plain = replace(plain, width_mm=min(plain.width_mm, _SCRIBBLE_MM))
    off, glyph = 0.35, _GLYPHS[kind](rng) if kind in _GLYPHS else mark(kind, rng)
    if kind == "filled":
        plain, off = replace(plain, width_mm=max(plain.width_mm, 0.6)), 0.05
    elif kind == "dash":
        # Steeper ones are slashes.
        plain = replace(plain, rotation=0.0)
    elif kind == "beside":
        # A tick that belongs to no box: just right of this one.
        middle, off = middle + np.array([_BOX_MM * float(rng.uniform(1.15, 1.4)), 0.0]), 0.1
    x, y = middle + rng.normal(0, off if kind != "stray" else 0.0, 2)
    drawn = draw(glyph, _PX, _BOX_MM, plain, rng)
    lay(page, drawn, round(x * _PX), round(y * _PX), plain.darkness)


def _beside_tick(rng: np.random.Generator) -> Strokes:
    return mark("tick", rng)


def _stray(rng: np.random.Generator) -> Strokes:
    """The end of a line from outside that reaches less than a fifth of the way into the box."""
    angle = float(rng.choice([0, 1, 2, 3])) * np.pi / 2 + float(rng.normal(0, 0.3))
    way = np.array([np.cos(angle), np.sin(angle)])
    side = np.array([-way[1], way[0]]) * float(rng.uniform(-0.3, 0.3))
    line = np.stack([way * 1.1 + side, way * float(rng.uniform(0.32, 0.6)) + side])
    return Strokes(line.astype(np.float32), (2,))


def _dot(rng: np.random.Generator) -> Strokes:
    """A pen that was set down and thought better of it."""
    at = rng.uniform(-0.3, 0.3, 2)
    line = np.stack([at, at + rng.normal(0, 0.03, 2)])
    return Strokes(line.astype(np.float32), (2,))


def _dash(rng: np.random.Generator) -> Strokes:
    """A lying or standing stroke, turned by up to 10 degrees: a "no", a slip, or what a scanner adds."""
    angle = float(rng.choice([0, 1])) * np.pi / 2 + np.radians(float(np.clip(rng.normal(0, 5), -10, 10)))
    way = np.array([np.cos(angle), np.sin(angle)]) * float(rng.uniform(0.2, 0.5))
    return Strokes(np.stack([-way, way]).astype(np.float32), (2,))


_GLYPHS: Final[Mapping[str, Callable[[np.random.Generator], Strokes]]] = {
    "filled": filled,
    "stray": _stray,
    "dot": _dot,
    "dash": _dash,
    "beside": _beside_tick,
}


def main() -> None:
    """Command line; see the module."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=20261124)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    found = measure(arguments.count, arguments.seed)
    if arguments.json:
        sys.stdout.write(json.dumps(found) + "\n")
        return
    table = Table("drawn", "boxes", "right", "doubtful", "wrong", "wrong at most (95 %)")
    total = sum(found.values(), Counter[str]())
    for kind, counts in {**found, "all": total}.items():
        n = counts.total()
        wrong = interval(counts["wrong"], n)[1]
        table.add_row(
            kind,
            f"{n:,}",
            f"{counts['right']:,}",
            f"{counts['doubtful']:,}",
            str(counts["wrong"]),
            f"{wrong:.4%}",
        )
    Console().print(table)


if __name__ == "__main__":
    main()
