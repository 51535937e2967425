"""A reseller with both gateways set up, at a sandbox that answers over HTTP."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from billing.gateways.accounts import save_gateway
from billing.gateways.links import link_to_pay
from billing.gateways.receiving import Receipt, receive
from billing.models import Gateway, Invoice, PaymentLink
from devstack.sandbox import SandboxServer
from devstack.sandbox.gateways import Account, GatewaySite, Order
from devstack.sandbox.gateways.books import MOYASAR_KEY, MOYASAR_SECRET, STRIPE_KEY, STRIPE_SECRET
from devstack.sandbox.gateways.callbacks import paid_event, signed
from tests.billing.conftest import NOW, Shop

ACCOUNTS = {
    "stripe": Account("stripe", STRIPE_KEY, STRIPE_SECRET),
    "moyasar": Account("moyasar", MOYASAR_KEY, MOYASAR_SECRET),
}
PROVIDERS = tuple(ACCOUNTS)


@dataclass
class Till:
    """The shop, its gateways by provider, and what the sandbox does."""

    shop: Shop
    gateways: dict[str, Gateway]
    site: GatewaySite

    def link(self, invoice: Invoice, provider: str = "stripe", now: datetime = NOW) -> PaymentLink:
        """Open a link as the portal does."""
        return link_to_pay(invoice=invoice, gateway=self.gateways[provider], by=None, now=now)

    def order(self, link: PaymentLink) -> Order:
        """The sandbox's side of a link."""
        return self.site.books.orders[link.external_id]

    def say(self, link: PaymentLink, event: dict[str, Any] | None = None, **how: Any) -> Receipt:
        """Deliver an event about a link, by default that it was paid; `how` is for `signed` and `now`."""
        provider = link.gateway.provider
        order = self.order(link)
        order.payment_id = order.payment_id or f"pay_{uuid4().hex}"
        return self.deliver(provider, event or paid_event(order, ACCOUNTS[provider]), **how)

    def deliver(self, provider: str, event: dict[str, Any], *, now: datetime = NOW, **how: Any) -> Receipt:
        """Deliver any event."""
        body, headers = signed(event, ACCOUNTS[provider], **how)
        slug = self.shop.reseller.slug
        return receive(slug=slug, provider=provider, headers=headers, body=body, now=now)


def set_up(shop: Shop, url: str, now: datetime = NOW) -> dict[str, Gateway]:
    """Both gateways in use, at a sandbox under `url`."""
    paths = {"stripe": "/gateways/stripe", "moyasar": "/gateways/moyasar/v1"}
    return {
        provider: save_gateway(
            reseller=shop.reseller,
            provider=provider,
            by=None,
            now=now,
            api_key=ACCOUNTS[provider].api_key,
            webhook_secret=ACCOUNTS[provider].secret,
            base_url=url + path,
            is_active=True,
        )
        for provider, path in paths.items()
    }


def ready_link(gateway: Gateway, invoice: Invoice, name: str) -> PaymentLink:
    """A link as it is after the gateway answered, without asking one."""
    link: PaymentLink = PaymentLink.objects.create(
        reseller_id=invoice.reseller_id,
        center_id=invoice.center_id,
        invoice=invoice,
        gateway=gateway,
        key=str(uuid4()),
        amount=invoice.open_amount,
        currency=invoice.currency,
        external_id=name,
        url="https://pay.example/",
        state=PaymentLink.State.READY,
        created_at=NOW,
        expires_at=NOW + timedelta(hours=23),
    )
    return link


@pytest.fixture
def till(shop: Shop, settings: Any) -> Iterator[Till]:
    with SandboxServer(demo_account=False) as sandbox:
        settings.OUTBOUND_INTERNAL_HOSTS = frozenset({f"127.0.0.1:{sandbox.port}"})
        yield Till(shop, set_up(shop, sandbox.url), sandbox.gateways)
