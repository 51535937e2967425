from django.apps import AppConfig


class CentersConfig(AppConfig):
    """WHO: resellers, centers, people."""

    name = "centers"

    def ready(self) -> None:
        from centers import registration
        from centers.tenancy import sign_in_log
        from centers.web import account_events

        sign_in_log.connect()
        account_events.connect()
        registration.connect()
