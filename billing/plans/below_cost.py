"""Plans below cost: what terms lose with the centers that have them, or that get them.

Terms are below cost for a center if last month's messages would bring in less than MazBot charged for them, if all
included messages cost more than the price, or if a message beyond costs less than one of the types in its list.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from billing.models import Category, PlanTerms
from billing.money import rounded
from billing.periods import today
from billing.policies import policies_for
from billing.pricing.below_cost import BelowCost, Loss, numbers_in_use, usage_of_last_month
from billing.pricing.price_list import PriceList, converted, share_of, usage_charge
from billing.tax.computing import net_of
from centers.models import Center

ZERO = Decimal(0)


def loss_of_terms(terms: PlanTerms, centers: Iterable[Center], now: datetime) -> Loss | None:
    """What the terms lose in a month with these centers, in the plan's currency; None if they are not below cost.

    Of a center that is the more of two: in a month like the last, and in one that uses all included messages. Terms may
    be unsaved. Where an exchange rate is missing nothing can be said, and the center doesn't count.
    """
    own = list(centers)
    if not own:
        return None
    judged = _Judged(terms, own, now)
    losses = [loss for center in own if (loss := judged.loss(center)) is not None]
    currency = terms.plan.currency
    return Loss(len(losses), ((currency, rounded(sum(losses, ZERO), currency)),)) if losses else None


def refuse_loss(loss: Loss | None, confirmation: str | None) -> None:
    """Raise BelowCost unless nothing is lost or the phrase was typed; None: not asked, for previews."""
    if loss is not None and confirmation is not None and not loss.is_confirmed_by(confirmation):
        raise BelowCost(loss)


def loss_facts(loss: Loss | None) -> dict[str, Any]:
    """What an audit entry keeps of a loss that was confirmed."""
    return {"loss_of_centers": loss.centers, "loss_per_month": loss.amount} if loss else {}


class _Judged:
    """What decides about the centers, read once: rates, usage of last month, numbers, discounts, taxes."""

    def __init__(self, terms: PlanTerms, centers: list[Center], now: datetime) -> None:
        reseller = terms.plan.reseller
        day = today(reseller, now)
        self._terms, self._currency = terms, terms.plan.currency
        self._list = PriceList(reseller, max(day, terms.valid_from), centers=centers)
        self._usage = usage_of_last_month(centers, day)
        self._numbers = numbers_in_use(centers)
        self._policies = policies_for(reseller, centers)

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
        numbers = max(1, self._numbers.get(center.pk, 0)) if self._terms.plan.per_number else 1
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
        for (center_id, currency), (cost, billable) in self._usage.items():
            rate = self._rate(currency)
            if center_id == center.pk and rate is not None:
                quantity = billable[self._policies[center.pk].billable]
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
