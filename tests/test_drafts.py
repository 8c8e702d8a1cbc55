"""Definitions written back: nothing lost on the way, nothing overwritten that should not be."""

import threading

import pytest
import yaml
from blanks_to_edit import draw, put_form
from forms_under_test import FORMS, definitions, form
from hypothesis import given, settings

from pipeline.errors import DefinitionError, UsageError
from pipeline.forms import drafts
from pipeline.forms.catalogue import load_form
from pipeline.forms.definition import FormDefinition, load_definition
from pipeline.forms.drafts import ChangedMeanwhileError, FrozenError, open_draft, save, save_as_next
from pipeline.forms.writing import as_tree, as_yaml


@pytest.fixture(scope="module")
def png(tmp_path_factory):
    return draw(tmp_path_factory.mktemp("blank"))


@pytest.fixture
def path(png, tmp_path):
    return put_form(tmp_path, png)


def opened(path):
    return open_draft([path.parent], "kantor")


def changed(draft, work):
    tree = as_tree(draft.definition)
    work(tree["pages"][0]["sections"][0]["items"])
    return FormDefinition.model_validate(tree)


def moved(items):
    items[2]["at"][0][0] += 1.25


def reworded(items):
    items[0]["label"] = {"id": "Nama lengkap", "en": "Full name"}


def renamed(items):
    items[0]["name"] = "nama_lengkap"


def read_back(text, tmp_path):
    path = tmp_path / "back.yaml"
    path.write_text(text, encoding="utf-8")
    return load_definition(path)


@pytest.mark.parametrize("name", FORMS)
def test_the_offices_forms_come_back_as_they_were(name, tmp_path):
    assert read_back(as_yaml(form(name).definition), tmp_path) == form(name).definition


@given(definition=definitions())
@settings(max_examples=20, deadline=None)
def test_any_definition_comes_back_as_it_was(definition, tmp_path_factory):
    assert read_back(as_yaml(definition), tmp_path_factory.mktemp("any")) == definition


def test_what_was_not_said_stays_unsaid(path):
    text = as_yaml(load_definition(path))
    assert yaml.load(text, yaml.BaseLoader).keys() == yaml.load(path.read_text(), yaml.BaseLoader).keys()
    assert "alpha" not in text
    assert "- signed_when_received: [jk, ttd]" in text


def test_a_save_replaces_the_file_and_keeps_the_former(path):
    former = path.read_bytes()
    draft = opened(path)
    save(draft, draft.stamp, changed(draft, moved), frozen=False)
    assert load_form(path).definition.field("ttd").at[0].x == 121.25
    assert path.with_name(path.name + drafts.BACKUP).read_bytes() == former
    assert sorted(one.name for one in path.parent.iterdir()) == [
        "kantor.v1-1.png",
        "kantor.v1.yaml",
        "kantor.v1.yaml.bak",
    ]


def test_the_words_at_the_head_of_the_file_stay(path):
    path.write_text("# Drafted from blank.pdf.\n# Second line\n" + path.read_text())
    draft = opened(path)
    save(draft, draft.stamp, changed(draft, moved), frozen=False)
    assert path.read_text().startswith("# Drafted from blank.pdf.\n# Second line\nform: kantor\n")


def test_a_save_that_breaks_leaves_the_file_whole(path, monkeypatch):
    former = path.read_bytes()
    draft = opened(path)
    monkeypatch.setattr(drafts.os, "fsync", lambda _handle: (_ for _ in ()).throw(OSError("disk")))
    with pytest.raises(OSError, match="disk"):
        save(draft, draft.stamp, changed(draft, moved), frozen=False)
    assert path.read_bytes() == former
    assert not list(path.parent.glob(".*"))


def test_what_somebody_else_wrote_is_not_overwritten(path):
    draft = opened(path)
    theirs = path.read_text().replace("label: Nama,", "label: Nama warga,")
    path.write_text(theirs)
    for attempt in (
        lambda: save(draft, draft.stamp, changed(draft, moved), frozen=False),
        lambda: save_as_next(draft, draft.stamp, changed(draft, moved)),
    ):
        with pytest.raises(ChangedMeanwhileError):
            attempt()
    assert path.read_text() == theirs


