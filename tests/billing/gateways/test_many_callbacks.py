"""Thousands of callbacks, in any order and at once: one effect each, or a flagged payment, and the sums agree."""

import random
import uuid
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum

from billing.gateways.receiving import receive
from billing.invoicing import issue_invoice, void_invoice
from billing.ledger import sums
from billing.models import FlaggedPayment, Gateway, GatewayEvent, Invoice, LedgerEntry, Payment, PaymentLink
from billing.periods import Period
from centers.models import Center
from devstack.sandbox.gateways import Order
from devstack.sandbox.gateways.callbacks import failed_event, paid_event, signed
from tests.billing.conftest import NOW, Shop
from tests.billing.gateways.conftest import ACCOUNTS, PROVIDERS, ready_link, set_up
from tests.billing.threads import at_once
from tests.thorough import THOROUGH

#: With MARKAZ_THOROUGH so many callbacks of kinds by chance, else each kind so often.
CALLBACKS, TURNS = 5000, 2
THREADS = 8
SEED = 2026
KINDS = ("once", "duplicate", "reordered", "forged", "amount", "currency", "void", "unknown", "twice", "late")


@dataclass
class Plan:
    """Callbacks to deliver, and what must come of them by transaction."""

    #: Provider, event, and a forger's secret. Signed when delivered: a gateway's signature is valid for minutes.
    letters: list[tuple[str, dict[str, Any], str]] = field(default_factory=list)
    recorded: dict[str, Decimal] = field(default_factory=dict)
    flagged: dict[str, str] = field(default_factory=dict)
    #: One of these is recorded and the other flagged; which comes first is open.
    either: list[set[str]] = field(default_factory=list)


def order_of(link: PaymentLink, provider: str) -> Order:
    return Order(
        id=link.external_id,
        provider=provider,
        api_key=ACCOUNTS[provider].api_key,
        units=int(link.amount * 100),
        currency=link.currency,
        description="",
        success_url="",
        back_url="",
        metadata={"markaz_link": link.key},
        status="paid",
        payment_id=f"pay_{uuid.uuid4().hex}",
    )


class Planner:
    """Makes an invoice with a link for each scenario."""

    def __init__(self, shop: Shop, gateways: dict[str, Gateway]) -> None:
        self.shop, self.gateways = shop, gateways
        self.random = random.Random(SEED)
        self.plan = Plan()
        self.centers = [shop.new_center(name=f"Payer {number}") for number in range(5)]
        self.numbers = {center.pk: shop.number(center) for center in self.centers}
        self.day = date(2010, 1, 1)  # a day for each of some thousand invoices

    def add(self, kind: str) -> None:
        provider = self.random.choice(PROVIDERS)
        center = self.random.choice(self.centers)
        link = ready_link(self.gateways[provider], self._invoice(center), f"link_{uuid.uuid4().hex}")
        getattr(self, f"_{kind}")(link, order_of(link, provider), provider)

    def _invoice(self, center: Center) -> Invoice:
        self.day += timedelta(days=1)
        cost = f"{self.random.randint(1, 9999) / 100:.2f}"
        self.shop.read(self.numbers[center.pk], self.day, sent=1, cost=cost)
        return issue_invoice(
            center=center, period=Period(self.day, self.day + timedelta(days=1)), by=None, now=NOW
        )

    def send(self, provider: str, event: dict[str, Any], *, copies: int = 1, secret: str = "") -> None:
        self.plan.letters += [(provider, event, secret)] * copies

    def _once(self, link: PaymentLink, order: Order, provider: str) -> None:
        self.send(provider, paid_event(order, ACCOUNTS[provider]))
        self.plan.recorded[order.payment_id] = link.amount

    def _duplicate(self, link: PaymentLink, order: Order, provider: str) -> None:
        self.send(provider, paid_event(order, ACCOUNTS[provider]), copies=3)
        self.send(provider, paid_event(order, ACCOUNTS[provider]))
        self.plan.recorded[order.payment_id] = link.amount

    def _reordered(self, link: PaymentLink, order: Order, provider: str) -> None:
        self.send(provider, failed_event(order, ACCOUNTS[provider]))
        self._once(link, order, provider)

    def _forged(self, link: PaymentLink, order: Order, provider: str) -> None:
        self.send(provider, paid_event(order, ACCOUNTS[provider]), copies=2, secret="guess")

    def _amount(self, link: PaymentLink, order: Order, provider: str) -> None:
        units = order.units + self.random.choice((-1, 1, 100))
        self.send(provider, paid_event(order, ACCOUNTS[provider], units=units), copies=2)
        self.plan.flagged[order.payment_id] = "other_amount"

    def _currency(self, link: PaymentLink, order: Order, provider: str) -> None:
        self.send(provider, paid_event(order, ACCOUNTS[provider], currency="EUR"))
        self.send(provider, paid_event(order, ACCOUNTS[provider], currency="EUR"))
        self.plan.flagged[order.payment_id] = "other_currency"

    def _void(self, link: PaymentLink, order: Order, provider: str) -> None:
        void_invoice(invoice=link.invoice, because="wrong", by=None, now=NOW)
        self.send(provider, paid_event(order, ACCOUNTS[provider]), copies=2)
        self.plan.flagged[order.payment_id] = "void"

    def _unknown(self, link: PaymentLink, order: Order, provider: str) -> None:
        order.id, order.metadata = f"other_{uuid.uuid4().hex}", {}
        self.send(provider, paid_event(order, ACCOUNTS[provider]), copies=2)
        self.plan.flagged[order.payment_id] = "unknown_link"

    def _twice(self, link: PaymentLink, order: Order, provider: str) -> None:
        first = order.payment_id
        self.send(provider, paid_event(order, ACCOUNTS[provider]))
        order.payment_id = f"pay_{uuid.uuid4().hex}"
        self.send(provider, paid_event(order, ACCOUNTS[provider]))
        self.plan.either.append({first, order.payment_id})

    def _late(self, link: PaymentLink, order: Order, provider: str) -> None:
        PaymentLink.objects.filter(pk=link.pk).update(state=PaymentLink.State.OVER)
        self._once(link, order, provider)


