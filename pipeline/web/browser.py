"""The browser of this desktop: the one outside program of the room."""

import os
import sys
import tempfile
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path

_PAGE = '<!doctype html><meta charset="utf-8"><title>Sotarsa</title><meta http-equiv="refresh" content="0; url={url}">'


@contextmanager
def opened(url: str, folder: Path) -> Iterator[bool]:
    """Open an address in the browser; whether there is one.

    The command line of a program is seen by all users of a computer, so the browser is given a file that only
    this user can read and that leads on to the address; it is gone when the block ends.
    """
    if not has_desktop():
        yield False
        return
    handle, name = tempfile.mkstemp(prefix="sotarsa-", suffix=".html", dir=folder)
    path = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as page:
            page.write(_PAGE.format(url=escape(url)))
        yield webbrowser.open(path.as_uri())
    finally:
        path.unlink(missing_ok=True)


def has_desktop() -> bool:
    """Whether a window can open; without one, `webbrowser` would start a text browser in this very terminal."""
    return sys.platform in ("darwin", "win32") or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
