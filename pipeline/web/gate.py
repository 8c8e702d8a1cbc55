"""Who may come in: only the browser that opened the one-time address of this run.

A port of 127.0.0.1 is open to every user of the computer, so that the address alone must not be enough twice:
its token is taken at the first visit and answered with a cookie.
"""

import secrets
from collections.abc import Callable
from threading import Lock
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from pipeline.web.pages import refused

GATE: Final = "sotarsa.gate"
"""Under this name the server hands its gate to each request (`request.META`)."""

_ENTRANCE: Final = "/masuk/"
_OPEN: Final = "/static/"
"""What may be seen without the key: it is the same everywhere, and a refusal needs it to look like one."""
_COOKIE: Final = "sotarsa_{port}"


class Gate:
    """The one-time token of a run of the server, and the key that it is changed for."""

    def __init__(self) -> None:
        self._token: str | None = secrets.token_urlsafe(32)
        self._key = secrets.token_urlsafe(32)
        self._lock = Lock()

    def address(self, goal: str) -> str:
        """The path to open first; it leads on to `goal`.

        Raises:
            ValueError: the token was taken already.
        """
        if self._token is None:
            raise ValueError("the token is gone")
        return f"{_ENTRANCE}{self._token}{goal}"

    def admit(self, token: str) -> str | None:
        """The key for a token, once; None for a wrong or used one."""
        with self._lock:
            if self._token is None or not secrets.compare_digest(token.encode(), self._token.encode()):
                return None
            self._token = None
        return self._key

    def knows(self, key: str) -> bool:
        """Whether this is the key."""
        return secrets.compare_digest(key.encode(), self._key.encode())


class GateMiddleware:
    """Lets nobody but the admitted browser reach a view."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the admitted, admit whoever brings the token, refuse everybody else."""
        gate: Gate = request.META[GATE]
        cookie = _COOKIE.format(port=request.get_port())
        inside = gate.knows(request.COOKIES.get(cookie, ""))
        if not request.path.startswith(_ENTRANCE):
            return (
                self._get_response(request) if inside or request.path.startswith(_OPEN) else refused(request)
            )
        token, slash, rest = request.path.removeprefix(_ENTRANCE).partition("/")
        key = gate.admit(token)
        if key is None and not inside:
            return refused(request)
        response = redirect(f"/{rest.lstrip('/')}" if slash else "/")
        if key is not None:
            # Lax, because the visit begins in a local file: with Strict the browser would hold the cookie back.
            response.set_cookie(cookie, key, httponly=True, samesite="Lax")
        return response
