from django.apps import AppConfig


class DevstackConfig(AppConfig):
    """For development and the demo only: commands and the page that moves the clock."""

    name = "devstack"
