"""Prices below cost: what an unsaved margin would lose."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import F, Sum
from django.db.models.functions import Greatest
from django.utils.translation import ngettext

from billing.models import Billable, Category, Interval, Margin, TaxTerms, UsageRecord
from billing.money import rounded
from billing.periods import previous_month, today
from billing.policies import Policy, policies_for
from billing.pricing.discounts import Off
from billing.pricing.price_list import PriceList, usage_charge
from billing.tax.computing import net_of
from centers.errors import OperationRefused
from centers.models import Center
from centers.stored_messages import StoredMessage as _
from centers.values.names import same_name
from whatsapp.models import Instance

ZERO = Decimal(0)
#: (center, currency) -> cost, billable by basis
Usage = dict[tuple[int, str], tuple[Decimal, dict[str, int]]]


@dataclass(frozen=True, slots=True)
class Loss:
    """How many centers a margin puts below cost, and the loss in a month like the last, by currency."""

    centers: int
    per_month: tuple[tuple[str, Decimal], ...]

    @property
    def amount(self) -> str:
        """`1234.50 USD`, as a person types it."""
        return " + ".join(f"{amount:f} {currency}" for currency, amount in self.per_month)

    @property
    def phrase(self) -> str:
        """The text that confirms such a margin, in the active language."""
        pattern = ngettext(
            "%(count)s center, %(amount)s a month", "%(count)s centers, %(amount)s a month", self.centers
        )
        return pattern % {"count": self.centers, "amount": self.amount}

    def is_confirmed_by(self, typed: str) -> bool:
        """Whether the phrase was typed, as names are compared."""
        return same_name(typed, self.phrase)


class BelowCost(OperationRefused):
    """A margin or a rate list sets prices below cost and was not confirmed by typing `loss.phrase`."""

    def __init__(self, loss: Loss) -> None:
        super().__init__(
            _("This sets prices below MazBot's cost. To do it anyway, type: %(phrase)s")
            % {"phrase": loss.phrase}
        )
        self.loss = loss


def loss_of(new: Margin, now: datetime) -> Loss | None:
    """What an unsaved version would lose; None if it puts no price below its cost.

    Checked for today and for its first day, which may lie before days that are not invoiced yet.
    """
    reseller, day = new.reseller, today(new.reseller, now)
    price_list = PriceList(reseller, day)
    after = price_list.margins.plus(new)
    centers = list(Center.objects.filter(reseller=reseller, archived_at=None).select_related("reseller"))
    losing: dict[Center, Margin] = {}
    is_used = False
    for on in {new.valid_from, max(new.valid_from, day)}:
        for center in centers:
            was = price_list.margins.find(new.category, center, on)
            then = after.find(new.category, center, on)
            is_used = is_used or then is new
            if then and _terms(then) != _terms(was) and _loses(price_list, center, then):
                losing[center] = then
    # No center has it yet (for example in a country without centers): the first one would get it without a warning.
    if not losing and (is_used or not _may_lose(new)):
        return None
    per_month = _per_month(price_list, losing, new.category, now)
    return Loss(len(losing), tuple(sorted(per_month.items())))


def _terms(margin: Margin | None) -> tuple[Decimal, Decimal]:
    return (margin.percent, margin.fixed) if margin else (ZERO, ZERO)


def _may_lose(margin: Margin) -> bool:
    return margin.percent < 0 or margin.fixed < 0


def _loses(price_list: PriceList, center: Center, margin: Margin) -> bool:
    """Whether a price of the center's list is below its cost or, if no rate is known, could be."""
    costs = [
        rate.cost
        for rate in price_list.rates_for(center)
        if price_list.category(rate.type) == margin.category
    ]
    if not costs:
        return _may_lose(margin)
    own = Gain.of(price_list, center, margin.category, margin)
    return any(own.on(cost, 1) < 0 for cost in costs)


