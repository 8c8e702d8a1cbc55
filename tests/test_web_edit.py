"""The page for editing in a real browser: what is seen, what mouse and keys do, what comes into the YAML."""

import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from blanks_to_edit import NAME, PHONE, TICKS, draw, put_form
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

from pipeline.forms.definition import FormDefinition, load_definition
from pipeline.forms.frozen import RELEASES

CHROMIUM = "/usr/bin/chromium"
COMMAND = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
    "from pipeline.cli.main import main; main()"
)
"""Ends at Ctrl-C, also where the shell starts what it runs in the background deaf to it."""

PATIENCE = 30_000
"""ms that the page may take for any one thing on a busy computer."""

expect.set_options(timeout=PATIENCE)


@dataclass
class Desk:
    """A running `sotarsa forms edit`, and the browser that was let in."""

    home: Path
    png: Path
    url: str
    context: BrowserContext


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    png = draw(tmp_path_factory.mktemp("blank"))
    put_form(home, png)
    words = ["--home", str(home), "forms", "edit", "kantor", "--no-browser"]
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("SOTARSA_", "DJANGO_"))
    }
    server = subprocess.Popen(
        [sys.executable, "-c", COMMAND, *words], stderr=subprocess.PIPE, text=True, env=environment
    )
    try:
        assert server.stderr is not None
        address = re.search(r"http://\S+", server.stderr.readline())
        assert address is not None
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            context = browser.new_context(viewport={"width": 1366, "height": 768})
            context.set_default_timeout(PATIENCE)
            first = context.new_page()
            first.goto(address[0])
            assert first.url.endswith("/forms/kantor/1/")
            first.close()
            yield Desk(home, png, address[0], context)
            browser.close()
    finally:
        server.send_signal(signal.SIGINT)
        try:
            status = server.wait(timeout=60)
        finally:
            server.kill()
    assert status == 0


@pytest.fixture
def told() -> list[str]:
    """What the browser's console says."""
    return []


@pytest.fixture
def page(desk, told, request):
    """The page of a form of this test's own."""
    name = re.sub(r"\W", "_", request.node.name)[5:40].rstrip("_")
    put_form(desk.home, desk.png, name, "UJI-01")
    page = desk.context.new_page()
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.path = desk.home / "forms" / f"{name}.v1.yaml"
    root = "/".join(desk.url.split("/")[:3])
    page.goto(f"{root}/forms/{name}/1/")
    page.wait_for_selector("body[data-ready]")
    yield page
    page.close(run_before_unload=False)
    page.path.unlink()
    assert told == []


def definition(page: Page) -> FormDefinition:
    return load_definition(page.path)


def save(page: Page) -> None:
    page.keyboard.press("Control+s")
    expect(page.locator("#said")).to_contain_text("Tersimpan pukul")


def field(page: Page, name: str):
    return page.get_by_role("button", name=re.compile(f"^{name},"))


def rows(page: Page):
    return page.locator("#fields").get_by_role("option")


