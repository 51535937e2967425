from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """Commands and pages that need all apps."""

    name = "config"

    def ready(self) -> None:
        """Registers the system checks, and our Celery application in every process, also the web server."""
        from config import celery, checks  # noqa: F401
