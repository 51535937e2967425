"""What other prices make of charges for numbers in months that ended and aren't invoiced: as the invoices will."""

from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db.models import Min

from billing.models import BillingPeriod, Category, CenterVersion
from billing.money import exactly, total_of
from billing.periods import Period, month_of
from billing.policies import Policy
from billing.pricing.exchange_rates import Exchange
from billing.pricing.history.center_versions import CenterVersions
from billing.pricing.margins import Margins
from billing.pricing.price_list import PriceList, converted
from billing.pricing.subscriptions.due import Subscribed
from billing.pricing.subscriptions.prices import NumberCharges, PricedCharge
from centers.errors import OperationRefused
from centers.models import Center
from whatsapp.models import InstanceAssignment

ZERO = Decimal(0)
_Alike = tuple[Period, bool]  # the days covered, and whether it is charged once


@dataclass(frozen=True, slots=True)
class Pricing:
    """What prices follow from, besides costs."""

    margins: Margins
    exchange: Exchange

    @property
    def centers(self) -> CenterVersions:
        """The centers' countries and currencies."""
        return self.margins.centers


@dataclass(slots=True)
class MovedCharges:
    """By how much the charges for a center's numbers differ in one month, per currency, and on which of its days."""

    center: Center
    days: set[date] = field(default_factory=set)
    sums: dict[str, Decimal] = field(default_factory=dict)

    def note(self, was: list[PricedCharge], then: list[PricedCharge], count: int, month: Period) -> None:
        """Add `count` charges that are priced alike; without a price then, all of it is less."""
        for priced, sign in ((was, -count), (then, count)):
            for part in priced:
                amount = converted(exactly(part.price), Decimal(sign))
                self.sums[part.currency] = total_of((self.sums.get(part.currency, ZERO), amount))
        shown, new = (_by_day(priced, month) for priced in (was, then))
        self.days |= {day for day in shown.keys() | new.keys() if shown.get(day) != new.get(day)}


def moved_charges(
    price_list: PriceList,
    after: Pricing,
    centers: Mapping[int, Center],
    policies: Mapping[int, Policy],
    days: Period,
) -> Iterator[MovedCharges]:
    """What prices `after` a change make different in the months that end in these days, by center and month.

    Months that are invoiced keep their prices. A year that an earlier month is charged with is not charged again,
    so all months that are open are looked at.
    """
    charged = {
        pk: center
        for pk, center in centers.items()
        if policies[pk].subscription_type or policies[pk].one_off_type
    }
    before = Pricing(price_list.margins, price_list.exchange)
    for months, own in _by_open_months(charged, days.end_day).items():
        moving = [month for month in map(month_of, months) if month.end_day > days.first_day]
        differing = [one for one in own if any(_may_differ(before, after, one, month) for month in moving)]
        if not differing:
            continue
        numbers = NumberCharges(price_list.reseller, differing, policies, list(months))
        for center in differing:
            yield from _of_center(numbers, price_list, (before, after), center, moving)


def _of_center(
    numbers: NumberCharges,
    price_list: PriceList,
    pricings: tuple[Pricing, Pricing],
    center: Center,
    months: list[Period],
) -> Iterator[MovedCharges]:
    alike = _alike(numbers, price_list, center)
    for month in months:
        moved = MovedCharges(center)
        lists = [_on(price_list, pricing, month.last_day) for pricing in pricings]
        for (_days, once), charges in alike.get(month.first_day, {}).items():
            was, then = (_priced(numbers, one, center, charges[0], once=once) for one in lists)
            if was:  # a price was shown
                moved.note(was, then, len(charges), month)
        if moved.days:
            yield moved


def _alike(
    numbers: NumberCharges, price_list: PriceList, center: Center
) -> dict[date, dict[_Alike, list[Subscribed]]]:
    """What is due with each month; what covers the same days has the same price."""
    found: dict[date, dict[_Alike, list[Subscribed]]] = {}
    for once, charges in (
        (False, numbers.subscriptions(price_list, center)),
        (True, numbers.one_off(price_list, center)),
    ):
        for charge in charges:
            found.setdefault(charge.month, {}).setdefault((charge.days, once), []).append(charge)
    return found


def _priced(
    numbers: NumberCharges, price_list: PriceList, center: Center, charge: Subscribed, *, once: bool
) -> list[PricedCharge]:
    """Its parts; none without a rate of MazBot's or a usable exchange rate."""
    try:
        return list(numbers.priced(price_list, center, charge, once=once))
    except OperationRefused:
        return []


def _by_day(priced: list[PricedCharge], month: Period) -> dict[date, tuple[Decimal, str]]:
    """The price, of a whole month where it is one by the day, of each day that the charge covers in the month."""
    return {
        day: (part.full_price, part.currency)
        for part in priced
        for day in Period(part.of.days.first_day, min(part.of.days.end_day, month.end_day)).days()
    }


def _on(price_list: PriceList, pricing: Pricing, day: date) -> PriceList:
    """The price list of an invoice that ends with the day; what is read already is not read again."""
    found = copy(price_list)
    found.day, found.margins, found.exchange = day, pricing.margins, pricing.exchange
    found.rates, found.decided, found.discounts = price_list.rates, price_list.decided, price_list.discounts
    return found


def _may_differ(before: Pricing, after: Pricing, center: Center, month: Period) -> bool:
    """Whether anything that the month's prices follow from differs."""
    return before.exchange is not after.exchange or _terms(before, center, month) != _terms(
        after, center, month
    )


def _terms(pricing: Pricing, center: Center, month: Period) -> tuple[object, ...]:
    versions, last_day = pricing.centers, month.last_day
    starts = [month.first_day, *versions.changes(center, CenterVersion.Name.COUNTRY, month)]
    of_days = [
        (
            day,
            versions.country_id(center, day),
            pricing.margins.find(Category.SUBSCRIPTION, center, last_day, in_country_of=day),
        )
        for day in starts
    ]
    return versions.currency(center, last_day), of_days


def _by_open_months(centers: Mapping[int, Center], end_day: date) -> dict[tuple[date, ...], list[Center]]:
    """The centers by their months (first days) that ended by then, since they had numbers, and aren't invoiced."""
    held = InstanceAssignment.objects.filter(center__in=centers).order_by().values_list("center_id")
    first_days: dict[int, date] = dict(held.annotate(first=Min("billed_from")))
    closed = BillingPeriod.objects.filter(center__in=centers, voided_at=None, first_day__lt=end_day)
    taken: dict[int, set[date]] = {}
    for pk, first, end in closed.values_list("center_id", "first_day", "end_day"):
        taken.setdefault(pk, set()).update(Period(first, end).months_ended())
    found: dict[tuple[date, ...], list[Center]] = {}
    for pk, first_day in first_days.items():
        begun = Period(month_of(first_day).first_day, max(end_day, first_day))
        months = tuple(month for month in begun.months_ended() if month not in taken.get(pk, ()))
        if months:
            found.setdefault(months, []).append(centers[pk])
    return found
