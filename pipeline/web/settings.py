"""Django's settings of the pages in the browser: the store's, and what serving needs."""

import secrets
from pathlib import Path
from typing import Any, Final

from pipeline.store import settings as store

_HERE: Final = Path(__file__).parent

DATABASES: Final = store.DATABASES
INSTALLED_APPS: Final = store.INSTALLED_APPS
DEFAULT_AUTO_FIELD: Final = store.DEFAULT_AUTO_FIELD
USE_TZ: Final = store.USE_TZ
TIME_ZONE: Final = store.TIME_ZONE
LOGGING_CONFIG: Final = store.LOGGING_CONFIG

SECRET_KEY: Final = secrets.token_urlsafe(32)
DEBUG: Final = False
ALLOWED_HOSTS: Final = ["127.0.0.1"]
ROOT_URLCONF: Final = "pipeline.web.urls"
MIDDLEWARE: Final = [
    "django.middleware.security.SecurityMiddleware",
    "pipeline.web.headers.HeadersMiddleware",
    "django.middleware.common.CommonMiddleware",
    "pipeline.web.gate.GateMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "pipeline.web.failures.FailuresMiddleware",
]
TEMPLATES: Final[list[dict[str, Any]]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [_HERE / "templates"],
        "OPTIONS": {
            "context_processors": ["pipeline.web.words.spoken", "django.template.context_processors.csrf"]
        },
    }
]
STATIC_URL: Final = "/static/"
STATIC_ROOT: Final = _HERE / "static"

CSRF_COOKIE_NAME: Final = "sotarsa_csrf"
CSRF_COOKIE_HTTPONLY: Final = True
CSRF_COOKIE_SAMESITE: Final = "Strict"
CSRF_FAILURE_VIEW: Final = "pipeline.web.pages.stale"
SECURE_REFERRER_POLICY: Final = "same-origin"
APPEND_SLASH: Final = False
DATA_UPLOAD_MAX_MEMORY_SIZE: Final = 8 * 2**20
"""Bytes of one request; a definition of twelve full pages has less than 1 MB."""
