"""Every page of numbers, tried by everyone: who may enter, who gets 403, who gets 404."""

import pytest

from tests.people import FRAGMENT
from tests.whatsapp.views.conftest import House

ALL = {"owner", "billing", "support"}
CARERS = {"owner", "support"}
STAFF_PAGES = [
    ("get", "board/", ALL),
    ("get", "board/export/csv/", ALL),
    ("get", "home/connections/", ALL),
    ("get", "centers/{center}/instances/", ALL),
    ("get", "centers/{center}/instances/add/", CARERS),
    ("get", "instances/{number}/", ALL),
    ("get", "instances/{number}/timeline/", ALL),
    ("get", "instances/{number}/history/", ALL),
    ("post", "instances/{number}/check/", ALL),
    ("post", "instances/{number}/switch/", CARERS),
    ("post", "instances/{number}/webhook/", CARERS),
    ("get", "instances/{number}/edit/", CARERS),
    ("post", "instances/{number}/move/", CARERS),
    ("post", "instances/{number}/archive/", CARERS),
    ("post", "instances/{number}/restore/", CARERS),
    ("get", "instances/{number}/pair/", CARERS),
    ("post", "instances/{number}/pair/start/", CARERS),
    ("get", "instances/{number}/pair/state/", CARERS),
    ("post", "instances/{number}/pair/link/", CARERS),
    ("post", "instances/{number}/pair/link/revoke/", CARERS),
    ("get", "alerts/", ALL),
    ("get", "alerts/badge/", ALL),
    ("get", "alerts/export/csv/", ALL),
    ("post", "alerts/acknowledge/", CARERS),
    ("get", "uptime/", ALL),
    ("get", "uptime/export/csv/", ALL),
    ("get", "settings/mazbot/", {"owner"}),
    ("post", "settings/mazbot/test/", {"owner"}),
    ("get", "import/", CARERS),
    ("get", "import/example.csv", CARERS),
]


@pytest.mark.parametrize(("method", "path", "allowed"), STAFF_PAGES)
def test_staff_pages_let_in_whom_they_should(house: House, method: str, path: str, allowed: set[str]) -> None:
    address = house.url(path.format(center=house.center.pk, number=house.number.pk))
    found = house.statuses(method, address, ALL, allowed)
    assert {role for role, status in found.items() if status != 403} == allowed
    assert set(found.values()) - {403, 405}
    assert not set(found.values()) & {404, 500}
    for outsider in house.in_turn(address, house.stranger, house.admin, house.viewer):
        assert getattr(house.as_(outsider), method)(address, headers=FRAGMENT).status_code == 404


@pytest.mark.parametrize(("method", "path", "allowed"), [row for row in STAFF_PAGES if "{number}" in row[1]])
def test_a_foreign_number_does_not_exist(house: House, method: str, path: str, allowed: set[str]) -> None:
    address = house.url(path.format(number=house.foreign.pk))
    response = getattr(house.as_(house.owner), method)(address)
    assert response.status_code == 404
    assert b"Canary" not in response.content


@pytest.mark.parametrize("path", [row[1] for row in STAFF_PAGES if row[0] == "post"])
def test_changes_need_a_post(house: House, path: str) -> None:
    address = house.url(path.format(number=house.number.pk))
    assert house.as_(house.owner).get(address).status_code == 405


PORTAL_PAGES = [
    ("get", "numbers/", {"admin", "viewer"}),
    ("get", "numbers/{number}/pair/", {"admin"}),
    ("post", "numbers/{number}/pair/start/", {"admin"}),
    ("get", "numbers/{number}/pair/state/", {"admin"}),
    ("get", "numbers/{number}/webhook/", {"admin"}),
]


@pytest.mark.parametrize(("method", "path", "allowed"), PORTAL_PAGES)
def test_portal_pages_let_in_whom_they_should(
    house: House, method: str, path: str, allowed: set[str]
) -> None:
    address = house.portal(path.format(number=house.number.pk))
    found = house.statuses(method, address, {"admin", "viewer"}, allowed)
    assert {role for role, status in found.items() if status != 403} == allowed
    assert set(found.values()) - {403, 405}
    assert not set(found.values()) & {404, 500}
    for outsider in house.in_turn(address, house.owner, house.stranger):
        assert getattr(house.as_(outsider), method)(address, headers=FRAGMENT).status_code == 404


@pytest.mark.parametrize(("method", "path", "allowed"), PORTAL_PAGES[1:])
def test_another_centers_number_does_not_exist_in_the_portal(
    house: House, method: str, path: str, allowed: set[str]
) -> None:
    from tests.factories import CenterFactory, InstanceFactory

    neighbour = InstanceFactory(center=CenterFactory(reseller=house.reseller))
    for pk in (house.foreign.pk, neighbour.pk):
        response = getattr(house.as_(house.admin), method)(house.portal(path.format(number=pk)))
        assert response.status_code == 404
