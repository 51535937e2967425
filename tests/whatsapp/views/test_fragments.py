"""The parts that other pages load: who is down now, a center's numbers."""

from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from centers.tenancy.scoping import tenant
from tests.factories import InstanceFactory
from tests.whatsapp.views.conftest import House
from whatsapp.models import Connection, Instance, Service


def _home(house: House, person: str = "owner") -> str:
    return str(house.as_(getattr(house, person)).get(house.url("home/connections/")).content.decode())


def test_home_names_who_is_down_the_longest_first(house: House) -> None:
    now = timezone.now()
    for label, hours in (("Newly", 1), ("Long", 90)):
        InstanceFactory(
            center=house.center,
            label=label,
            connection=Connection.DISCONNECTED,
            connection_since=now - timedelta(hours=hours),
        )
    InstanceFactory(
        center=house.center, label="Off", connection="disconnected", desired_state=Service.DISABLED
    )
    text = _home(house)
    assert text.index("Long") < text.index("Newly")
    assert ">Off<" not in text
    assert text.count("Pair again") == 2
    assert "Pair again" not in _home(house, "billing")


def test_home_with_many_down_stays_short(house: House) -> None:
    for number in range(15):
        InstanceFactory(center=house.center, connection="expired", label=f"n{number}")
    _home(house)
    with CaptureQueriesContext(connection) as queries:
        text = _home(house)
    assert text.count("Pair again") == 12
    assert "3 more are down" in text
    assert len(queries) <= 10


def test_home_when_all_is_well_and_when_there_is_nothing(house: House) -> None:
    with tenant(house.reseller):
        Instance.objects.update(connection="connected")
    assert "All active numbers are connected" in _home(house)
    with tenant(house.reseller):
        Instance.objects.all().delete()
    assert "No numbers yet" in _home(house)
    with tenant(house.reseller):
        house.account.delete()
    assert "Connect your MazBot account" in _home(house)


def test_a_centers_numbers_with_the_archived_ones_last(house: House) -> None:
    InstanceFactory(center=house.center, label="Gone", archived_at=timezone.now())
    text = house.as_(house.owner).get(house.url(f"centers/{house.center.pk}/instances/")).content.decode()
    assert text.index("Reception") < text.index("Archived:") < text.index("Gone")
    assert "Add numbers" in text
    billing = house.as_(house.billing).get(house.url(f"centers/{house.center.pk}/instances/"))
    assert "Add numbers" not in billing.content.decode()
    foreign = house.url(f"centers/{house.foreign.center_id}/instances/")
    assert house.as_(house.owner).get(foreign).status_code == 404
