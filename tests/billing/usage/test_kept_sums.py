"""The sums that the database keeps are those of the usage records, whatever writes them."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db.models import Sum

from billing.models import UsageRecord
from billing.periods import Period
from billing.queries.kept_sums import add_up, last_read_of_all, read_at, usage_of_centers, usage_of_days
from centers.models import Reseller
from centers.tenancy.scoping import tenant
from tests.billing.conftest import FEBRUARY, NOW, Shop, make_shop

TWO_MONTHS = Period(date(2026, 1, 1), date(2026, 3, 1))
FIGURES = ("sent", "received", "failed", "cost")


def of_records(reseller: Reseller, *names: str) -> list[tuple[Any, ...]]:
    """The sums of the records, by `names`."""
    with tenant(reseller):
        rows = UsageRecord.objects.order_by().values_list(*names).annotate(*(Sum(name) for name in FIGURES))
        return sorted(rows)


def kept(rows: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return sorted(tuple(row[name] for name in (*names, *FIGURES)) for row in rows)


@pytest.fixture
def used(shop: Shop) -> Shop:
    """Usage of three numbers, some of it read again with other counts."""
    numbers = [shop.number(), shop.number(), shop.number(shop.new_center())]
    for at, number in enumerate(numbers):
        for day in (date(2026, 1, 30), date(2026, 2, 1), date(2026, 2, 2)):
            shop.read(number, day, sent=5 + at, received=2, failed=1, cost="0.0300000001")
    shop.read(numbers[0], date(2026, 2, 2), sent=9, received=2, failed=1, cost="0.05", at=NOW)
    shop.read_all([(number, date(2026, 2, 3)) for number in numbers], sent=1, cost="0.01")
    return shop


@pytest.mark.parametrize("times", [0, 1, 2])
def test_they_are_the_sums_of_the_records(used: Shop, times: int) -> None:
    for _time in range(times):
        add_up()
    reseller = used.reseller
    assert kept(usage_of_days(reseller, TWO_MONTHS), "day", "currency") == of_records(
        reseller, "day", "currency"
    )
    assert kept(usage_of_centers(reseller, TWO_MONTHS), "center_id", "currency") == of_records(
        reseller, "center_id", "currency"
    )


def test_changes_after_they_were_added_up_count_too(used: Shop) -> None:
    add_up()
    with tenant(used.reseller):
        UsageRecord.objects.update(currency="EUR", sent=7)
    reseller = used.reseller
    days = [row for row in usage_of_days(reseller, TWO_MONTHS) if row["currency"] == "EUR"]
    assert kept(days, "day", "currency") == of_records(reseller, "day", "currency")
    add_up()
    assert {row["sent"] for row in usage_of_centers(reseller, FEBRUARY) if row["currency"] == "USD"} <= {0}


def test_they_say_when_usage_was_read(used: Shop) -> None:
    later = NOW + timedelta(hours=3)
    latest = last_read_of_all(used.reseller)
    with tenant(used.reseller):
        number = UsageRecord.objects.earliest("pk").instance
        used.read(number, date(2026, 1, 30), sent=5, received=2, failed=1, cost="0.0300000001", at=later)
    assert last_read_of_all(used.reseller) == latest, "a day that is read again makes no later one newer"
    assert read_at(used.reseller) == later


def test_centers_come_by_what_they_sent_in_pages(used: Shop) -> None:
    first = usage_of_centers(used.reseller, FEBRUARY, limit=1)
    second = usage_of_centers(used.reseller, FEBRUARY, limit=1, offset=1)
    assert first + second == usage_of_centers(used.reseller, FEBRUARY)
    assert first[0]["sent"] > second[0]["sent"]


def test_no_other_resellers_usage_is_in_them(used: Shop) -> None:
    other = make_shop()
    with tenant(other.reseller):
        assert (usage_of_days(other.reseller, TWO_MONTHS), usage_of_centers(other.reseller, FEBRUARY)) == (
            [],
            [],
        )
        other.read(other.number(), date(2026, 2, 1), sent=1)
    add_up()
    assert [row["sent"] for row in usage_of_days(other.reseller, TWO_MONTHS)] == [1]
