"""What is estimated before something is saved counts discounts, and tax that prices include, as invoices do."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from billing.invoicing import preview_invoice
from billing.models import Category, Margin, RateFetch
from billing.policies import save_policy
from billing.pricing.below_cost import BelowCost
from billing.pricing.history.backdating import Backdated
from billing.pricing.margin_versions import set_margin
from billing.pricing.price_list import PriceList
from billing.pricing.price_moves import active_centers, month_effects, new_loss, price_moves
from billing.pricing.simulation import LastMonth
from tests.billing.charges.test_discounts import give
from tests.billing.conftest import FEBRUARY, NOW, Shop
from tests.billing.invoicing.test_subscription_days import held
from tests.billing.invoicing.test_subscriptions import JANUARY_1, rates
from tests.billing.tax.shops import register, tax_rate

D = Decimal
FEB_1, FEB_15, TODAY = date(2026, 2, 1), date(2026, 2, 15), NOW.date()


@pytest.fixture
def half_off(shop: Shop) -> Shop:
    """28 days of 10 messages for 1.00 each, half price since the 15th; a list."""
    rates(shop, JANUARY_1, marketing="0.10")
    number = held(shop, FEB_1)
    shop.read_all([(number, FEB_1 + timedelta(days=offset)) for offset in range(28)], sent=10, cost="1")
    give(shop, "50")
    return shop


def new_margin(shop: Shop, percent: str, day: date = TODAY, **fields: Any) -> Margin:
    values: dict[str, Any] = {"category": Category.MESSAGE, "fixed": D(0), "by": None, "now": NOW}
    return set_margin(reseller=shop.reseller, percent=D(percent), valid_from=day, **values | fields)


def test_the_simulator_prices_with_todays_discounts(half_off: Shop) -> None:
    margin = Margin(
        reseller=half_off.reseller,
        level=Margin.Level.RESELLER,
        category=Category.MESSAGE,
        percent=D(200),
        fixed=D(0),
        valid_from=TODAY,
    )
    (row,) = LastMonth(half_off.reseller, TODAY, Category.MESSAGE).with_margin(margin)
    assert (row.cost, row.now, row.then) == (28, 14, 42)


def test_a_margin_that_only_the_discount_puts_below_cost_is_asked_about(half_off: Shop) -> None:
    with pytest.raises(BelowCost) as below:
        new_margin(half_off, "50")
    assert below.value.loss.phrase == "1 center, 7.00 USD a month"
    new_margin(half_off, "100")


def test_the_difference_on_days_that_are_over_is_that_of_the_invoice(half_off: Shop) -> None:
    """20 % more on 1.00 a day, half of it since the 15th."""
    rates(half_off, JANUARY_1, marketing="0.10", subscription_monthly="28")
    save_policy(
        reseller=half_off.reseller,
        by=None,
        now=NOW,
        subscription_type="subscription_monthly",
        subscription_share="full",
    )
    half_off.margin("100", valid_from=date(2026, 1, 1))
    before = preview_invoice(half_off.center, FEBRUARY).total
    with pytest.raises(Backdated) as asked:
        new_margin(half_off, "120", FEB_1)
    assert asked.value.backdating.phrase == "28 days, 4.20 USD more"
    new_margin(half_off, "120", FEB_1, confirmed_days=asked.value.backdating.phrase)
    assert preview_invoice(half_off.center, FEBRUARY).total == before + D("4.20")


def lists(shop: Shop, cost: str) -> Any:
    """The effect and the loss of a list on which a message costs this, instead of 0.10."""
    old = RateFetch.objects.get()
    rates(shop, NOW, marketing=cost)
    new = RateFetch.objects.exclude(pk=old.pk).get()
    prices, centers = PriceList(shop.reseller, TODAY), active_centers(shop.reseller)
    both = list(old.rates.all()), list(new.rates.all())
    moves = price_moves(prices, centers, *both)
    effects = month_effects(prices, centers, *both, moves)
    loss = new_loss(prices, moves, effects)
    return [str(end) for end in effects[0].ends], loss and loss.phrase


def test_a_rate_moves_discounted_prices(half_off: Shop) -> None:
    """At 100 % and half off, the price is the cost; a fixed reduction is what it loses."""
    half_off.margin("100", "0", valid_from=date(2026, 1, 1))
    assert lists(half_off, "0.20") == (["28.00"], None)


def test_the_loss_of_a_rate_counts_the_tax_that_prices_include(shop: Shop) -> None:
    """116 gross is 100.87 net: a gain on 100, as long as the fixed 0.01 covers it."""
    register(shop, included=True)
    tax_rate(shop)
    shop.margin("10", "0.01", valid_from=date(2026, 1, 1))
    rates(shop, JANUARY_1, marketing="0.10")
    shop.read(shop.number(), FEB_15, sent=100, cost="10")
    # (20 x 1.1 + 100 x 0.01) / 1.15 is 20.00; on 30 it is 29.565....
    assert lists(shop, "0.30")[1] == "1 center, 0.43 USD a month"
