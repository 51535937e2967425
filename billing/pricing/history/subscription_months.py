"""What subscriptions of months that ended and are not invoiced would cost, by the numbers that are in use now."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing.models import BillingPeriod, Category, Interval
from billing.periods import month_of
from billing.policies import Policy
from billing.pricing.below_cost import numbers_in_use
from billing.pricing.exchange_rates import Exchange, MissingRate, OldRate
from billing.pricing.margins import Margins
from billing.pricing.price_list import PriceList, converted, usage_charge
from centers.models import Center

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class SubscriptionMonth:
    """One center's monthly subscriptions of a month that ended on `day`."""

    center: Center
    day: date
    type: str
    numbers: int
    price_list: PriceList

    def price(self, margins: Margins, exchange: Exchange) -> tuple[Decimal, str] | None:
        """The exact charge and its currency; None without a rate of MazBot's or a usable exchange rate."""
        country = margins.centers.country_id(self.center, self.day)
        rate = next((row for row in self.price_list.rates_of(country) if row.type == self.type), None)
        if rate is None:
            return None
        currency = margins.centers.currency(self.center, self.day)
        try:
            exchange_rate = exchange.rate(rate.currency, currency, self.day)
        except (MissingRate, OldRate):
            return None
        margin = margins.find(Category.SUBSCRIPTION, self.center, self.day)
        percent, fixed = (margin.percent, margin.fixed) if margin else (ZERO, ZERO)
        charge = usage_charge(rate.cost * self.numbers, self.numbers, percent, fixed)
        off = self.price_list.discounts.on_numbers(self.center, self.day)
        return converted(off.of(charge), exchange_rate), currency


def open_subscription_months(
    price_list: PriceList,
    centers: Mapping[int, Center],
    policies: Mapping[int, Policy],
    first_day: date,
    end_day: date,
) -> Iterator[SubscriptionMonth]:
    """The months that ended in these days, of the centers that are charged a monthly subscription."""
    charged = [
        one
        for one in centers.values()
        if (name := policies[one.pk].subscription_type) and price_list.interval(name) == Interval.MONTH
    ]
    if not charged:
        return
    numbers = numbers_in_use(charged)
    month = month_of(first_day)
    while month.end_day <= end_day:
        periods = BillingPeriod.objects.filter(
            center__in=charged, voided_at=None, first_day__lte=month.last_day, end_day__gte=month.end_day
        )
        closed = set(periods.values_list("center_id", flat=True))
        for one in charged:
            if one.pk not in closed and one.pk in numbers:
                name = policies[one.pk].subscription_type
                yield SubscriptionMonth(one, month.last_day, name, numbers[one.pk], price_list)
        month = month_of(month.end_day)
