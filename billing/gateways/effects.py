"""What a verified report of a gateway does: a payment once, a flag for staff, or nothing."""

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import translation

from billing.gateways.flagging import flag
from billing.ledger import lock
from billing.models import FlaggedPayment, Gateway, GatewayEvent, Invoice, Payment, PaymentLink
from billing.payments import record_payment
from billing.payments.references import recorded_with
from billing.periods import today
from centers.errors import OperationRefused
from centers.models import Center

Kind, Outcome, Why = GatewayEvent.Kind, GatewayEvent.Outcome, FlaggedPayment.Why
State = PaymentLink.State


def process(event_id: int, now: datetime) -> GatewayEvent:
    """Process one stored event, once: a second process finds it done. Needs the tenant's scope."""
    with transaction.atomic():
        event: GatewayEvent = (
            GatewayEvent.objects.select_for_update(of=("self",))
            .select_related("gateway", "reseller")
            .get(pk=event_id)
        )
        if event.processed_at is not None:
            return event
        event.outcome = _effect(event, now)
        event.processed_at = now
        event.save(update_fields=["outcome", "processed_at", "payment"])
    return event


def link_of(event: GatewayEvent) -> PaymentLink | None:
    """The link that an event names, by our key or by the gateway's id."""
    if not event.link_key:
        return None
    rows = PaymentLink.objects.filter(gateway_id=event.gateway_id)
    return rows.filter(Q(key=event.link_key) | Q(external_id=event.link_key)).select_related("center").first()


def _effect(event: GatewayEvent, now: datetime) -> GatewayEvent.Outcome:
    if event.kind == Kind.PAID:
        return (
            _reported_by_us(event, now)
            if event.gateway.provider == Gateway.Provider.HOOK
            else _paid(event, now)
        )
    if event.kind == Kind.RETURNED:
        return _returned(event, now)
    if event.kind == Kind.ENDED and (link := link_of(event)) is not None:
        PaymentLink.objects.filter(pk=link.pk, state__in=[State.CREATING, State.READY]).update(
            state=State.OVER, ask_at=None
        )
    return Outcome.NOTHING


def _paid(event: GatewayEvent, now: datetime) -> GatewayEvent.Outcome:
    """A link was paid. The amount and currency must be the link's, and its invoice, if it has one, still open."""
    found = link_of(event)
    if found is None:
        flag(event, Why.UNKNOWN_LINK, now)
        return Outcome.FLAGGED
    center = lock(found.center)
    link = PaymentLink.objects.select_for_update(of=("self",)).select_related("invoice").get(pk=found.pk)
    if _known_already(event):
        return Outcome.NOTHING
    why = _problem(event, link)
    if why is not None:
        flag(event, why, now, link=link, center=center)
        return Outcome.FLAGGED
    outcome = _recorded(
        event,
        center,
        now,
        link=link,
        settles=[link.invoice_id] if link.invoice_id else [],
        received_on=today(center.reseller, now),
    )
    if outcome == Outcome.RECORDED:
        link.state, link.payment, link.ask_at = State.USED, event.payment, None
        link.save(update_fields=["state", "payment", "ask_at"])
    return outcome


def _problem(event: GatewayEvent, link: PaymentLink) -> FlaggedPayment.Why | None:
    if event.currency != link.currency:
        return Why.CURRENCY
    if event.amount != link.amount:
        return Why.AMOUNT
    if link.payment_id is not None:
        return Why.TWICE
    return _not_open(link.invoice) if link.invoice is not None else None


def _not_open(invoice: Invoice) -> FlaggedPayment.Why | None:
    if invoice.voided_at is not None:
        return Why.VOID
    return Why.NOTHING_OPEN if invoice.open_amount <= 0 else None


def _reported_by_us(event: GatewayEvent, now: datetime) -> GatewayEvent.Outcome:
    """The reseller's own systems report a payment of a center, perhaps for an invoice."""
    details = event.details
    invoice = Invoice.objects.filter(number=details.get("invoice") or "", kind=Invoice.Kind.INVOICE).first()
    named = Center.objects.filter(pk=details["center"]).first() if details.get("center") else None
    center_id = invoice.center_id if invoice else None
    if (details.get("invoice") and invoice is None) or (details.get("center") and named is None):
        center_id = None
    elif named is not None:
        center_id = named.pk if center_id in (None, named.pk) else None
    center = Center.objects.select_related("reseller").filter(pk=center_id or 0).first()
    if center is None:
        flag(event, Why.NO_CENTER, now)
        return Outcome.FLAGGED
    center = lock(center)
    if _known_already(event):
        return Outcome.NOTHING
    if invoice is not None:
        invoice.refresh_from_db(fields=["open_amount", "voided_at"])
        if (why := _not_open(invoice)) is not None:
            flag(event, why, now, center=center)
            return Outcome.FLAGGED
    day = details.get("received_on")
    return _recorded(
        event,
        center,
        now,
        settles=[invoice.pk] if invoice else [],
        received_on=date.fromisoformat(day) if day else today(center.reseller, now),
        method=details.get("method") or Payment.Method.GATEWAY,
        note=details.get("note") or "",
    )


def _recorded(
    event: GatewayEvent, center: Center, now: datetime, *, link: PaymentLink | None = None, **fields: Any
) -> GatewayEvent.Outcome:
    """Record the payment, or flag why that is refused."""
    values = {"method": Payment.Method.GATEWAY, **fields}
    if event.amount is None:
        flag(event, Why.AMOUNT, now, link=link, center=center)
        return Outcome.FLAGGED
    try:
        # A refusal is kept, for staff.
        with translation.override(event.reseller.language):
            event.payment = record_payment(
                center=center,
                amount=event.amount,
                currency=event.currency,
                reference=event.transaction[:80],
                by=None,
                now=now,
                **values,
            )
    except OperationRefused as refusal:
        flag(event, Why.REFUSED, now, link=link, center=center, problem=refusal.message)
        return Outcome.FLAGGED
    return Outcome.RECORDED


def _known_already(event: GatewayEvent) -> bool:
    """Whether this transaction was recorded before; the event then names that payment."""
    earlier = recorded_with(event.reseller_id, event.transaction[:80])
    if earlier is not None:
        event.payment = earlier
    return earlier is not None


def _returned(event: GatewayEvent, now: datetime) -> GatewayEvent.Outcome:
    payment = recorded_with(event.reseller_id, event.transaction[:80])
    link = link_of(event)
    center = payment.center if payment else link.center if link else None
    flag(event, Why.RETURNED, now, link=link, center=center, payment=payment)
    return Outcome.FLAGGED
