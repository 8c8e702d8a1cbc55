"""A field whose printed outline is not where it should be is not accepted unseen, whatever hid it."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from forms_under_test import catalogue

from pipeline.forms.layout import Box, Kind
from pipeline.page import PageReading, read_page
from pipeline.registration.presence import fields_seen
from pipeline.registration.register import register
from pipeline.registration.types import Registration
from pipeline.training.hostile_pages import own_pages

PAGES = own_pages(Path(__file__).parents[1] / "samples" / "halong-2026-11")
OWN = PAGES[:2]
COPIED = next(own for own in PAGES if (own.serial, own.page) == ("FPS-2005-26-00107", 1))
"""A photocopy whose outlines are wiped out here and there."""
HIDDEN = ("tempat_lahir", "tanggal_lahir")


@pytest.fixture
def own_page() -> tuple[np.ndarray, Registration]:
    """A page, to be damaged, and where it lies."""
    image = OWN[0].picture.copy()
    page = register(image, catalogue())
    assert isinstance(page, Registration)
    return image, page


def seen(image: np.ndarray) -> np.ndarray:
    page = register(image, catalogue())
    assert isinstance(page, Registration), page
    return np.array(fields_seen(image, page))


def middles(image: np.ndarray) -> np.ndarray:
    page = register(image, catalogue())
    boxes = [field.box for field in page.page.fields]
    return page.to_pixels(np.array([[box.x + box.w / 2, box.y + box.h / 2] for box in boxes]))


@pytest.mark.parametrize("own", OWN, ids=["page 1", "page 2"])
def test_a_whole_page_is_seen_whole(own):
    assert seen(own.picture).all()


@pytest.mark.parametrize("own", OWN, ids=["page 1", "page 2"])
def test_one_bit_scans_without_pale_lines_are_seen_by_their_tick_boxes(own):
    bits = np.where(own.picture < 120, 0, 255).astype(np.uint8)
    assert seen(bits).mean() > 0.5


def test_a_one_bit_scan_that_kept_some_pale_lines_is_seen_and_a_slip_on_it_is_not():
    own = OWN[0]
    level = np.linspace(160, 225, own.picture.shape[1])
    bits = np.where(own.picture < level, 0, 255).astype(np.uint8)
    assert seen(bits).mean() > 0.9
    page = register(own.picture, catalogue())
    for name in HIDDEN:
        at, box = next((i, f.box) for i, f in enumerate(page.page.fields) if f.name == name)
        covered = bits.copy()
        slip = page.to_pixels(np.array(box.grown(1.0).corners)).round().astype(np.int32)
        cv2.fillConvexPoly(covered, slip, color=255)
        assert seen(bits)[at]
        assert not seen(covered)[at]


def test_ink_across_the_cells_is_no_outline_that_a_one_bit_scan_left():
    own = OWN[0]
    bits = np.where(own.picture < 120, 0, 255).astype(np.uint8)
    registration = register(own.picture, catalogue())
    cells = [cell for field in registration.page.fields if field.kind is Kind.COMB for cell in field.cells]
    for box in (cell for number, cell in enumerate(cells) if number % 8 < 4):
        # Strokes that begin at the line of their cell, and what they lead to.
        for height in (0.2, 0.35, 0.5, 0.65, 0.8):
            ends = np.array([[box.x - 0.3, box.y + height * box.h], [box.x + 0.3, box.y + height * box.h]])
            left, right = registration.to_pixels(ends).astype(int).tolist()
            cv2.line(bits, left, right, 0, 10)
        stem = np.array([[box.x + 0.8, box.y + 1.0], [box.x + 0.8, box.y + box.h - 1.0]])
        head, foot = registration.to_pixels(stem).astype(int).tolist()
        cv2.line(bits, head, foot, 0, 3)
    assert seen(bits).mean() > 0.5


@pytest.mark.parametrize("grey", [255, 235, 0])
def test_what_a_slip_of_paper_covers_is_not_seen(grey):
    own = OWN[0]
    image = own.picture.copy()
    image[1500:2000, 400:2100] = grey
    under = (middles(own.picture) > (400, 1500)).all(axis=1) & (middles(own.picture) < (2100, 2000)).all(
        axis=1
    )
    assert under.sum() >= 4
    assert not seen(image)[under].any()
    assert seen(image)[middles(own.picture)[:, 1] < 1300].all()


def test_a_slip_that_spares_tick_boxes_is_seen_by_what_a_copier_left_of_the_outlines():
    page = register(COPIED.picture, catalogue()).page
    place, birth = ((field.box, i) for i, field in enumerate(page.fields) if field.name in HIDDEN)
    image = COPIED.picture.copy()
    box, other = place[0], birth[0]
    corners = np.array([[box.x + 20, box.y - 1], [other.x + 30, box.y + box.h + 1]])
    (left, top), (right, bottom) = register(image, catalogue()).to_pixels(corners).astype(int)
    assert seen(image)[[place[1], birth[1]]].all()
    image[top:bottom, left:right] = 245
    assert not seen(image)[[place[1], birth[1]]].any()


@pytest.mark.parametrize("share", [0.3, 0.5])
def test_a_slip_over_part_of_a_single_cell_is_seen(share):
    page = register(OWN[0].picture, catalogue()).page
    singles = [i for i, field in enumerate(page.fields) if len(field.cells) == 1]
    assert singles
    for i in singles:
        image, box = OWN[0].picture.copy(), page.fields[i].box
        corners = np.array([[box.x - 4, box.y + share * box.h], [box.x + box.w + 4, box.y + 12]])
        (left, top), (right, bottom) = register(image, catalogue()).to_pixels(corners).astype(int)
        image[top:bottom, left:right] = 215
        assert not seen(image)[i]


@pytest.mark.parametrize("grey", [30, 90])
def test_a_scribble_over_the_sides_of_a_tick_box_does_not_hide_it_and_paper_over_one_does(grey):
    own = OWN[1]
    page = register(own.picture, catalogue())
    at, box = next((i, f.choices[0].box) for i, f in enumerate(page.page.fields) if f.kind is Kind.MARKS)
    high = np.arange(0.1, 1.0, 0.15)[:, None] * [0, box.h]
    sides = np.array([[box.x - 0.4, box.y], [box.x + box.w + 0.4, box.y - 0.2]])
    ends = sides + high[:, None]
    scribbled = own.picture.copy()
    there_and_back = page.to_pixels(ends.reshape(-1, 2)).round().astype(np.int32)
    cv2.polylines(scribbled, [there_and_back], isClosed=False, color=grey, thickness=5, lineType=cv2.LINE_AA)
    assert seen(scribbled)[at]
    corners = np.array([[box.x - 2, box.y + box.h / 2], [box.x + box.w + 2, box.y + box.h + 2]])
    (left, top), (right, bottom) = page.to_pixels(corners).astype(int)
    for slip in (250, 0):
        covered = scribbled.copy()
        covered[top:bottom, left:right] = slip
        assert not seen(covered)[at]


def test_a_flash_hides_what_it_outshines():
    own = OWN[1]
    y, x = np.ogrid[0 : own.picture.shape[0], 0 : own.picture.shape[1]]
    spot = 400 * np.exp(-((x - 1200) ** 2 + (y - 900) ** 2) / 300**2)
    image = np.minimum(own.picture + spot, 255).astype(np.uint8)
    near = np.linalg.norm(middles(own.picture) - (1200, 900), axis=1) < 150
    assert near.any()
    assert not seen(image)[near].any()


def test_fields_below_the_pictures_edge_are_not_accepted():
    own = OWN[1]
    image = own.picture[: round(own.picture.shape[0] * 0.8)]
    reading = read_page(image, catalogue())
    assert isinstance(reading, PageReading)
    below = {one.reading.field for one in reading.readings if one.reading.quad[0][1] > image.shape[0]}
    assert below
    accepted = {one.reading.field for one in reading.readings if one.status == "accepted"}
    assert accepted
    assert not accepted & below


def test_shifted_rows_of_a_damaged_file_are_not_read_as_marks():
    own = OWN[1]
    image = own.picture.copy()
    # As after lost bytes within a JPEG: a stripe whose content slid by a millimetre.
    image[700:1300] = cv2.warpAffine(own.picture, np.float32([[1, 0, 12], [0, 1, 0]]), image.shape[::-1])[
        700:1300
    ]
    reading = read_page(image, catalogue())
    truth = own.values
    wrong = [
        one.reading.field
        for one in reading.readings
        if one.status == "accepted"
        and (one.reading.value or None) != (truth[one.reading.field, None] or None)
    ]
    assert wrong == []


def test_a_signature_that_is_cut_off_is_not_absent():
    own = OWN[1]
    area = next(
        f.box for f in catalogue().get(own.form).layout.pages[1].fields if f.name == "tanda_tangan_kades"
    )
    image = own.picture[: round((area.y + 0.3 * area.h) * own.picture.shape[0] / 297)]
    reading = read_page(image, catalogue())
    assert [one.status for one in reading.readings if one.reading.field == "tanda_tangan_kades"] == ["review"]


@pytest.mark.parametrize("kind", [Kind.COMB, Kind.AREA, Kind.LINE])
@pytest.mark.parametrize("above_mm", [1.0, -2.0], ids=["whole", "but for their upper sides"])
def test_fields_of_one_kind_that_all_lie_under_a_slip_are_not_empty(kind, above_mm):
    """No copier has wiped their outlines out where others that are as pale show."""
    page, own = register(OWN[1].picture, catalogue()), OWN[1].picture.copy()
    mine = np.array([field.kind is kind for field in page.page.fields])
    for box in (field.box for field in page.page.fields if field.kind is kind):
        slip = Box(box.x - 3.0, box.y - above_mm, box.w + 6.0, box.h + above_mm + 1.0)
        cv2.fillConvexPoly(own, page.to_pixels(np.array(slip.corners)).round().astype(np.int32), color=(235,))
    assert mine.any()
    assert not seen(own)[mine].any()


@pytest.mark.parametrize("share", [0.15, 0.4, 0.8])
def test_a_line_that_is_covered_in_part_is_not_empty(share):
    own = OWN[1]
    page = register(own.picture, catalogue())
    line, at = next((i, f.box) for i, f in enumerate(page.page.fields) if f.kind is Kind.LINE)
    # The slip ends on the ruled line, where there is room for a line of writing.
    corners = page.to_pixels(np.array([[at.x - 2, at.y - 1], [at.x + share * at.w, at.y + at.h]]))
    (left, top), (right, bottom) = np.round(corners).astype(int)
    image = own.picture.copy()
    image[top:bottom, left:right] = 250
    assert seen(own.picture)[line]
    assert not seen(image)[line]


@pytest.mark.parametrize(("start", "end"), [((0.97, -1.0), (1.2, 2.0)), ((-0.02, 0.6), (1.02, 2.0))])
def test_a_comb_is_not_seen_where_one_cell_is_covered_in_part(start, end):
    own = OWN[0]
    page = register(own.picture, catalogue())
    comb, at = next(
        (i, f.box) for i, f in enumerate(page.page.fields) if f.kind is Kind.COMB and len(f.cells) >= 16
    )
    shares = np.array([start, end])
    corners = page.to_pixels(np.array([at.x, at.y]) + shares * [at.w, at.h])
    (left, top), (right, bottom) = np.round(corners).astype(int)
    image = own.picture.copy()
    image[top:bottom, left:right] = 250
    assert seen(own.picture)[comb]
    assert not seen(image)[comb]


def test_a_comb_is_not_seen_where_the_picture_ends_within_it():
    own = OWN[0]
    page = register(own.picture, catalogue())
    corners = np.array([[f.box.x + f.box.w, f.box.y] for f in page.page.fields])
    ends = np.where([f.kind is Kind.COMB for f in page.page.fields], page.to_pixels(corners)[:, 0], 0)
    assert seen(own.picture)[ends.argmax()]
    assert not seen(own.picture[:, : int(ends.max()) - 15])[ends.argmax()]


@pytest.mark.parametrize("own", OWN, ids=["page 1", "page 2"])
def test_print_that_faded_towards_the_foot_takes_the_ink_along(own):
    """As a JPEG does that lost bytes: lines and markers can be found, pens have left nothing."""
    lit = np.linspace(0, 0.85, own.picture.shape[0])[:, None]
    image = (own.picture + lit * (255.0 - own.picture)).astype(np.uint8)
    assert isinstance(register(image, catalogue()), Registration)
    assert not seen(image).any()


@pytest.mark.parametrize("leap", [60, 100])
@pytest.mark.parametrize("own", OWN, ids=["page 1", "page 2"])
def test_print_that_grew_paler_at_a_row_takes_the_ink_along(own, leap):
    """As a JPEG does that lost bytes: of pale ink some strokes are left, and a 7 stands where 007 was written."""
    image = own.picture.copy()
    image[600:] = np.minimum(image[600:].astype(int) + leap, 255)
    assert isinstance(register(image, catalogue()), Registration)
    assert not seen(image).any()


@pytest.mark.parametrize("left", [0.1, 0.2, 0.5, 0.8])
@pytest.mark.parametrize("behind", [30, 128, 250], ids=["black lid", "grey lid", "white lid"])
def test_a_torn_corner_fades_nothing_whatever_lies_behind_it(own_page, behind, left):
    """A part of the marker is left on the paper, the rest of its place shows what the sheet lay on."""
    image, page = own_page
    box = page.page.markers[1].box
    x, y, far = box.x + left * box.w, box.y, 30.0
    tear = np.array([[x, y - far], [x + far, y - far], [x + far, y + box.h], [x, y + box.h]])
    cv2.fillPoly(image, [page.to_pixels(tear).astype(np.int32)], behind)
    assert seen(image).mean() > 0.9


def test_a_page_that_lacks_much_of_its_print_leaves_nothing_sure():
    image = OWN[0].picture.copy()
    image[2250:2480] = 255
    image[2500:2760] = 240
    page = register(image, catalogue())
    assert isinstance(page, Registration)
    assert not np.array(fields_seen(image, page)).any()
