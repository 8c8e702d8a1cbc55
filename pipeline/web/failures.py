"""What nobody expected goes into the office's log, with where it came from."""

import logging
from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse

_LOG: Final = logging.getLogger(__name__)


class FailuresMiddleware:
    """Logs the exceptions of views; the answer to them is Django's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer."""
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        """Log an exception that a view let through."""
        _LOG.error("%s %s", request.method, request.path, exc_info=exception)
