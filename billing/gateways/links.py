"""Links to pay an invoice: opened at a gateway when someone wants to pay, one for each invoice and gateway."""

from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from billing.gateways.accounts import access_of, adapter_of
from billing.gateways.contract import GatewayError, Order, Page
from billing.gateways.results import note_result
from billing.invoice_links import closed_since
from billing.ledger import lock
from billing.models import Gateway, Invoice, PaymentLink
from billing.money import exact_amount
from centers.errors import OperationRefused
from centers.models import Center, User
from centers.values.page_urls import page_url

State = PaymentLink.State
OPEN = (State.CREATING, State.READY)
#: Stripe allows 30 minutes to 24 hours.
LIFETIME = timedelta(hours=23)
#: A link that ends sooner than this is not handed out again.
SPARE = timedelta(hours=2)
FIRST_ASK = timedelta(minutes=2)


def link_to_pay(*, invoice: Invoice, gateway: Gateway, by: User | None, now: datetime) -> PaymentLink:
    """A link over what is open of the invoice, with its `url`: the one that is open, else a new one.

    Calls the gateway outside any transaction; a second call with the same link has no second effect. OperationRefused:
    nothing is open, the gateway isn't in use, can't take the amount, refuses, or doesn't answer.
    """
    link, replaced = _reserved(invoice, gateway, by, now)
    access = access_of(gateway, now)
    for old in replaced:
        with suppress(GatewayError):  # paid or expired in the meantime
            adapter_of(gateway).close(access, old.external_id)
    return _created(link, gateway, now)


def link_to_top_up(
    *, center: Center, amount: Decimal | str, gateway: Gateway, by: User | None, now: datetime
) -> PaymentLink:
    """A link over an amount that the center pays in advance, with its `url`; an open one over the same is used again.

    Refusals are those of link_to_pay(), and an amount that isn't one of the center's currency.
    """
    value = exact_amount(amount, center.currency)
    with transaction.atomic():
        center = lock(center)
        _check_in_use(gateway)
        same = PaymentLink.objects.filter(
            center=center,
            gateway=gateway,
            invoice=None,
            amount=value,
            currency=center.currency,
            state__in=OPEN,
        )
        link = same.filter(expires_at__gt=now + SPARE).first() or _new_link(
            center, gateway, (value, center.currency), by, now
        )
    return _created(link, gateway, now)


def _created(link: PaymentLink, gateway: Gateway, now: datetime) -> PaymentLink:
    """The link with its page, which the gateway opens if there is none."""
    if link.url:
        return link
    try:
        page = adapter_of(gateway).create(access_of(gateway, now), _order(link))
    except GatewayError as error:
        note_result(gateway, now, error)
        raise OperationRefused(error.reason) from error
    note_result(gateway, now)
    return _opened(link, gateway, page, now)


def open_link_of(invoice: Invoice, now: datetime) -> PaymentLink | None:
    """The link that is ready to pay the invoice, if one was opened."""
    rows = PaymentLink.objects.filter(invoice=invoice, state=State.READY, expires_at__gt=now + SPARE)
    return rows.filter(amount=invoice.open_amount).select_related("gateway").first()


def close_pages(*, invoice: Invoice, now: datetime) -> None:
    """Close the pages at gateways that were opened to pay the invoice. Calls gateways outside any transaction."""
    with transaction.atomic():
        lock(invoice.center)
        rows = list(PaymentLink.objects.filter(invoice=invoice, state__in=OPEN).select_related("gateway"))
        PaymentLink.objects.filter(pk__in=[row.pk for row in rows]).update(state=State.OVER)
    for row in rows:
        if row.external_id:
            with suppress(GatewayError, OperationRefused):  # paid or expired in the meantime, or turned off
                adapter_of(row.gateway).close(access_of(row.gateway, now), row.external_id)


def _reserved(
    invoice: Invoice, gateway: Gateway, by: User | None, now: datetime
) -> tuple[PaymentLink, list[PaymentLink]]:
    """The open link or a new row for one, and those that it replaces. Two who click at once get the same row."""
    with transaction.atomic():
        center = lock(invoice.center)
        invoice = Invoice.objects.get(pk=invoice.pk)
        if invoice.is_credit_note or invoice.open_amount <= 0:
            raise OperationRefused(_("Nothing is left to pay of %(number)s.") % {"number": invoice.number})
        _check_in_use(gateway)
        rows = list(PaymentLink.objects.filter(invoice=invoice, gateway=gateway, state__in=OPEN))
        for row in rows:
            is_same = row.amount == invoice.open_amount and row.expires_at > now + SPARE
            if is_same and not closed_since(invoice, row.created_at):  # a closed one leads back to no page
                return row, []
        PaymentLink.objects.filter(pk__in=[row.pk for row in rows]).update(state=State.OVER)
        link = _new_link(center, gateway, (invoice.open_amount, invoice.currency), by, now, invoice=invoice)
    return link, [row for row in rows if row.external_id]


def _check_in_use(gateway: Gateway) -> None:
    if not gateway.is_active or not gateway.api_key:
        raise OperationRefused(_("Payments with %(gateway)s are turned off.") % {"gateway": gateway})


def _new_link(
    center: Center,
    gateway: Gateway,
    money: tuple[Decimal, str],
    by: User | None,
    now: datetime,
    **fields: Any,
) -> PaymentLink:
    """A row for a link over an amount in a currency, that no gateway knows of yet."""
    amount, currency = money
    link: PaymentLink = PaymentLink.objects.create(
        reseller_id=center.reseller_id,
        center=center,
        gateway=gateway,
        key=str(uuid4()),
        amount=amount,
        currency=currency,
        state=State.CREATING,
        created_at=now,
        created_by=by,
        expires_at=now + LIFETIME,
        **fields,
    )
    return link


def _order(link: PaymentLink) -> Order:
    invoice = link.invoice
    # The same for everyone who opens the link: the key of one order always goes with the same addresses.
    back = page_url("payment_return", link.key)
    with translation.override(link.center.language):
        description = (
            _("Invoice %(number)s") % {"number": invoice.number}
            if invoice is not None
            else _("Top-up for %(center)s") % {"center": link.center}
        )
    return Order(
        key=link.key,
        amount=Decimal(link.amount),
        currency=link.currency,
        description=description,
        success_url=f"{back}?paid=1",
        back_url=back,
        expires_at=link.expires_at,
    )


def _opened(link: PaymentLink, gateway: Gateway, page: Page, now: datetime) -> PaymentLink:
    """Store where the link leads. Of two answers for one row the first counts."""
    if not page.external_id or urlsplit(page.url).scheme not in _schemes(gateway):
        raise OperationRefused(_("%(gateway)s sent no address to pay at. Try again.") % {"gateway": gateway})
    PaymentLink.objects.filter(pk=link.pk, external_id="").update(
        external_id=page.external_id, url=page.url, ask_at=now + FIRST_ASK
    )
    PaymentLink.objects.filter(pk=link.pk, state=State.CREATING).update(state=State.READY)
    link.refresh_from_db(fields=["external_id", "url", "ask_at", "state"])
    return link


def _schemes(gateway: Gateway) -> tuple[str, ...]:
    """The provider's own pages are on https; an address of the reseller's choice may be inside the house."""
    return ("https", "http") if gateway.base_url else ("https",)
