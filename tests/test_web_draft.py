"""The pages' data without a browser: who may come in, what is told, what is refused."""

import json
from pathlib import Path

import pytest
from blanks_to_edit import NAME, draw, put_form
from django.test import Client, override_settings

from pipeline.forms.definition import load_definition
from pipeline.forms.frozen import RELEASES
from pipeline.web import settings as web
from pipeline.web.gate import GATE, Gate

ADDRESS = "/forms/kantor/1/"


@pytest.fixture(scope="module")
def png(tmp_path_factory):
    return draw(tmp_path_factory.mktemp("blank"))


@pytest.fixture
def path(store, png) -> Path:
    return put_form(store, png)


@pytest.fixture
def gate(path):
    kept = {name: value for name, value in vars(web).items() if name.isupper() and name != "DATABASES"}
    with override_settings(**kept):
        yield Gate()


def browser(gate, **more) -> Client:
    return Client(enforce_csrf_checks=True, **{GATE: gate, "SERVER_NAME": "127.0.0.1", **more})


@pytest.fixture
def client(gate) -> Client:
    client = browser(gate)
    assert client.get(gate.address(ADDRESS)).headers["Location"] == ADDRESS
    return client


def told(client) -> dict:
    return client.get(f"{ADDRESS}draft").json()


def post(client, draft, token=None, **more):
    client.get(ADDRESS)
    body = {"definition": draft["definition"], "stamp": draft["stamp"], "as_next": False, **more}
    headers = {"X-CSRFToken": client.cookies["sotarsa_csrf"].value if token is None else token}
    return client.post(f"{ADDRESS}draft", json.dumps(body), content_type="application/json", headers=headers)


def items(draft) -> list[dict]:
    return draft["definition"]["pages"][0]["sections"][0]["items"]


@pytest.mark.parametrize("where", [ADDRESS, f"{ADDRESS}draft", f"{ADDRESS}blank/1.png", "/bahasa/", "/"])
def test_nobody_gets_in_without_the_token(gate, where):
    answer = browser(gate).get(where)
    assert answer.status_code == 403
    assert "kantor" not in answer.content.decode()


def test_the_address_is_good_for_one_browser_only(gate):
    address = gate.address(ADDRESS)
    first, second = browser(gate), browser(gate)
    assert first.get("/masuk/wrong/").status_code == 403
    assert first.get(address).status_code == 302
    assert second.get(address).status_code == 403
    assert first.get(address).status_code == 302
    cookie = first.cookies["sotarsa_80"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")


def test_a_refusal_looks_like_one_of_ours(gate):
    stranger = browser(gate)
    assert "/static/base.css" in stranger.get("/").content.decode()
    assert stranger.get("/static/base.css").status_code == 200
    assert stranger.get("/static/../edit.py").status_code == 400


def test_a_definition_that_broke_is_told(client, path):
    path.write_text(path.read_text().replace("version: 1", "version: 1\nwhat: 1"))
    for where in (ADDRESS, f"{ADDRESS}draft"):
        answer = client.get(where)
        assert answer.status_code == 422
        assert "what tidak dikenal" in answer.content.decode()


def test_the_way_in_leads_to_this_server_only(gate):
    address = gate.address("//example.org/")
    assert browser(gate).get(address).headers["Location"] == "/example.org/"


def test_another_host_is_refused(gate, client):
    client.defaults["SERVER_NAME"] = "example.org"
    assert client.get(ADDRESS).status_code == 400


def test_every_answer_keeps_the_browser_on_this_computer(gate, client):
    for answer in (client.get(ADDRESS), client.get(f"{ADDRESS}draft"), browser(gate).get(ADDRESS)):
        assert answer.headers["Cache-Control"] == "no-store"
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_post_of_another_page_is_refused(client, path):
    before = path.read_bytes()
    assert post(client, told(client), token="x" * 32).status_code == 403
    assert path.read_bytes() == before


def test_the_draft_says_all_that_the_page_needs(client):
    draft = told(client)
    assert (draft["form"], draft["version"], draft["frozen"]) == ("kantor", 1, False)
    assert draft["pages"] == [{"width": 210.0, "height": 297.0, "image": "blank/1.png"}]
    assert [tuple(box) for box in items(draft)[0]["at"]] == NAME
    assert items(draft)[1]["label"] == {"id": "Jenis kelamin", "en": "Sex"}
    kinds = {one["type"]: one["kind"] for one in draft["types"]}
    assert (kinds["nik"], kinds["choice"], kinds["signature"], kinds["line"]) == (
        "comb",
        "marks",
        "area",
        "line",
    )
    picture = client.get(f"{ADDRESS}blank/1.png")
    assert b"".join(picture.streaming_content).startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "where", ["/forms/kantor/2/", "/forms/pendataan/1/draft", f"{ADDRESS}blank/2.png", "/x"]
)
def test_what_is_not_there_is_not_found(client, where):
    assert client.get(where).status_code == 404


def test_a_change_is_saved_and_the_rest_stays(client, path):
    draft = told(client)
    items(draft)[0].update(name="nama_warga", at=[[x + 0.2, y, w, h] for x, y, w, h in NAME])
    items(draft)[1]["filled"] = True
    answer = post(client, draft)
    assert answer.status_code == 200, answer.content
    saved = load_definition(path)
    assert saved.field("nama_warga").at[0].x == 30.2
    assert saved.field("nama_warga").required
    assert saved.field("jk").filled
    assert saved.rules[0].fields == ("jk", "ttd")
    items(draft)[0]["name"] = "nama"
    assert post(client, {**draft, "stamp": answer.json()["stamp"]}).status_code == 200


