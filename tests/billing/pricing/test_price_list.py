"""Prices from costs: the formula, the property that ties list and usage together, and the list itself."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.models import Billable, Category, Rate, RateCategory, RateFetch
from billing.pricing.exchange_rates import set_exchange_rate
from billing.pricing.price_list import (
    PriceList,
    average,
    billable_messages,
    converted,
    current_rates,
    price_list,
    unit_price,
    usage_charge,
)
from billing.pricing.rate_types.known import guess_category
from billing.queries import portal_prices
from tests.billing.conftest import NOW, Shop

COSTS = st.decimals(min_value=0, max_value=1000, places=6)
PERCENTS = st.decimals(min_value=-100, max_value=10_000, places=4)
FIXED = st.decimals(min_value=-10, max_value=10, places=8)


@given(st.lists(st.tuples(COSTS, st.integers(0, 10**7)), max_size=12), PERCENTS, FIXED)
def test_price_list_times_messages_is_the_usage_charge(
    mix: list[tuple[Decimal, int]], percent: Decimal, fixed: Decimal
) -> None:
    messages = sum(count for _cost, count in mix)
    total_cost = sum((cost * count for cost, count in mix), Decimal(0))
    by_list = sum((unit_price(cost, percent, fixed) * count for cost, count in mix), Decimal(0))
    assert usage_charge(total_cost, messages, percent, fixed) == by_list


def test_the_formula() -> None:
    assert unit_price(Decimal("0.05"), Decimal(20), Decimal("0.01")) == Decimal("0.07")


@pytest.mark.parametrize(
    ("sent", "failed", "basis", "expected"),
    [(10, 3, Billable.DELIVERED, 7), (10, 3, Billable.SENT, 10), (2, 5, Billable.DELIVERED, 0)],
)
def test_billable_messages(sent: int, failed: int, basis: str, expected: int) -> None:
    assert billable_messages(sent, failed, basis) == expected


def test_averages_and_conversion() -> None:
    assert average(Decimal(1), 3) == Decimal("0.3333333333")
    assert average(Decimal(5), 0) == Decimal(5)
    assert converted(Decimal("1.5"), Decimal("4.85")) == Decimal("7.275")


@pytest.mark.parametrize(
    ("name", "category"),
    [
        ("marketing", Category.MESSAGE),
        ("subscription_monthly", Category.SUBSCRIPTION),
        ("Number_SUBSCRIPTION", Category.SUBSCRIPTION),
        ("اشتراك", Category.SUBSCRIPTION),
        ("", Category.MESSAGE),
    ],
)
def test_categories_are_guessed_from_the_name(name: str, category: str) -> None:
    assert guess_category(name) == category


def rates(shop: Shop, country: str, **costs: str) -> RateFetch:
    fetch: RateFetch = RateFetch.objects.create(
        reseller=shop.reseller, country_id=country, first_fetched_at=NOW, fetched_at=NOW
    )
    for name, cost in costs.items():
        Rate.objects.create(
            reseller=shop.reseller, fetch=fetch, type=name, cost=Decimal(cost), currency="USD"
        )
    return fetch


def test_the_narrowest_margin_makes_the_price(shop: Shop) -> None:
    rates(shop, "1", marketing="0.05", subscription_monthly="10")
    shop.margin("10")
    shop.margin("20", country_id="1")
    shop.margin("50", "1", category=Category.SUBSCRIPTION)
    assert [(row.type, row.price) for row in price_list(shop.center, NOW)] == [
        ("marketing", Decimal("0.06")),
        ("subscription_monthly", Decimal(16)),
    ]
    shop.margin("40", center=shop.center)
    assert price_list(shop.center, NOW)[0].price == Decimal("0.07")
    prices = PriceList(shop.reseller, date(2026, 3, 5))
    assert [row.price for row in prices.for_country("1")] == [Decimal("0.06"), Decimal(16)]


def test_margins_count_from_their_day(shop: Shop) -> None:
    rates(shop, "", marketing="1")
    shop.margin("10")
    shop.margin("30", valid_from=date(2026, 3, 6))
    assert price_list(shop.center, NOW)[0].price == Decimal("1.1")
    assert PriceList(shop.reseller, date(2026, 3, 6)).for_center(shop.center)[0].price == Decimal("1.3")


def test_without_a_margin_the_price_is_the_cost(shop: Shop) -> None:
    rates(shop, "1", marketing="0.05")
    row = price_list(shop.center, NOW)[0]
    assert (row.price, row.margin, row.is_loss) == (Decimal("0.05"), None, False)


def test_a_country_without_a_list_has_the_general_one(shop: Shop) -> None:
    rates(shop, "", marketing="0.01")
    rates(shop, "2", marketing="0.09")
    assert price_list(shop.center, NOW)[0].cost == Decimal("0.01")


def test_the_newest_list_counts(shop: Shop) -> None:
    rates(shop, "1", marketing="0.05")
    rates(shop, "1", marketing="0.06")
    assert [rate.cost for rate in current_rates(shop.reseller)["1"]] == [Decimal("0.06")]


def test_a_missing_exchange_rate_is_no_price(shop: Shop) -> None:
    rates(shop, "1", marketing="0.05")
    center = shop.new_center(currency="LYD", country_id="1")
    assert price_list(center, NOW)[0].price is None
    set_exchange_rate(
        reseller=shop.reseller,
        base="USD",
        quote="LYD",
        day=date(2026, 1, 1),
        rate=Decimal("4.8"),
        by=None,
        now=NOW,
    )
    assert price_list(center, NOW)[0].price == Decimal("0.24")


def test_staff_decide_what_a_type_is(shop: Shop) -> None:
    rates(shop, "1", extra="1")
    RateCategory.objects.create(reseller=shop.reseller, type="extra", category=Category.SUBSCRIPTION)
    shop.margin("10", category=Category.SUBSCRIPTION)
    assert price_list(shop.center, NOW)[0].price == Decimal("1.1")


def test_a_price_below_its_cost_is_a_loss(shop: Shop) -> None:
    rates(shop, "1", marketing="0.05")
    shop.margin("-10")
    assert [row.is_loss for row in price_list(shop.center, NOW)] == [True]


def test_a_portal_price_has_no_cost(shop: Shop) -> None:
    rates(shop, "1", utility="0.5", marketing="91827.36")
    shop.margin("10")
    rows = portal_prices(shop.center, NOW)
    assert [row.type for row in rows] == ["marketing", "utility"]
    assert "91827.36" not in str(rows)


def test_a_price_list_of_one_center_prices_no_other_one(shop: Shop) -> None:
    prices = PriceList(shop.reseller, date(2026, 3, 5), center=shop.center)
    with pytest.raises(ValueError, match="is for"):
        prices.for_center(shop.new_center())
