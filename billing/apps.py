from django.apps import AppConfig


class BillingConfig(AppConfig):
    """MONEY: rates, margins, usage, invoices, payments, dunning."""

    name = "billing"

    def ready(self) -> None:
        """Ask for the balance right before a number is switched off for non-payment."""
        from billing.suspensions import may_disable
        from whatsapp.reconciling import register_guard

        register_guard(may_disable)
