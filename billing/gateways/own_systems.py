"""The signed endpoint for a reseller's own systems (Standard Webhooks): https://www.standardwebhooks.com."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from billing.gateways.contract import Access, Forged, GatewayError, Kind, Malformed, Order, Page, Report
from billing.gateways.reading import currency_of, read_object, text
from billing.models import Payment
from centers.stored_messages import StoredMessage as _

_LONGEST_NOTE = 300
_NAMES = ("webhook-id", "webhook-timestamp", "webhook-signature")


class OwnSystems:
    """Reports payments; has no page to pay on."""

    def create(self, access: Access, order: Order) -> Page:
        raise _no_page()

    def ask(self, access: Access, external_id: str) -> Report | None:
        raise _no_page()

    def close(self, access: Access, external_id: str) -> None:
        raise _no_page()

    def test(self, access: Access) -> None:
        raise _no_page()

    def read(self, access: Access, headers: Mapping[str, str], body: bytes) -> Report:
        given = {name: headers.get(name, "") for name in _NAMES}
        _verify(access, given, body)
        document = read_object(body)
        reference = text(document, "reference")
        if not reference:
            raise Malformed("reference: a text of 1 to 80 characters is missing")
        currency = currency_of(document)
        if not currency:
            raise Malformed("currency: a code of three letters is missing")
        return Report(
            given["webhook-id"][:120],
            Kind.PAID,
            "payment",
            transaction=reference,
            amount=_amount(document),
            currency=currency,
            details=_details(document),
        )


def _details(document: dict[str, Any]) -> dict[str, Any]:
    center, invoice = document.get("center"), text(document, "invoice")
    if not invoice and (not isinstance(center, int) or isinstance(center, bool)):
        raise Malformed("center or invoice: the id of a center or the number of an invoice is missing")
    method = text(document, "method") or Payment.Method.GATEWAY
    if method not in Payment.Method.values:
        raise Malformed(f"method: one of {', '.join(Payment.Method.values)}")
    day = text(document, "received_on")
    try:
        received_on = date.fromisoformat(day).isoformat() if day else ""
    except ValueError as error:
        raise Malformed("received_on: a day such as 2026-11-29") from error
    note = document.get("note")
    return {
        "center": center if isinstance(center, int) and 0 < center < 2**63 else None,
        "invoice": invoice,
        "method": str(method),
        "received_on": received_on,
        "note": note[:_LONGEST_NOTE] if isinstance(note, str) and note.isprintable() else "",
    }


def _amount(document: dict[str, Any]) -> Decimal:
    """Written as a text, so that no program's floating point numbers come between."""
    given = document.get("amount")
    try:
        amount = Decimal(given) if isinstance(given, str) and len(given) <= 20 else None
    except InvalidOperation:
        amount = None
    if amount is None or not amount.is_finite() or not 0 < amount < 10**13 or round(amount, 4) != amount:
        raise Malformed('amount: a text such as "12.500" is missing')
    return amount


def _verify(access: Access, headers: dict[str, str], body: bytes) -> None:
    if not all(headers.values()):
        raise Forged
    for secret in filter(None, access.secrets):
        try:
            Webhook(secret).verify(body, headers, json_parse=False)
        except (WebhookVerificationError, ValueError):
            continue
        return
    raise Forged


def _no_page() -> GatewayError:
    return GatewayError(_("Your own systems report payments; there is no page to pay on."))
