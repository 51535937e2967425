from django.apps import AppConfig
from django.conf import settings
from django.db import connection


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
        if settings.DB_POOL:
            return_connections_while_waiting()


def return_connections_while_waiting() -> None:
    """Where threads share connections: none is held while its thread waits for MazBot."""
    from whatsapp.mazbot import release_before_waiting

    release_before_waiting(give_connection_back)


def give_connection_back() -> None:
    """Return this thread's database connection to the pool, unless a transaction needs it."""
    if not connection.in_atomic_block:
        connection.close()
