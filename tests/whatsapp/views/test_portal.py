"""A center's own view of its numbers."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from centers.models import Role
from centers.tenancy.scoping import tenant
from tests.factories import CenterFactory, InstanceFactory, member
from tests.whatsapp.conftest import Place
from tests.whatsapp.views.conftest import House
from whatsapp.instances import move
from whatsapp.models import Connection, DesiredReason, Instance, Service
from whatsapp.service.webhook_url import own_webhook_url


def _numbers(house: House, person: str = "admin") -> str:
    response = house.as_(getattr(house, person)).get(house.portal("numbers/"))
    return str(response.content.decode())


def _set(house: House, **fields: object) -> None:
    with tenant(house.reseller):
        Instance.objects.filter(pk=house.number.pk).update(**fields)


def test_only_the_centers_own_numbers_in_use(house: House) -> None:
    InstanceFactory(center=CenterFactory(reseller=house.reseller), label="Neighbour")
    InstanceFactory(center=house.center, label="Gone", archived_at=timezone.now())
    text = _numbers(house)
    assert "Reception" in text
    for other in ("Neighbour", "Gone", "Canary"):
        assert other not in text


@pytest.mark.parametrize(
    ("fields", "says", "pairs"),
    [
        ({"connection": Connection.CONNECTED}, "Everything is fine", False),
        ({"connection": Connection.EXPIRED}, "Pair the phone again", True),
        ({"connection": Connection.UNCHECKED}, "hasn't been checked yet", True),
        (
            {
                "connection": Connection.EXPIRED,
                "desired_state": Service.DISABLED,
                "desired_reason": DesiredReason.NON_PAYMENT,
            },
            "suspended until you pay",
            False,
        ),
        (
            {"desired_state": Service.DISABLED, "desired_reason": DesiredReason.MANUAL},
            "Your provider disabled",
            False,
        ),
    ],
)
def test_each_state_says_what_to_do(house: House, fields: dict[str, object], says: str, pairs: bool) -> None:
    _set(house, **fields)
    text = _numbers(house)
    assert says in text
    assert (f"numbers/{house.number.pk}/pair/" in text) == pairs
    assert f"numbers/{house.number.pk}/pair/" not in _numbers(house, "viewer")


@pytest.mark.parametrize(("language", "says"), [("en", "Started 3 minutes ago."), ("ar", "بدأ قبل 3 دقائق.")])
def test_since_when_a_number_is_down_is_a_sentence(house: House, language: str, says: str) -> None:
    _set(house, connection=Connection.EXPIRED, connection_since=timezone.now() - timedelta(minutes=3))
    client = house.as_(house.admin)
    client.cookies["django_language"] = language
    page = client.get(house.portal("numbers/")).content.decode()
    assert says in " ".join(re.sub("<[^>]+>", "", page).split())


def test_the_number_of_queries_does_not_grow(house: House) -> None:
    _numbers(house)
    with CaptureQueriesContext(connection) as one:
        _numbers(house)
    for _n in range(3):
        InstanceFactory(center=house.center)
    with CaptureQueriesContext(connection) as four:
        _numbers(house)
    assert len(one) == len(four)


def test_the_resellers_own_webhook_address_is_not_given_away(house: House) -> None:
    secret = own_webhook_url(house.account)
    _set(house, webhook_url=secret)
    text = house.as_(house.admin).get(house.portal(f"numbers/{house.number.pk}/webhook/")).content.decode()
    assert house.account.webhook_path_token not in text
    assert "your provider's system" in text


def test_a_center_never_sees_the_address_of_the_one_its_number_came_from(house: House) -> None:
    old = "https://hooks.old-center.example/in"
    number = InstanceFactory(center=CenterFactory(reseller=house.reseller), webhook_url=old)
    with tenant(house.reseller):
        move(instance=Instance.objects.get(pk=number.pk), center=house.center, by=None)
    page = house.as_(house.admin).get(house.portal(f"numbers/{number.pk}/webhook/")).content.decode()
    assert "being changed" in page
    assert old not in page


def test_a_center_admin_sets_the_webhook_address(new_place: object) -> None:
    place: Place = new_place()  # type: ignore[operator]
    number = place.add()
    client = Client()
    client.force_login(member(place.reseller, Role.CENTER_ADMIN, place.center, password=None))
    url = f"/c/{place.center.pk}/numbers/{number.pk}/webhook/"
    inside = client.post(url, {"url": "http://192.168.1.4/hook"})
    assert inside.status_code == 422
    assert "t a public address" in inside.content.decode()
    assert "http://192.168.1.4/hook" in inside.content.decode()
    assert client.post(url, {"url": "https://93.184.216.34/hook"}).status_code == 302
    with tenant(place.reseller):
        assert Instance.objects.get(pk=number.pk).webhook_url == "https://93.184.216.34/hook"
