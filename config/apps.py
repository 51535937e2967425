from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """Commands and pages that need every app at once."""

    name = "config"
