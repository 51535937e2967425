"""A reseller with a center, a number and one person of every kind, and another reseller's owner."""

from dataclasses import dataclass

import pytest

from tests.factories import CenterFactory, InstanceFactory, MazbotAccountFactory, ResellerFactory
from tests.people import People
from tests.shared_rows import ROWS
from whatsapp.models import Instance, MazbotAccount


@dataclass(kw_only=True)
class House(People):
    """Who and what the tests of the pages need."""

    account: MazbotAccount
    number: Instance
    foreign: Instance


@pytest.fixture
def house(request: pytest.FixtureRequest) -> House:
    return ROWS.get(request, make_house)


def make_house() -> House:
    """A number of Al Noor Clinic, and another reseller's."""
    reseller = ResellerFactory(name="Madar", slug="madar")
    account = MazbotAccountFactory(reseller=reseller)
    center = CenterFactory(reseller=reseller, name="Al Noor Clinic")
    other = CenterFactory(name="Foreign Canary")
    return House(
        reseller=reseller,
        account=account,
        center=center,
        stranger_of=other.reseller,
        number=InstanceFactory(center=center, instance_id="MZB-1", label="Reception"),
        foreign=InstanceFactory(center=other, instance_id="CANARY-1", label="Canary label"),
    )
