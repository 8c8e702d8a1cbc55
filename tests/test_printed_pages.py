"""The forms that the office prints are found again: printed, scanned into a PDF, read from the file."""

import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest
from pikepdf import Dictionary, Name, Pdf
from synthetic_pages import noisy, printed_to_px, turned

from pipeline.forms.catalogue import Catalogue, default_directories
from pipeline.forms.identity import serial_of
from pipeline.forms.printing import print_sheets
from pipeline.registration.fit import project
from pipeline.registration.register import register, turn_of
from pipeline.registration.types import Registration
from pipeline.scans.pages import open_pages
from pipeline.scans.types import PageImage

DPI = 200
CATALOGUE = Catalogue.load(default_directories(Path("no such home")))


def as_scanned(pictures: list[np.ndarray], path: Path) -> None:
    """A PDF of JPEG pages, as a scanner makes it."""
    pdf = Pdf.new()
    for picture in pictures:
        height, width = picture.shape
        image = pdf.make_stream(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 70])[1].tobytes())
        for key, value in {
            "Type": Name.XObject, "Subtype": Name.Image, "Width": width, "Height": height,
            "ColorSpace": Name.DeviceGray, "BitsPerComponent": 8, "Filter": Name.DCTDecode,
        }.items():  # fmt: skip
            image[f"/{key}"] = value
        size = width * 72 / DPI, height * 72 / DPI
        page = pdf.add_blank_page(page_size=size)
        page.obj.Resources = Dictionary(XObject=Dictionary(Im0=image))
        page.obj.Contents = pdf.make_stream(f"q {size[0]} 0 0 {size[1]} 0 0 cm /Im0 Do Q".encode())
    pdf.save(path)


@pytest.mark.parametrize("name", [form.definition.form for form in CATALOGUE.forms()])
def test_every_printed_page_is_found_again(name: str, tmp_path: Path) -> None:
    form = CATALOGUE.get(name)
    serial = serial_of(form.layout.code, "2005", 2026, 4711)
    print_sheets(form, [serial], tmp_path / "blank.pdf")
    subprocess.run(
        ["pdftoppm", "-r", str(DPI), "-gray", tmp_path / "blank.pdf", tmp_path / "page"],
        check=True,
        timeout=60,
    )
    drawn = [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in sorted(tmp_path.glob("page-*.pgm"))]
    laid = [turned(noisy(picture, seed), 2 * seed) for seed, picture in enumerate(drawn)]
    as_scanned([picture for picture, _ in laid], tmp_path / "scan.pdf")
    for number, (image, (_, matrix)) in enumerate(
        zip(open_pages(tmp_path / "scan.pdf"), laid, strict=True), 1
    ):
        assert isinstance(image, PageImage)
        page = register(image.decode(), CATALOGUE)
        assert isinstance(page, Registration), page
        assert page.layout is form.layout
        assert (page.identity.page, page.identity.serial) == (number, serial)
        assert turn_of(page) == 180 * (number - 1) % 360
        corners = np.array([(box.x, box.y) for field in page.page.fields for box in (field.box,)])
        truth = matrix @ printed_to_px(DPI)
        assert np.abs(project(np.linalg.inv(truth), page.to_pixels(corners)) - corners).max() < 0.15
