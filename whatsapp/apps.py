from django.apps import AppConfig


class WhatsappConfig(AppConfig):
    """NUMBERS: instances, their connection, pairing, service and webhooks."""

    name = "whatsapp"

    def ready(self) -> None:
        """Hang on to the life of centers, the Jobs page and the search; keep MazBot calls outside our network."""
        from whatsapp import registration
        from whatsapp.addresses import may_call
        from whatsapp.mazbot.sessions import guard_connections

        registration.connect()
        guard_connections(may_call)
