"""What a center's plan costs on a day, as price lists, histories and messages say it: no cost is in it."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing.pricing.discounts import Discounts
from centers.models import Center


@dataclass(frozen=True, slots=True)
class PlanPrice:
    """A plan as a center has it on a day: `price` is for a month, of the center or of each number.

    `beyond` is the price of each message beyond the included ones; None: that of the price list. Both are unrounded, in
    `currency`, with discounts taken off.
    """

    name: str
    currency: str
    price: Decimal
    included: int
    beyond: Decimal | None
    per_number: bool


@dataclass(frozen=True, slots=True)
class PlanChange:
    """A center's plan on the day before and from a day on; None: no plan."""

    before: PlanPrice | None
    after: PlanPrice | None


def plan_price(discounts: Discounts, center: Center, day: date) -> PlanPrice | None:
    """The center's plan on the day; None without one."""
    charge = discounts.plan(center, day)
    if charge is None or charge.terms is None:
        return None
    beyond = charge.terms.beyond
    return PlanPrice(
        name=charge.description,
        currency=charge.currency,
        price=discounts.on_charge(center, day, charge.pk).of(charge.amount),
        included=charge.terms.included,
        beyond=None if beyond is None else discounts.on_listed_messages(center, day).of(beyond),
        per_number=charge.per_number,
    )
