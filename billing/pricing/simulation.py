"""What last month would have earned with another margin; nothing is saved."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from billing.models import Category, Charge, Interval, Margin
from billing.policies import policies_for
from billing.pricing.below_cost import numbers_in_use, usage_of_last_month
from billing.pricing.margins import Margins
from billing.pricing.price_list import PriceList, share_of, usage_charge
from billing.tax.computing import net_of
from centers.models import Center, Reseller

ZERO = Decimal(0)
MONTHS = 12


@dataclass(frozen=True, slots=True)
class Simulated:
    """One center's month in one currency of costs: what it pays at today's margins, and what it would.

    Without tax, and with today's discounts.
    """

    center: Center
    currency: str
    quantity: int  # billable messages, or subscriptions
    cost: Decimal
    now: Decimal
    then: Decimal

    @property
    def difference(self) -> Decimal:
        """What the center would pay more; as much as the profit would be higher."""
        return self.then - self.now

    @property
    def profit_now(self) -> Decimal:
        """At today's margins."""
        return self.now - self.cost

    @property
    def profit_then(self) -> Decimal:
        """At the simulated margin."""
        return self.then - self.cost


@dataclass(frozen=True, slots=True)
class _Part:
    """What one center's month costs; a yearly subscription's year is divided by its months."""

    center: Center
    currency: str
    quantity: int
    cost: Decimal
    months: int = 1


class LastMonth:
    """Last month's messages, or a month's subscriptions, of all centers: read once, priced with any margins.

    `day` is the reseller's current day. Margins of today are compared, not those that applied on each day of the month:
    the question is what a change would make. Of a center with a plan only messages beyond it count, and none where the
    plan has its own price for these: no margin changes what the others cost (`has_plans`).
    """

    def __init__(self, reseller: Reseller, day: date, category: str) -> None:
        self._category = category
        self._reseller = reseller
        self._price_list = PriceList(reseller, day)
        self._centers = {row.pk: row for row in Center.objects.filter(reseller=reseller)}
        self.has_plans = False
        is_messages = category == Category.MESSAGE
        self._parts = list(self._of_messages(day) if is_messages else self._of_subscriptions())

    def with_margin(self, margin: Margin) -> list[Simulated]:
        """Every center with costs, as if the unsaved `margin` were in force; narrower margins stay."""
        after = self._price_list.margins.plus(margin)
        day = max(margin.valid_from, self._price_list.day)
        return [
            Simulated(
                part.center,
                part.currency,
                part.quantity,
                share_of(part.cost, 1, part.months),
                now=self._price(self._price_list.margins, self._price_list.day, part),
                then=self._price(after, day, part),
            )
            for part in self._parts
        ]

    def _price(self, margins: Margins, day: date, part: _Part) -> Decimal:
        margin = margins.find(self._category, part.center, day)
        percent, fixed = (margin.percent, margin.fixed) if margin else (ZERO, ZERO)
        tax = self._price_list.taxes.on(self._price_list.day, part.center)
        off = self._price_list.off(self._category, part.center)
        price = net_of(off.of(usage_charge(part.cost, part.quantity, percent, fixed)), tax)
        return share_of(price, 1, part.months)

    def _of_messages(self, day: date) -> Iterator[_Part]:
        policies = policies_for(self._reseller, self._centers.values())
        numbers = numbers_in_use(self._centers.values())
        for (pk, currency), (cost, billable) in usage_of_last_month(self._centers.values(), day).items():
            part = _Part(self._centers[pk], currency, billable[policies[pk].billable], cost)
            if plan := self._price_list.discounts.plan(part.center, self._price_list.day):
                self.has_plans = True
                part = _beyond(part, plan, numbers.get(pk, 0))
            if part.quantity or part.cost:
                yield part

    def _of_subscriptions(self) -> Iterator[_Part]:
        active = [center for center in self._centers.values() if center.archived_at is None]
        numbers, policies = numbers_in_use(active), policies_for(self._reseller, active)
        for center in active:
            count, name = numbers.get(center.pk, 0), policies[center.pk].subscription_type
            if not count or not name or self._price_list.category(name) != self._category:
                continue
            months = MONTHS if self._price_list.interval(name) == Interval.YEAR else 1
            for rate in self._price_list.rates_for(center):
                if rate.type == name:
                    yield _Part(center, rate.currency, count, rate.cost * count, months)


def _beyond(part: _Part, plan: Charge, numbers: int) -> _Part:
    """What of a month's messages is priced by margins under the center's plan; together, also of a plan per number."""
    terms = plan.terms
    if terms is None or terms.beyond is not None:
        return replace(part, quantity=0, cost=ZERO)
    included = terms.included * (max(1, numbers) if plan.per_number else 1)
    quantity = max(0, part.quantity - included)
    return replace(
        part, quantity=quantity, cost=share_of(part.cost, quantity, part.quantity) if quantity else ZERO
    )


def sums(rows: Iterable[Simulated], name: str) -> dict[str, Decimal]:
    """`now`, `then`, `cost`, `profit_now`, `profit_then` or `difference` of all rows, per currency."""
    found: dict[str, Decimal] = {}
    for row in rows:
        found[row.currency] = found.get(row.currency, ZERO) + getattr(row, name)
    return found
