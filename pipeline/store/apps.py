"""The store as a Django app."""

from django.apps import AppConfig


class StoreConfig(AppConfig):
    """Scanned files, pages, readings and decisions."""

    name = "pipeline.store"
    label = "store"
