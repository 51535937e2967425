"""The difference that a change over past days asks about is that of the invoices: also for what numbers are charged."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.invoicing import close_period, preview_invoice
from billing.models import Category, CenterVersion
from billing.money import rounded
from billing.policies import save_policy
from billing.pricing.exchange_rate_age import enter_exchange_rate
from billing.pricing.history.backdating import Backdated, Backdating
from billing.pricing.history.center_changes import change_center
from billing.pricing.margin_versions import set_margin
from tests.billing.charges.test_discounts import give
from tests.billing.conftest import FEBRUARY, NOW, Shop
from tests.billing.invoicing.test_subscription_days import held
from tests.billing.invoicing.test_subscriptions import JANUARY_1, rates
from whatsapp.ownership.spans import holds

D = Decimal
MONTHLY, YEARLY, ONCE = "subscription_monthly", "subscription_yearly", "setup_once"
FEBRUARY_22 = date(2026, 2, 22)
Change = Callable[..., Any]


@pytest.fixture
def sold(shop: Shop) -> Shop:
    """Three numbers of February: 28 days, 12 days, and 7 days until it moved; prices in two countries, in SAR."""
    for country, factor in (("1", 1), ("2", 2)):
        costs = {MONTHLY: str(28 * factor), YEARLY: str(300 * factor), ONCE: str(10 * factor)}
        rates(shop, JANUARY_1, country=country, **costs)
    shop.center.currency = "SAR"
    shop.center.save()
    rate(shop, "3.75", date(2026, 1, 1))
    for category in Category.values:
        shop.margin("10", "1", category=category, valid_from=date(2026, 1, 1))
    held(shop, date(2026, 2, 1))
    held(shop, date(2026, 2, 17))
    shop.leaves(held(shop, date(2026, 2, 10)), date(2026, 2, 16))
    return shop


def rate(shop: Shop, value: str, day: date, **typed: str) -> None:
    values = {"base": "USD", "quote": "SAR", "rate": D(value), "day": day}
    enter_exchange_rate(reseller=shop.reseller, by=None, now=NOW, **values, **typed)


def a_margin(shop: Shop, **typed: str) -> None:
    values = {"category": Category.SUBSCRIPTION, "percent": D("150"), "fixed": D("0.123")}
    set_margin(reseller=shop.reseller, valid_from=FEBRUARY_22, by=None, now=NOW, **values, **typed)


def a_country(shop: Shop, **typed: str) -> None:
    confirmed = {"confirmation": typed["confirmed_days"]} if typed else {}
    values = {"name": CenterVersion.Name.COUNTRY, "value": "2", "valid_from": FEBRUARY_22}
    change_center(center=shop.center, by=None, now=NOW, **values, **confirmed)


def a_rate(shop: Shop, **typed: str) -> None:
    rate(shop, "3.9", FEBRUARY_22, **typed)


def asked(change: Change, shop: Shop) -> Backdating:
    with pytest.raises(Backdated) as found:
        change(shop)
    return found.value.backdating


@pytest.mark.parametrize("change", [a_margin, a_country, a_rate])
@pytest.mark.parametrize(
    "rules",
    [
        {"subscription_type": MONTHLY, "subscription_share": "held"},
        {"subscription_type": MONTHLY, "subscription_share": "full"},
        {"subscription_type": YEARLY, "one_off_type": ONCE},
    ],
    ids=["by the day", "in full", "yearly and once"],
)
def test_the_difference_is_that_of_the_invoice(sold: Shop, change: Change, rules: dict[str, str]) -> None:
    save_policy(reseller=sold.reseller, by=None, now=NOW, **rules)
    give(sold, "50")
    before = preview_invoice(sold.center, FEBRUARY)
    question = asked(change, sold)
    change(sold, confirmed_days=question.phrase)
    sold.center.refresh_from_db()
    after = preview_invoice(sold.center, FEBRUARY)
    exact = sum(line.exact for line in after.lines) - sum(line.exact for line in before.lines)
    # A margin is also that of the other center, which pays in USD.
    assert exact
    assert dict(question.differences)["SAR"] == rounded(exact, "SAR")


def test_it_names_the_days_whose_price_changes(sold: Shop) -> None:
    """Seven days in the other country for two numbers: (56 - 28) x 1.1 x 7 / 28 x 2 = 15.40, at 3.75."""
    save_policy(reseller=sold.reseller, by=None, now=NOW, subscription_type=MONTHLY)
    question = asked(a_country, sold)
    assert (question.phrase, question.first_day) == ("7 days, 57.75 SAR more", FEBRUARY_22)
    # A margin is that of the month's end: all days on which the center had a number change.
    assert asked(a_margin, sold).days == 28


def test_a_year_that_an_earlier_month_is_charged_with_is_not_asked_about_again(shop: Shop) -> None:
    """January isn't invoiced yet, and its invoice takes the year."""
    rates(shop, JANUARY_1, **{YEARLY: "300"})
    save_policy(reseller=shop.reseller, by=None, now=NOW, subscription_type=YEARLY)
    shop.margin("10", category=Category.SUBSCRIPTION, valid_from=date(2026, 1, 1))
    held(shop, date(2026, 1, 31))
    terms = {"category": Category.SUBSCRIPTION, "percent": D(50), "fixed": D(0)}
    with pytest.raises(Backdated) as found:
        set_margin(reseller=shop.reseller, valid_from=date(2026, 1, 1), by=None, now=NOW, **terms)
    assert found.value.backdating.phrase == "1 day, 120.00 USD more"
    set_margin(reseller=shop.reseller, valid_from=date(2026, 2, 1), by=None, now=NOW, **terms)


def test_nothing_is_read_of_centers_whose_prices_stay(sold: Shop) -> None:
    """A margin of messages: neither who held numbers nor what was charged is looked up."""
    save_policy(reseller=sold.reseller, by=None, now=NOW, subscription_type=MONTHLY)
    values = {"category": Category.MESSAGE, "percent": D(35), "fixed": D(0), "valid_from": FEBRUARY_22}
    with CaptureQueriesContext(connection) as queries:
        set_margin(reseller=sold.reseller, by=None, now=NOW, **values)
    assert not [one for one in queries if "billing_subscriptionclaim" in one["sql"]]


def test_what_is_invoiced_or_has_no_rate_is_no_difference(sold: Shop) -> None:
    save_policy(reseller=sold.reseller, by=None, now=NOW, subscription_type="unlisted_monthly")
    a_margin(sold)
    save_policy(reseller=sold.reseller, by=None, now=NOW, subscription_type=MONTHLY)
    numbers = [(span.instance, span) for span in sold.center.assignments.select_related("instance")]
    days = [(number, day) for number, span in numbers for day in FEBRUARY.days() if holds(span, day)]
    sold.read_all(days, at=NOW)
    close_period(center=sold.center, period=FEBRUARY, by=None, now=NOW)
    a_country(sold)
