"""Serving: the port, the door for the browser, and what is refused before anything is served."""

import socket

import pytest
from blanks_to_edit import draw, put_form
from typer.testing import CliRunner

from pipeline.cli.forms import app
from pipeline.errors import UsageError
from pipeline.web import browser


@pytest.fixture
def run(store, tmp_path):
    put_form(store, draw(tmp_path))
    return lambda *words: CliRunner().invoke(app, ["edit", *words])


def test_a_port_in_use_is_told(run):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = run("kantor", "--no-browser", "--port", str(port)).exception
    assert isinstance(told, UsageError)
    assert str(port) in str(told)


@pytest.mark.parametrize("form", ["pendataan", "tidak_ada"])
def test_what_cannot_be_edited_is_told(run, form):
    assert isinstance(run(form).exception, UsageError)


def test_the_browser_gets_a_file_that_only_this_user_can_read(tmp_path, monkeypatch):
    seen = []

    def look(address: str) -> bool:
        (path,) = tmp_path.iterdir()
        seen.append((address, path.stat().st_mode & 0o777, path.read_text()))
        return True

    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(browser.webbrowser, "open", look)
    with browser.opened("http://127.0.0.1:1/masuk/secret/?a=1&b=2", tmp_path) as there:
        assert there
    ((address, mode, page),) = seen
    assert address.startswith("file://")
    assert "secret" not in address
    assert mode == 0o600
    assert "url=http://127.0.0.1:1/masuk/secret/?a=1&amp;b=2" in page
    assert list(tmp_path.iterdir()) == []


def test_without_a_desktop_no_browser_is_started(tmp_path, monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(browser.webbrowser, "open", lambda _address: pytest.fail("started"))
    with browser.opened("http://127.0.0.1:1/", tmp_path) as there:
        assert not there
