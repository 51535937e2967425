"""Events in the shape and with the signatures of Stripe and Moyasar, and their delivery."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import Any

import requests

from .books import Account, Books, Order, new_id

_TIMEOUT_SECONDS = 10


def paid_event(
    order: Order, account: Account, *, units: int | None = None, currency: str = ""
) -> dict[str, Any]:
    """What the gateway says once an order was paid; `units` and `currency` override the true ones."""
    amount, code = order.units if units is None else units, currency or order.currency
    if order.provider == "stripe":
        session = session_document(order) | {
            "amount_total": amount,
            "currency": code.lower(),
            "payment_status": "paid",
            "status": "complete",
        }
        return _stripe_event("checkout.session.completed", session)
    payment = payment_document(order) | {"amount": amount, "currency": code, "status": "paid"}
    return _moyasar_event("payment_paid", payment, account)


def failed_event(order: Order, account: Account) -> dict[str, Any]:
    """A card was refused; the order can still be paid."""
    if order.provider == "stripe":
        return _stripe_event(
            "payment_intent.payment_failed", {"object": "payment_intent", "id": new_id("pi_")}
        )
    return _moyasar_event("payment_failed", payment_document(order) | {"status": "failed"}, account)


def returned_event(order: Order, account: Account) -> dict[str, Any]:
    """The merchant returned the money."""
    if order.provider == "stripe":
        charge = {
            "object": "charge",
            "id": new_id("ch_"),
            "payment_intent": order.payment_id,
            "amount": order.units,
            "amount_refunded": order.units,
            "currency": order.currency.lower(),
            "metadata": order.metadata,
        }
        return _stripe_event("charge.refunded", charge)
    payment = payment_document(order) | {"status": "refunded", "refunded": order.units}
    return _moyasar_event("payment_refunded", payment, account)


def session_document(order: Order) -> dict[str, Any]:
    """A checkout session, as far as anyone reads it: https://docs.stripe.com/api/checkout/sessions/object."""
    states = {"open": ("open", "unpaid"), "paid": ("complete", "paid"), "expired": ("expired", "unpaid")}
    status, payment_status = states[order.status]
    return {
        "id": order.id,
        "object": "checkout.session",
        "amount_total": order.units,
        "currency": order.currency.lower(),
        "client_reference_id": order.reference,
        "metadata": order.metadata,
        "mode": "payment",
        "payment_intent": order.payment_id or None,
        "payment_status": payment_status,
        "status": status,
        "success_url": order.success_url,
        "cancel_url": order.back_url,
    }


def payment_document(order: Order) -> dict[str, Any]:
    """A payment of Moyasar: https://docs.moyasar.com/payment-object."""
    return {
        "id": order.payment_id or new_id(""),
        "status": "paid" if order.status == "paid" else "initiated",
        "amount": order.units,
        "fee": 0,
        "currency": order.currency,
        "refunded": 0,
        "description": order.description,
        "invoice_id": order.id,
        "metadata": order.metadata,
    }


def signed(
    event: dict[str, Any], account: Account, *, at: int | None = None, secret: str = ""
) -> tuple[bytes, dict[str, str]]:
    """Body and headers. `secret` overrides the true one, as a forger would have to; `at` is when it was signed."""
    key = secret or account.secret
    headers = {"Content-Type": "application/json"}
    if account.provider == "moyasar":
        event = event | {"secret_token": key}
        return json.dumps(event).encode(), headers
    body = json.dumps(event).encode()
    moment = int(time.time()) if at is None else at
    digest = hmac.new(key.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return body, headers | {"Stripe-Signature": f"t={moment},v1={digest}"}


class Postbox:
    """Delivers events and remembers what was answered."""

    def __init__(self, books: Books) -> None:
        self._books = books

    def send(self, order: Order, event: dict[str, Any], *, forged: bool = False, copies: int = 1) -> None:
        """Deliver an event to the merchant of the order."""
        account = self._books.accounts[order.api_key]
        for _each in range(copies):
            body, headers = signed(event, account, secret="a-forgers-guess" if forged else "")
            self._books.delivered(
                {"event": event["id"], "type": event["type"], **self._post(account, body, headers)}
            )

    def _post(self, account: Account, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
        if not account.callback_url:
            return {"status": 0, "answer": "no address to send callbacks to"}
        try:
            with requests.Session() as session:
                session.trust_env = False
                answer = session.post(
                    account.callback_url,
                    data=body,
                    headers=headers,
                    timeout=_TIMEOUT_SECONDS,
                    allow_redirects=False,
                )
        except requests.RequestException as error:
            return {"status": 0, "answer": type(error).__name__}
        return {"status": answer.status_code, "answer": answer.text[:200]}


def _stripe_event(kind: str, about: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": new_id("evt_"),
        "object": "event",
        "type": kind,
        "created": int(time.time()),
        "livemode": False,
        "data": {"object": about},
    }


def _moyasar_event(kind: str, payment: dict[str, Any], account: Account) -> dict[str, Any]:
    return {
        "id": new_id("evt"),
        "type": kind,
        "created_at": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
        "account_name": "Demo",
        "live": False,
        "data": payment,
    }
