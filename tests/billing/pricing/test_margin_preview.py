"""What the preview of a margin says: each price before and after, with nothing saved."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from billing.models import Category, Margin
from billing.pricing.margin_preview import ChangedList, changed_lists, replaced_on
from billing.pricing.price_list import PriceList
from tests.billing.conftest import NOW, Shop
from tests.billing.invoicing.test_subscriptions import JANUARY_1, rates

D = Decimal
TODAY = NOW.date()


@pytest.fixture
def shop(shop: Shop) -> Shop:
    """Two countries' lists, and 10 % on every message."""
    rates(shop, JANUARY_1, marketing="0.05", utility="0.01", subscription_monthly="10")
    rates(shop, JANUARY_1, country="2", marketing="0.20")
    shop.margin("10")
    return shop


def typed(shop: Shop, percent: str, **fields: Any) -> Margin:
    values = {"level": "reseller", "category": Category.MESSAGE, "valid_from": TODAY, "fixed": D(0)} | fields
    return Margin(reseller=shop.reseller, percent=D(percent), **values)


def lists(shop: Shop, margin: Margin) -> list[ChangedList]:
    return list(changed_lists(PriceList(shop.reseller, TODAY), margin))


def prices(found: ChangedList) -> dict[str, tuple[Decimal | None, Decimal | None]]:
    return {row.type: (row.before.price_at_cost, row.after.price_at_cost) for row in found.changes}


def test_a_margin_for_all_shows_every_country_and_only_its_category(shop: Shop) -> None:
    first, second = lists(shop, typed(shop, "20"))
    assert (first.center, first.country, second.country) == (None, "1", "2")
    assert prices(first) == {"marketing": (D("0.055"), D("0.06")), "utility": (D("0.011"), D("0.012"))}
    assert prices(second) == {"marketing": (D("0.22"), D("0.24"))}
    assert Margin.objects.count() == 1


def test_a_margin_for_a_country_or_a_center_shows_its_list_alone(shop: Shop) -> None:
    (country,) = lists(shop, typed(shop, "50", level="country", country_id="2"))
    assert (country.country, prices(country)) == ("2", {"marketing": (D("0.22"), D("0.30"))})
    (own,) = lists(shop, typed(shop, "0", level="center", center=shop.center))
    assert (own.center, own.country) == (shop.center, "1")
    assert prices(own)["utility"] == (D("0.011"), D("0.01"))


def test_a_price_that_stays_does_not_move_and_one_below_cost_is_a_loss(shop: Shop) -> None:
    assert not any(change.moves for found in lists(shop, typed(shop, "10")) for change in found.changes)
    first, _second = lists(shop, typed(shop, "-5"))
    assert first.loss
    assert all(change.moves and change.after.is_loss for change in first.changes)
    assert not lists(shop, typed(shop, "0"))[0].loss


def test_a_list_without_the_category_is_left_out(shop: Shop) -> None:
    found = lists(shop, typed(shop, "20", category=Category.SUBSCRIPTION))
    assert [(one.country, [row.type for row in one.changes]) for one in found] == [
        ("1", ["subscription_monthly"])
    ]


def test_only_a_later_version_of_the_same_margin_replaces_it(shop: Shop) -> None:
    margin = typed(shop, "20")
    assert replaced_on(margin) is None
    shop.margin("30", valid_from=date(2026, 5, 1), country_id="1")
    shop.margin("30", valid_from=date(2026, 5, 2), category=Category.SUBSCRIPTION)
    shop.margin("30", valid_from=TODAY)
    assert replaced_on(margin) is None
    shop.margin("30", valid_from=date(2026, 7, 1))
    shop.margin("30", valid_from=date(2026, 6, 1))
    assert replaced_on(margin) == date(2026, 6, 1)
    assert replaced_on(typed(shop, "1", level="country", country_id="1")) == date(2026, 5, 1)
