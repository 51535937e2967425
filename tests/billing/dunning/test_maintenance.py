"""While maintenance runs no center is suspended and no number switched off for non-payment; afterwards they are."""

from datetime import datetime, timedelta

import pytest

from billing.dunning import planned_for, preview
from billing.dunning.run import open_safety_stop
from billing.dunning.suspension import enforce, suspend
from billing.jobs import dunning_job
from billing.models import Suspension
from tests.billing.conftest import Shop
from tests.billing.dunning.test_dunning import OFF, ON, at, desired, dun
from tests.billing.mails.reading import text_of, the_mail
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


#: 00:00 in Riyadh on 8 March, the first day on which the center may be suspended.
FIRST = at(10, 0) - timedelta(hours=3)


def plan_hours(shop: Shop, begin: int, end: int, **target: object) -> None:
    """Maintenance from `begin` to `end`, in hours from FIRST, planned weeks before."""
    plan_maintenance(
        reseller=shop.reseller,
        begins_at=FIRST + timedelta(hours=begin),
        ends_at=FIRST + timedelta(hours=end),
        reason="New phones",
        by=UserFactory(),
        now=at(0),
        **target,  # type: ignore[arg-type]
    )


def suspended_at(shop: Shop) -> datetime:
    """When the first of the runs of every sixth hour from FIRST on, and of the hour before each, suspends the center.

    Each maintenance below ends at a sixth hour, so one that is undone an hour early is noticed.
    """
    for hour in sorted({*range(0, 24 * 6, 6), *range(5, 24 * 6, 6)}):
        now = FIRST + timedelta(hours=hour)
        dunning_job(reseller=shop.reseller, now=now)
        if Suspension.objects.exists():
            return now
    raise AssertionError


@pytest.mark.parametrize(
    ("hours", "day"),
    [
        ([(0, 48)], 10),  # two whole days
        ([(-2, 18)], 8),  # over in the evening of the first day
        ([(6, 48)], 8),  # the night before it is long enough
        ([(0, 12), (12, 30)], 9),  # one after the other
        ([(-30, 24 * 3)], 11),
        ([(48, 72)], 8),
    ],
)
@pytest.mark.parametrize("whole", [True, False])
def test_the_warning_and_the_pages_name_the_day_after_maintenance_on_which_the_run_suspends(
    shop: Shop, hours: list[tuple[int, int]], day: int, whole: bool
) -> None:
    shop.owe("10")
    for begin, end in hours:
        plan_hours(shop, begin, end, **({} if whole else {"center": shop.center}))
    dun(shop, 7)
    planned = planned_for(shop.center, at(7))
    assert planned is not None
    assert planned.on.day == day
    assert [item.on.day for item in preview(shop.reseller, at(7))] == [day]
    assert f"{day} Mar 2026" in text_of(the_mail(kind="invoice.warning"))
    assert (suspended_at(shop) + timedelta(hours=3)).day == day


def test_own_maintenance_and_that_of_all_numbers_count_as_one(shop: Shop) -> None:
    shop.owe("10")
    plan_hours(shop, 0, 12)
    plan_hours(shop, 10, 24, center=shop.center)
    planned = planned_for(shop.center, at(7))
    assert planned is not None
    assert planned.on.day == 9


def test_maintenance_of_one_number_or_of_another_center_moves_no_day(shop: Shop) -> None:
    shop.owe("10")
    plan_hours(shop, 0, 48, center=shop.new_center())
    plan_hours(shop, 0, 48, instance=InstanceFactory(center=shop.center))
    planned = planned_for(shop.center, at(7))
    assert planned is not None
    assert planned.on.day == 8


def test_while_maintenance_fills_the_rest_of_today_the_page_names_tomorrow(shop: Shop) -> None:
    shop.owe("10")
    plan_hours(shop, 6, 24)
    for hour, day in ((5, 8), (6, 9), (23, 9)):
        planned = planned_for(shop.center, FIRST + timedelta(hours=hour))
        assert planned is not None
        assert planned.on.day == day
