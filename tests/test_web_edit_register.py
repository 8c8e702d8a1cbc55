"""The page for editing says what goes into the register: offered by type, kept without loss, put right where wrong."""

import pytest
from blanks_to_edit import REGISTER, put_form
from playwright.sync_api import Page, expect
from test_web_edit import definition, desk, field, page, rows, save, told  # noqa: F401

from pipeline.forms.definition import load_definition


@pytest.fixture
def mapped(desk, page) -> Page:  # noqa: F811
    """The page of a form that says something to the register."""
    put_form(desk.home, desk.png, page.path.name.split(".")[0], "UJI-01", REGISTER)
    page.reload()
    page.wait_for_selector("body[data-ready]")
    return page


def goes(page: Page, number: int = 0):  # noqa: F811
    return page.locator("#goes select").nth(number)


def register(page: Page) -> list[dict]:  # noqa: F811
    """What the saved definition says to the register."""
    return [entry.model_dump(exclude_unset=True) for entry in definition(page).register_]


def options(select, only: str = "option:not(:disabled)") -> list[str]:
    return [text for text in select.locator(only).all_inner_texts() if " · " in text]


def test_what_fits_a_field_is_offered_and_what_was_chosen_saved(page):  # noqa: F811
    expect(page.locator("#goes-nowhere")).to_contain_text("Belum ada isian yang masuk daftar")
    rows(page).first.click()
    names = ["Nama · Orang", "Nama penerima · Penyaluran", "Narasumber · Sosialisasi"]
    assert options(goes(page)) == names
    goes(page).select_option(label="Nama · Orang")
    expect(rows(page).first).to_contain_text("→ Nama")
    expect(page.locator("#goes select")).to_have_count(1)
    rows(page).nth(1).click()
    goes(page).select_option(label="Jenis kelamin · Orang")
    expect(page.locator("#hint-goes")).to_contain_text("L, P")
    save(page)
    assert register(page) == [{"entity": "person", "map": {"name": "nama", "sex": "jk"}}]
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    save(page)
    assert register(page) == []
    assert "register" not in page.path.read_text()


def test_keys_choose_too(page):  # noqa: F811
    field(page, "nama").focus()
    page.keyboard.press("Enter")
    for _ in range(2):
        page.keyboard.press("Tab")
    expect(goes(page)).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    expect(goes(page)).to_be_focused()
    page.keyboard.press("Escape")
    expect(field(page, "nama")).to_be_focused()
    save(page)
    assert register(page) == [{"entity": "person", "map": {"name": "nama"}}]


def test_what_is_there_survives_what_is_changed_beside_it(mapped):
    former = definition(mapped).register_
    rows(mapped).nth(2).dblclick()
    mapped.get_by_label("Nama dalam data").fill("paraf")
    save(mapped)
    assert definition(mapped).register_ == former
    rows(mapped).nth(1).click()
    expect(mapped.locator("#goes select")).to_have_count(4)
    goes(mapped, 1).select_option("")
    rows(mapped).first.click()
    goes(mapped).select_option("")
    goes(mapped).select_option(label="Nama · Orang")
    rows(mapped).first.dblclick()
    mapped.get_by_label("Nama dalam data").fill("nama_warga")
    save(mapped)
    household, person = register(mapped)
    assert household == former[0].model_dump(exclude_unset=True)
    assert person["map"] == {"facts.kelamin": "jk", "name": "nama_warga"}
    assert person["constants"] == {"relation": "01", "facts.sumber": "kantor"}


def test_one_thing_is_said_by_one_field(mapped):
    field(mapped, "nama").focus()
    mapped.keyboard.press("Control+d")
    taken = options(goes(mapped), "option:disabled")
    assert taken == ["Nama · Orang (sudah dari nama)"]
    goes(mapped).select_option(label="Nama · Orang lain di lembar ini")
    save(mapped)
    assert [entry["map"].get("name") for entry in register(mapped)] == [None, "nama", "nama_2"]


def test_what_is_deleted_says_nothing_any_more(mapped):
    field(mapped, "jk").focus()
    mapped.keyboard.press("Delete")
    save(mapped)
    assert [entry["map"] for entry in register(mapped)] == [{"name": "nama"}]
    assert not definition(mapped).rules


def test_what_a_choice_means_stays_until_it_has_another_value(mapped):
    path = mapped.path
    path.write_text(path.read_text().replace("value: L,", "value: pria, means: L,"), encoding="utf-8")
    mapped.reload()
    mapped.wait_for_selector("body[data-ready]")
    rows(mapped).nth(1).click()
    mapped.locator("#details tbody [data-key=id]").first.fill("Pria")
    save(mapped)
    assert [(one.value, one.means) for one in definition(mapped).field("jk").choices] == [
        ("pria", "L"),
        ("P", None),
    ]
    mapped.locator("#details tbody [data-key=value]").first.fill("L")
    save(mapped)
    assert [(one.value, one.means) for one in definition(mapped).field("jk").choices] == [
        ("L", None),
        ("P", None),
    ]


def test_nobody_to_enter_is_told_at_the_field(page, told):  # noqa: F811
    rows(page).nth(1).click()
    goes(page).select_option(label="Jenis kelamin · Orang")
    page.keyboard.press("Control+s")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("jk: Orang baru masuk daftar bila ada isian yang menjadi NIK atau Nama")
    expect(page.locator("#fault-goes")).to_contain_text("NIK atau Nama")
    rows(page).first.click()
    expect(page.locator("#fault-goes")).to_be_empty()
    alert.get_by_role("button").click()
    expect(goes(page)).to_be_focused()
    expect(goes(page)).to_have_attribute("aria-invalid", "true")
    rows(page).first.click()
    goes(page).select_option(label="Nama · Orang")
    save(page)
    expect(alert).to_be_hidden()
    told.remove(next(line for line in told if "422" in line))


