from django.apps import AppConfig


class WhatsappConfig(AppConfig):
    """Numbers: instances, their connection, pairing, service and webhooks."""

    name = "whatsapp"

    def ready(self) -> None:
        """Register the hooks into `centers`, and keep MazBot calls away from internal networks."""
        from whatsapp import registration
        from whatsapp.addresses import may_call
        from whatsapp.mazbot.sessions import guard_connections

        registration.connect()
        guard_connections(may_call)
