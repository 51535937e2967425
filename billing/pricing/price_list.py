"""From cost to price.

price = cost x (1 + percent/100) + fixed, for every type of a category. Usage comes with one `total_cost` that
is not split by type; because percent and fixed are the same for all message types, the usage charge below is
exactly the sum of the price-list prices of the messages it counts. `fixed` is in the currency of the cost.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, localcontext
from functools import cached_property

from billing.models import (
    Billable,
    Category,
    Interval,
    Margin,
    Rate,
    RateCategory,
    RateClass,
    RateFetch,
    TaxTerms,
)
from billing.money import PRECISION
from billing.periods import today
from billing.pricing.discounts import NOTHING_OFF, Discounts, Off
from billing.pricing.exchange_rates import Exchange
from billing.pricing.history.center_versions import CenterVersions
from billing.pricing.margins import Margins
from billing.pricing.rate_types.known import guess_class, guess_interval
from billing.tax.computing import UNTAXED, net_of
from billing.tax.rates import Taxes
from centers.models import Center, Reseller

ZERO = Decimal(0)
_INTERVALS = frozenset(Interval.values)


def unit_price(cost: Decimal, percent: Decimal, fixed: Decimal) -> Decimal:
    """The price of one message or subscription, unrounded, in the currency of `cost`."""
    return usage_charge(cost, 1, percent, fixed)


def usage_charge(total_cost: Decimal, billable: int, percent: Decimal, fixed: Decimal) -> Decimal:
    """The charge for `billable` messages with a joint cost of `total_cost`, unrounded, same currency."""
    with localcontext() as context:
        context.prec = PRECISION
        return total_cost + total_cost * percent / 100 + fixed * billable


def billable_messages(sent: int, failed: int, basis: str) -> int:
    """How many messages the fixed amount is charged for: sent minus failed, or all sent (by policy)."""
    return sent if basis == Billable.SENT else max(0, sent - failed)


def more_billable(before: tuple[int, int], more: tuple[int, int], basis: str) -> int:
    """How many billable messages `more` adds to a day that had `before`; both are (sent, failed)."""
    sent, failed = before[0] + more[0], before[1] + more[1]
    return billable_messages(sent, failed, basis) - billable_messages(*before, basis)


def converted(amount: Decimal, rate: Decimal) -> Decimal:
    """`amount` times an exchange rate, unrounded."""
    with localcontext() as context:
        context.prec = PRECISION
        return amount * rate


def share_of(amount: Decimal, days: int, of: int) -> Decimal:
    """`amount` of `of` days for `days` of them, unrounded; the amount itself when that is all of them."""
    if days == of:
        return amount
    with localcontext() as context:
        context.prec = PRECISION
        return amount * days / of


def average(amount: Decimal, quantity: int) -> Decimal:
    """`amount` per unit at 10 decimals, for display only; the amount itself if the quantity is zero."""
    return round(amount / quantity, 10) if quantity else round(amount, 10)


@dataclass(frozen=True, slots=True)
class PriceRow:
    """One type of a price list. `price` is in `currency`; None if the exchange rate is missing.

    `price_at_cost` is the price in the currency of the cost; `is_loss` is true if it is below the cost, without the
    tax that it may include.
    """

    type: str
    category: str
    cost: Decimal
    cost_currency: str
    price_at_cost: Decimal
    price: Decimal | None
    currency: str
    margin: Margin | None
    interval: str = ""  # of a subscription
    tax: TaxTerms = UNTAXED
    off: Off = NOTHING_OFF  # is taken off already

    @property
    def counts_as(self) -> str:
        """`message`, or the interval of a subscription."""
        return self.interval or self.category

    @property
    def is_loss(self) -> bool:
        return net_of(self.price_at_cost, self.tax) < self.cost


class PriceList:
    """Everything that determines the prices of one reseller, each part loaded once, when first needed.

    `day` is a day of the reseller's calendar. With `center` only that center can be priced, with `centers` only these:
    their invoices do not load the margins of a thousand others.
    """

    def __init__(
        self,
        reseller: Reseller,
        day: date,
        *,
        center: Center | None = None,
        centers: Iterable[Center] | None = None,
    ) -> None:
        self.reseller, self.day = reseller, day
        self.exchange = Exchange(reseller)
        only = centers if center is None else [center]
        self._only = None if only is None else list(only)

    @cached_property
    def margins(self) -> Margins:
        return Margins.of(self.reseller, among=self._only)

    @property
    def centers(self) -> CenterVersions:
        """The centers' countries and currencies."""
        return self.margins.centers

    @cached_property
    def taxes(self) -> Taxes:
        """Of the price list's centers; without any named, those of all."""
        return Taxes(self.reseller, among=self._only)

    @cached_property
    def discounts(self) -> Discounts:
        """Of the price list's centers; without any named, those of all."""
        return Discounts(self.reseller, among=self._only)

    @cached_property
    def rates(self) -> dict[str, list[Rate]]:
        """The current list per country id, as returned by `current_rates`."""
        return current_rates(self.reseller)

    @cached_property
    def decided(self) -> dict[str, tuple[str, str]]:
        """Staff's decisions: category and interval, by type."""
        rows = RateCategory.objects.filter(reseller=self.reseller)
        return {
            name: (category, every)
            for name, category, every in rows.values_list("type", "category", "interval")
        }

    @cached_property
    def _categories(self) -> dict[str, str]:
        """What `category` found: a price list of many centers asks for the same few types again and again."""
        return {}

    def counts_as(self, rate_type: str) -> str:
        """What a type is (RateClass), as staff decided, else as it is known or its name suggests."""
        category, every = self.decided.get(rate_type, ("", ""))
        if category == Category.SUBSCRIPTION:
            return every or guess_interval(rate_type).value
        return category or guess_class(rate_type).value

    def category(self, rate_type: str) -> str:
        """The category whose margins apply to a type; that of an ignored type has none."""
        found = self._categories.get(rate_type)
        if found is None:
            counts_as = self.counts_as(rate_type)
            found = Category.SUBSCRIPTION.value if counts_as in _INTERVALS else counts_as
            self._categories[rate_type] = found
        return found

    def interval(self, rate_type: str) -> str:
        """How often a subscription type is charged; "" of a message and of an ignored type."""
        counts_as = self.counts_as(rate_type)
        return counts_as if counts_as in _INTERVALS else ""

    def country_id(self, center: Center) -> str:
        """The center's country at MazBot on the price list's day."""
        return self.centers.country_id(center, self.day)

    def currency(self, center: Center) -> str:
        """The center's currency on the price list's day."""
        return self.centers.currency(center, self.day)

    def list_for(self, center: Center) -> str:
        """The country id whose list the center's prices follow; "" is the general list."""
        own = self.country_id(center)
        return own if self.rates.get(own) else ""

    def rates_for(self, center: Center) -> list[Rate]:
        """The list that the center's prices follow on the price list's day."""
        return self.rates_of(self.country_id(center))

    def rates_of(self, country_id: str) -> list[Rate]:
        """The country's list, or the general list if it has none."""
        return self.rates.get(country_id) or self.rates.get("", [])

    def read_at(self, country_id: str) -> datetime | None:
        """When MazBot last returned the country's list."""
        return next((rate.fetch.fetched_at for rate in self.rates_of(country_id)), None)

    def for_center(self, center: Center, rates: Iterable[Rate] | None = None) -> list[PriceRow]:
        """The center's price list in its currency; `rates` prices another list than the current one.

        Ignored types are in no price list. Raises ValueError if this was created for another center: it has not loaded
        this one's own margins.
        """
        if self._only is not None and center not in self._only:
            raise ValueError(f"this price list is for {self._only}, not {center}")
        rows = self.rates_for(center) if rates is None else rates
        currency = self.currency(center)
        tax = self.taxes.on(self.day, center)
        return [
            self._row(
                rate,
                self.margins.find(self.category(rate.type), center, self.day),
                currency,
                tax,
                self.off(self.category(rate.type), center),
            )
            for rate in rows
            if self.category(rate.type) != RateClass.IGNORED
        ]

    def for_country(self, country_id: str) -> list[PriceRow]:
        """The country's price list without centers' own margins, in the currency of the costs."""
        tax = self.taxes.on(self.day)
        return [
            self._row(
                rate,
                self.margins.of_country(self.category(rate.type), country_id, self.day),
                rate.currency,
                tax,
            )
            for rate in self.rates_of(country_id)
            if self.category(rate.type) != RateClass.IGNORED
        ]

    def ignored(self, country_id: str) -> list[Rate]:
        """The rates of a country's list that no one is charged."""
        return [rate for rate in self.rates_of(country_id) if self.category(rate.type) == RateClass.IGNORED]

    def off(self, category: str, center: Center) -> Off:
        """The center's discount on the types of a category on the price list's day, whatever its plan includes."""
        is_messages = category == Category.MESSAGE
        of = self.discounts.on_listed_messages if is_messages else self.discounts.on_numbers
        return of(center, self.day)

    def _row(
        self, rate: Rate, margin: Margin | None, currency: str, tax: TaxTerms, off: Off = NOTHING_OFF
    ) -> PriceRow:
        percent, fixed = (margin.percent, margin.fixed) if margin else (ZERO, ZERO)
        price = off.of(unit_price(rate.cost, percent, fixed))
        exchange_rate = self.exchange.find(rate.currency, currency, self.day)
        return PriceRow(
            type=rate.type,
            category=self.category(rate.type),
            cost=rate.cost,
            cost_currency=rate.currency,
            price_at_cost=price,
            price=None if exchange_rate is None else converted(price, exchange_rate),
            currency=currency,
            margin=margin,
            interval=self.interval(rate.type),
            tax=tax,
            off=off,
        )


def current_rates(reseller: Reseller) -> dict[str, list[Rate]]:
    """The newest applied list per country id; "" is the list requested without a country."""
    applied = RateFetch.objects.filter(reseller=reseller, state=RateFetch.State.APPLIED)
    newest = applied.order_by("country_id", "-pk").distinct("country_id").values("pk")
    found: dict[str, list[Rate]] = {}
    for rate in Rate.objects.filter(fetch__in=newest).select_related("fetch").order_by("pk"):
        found.setdefault(rate.fetch.country_id, []).append(rate)
    return found


def price_list(center: Center, now: datetime) -> list[PriceRow]:
    """What `center` pays per type today, with the cost: for staff only. Portals use queries.portal_prices."""
    return PriceList(center.reseller, today(center.reseller, now), center=center).for_center(center)
