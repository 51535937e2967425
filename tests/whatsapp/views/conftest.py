"""A reseller with a center, a number and one person of every kind, and another reseller's owner."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import Client

from centers.models import Center, Reseller, Role, User
from tests.factories import CenterFactory, InstanceFactory, MazbotAccountFactory, ResellerFactory, member
from whatsapp.models import Instance, MazbotAccount


@dataclass
class House:
    """Who and what the tests of the pages need."""

    reseller: Reseller
    account: MazbotAccount
    center: Center
    number: Instance
    owner: User
    billing: User
    support: User
    admin: User
    viewer: User
    stranger: User
    foreign: Instance
    clients: dict[int, Client] = field(default_factory=dict)

    def as_(self, person: User) -> Client:
        """A browser in which `person` is signed in."""
        if person.pk not in self.clients:
            self.clients[person.pk] = Client()
            self.clients[person.pk].force_login(person)
        return self.clients[person.pk]

    def url(self, tail: str) -> str:
        """A staff address."""
        return f"/r/{self.reseller.slug}/{tail}"

    def portal(self, tail: str = "") -> str:
        """An address of the center's portal."""
        return f"/c/{self.center.pk}/{tail}"


@pytest.fixture
def house(db: None) -> House:
    reseller = ResellerFactory(name="Madar", slug="madar")
    account = MazbotAccountFactory(reseller=reseller)
    center = CenterFactory(reseller=reseller, name="Al Noor Clinic")
    other = CenterFactory(name="Foreign Canary")
    return House(
        reseller=reseller,
        account=account,
        center=center,
        number=InstanceFactory(center=center, instance_id="MZB-1", label="Reception"),
        owner=member(reseller, Role.OWNER, password=None),
        billing=member(reseller, Role.BILLING, password=None),
        support=member(reseller, Role.SUPPORT, password=None),
        admin=member(reseller, Role.CENTER_ADMIN, center, password=None),
        viewer=member(reseller, Role.CENTER_VIEWER, center, password=None),
        stranger=member(other.reseller, Role.OWNER, password=None),
        foreign=InstanceFactory(center=other, instance_id="CANARY-1", label="Canary label"),
    )


@pytest.fixture
def htmx() -> dict[str, Any]:
    """Headers of a request that htmx makes."""
    return {"HX-Request": "true"}
