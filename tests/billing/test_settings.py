"""Margins, exchange rates and policies: what is refused, what is kept, what wins."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from billing.models import BillingPolicy, Category, CenterPolicy, ExchangeRate, Margin
from billing.periods import Period, checked_period, day_start, local_day, month_of, previous_month
from billing.policies import policies_for, policy_for, reseller_policy, save_center_policy, save_policy
from billing.pricing.exchange_rates import Exchange, set_exchange_rate
from billing.pricing.margins import Margins
from centers.errors import OperationRefused
from centers.models import AuditEntry
from tests.billing.conftest import NOW, Shop
from tests.factories import UserFactory

D = Decimal


def test_a_change_is_a_new_version_with_a_trace(shop: Shop) -> None:
    user = UserFactory()
    shop.margin("10", by=user)
    second = shop.margin("20", by=user)
    assert Margin.objects.count() == 2
    assert (
        Margins.of(shop.center.reseller, shop.center).find(Category.MESSAGE, shop.center, NOW.date())
        == second
    )
    event = AuditEntry.objects.filter(action="margin.set").order_by("pk").last()
    assert (event.actor, event.data["before"]) == (user, "10% + 0")


def test_asking_twice_for_the_same_changes_nothing(shop: Shop) -> None:
    assert shop.margin("10") == shop.margin("10.0000")
    assert Margin.objects.count() == 1


def test_levels_do_not_mix(shop: Shop) -> None:
    other = shop.new_center(country_id="")
    reseller, country = shop.margin("10"), shop.margin("20", country_id="1")
    center = shop.margin("30", center=other)
    found = [
        Margins.of(row.reseller, row).find(Category.MESSAGE, row, NOW.date()) for row in (shop.center, other)
    ]
    assert found == [country, center]
    third = shop.new_center(country_id="7")
    assert Margins.of(third.reseller, third).find(Category.MESSAGE, third, NOW.date()) == reseller
    assert Margins.of(third.reseller, third).find(Category.SUBSCRIPTION, third, NOW.date()) is None
    assert Margins.of(third.reseller, third).find(Category.MESSAGE, third, date(2019, 12, 31)) is None


@pytest.mark.parametrize(
    "values",
    [
        {"percent": "NaN"},
        {"percent": "-100.1"},
        {"percent": "10000.1"},
        {"percent": "1.00001"},
        {"percent": "1", "fixed": "Infinity"},
        {"percent": "1", "fixed": "1000001"},
        {"percent": "1", "fixed": "0.000000001"},
        {"percent": "1", "category": "gold"},
    ],
)
def test_margins_that_are_refused(shop: Shop, values: dict[str, str]) -> None:
    with pytest.raises(OperationRefused):
        shop.margin(**values)


def test_a_margin_is_for_a_center_or_a_country(shop: Shop) -> None:
    with pytest.raises(OperationRefused):
        shop.margin("1", center=shop.center, country_id="1")


def exchange(shop: Shop, day: date, rate: str, base: str = "USD", quote: str = "LYD") -> ExchangeRate:
    return set_exchange_rate(
        reseller=shop.reseller, base=base, quote=quote, day=day, rate=D(rate), by=None, now=NOW
    )


def test_the_newest_exchange_rate_up_to_the_day_counts(shop: Shop) -> None:
    exchange(shop, date(2026, 2, 1), "4.8")
    exchange(shop, date(2026, 3, 1), "5")
    exchange(shop, date(2026, 3, 1), "5.1")
    rates = Exchange(shop.reseller)
    days = (date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 1))
    assert [rates.find("USD", "LYD", day) for day in days] == [None, D("4.8"), D("5.1"), D("5.1")]
    assert rates.find("LYD", "USD", date(2026, 3, 1)) is None
    assert rates.rate("LYD", "LYD", date(2026, 3, 1)) == 1


@pytest.mark.parametrize("rate", ["0", "-1", "NaN", "1000000000", "0.00000000001"])
def test_exchange_rates_that_are_refused(shop: Shop, rate: str) -> None:
    with pytest.raises(OperationRefused):
        exchange(shop, date(2026, 2, 1), rate)
    with pytest.raises(OperationRefused):
        exchange(shop, date(2026, 2, 1), "1", quote="USD")


def test_a_center_follows_its_reseller_where_it_says_nothing(shop: Shop) -> None:
    assert reseller_policy(shop.reseller).pk is None
    save_policy(reseller=shop.reseller, by=None, now=NOW, grace_days=20, subscription_type="monthly")
    save_center_policy(center=shop.center, by=None, now=NOW, grace_days=0, subscription_type="")
    other = shop.new_center()
    found = policies_for(shop.reseller, [shop.center, other])
    assert (found[shop.center.pk].grace_days, found[other.pk].grace_days) == (0, 20)
    assert found[shop.center.pk].subscription_type == ""
    save_center_policy(center=shop.center, by=None, now=NOW, grace_days=None)
    assert policy_for(shop.center).grace_days == 20
    assert (BillingPolicy.objects.count(), CenterPolicy.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    "values",
    [{"grace_days": 400}, {"quiet_weekdays": [8]}, {"minimum_amount": D("NaN")}, {"billable": "all"}],
)
def test_policies_that_are_refused(shop: Shop, values: dict[str, object]) -> None:
    with pytest.raises(OperationRefused):
        save_policy(reseller=shop.reseller, by=None, now=NOW, **values)
    with pytest.raises(OperationRefused):
        save_center_policy(center=shop.center, by=None, now=NOW, **values)
    assert BillingPolicy.objects.count() == CenterPolicy.objects.count() == 0


def test_periods() -> None:
    assert previous_month(date(2026, 1, 15)) == Period(date(2025, 12, 1), date(2026, 1, 1))
    assert month_of(date(2024, 2, 29)).last_day == date(2024, 2, 29)
    months = Period(date(2026, 1, 31), date(2026, 3, 31)).months_ended()
    assert list(months) == [date(2026, 1, 1), date(2026, 2, 1)]
    for first, end in ((date(2026, 1, 2), date(2026, 1, 2)), (date(2025, 1, 1), date(2026, 1, 3))):
        with pytest.raises(OperationRefused):
            checked_period(first, end)
    assert checked_period(date(2026, 1, 1), date(2026, 2, 1)).first_day == date(2026, 1, 1)


@pytest.mark.parametrize(
    ("zone", "year"),
    [
        ("Africa/Cairo", 2024),  # no midnight on 26 April; the last hour of 31 October comes twice
        ("Asia/Amman", 2021),  # no midnight in spring; the first hour of 29 October comes twice
        ("Asia/Amman", 2022),  # forward in February, and never back
        ("Asia/Beirut", 2023),
        ("Asia/Gaza", 2023),
        ("Africa/Casablanca", 2024),
        ("Asia/Damascus", 2022),
    ],
)
def test_days_meet_without_gap_or_overlap_through_a_year(zone: str, year: int) -> None:
    days = list(Period(date(year, 1, 1), date(year + 1, 1, 1)).days())
    starts = [day_start(day, ZoneInfo(zone)) for day in days]
    hours = {(after - before).total_seconds() / 3600 for before, after in pairwise(starts)}
    assert {24} < hours <= {23, 24, 25}
    assert [local_day(start, ZoneInfo(zone)) for start in starts] == days
    assert [local_day(start - timedelta(microseconds=1), ZoneInfo(zone)) for start in starts[1:]] == days[:-1]


def test_a_day_without_midnight_begins_where_the_clock_jumps() -> None:
    zone = ZoneInfo("Africa/Cairo")
    assert day_start(date(2024, 4, 26), zone) == datetime(2024, 4, 25, 22, tzinfo=UTC)
