"""Moyasar's invoices, by its HTTP interface: https://docs.moyasar.com/api/invoices/01-create-invoice."""

import hmac
from collections.abc import Mapping
from typing import Any

from billing.gateways.contract import Access, Forged, GatewayError, Kind, Malformed, Order, Page, Report
from billing.gateways.minor_units import to_minor
from billing.gateways.reading import currency_of, inner, read_object, text, units
from centers.outbound.requesting import Answer, RequestFailed, send
from centers.stored_messages import StoredMessage as _

BASE = "https://api.moyasar.com/v1"
TRIES = 3
LEAST = 100  # smallest units, by Moyasar's documentation
KEY = "markaz_link"  # of our metadata

_PAID = ("payment_paid", "payment_captured")
_RETURNED = ("payment_refunded", "payment_voided")
_ENDED = ("expired", "canceled", "voided")


class Moyasar:
    """Invoices of Moyasar, each with a page to pay on."""

    def create(self, access: Access, order: Order) -> Page:
        amount = to_minor(order.amount, order.currency)
        if amount < LEAST:
            raise GatewayError(_("Moyasar doesn't accept amounts this small."))
        answer = _call(
            access,
            "POST",
            "/invoices",
            json={
                "amount": amount,
                "currency": order.currency,
                "description": order.description,
                "success_url": order.success_url,
                "back_url": order.back_url,
                "expired_at": order.expires_at.isoformat(),
                "metadata": {KEY: order.key},
            },
        )
        found = _object(answer)
        return Page(text(found, "id"), str(found.get("url") or "")[:2000])

    def ask(self, access: Access, external_id: str) -> Report | None:
        found = _object(_call(access, "GET", f"/invoices/{external_id}"))
        status = text(found, "status")
        if status == "paid":
            payments = found.get("payments")
            rows = [row for row in payments if isinstance(row, dict)] if isinstance(payments, list) else []
            paid = next((row for row in rows if text(row, "status") in ("paid", "captured")), None)
            # What was paid is compared, not what was asked for.
            about = (
                found
                if paid is None
                else {**paid, "metadata": found.get("metadata"), "invoice_id": external_id}
            )
            return _report(about, Kind.PAID, event_id=f"asked:{external_id}", what="asked", link=external_id)
        if status in _ENDED:
            return Report(f"asked:{external_id}", Kind.ENDED, "asked", link_key=external_id)
        return None

    def close(self, access: Access, external_id: str) -> None:
        _call(access, "PUT", f"/invoices/{external_id}/cancel")

    def test(self, access: Access) -> None:
        _call(access, "GET", "/invoices")

    def read(self, access: Access, headers: Mapping[str, str], body: bytes) -> Report:
        try:
            event = read_object(body)
        except Malformed as error:
            raise Forged from error  # its secret stands in the body
        _verify(access, event)
        event_id, what, about = text(event, "id"), text(event, "type"), inner(event, "data")
        if not event_id:
            raise Malformed("the event has no id")
        kind = Kind.PAID if what in _PAID else Kind.RETURNED if what in _RETURNED else Kind.OTHER
        return _report(about, kind, event_id=event_id, what=what, link=text(about, "invoice_id"))


def _report(payment: dict[str, Any], kind: Kind, *, event_id: str, what: str, link: str) -> Report:
    currency = currency_of(payment)
    refunded = kind == Kind.RETURNED and payment.get("refunded")
    return Report(
        event_id,
        kind,
        what[:80],
        link_key=text(inner(payment, "metadata"), KEY) or link,
        transaction=text(payment, "id"),
        amount=units(payment, "refunded" if refunded else "amount", currency),
        currency=currency,
    )


def _verify(access: Access, event: dict[str, Any]) -> None:
    """Moyasar sends the secret token within the body, over TLS: https://docs.moyasar.com/webhook-reference."""
    given = event.get("secret_token")
    if not isinstance(given, str):
        raise Forged
    token = given.encode(errors="replace")
    matches = [hmac.compare_digest(token, secret.encode()) for secret in access.secrets if secret]
    if not any(matches):
        raise Forged


def _call(access: Access, method: str, path: str, **content: Any) -> Answer:
    """One call. It is repeated only if it surely did not arrive, because Moyasar has no idempotency keys."""
    for left in reversed(range(TRIES)):
        try:
            answer = send(
                method, (access.base_url or BASE).rstrip("/") + path, auth=(access.api_key, ""), **content
            )
        except RequestFailed as failure:
            if failure.blocked or failure.unsure or not left:
                raise GatewayError(failure.reason, passing=not failure.blocked) from failure
            continue
        return _accepted(answer)
    raise AssertionError("unreachable")


def _accepted(answer: Answer) -> Answer:
    if answer.status in (401, 403):
        raise GatewayError(_("Moyasar refused the secret key. Copy it again from Moyasar's dashboard."))
    if answer.status == 429 or answer.status >= 500:
        raise GatewayError(_("Moyasar can't be reached at the moment. Try again in a minute."), passing=True)
    if not 200 <= answer.status < 300:
        raise GatewayError(_("Moyasar refused the request: %(reason)s") % {"reason": answer.text[:200]})
    return answer


def _object(answer: Answer) -> dict[str, Any]:
    try:
        return read_object(answer.body)
    except Malformed as error:
        raise GatewayError(_("Moyasar's answer can't be read."), passing=True) from error