def test_of_two_at_the_same_moment_one_is_refused(path):
    draft = opened(path)
    told = []

    def attempt(work):
        try:
            save(draft, draft.stamp, changed(draft, work), frozen=False)
            told.append("saved")
        except ChangedMeanwhileError:
            told.append("refused")

    threads = [threading.Thread(target=attempt, args=(work,)) for work in (moved, reworded)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["refused", "saved"]


def test_a_version_on_paper_may_be_reworded_but_not_moved(path):
    draft = opened(path)
    former = path.read_bytes()
    for work, told in ((moved, "letak isiannya.*versi 2"), (renamed, "nama, jenis, dan pilihan.*versi 2")):
        with pytest.raises(FrozenError, match=told):
            save(draft, draft.stamp, changed(draft, work), frozen=True)
    assert path.read_bytes() == former
    save(draft, draft.stamp, changed(draft, reworded), frozen=True)
    assert load_definition(path).field("nama").label.en == "Full name"


def revalued(items):
    items[1]["choices"][0]["value"], items[1]["choices"][1]["value"] = "setuju", "tidak_setuju"


def test_a_choice_on_paper_keeps_its_value_and_means_what_it_was_changed_to(path):
    """Sheets that were read before hold the former value, and shall enter the register with the others."""
    draft = opened(path)
    for _ in range(2):
        save(draft, draft.stamp, changed(draft, revalued), frozen=True)
        choices = load_definition(path).field("jk").choices
        assert [(one.value, one.means) for one in choices] == [("L", "setuju"), ("P", "tidak_setuju")]
        draft = opened(path)
    with pytest.raises(FrozenError, match="versi 2"):
        save(draft, draft.stamp, changed(draft, lambda items: items[1]["choices"].pop()), frozen=True)
    target = save_as_next(draft, draft.stamp, changed(draft, lambda items: [moved(items), revalued(items)]))
    assert [one.value for one in load_definition(target).field("jk").choices] == ["setuju", "tidak_setuju"]


def test_the_next_version_has_its_own_files(path):
    draft = opened(path)
    former = path.read_bytes()
    target = save_as_next(draft, draft.stamp, changed(draft, moved))
    new = load_form(target)
    assert new.key == ("kantor", 2)
    assert new.blanks == load_form(path).blanks
    assert new.definition.blank[0].file == "kantor.v2-1.png"
    assert path.read_bytes() == former
    again = opened(path)
    assert (again.path, again.next) == (target, 3)


def test_nothing_in_the_way_is_overwritten(path):
    draft = opened(path)
    in_the_way = path.with_name("kantor.v2-1.png")
    in_the_way.write_bytes(b"mine")
    with pytest.raises(UsageError, match=r"kantor\.v2-1\.png"):
        save_as_next(draft, draft.stamp, changed(draft, moved))
    assert in_the_way.read_bytes() == b"mine"
    assert not path.with_name("kantor.v2.yaml").exists()


@pytest.mark.parametrize("change", [{"code": "LAI-01"}, {"version": 2}, {"form": "lain"}])
def test_a_form_does_not_become_another(path, change):
    draft = opened(path)
    other = draft.definition.model_copy(update=change)
    with pytest.raises(DefinitionError):
        save(draft, draft.stamp, other, frozen=False)


def test_a_form_of_our_own_has_no_boxes_to_move(path):
    from pipeline.forms.catalogue import default_directories

    with pytest.raises(UsageError, match="dibuat oleh program"):
        open_draft(default_directories(path.parents[1]), "pendataan")
    with pytest.raises(UsageError, match="tidak_ada tidak dikenal"):
        open_draft([path.parent], "tidak_ada")


def test_what_other_programs_leave_beside_a_form_is_not_opened(path):
    (path.parent / "._kantor.v1.yaml").write_bytes(b"\0kantor")
    (path.parent / ".#kantor.v1.yml").symlink_to("somebody@computer.1")
    assert opened(path).path == path
