from django.apps import AppConfig


class BillingConfig(AppConfig):
    """Money: rates, margins, usage, invoices, payments, dunning."""

    name = "billing"

    def ready(self) -> None:
        """Register this app's hooks with `centers` and `whatsapp`."""
        from billing import registration

        registration.connect()
