"""Messages beyond plans that no invoice has yet: of months that are open, and what changed of those that are closed."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from billing.periods import Period
from billing.plans import PlanMonths
from billing.plans.prices import beyond_price
from billing.policies import policies_for
from billing.pricing.price_list import PriceList
from billing.tax.computing import net_of
from billing.unbilled.accrued_charges import Accrued
from centers.models import Center, Reseller

ZERO = Decimal(0)


def accrued_beyond(
    reseller: Reseller, period: Period, centers: Iterable[Center], today: date
) -> list[Accrued]:
    """What the messages used up to `today` are charged beyond plans in the months of the period, without tax.

    A month's included messages are all there from its first day on, as on its invoice; prices are those of `today`, or
    of the plan's last day in the month.
    """
    own = list(centers)
    months = {day.replace(day=1) for day in period.days() if day <= today}
    bases = {pk: policy.billable for pk, policy in policies_for(reseller, own).items()}
    plans = PlanMonths(own, months, bases)
    price_list = PriceList(reseller, today, centers=own)
    found = []
    for center in own:
        for month in plans.of(center):
            day = min(month.days.last_day, today)
            for part in month.open_parts():
                if part.quantity or part.cost:
                    price = beyond_price(price_list, center, month, day).of(part)
                    tax = price_list.taxes.on(day, center, month.charge)
                    net = net_of(price, tax)
                    found.append(Accrued(center.pk, month.month, part.currency, ZERO, net, tax.percent))
    return found
