from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """Commands and pages that need every app at once."""

    name = "config"

    def ready(self) -> None:
        """Tasks are sent through our Celery application in every process, also in the web server; checks are known."""
        from config import celery, checks  # noqa: F401
