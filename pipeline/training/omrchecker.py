"""OMRChecker (https://github.com/Udayraj123/OMRChecker, MIT) run by its command line, on files that ours reads too."""

import csv
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2

from pipeline.scans.pages import open_pages
from pipeline.scans.types import PageImage
from pipeline.training.mark_sheets import Answer, Said, bubbles_of, questions_of, template_of

_TAKEN: Final = frozenset({".jpg", ".png"})
"""Files that OMRChecker looks for; it gets others as PNG, as our own way in decodes them."""
_CROP: Final = {"name": "CropPage", "options": {"morphKernel": [10, 10]}}
_SCREEN: Final = """from types import SimpleNamespace


def get_monitors():
    return [SimpleNamespace(width=1920, height=1080)]
"""
"""Stands in for `screeninfo`, which OMRChecker asks for a screen's size even where it shows nothing."""
_TEMPLATES: Final = {"sample6": "template_fb_align.json"}
"""Of its templates for a sample the one that allows for a sheet that lies askew."""


@dataclass(frozen=True, slots=True)
class OMRChecker:
    """Their program, run by its command line.

    Attributes:
        checkout: its folder.
        python: the interpreter that has what it requires.
        samples: folder of its samples.
    """

    checkout: Path
    python: Path
    samples: Path

    def template(self, form: str) -> dict[str, Any]:
        """The template that a form is read with."""
        return template_of(self.samples, form, _TEMPLATES.get(form, "template.json"))

    def read(self, form: str, photo: bool, files: Sequence[Path]) -> list[Said]:
        """What it makes of files: photos are cropped to the sheet's rim, and tried again uncropped where that fails."""
        said = self._batch(form, photo, files)
        again = [i for i, one in enumerate(said) if one.reason] if photo else []
        tried = dict(zip(again, self._batch(form, False, [files[i] for i in again]), strict=True))
        return [tried.get(i, one) for i, one in enumerate(said)]

    def _batch(self, form: str, crop: bool, files: Sequence[Path]) -> list[Said]:
        """One run, or some: a file that ends the program is taken out, and the others are read again."""
        template = self.template(form)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            batch, screen = folder / "in", folder / "screen"
            shutil.copytree(
                self.samples / form, batch, ignore=lambda _, names: [n for n in names if "." not in n]
            )
            for path in batch.rglob("*"):
                path.chmod(0o644)
            (batch / "template.json").write_text(json.dumps(as_sent(template, crop)))
            (batch / "config.json").write_text(json.dumps(_quiet(self.samples / form)))
            # Its scores are not asked for.
            (batch / "evaluation.json").unlink(missing_ok=True)
            (batch / "sheets").mkdir()
            screen.mkdir()
            (screen / "screeninfo.py").write_text(_SCREEN)
            sent = [_as_taken(path, batch / "sheets" / f"{i:05d}") for i, path in enumerate(files)]
            waiting, said = {path.name: path for path in sent}, dict[str, Said]()
            while waiting:
                out = folder / f"out{len(said)}"
                ended = self._run(batch, screen, out)
                rows = _rows(out, template)
                done = {name: rows[name] for name in waiting if name in rows}
                # Files are taken in the order of their names: the first without a row is where it ended.
                for first in [name for name in waiting if name not in rows][:1]:
                    done[first] = Said("crashed" if ended else "no row", {})
                for name in done:
                    waiting.pop(name).unlink()
                said |= done
            return [said[path.name] for path in sent]

    def _run(self, batch: Path, screen: Path, out: Path) -> int:
        """Its exit status."""
        done = subprocess.run(
            [self.python, "main.py", "-i", batch, "-o", out],
            cwd=self.checkout,
            env={
                **os.environ,
                "PYTHONPATH": str(screen),
                "MPLBACKEND": "Agg",
                "PYTHONDONTWRITEBYTECODE": "1",
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        return done.returncode


def as_sent(template: Mapping[str, Any], crop: bool) -> dict[str, Any]:
    """A template with one column a label, that looks for the sheet's rim first or does not look for it."""
    steps = [step for step in template.get("preProcessors", ()) if step["name"] != _CROP["name"]]
    made = {key: value for key, value in template.items() if key != "customLabels"}
    return {**made, "preProcessors": [_CROP, *steps] if crop else steps}


def _quiet(sample: Path) -> dict[str, Any]:
    config: dict[str, Any] = json.loads((sample / "config.json").read_text("utf-8"))
    return {**config, "outputs": {"show_image_level": 0, "save_detections": False}}


def _as_taken(path: Path, stem: Path) -> Path:
    """A copy of a file in a format that OMRChecker takes."""
    if path.suffix in _TAKEN:
        return Path(shutil.copyfile(path, stem.with_suffix(path.suffix)))
    (opened,) = open_pages(path)
    if not isinstance(opened, PageImage):
        raise ValueError(path)
    made = stem.with_suffix(".png")
    cv2.imwrite(str(made), opened.decode())
    return made


def _rows(out: Path, template: Mapping[str, Any]) -> dict[str, Said]:
    said = {}
    for path in out.rglob("*.csv"):
        with path.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                failed = path.name == "ErrorFiles.csv"
                said[row["file_id"]] = Said("error", {}) if failed else Said("", their_answers(template, row))
    return said


def their_answers(template: Mapping[str, Any], row: Mapping[str, str]) -> dict[str, Answer]:
    """A row of OMRChecker's table, one column a label, with the parts of a question joined."""
    bubbles = bubbles_of(template)
    return {
        question: Answer(
            "".join(row[part] for part in parts),
            # An empty label, or more letters than one bubble has.
            any(row[part] not in bubbles[part] for part in parts),
        )
        for question, parts in questions_of(template).items()
    }
