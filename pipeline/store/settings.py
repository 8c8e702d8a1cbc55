"""Django's settings: the home and the database from the environment, and only the apps that are needed."""

from typing import Any, Final

from pipeline.settings import settings
from pipeline.store.database import database

_settings = settings()

DATABASES: Final[dict[str, Any]] = {"default": database(_settings.database_url, _settings.home)}
INSTALLED_APPS: Final = ["pipeline.store", "pipeline.register"]
DEFAULT_AUTO_FIELD: Final = "django.db.models.BigAutoField"
SECRET_KEY: Final = "unused: this process signs nothing"
USE_TZ: Final = True
TIME_ZONE: Final = "Asia/Makassar"
LOGGING_CONFIG: Final = None
