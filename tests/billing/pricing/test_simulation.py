"""What last month would have earned with another margin."""

from datetime import date
from decimal import Decimal
from typing import Any

from billing.charges import add_discount
from billing.models import Category, Interval, Margin, RateCategory
from billing.policies import save_policy
from billing.pricing.simulation import LastMonth, Simulated, sums
from tests.billing.conftest import NOW, Shop
from tests.billing.views.conftest import add_rates

MARCH = date(2026, 3, 5)


def unsaved(shop: Shop, percent: str, fixed: str = "0", **fields: Any) -> Margin:
    values: dict[str, Any] = {
        "level": Margin.Level.RESELLER,
        "category": Category.MESSAGE,
        "valid_from": MARCH,
    }
    return Margin(reseller=shop.reseller, percent=Decimal(percent), fixed=Decimal(fixed), **(values | fields))


def simulated(shop: Shop, margin: Margin) -> dict[str, Simulated]:
    rows = LastMonth(shop.reseller, MARCH, margin.category).with_margin(margin)
    return {row.center.name: row for row in rows}


def test_last_month_is_priced_with_todays_margin_and_with_another(shop: Shop) -> None:
    shop.margin("10", "0.01")
    number = shop.number()
    shop.read(number, date(2026, 1, 31), sent=900, cost="90")
    shop.read(number, date(2026, 2, 1), sent=100, failed=20, cost="10")
    shop.read(number, date(2026, 2, 28), sent=50, cost="5")
    (row,) = simulated(shop, unsaved(shop, "25", "0.02")).values()
    assert (row.quantity, row.cost) == (130, Decimal(15))
    assert row.now == Decimal("16.5") + Decimal("1.30")
    assert row.then == Decimal("18.75") + Decimal("2.60")
    assert row.profit_then - row.profit_now == row.difference == Decimal("3.55")


def test_a_narrower_margin_stays_as_it_would_if_this_one_were_set(shop: Shop) -> None:
    own = shop.new_center(name="Own margin", country_id="1", currency="USD")
    shop.margin("50", center=own)
    for center in (shop.center, own):
        shop.read(shop.number(center), date(2026, 2, 3), sent=1, cost="10")
    rows = simulated(shop, unsaved(shop, "20"))
    assert rows["Own margin"].difference == 0
    assert rows[shop.center.name].difference == Decimal(2)
    rows = simulated(shop, unsaved(shop, "60", level=Margin.Level.CENTER, center=own))
    assert rows["Own margin"].difference == Decimal(1)
    assert rows[shop.center.name].difference == 0


def test_subscriptions_count_by_month_also_when_they_are_charged_by_year(shop: Shop) -> None:
    add_rates(shop, yearly="120")
    RateCategory.objects.create(
        reseller=shop.reseller, type="yearly", category=Category.SUBSCRIPTION, interval=Interval.YEAR
    )
    for _number in range(3):
        shop.number()
    margin = unsaved(shop, "10", "12", category=Category.SUBSCRIPTION)
    assert simulated(shop, margin) == {}, "no subscription is charged"
    save_policy(reseller=shop.reseller, by=None, now=NOW, subscription_type="yearly")
    (row,) = simulated(shop, margin).values()
    assert (row.quantity, row.cost, row.now, row.then) == (3, Decimal(30), Decimal(30), Decimal(36))


def test_the_sums_are_per_currency(shop: Shop) -> None:
    for day, cost in ((2, "1"), (3, "2")):
        shop.read(shop.number(), date(2026, 2, day), sent=1, cost=cost)
    rows = LastMonth(shop.reseller, MARCH, Category.MESSAGE).with_margin(unsaved(shop, "100"))
    assert sums(rows, "cost") == {"USD": Decimal(3)}
    assert sums(rows, "profit_then") == {"USD": Decimal(3)}


def test_discounts_of_today_are_in_both_prices(shop: Shop) -> None:
    add_discount(center=shop.center, percent=Decimal(25), day=MARCH, by=None, now=NOW)
    shop.read(shop.number(), date(2026, 2, 3), sent=1, cost="100")
    (row,) = simulated(shop, unsaved(shop, "20")).values()
    assert (row.now, row.then, row.cost) == (75, 90, 100)
    add_rates(shop, monthly="40")
    RateCategory.objects.create(
        reseller=shop.reseller, type="monthly", category=Category.SUBSCRIPTION, interval=Interval.MONTH
    )
    save_policy(reseller=shop.reseller, by=None, now=NOW, subscription_type="monthly")
    (row,) = simulated(shop, unsaved(shop, "50", category=Category.SUBSCRIPTION)).values()
    assert (row.now, row.then) == (30, 45)
