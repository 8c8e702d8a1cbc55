"""The register as a Django app."""

from django.apps import AppConfig


class RegisterConfig(AppConfig):
    """People, households, programmes and what was done for them."""

    name = "pipeline.register"
    label = "register"
