"""What all pages share: the switch of language, and the words of a refusal."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from pipeline.web.words import LANGUAGE_COOKIE


@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """Keep the chosen language in a cookie and go back to the page."""
    back = request.POST.get("back", "/")
    safe = url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    response = redirect(back if safe else "/")
    if request.POST.get("language") in ("id", "en"):
        response.set_cookie(LANGUAGE_COOKIE, request.POST["language"], httponly=True, samesite="Strict")
    return response


def forbidden(request: HttpRequest, **_why: object) -> HttpResponse:
    """The page for whom the gate or Django refuses."""
    return render(request, "web/refused.html", status=403)


def missing(request: HttpRequest, **_why: object) -> HttpResponse:
    """The page for an address that leads nowhere."""
    return render(request, "web/missing.html", status=404)


def stale(request: HttpRequest, **_why: object) -> HttpResponse:
    """The page for a request without this page's token."""
    return render(request, "web/stale.html", status=403)
