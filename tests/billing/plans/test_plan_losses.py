"""Plans below cost are confirmed by typing what they lose, for one center or for all that have them."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from billing.charges import add_discount
from billing.models import Charge, Plan, PlanTerms, UsageRecord
from billing.plans import add_terms, loss_of_terms
from billing.pricing.below_cost import BelowCost, Loss
from billing.pricing.exchange_rates import set_exchange_rate
from billing.pricing.losses import check_losses, losing_plans
from billing.pricing.price_list import PriceList
from centers.models import AuditEntry, Center
from tests.billing.conftest import NOW, Shop
from tests.billing.invoicing.test_subscriptions import JANUARY_1, rates
from tests.billing.plans.conftest import FEB_1, choose, since_january, sold
from tests.billing.pricing.test_below_cost import alerts
from tests.billing.tax.shops import register, tax_rate

D = Decimal
FEB_10, MARCH_1 = date(2026, 2, 10), date(2026, 3, 1)


@pytest.fixture
def shop(shop: Shop) -> Shop:
    """A center whose 1,200 messages of last month cost 60, and rates of 0.05 and 0.01 and none for a third type."""
    rates(shop, JANUARY_1, marketing="0.05", utility="0.01", service="0", subscription_monthly="99")
    shop.margin("50")
    shop.read(since_january(shop), FEB_10, sent=1300, failed=100, cost="60")
    return shop


def loss(plan: Plan, shop: Shop, **terms: Any) -> tuple[int, D] | None:
    values: dict[str, Any] = {"price": D(280), "included": 1000, "beyond": None, "valid_from": MARCH_1}
    found = loss_of_terms(PlanTerms(plan=plan, **values | terms), [shop.center], NOW)
    return found and (found.centers, found.per_month[0][1])


@pytest.mark.parametrize(
    ("terms", "lost"),
    [
        ({}, None),
        ({"price": D(50)}, None),  # 50 for 1,000 messages that cost as much; 200 beyond bring 15 for 10
        ({"price": D("49.99")}, D("0.01")),  # all included ones cost 50
        ({"price": D(40)}, D(10)),
        ({"price": D(59), "included": 1200}, D(1)),
        ({"price": D(59), "included": 10_000}, D(441)),
        ({"price": D(100), "beyond": D("0.05")}, None),
        ({"price": D(100), "beyond": D("0.0499")}, D(0)),  # below the dearest type
        ({"price": D(45), "included": 100, "beyond": D("0.01")}, D(4)),  # 45 + 1,100 x 0.01 for 60
    ],
)
def test_what_counts_is_last_month_all_included_messages_and_each_type_beyond(
    shop: Shop, terms: dict[str, Any], lost: D | None
) -> None:
    assert loss(sold(shop), shop, **terms) == (None if lost is None else (1, lost))


def test_a_center_without_usage_is_judged_by_the_cheapest_message(shop: Shop) -> None:
    shop.center = shop.new_center()
    plan = sold(shop, per_number=True)
    assert loss(plan, shop, price=D(10)) is None
    assert loss(plan, shop, price=D("9.50")) == (1, D("0.50"))
    Center.objects.update(country_id="9")
    shop.center = Center.objects.get(pk=shop.center.pk)
    assert loss(plan, shop, price=D("9.50")) is None, "no rate is known"


def test_taxes_discounts_numbers_and_other_currencies_count(shop: Shop) -> None:
    plan = sold(shop, per_number=True)
    shop.number()
    assert loss(plan, shop, price=D(50), included=500) is None, "two numbers pay 100"
    about: dict[str, Any] = {"by": None, "now": NOW}
    (charge,) = choose(shop, plan, MARCH_1)
    add_discount(center=shop.center, charge=charge, percent=D(60), day=MARCH_1, **about)
    assert loss(plan, shop, price=D(50), included=500) == (1, D("10.00")), (
        "50 for 1,000 of 0.05; 15 beyond for 60"
    )
    riyal = sold(shop, name="Riyal", currency="SAR")
    assert loss(riyal, shop, price=D(1)) is None, "no exchange rate"
    set_exchange_rate(reseller=shop.reseller, base="USD", quote="SAR", rate=D("3.75"), day=MARCH_1, **about)
    assert loss(riyal, shop, price=D(150)) == (1, D("37.50"))
    register(shop, included=True)
    tax_rate(shop, "15")
    assert loss(riyal, shop, price=D("215.625")) is None
    assert loss(riyal, shop, price=D(207)) == (1, D("7.50")), "180 without tax"


def test_a_center_gets_a_plan_below_cost_only_when_that_is_typed(shop: Shop) -> None:
    plan = sold(shop, amount="40")
    with pytest.raises(BelowCost) as refused:
        choose(shop, plan, MARCH_1, now=NOW)
    assert refused.value.loss.phrase == "1 center, 10.00 USD a month"
    assert not Charge.objects.exists()
    choose(shop, plan, MARCH_1, now=NOW, confirmation="1 center,  10.00 usd a month")
    entry = AuditEntry.objects.get(action="plan.chosen_below_cost")
    assert entry.data["loss_per_month"] == "10.00 USD"


def test_later_terms_of_the_plan_count_when_it_is_chosen(shop: Shop) -> None:
    plan = sold(shop)
    add_terms(plan=plan, amount="40", included=1000, day=date(2026, 4, 1), by=None, now=NOW)
    choose(shop, plan, MARCH_1, now=NOW, until=date(2026, 3, 31))
    with pytest.raises(BelowCost):
        choose(shop, plan, MARCH_1, now=NOW)


def test_new_terms_below_cost_are_confirmed_for_all_that_have_the_plan(shop: Shop) -> None:
    plan = sold(shop)
    terms: dict[str, Any] = {"plan": plan, "amount": "40", "included": 1000, "by": None, "now": NOW}
    add_terms(**terms, day=date(2026, 4, 1))  # no one has it
    choose(shop, plan, MARCH_1, now=NOW, until=date(2026, 3, 31))

    def refused() -> Loss:
        with pytest.raises(BelowCost) as below:
            add_terms(**terms, day=date(2026, 3, 10))
        return below.value.loss

    assert refused().phrase == "1 center, 10.00 USD a month"
    assert PlanTerms.objects.count() == 2
    add_terms(**terms, day=date(2026, 3, 10), confirmation=refused().phrase)
    entry = AuditEntry.objects.filter(action="plan.terms_added").order_by("-pk").first()
    assert entry is not None
    assert entry.data["loss_of_centers"] == 1


def test_the_alert_names_plans_below_cost(shop: Shop) -> None:
    """A plan becomes one without a change of its own: its included messages, and its price beyond, cost more."""
    (charge,) = choose(shop, sold(shop, amount="55", beyond=D("0.05")), FEB_1)
    check_losses(shop.reseller, NOW)
    assert alerts() == []
    rates(shop, NOW, marketing="0.06", utility="0.01")
    check_losses(shop.reseller, NOW)
    assert alerts() == [f"Plans below MazBot's cost: “Basic” ({shop.center})."]
    rates(shop, NOW, marketing="0.05", utility="0.01")
    check_losses(shop.reseller, NOW)
    assert alerts() == []
    UsageRecord.objects.update(cost=D("100"))
    prices = PriceList(shop.reseller, MARCH_1)
    assert [(one.center, one.plan) for one in losing_plans(prices)] == [(shop.center, charge.terms.plan)]
    assert losing_plans(prices, up_to=0) == losing_plans(PriceList(shop.reseller, JANUARY_1.date())) == []
    Center.objects.update(archived_at=NOW)
    check_losses(shop.reseller, NOW)
    assert alerts() == []


def test_many_plans_below_cost_are_counted_beside_prices(shop: Shop) -> None:
    plan = sold(shop, amount="1", included=10_000)
    for letter in "BCDE":
        shop.center = shop.new_center(name=f"{letter}-Center")
        Center.objects.update(created_at=JANUARY_1)
        choose(shop, plan, MARCH_1, confirmation=None)
    shop.margin("-50", center=shop.center)
    check_losses(shop.reseller, NOW)
    assert alerts() == [
        "Some prices are below MazBot's cost: E-Center. Plans below MazBot's cost: “Basic” (B-Center), “Basic” "
        "(C-Center), “Basic” (D-Center) and 1 more."
    ]
