"""Forms that others printed: known by their print, read beside it, never taken for one another."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from given_blanks import BUBBLES, DIGITS, fill, render, write_blank, write_definition

from pipeline.errors import DefinitionError, UsageError
from pipeline.forms.catalogue import Catalogue, load_form
from pipeline.forms.printing import print_sheets
from pipeline.page import PageReading, PageStatus, read_page
from pipeline.reasons import PAGE_REASONS, page_sentence
from pipeline.recognition.choices import choice_guesses
from pipeline.recognition.given import ON_BLANK, PX_PER_MM, ink_alone
from pipeline.registration.fit import project
from pipeline.registration.plane import Plane
from pipeline.registration.register import register, turn_of
from pipeline.registration.types import Refusal, Registration

DPI = 300


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Two definitions on blanks of other offices, and their PDFs."""
    folder = tmp_path_factory.mktemp("forms")
    for name, code, title, mirrored in (
        ("surat", "SRT-01", "SURAT KETERANGAN", False),
        ("kartu", "KRT-01", "KARTU PENDUDUK", True),
    ):
        pdf = write_blank(folder / f"{name}.pdf", title, mirrored=mirrored)
        write_definition(folder, name, code, render(pdf, 200))
    return folder


@pytest.fixture(scope="module")
def shelf(folder) -> Catalogue:
    """Both forms."""
    return Catalogue.load([folder])


@pytest.fixture(scope="module")
def empty(folder) -> np.ndarray:
    """An empty page of the first form at 300 dpi."""
    return render(folder / "surat.pdf", DPI)


