"""Homes and stores that the tests share."""

import os
import shutil
from pathlib import Path

import django
import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says how busy the computer is, not whether the program is right.
settings.register_profile("sotarsa", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("sotarsa")

os.environ["DJANGO_SETTINGS_MODULE"] = "pipeline.store.settings"
django.setup()

NOBODY = 65534
VARIABLES = (
    "SOTARSA_HOME",
    "SOTARSA_DATABASE_URL",
    "SOTARSA_LANG",
    "SOTARSA_JOBS",
    "SOTARSA_DEBUG",
    "SOTARSA_AUDIT_SHARE",
    "SOTARSA_READERS",
    "SOTARSA_LEARN",
)


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch):
    """No test sees, or leaves, a setting of the person who runs it."""
    for variable in VARIABLES:
        monkeypatch.setenv(variable, "")
        monkeypatch.delenv(variable)


@pytest.fixture(scope="session")
def _fresh_database(tmp_path_factory) -> Path:
    """A SQLite file with the newest tables and no rows."""
    from pipeline.store.setup import open_store

    home = tmp_path_factory.mktemp("fresh")
    before = dict(os.environ)
    os.environ.pop("SOTARSA_DATABASE_URL", None)
    open_store(home)
    os.environ.clear()
    os.environ.update(before)
    from django.db import connection

    connection.close()
    return home / "sotarsa.sqlite3"


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """An office's folder, named by `SOTARSA_HOME`, without a store yet."""
    monkeypatch.setenv("SOTARSA_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def store(home, _fresh_database):
    """The home with its store open; Django's models talk to it."""
    from pipeline.store.setup import open_store

    home.mkdir(mode=0o700)
    shutil.copy(_fresh_database, home)
    open_store(home)
    yield home
    from django.db import connection

    connection.close()


@pytest.fixture
def plain_account(tmp_path):
    """Locks hold for who runs the tests, even for root."""
    if os.geteuid() != 0:
        yield
        return
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_mode & 0o055 != 0o055:
            folder.chmod(folder.stat().st_mode | 0o055)
    os.seteuid(NOBODY)
    yield
    os.seteuid(0)
