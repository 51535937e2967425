"""What the pages of an invoice show about paying it."""

from dataclasses import dataclass
from typing import Any

from billing.documents.qr import picture_url
from billing.gateways.accounts import usable_gateways
from billing.gateways.links import open_link_of
from billing.invoice_links import printed_url
from billing.models import Invoice
from centers import clock
from centers.models import Reseller


@dataclass(frozen=True, slots=True)
class PayCode:
    """The link that is printed on the document, too, and its QR code as the address of a picture."""

    url: str
    picture: str


def paying(invoice: Invoice, reseller: Reseller) -> dict[str, Any]:
    """Context of an invoice's page: the `gateways` it can be paid at, and the link that is open."""
    if invoice.is_credit_note or invoice.open_amount <= 0:
        return {"gateways": []}
    gateways = usable_gateways(reseller)
    return {"gateways": gateways, "pay_link": open_link_of(invoice, clock.now()) if gateways else None}


def pay_code(invoice: Invoice, reseller: Reseller, gateways: list[Any]) -> PayCode | None:
    """The way to pay for someone without an account; None if nothing is open, or no way to pay is known."""
    if invoice.is_credit_note or invoice.open_amount <= 0 or not (gateways or reseller.payment_instructions):
        return None
    url = printed_url(invoice)
    return PayCode(url, picture_url(url))
