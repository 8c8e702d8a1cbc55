"""Tables in the page for editing: shown, moved as one thing, given rows, named, made, and saved without loss."""

import re

import given_tables as table
import pytest
from playwright.sync_api import Page, expect
from test_web_edit import definition, desk, drag, field, page, rows, save, told  # noqa: F401

from pipeline.forms.definition import FormDefinition, load_definition

NAME = "keluarga"


@pytest.fixture
def tabled(desk, page) -> Page:  # noqa: F811
    """The page of a form that holds a table."""
    folder = desk.home / "forms"
    page.path.unlink()
    page.path = table.write_definition(folder)
    root = "/".join(desk.url.split("/")[:3])
    page.goto(f"{root}/forms/{NAME}/1/")
    page.wait_for_selector("body[data-ready]")
    return page


def tops(saved: FormDefinition, name: str = "anggota") -> list[float]:
    """The top of each row of a table, as its first column has it."""
    found = saved.table(name)
    return [round(found.columns[0].at[0].y + below, 2) for below in found.offsets]


def test_a_table_is_shown_in_all_its_rows_and_saved_without_loss(tabled) -> None:
    former = load_definition(tabled.path)
    expect(rows(tabled)).to_have_count(6)
    assert field(tabled, "umur").locator("rect").count() == len(table.AGE) * table.ROWS
    assert field(tabled, "anggota").locator("rect").count() == table.ROWS
    rows(tabled).first.dblclick()
    tabled.get_by_label("Nama dalam data").fill("hari")
    save(tabled)
    saved = definition(tabled)
    assert list(saved.tables()) == list(former.tables())
    assert saved.register_[0].map == {"date": "hari", "sex": "jk"}


def test_it_moves_as_one_thing(tabled) -> None:
    field(tabled, "anggota").focus()
    for _ in range(5):
        tabled.keyboard.press("ArrowDown")
    tabled.keyboard.press("ArrowRight")
    save(tabled)
    saved = definition(tabled)
    assert tops(saved) == [91.0 + row * table.PITCH for row in range(table.ROWS)]
    assert saved.field("anggota.ttd").at[0] == pytest.approx((150.2, 91, 40, 9.5))
    assert saved.table("anggota").pitch == table.PITCH


def test_its_rows_and_their_pitch_are_set(tabled) -> None:
    rows(tabled).nth(1).click()
    tabled.get_by_label("Banyaknya baris").fill("6")
    tabled.get_by_label("Jarak antarbaris").fill("10.25")
    tabled.keyboard.press("Tab")
    expect(field(tabled, "anggota")).to_have_attribute("aria-label", re.compile("6 baris"))
    save(tabled)
    assert tops(definition(tabled)) == [table.TOP + row * 10.25 for row in range(6)]


def test_one_row_is_moved_to_where_it_is_printed(tabled) -> None:
    field(tabled, "anggota").focus()
    for key in (".", ".", ".", "ArrowDown"):
        tabled.keyboard.press(key)
    save(tabled)
    saved = definition(tabled)
    assert saved.table("anggota").pitch is None
    assert tops(saved) == [90.0, 101.0, 112.2, 123.0]
    assert [one.y for one in saved.field("anggota.umur").at] == [90.0, 90.0]


def test_columns_are_moved_named_and_taken_out(tabled) -> None:
    rows(tabled).nth(3).dblclick()
    tabled.get_by_label("Nama dalam data").fill("kelamin")
    rows(tabled).nth(1).dblclick()
    tabled.get_by_label("Nama dalam data").fill("keluarga")
    field(tabled, "ttd").focus()
    tabled.keyboard.press("Delete")
    field(tabled, "umur").focus()
    tabled.keyboard.press("ArrowLeft")
    save(tabled)
    saved = definition(tabled)
    assert saved.table("keluarga").column_names == ("lahir", "kelamin", "umur")
    assert saved.field("keluarga.umur").at[0].x == 129.8
    assert (saved.register_[0].table, saved.register_[0].map["sex"]) == ("keluarga", "kelamin")


def test_a_field_becomes_a_table_and_what_is_drawn_its_next_column(page) -> None:  # noqa: F811
    field(page, "nama").focus()
    page.keyboard.press("t")
    expect(rows(page).first).to_contain_text("3 baris")
    page.keyboard.press("4")
    page.locator("#magnet").uncheck()
    drag(page, (120, 71), (150, 78))
    save(page)
    saved = definition(page)
    made = saved.table("tabel_1")
    assert (made.rows, made.pitch, made.column_names) == (3, 10.0, ("nama", "isian_1"))
    assert made.columns[1].at[0] == pytest.approx((120, 61, 30, 7), abs=0.3)


def test_what_the_server_refuses_is_told_at_its_column(tabled, told) -> None:  # noqa: F811
    rows(tabled).nth(1).click()
    tabled.get_by_label("Jarak antarbaris").fill("5")
    tabled.keyboard.press("Tab")
    tabled.keyboard.press("Control+s")
    expect(tabled.get_by_role("alert")).to_contain_text("lahir: ")
    expect(tabled.get_by_role("alert")).to_contain_text("saling menindih")
    told.remove(next(line for line in told if "422" in line))
