"""Links to pay: opened at a real server, one at a time, over what is open."""

from datetime import timedelta
from decimal import Decimal

import pytest

from billing.gateways.links import open_link_of
from billing.models import Invoice, PaymentLink
from billing.pricing.exchange_rates import set_exchange_rate
from centers.errors import OperationRefused
from centers.models import Center
from tests.billing.conftest import NOW
from tests.billing.gateways.conftest import PROVIDERS, Till

State = PaymentLink.State


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_link_asks_for_what_is_open_in_smallest_units(till: Till, provider: str) -> None:
    invoice = till.shop.owe("12.34")
    till.shop.pay("2")
    invoice.refresh_from_db()
    link = till.link(invoice, provider)
    order = till.order(link)
    assert (order.units, order.currency, order.description) == (1034, "USD", f"Invoice {invoice.number}")
    assert order.metadata == {"markaz_link": link.key}
    assert link.url.endswith(f"/gateways/pay/{link.external_id}")
    assert order.success_url.endswith(f"/invoice-paid/{link.key}/?paid=1")
    assert open_link_of(invoice, NOW) == link


@pytest.mark.parametrize(
    ("currency", "units"), [("KWD", 12340), ("BHD", 12340), ("OMR", 12340), ("SAR", 1234)]
)
def test_currencies_have_their_own_smallest_unit(till: Till, currency: str, units: int) -> None:
    center = till.shop.new_center(currency=currency)
    link = till.link(_owing(till, center, "12.34"))
    assert till.order(link).units == units


def _owing(till: Till, center: Center, amount: str) -> Invoice:
    set_exchange_rate(
        reseller=till.shop.reseller, base="USD", quote=center.currency, day=NOW.date().replace(month=1),
        rate=Decimal(1), by=None, now=NOW,
    )  # fmt: skip
    return till.shop.owe(amount, center)


def test_what_a_gateway_cannot_express_is_refused_in_a_sentence(till: Till) -> None:
    """Stripe takes three-decimal currencies in steps of ten."""
    invoice = _owing(till, till.shop.new_center(currency="KWD"), "12.345")
    with pytest.raises(OperationRefused, match=r"steps of 0\.010"):
        till.link(invoice)
    assert till.order(till.link(invoice, "moyasar")).units == 12345


def test_the_same_link_serves_until_the_amount_changes(till: Till) -> None:
    invoice = till.shop.owe("10")
    first = till.link(invoice)
    assert till.link(invoice).pk == first.pk
    till.shop.pay("4")
    second = till.link(invoice)
    first.refresh_from_db()
    assert (first.state, second.state, second.amount) == (State.OVER, State.READY, 6)
    assert till.order(first).status == "expired"
    later = till.link(invoice, now=NOW + timedelta(hours=22))
    assert later.pk != second.pk


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_gateway_that_fails_leaves_a_row_that_the_next_try_goes_on_with(till: Till, provider: str) -> None:
    invoice = till.shop.owe("10")
    till.site.books.failures = [503] * 5
    with pytest.raises(OperationRefused, match="can't be reached"):
        till.link(invoice, provider)
    assert PaymentLink.objects.get().state == State.CREATING
    till.site.books.failures = []
    link = till.link(invoice, provider)
    assert (PaymentLink.objects.get(), link.state) == (link, State.READY)
    till.gateways[provider].refresh_from_db()
    assert till.gateways[provider].last_error == ""


def test_stripe_is_asked_again_with_the_same_key_and_opens_one_session(till: Till) -> None:
    till.site.books.failures = [503]
    link = till.link(till.shop.owe("10"))
    assert list(till.site.books.keys) == [link.key]
    assert len(till.site.books.orders) == 1


def test_nothing_is_opened_for_what_is_paid_void_or_switched_off(till: Till) -> None:
    invoice = till.shop.owe("10")
    till.gateways["stripe"].is_active = False
    with pytest.raises(OperationRefused, match="turned off"):
        till.link(invoice)
    till.shop.pay("10")
    with pytest.raises(OperationRefused, match="Nothing is left"):
        till.link(invoice, "moyasar")
    assert not till.site.books.orders


def test_a_wrong_key_is_named(till: Till) -> None:
    till.gateways["stripe"].api_key = till.gateways["moyasar"].api_key = "sk_wrong"
    invoice = till.shop.owe("10")
    for provider in PROVIDERS:
        with pytest.raises(OperationRefused, match="refused the secret key"):
            till.link(invoice, provider)
