"""Page images that hold what is to be read from them as bytes in their pixels: quick paper for the store.

Workers import this file: it knows no Django at its top.
"""

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
from forms_under_test import catalogue, form

from pipeline.forms.identity import Identity
from pipeline.page import JudgedReading, PageReading, PageStatus
from pipeline.recognition.types import Alternative, Reading
from pipeline.store.lottery import NO_AUDIT

WIDTH = 64
SERIAL = "FPS-2005-26-00017"
VALUES = {"nik": "6311021203789001", "kk": "6311021203789002", "nama": "SITI RAHMAH", "rt": "002"}
BACK = {"status_rumah": "milik", "lantai": "semen", "penghasilan": "1500000", "aset": "motor|tv"}


def note(page=1, serial=SERIAL, values=None, **more) -> np.ndarray:
    """An image (H, 64) that `read_note` reads; `fault` is `raise`, `die` or a reason code."""
    text = json.dumps({"serial": serial, "page": page, "values": values or {}, **more})
    data = np.frombuffer(text.encode(), np.uint8)
    return np.resize(
        np.pad(data, (0, -len(data) % WIDTH), constant_values=32), (-(-len(data) // WIDTH), WIDTH)
    )


def put(path: Path, *notes: np.ndarray) -> Path:
    """Write notes as the pages of a TIFF (or one as a PNG)."""
    assert (
        cv2.imwritemulti(str(path), list(notes))
        if path.suffix == ".tif"
        else cv2.imwrite(str(path), notes[0])
    )
    return path


def read_note(image, shelf) -> PageReading:
    told = json.loads(image.tobytes().decode().strip())
    time.sleep(told.get("slow", 0))
    fault = told.get("fault")
    if fault == "raise":
        raise ValueError("ink that nobody expected")
    if fault == "die":
        os._exit(9)
    if fault:
        return PageReading(PageStatus.SET_ASIDE, fault, "seen so")
    found = shelf.get(told.get("form", "pendataan"))
    identity = Identity(found.definition.code, found.definition.version, told["page"], told["serial"])
    readings = []
    for field in found.layout.pages[told["page"] - 1].fields:
        value = told["values"].get(field.name) if field.row in (None, 1) else None
        doubtful = value is not None and "?" in told.get("doubt", {}).get(field.name, "")
        reading = Reading(
            field.name,
            field.row,
            value,
            value or "",
            0.6 if doubtful else 0.9991,
            ((1.0, 2.0), (3.0, 2.0), (3.0, 4.0), (1.0, 4.0)),
            "note",
            (Alternative("0", 0.001),),
        )
        reasons = ("low_confidence",) if doubtful else ()
        readings.append(JudgedReading(reading, "review" if doubtful else "accepted", reasons))
    return PageReading(PageStatus.READ, "", "", found.definition.form, identity, 0, 0.12, tuple(readings))


def no_rules(definition, readings):
    return {}


def reader(read=read_note, rules=no_rules, make=None, jobs=1, audit=NO_AUDIT):
    from pipeline.batch import Reader

    return Reader(read, catalogue(), rules, make or (lambda: ThreadPoolExecutor(jobs)), jobs, audit)


def scan_notes(home: Path, *files: Path, batch="b1", **how):
    from pipeline.batch import scan

    return scan(files, batch, reader(**how), home)


def interrupted(store, files, stop, read=read_note):
    """A run that is stopped after so many pages."""
    left = [stop]

    def failing(image, shelf):
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return read(image, shelf)

    with suppress(KeyboardInterrupt):
        scan_notes(store, *files, read=failing)


def fields_on(page: int, name="pendataan") -> int:
    return len(form(name).layout.pages[page - 1].fields)
