from django.apps import AppConfig


class CentersConfig(AppConfig):
    """WHO: resellers, centers, people."""

    name = "centers"

    def ready(self) -> None:
        from centers import account_events, signin_log

        signin_log.connect()
        account_events.connect()
