from django.apps import AppConfig


class WhatsappConfig(AppConfig):
    """NUMBERS: instances, their connection, pairing, service and webhooks."""

    name = "whatsapp"
