from django.apps import AppConfig


class DevstackConfig(AppConfig):
    """What only development and the demo need: commands and the page that moves the clock."""

    name = "devstack"
