"""The addresses of the room."""

from typing import Final

from django.conf import settings
from django.urls import path
from django.views.static import serve

from pipeline.web import edit, pages

_FORM: Final = "forms/<str:form>/<int:version>"

urlpatterns: Final = [
    path("bahasa/", pages.choose_language, name="language"),
    path(f"{_FORM}/", edit.page, name="edit"),
    path(f"{_FORM}/draft", edit.draft, name="draft"),
    path(f"{_FORM}/blank/<int:number>.png", edit.blank, name="blank"),
    path("static/<path:path>", serve, {"document_root": settings.STATIC_ROOT}),
]
handler400: Final = pages.misaddressed
handler403: Final = pages.refused
handler404: Final = pages.missing
handler500: Final = pages.broken
