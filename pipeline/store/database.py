"""From a database URL to Django's description of it."""

from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from pipeline.errors import UsageError
from pipeline.language import Text

SQLITE_FILE: Final = "sotarsa.sqlite3"
BUSY_SECONDS: Final = 30
"""How long a writer waits for another before the store counts as locked."""

_PRAGMAS: Final = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-32000;"
_POSTGRES: Final = ("postgres", "postgresql")
_FORM: Final = Text(
    "SOTARSA_DATABASE_URL harus berbentuk sqlite:///BERKAS atau postgresql://AKUN@SERVER/NAMA; "
    "tanda / : @ # [ di dalam kata sandinya ditulis %2F %3A %40 %23 %5B.",
    "SOTARSA_DATABASE_URL must look like sqlite:///FILE or postgresql://ACCOUNT@SERVER/NAME; "
    "/ : @ # [ in its password are written %2F %3A %40 %23 %5B.",
)


def database(url: str, home: Path) -> dict[str, Any]:
    """Django's `DATABASES` entry for a URL; an empty one means SQLite in the home.

    Raises:
        UsageError: the URL names neither SQLite nor PostgreSQL; it may hold a password and is not repeated.
    """
    if not url:
        return _sqlite(home / SQLITE_FILE)
    try:
        found = _named(url)
    except ValueError:
        found = None
    if found is None:
        raise UsageError(_FORM)
    return found


def _named(url: str) -> dict[str, Any] | None:
    """The entry for a URL, None where it is of another kind.

    Raises:
        ValueError: its port is no number, or it is no URL at all.
    """
    parts = urlsplit(url)
    if parts.scheme == "sqlite" and parts.path.strip("/"):
        return _sqlite(Path(unquote(parts.path[1:])))
    if parts.scheme in _POSTGRES and parts.path.strip("/"):
        options = dict(parse_qsl(parts.query))
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.strip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": options.pop("host", unquote(parts.hostname or "")),
            "PORT": str(parts.port or options.pop("port", "")),
            "OPTIONS": options,
        }
    return None


def _sqlite(path: Path) -> dict[str, Any]:
    options = {"timeout": BUSY_SECONDS, "transaction_mode": "IMMEDIATE", "init_command": _PRAGMAS}
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path), "OPTIONS": options}
