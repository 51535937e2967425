"""The demo's charges and discounts are ones that the product takes, and a second run adds none."""

from datetime import UTC, datetime

import pytest

from billing.models import Charge, Discount
from centers.tenancy.scoping import tenant
from devstack.demo_data.money import add_charges, months
from devstack.demo_data.places import PLACES
from tests.factories import CenterFactory, ResellerFactory, member

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.mark.django_db
def test_charges_and_discounts_are_added_once() -> None:
    reseller = ResellerFactory(time_zone="Asia/Muscat")
    first = months(reseller, NOW)[0].first_day
    for place in PLACES:
        CenterFactory(
            reseller=reseller,
            name=place.name,
            currency=place.currency,
            created_at=datetime(first.year, first.month, first.day, tzinfo=UTC),
        )
    owner = member(reseller)
    for _run in range(2):
        add_charges(reseller, owner, NOW)
    with tenant(reseller):
        assert Charge.objects.count() == 5
        assert Discount.objects.count() == 2
