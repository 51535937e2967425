from django.apps import AppConfig


class BillingConfig(AppConfig):
    """MONEY: rates, margins, usage, invoices, payments, dunning."""

    name = "billing"
