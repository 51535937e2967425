from django.apps import AppConfig


class WhatsappConfig(AppConfig):
    """NUMBERS: instances, their connection, pairing, service and webhooks."""

    name = "whatsapp"

    def ready(self) -> None:
        """Hang on to the life of centers, the Jobs page and the search."""
        from whatsapp import hooks

        hooks.connect()