@pytest.mark.timeout(3600)  # thousands with MARKAZ_THOROUGH=1
def test_each_has_one_effect_or_is_flagged_and_the_ledger_adds_up(committed_shop: Shop) -> None:
    shop = committed_shop
    planner = Planner(shop, set_up(shop, "https://93.184.215.14"))
    for kind in () if THOROUGH else KINDS * TURNS:
        planner.add(kind)
    while THOROUGH and len(planner.plan.letters) < CALLBACKS:
        planner.add(planner.random.choice(KINDS))
    plan = planner.plan
    planner.random.shuffle(plan.letters)
    slug, invoiced = shop.reseller.slug, total()

    def deliver(thread: int) -> list[int]:
        return [delivered(slug, *letter) for letter in plan.letters[thread::THREADS]]

    answers = [one for thread in at_once(deliver, reseller=shop.reseller, times=THREADS) for one in thread]
    assert set(answers) <= {200, 401}
    judge(plan)
    paid = sum(plan.recorded.values(), Decimal(0))
    paid += sum((Payment.objects.get(reference__in=pair).amount for pair in plan.either), Decimal(0))
    assert total() == invoiced - paid
    for center in planner.centers:
        open_amount = Invoice.objects.filter(center=center).aggregate(sum=Sum("open_amount"))["sum"] or 0
        assert sum(sums(center).values()) == open_amount


def delivered(slug: str, provider: str, event: dict[str, Any], secret: str) -> int:
    """The HTTP status of a callback that is signed now."""
    body, headers = signed(event, ACCOUNTS[provider], secret=secret)
    return receive(slug=slug, provider=provider, headers=headers, body=body, now=NOW).status


def judge(plan: Plan) -> None:
    """Payments and flagged payments are exactly those that must be."""
    recorded = dict(Payment.objects.values_list("reference", "amount"))
    flagged = dict(FlaggedPayment.objects.values_list("reference", "why"))
    for pair in plan.either:
        (counted,) = pair & recorded.keys()
        (other,) = pair - {counted}
        assert flagged.pop(other) in ("twice", "nothing_open")
        del recorded[counted]
    assert recorded == plan.recorded
    assert flagged == plan.flagged
    assert FlaggedPayment.objects.count() == len(plan.flagged) + len(plan.either)
    assert not GatewayEvent.objects.filter(processed_at=None).exists()


def total() -> Decimal:
    """The sum of all entries."""
    return LedgerEntry.objects.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