def test_a_type_that_no_longer_fits_is_told_at_the_field(mapped, told):  # noqa: F811
    rows(mapped).first.click()
    mapped.locator("[name=type]").select_option("place")
    expect(goes(mapped).locator("option:checked")).to_have_text("Nama")
    mapped.keyboard.press("Control+s")
    expect(mapped.locator("#fault-goes")).to_contain_text("name harus Nama orang atau Huruf dan angka")
    told.remove(next(line for line in told if "422" in line))


def test_a_field_that_becomes_a_column_speaks_for_each_row(page):  # noqa: F811
    rows(page).first.click()
    goes(page).select_option(label="Nama · Orang")
    field(page, "nama").focus()
    page.keyboard.press("t")
    save(page)
    assert register(page) == [{"entity": "person", "table": "tabel_1", "map": {"name": "nama"}}]
    rows(page).nth(2).click()
    assert "Kode desa · Orang, di tiap baris tabel_1" in options(goes(page))


HEAD = {"desa": "village", "nik": "nik", "hari": "date", "kk": "kk", "bantuan": "choice"}
ROWS = {"nama": "name", "nik": "nik", "jk": "choice"}
STEPS = """async ({ head, columns, steps }) => {
  const { offers, assign, targets } = await import("/static/edit/register.js");
  const { opened, places, rename, remove, plain } = await import("/static/edit/document.js");
  const part = (type) => (type === "choice" ? { choices: [] } : { at: [[1, 1, 5, 5]] });
  const fields = (told) => Object.entries(told).map(([name, type]) => ({ name, type, label: name, ...part(type) }));
  const table = { table: "anggota", rows: 2, columns: fields(columns) };
  const doc = opened({ title: {}, pages: [{ sections: [{ items: [...fields(head), table] }] }] });
  const fullName = ({ item, table }) => (table ? `${table.name}.${item.name}` : item.name);
  const words = (key, { table = "" } = {}) => `${key} ${table}`.trim();
  for (const [name, what, more] of steps) {
    const place = [...places(doc)].find((one) => fullName(one) === name);
    if (what === "rename") rename(doc, place.item, more);
    else if (what === "remove") remove(doc, place.item._id);
    else if (what === "nothing") assign(doc, place, targets(doc, place)[0], null);
    else {
      const offered = offers(doc, place, words).find(({ label }) => label === what);
      assign(doc, place, null, offered.options.find(({ label }) => label === more).target);
    }
  }
  return plain(doc).register ?? [];
}"""
"""What a person does in the page to a form of these fields, by the page's own modules."""

NIK, MEMBER = ("nik", "Orang", "NIK"), ("anggota.nik", "Orang", "NIK")
VILLAGE, LISTED = ("desa", "Orang", "Kode desa"), ("anggota.nama", "Orang", "Nama")


@pytest.mark.parametrize(
    ("steps", "wanted"),
    [
        # People come after the family in which they live, whatever was chosen first.
        (
            [NIK, MEMBER, ("kk", "Keluarga", "Nomor KK")],
            [
                ("household", "", {"kk": "kk"}),
                ("person", "", {"nik": "nik"}),
                ("person", "anggota", {"nik": "nik"}),
            ],
        ),
        # What stands at the head of a list holds for its rows once they say who, and for the form again when not.
        ([VILLAGE, LISTED], [("person", "anggota", {"village": "desa", "name": "nama"})]),
        ([VILLAGE, LISTED, ("anggota.nama", "nothing")], [("person", "", {"village": "desa"})]),
        (
            [
                ("anggota.nama", "Penyaluran", "Nama penerima"),
                ("hari", "goes_rows anggota", "Tanggal penyaluran"),
            ],
            [("distribution", "anggota", {"name": "nama", "date": "hari"})],
        ),
        # Of one visit the participants are counted.
        (
            [
                ("hari", "Sosialisasi", "Tanggal kegiatan"),
                ("anggota.jk", "Sosialisasi", "Peserta, dihitung menurut jawaban ini"),
            ],
            [("visit", "anggota", {"date": "hari", "jk": "jk"})],
        ),
        # A field and a column of one name are told apart.
        (
            [NIK, MEMBER, ("nik", "rename", "nik_kepala")],
            [("person", "", {"nik": "nik_kepala"}), ("person", "anggota", {"nik": "nik"})],
        ),
        (
            [NIK, MEMBER, ("anggota", "rename", "warga"), ("warga.nik", "rename", "nomor")],
            [("person", "", {"nik": "nik"}), ("person", "warga", {"nik": "nomor"})],
        ),
        ([NIK, MEMBER, ("anggota", "remove")], [("person", "", {"nik": "nik"})]),
    ],
)
def test_entries_come_of_what_is_chosen(page, steps, wanted):  # noqa: F811
    made = page.evaluate(STEPS, {"head": HEAD, "columns": ROWS, "steps": steps})
    assert [(one["entity"], one.get("table", ""), one["map"]) for one in made] == wanted


def test_both_languages_and_a_phone(mapped):
    mapped.set_viewport_size({"width": 390, "height": 844})
    rows(mapped).nth(1).click()
    mapped.get_by_role("button", name="English").click()
    rows(mapped).nth(1).click()
    expect(mapped.get_by_label("Goes into the register as")).to_be_visible()
    assert "Sex · Person" in options(goes(mapped, 1), "option")
    assert mapped.evaluate("document.documentElement.scrollWidth") <= 390
    mapped.get_by_role("button", name="Indonesia").click()
    assert load_definition(mapped.path).register_
