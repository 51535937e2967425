from django.apps import AppConfig


class CentersConfig(AppConfig):
    """WHO: resellers, centers, people."""

    name = "centers"
