"""Resellers whose top-ups are invoiced."""

from billing.models import Invoice
from billing.tax.identity import save_tax_profile
from tests.billing.conftest import NOW, Shop


def choose(shop: Shop, top_ups: str, *, registered: bool = True) -> None:
    """What payments in advance get from now on."""
    save_tax_profile(
        reseller=shop.reseller,
        is_registered=registered,
        prices_include_tax=False,
        top_ups=top_ups,
        by=None,
        now=NOW,
    )


def advances() -> list[Invoice]:
    """All advance invoices, in the order of their numbers."""
    return list(Invoice.objects.filter(kind="advance").order_by("sequence"))
