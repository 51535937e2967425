"""The safety_stop: too many suspensions at once wait for a decision of staff."""

import pytest

from billing.dunning import open_safety_stop, release_safety_stop
from billing.dunning.run import suspension_limit
from billing.models import SafetyStop, Suspension
from centers.errors import OperationRefused
from centers.models import Center
from tests.billing.conftest import Shop
from tests.billing.dunning.test_dunning import at, dun
from tests.factories import UserFactory
from whatsapp.alerts.acts import one, resolve
from whatsapp.models import Alert


def owing_centers(shop: Shop, count: int) -> list[Center]:
    centers = [shop.new_center() for _ in range(count)]
    for center in centers:
        shop.owe("10", center)
    return centers


def test_five_at_once_are_let_through(shop: Shop) -> None:
    owing_centers(shop, 5)
    dun(shop, 10)
    assert Suspension.objects.count() == 5


def test_the_safety_stop_stops_the_sixth_until_staff_release_the_list(shop: Shop) -> None:
    centers = owing_centers(shop, 6)
    run = dun(shop, 10)
    assert "decision" in run.note
    assert not Suspension.objects.exists()
    alert = Alert.objects.get(kind=Alert.Kind.SUSPENSIONS_HELD)
    assert "6" in alert.detail
    safety_stop = open_safety_stop(shop.reseller)
    assert safety_stop is not None
    assert (safety_stop.limit, safety_stop.active_centers, set(safety_stop.center_ids)) == (
        5,
        7,
        {c.pk for c in centers},
    )
    late = owing_centers(shop, 1)[0]
    dun(shop, 10)
    assert SafetyStop.objects.count() == 1
    safety_stop.refresh_from_db()
    assert late.pk in safety_stop.center_ids
    shop.pay("10", centers[0], now=at(10))
    later = owing_centers(shop, 1)[0]
    release_safety_stop(safety_stop=safety_stop, by=None, now=at(10))
    with pytest.raises(OperationRefused, match="no longer need"):
        release_safety_stop(safety_stop=safety_stop, by=None, now=at(10))
    dun(shop, 10)
    suspended = set(Suspension.objects.values_list("center_id", flat=True))
    assert suspended == {c.pk for c in centers[1:]} | {late.pk}
    assert Suspension.objects.filter(safety_stop=safety_stop).count() == 6
    assert open_safety_stop(shop.reseller) is None
    alert.refresh_from_db()
    assert alert.resolved_at is not None
    dun(shop, 10)
    assert Suspension.objects.filter(center=later).exists()


def test_many_small_runs_are_one_big_one(shop: Shop) -> None:
    owing_centers(shop, 5)
    dun(shop, 10)
    owing_centers(shop, 1)
    dun(shop, 10)
    assert Suspension.objects.count() == 5
    dun(shop, 12)
    assert Suspension.objects.count() == 6


def test_the_safety_stop_lets_go_when_the_list_has_become_short(shop: Shop) -> None:
    centers = owing_centers(shop, 6)
    dun(shop, 10)
    shop.pay("10", centers[0], now=at(10))
    dun(shop, 10)
    assert Suspension.objects.count() == 5
    assert open_safety_stop(shop.reseller) is None
    assert Alert.objects.get(kind=Alert.Kind.SUSPENSIONS_HELD).resolved_at is not None


@pytest.mark.parametrize(("active", "limit"), [(0, 5), (59, 5), (60, 6), (400, 40)])
def test_the_limit_is_ten_percent_and_at_least_five(active: int, limit: int) -> None:
    assert suspension_limit(active) == limit


def test_an_alert_resolved_by_hand_opens_again_while_the_decision_is_due(shop: Shop) -> None:
    owing_centers(shop, 6)
    dun(shop, 10)
    alert = Alert.objects.get(kind=Alert.Kind.SUSPENSIONS_HELD)
    assert resolve(chosen=one(alert), by=UserFactory(), now=at(10)) == 1
    owing_centers(shop, 1)
    dun(shop, 10)
    again = Alert.objects.get(kind=Alert.Kind.SUSPENSIONS_HELD, resolved_at=None)
    assert again.pk != alert.pk
    assert "7" in again.detail
    owing_centers(shop, 1)
    dun(shop, 10)
    again.refresh_from_db()
    assert "8" in again.detail, "it says how many wait now"
