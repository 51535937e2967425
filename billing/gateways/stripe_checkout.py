"""Stripe Checkout, through Stripe's own library: https://docs.stripe.com/api/checkout/sessions."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from billing.gateways.contract import Access, Forged, GatewayError, Kind, Malformed, Order, Page, Report
from billing.gateways.minor_units import decimals, from_minor, to_minor
from billing.gateways.reading import currency_of, inner, read_object, text, units
from centers.outbound.addresses import may_connect
from centers.outbound.connections import deadline, guarded_session
from centers.stored_messages import StoredMessage
from centers.stored_messages import StoredMessage as _

CONNECT, READ, TOTAL = 5.0, 10.0, 25.0  # seconds; TOTAL is for all tries
RETRIES = 2
TOLERANCE = 300  # seconds that a callback may be old
#: Amounts that Stripe counts otherwise than ISO 4217 does: https://docs.stripe.com/currencies#special-cases
_TWO_DECIMALS = ("ISK", "UGX")
_WHOLE = ("MGA",)

_PAID = ("checkout.session.completed", "checkout.session.async_payment_succeeded")
_ENDED = ("checkout.session.expired", "checkout.session.async_payment_failed")
_RETURNED = ("charge.refunded", "charge.dispute.created")
KEY = "markaz_link"  # of our metadata


class StripeCheckout:
    """Sessions of Stripe Checkout in payment mode."""

    def create(self, access: Access, order: Order) -> Page:
        currency = order.currency.lower()
        params: Any = {
            "mode": "payment",
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": currency,
                        "unit_amount": _to_units(order.amount, order.currency),
                        "product_data": {"name": order.description},
                    },
                }
            ],
            "client_reference_id": order.key,
            "metadata": {KEY: order.key},
            "payment_intent_data": {"description": order.description, "metadata": {KEY: order.key}},
            # The invoice's currency and amount are what is compared; Stripe must not convert them.
            "adaptive_pricing": {"enabled": False},
            "success_url": order.success_url,
            "cancel_url": order.back_url,
            "expires_at": int(order.expires_at.timestamp()),
        }
        with _client(access) as client:
            session = _called(
                lambda: client.v1.checkout.sessions.create(params, {"idempotency_key": order.key})
            )
        return Page(str(session.id), str(session.url or ""))

    def ask(self, access: Access, external_id: str) -> Report | None:
        with _client(access) as client:
            session = _called(lambda: client.v1.checkout.sessions.retrieve(external_id))
        found = session.to_dict()
        if found.get("payment_status") == "paid":
            return _paid(found, event_id=f"asked:{text(found, 'id')}", what="asked")
        if found.get("status") == "expired":
            return Report(f"asked:{external_id}", Kind.ENDED, "asked", link_key=external_id)
        return None

    def close(self, access: Access, external_id: str) -> None:
        with _client(access) as client:
            _called(lambda: client.v1.checkout.sessions.expire(external_id))

    def test(self, access: Access) -> None:
        with _client(access) as client:
            _called(lambda: client.v1.checkout.sessions.list({"limit": 1}))

    def read(self, access: Access, headers: Mapping[str, str], body: bytes) -> Report:
        _verify(access, headers.get("Stripe-Signature", ""), body)
        event = read_object(body)
        event_id, what = text(event, "id"), text(event, "type")
        if not event_id:
            raise Malformed("the event has no id")
        about = inner(event, "data", "object")
        if what in _PAID and about.get("payment_status") == "paid":
            return _paid(about, event_id=event_id, what=what)
        if what in _ENDED:
            return Report(event_id, Kind.ENDED, what, link_key=_key_of(about))
        if what in _RETURNED:
            return _returned(about, event_id, what)
        return Report(event_id, Kind.OTHER, what[:80], link_key=_key_of(about))


def _paid(session: dict[str, Any], *, event_id: str, what: str) -> Report:
    currency = currency_of(session)
    return Report(
        event_id,
        Kind.PAID,
        what,
        link_key=_key_of(session),
        transaction=text(session, "payment_intent") or text(session, "id"),
        amount=_from_units(session, "amount_total", currency),
        currency=currency,
    )


def _returned(charge: dict[str, Any], event_id: str, what: str) -> Report:
    currency = currency_of(charge)
    name = "amount_refunded" if what == "charge.refunded" else "amount"
    return Report(
        event_id,
        Kind.RETURNED,
        what,
        link_key=text(inner(charge, "metadata"), KEY),
        transaction=text(charge, "payment_intent") or text(charge, "id"),
        amount=_from_units(charge, name, currency),
        currency=currency,
    )


def _key_of(session: dict[str, Any]) -> str:
    """Our key, which also finds a link whose creation we never heard the answer of; else Stripe's id."""
    return (
        text(inner(session, "metadata"), KEY) or text(session, "client_reference_id") or text(session, "id")
    )


def _to_units(amount: Decimal, currency: str) -> int:
    if currency in _TWO_DECIMALS:
        return to_minor(amount, currency) * 100
    if currency in _WHOLE:
        return to_minor(amount, currency, step=100) // 100
    # Stripe takes three-decimal currencies in tens of the smallest unit.
    return to_minor(amount, currency, step=10 if decimals(currency) == 3 else 1)


def _from_units(document: dict[str, Any], name: str, currency: str) -> Decimal | None:
    found = units(document, name, currency)
    if found is None or currency not in (*_TWO_DECIMALS, *_WHOLE):
        return found
    counted = int(document[name])
    return Decimal(counted).scaleb(-2) if currency in _TWO_DECIMALS else from_minor(counted * 100, currency)


def _verify(access: Access, header: str, body: bytes) -> None:
    import stripe

    for secret in filter(None, access.secrets):
        try:
            stripe.WebhookSignature.verify_header(body, header, secret, TOLERANCE)
        except (stripe.SignatureVerificationError, UnicodeDecodeError, TypeError):
            continue
        return
    raise Forged


@contextmanager
def _client(access: Access) -> Iterator[Any]:
    """Stripe's client on a connection that reaches public addresses only, and follows no redirect."""
    import stripe

    stripe.enable_telemetry = False
    with guarded_session(may_connect) as session, deadline(read=READ, total=TOTAL):
        session.max_redirects = 0
        yield stripe.StripeClient(
            access.api_key,
            base_addresses={"api": access.base_url.rstrip("/")} if access.base_url else None,
            http_client=stripe.RequestsClient(timeout=(CONNECT, READ), session=session),
            # It sends the same idempotency key again.
            max_network_retries=RETRIES,
        )


def _not_now() -> StoredMessage:
    return _("Stripe can't be reached at the moment. Try again in a minute.")


def _called(call: Callable[[], Any]) -> Any:
    import stripe

    try:
        return call()
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        raise GatewayError(
            _("Stripe refused the secret key. Copy it again from Stripe's dashboard.")
        ) from error
    except (stripe.APIConnectionError, stripe.RateLimitError) as error:
        raise GatewayError(_not_now(), passing=True) from error
    except stripe.StripeError as error:
        if (error.http_status or 0) >= 500:
            raise GatewayError(_not_now(), passing=True) from error
        said = str(error.user_message or "")[:200]
        raise GatewayError(
            _("Stripe refused the request: %(reason)s") % {"reason": said or error.http_status}
        ) from error