def skewed(image: np.ndarray, degrees: float, scale: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """A scan that lies askew, and mm → px of it."""
    h, w = image.shape
    turn = np.vstack([cv2.getRotationMatrix2D((w / 2, h / 2), degrees, scale), [0, 0, 1]])
    turned = cv2.warpAffine(image, turn[:2], (w, h), flags=cv2.INTER_AREA, borderValue=255)
    return turned, turn @ np.diag([DPI / 25.4, DPI / 25.4, 1.0])


def values(reading: PageReading) -> dict[str, str | None]:
    return {one.reading.field: one.reading.value for one in reading.readings}


@pytest.mark.parametrize(("degrees", "scale"), [(0, 1.0), (1.7, 0.97), (-3, 1.0), (180, 1.0), (90, 0.7)])
def test_a_page_is_known_and_lies_where_it_lies(shelf, empty, degrees, scale) -> None:
    image, truth = skewed(fill(empty, DPI, "05112026", 1, 2), degrees, scale)
    page = register(image, shelf)
    assert isinstance(page, Registration), page
    assert (page.identity.code, page.identity.serial, page.capture) == ("SRT-01", "", "given")
    grid = np.array([[x, y] for x in (20.0, 100.0, 190.0) for y in (20.0, 150.0, 280.0)])
    off = project(np.linalg.inv(truth), page.to_pixels(grid)) - grid
    assert float(np.linalg.norm(off, axis=1).max()) < 0.3
    assert turn_of(page) == round(degrees / 90) * 90 % 360


def test_what_was_written_is_read_and_nothing_enters_unseen(shelf, empty) -> None:
    image, _ = skewed(fill(empty, DPI, "05112026", 1, 2), 0.8)
    reading = read_page(image, shelf)
    assert reading.status is PageStatus.READ
    assert values(reading) == {"tanggal": "2026-11-05", "jk": "P", "jawab": "C", "ttd": "absent"}
    assert {one.status for one in reading.readings} == {"review"}
    assert reading.identity is not None
    assert reading.identity.serial == ""


@pytest.mark.parametrize("light", [0.3, 0.07])
def test_marks_in_bad_light_are_not_taken_for_paper(shelf, empty, light) -> None:
    dim = np.round(fill(empty, DPI, "", 1, 2) * light).astype(np.uint8)
    found = {one.reading.field: one.reading for one in read_page(dim, shelf).readings}
    assert (found["jk"].value, found["jawab"].value) == ("P", "C")


@pytest.mark.parametrize(("pencil", "inked"), [(130, True), (145, True), (255, False)])
def test_pencil_no_darker_than_pale_print_is_ink(shelf, empty, pencil, inked) -> None:
    """A letter fills the bubble, the scan is pale: what is dark around the letter is not its blur alone."""
    x, y, w, h = (round(v * DPI / 25.4) for v in BUBBLES[2])
    blank = empty.copy()
    cv2.putText(blank, "E", (x + w // 5, y + 4 * h // 5), cv2.FONT_HERSHEY_SIMPLEX, 1.6, 0, 9, cv2.LINE_AA)
    pale = 255 - 0.6 * (255.0 - cv2.GaussianBlur(blank, (0, 0), 1.0))
    covered = np.zeros(blank.shape, np.uint8)
    cv2.circle(covered, (x + w // 2, y + h // 2), round(w / 2), 1, -1)
    image = np.where(covered, np.minimum(pale, pencil), pale).round().astype(np.uint8)
    png = cv2.imencode(".png", blank)[1].tobytes()
    to_px = Plane(np.diag([DPI / 25.4, DPI / 25.4, 1.0]))
    alone = ink_alone(image, to_px, png, shelf.get("surat").layout.pages[0])
    left, top, w, h = (round(v * PX_PER_MM) for v in BUBBLES[2])
    inner = alone[top + h // 5 : top + 4 * h // 5, left + w // 5 : left + 4 * w // 5]
    share = float((inner < 200).mean())
    assert (share > 0.9) if inked else (share < 0.05), share


@pytest.mark.parametrize("edge_mm", np.arange(36.5, 45.0, 1.0))
def test_the_edge_of_a_shadow_is_no_mark(shelf, empty, edge_mm) -> None:
    """It falls across empty bubbles; at worst a person is asked."""
    x = np.arange(empty.shape[1]) / (DPI / 25.4)
    page, form = empty * (1 - 0.7 / (1 + np.exp(-(x - edge_mm) / 0.8))), shelf.get("surat")
    to_px = Plane(np.diag([DPI / 25.4, DPI / 25.4, 1.0]))
    layout = form.layout.pages[0]
    alone = ink_alone(page.round().astype(np.uint8), to_px, form.blanks[0], layout)
    guess = choice_guesses(alone, ON_BLANK, layout, form.definition)["jawab", None]
    assert guess.found[0].value is None, guess


def test_an_empty_page_holds_nothing(shelf, empty) -> None:
    reading = read_page(empty, shelf)
    assert values(reading) == {"tanggal": None, "jk": None, "jawab": None, "ttd": "absent"}


def test_grey_guides_and_lines_are_no_ink_even_in_one_bit(shelf, empty) -> None:
    _, bitonal = cv2.threshold(cv2.GaussianBlur(fill(empty, DPI, "17", None, None), (3, 3), 0), 200, 255, 0)
    form = shelf.get("surat")
    page = register(bitonal, shelf)
    assert isinstance(page, Registration)
    alone = ink_alone(bitonal, page.plane, form.blanks[0], page.page)
    for number, (x, y, w, h) in enumerate(DIGITS):
        cell = alone[
            round((y + 0.5) * PX_PER_MM) : round((y + h - 0.5) * PX_PER_MM),
            round((x + 0.5) * PX_PER_MM) : round((x + w - 0.5) * PX_PER_MM),
        ]
        inked = float((cell < 128).mean())
        assert (inked > 0.05) if number < 2 else (inked < 0.01), (number, inked)


def test_the_other_form_is_not_taken_for_it(folder, shelf) -> None:
    page = register(render(folder / "kartu.pdf", DPI), shelf)
    assert isinstance(page, Registration)
    assert page.identity.code == "KRT-01"


def test_foreign_mirrored_and_ambiguous_pages_are_refused(folder, shelf, empty, tmp_path) -> None:
    foreign = render(write_blank(tmp_path / "lain.pdf", "DAFTAR HADIR"), DPI)[:, ::-1]
    for image in (np.ascontiguousarray(empty[:, ::-1]), np.ascontiguousarray(foreign)):
        assert register(image, shelf) == Refusal("not_our_form", "corner markers found: []")
    twin = write_definition(tmp_path / "forms", "kembar", "KMB-01", render(folder / "surat.pdf", 200))
    assert twin.is_file()
    both = Catalogue.load([folder, tmp_path / "forms"])
    refusal = register(empty, both)
    assert isinstance(refusal, Refusal)
    assert (refusal.reason, set(refusal.detail.split(", "))) == ("forms_alike", {"surat/1", "kembar/1"})
    assert refusal.detail in str(page_sentence(refusal.reason, refusal.detail))
    assert page_sentence("residual", "0.90 mm") == PAGE_REASONS["residual"]


def test_of_versions_on_one_blank_the_newest_reads(folder, empty, tmp_path) -> None:
    for version in (1, 2):
        write_definition(tmp_path, "surat", "SRT-01", render(folder / "surat.pdf", 200), version=version)
    found = register(empty, Catalogue.load([tmp_path]))
    assert isinstance(found, Registration)
    assert found.identity.version == 2


def test_the_blank_belongs_to_the_fingerprint(folder, tmp_path) -> None:
    one = load_form(folder / "surat.v1.yaml")
    other = load_form(write_definition(tmp_path, "surat", "SRT-01", render(folder / "kartu.pdf", 200)))
    assert one.fingerprint != other.fingerprint
    assert one.layout == other.layout


WRONG = {
    "at: [[30.0, 60.0,": "at: [[-30.0, 60.0,",
    "at: [70.0, 90.0, 5.0, 5.0]": "at: [208.0, 90.0, 5.0, 5.0]",
    "70.0, 90.0, 5.0, 5.0]": "70.0, 90.0, 1.6, 5.0]",
    ", at: [70.0, 90.0, 5.0, 5.0]": "",
    "type: signature": "type: nik",
    "surat.v1-1.png": "tidak-ada.png",
    "  - {file: surat.v1-1.png, width: 210.0, height: 297.0}\n": "  []\n",
}


@pytest.mark.parametrize("before", WRONG)
def test_what_is_wrong_with_a_place_is_told(folder, tmp_path, before) -> None:
    text = (folder / "surat.v1.yaml").read_text()
    assert before in text
    (tmp_path / "surat.v1-1.png").write_bytes((folder / "surat.v1-1.png").read_bytes())
    path = tmp_path / "surat.v1.yaml"
    path.write_text(text.replace(before, WRONG[before]))
    with pytest.raises(DefinitionError):
        load_form(path)


def test_a_form_of_others_is_not_printed_by_us(shelf, tmp_path) -> None:
    with pytest.raises(UsageError):
        print_sheets(shelf.get("surat"), ["SRT-0000-26-00001"], tmp_path / "out.pdf")
