"""The brake: too many suspensions at once wait for a decision of staff."""

import pytest

from billing.dunning import open_brake, release_brake
from billing.dunning.suspending import brake_limit
from billing.models import SuspensionBrake, SuspensionCase
from centers.errors import Refused
from centers.models import Center
from tests.billing.conftest import Shop
from tests.billing.test_dunning import at, dun
from whatsapp.models import Incident


def owing_centers(shop: Shop, count: int) -> list[Center]:
    centers = [shop.new_center() for _ in range(count)]
    for center in centers:
        shop.owe("10", center)
    return centers


def test_five_at_once_are_let_through(shop: Shop) -> None:
    owing_centers(shop, 5)
    dun(shop, 10)
    assert SuspensionCase.objects.count() == 5


def test_the_brake_stops_the_sixth_until_staff_release_the_list(shop: Shop) -> None:
    centers = owing_centers(shop, 6)
    run = dun(shop, 10)
    assert "decision" in run.note
    assert not SuspensionCase.objects.exists()
    incident = Incident.objects.get(kind=Incident.Kind.SUSPENSIONS_HELD)
    assert "6" in incident.detail
    brake = open_brake(shop.reseller)
    assert brake is not None
    assert (brake.limit, brake.active_centers, set(brake.center_ids)) == (5, 7, {c.pk for c in centers})
    late = owing_centers(shop, 1)[0]
    dun(shop, 10)
    assert SuspensionBrake.objects.count() == 1
    brake.refresh_from_db()
    assert late.pk in brake.center_ids
    shop.pay("10", centers[0], now=at(10))
    later = owing_centers(shop, 1)[0]
    release_brake(brake=brake, by=None, now=at(10))
    with pytest.raises(Refused, match="already"):
        release_brake(brake=brake, by=None, now=at(10))
    dun(shop, 10)
    suspended = set(SuspensionCase.objects.values_list("center_id", flat=True))
    assert suspended == {c.pk for c in centers[1:]} | {late.pk}
    assert SuspensionCase.objects.filter(brake=brake).count() == 6
    assert open_brake(shop.reseller) is None
    incident.refresh_from_db()
    assert incident.resolved_at is not None
    dun(shop, 10)
    assert SuspensionCase.objects.filter(center=later).exists()


def test_many_small_runs_are_one_big_one(shop: Shop) -> None:
    owing_centers(shop, 5)
    dun(shop, 10)
    owing_centers(shop, 1)
    dun(shop, 10)
    assert SuspensionCase.objects.count() == 5
    dun(shop, 12)
    assert SuspensionCase.objects.count() == 6


def test_the_brake_lets_go_when_the_list_has_become_short(shop: Shop) -> None:
    centers = owing_centers(shop, 6)
    dun(shop, 10)
    shop.pay("10", centers[0], now=at(10))
    dun(shop, 10)
    assert SuspensionCase.objects.count() == 5
    assert open_brake(shop.reseller) is None
    assert Incident.objects.get(kind=Incident.Kind.SUSPENSIONS_HELD).resolved_at is not None


@pytest.mark.parametrize(("active", "limit"), [(0, 5), (59, 5), (60, 6), (400, 40)])
def test_the_limit_is_ten_percent_and_at_least_five(active: int, limit: int) -> None:
    assert brake_limit(active) == limit
