"""A discount on the price of a plan is for the plan, whatever its terms are."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from billing.charges import add_discount
from billing.models import Charge
from billing.plans import add_terms
from billing.unbilled.accrued import numbers_so_far
from centers.errors import OperationRefused
from tests.billing.conftest import Shop
from tests.billing.plans.conftest import FEB_1, JANUARY_2, choose, read, since_january, sold
from tests.billing.plans.test_plans import shown

D = Decimal
FEB_15, FEB_20 = date(2026, 2, 15), date(2026, 2, 20)


def test_a_discount_on_the_price_stays_when_the_terms_change(shop: Shop) -> None:
    number, plan = since_january(shop), sold(shop)
    (charge,) = choose(shop, plan)
    about: dict[str, Any] = {"by": None, "now": JANUARY_2}
    add_discount(center=shop.center, charge=charge, percent=D(10), day=FEB_1, **about)
    add_terms(plan=plan, amount="560", included=1000, day=FEB_15, **about)
    read(shop, {}, numbers=[number])
    assert shown(shop) == [("plan", 1, 126), ("plan", 1, 252)]
    later = Charge.objects.get(first_day=FEB_15)
    assert numbers_so_far(shop.center, datetime(2026, 2, 28, 20, tzinfo=UTC)) == 378
    with pytest.raises(OperationRefused, match="This already has a discount"):
        add_discount(center=shop.center, charge=later, percent=D(20), day=FEB_20, **about)
    choose(shop, sold(shop, name="Large"), FEB_20)
    assert shown(shop)[-1] == ("plan", 1, 90), "another plan has no discount"


def test_an_amount_off_a_plan_is_never_more_than_its_price(shop: Shop) -> None:
    plan = sold(shop)
    (charge,) = choose(shop, plan)
    about: dict[str, Any] = {"by": None, "now": JANUARY_2}
    add_terms(plan=plan, amount="200", included=1000, day=FEB_15, **about)
    with pytest.raises(OperationRefused, match=r"can't be more than the price, 200\.00"):
        add_discount(center=shop.center, charge=charge, amount="250", day=FEB_1, **about)
    add_discount(center=shop.center, charge=charge, amount="200", day=FEB_1, **about)
    with pytest.raises(OperationRefused, match=r"more than the price\. End it first") as refused:
        add_terms(plan=plan, amount="199", included=1000, day=FEB_20, **about)
    assert refused.value.field == "amount"
    add_terms(plan=plan, amount="300", included=1000, day=FEB_20, **about)