def place(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where a point of the blank (mm) is on the screen, px."""
    paper = page.locator("#paper").bounding_box()
    scale = paper["width"] / 210
    return paper["x"] + x * scale, paper["y"] + y * scale


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """From one point of the blank to another, mm."""
    page.mouse.move(*place(page, *start))
    page.mouse.down()
    page.mouse.move(*place(page, *(sum(pair) / 2 for pair in zip(start, end, strict=True))))
    page.mouse.move(*place(page, *end))
    page.mouse.up()


def test_shows_the_blank_and_the_boxes_where_they_are(page):
    assert page.evaluate("document.querySelector('#blank').naturalWidth") > 1000
    cells = field(page, "nama").locator("rect")
    assert cells.count() == len(NAME)
    for cell, (x, y, w, h) in zip(cells.all(), NAME, strict=True):
        seen = cell.bounding_box()
        left, top = place(page, x, y)
        right, bottom = place(page, x + w, y + h)
        line = 2  # px, the outline's own width
        assert seen["x"] == pytest.approx(left, abs=line)
        assert seen["y"] == pytest.approx(top, abs=line)
        assert seen["x"] + seen["width"] == pytest.approx(right, abs=line)
        assert seen["y"] + seen["height"] == pytest.approx(bottom, abs=line)
    assert rows(page).all_inner_texts()[0].split("\n")[:2] == ["nama", "Nama"]


def test_keys_move_resize_name_and_save(page):
    former = page.path.read_bytes()
    field(page, "nama").focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Alt+ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press(".")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    page.keyboard.type("nama_warga")
    page.keyboard.press("Escape")
    save(page)
    saved = definition(page)
    assert saved.field("nama_warga").at[0] == (NAME[0][0] + 1.0, NAME[0][1] + 0.05, *NAME[0][2:])
    assert saved.field("nama_warga").required
    assert [choice.at.w for choice in saved.field("jk").choices] == [5.2, 5.0]
    assert page.path.with_name(page.path.name + ".bak").read_bytes() == former
    expect(page.locator("#save")).to_be_disabled()


def test_a_number_that_is_still_being_typed_is_saved(page):
    field(page, "nama").click()
    page.locator("[name=x]").fill("35")
    save(page)
    assert definition(page).field("nama").at[0][0] == 35
    page.locator("[name=x]").fill("36")
    save(page)
    assert definition(page).field("nama").at[0][0] == 36, "the cursor stays where it was"


def test_a_comb_is_drawn_snaps_to_the_print_and_is_undone(page):
    page.keyboard.press("3")
    page.get_by_label("Banyaknya", exact=True).fill(str(len(PHONE)))
    x, y, _, h = PHONE[0]
    right = PHONE[-1][0] + PHONE[-1][2]
    drag(page, (x - 0.8, y + 0.7), (right + 0.9, y + h - 0.8))
    expect(rows(page)).to_have_count(4)
    page.keyboard.press("Control+z")
    expect(rows(page)).to_have_count(3)
    page.keyboard.press("Control+y")
    expect(rows(page)).to_have_count(4)
    rows(page).nth(2).click()
    page.locator("[name=type]").select_option("phone")
    page.get_by_label("Nama dalam data").fill("telepon")
    save(page)
    drawn = definition(page).field("telepon")
    assert drawn.type == "phone"
    for box, printed in zip(drawn.at, PHONE, strict=True):
        assert tuple(box) == pytest.approx(printed, abs=0.15)


def test_tick_boxes_become_choices_of_the_selected_field(page):
    rows(page).nth(1).click()
    page.keyboard.press("2")
    drag(page, (100, 90), (105, 95))
    expect(field(page, "jk")).to_have_attribute("aria-label", re.compile("3 kotak centang"))
    page.keyboard.press("Delete")
    expect(field(page, "jk")).to_have_attribute("aria-label", re.compile("2 kotak centang"))
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.keyboard.press("2")
    drag(page, (100, 90), (105, 95))
    save(page)
    assert [len(definition(page).field(name).choices) for name in ("jk", "isian_1")] == [2, 1]


def test_the_mouse_moves_and_stretches(page):
    x, y, w, h = TICKS[1]
    drag(page, (x + w / 2, y + h / 2), (x + w / 2 + 10, y + h / 2 + 20))
    page.mouse.click(*place(page, 150, 200))
    page.locator("#magnet").uncheck()
    rows(page).nth(2).click()
    drag(page, (180.8, 165.8), (190.8, 170.8))
    save(page)
    assert definition(page).field("jk").choices[0].at[:2] == pytest.approx((40, 110), abs=0.3)
    assert definition(page).field("ttd").at[0] == pytest.approx((120, 140, 70, 30), abs=0.3)


def test_fields_are_made_without_a_mouse(page):
    page.keyboard.press("4")
    page.keyboard.press("b")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Control+d")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Control+d")
    page.keyboard.press("Delete")
    save(page)
    made, copy = (definition(page).field(name).at[0] for name in ("isian_1", "isian_2"))
    assert made[2:] == (60, 20)
    assert copy == (made.x, pytest.approx(made.y + 22), 60, 20.2)


def test_a_wrong_name_is_told_and_not_saved(page):
    former = page.path.read_bytes()
    rows(page).first.dblclick()
    name = page.get_by_label("Nama dalam data")
    name.fill("Nama Warga")
    expect(page.locator("#fault-name")).to_contain_text("huruf kecil")
    expect(name).to_have_attribute("aria-invalid", "true")
    page.keyboard.press("Control+s")
    expect(page.get_by_role("alert")).to_contain_text("huruf kecil")
    name.fill("jk")
    expect(page.locator("#fault-name")).to_contain_text("sudah dipakai")
    name.fill("nama_warga")
    expect(page.locator("#fault-name")).to_be_empty()
    expect(page.get_by_role("alert")).to_be_hidden()
    assert page.path.read_bytes() == former


def test_a_wrong_value_is_where_the_cursor_goes(page):
    rows(page).nth(1).click()
    second = page.locator("#details tbody tr").nth(1).locator("[data-key=value]")
    second.fill("L")
    page.get_by_label("Nama dalam data").focus()
    page.keyboard.press("Control+s")
    expect(second).to_be_focused()
    page.keyboard.type("P p")
    for _ in range(3):
        page.keyboard.press("Escape")
    expect(second).to_be_hidden()
    page.get_by_role("alert").get_by_role("button").click()
    expect(second).to_be_focused()
    page.keyboard.type("P")
    page.get_by_label("Label (Indonesia)", exact=True).fill(" ")
    page.keyboard.press("Control+s")
    expect(page.get_by_label("Label (Indonesia)", exact=True)).to_be_focused()


def test_the_title_is_changed(page):
    """It is in reach while no field is selected."""
    title = page.get_by_label("Judul formulir (Indonesia)")
    title.fill("")
    page.keyboard.press("Control+s")
    expect(page.get_by_role("alert")).to_contain_text("Judul belum diisi")
    expect(title).to_be_focused()
    page.keyboard.type("Survei kepuasan")
    expect(page.locator("h1")).to_contain_text("Survei kepuasan")
    save(page)
    assert (definition(page).title.id, definition(page).title.en) == (
        "Survei kepuasan",
        "Form of another office",
    )
    rows(page).first.click()
    expect(title).to_be_hidden()


def test_what_the_server_refuses_is_told_at_its_field(page, told):
    for left in (2, 1, 0):
        rows(page).first.click()
        page.keyboard.press("Delete")
        expect(rows(page)).to_have_count(left)
    page.keyboard.press("Control+s")
    expect(page.get_by_role("alert")).to_contain_text("Halaman 1: items masih kosong")
    told.remove(next(line for line in told if "422" in line))


def test_what_somebody_else_wrote_stays(page, told):
    rows(page).first.click()
    page.keyboard.press("Control+d")
    theirs = page.path.read_text().replace("label: Nama,", "label: Nama warga,")
    page.path.write_text(theirs)
    page.keyboard.press("Control+s")
    expect(page.get_by_role("dialog")).to_contain_text("sudah diubah")
    assert page.path.read_text() == theirs
    page.get_by_role("button", name="Muat ulang, buang perubahan saya").click()
    expect(rows(page).first).to_contain_text("Nama warga")
    told.remove(next(line for line in told if "409" in line))


def test_a_version_on_paper_becomes_the_next(page, told):
    (page.path.parent / RELEASES).write_text(f'{{"{page.path.name.split(".")[0]}": {{"1": "0"}}}}')
    page.reload()
    page.wait_for_selector("body[data-ready]")
    expect(page.locator("#frozen")).to_be_visible()
    field(page, "ttd").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Control+s")
    page.get_by_role("button", name="Simpan sebagai versi 2").click()
    page.wait_for_url("**/2/")
    raised = page.path.with_name(page.path.name.replace("v1", "v2"))
    assert load_definition(raised).field("ttd").at[0].y == 140.2
    assert definition(page).field("ttd").at[0].y == 140.0
    told.remove(next(line for line in told if "409" in line))


def test_leaving_unsaved_changes_asks_first(page):
    field(page, "ttd").focus()
    page.keyboard.press("ArrowDown")
    asked = []
    page.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.reload()
    assert asked == ["beforeunload"]


def test_nothing_is_cut_off_on_a_phone(page):
    page.set_viewport_size({"width": 375, "height": 812})
    field(page, "jk").focus()
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    expect(page.get_by_label("Nama dalam data")).to_be_visible()


def test_the_language_is_switched_and_back(page):
    row = rows(page).filter(has_text="jk").first
    expect(row).to_contain_text("Pilihan")
    page.get_by_role("button", name="English").click()
    expect(row).to_contain_text("Choice")
    expect(page.locator("h1")).to_contain_text("Form of another office")
    page.get_by_role("button", name="Indonesia").click()
    expect(page.locator("h1")).to_contain_text("Formulir kantor lain")


def test_every_control_has_a_name_and_the_keys_are_told(page):
    rows(page).nth(1).click()
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('input, select, button')]
            .filter(one => one.offsetParent && !one.labels?.length && !one.ariaLabel && !one.textContent.trim())
            .map(one => one.outerHTML)"""
    )
    assert nameless == []
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Tombol")).to_contain_text("geser 0,2 mm")


def test_nobody_else_gets_in(desk):
    address = urlsplit(desk.url)
    for path, headers, status in (
        ("/forms/kantor/1/", {}, 403),
        (address.path, {}, 403),
        ("/forms/kantor/1/", {"Host": "example.org"}, 400),
        ("/forms/kantor/1/", {"Host": f"localhost:{address.port}"}, 400),
    ):
        connection = HTTPConnection(address.netloc, timeout=PATIENCE / 1000)
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        assert (answer.status, "tidak berlaku lagi" in answer.read().decode()) == (status, True)
        connection.close()
