"""Which sheet a page image shows, and why some are set aside."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
import segno
from forms_under_test import form
from synthetic_pages import IDENTITY, SERIAL, SHELF, Shelf, draw, form_layout, noisy, printed_to_px

from pipeline.forms.identity import Identity, is_serial, parse_qr, village_of
from pipeline.forms.layout import Box
from pipeline.registration.identity import printed_serial, qr_text_at
from pipeline.registration.plane import Plane
from pipeline.registration.register import register
from pipeline.registration.types import Refusal, Registration
from pipeline.training.fill import blank_sheets

PAGE = draw()
SCALE = PAGE.shape[1] / 210


def reason(image: np.ndarray, shelf: Shelf = SHELF) -> str:
    refusal = register(image, shelf)
    assert isinstance(refusal, Refusal), refusal
    return refusal.reason


def covered(box: Box, grey: int = 255, page: np.ndarray = PAGE) -> np.ndarray:
    """The page with a box (mm) and 1 mm around it painted over."""
    page = page.copy()
    y0, y1, x0, x1 = (int(v * SCALE) for v in (box.y - 1, box.y + box.h + 1, box.x - 1, box.x + box.w + 1))
    page[y0:y1, x0:x1] = grey
    return page


def scratched() -> np.ndarray:
    """The page with a pen run to and fro over its QR code."""
    page, qr = PAGE.copy(), SHELF.layouts[0].pages[0].qr
    left, right = int(qr.x * SCALE), int((qr.x + qr.w) * SCALE)
    for row in np.arange(qr.y, qr.y + qr.h, 3.5) * SCALE:
        cv2.line(page, (left, int(row)), (right, int(row) + 30), 0, 16)
    return page


def foreign(with_qr: str | None = None) -> np.ndarray:
    page = np.full_like(PAGE, 255)
    for row in range(300, 3300, 110):
        cv2.putText(page, "undangan rapat desa tanggal 12", (200, row), 0, 2.5, 0, 6)
    if with_qr:
        bits = np.array(
            [[0 if dark else 255 for dark in line] for line in segno.make_qr(with_qr).matrix], np.uint8
        )
        page[1500:1900, 1000:1400] = cv2.resize(bits, (400, 400), interpolation=cv2.INTER_NEAREST)
    return page


def test_qr_code_tells_form_version_page_and_serial() -> None:
    second = Identity("FPS-01", 1, 2, SERIAL)
    page = register(noisy(draw(second)), SHELF)
    assert isinstance(page, Registration)
    assert page.identity == second
    assert page.page is SHELF.layouts[0].pages[1]


@pytest.mark.parametrize("damage", ["scratched", "torn off"])
def test_damaged_qr_code_leaves_the_printed_serial(damage: str) -> None:
    image = scratched() if damage == "scratched" else covered(SHELF.layouts[0].pages[0].qr)
    page = register(noisy(image), SHELF)
    assert isinstance(page, Registration)
    assert page.identity == IDENTITY
    assert page.serial_from == "print"


def test_damaged_qr_code_is_not_guessed_when_versions_differ() -> None:
    first, second = form_layout(), form_layout(version=2)
    same = Shelf((first, second))
    page = register(noisy(scratched()), same)
    assert isinstance(page, Registration)
    assert page.identity.version == 2
    fewer = replace(second, pages=tuple(replace(page, fields=page.fields[1:]) for page in second.pages))
    assert reason(noisy(scratched()), Shelf((first, fewer))) == "unreadable_identity"


def test_neither_qr_code_nor_serial() -> None:
    page = SHELF.layouts[0].pages[0]
    assert reason(noisy(covered(page.serial, page=covered(page.qr)))) == "unreadable_identity"


def test_unknown_form_and_unknown_version() -> None:
    assert reason(noisy(draw(Identity("XYZ-01", 1, 1, "XYZ-2005-26-00001")))) == "unknown_form"
    assert reason(noisy(draw(Identity("FPS-01", 9, 1, SERIAL)))) == "unknown_form"
    assert reason(noisy(draw()), Shelf((form_layout(code="BAP-01"),))) == "unknown_form"


def test_qr_code_and_markers_must_agree_on_the_page() -> None:
    first = form_layout().pages[0]
    assert reason(noisy(draw(Identity("FPS-01", 1, 2, SERIAL), layout=first))) == "unreadable_identity"


def test_blank_paper_in_all_its_shades() -> None:
    white = np.full_like(PAGE, 250)
    assert reason(noisy(white)) == "blank"
    assert reason(noisy((white * np.linspace(0.6, 1, white.shape[1])).astype(np.uint8), sigma=9)) == "blank"
    shining_through = (255 - (255 - PAGE[:, ::-1].astype(int)) * 0.12).astype(np.uint8)
    assert reason(noisy(np.ascontiguousarray(shining_through))) == "blank"


def test_little_ink_is_not_blank() -> None:
    page = np.full_like(PAGE, 250)
    cv2.putText(page, "Kepada", (700, 900), 0, 3, 60, 6)
    assert reason(noisy(page)) == "not_our_form"


@pytest.mark.parametrize("text", [None, "https://example.id/a", "SOTARSA|x"])
def test_pages_of_others(text: str | None) -> None:
    assert reason(noisy(foreign(text))) == "not_our_form"


def test_another_organisations_markers() -> None:
    page = foreign("https://example.id/a")
    dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_5X5_50)
    for number, (x, y) in enumerate([(60, 60), (2300, 60), (2300, 3300), (60, 3300)]):
        page[y : y + 120, x : x + 120] = cv2.aruco.generateImageMarker(dictionary, number, 120)
    assert reason(noisy(page)) == "not_our_form"


@pytest.mark.parametrize("shape", [(1, 1), (3, 900), (40, 40)])
def test_scraps_are_no_pages(shape: tuple[int, int]) -> None:
    assert reason(np.full(shape, 255, np.uint8)) == "blank"


@pytest.mark.parametrize("serial", ["FPS-2005-26-00017", "BAP-2008-27-99999", "DHS-2016-30-40582"])
def test_readers_of_the_identity(serial: str) -> None:
    image = noisy(draw(Identity(f"{serial[:3]}-01", 3, 1, serial)))
    page, matrix = SHELF.layouts[0].pages[0], printed_to_px()
    assert qr_text_at(image, Plane(matrix), page.qr) == f"SOTARSA|{serial[:3]}-01|3|1|{serial}"
    assert printed_serial(image, Plane(matrix), page.serial) == serial
    assert printed_serial(image, Plane(matrix), Box(20.0, 240.0, 63.0, 6.4)) is None


@pytest.mark.parametrize(
    ("serial", "blur"),
    [("BAP-2005-26-70002", (5, 7)), ("BAP-2005-26-70002", (5, 9)), ("BAP-2005-26-60860", (7, 7))],
)
def test_a_serial_too_blurred_to_be_sure_of_is_not_guessed(serial: str, blur: tuple[int, int]) -> None:
    roster = form("penyaluran")
    printed = blank_sheets(roster, [serial])[0][0]
    soft = 0.85 * cv2.GaussianBlur(printed, (0, 0), sigmaX=blur[0], sigmaY=blur[1]).astype(np.float64)
    soft += np.random.default_rng(1).normal(0, 3, soft.shape)
    image, box = np.clip(soft, 0, 255).astype(np.uint8), roster.layout.pages[0].serial
    assert printed_serial(image, Plane(printed_to_px()), box) in (None, serial)
    assert printed_serial(printed, Plane(printed_to_px()), box) == serial


@pytest.mark.parametrize(
    "wrong", [f"{SERIAL}\n", f" {SERIAL}", SERIAL.replace("2", "٢"), SERIAL[:-1], f"{SERIAL}0"]
)
def test_a_serial_is_one_to_the_letter(wrong: str) -> None:
    assert is_serial(SERIAL)
    assert not is_serial(wrong)
    assert village_of(wrong) is None
    assert parse_qr(IDENTITY.qr_text()) == IDENTITY
    assert parse_qr(IDENTITY.qr_text().replace(SERIAL, wrong)) is None


def test_a_printed_serial_of_a_village_that_is_none_was_misread() -> None:
    roster = form("penyaluran")
    box = roster.layout.pages[0].serial
    for serial, read in (
        ("BAP-2020-26-00110", True),
        ("BAP-0000-26-00110", True),
        ("BAP-2920-26-00110", False),
    ):
        printed = blank_sheets(roster, [serial])[0][0]
        assert (printed_serial(printed, Plane(printed_to_px()), box) == serial) is read


def test_a_serial_that_is_cut_off_or_tiny_is_not_guessed() -> None:
    image, box = draw(IDENTITY), SHELF.layouts[0].pages[0].serial
    matrix = printed_to_px()
    assert printed_serial(image, Plane(matrix), box) == SERIAL
    assert printed_serial(image[:, : int((box.x + box.w - 3) * SCALE)], Plane(matrix), box) is None
    small = cv2.resize(image, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    assert printed_serial(small, Plane(np.diag([0.25, 0.25, 1.0]) @ matrix), box) is None