@dataclass(frozen=True, slots=True)
class Gain:
    """What a center's prices are above their cost: after the discount, without the tax that they may include."""

    percent: Decimal
    fixed: Decimal
    off: Off
    tax: TaxTerms

    @classmethod
    def of(cls, price_list: PriceList, center: Center, category: str, margin: Margin | None) -> "Gain":
        """At this margin, and what else applies to the category on the price list's day."""
        tax = price_list.taxes.on(price_list.day, center)
        return cls(*_terms(margin), price_list.off(category, center), tax)

    def price_of(self, cost: Decimal) -> Decimal:
        """By how much a price rises when its cost rises by this, unrounded."""
        return self.off.of(usage_charge(cost, 0, self.percent, self.fixed))

    def on(self, cost: Decimal, quantity: int) -> Decimal:
        """On messages or subscriptions that cost this together, unrounded; negative is a loss."""
        return net_of(self.off.of(usage_charge(cost, quantity, self.percent, self.fixed)), self.tax) - cost


def _per_month(
    price_list: PriceList, losing: dict[Center, Margin], category: str, now: datetime
) -> dict[str, Decimal]:
    """The losses on last month's usage, or on a month's subscriptions, at the new margins; per currency of cost."""
    policies = policies_for(price_list.reseller, losing)
    sums: dict[str, Decimal] = {}
    day = today(price_list.reseller, now)
    usage = usage_of_last_month(losing, day) if category == Category.MESSAGE else {}
    numbers = numbers_in_use(losing)
    for center, margin in losing.items():
        policy = policies[center.pk]
        if category == Category.MESSAGE:
            parts = _of_usage(price_list, usage, center, margin, policy)
        else:
            parts = _of_subscriptions(price_list, center, margin, policy, numbers.get(center.pk, 0))
        for currency, gain in parts:
            sums[currency] = sums.get(currency, ZERO) + max(ZERO, -gain)
    sums = sums or {price_list.reseller.currency: ZERO}
    return {currency: rounded(amount, currency) for currency, amount in sums.items()}


def _of_usage(
    price_list: PriceList, usage: Usage, center: Center, margin: Margin, policy: Policy
) -> Iterable[tuple[str, Decimal]]:
    own = Gain.of(price_list, center, margin.category, margin)
    for (center_id, currency), (cost, billable) in usage.items():
        if center_id == center.pk:
            yield currency, own.on(cost, billable[policy.billable])


def _of_subscriptions(
    price_list: PriceList, center: Center, margin: Margin, policy: Policy, numbers: int
) -> Iterable[tuple[str, Decimal]]:
    own = Gain.of(price_list, center, margin.category, margin)
    for rate in price_list.rates_for(center):
        if rate.type == policy.subscription_type and price_list.category(rate.type) == margin.category:
            gain = own.on(rate.cost, 1) * numbers
            yield rate.currency, gain / 12 if price_list.interval(rate.type) == Interval.YEAR else gain


def numbers_in_use(centers: Iterable[Center]) -> dict[int, int]:
    """How many numbers these centers have, by their ids; centers without any are left out."""
    own = Instance.objects.filter(center__in=list(centers), archived_at=None).order_by()
    return dict(own.values_list("center_id").annotate(count=Sum(1)))


def usage_of_last_month(centers: Iterable[Center], day: date) -> Usage:
    """Cost and billable messages of the month before that of `day`."""
    month = previous_month(day)
    rows: Any = (
        UsageRecord.objects.filter(center__in=list(centers), day__gte=month.first_day, day__lt=month.end_day)
        .order_by()
        .values("center_id", "currency")
        .annotate(costs=Sum("cost"), all_sent=Sum("sent"), arrived=Sum(Greatest(F("sent") - F("failed"), 0)))
    )
    return {
        (row["center_id"], row["currency"]): (
            row["costs"],
            {Billable.SENT: row["all_sent"], Billable.DELIVERED: row["arrived"]},
        )
        for row in rows
    }
