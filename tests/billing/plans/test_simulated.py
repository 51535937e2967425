"""The simulator and the preview of a margin count what margins price: of a center with a plan, what is beyond it."""

from datetime import date
from decimal import Decimal

from billing.models import Category, Margin
from billing.pricing.simulation import LastMonth, Simulated
from tests.billing.conftest import Shop
from tests.billing.plans.conftest import choose, since_january, sold

MARCH_5 = date(2026, 3, 5)


def simulated(shop: Shop) -> tuple[list[Simulated], bool]:
    """February with 50 %, and whether a plan is in it."""
    margin = Margin(
        reseller=shop.reseller,
        level=Margin.Level.RESELLER,
        category=Category.MESSAGE,
        percent=Decimal(50),
        fixed=Decimal(0),
        valid_from=MARCH_5,
    )
    month = LastMonth(shop.reseller, MARCH_5, Category.MESSAGE)
    return month.with_margin(margin), month.has_plans


def use(shop: Shop, *messages: int) -> None:
    """Messages of 0.10 each, of a number for each count."""
    for count in messages:
        shop.read(since_january(shop), date(2026, 2, 10), sent=count, cost=Decimal(count) / 10)


def test_included_messages_cost_the_same_whatever_the_margin(shop: Shop) -> None:
    """Seen before: a margin of 50 % seemed to earn 50.00 more with a center that pays 280.00 for its plan."""
    shop.margin("10")
    choose(shop, sold(shop))
    use(shop, 1000)
    assert simulated(shop) == ([], True)


def test_what_is_beyond_has_the_margin_and_its_share_of_the_cost(shop: Shop) -> None:
    shop.margin("10")
    choose(shop, sold(shop))
    use(shop, 900, 300)
    (row,), _has_plans = simulated(shop)
    assert (row.quantity, row.cost, row.now, row.then) == (200, 20, 22, 30)


def test_a_plan_for_each_number_includes_the_messages_of_all(shop: Shop) -> None:
    choose(shop, sold(shop, per_number=True))
    use(shop, 900, 1300)
    (row,), _has_plans = simulated(shop)
    assert (row.quantity, row.cost) == (200, 20)


def test_a_price_beyond_of_its_own_is_no_margins(shop: Shop) -> None:
    choose(shop, sold(shop, beyond=Decimal("0.50")))
    use(shop, 5000)
    assert simulated(shop) == ([], True)


def test_without_a_plan_all_messages_count(shop: Shop) -> None:
    use(shop, 1000)
    (row,), has_plans = simulated(shop)
    assert (row.quantity, row.then, has_plans) == (1000, 150, False)
