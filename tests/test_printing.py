"""The printed sheet as a scanner sees it: landmarks and lines lie where the layout says."""

import subprocess

import cv2
import numpy as np
import pytest
import zxingcpp
from forms_under_test import FORMS, form

from pipeline.forms.identity import MARKER_DICTIONARY, Identity, parse_qr
from pipeline.forms.layout import Kind
from pipeline.forms.printing import print_sheets
from pipeline.registration.identity import _WHITELIST as WHITELIST
from pipeline.tesseract import one_line

DPI = 300
PX = DPI / 25.4
SERIALS = {
    "pendataan": "FPS-2005-26-00017",
    "penyaluran": "BAP-2011-26-98760",
    "sosialisasi": "DHS-0000-27-34521",
}


def raster(pdf, folder, dpi=DPI):
    subprocess.run(["pdftoppm", "-r", str(dpi), "-gray", str(pdf), str(folder / "page")], check=True)
    return [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in sorted(folder.glob("page*.pgm"))]


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    printed = {}
    for name in FORMS:
        folder = tmp_path_factory.mktemp(name)
        print_sheets(form(name), [SERIALS[name]], folder / "form.pdf")
        printed[name] = raster(folder / "form.pdf", folder)
    return printed


def crop(image, box, margin=0.0):
    left, top = round((box.x - margin) * PX), round((box.y - margin) * PX)
    right, bottom = round((box.x + box.w + margin) * PX), round((box.y + box.h + margin) * PX)
    return image[max(top, 0) : bottom, max(left, 0) : right]


@pytest.mark.parametrize("name", FORMS)
def test_pages_are_a4_and_all_there(pages, name):
    assert len(pages[name]) == len(form(name).layout.pages)
    assert all(
        abs(image.shape[0] - 297 * PX) < 2 and abs(image.shape[1] - 210 * PX) < 2 for image in pages[name]
    )


@pytest.mark.parametrize("name", FORMS)
def test_markers_lie_where_the_layout_says(pages, name):
    detector = cv2.aruco.ArucoDetector(
        cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, MARKER_DICTIONARY))
    )
    for image, page in zip(pages[name], form(name).layout.pages, strict=True):
        corners, ids, _rejected = detector.detectMarkers(image)
        found = {int(i): quad[0] / PX for i, quad in zip(ids.ravel(), corners, strict=True)}
        assert set(found) == {marker.id for marker in page.markers}
        for marker in page.markers:
            x, y, w, h = marker.box
            corners_mm = np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]])
            assert np.abs(found[marker.id] - corners_mm).max() < 0.3


@pytest.mark.parametrize("name", FORMS)
def test_the_qr_code_tells_the_page(pages, name):
    found = form(name)
    for image, page in zip(pages[name], found.layout.pages, strict=True):
        (code,) = zxingcpp.read_barcodes(crop(image, page.qr, 3.0))
        expected = Identity(found.definition.code, found.definition.version, page.page, SERIALS[name])
        assert parse_qr(code.text) == expected


@pytest.mark.parametrize("name", FORMS)
def test_tesseract_reads_the_serial(pages, name):
    (page, *_rest) = form(name).layout.pages
    for image in pages[name]:
        ink = crop(image, page.serial, 0.5)
        assert one_line(ink, WHITELIST) == SERIALS[name]


@pytest.mark.parametrize("name", FORMS)
def test_the_serial_stands_alone(pages, name):
    (page, *_rest) = form(name).layout.pages
    for image in pages[name]:
        around = crop(image, page.serial, 1.0) < 128
        inside = crop(image, page.serial) < 128
        assert around.sum() == inside.sum() > 1000


@pytest.mark.parametrize("name", FORMS)
def test_cell_lines_are_light_and_where_the_layout_says(pages, name):
    for image, page in zip(pages[name], form(name).layout.pages, strict=True):
        for field in page.fields:
            for cell in field.cells:
                inner = crop(image, cell, -0.4)
                assert inner.min() > 250, field.name
                middle = round((cell.y + cell.h / 2) * PX)
                edge = image[middle, round((cell.x - 0.3) * PX) : round((cell.x + 0.3) * PX) + 1]
                assert 130 < edge.min() < 235, field.name


@pytest.mark.parametrize("name", FORMS)
def test_tick_boxes_are_empty_and_outlined(pages, name):
    for image, page in zip(pages[name], form(name).layout.pages, strict=True):
        for field in page.fields:
            for choice in field.choices:
                assert crop(image, choice.box, -0.4).min() > 250, field.name
                middle = round((choice.box.y + choice.box.h / 2) * PX)
                left = round(choice.box.x * PX)
                assert image[middle, left - 4 : left + 5].min() < 140, field.name


@pytest.mark.parametrize("name", FORMS)
def test_areas_to_sign_are_empty(pages, name):
    for image, page in zip(pages[name], form(name).layout.pages, strict=True):
        for field in page.fields:
            if field.kind is Kind.AREA:
                assert crop(image, field.box, -0.4).min() > 250, field.name


def test_every_sheet_has_its_own_serial_and_all_pages(tmp_path):
    serials = [f"FPS-2005-26-{number:05d}" for number in (1, 2, 3)]
    print_sheets(form("pendataan"), serials, tmp_path / "three.pdf")
    seen = [
        parse_qr(zxingcpp.read_barcodes(image)[0].text)
        for image in raster(tmp_path / "three.pdf", tmp_path, dpi=200)
    ]
    assert [(one.serial, one.page) for one in seen] == [
        (serial, page) for serial in serials for page in (1, 2)
    ]


def test_printing_twice_gives_the_same_file(tmp_path):
    for name in ("a.pdf", "b.pdf"):
        print_sheets(form("sosialisasi"), ["DHS-2005-26-00001"], tmp_path / name)
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()


def test_a_roster_carries_the_registers_names(tmp_path):
    serial = "BAP-2005-26-00001"
    long = "MUHAMMAD NOOR HIDAYATULLAH AL BANJARI BIN ABDURRAHMAN SIDIQ"
    rows = [
        {"nama": "SITI AISYAH", "nik": "6311 02** **** 9001"},
        {"nama": long, "nik": "6311 02** **** 9002"},
    ]
    print_sheets(form("penyaluran"), [serial], tmp_path / "r.pdf", preprinted={serial: {"penerima": rows}})
    text = subprocess.run(
        ["pdftotext", "-layout", str(tmp_path / "r.pdf"), "-"], check=True, capture_output=True, text=True
    ).stdout
    assert "SITI AISYAH" in text
    assert "6311 02** **** 9002" in text
    assert "MUHAMMAD NOOR HIDAYATULLAH" in text
    (image,) = raster(tmp_path / "r.pdf", tmp_path)
    (quantity,) = [
        field
        for field in form("penyaluran").layout.pages[0].fields
        if (field.name, field.row) == ("penerima.jumlah", 2)
    ]
    assert crop(image, quantity.cells[0], -0.4).min() > 250
