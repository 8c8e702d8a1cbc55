"""What all pages share: the switch of language, and the words of a refusal."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from pipeline.language import LANGUAGES, Text
from pipeline.web.words import BROKEN, LANGUAGE_COOKIE, MISSING, REFUSED, STALE, language_of


@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """Keep the chosen language in a cookie and go back to the page."""
    back = request.POST.get("back", "/")
    safe = url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    response = redirect(back if safe else "/")
    if request.POST.get("language") in LANGUAGES:
        response.set_cookie(LANGUAGE_COOKIE, request.POST["language"], httponly=True, samesite="Strict")
    return response


def refused(request: HttpRequest, **_why: object) -> HttpResponse:
    """The page for whom the gate or Django refuses."""
    return notice(request, REFUSED, 403)


def misaddressed(request: HttpRequest, **_why: object) -> HttpResponse:
    """The page for a request under another name of this computer, or one that no page sends."""
    return notice(request, REFUSED, 400)


def missing(request: HttpRequest, **_why: object) -> HttpResponse:
    """The page for an address that leads nowhere."""
    return notice(request, MISSING, 404)


def stale(request: HttpRequest, **_why: object) -> HttpResponse:
    """The page for a request without this page's token."""
    return notice(request, STALE, 403)


def broken(request: HttpRequest) -> HttpResponse:
    """The page for what nobody expected."""
    return notice(request, BROKEN, 500)


def notice(request: HttpRequest, told: tuple[Text, Text], status: int) -> HttpResponse:
    """A page of one head and one sentence."""
    head, why = (text.said(language_of(request)) for text in told)
    return render(request, "web/notice.html", {"head": head, "why": why}, status=status)
