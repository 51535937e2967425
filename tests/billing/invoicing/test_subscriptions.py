"""Subscriptions: who had the number, and what MazBot asked for it at the end of the month."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from billing.invoicing import NothingToCharge, preview_invoice
from billing.models import InvoiceLine, Rate, RateFetch, Share
from billing.policies import save_center_policy, save_policy
from centers.errors import OperationRefused
from tests.billing.conftest import FEBRUARY, NOW, Shop
from tests.billing.invoices import APRIL_5, MARCH, issue
from whatsapp.models import Instance

JANUARY_1 = datetime(2026, 1, 1, tzinfo=UTC)
TYPE = "monthly_subscription"


def rates(shop: Shop, at: datetime, *, country: str = "1", **costs: str) -> None:
    fetch = RateFetch.objects.create(
        reseller=shop.reseller, country_id=country, first_fetched_at=at, fetched_at=at
    )
    for name, cost in costs.items():
        Rate.objects.create(
            reseller=shop.reseller, fetch=fetch, type=name, cost=Decimal(cost), currency="USD"
        )


@pytest.fixture
def shop(shop: Shop) -> Shop:
    """The shop charges a subscription per number, for whole months; by days: test_subscription_days.py."""
    save_policy(
        reseller=shop.reseller, by=None, now=NOW, subscription_type=TYPE, subscription_share=Share.FULL
    )
    return shop


def number_of(shop: Shop, *days: date) -> Instance:
    number = shop.number(held_since=datetime(2026, 2, 28, 9, tzinfo=UTC))
    shop.read_all([(number, day) for day in days])
    return number


def test_a_number_that_moved_after_the_month_is_charged_to_who_had_it(shop: Shop) -> None:
    rates(shop, JANUARY_1, **{TYPE: "9"})
    number = number_of(shop, date(2026, 2, 28))
    other = shop.new_center()
    Instance.objects.filter(pk=number.pk).update(center=other, held_since=datetime(2026, 3, 1, tzinfo=UTC))
    assert preview_invoice(other, FEBRUARY).lines == ()
    assert issue(shop).total == 9
    number.refresh_from_db()
    shop.read_all([(number, date(2026, 3, day)) for day in range(1, 32)])
    assert issue(shop, MARCH, other, APRIL_5).total == 9
    assert preview_invoice(shop.center, MARCH).lines == ()


def test_a_number_that_moved_within_the_month_is_charged_to_who_had_it_last(shop: Shop) -> None:
    rates(shop, JANUARY_1, **{TYPE: "9"})
    number = number_of(shop, date(2026, 2, 27))
    other = shop.new_center()
    moved_at = datetime(2026, 2, 28, 9, tzinfo=UTC)
    Instance.objects.filter(pk=number.pk).update(center=other, held_since=moved_at + timedelta(seconds=1))
    number.refresh_from_db()
    shop.read(number, date(2026, 2, 28))
    assert preview_invoice(shop.center, FEBRUARY).lines == ()
    assert preview_invoice(other, FEBRUARY).total == 9


def test_a_rate_that_changed_after_the_month_changes_nothing_of_it(shop: Shop) -> None:
    rates(shop, JANUARY_1, **{TYPE: "9"})
    rates(shop, datetime(2026, 3, 2, tzinfo=UTC), **{TYPE: "12"})
    number_of(shop, date(2026, 2, 28))
    assert issue(shop).total == 9
    assert InvoiceLine.objects.get().cost == 9


@pytest.mark.parametrize(
    ("lists", "cost"),
    [
        ([("2026-03-02", {TYPE: "12"})], 12),  # the first list we ever saw
        ([("2026-01-01", {"text": "1"}), ("2026-03-02", {TYPE: "12"})], 12),  # not known by that name then
        ([("2026-01-01", {TYPE: "9"}), ("2026-02-27", {TYPE: "10"})], 10),
    ],
)
def test_the_list_in_force_at_the_months_end_counts(
    shop: Shop, lists: list[tuple[str, dict[str, str]]], cost: int
) -> None:
    for day, costs in lists:
        rates(shop, datetime.fromisoformat(f"{day}T00:00+00:00"), **costs)
    number_of(shop, date(2026, 2, 28))
    assert issue(shop).total == cost


def test_a_country_without_a_list_has_the_general_one(shop: Shop) -> None:
    rates(shop, JANUARY_1, country="", **{TYPE: "7"})
    number_of(shop, date(2026, 2, 28))
    assert issue(shop).total == 7


def test_every_number_is_charged_at_the_same_rate(shop: Shop) -> None:
    rates(shop, JANUARY_1, **{TYPE: "9"})
    for _count in range(2):
        number_of(shop, date(2026, 2, 28))
    assert [line.amount for line in preview_invoice(shop.center, FEBRUARY).lines] == [9, 9]


def test_without_a_number_no_rate_is_missing(shop: Shop) -> None:
    with pytest.raises(NothingToCharge):
        issue(shop)


def test_with_a_number_a_missing_rate_is_refused(shop: Shop) -> None:
    number_of(shop, date(2026, 2, 28))
    with pytest.raises(OperationRefused, match="no rate"):
        issue(shop)
    save_center_policy(center=shop.center, by=None, now=NOW, subscription_type="")
    assert preview_invoice(shop.center, FEBRUARY).lines == ()
