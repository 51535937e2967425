"""Plans below cost: what terms lose in a month with a center.

Terms are below cost for a center if last month's messages would bring in less than MazBot charged for them, if all
included messages cost more than the price, or if a message beyond costs less than one of the types in its list.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Q

from billing.models import Category, Charge, Plan, PlanTerms
from billing.policies import policies_for
from billing.pricing.below_cost import numbers_in_use, usage_of_last_month
from billing.pricing.price_list import PriceList, converted, share_of, usage_charge
from billing.tax.computing import net_of
from centers.models import Center

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class LosingPlan:
    """A center whose plan is below cost."""

    center: Center
    plan: Plan


def losing_plans(price_list: PriceList, *, up_to: int | None = None) -> list[LosingPlan]:
    """The plans that active centers have on the price list's day and that are below cost, by center; a few queries.

    None of them if more than `up_to` have a plan: each is looked at on its own.
    """
    day = price_list.day
    rows = Charge.objects.filter(
        Q(end_day=None) | Q(end_day__gt=day),
        reseller=price_list.reseller,
        center__archived_at=None,
        withdrawn_at=None,
        terms__isnull=False,
        first_day__lte=day,
    )
    ordered = rows.select_related("terms__plan", "center").order_by("center__name", "center_id")
    charges = list(ordered if up_to is None else ordered[: up_to + 1])
    if not charges or (up_to is not None and len(charges) > up_to):
        return []
    losses = PlanLosses(price_list, [charge.center for charge in charges], day)
    return [
        LosingPlan(charge.center, charge.terms.plan)
        for charge in charges
        if charge.terms and losses.of(charge.center, charge.terms) is not None
    ]


class PlanLosses:
    """What decides about these centers, read once: usage of the month before `day`, numbers, discounts, taxes."""

    def __init__(self, price_list: PriceList, centers: list[Center], day: date) -> None:
        self.price_list = price_list
        self.usage: dict[int, list[tuple[str, Decimal, dict[str, int]]]] = {}
        for (center_id, currency), (cost, billable) in usage_of_last_month(centers, day).items():
            self.usage.setdefault(center_id, []).append((currency, cost, billable))
        self.numbers = numbers_in_use(centers)
        self.policies = policies_for(price_list.reseller, centers)

    def of(self, center: Center, terms: PlanTerms) -> Decimal | None:
        """What the terms lose in a month with the center, in the plan's currency, or zero if only some messages would;
        None if nothing does. Of a month like the last and one that uses all included messages it is the more.
        """
        return _Judged(self, terms).loss(center)


class _Judged:
    """Terms, with what is known of the centers."""

    def __init__(self, known: PlanLosses, terms: PlanTerms) -> None:
        self._known, self._list = known, known.price_list
        self._terms, self._currency = terms, terms.plan.currency

    def loss(self, center: Center) -> Decimal | None:
        """What the terms lose with the center, or zero if only some messages would; None if nothing does."""
        used = list(self._used(center))
        costs = list(self._costs(center))
        messages = sum(quantity for quantity, _cost, _price in used)
        cost = sum((cost for _quantity, cost, _price in used), ZERO)
        price, included = self._month(center)
        each = (
            share_of(cost, 1, messages) if messages > 0 else min((one for one in costs if one), default=ZERO)
        )
        gains = [price - each * included]
        if used:
            listed = sum((price for _quantity, _cost, price in used), ZERO)
            gains.append(price + self._beyond(center, max(0, messages - included), messages, listed) - cost)
        own = self._own_beyond(center)
        is_dear = own is not None and any(one > own for one in costs)
        lowest = min(gains)
        return max(ZERO, -lowest) if lowest < 0 or is_dear else None

    def _month(self, center: Center) -> tuple[Decimal, int]:
        """The price of a month without tax, and the included messages, of all its numbers where it is for each."""
        numbers = max(1, self._known.numbers.get(center.pk, 0)) if self._terms.plan.per_number else 1
        off = self._list.discounts.on_plan(center, self._list.day, self._terms.plan_id)
        return self._net(center, off.of(self._terms.price)) * numbers, self._terms.included * numbers

    def _own_beyond(self, center: Center) -> Decimal | None:
        """The terms' own price of a message beyond, without tax."""
        if self._terms.beyond is None:
            return None
        off = self._list.discounts.on_listed_messages(center, self._list.day)
        return self._net(center, off.of(self._terms.beyond))

    def _beyond(self, center: Center, beyond: int, messages: int, listed: Decimal) -> Decimal:
        """What is charged for messages beyond, of so many, whose price is `listed`."""
        own = self._own_beyond(center)
        if own is not None:
            return own * beyond
        return share_of(listed, beyond, messages) if beyond else ZERO

    def _used(self, center: Center) -> Iterator[tuple[int, Decimal, Decimal]]:
        """Messages of last month, their cost and their price by the price list without tax."""
        margin = self._list.margins.find(Category.MESSAGE, center, self._list.day)
        percent, fixed = (margin.percent, margin.fixed) if margin else (ZERO, ZERO)
        off = self._list.discounts.on_listed_messages(center, self._list.day)
        for currency, cost, billable in self._known.usage.get(center.pk, ()):
            rate = self._rate(currency)
            if rate is not None:
                quantity = billable[self._known.policies[center.pk].billable]
                price = self._net(center, off.of(usage_charge(cost, quantity, percent, fixed)))
                yield quantity, converted(cost, rate), converted(price, rate)

    def _costs(self, center: Center) -> Iterator[Decimal]:
        """What MazBot charges for a message of each type in the center's list."""
        for row in self._list.rates_for(center):
            rate = self._rate(row.currency)
            if rate is not None and self._list.category(row.type) == Category.MESSAGE:
                yield converted(row.cost, rate)

    def _rate(self, currency: str) -> Decimal | None:
        return self._list.exchange.find(currency, self._currency, self._list.day)

    def _net(self, center: Center, price: Decimal) -> Decimal:
        return net_of(price, self._list.taxes.on(self._list.day, center, self._terms))
