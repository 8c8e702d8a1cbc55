"""Whose data stay in the office, whatever other forms say: a refusal stands until its own head takes it back."""

import pytest
from builders import FAMILY, correct, imported, sheet
from forms_under_test import catalogue

from pipeline.errors import UsageError

pytestmark = pytest.mark.usefixtures("store")

HEAD = {
    "desa": FAMILY["desa"],
    "nama": FAMILY["nama"],
    "nik": FAMILY["nik"],
    "tanggal_pendataan": "2026-12-01",
    "persetujuan": "tidak_setuju",
}
"""A withdrawal as people write it: who, and no; nothing of the family."""
WIFE = {
    "desa": FAMILY["desa"],
    "nama": "WULANDARI",
    "nik": FAMILY["anggota.nik", 1],
    "kk": FAMILY["kk"],
    "tanggal_pendataan": "2026-11-01",
    "nomor_hp": "081100000001",
    "persetujuan": "tidak_setuju",
}


def leaving():
    """The names of people, and the family cards, that would leave the office; what is printed is the same."""
    from pipeline.register import exports
    from pipeline.register.roster import roster_rows

    names = {row["name"] for row in exports.people(catalogue())}
    try:
        listed = {row["name"] for page in roster_rows(catalogue(), "2005", "PKH", 12) for row in page}
    except UsageError:
        listed = set()
    assert listed <= names
    return names, {row["kk"] for row in exports.households(catalogue())}


def test_an_export_tells_who_consented_who_refused_and_who_was_never_asked():
    from pipeline.register.exports import people

    sheet(WIFE)
    sheet(FAMILY)
    roster = {"desa": "2005", "tanggal_penyaluran": "2026-11-20", "program": "CBP"}
    alone = {("tambahan.nama", 1): "JUMRI", ("tambahan.nik", 1): "6311020101809001"}
    sheet(roster | alone | {("tambahan.status", 1): "hadir"}, "penyaluran")
    imported()
    told = {row["name"]: row["consent"] for row in people(catalogue())}
    assert told == {"SARKANI": "setuju", "JUMRI": None}
    everybody = {row["name"]: row["consent"] for row in people(catalogue(), refused=True)}
    assert everybody == told | {"WULANDARI": "tidak_setuju"}


def test_who_consents_leaves():
    sheet(FAMILY)
    report = imported()
    assert leaving() == ({"SARKANI", "WULANDARI"}, {FAMILY["kk"]})
    assert not report.questions


def test_a_withdrawal_without_the_family_card_holds_for_the_family():
    sheet(FAMILY)
    imported()
    withdrawal = sheet(HEAD)
    report = imported()
    assert leaving() == (set(), set())
    found = {(one.kind, one.name, one.serial) for one in report.questions}
    assert found == {("consent", "WULANDARI", withdrawal.serial)}


def test_a_withdrawal_with_last_years_date_holds():
    sheet(FAMILY)
    imported()
    sheet(FAMILY | {"tanggal_pendataan": "2025-12-01", "persetujuan": "tidak_setuju"})
    report = imported()
    assert leaving() == (set(), set())
    assert "consent" in {one.kind for one in report.questions}


def test_nobody_else_consents_for_who_refused():
    sheet(WIFE)
    imported()
    sheet(FAMILY)
    report = imported()
    assert leaving()[0] == {"SARKANI"}
    assert ("consent", "WULANDARI") in {(one.kind, one.name) for one in report.questions}


@pytest.mark.parametrize(
    ("refusal", "left"),
    [
        (FAMILY | {"tanggal_pendataan": "2026-12-01", "persetujuan": "tidak_setuju"}, set()),
        (WIFE, {"SARKANI"}),
    ],
)
def test_a_withdrawal_counts_before_the_rest_of_its_form_is_looked_at(refusal, left):
    sheet(FAMILY)
    imported()
    sheet(refusal, open_fields=("alamat",))
    imported()
    assert leaving()[0] == left


def test_who_was_only_listed_may_consent_alone():
    sheet(FAMILY)
    sheet(HEAD)
    imported()
    sheet(WIFE | {"tanggal_pendataan": "2027-01-05", "kk": "6311022308239998", "persetujuan": "setuju"})
    imported()
    assert leaving() == ({"WULANDARI"}, {"6311022308239998"})


def test_a_refusal_that_was_a_misreading_ends_with_its_correction():
    made = sheet(FAMILY | {"persetujuan": "tidak_setuju"})
    imported()
    assert leaving() == (set(), set())
    correct(made, "persetujuan", "setuju")
    imported()
    assert leaving()[0] == {"SARKANI", "WULANDARI"}


@pytest.mark.parametrize("field", ["persetujuan", "nik", "tanggal_pendataan"])
def test_who_refused_may_consent_later(field):
    sheet(FAMILY)
    sheet(HEAD)
    imported()
    consenting = FAMILY | {"tanggal_pendataan": "2027-02-01"}
    again = sheet(consenting, open_fields=(field,))
    imported()
    assert leaving() == (set(), set()), "what waits for a person does not consent"
    correct(again, field, consenting[field])
    imported()
    assert leaving()[0] == {"SARKANI", "WULANDARI"}


def test_a_late_scan_of_an_older_consent_takes_no_refusal_back():
    sheet(HEAD)
    sheet(FAMILY)
    imported()
    assert leaving() == (set(), set())


@pytest.fixture
def in_other_words(monkeypatch):
    """The office's form as others might have printed it: who refuses ticks a word of their own."""
    import builders

    from pipeline.forms.catalogue import Catalogue, Form
    from pipeline.forms.definition import FormDefinition
    from pipeline.forms.writing import as_tree

    form = catalogue().get("pendataan")
    tree = as_tree(form.definition)
    fields = {
        item["name"]: item
        for page in tree["pages"]
        for part in page["sections"]
        for item in part["items"]
        if "name" in item
    }
    fields["persetujuan"]["choices"][1] |= {"value": "menolak", "means": "tidak_setuju"}
    fields["status_rumah"]["choices"][0]["means"] = "setuju"
    fields["status_rumah"]["choices"][1]["means"] = "tidak_setuju"
    tree["register"].insert(1, {"entity": "household", "map": {"rt": "rt", "consent": "status_rumah"}})
    changed = Form(FormDefinition.model_validate(tree), form.layout, form.fingerprint)
    forms = Catalogue([changed])
    monkeypatch.setattr(builders, "catalogue", lambda: forms)
    monkeypatch.setitem(globals(), "catalogue", lambda: forms)


def test_a_refusal_in_other_words_counts_as_what_it_means(in_other_words):
    from pipeline.register.models import Household

    sheet(FAMILY | {"persetujuan": "menolak"})
    imported()
    assert Household.objects.get(kk=FAMILY["kk"]).consent == "tidak_setuju"
    assert leaving() == (set(), set())


def test_a_refusal_in_other_words_counts_before_the_rest_of_its_form_is_looked_at(in_other_words):
    sheet(FAMILY)
    imported()
    sheet(HEAD | {"persetujuan": "menolak"}, open_fields=("alamat",))
    assert leaving() == (set(), set())


@pytest.mark.parametrize(("first", "second"), [("menolak", "milik"), ("setuju", "sewa")])
def test_where_a_form_asks_twice_one_refusal_is_one(in_other_words, first, second):
    sheet(FAMILY | {"persetujuan": first, "status_rumah": second})
    imported()
    assert leaving() == (set(), set())
