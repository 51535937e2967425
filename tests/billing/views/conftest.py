"""A reseller whose center owes an invoice, with one person of every kind, and another reseller's owner."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cached_property

import pytest
import time_machine

from billing.dunning.write_offs import write_off
from billing.models import DunningPolicy, GapItem, Invoice, Rate, RateFetch, WriteOff
from centers.models import Center, Reseller
from centers.tenancy.scoping import tenant
from tests.billing.conftest import NOW, Shop, make_shop
from tests.people import People
from tests.shared_rows import ROWS

#: No page, file or mail of a center may ever hold it.
CANARY = "91827.36"


@dataclass(kw_only=True)
class Desk(People):
    """Who and what the tests of the money pages need."""

    shop: Shop
    other: Shop
    invoice: Invoice

    @cached_property
    def foreign(self) -> Invoice:
        """An invoice of the other reseller, issued when a test first asks for it: most need none."""
        with tenant(self.other.reseller):
            return self.other.owe("5")

    def ids(self, invoice: Invoice | None = None) -> dict[str, int]:
        """What the paths of tests name: an invoice (the desk's own), its first line, its center, and a rate list."""
        own = invoice or self.invoice
        with tenant(own.reseller):
            line = own.lines.all()[0].pk
            rates = RateFetch.objects.first() or add_rates(self.other, text="1")
            gap = GapItem.objects.first() or add_gap(own.reseller)
        return {
            "center": own.center_id,
            "invoice": own.pk,
            "line": line,
            "rates": rates.pk,
            "gap": gap.pk,
        }


def add_write_off(invoice: Invoice) -> WriteOff:
    """What is left of the invoice is given up."""
    center = invoice.center
    return write_off(center=center, invoices=[invoice.pk], because="Closed", by=None, now=NOW)[0]


def add_rules(reseller: Reseller) -> DunningPolicy:
    """Named rules for unpaid invoices."""
    rules: DunningPolicy = DunningPolicy.objects.get_or_create(reseller=reseller, name="Gentle")[0]
    return rules


def add_gap(reseller: Reseller, amount: str = "6", day: date = date(2026, 2, 11)) -> GapItem:
    """A difference of a day that no one has explained."""
    gap: GapItem = GapItem.objects.create(
        reseller=reseller,
        kind=GapItem.Kind.DAY,
        first_day=day,
        currency="USD",
        amount=Decimal(amount),
        opened_at=NOW,
        changed_at=NOW,
    )
    return gap


def add_rates(shop: Shop, *, country: str = "1", at: datetime = NOW, **costs: str) -> RateFetch:
    """One snapshot of a country's list."""
    fetch = RateFetch(reseller=shop.reseller, country_id=country, first_fetched_at=at, fetched_at=at)
    fetch.save()
    for name, cost in costs.items():
        Rate(reseller=shop.reseller, fetch=fetch, type=name, cost=Decimal(cost), currency="USD").save()
    return fetch


@pytest.fixture(autouse=True)
def _march() -> Iterator[None]:
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def desk(request: pytest.FixtureRequest) -> Desk:
    return ROWS.get(request, make_desk)


def make_desk() -> Desk:
    """An invoice of CANARY in February, not paid yet."""
    shop, other = make_shop(), make_shop()
    Center.objects.model._base_manager.filter(pk=shop.center.pk).update(
        name="Al Noor Clinic", created_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    Center.objects.model._base_manager.filter(pk=other.center.pk).update(name="Foreign Canary")
    for own in (shop, other):
        own.center.refresh_from_db()
    with tenant(shop.reseller):
        shop.margin("10")
        add_rates(shop, text=CANARY, monthly_subscription="9")
        invoice = shop.owe(CANARY, day=date(2026, 2, 10))
    return Desk(
        reseller=shop.reseller,
        center=shop.center,
        stranger_of=other.reseller,
        shop=shop,
        invoice=invoice,
        other=other,
    )
