"""Each damage tells truly where it took the page: markers are found where its map says."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from forms_under_test import catalogue, form

from pipeline.registration.markers import find_markers
from pipeline.registration.register import register
from pipeline.scans.pages import open_pages
from pipeline.training import damage
from pipeline.training.damage_kinds import KINDS
from pipeline.training.damage_optics import Camera, bowed, folded
from pipeline.training.damage_photos import blurred, photo
from pipeline.training.fill import Truth, blank_sheets

SERIAL = "DHS-2005-26-70001"
WHOLE = ("photo from the side", "phone photo", "bowed paper, photo", "folded paper, photo", "turned", "1-bit",
         "colour, 600 dpi", "scaled print", "F4 glass")  # fmt: skip


@pytest.fixture(scope="module")
def page():
    meeting = form("sosialisasi")
    picture = blank_sheets(meeting, [SERIAL])[0][0].astype(np.float32) / 255
    return damage.Filled(picture, meeting, meeting.layout.pages[0], SERIAL, ())


def decoded(made, folder: Path) -> np.ndarray:
    path = folder / f"page{made.suffix}"
    path.write_bytes(made.data)
    (opened,) = open_pages(path)
    return opened.decode()


@pytest.mark.parametrize("kind", WHOLE)
def test_markers_lie_where_the_map_says(kind, page, tmp_path):
    strength = 1 if kind != "1-bit" else 2
    made = KINDS[kind][0](page.picture, strength, np.random.default_rng(3))
    image = decoded(made, tmp_path)
    found = {}
    for look in find_markers(image):
        found |= look
    assert len(found) == 4
    for marker in page.layout.markers:
        box = marker.box
        corners = np.array([[box.x, box.y], [box.x + box.w, box.y], [box.x + box.w, box.y + box.h],
                            [box.x, box.y + box.h]])  # fmt: skip
        px_per_mm = np.linalg.norm(made.to_px(corners[1:2]) - made.to_px(corners[:1])) / box.w
        off = np.linalg.norm(found[marker.id] - made.to_px(corners), axis=1) / px_per_mm
        assert off.max() < 0.25, (marker.id, off)


def test_bent_and_folded_paper_keeps_its_lengths():
    along = np.column_stack([np.full(200, 100.0), np.linspace(0, 297, 200)])
    for surface in (bowed(20, 297, 1), bowed(6, 297, 1, waves=1.5), folded(150, 16, 1)):
        steps = np.linalg.norm(np.diff(surface(along), axis=0), axis=1)
        assert steps.sum() == pytest.approx(297, rel=2e-3)


def test_a_scan_of_an_empty_form_is_measured(page, tmp_path):
    truths = tuple(Truth(f.name, f.row, f.type, f.kind, None) for f in page.layout.fields)
    page = replace(page, truths=truths)
    made = KINDS["office scan"][0](page.picture, 0, np.random.default_rng(1))
    image = decoded(made, tmp_path)
    for way in (damage.ours, damage.four_points):
        outcome = way(image, catalogue(), page, made.to_px)
        assert outcome.reason == ""
        assert np.median(outcome.off_mm) < 0.15
        assert outcome.wrong == ()
    white = np.full_like(image, 255)
    assert damage.ours(white, catalogue(), page, made.to_px).reason == "blank"
    assert damage.four_points(white, catalogue(), page, made.to_px).reason == "corners_missing"


def test_a_row_a_strength_as_markdown(page):
    truths = tuple(Truth(f.name, f.row, f.type, f.kind, None) for f in page.layout.fields)
    page = replace(page, truths=truths)
    rows = damage.measure(catalogue(), [page], ["stamps"], 1)
    assert [row["strength"] for row in rows] == ["one", "two", "four"]
    assert len(damage.markdown(rows).splitlines()) == 5


@pytest.mark.parametrize(("blur_mm", "reason"), [(0.15, ""), (0.25, "too_blurred")])
def test_bent_paper_whose_lines_are_blurred_is_told_so_and_not_called_too_bent(
    page, blur_mm, reason, tmp_path
):
    rng = np.random.default_rng(1)
    camera = Camera((-6.0, -7.0), 0.5, 475.0, 0.62)
    made = photo(page.picture, rng, bowed(10, 297, 1), camera, light=blurred(blur_mm, rng))
    assert getattr(register(decoded(made, tmp_path), catalogue()), "reason", "") == reason