@pytest.mark.parametrize(
    ("change", "at", "words"),
    [
        ({"name": "Nama Warga"}, ["name"], "name"),
        ({"type": "nik"}, ["at"], "16 kotak"),
        ({"type": "ktp"}, ["type"], "type"),
        ({"at": [[-1, 60, 6, 8]]}, ["at", 0], "negatif"),
        ({"at": [[205, 60, 6, 8]]}, [], "keluar dari halaman"),
        ({"nama": "x"}, ["nama"], "tidak dikenal"),
    ],
)
def test_a_fault_is_told_at_its_field(client, path, change, at, words):
    before = path.read_bytes()
    draft = told(client)
    items(draft)[0].update(change)
    answer = post(client, draft)
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["at"] == ["pages", 0, "sections", 0, "items", 0, *at]
    assert words in error["message"]
    assert path.read_bytes() == before


def test_what_the_register_cannot_keep_is_opened_told_and_mended(client, path):
    """It may have come with a newer program: the page is where an office mends it."""
    path.write_text(f"{path.read_text()}register:\n  - {{entity: person, map: {{nik: nama, name: nama}}}}\n")
    draft = told(client)
    answer = post(client, draft)
    assert answer.status_code == 422
    assert [one["at"] for one in answer.json()["errors"]] == [["register", 0, "map", "nik"]]
    del draft["definition"]["register"][0]["map"]["nik"]
    assert post(client, draft).status_code == 200
    assert load_definition(path).register_[0].map == {"name": "nama"}


def test_every_fault_is_told_at_once(client):
    draft = told(client)
    items(draft)[0]["name"], items(draft)[1]["name"] = "Nama", "Jk"
    assert [error["at"][5] for error in post(client, draft).json()["errors"]] == [0, 1]


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"stamp": 1}', b"\xff", b'{"definition": 3, "stamp": "", "as_next": 0}']
)
def test_what_the_page_never_sends_is_refused(client, path, body):
    before = path.read_bytes()
    client.get(ADDRESS)
    headers = {"X-CSRFToken": client.cookies["sotarsa_csrf"].value}
    answer = client.post(f"{ADDRESS}draft", body, content_type="application/json", headers=headers)
    assert answer.status_code == 422
    assert path.read_bytes() == before


def test_a_file_that_changed_meanwhile_is_left_alone(client, path):
    draft = told(client)
    theirs = path.read_text().replace("label: Nama,", "label: Nama warga,")
    path.write_text(theirs)
    answer = post(client, draft)
    assert answer.status_code == 409
    assert answer.json()["conflict"]
    assert path.read_text() == theirs


def issued(path):
    from pipeline.store.models import IssuedSheet

    IssuedSheet.objects.create(serial="KTR-0000-26-00001", form="kantor", version=1, village="0000")


def read(path):
    from pipeline.store.models import Sheet

    Sheet.objects.create(serial="KTR-0000-26-00001", form="kantor", version=1)


def released(path):
    (path.parent / RELEASES).write_text('{"kantor": {"1": "0"}}')


@pytest.mark.parametrize("use", [issued, read, released])
def test_a_version_in_use_is_saved_as_the_next(client, path, use):
    before = path.read_bytes()
    use(path)
    draft = told(client)
    assert draft["frozen"]
    items(draft)[2]["at"][0][1] += 2
    answer = post(client, draft)
    assert (answer.status_code, answer.json()["next"]) == (409, 2)
    assert answer.json()["frozen"]
    assert post(client, draft, as_next=True).json()["version"] == 2
    assert path.read_bytes() == before
    assert load_definition(path.with_name("kantor.v2.yaml")).field("ttd").at[0].y == 142
    assert not client.get("/forms/kantor/2/draft").json()["frozen"]


def test_what_nobody_expected_is_logged_and_told(client, monkeypatch):
    logged = []
    monkeypatch.setattr("pipeline.web.failures._LOG.error", lambda *_what, exc_info: logged.append(exc_info))
    monkeypatch.setattr("pipeline.web.edit.as_tree", lambda _definition: 1 / 0)
    client.raise_request_exception = False
    answer = client.get(f"{ADDRESS}draft")
    assert answer.status_code == 500
    assert "logs/sotarsa.log" in answer.content.decode()
    assert isinstance(logged[0], ZeroDivisionError)


def test_the_page_speaks_both_languages(client):
    assert 'lang="id"' in client.get(ADDRESS).content.decode()
    token = client.cookies["sotarsa_csrf"].value
    answer = client.post("/bahasa/", {"language": "en", "back": ADDRESS}, headers={"X-CSRFToken": token})
    assert answer.headers["Location"] == ADDRESS
    page = client.get(ADDRESS).content.decode()
    assert 'lang="en"' in page
    assert "Form of another office" in page
    draft = told(client)
    items(draft)[0]["name"] = "X"
    assert "form" in post(client, draft).json()["errors"][0]["message"]
    astray = client.post("/bahasa/", {"back": "//example.org"}, headers={"X-CSRFToken": token})
    assert astray.headers["Location"] == "/"
