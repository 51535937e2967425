"""The quota, and the usage that pages show."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from billing.models import AccountUsageRecord
from billing.periods import Period
from billing.queries import (
    flagged_usage_rows,
    last_read,
    portal_balance,
    portal_usage,
    usage_by_day,
    usage_by_instance,
)
from billing.queries.kept_sums import last_read_of_all, usage_of_centers, usage_of_days
from billing.reports.quota import quota_runway, top_senders
from tests.billing.conftest import FEBRUARY, NOW, Shop

D = Decimal
THREE_DAYS = Period(date(2026, 2, 1), date(2026, 2, 4))


def account(shop: Shop, day: date, cost: str, quota: str | None = None, sent: int = 0) -> AccountUsageRecord:
    return AccountUsageRecord.objects.create(
        reseller=shop.reseller,
        day=day,
        sent=sent,
        received=0,
        failed=0,
        cost=D(cost),
        currency="USD",
        available_quota=None if quota is None else D(quota),
        read_at=NOW,
    )


def test_the_quota_lasts_as_long_as_it_went_down(shop: Shop) -> None:
    assert quota_runway(shop.reseller, NOW).days_left is None
    for day, quota in ((1, "1000"), (2, "900"), (3, "2000"), (4, "1800")):
        account(shop, date(2026, 3, day), "0", quota, sent=7)
    shop.read(shop.number(), date(2026, 3, 4), sent=30, cost="1")
    runway = quota_runway(shop.reseller, NOW)
    assert (runway.quota, runway.per_day, runway.days_left) == (1800, 100, 18)
    assert top_senders(shop.reseller, NOW) == ((shop.center.name, 30),)


def test_days_without_a_reading_share_in_the_use(shop: Shop) -> None:
    for day, quota in ((1, "4000"), (2, "3900"), (31, "1000")):
        account(shop, date(2026, 3, day), "0", quota)
    assert quota_runway(shop.reseller, NOW).per_day == 100


def test_where_the_quota_tells_nothing_messages_do(shop: Shop) -> None:
    account(shop, date(2026, 3, 4), "0", None, sent=50)
    account(shop, date(2026, 3, 5), "0", "200", sent=3)
    runway = quota_runway(shop.reseller, NOW)
    assert (runway.per_day, runway.days_left) == (50, 4)


def test_what_pages_read(shop: Shop) -> None:
    number, other = shop.number(), shop.number(shop.new_center())
    assert last_read_of_all(shop.reseller) is None
    for day in (1, 2):
        shop.read(number, date(2026, 2, day), sent=3, received=2, failed=1, cost="1")
    shop.read(other, date(2026, 2, 1), sent=9, cost="2")
    assert [row["sent"] for row in usage_of_days(shop.reseller, THREE_DAYS)] == [12, 3]
    assert [row["sent"] for row in usage_by_day(THREE_DAYS, instance_id=other.pk)] == [9]
    assert [(row["center_id"], row["cost"]) for row in usage_of_centers(shop.reseller, FEBRUARY)] == [
        (other.center_id, 2),
        (shop.center.pk, 2),
    ]
    assert usage_by_instance(THREE_DAYS, center=shop.center)[0]["sent"] == 6
    days = portal_usage(shop.center, THREE_DAYS)
    assert [(row.day.day, row.sent, row.received, row.failed) for row in days] == [(1, 3, 2, 1), (2, 3, 2, 1)]
    assert last_read(shop.center) == datetime(2026, 2, 3, 12, tzinfo=UTC)
    shop.read(number, date(2026, 2, 2), sent=2, at=NOW)
    assert flagged_usage_rows().get().instance == number
    shop.owe("5", day=date(2026, 2, 20))
    shop.pay("5", now=NOW + timedelta(hours=1))
    assert portal_balance(shop.center, NOW)[0].due == 0
