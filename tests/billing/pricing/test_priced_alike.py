"""Centers with the same terms are looked at once: with the same result as one after the other."""

import random
from datetime import date
from decimal import Decimal

from billing.charges.discounts import add_discount
from billing.models import Discount
from billing.pricing.losses import losing_prices
from billing.pricing.price_list import PriceList, PriceRow
from billing.pricing.priced_alike import priced_alike
from centers.models import Center
from tests.billing.conftest import NOW, Shop
from tests.billing.invoicing.test_subscriptions import rates

DAY = NOW.date()


def _prices(price_list: PriceList, center: Center) -> list[tuple[object, ...]]:
    return [_shown(row) for row in price_list.for_center(center)]


def _shown(row: PriceRow) -> tuple[object, ...]:
    return (
        row.type,
        row.cost,
        row.cost_currency,
        row.price_at_cost,
        row.price,
        row.currency,
        row.tax,
        row.off,
    )


def _with_terms(shop: Shop, count: int) -> list[Center]:
    """Centers of two countries and currencies; most have a margin or a discount, few of them the same as no other."""
    chance = random.Random(1)
    centers = [
        shop.new_center(country_id=chance.choice("12"), currency=chance.choice(["USD", "SAR"]))
        for _each in range(count)
    ]
    for center in centers:
        for level in chance.sample(["-20", "0", "30", ""], 1):
            if level:
                shop.margin(level, center=center, valid_from=chance.choice([DAY, date(2030, 1, 1)]))
        if chance.random() < 0.3:
            on = chance.choice([Discount.On.ALL, Discount.On.MESSAGES])
            add_discount(center=center, on=on, percent=Decimal(50), day=DAY, by=None, now=NOW)
    return centers


def test_each_center_is_in_one_kind_and_has_its_prices(shop: Shop) -> None:
    rates(shop, NOW, marketing="0.05", utility="0.01")
    shop.margin("10")
    _with_terms(shop, 24)
    price_list = PriceList(shop.reseller, DAY)
    kinds = priced_alike(price_list)
    active = {center.pk: center for center in Center.objects.filter(archived_at=None)}
    assert sum(kind.count for kind in kinds) == len(active) > len(kinds) + 5
    own = [placed.center.pk for kind in kinds for placed in kind.own]
    assert len(own) == len(set(own))
    for kind in kinds:
        same = [placed.center.pk for placed in kind.own] or [
            pk
            for pk, center in active.items()
            if pk not in own
            and (center.country_id, center.currency) == (kind.center.country_id, kind.center.currency)
        ]
        assert len(same) == kind.count
        for pk in same:
            assert _prices(price_list, active[pk]) == _prices(price_list, kind.center)


def test_the_first_that_lose_are_those_of_a_list_of_all(shop: Shop) -> None:
    rates(shop, NOW, marketing="0.05", utility="0.01")
    _with_terms(shop, 20)
    price_list = PriceList(shop.reseller, DAY)
    by_name = Center.objects.filter(archived_at=None).order_by("name", "pk")
    losing = [center for center in by_name if any(row.is_loss for row in price_list.for_center(center))]
    found = losing_prices(price_list, 2, priced_alike(price_list))
    assert (found.count, [center for center, _rows in found.first]) == (len(losing), losing[:2])
    assert len(losing) > 2
