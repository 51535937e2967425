"""What subscriptions and one-off charges of numbers cost, on an invoice or at prices that are only being considered."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from billing.models import Category, CenterVersion, Interval, Margin, Rate, RateClass, Share
from billing.periods import cut, day_start, month_of, part_of_month, zone_of
from billing.policies import Policy, reseller_policy
from billing.pricing.discounts import Off
from billing.pricing.price_list import PriceList, converted, share_of, usage_charge
from billing.pricing.subscriptions.due import Held, Once, Subscribed, rate_at, subscribed
from centers.errors import OperationRefused
from centers.models import Center, Reseller
from centers.stored_messages import StoredMessage as _

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class PricedCharge:
    """A charge for a number, or a part of one, with all that its price follows from; prices in `currency`."""

    of: Subscribed
    is_once: bool
    rate: Rate
    margin: Margin | None
    off: Off
    exchange_rate: Decimal
    currency: str

    @property
    def percent(self) -> Decimal:
        """Of the margin."""
        return self.margin.percent if self.margin else ZERO

    @property
    def fixed(self) -> Decimal:
        """Of the margin, in the currency of the cost."""
        return self.margin.fixed if self.margin else ZERO

    @property
    def share(self) -> tuple[int, int]:
        """How many days of how many are charged; (1, 1) for all of them, and for what isn't charged by the day."""
        return (None if self.is_once else part_of_month(self.of.days)) or (1, 1)

    @property
    def cost(self) -> Decimal:
        """What MazBot lists for the days, unrounded, in the currency of the rate."""
        return share_of(self.rate.cost, *self.share)

    @property
    def full_price(self) -> Decimal:
        """What a whole month (or year, or the charge) costs, unrounded, as in the price list."""
        charge = usage_charge(self.rate.cost, 1, self.percent, self.fixed)
        return converted(self.off.of(charge), self.exchange_rate)

    @property
    def price(self) -> Decimal:
        """What the days cost, unrounded."""
        return share_of(self.full_price, *self.share)


class NumberCharges:
    """What is due for the numbers of some centers with some months, read once for all of them.

    `months` are first days. What is due depends on who held the numbers and what was charged before; the prices follow
    from the price list that is passed, whose day is that of the invoice.
    """

    def __init__(
        self,
        reseller: Reseller,
        centers: Iterable[Center],
        policies: Mapping[int, Policy],
        months: list[date],
    ) -> None:
        own = list(centers)
        self._policies, self._zone = policies, zone_of(reseller)
        charged = [center for center in own if policies[center.pk].subscription_type]
        self._share = reseller_policy(reseller).subscription_share if charged else ""
        self._held = Held(charged, months)
        self._once = Once(reseller, [center for center in own if policies[center.pk].one_off_type], months)
        self._rates: dict[tuple[date, str, str], Rate | None] = {}

    def subscriptions(self, price_list: PriceList, center: Center) -> Iterator[Subscribed]:
        """What is charged again and again, when the policy names a type of subscription."""
        name = self._policies[center.pk].subscription_type
        if name and price_list.category(name) != RateClass.IGNORED:
            yield from subscribed(price_list, center, self._held, name, self._share)

    def one_off(self, price_list: PriceList, center: Center) -> list[Subscribed]:
        """What numbers are charged once, when the policy names such a type."""
        name = self._policies[center.pk].one_off_type
        is_charged = name and price_list.interval(name) == Interval.ONCE
        return self._once.charges(center) if is_charged else []

    def priced(
        self, price_list: PriceList, center: Center, charge: Subscribed, *, once: bool = False
    ) -> Iterator[PricedCharge]:
        """The charge, divided where its price changes if it is charged by the day.

        Raises OperationRefused if MazBot has no rate for it, MissingRate or OldRate without an exchange rate.
        """
        policy = self._policies[center.pk]
        name = policy.one_off_type if once else policy.subscription_type
        by_days = not once and self._share == Share.HELD and price_list.interval(name) != Interval.YEAR
        for part in _of_one_price(price_list, center, charge) if by_days else [charge]:
            # The days' country; that of the month's end for what isn't charged by the day.
            day = part.days.last_day if by_days else month_of(part.month).last_day
            rate = self._rate(price_list, name, part, price_list.centers.country_id(center, day))
            if rate is None:
                raise _no_rate(center, name)
            yield _priced(price_list, center, part, rate, day, once=once)

    def _rate(self, price_list: PriceList, name: str, charge: Subscribed, country_id: str) -> Rate | None:
        """MazBot's rate of the type in that country when the charge's month ended."""
        key = (charge.month, country_id, name)
        if key not in self._rates:
            ended = day_start(month_of(charge.month).end_day, self._zone)
            self._rates[key] = rate_at(price_list, country_id, name, ended)
        return self._rates[key]


def _of_one_price(price_list: PriceList, center: Center, charge: Subscribed) -> Iterator[Subscribed]:
    """The charge, divided where the center's country changes, or its discount."""
    countries = price_list.centers.changes(center, CenterVersion.Name.COUNTRY, charge.days)
    changes = {*countries, *price_list.discounts.changes(center, charge.days)}
    for days in cut(charge.days, sorted(changes)):
        yield replace(charge, days=days)


def _priced(
    price_list: PriceList, center: Center, charge: Subscribed, rate: Rate, day: date, *, once: bool
) -> PricedCharge:
    """At the margin of the month's end; `day` is one in the country of the rate."""
    currency = price_list.currency(center)
    last_day = month_of(charge.month).last_day
    return PricedCharge(
        of=charge,
        is_once=once,
        rate=rate,
        margin=price_list.margins.find(Category.SUBSCRIPTION, center, last_day, in_country_of=day),
        off=price_list.discounts.on_numbers(center, day),
        exchange_rate=price_list.exchange.rate(rate.currency, currency, price_list.day),
        currency=currency,
    )


def _no_rate(center: Center, rate_type: str) -> OperationRefused:
    return OperationRefused(
        _(
            "MazBot has no rate “%(type)s” for the country of “%(center)s”. Refresh the rates or "
            "change the billing rules."
        )
        % {"type": rate_type, "center": center}
    )
