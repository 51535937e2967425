"""What messages beyond a plan cost: its own price of each, or the price list of a day."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing.models import Category, Margin
from billing.plans.months import Part, PlanMonth
from billing.pricing.discounts import Off
from billing.pricing.price_list import PriceList, usage_charge
from centers.models import Center

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class BeyondPrice:
    """(cost x (1 + percent/100) + fixed x messages) x (1 - discount/100), in the currency of the part."""

    margin: Margin | None
    percent: Decimal
    fixed: Decimal
    discount: Decimal

    def of(self, part: Part) -> Decimal:
        """The price of the part, unrounded, in its currency, with the tax that prices include."""
        return Off(self.discount).of(usage_charge(part.cost, part.quantity, self.percent, self.fixed))


def beyond_price(price_list: PriceList, center: Center, month: PlanMonth, day: date) -> BeyondPrice:
    """The price of what is beyond in the month, at the margin and the discount of the day."""
    discount = price_list.discounts.on_listed_messages(center, day).percent
    own = month.charge.terms.beyond if month.charge.terms else None
    if own is not None:
        return BeyondPrice(None, ZERO, own, discount)
    margin = price_list.margins.find(Category.MESSAGE, center, day)
    return BeyondPrice(margin, margin.percent if margin else ZERO, margin.fixed if margin else ZERO, discount)
