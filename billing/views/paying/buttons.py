"""What the pages of an invoice show about paying it at a gateway."""

from typing import Any

from billing.gateways.accounts import usable_gateways
from billing.gateways.links import open_link_of
from billing.models import Invoice
from centers import clock
from centers.models import Reseller


def paying(invoice: Invoice, reseller: Reseller) -> dict[str, Any]:
    """Context of an invoice's page: the `gateways` it can be paid at, and the link that is open."""
    if invoice.is_credit_note or invoice.open_amount <= 0:
        return {"gateways": []}
    gateways = usable_gateways(reseller)
    return {"gateways": gateways, "pay_link": open_link_of(invoice, clock.now()) if gateways else None}
