"""The counts of numbers by state are those of the numbers, whatever writes them."""

import pytest
from django.db.models import Count

from centers.models import Reseller
from centers.tenancy.scoping import tenant
from tests.factories import CenterFactory, InstanceFactory, ResellerFactory
from whatsapp.models import Connection, Instance, Service
from whatsapp.queries import IS_SWITCHING, connection_counts
from whatsapp.state_counts import add_up, state_counts

pytestmark = pytest.mark.django_db


def counted(reseller: Reseller) -> dict[str, int]:
    """What the numbers themselves say."""
    with tenant(reseller):
        rows = Instance.objects.filter(archived_at=None).order_by()
        return dict(rows.values_list("state").annotate(count=Count("pk")))


def kept(reseller: Reseller) -> dict[str, int]:
    found: dict[str, int] = {}
    for state, _switching, count in state_counts(reseller):
        found[state] = found.get(state, 0) + count
    return found


@pytest.fixture
def reseller() -> Reseller:
    made: Reseller = ResellerFactory()
    center = CenterFactory(reseller=made)
    for connection in (*Connection.values, Connection.CONNECTED):
        InstanceFactory(center=center, reseller=made, connection=connection)
    return made


def test_they_follow_every_change_of_the_numbers(reseller: Reseller) -> None:
    assert kept(reseller) == counted(reseller)
    with tenant(reseller):
        rows = Instance.objects.order_by("pk")
        rows.filter(connection=Connection.CONNECTED).update(connection=Connection.EXPIRED)
        rows.filter(connection=Connection.PAIRING).update(desired_state=Service.DISABLED)
        first = rows[0]
        Instance.objects.filter(pk=first.pk).update(archived_at=first.created_at)
        assert kept(reseller) == counted(reseller)
        Instance.objects.filter(pk=first.pk).update(archived_at=None)
        assert kept(reseller) == counted(reseller)
        assert connection_counts(reseller).switching == Instance.objects.filter(IS_SWITCHING).count() == 1
        assert connection_counts(reseller).total == 7


def test_adding_up_changes_none_of_them_and_leaves_few_rows(reseller: Reseller) -> None:
    other = CenterFactory(reseller=ResellerFactory())
    InstanceFactory(center=other, reseller=other.reseller)
    with tenant(reseller):
        for connection in Connection.values:
            Instance.objects.update(connection=connection)
    before = kept(reseller)
    add_up()
    assert kept(reseller) == before == counted(reseller)
    assert len(state_counts(reseller)) == 1
    assert kept(other.reseller) == counted(other.reseller)
    add_up()
    assert kept(reseller) == before
