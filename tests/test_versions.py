"""Old versions of a form stay readable beside new ones, each by its own layout."""

import textwrap

import cv2
import numpy as np
import pytest

from pipeline.forms.catalogue import Catalogue, default_directories
from pipeline.page import read_page
from pipeline.training.fill import blank_sheets

VALUES = {"desa": "2005", "jumlah": "47", "hadir": "P", "air": "L"}
SERIAL = "UJI-2005-26-00001"


def definition(version: int, items: list[str]) -> str:
    lines = {
        "desa": "{name: desa, type: village, label: {id: Kode desa, en: Village}}",
        "jumlah": "{name: jumlah, type: count, cells: 4, label: {id: Jumlah, en: Number}}",
        "hadir": "{name: hadir, type: choice, label: {id: Hadir, en: Present}, choices: [L, P]}",
        "air": "{name: air, type: choice, label: {id: Air, en: Water}, choices: [L, P]}",
    }
    pair = "[{value: L, label: {id: Laki-laki, en: Men}}, {value: P, label: {id: Perempuan, en: Women}}]"
    head = f"""\
        form: uji
        code: UJI-01
        version: {version}
        title: {{id: Formulir Uji, en: A form to try}}
        letterhead: [KECAMATAN HALONG]
        pages:
          - sections:
              - title: {{id: Isian, en: Fields}}
                items:
        """
    body = "".join(f"          - {lines[name].replace('[L, P]', pair)}\n" for name in items)
    return textwrap.dedent(head) + body


@pytest.fixture
def shelf(home) -> Catalogue:
    """A home with two versions: in the second, fields have changed places."""
    folder = home / "forms"
    folder.mkdir(parents=True)
    (folder / "uji.v1.yaml").write_text(definition(1, ["desa", "hadir", "air", "jumlah"]), "utf-8")
    (folder / "uji.v2.yaml").write_text(definition(2, ["jumlah", "air", "desa", "hadir"]), "utf-8")
    return Catalogue.load(default_directories(home))


def filled(shelf: Catalogue, version: int) -> np.ndarray:
    """The printed page of a version, every field filled in where that version has it."""
    form = shelf.get("uji", version)
    page = blank_sheets(form, [SERIAL])[0][0].copy()
    scale = page.shape[1] / 210
    for field in form.layout.pages[0].fields:
        value = VALUES[field.name]
        for char, (x, y, w, h) in zip(value, field.cells, strict=False):
            (wide, tall), _ = cv2.getTextSize(char, cv2.FONT_HERSHEY_SIMPLEX, 1.7, 4)
            foot = round((x + w / 2) * scale - wide / 2), round((y + h / 2) * scale + tall / 2)
            cv2.putText(page, char, foot, cv2.FONT_HERSHEY_SIMPLEX, 1.7, 30, 4, cv2.LINE_AA)
        for choice in field.choices:
            if choice.value == value:
                x, y, w, h = (side * scale for side in choice.box)
                for one, other in (((x, y), (x + w, y + h)), ((x + w, y), (x, y + h))):
                    cv2.line(page, *(tuple(map(round, end)) for end in (one, other)), 30, 5, cv2.LINE_AA)
    return page


def test_each_version_is_read_at_its_own_places(shelf):
    assert shelf.get("uji").definition.version == 2
    tops = {}
    for version in (1, 2):
        image = filled(shelf, version)
        found = read_page(image, shelf)
        assert (found.status, found.identity.version, found.identity.serial) == ("read", version, SERIAL)
        assert {one.reading.field: one.reading.value for one in found.readings} == VALUES
        tops[version] = {one.reading.field: one.reading.quad[0] for one in found.readings}
        for one in shelf.get("uji", version).layout.pages[0].fields:
            mm = np.array(tops[version][one.name]) * 210 / image.shape[1]
            assert np.abs(mm - [one.box.x, one.box.y]).max() < 1.5
    moved = {name for name in VALUES if np.hypot(*np.subtract(tops[1][name], tops[2][name])) > 50}
    assert {"desa", "jumlah"} <= moved


def test_without_its_code_no_version_is_guessed(shelf):
    image = filled(shelf, 1)
    qr = shelf.get("uji", 1).layout.pages[0].qr
    scale = image.shape[1] / 210
    x, y, w, h = (round(value * scale) for value in qr)
    image[y : y + h, x : x + w] = 255
    assert read_page(image, shelf).reason == "unreadable_identity"
