"""The server of the pages: on this computer only, until Ctrl-C."""

import errno
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import create_server as open_socket
from socket import socket
from typing import TYPE_CHECKING, Final

from waitress.server import create_server

from pipeline.errors import UsageError
from pipeline.language import Text
from pipeline.store.setup import open_store

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

HOST: Final = "127.0.0.1"
SETTINGS: Final = "pipeline.web.settings"
_THREADS: Final = 4

_TAKEN: Final = Text(
    "Port {port} sedang dipakai. Pilih yang lain dengan --port, atau hilangkan pilihan itu.",
    "Port {port} is in use. Choose another with --port, or leave the option out.",
)


@dataclass(frozen=True, slots=True)
class Server:
    """A server that listens.

    Attributes:
        url: the one-time address to begin with.
        run: answers requests until Ctrl-C.
    """

    url: str
    run: Callable[[], None]


@contextmanager
def serving(home: Path, goal: str, port: int = 0) -> Iterator[Server]:
    """A server for the pages of a home; its port is open inside the block.

    Args:
        home: the office's folder.
        goal: path of the page to begin with.
        port: 0 for any that is free.

    Raises:
        UsageError: the port is taken.
        StoreError: the store refused.
    """
    open_store(home, SETTINGS)
    # Django's own messages are for developers; what fails is in the log (`pipeline.web.failures`).
    logging.getLogger("django").propagate = False
    logging.getLogger("django").addHandler(logging.NullHandler())
    # A browser opens more connections than a page needs threads.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    from django.core.wsgi import get_wsgi_application

    from pipeline.web.gate import GATE, Gate

    gate = Gate()
    django = get_wsgi_application()

    def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        return django({**environ, GATE: gate}, start_response)

    with _listening(port) as door:
        server = create_server(application, sockets=[door], threads=_THREADS, ident=None)
        try:
            yield Server(f"http://{HOST}:{door.getsockname()[1]}{gate.address(goal)}", server.run)
        finally:
            server.close()


def _listening(port: int) -> socket:
    try:
        return open_socket((HOST, port))
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        raise UsageError(_TAKEN.filled(port=port)) from error
