from django.apps import AppConfig


class BillingConfig(AppConfig):
    """MONEY: rates, margins, usage, invoices, payments, dunning."""

    name = "billing"

    def ready(self) -> None:
        """Hang this room on to the ones to its left."""
        from billing import registration

        registration.connect()
