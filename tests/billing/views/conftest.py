"""A reseller whose center owes an invoice, with one person of every kind, and another reseller's owner."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client

from billing.models import Invoice, Rate, RateFetch
from centers.models import Center, Role, User
from centers.scoping import tenant
from tests.billing.conftest import NOW, Shop, make_shop
from tests.factories import member

#: No page, file or mail of a center may ever hold it.
CANARY = "91827.36"


@dataclass
class Desk:
    """Who and what the tests of the money pages need."""

    shop: Shop
    invoice: Invoice
    foreign: Invoice
    owner: User
    billing: User
    support: User
    admin: User
    viewer: User
    stranger: User
    clients: dict[int, Client] = field(default_factory=dict)

    @property
    def center(self) -> Center:
        return self.shop.center

    def as_(self, person: User) -> Client:
        """A browser in which `person` is signed in."""
        if person.pk not in self.clients:
            self.clients[person.pk] = Client()
            self.clients[person.pk].force_login(person)
        return self.clients[person.pk]

    def url(self, tail: str) -> str:
        """A staff address."""
        return f"/r/{self.shop.reseller.slug}/{tail}"

    def portal(self, tail: str = "") -> str:
        """An address of the center's portal."""
        return f"/c/{self.center.pk}/{tail}"


def add_rates(shop: Shop, *, country: str = "1", at: datetime = NOW, **costs: str) -> None:
    """One snapshot of a country's list."""
    fetch = RateFetch(reseller=shop.reseller, country_id=country, first_fetched_at=at, fetched_at=at)
    fetch.save()
    for name, cost in costs.items():
        Rate(reseller=shop.reseller, fetch=fetch, type=name, cost=Decimal(cost), currency="USD").save()


@pytest.fixture(autouse=True)
def _march() -> Iterator[None]:
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def desk(db: None) -> Desk:
    shop, other = make_shop(), make_shop()
    Center.objects.model._base_manager.filter(pk=shop.center.pk).update(
        name="Al Noor Clinic", created_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    Center.objects.model._base_manager.filter(pk=other.center.pk).update(name="Foreign Canary")
    for own in (shop, other):
        own.center.refresh_from_db()
    with tenant(other.reseller):
        foreign = other.owe("5")
    with tenant(shop.reseller):
        shop.margin("10")
        add_rates(shop, text=CANARY, monthly_subscription="9")
        invoice = shop.owe(CANARY, day=date(2026, 2, 10))
    return Desk(
        shop=shop,
        invoice=invoice,
        foreign=foreign,
        owner=member(shop.reseller, Role.OWNER, password=None),
        billing=member(shop.reseller, Role.BILLING, password=None),
        support=member(shop.reseller, Role.SUPPORT, password=None),
        admin=member(shop.reseller, Role.CENTER_ADMIN, shop.center, password=None),
        viewer=member(shop.reseller, Role.CENTER_VIEWER, shop.center, password=None),
        stranger=member(other.reseller, Role.OWNER, password=None),
    )


@pytest.fixture
def htmx() -> dict[str, Any]:
    """Headers of a request that htmx makes."""
    return {"HX-Request": "true"}
