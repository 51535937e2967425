"""While maintenance runs no center is suspended and no number switched off for non-payment; afterwards they are."""

import pytest

from billing.dunning.run import open_safety_stop
from billing.dunning.suspension import enforce, suspend
from billing.models import Suspension
from tests.billing.conftest import Shop
from tests.billing.dunning.test_dunning import OFF, ON, at, desired, dun
from tests.factories import InstanceFactory, UserFactory
from whatsapp.alerts.maintenance_plan import plan_maintenance
from whatsapp.models import Instance, MaintenanceWindow


def plan(shop: Shop, **target: object) -> MaintenanceWindow:
    """From the tenth day on, for two days."""
    return plan_maintenance(
        reseller=shop.reseller,
        begins_at=at(10),
        ends_at=at(12),
        reason="New phones",
        by=UserFactory(),
        now=at(10),
        **target,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("whole", [True, False])
def test_no_center_is_suspended_under_maintenance(shop: Shop, whole: bool) -> None:
    shop.owe("10")
    plan(shop, **({} if whole else {"center": shop.center}))
    dun(shop, 10)
    assert suspend(center=shop.center, now=at(10)) is None
    assert not Suspension.objects.exists()
    assert desired(shop.center) == ON
    dun(shop, 12)
    assert desired(shop.center) == OFF


def test_another_centers_maintenance_exempts_no_one(shop: Shop) -> None:
    shop.owe("10")
    plan(shop, center=shop.new_center())
    dun(shop, 10)
    assert desired(shop.center) == OFF


def test_a_number_under_maintenance_stays_on_until_it_ends(shop: Shop) -> None:
    shop.owe("10")
    number = InstanceFactory(center=shop.center)
    plan(shop, instance=number)
    dun(shop, 10)
    case = Suspension.objects.get()
    assert Instance.objects.get(pk=number.pk).desired_state == "enabled"
    assert desired(shop.center) == ON | OFF
    assert enforce(case=case, now=at(11)) == []
    dun(shop, 12)
    assert desired(shop.center) == OFF


def test_centers_under_maintenance_do_not_pull_the_safety_stop(shop: Shop) -> None:
    centers = [shop.new_center() for _number in range(7)]
    for center in centers:
        shop.owe("10", center=center)
    plan(shop)
    dun(shop, 10)
    assert open_safety_stop(shop.reseller) is None
    dun(shop, 12)
    assert open_safety_stop(shop.reseller) is not None
