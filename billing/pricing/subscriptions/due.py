"""Which numbers' subscriptions and one-off charges a center pays, for which days, and at which of MazBot's rates."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from billing.models import Interval, Rate, RateFetch, Share, SubscriptionClaim
from billing.periods import ONE_DAY, Period, month_of, year_after, zone_of
from billing.pricing.price_list import PriceList
from centers.models import Center, Reseller
from whatsapp.models import Instance, InstanceAssignment
from whatsapp.ownership.beginnings import begun
from whatsapp.ownership.spans import holds, spans_among


@dataclass(frozen=True, slots=True)
class Subscribed:
    """A planned charge: a number, the first day of the month it is charged with, and the days it covers."""

    instance: Instance
    month: date
    days: Period


@dataclass(frozen=True, slots=True)
class _Charged:
    """The days of a claim; both empty, of an older version: its month, or a year from there."""

    month: date
    first_day: date | None
    end_day: date | None
    rate_type: str | None  # of its line


class Held:
    """Which of some centers had which number on which days, and which days are charged: read once for all of them."""

    def __init__(self, centers: Iterable[Center], months: list[date]) -> None:
        self.months = months
        self.spans: dict[int, list[InstanceAssignment]] = {}
        self.charged: dict[int, list[_Charged]] = {}
        self._numbers: dict[int, dict[int, Instance]] = {}
        if months:
            self._read(spans_among(centers, months[0], month_of(months[-1]).end_day))

    def numbers(self, center: Center) -> list[Instance]:
        """The numbers that the center had in the months, by their key."""
        return list(self._numbers.get(center.pk, {}).values())

    def _read(self, held: list[InstanceAssignment]) -> None:
        for own in held:
            self._numbers.setdefault(own.center_id, {})[own.instance_id] = own.instance
        ids = {own.instance_id for own in held}
        for span in InstanceAssignment.objects.filter(instance__in=ids).order_by("since", "pk"):
            self.spans.setdefault(span.instance_id, []).append(span)
        claims = SubscriptionClaim.objects.filter(instance__in=ids, voided_at=None, one_off=False)
        names = ("instance_id", "month", "first_day", "end_day", "line__rate_type")
        for number, *days in claims.values_list(*names):
            self.charged.setdefault(number, []).append(_Charged(*days))


def subscribed(
    price_list: PriceList, center: Center, held: Held, rate_type: str, share: str
) -> Iterator[Subscribed]:
    """The charges for numbers the center had in the months of `held`, for days that no one was charged for yet.

    A monthly type covers the days the center had the number, or (`share` FULL) the month, charged to its last
    center. A yearly type covers a year from the first uncovered day; nothing more within that year is charged.
    """
    holdings = Holdings(
        center,
        held,
        {
            number.pk: [_covered(price_list, one, rate_type) for one in held.charged.get(number.pk, ())]
            for number in held.numbers(center)
        },
    )
    every = price_list.interval(rate_type)
    for month in held.months:
        for number in holdings.numbers:
            if every == Interval.YEAR:
                ranges = holdings.year(number, month)
            elif share == Share.FULL:
                ranges = holdings.whole_month(number, month)
            else:
                ranges = holdings.days_held(number, month)
            for days in ranges:
                holdings.covered[number.pk].append(days)
                yield Subscribed(number, month, days)


class Once:
    """The numbers of some centers that were first billed, or entered, in these months: read once for all of them.

    A number is charged once, whatever center it moves to later and whatever the type is called then. The month is that
    of the first day of billing, or that on which the number was entered if that is later: the earlier ones may be
    invoiced already.
    """

    def __init__(self, reseller: Reseller, centers: Iterable[Center], months: list[date]) -> None:
        self._charges: dict[int, list[Subscribed]] = {}
        own = list(centers)
        if months and own:
            self._read(own, Period(months[0], month_of(months[-1]).end_day), zone_of(reseller))

    def charges(self, center: Center) -> list[Subscribed]:
        """What the center is charged for them, if it had them then."""
        return self._charges.get(center.pk, [])

    def _read(self, centers: list[Center], span: Period, zone: ZoneInfo) -> None:
        own = {center.pk for center in centers}
        numbers = {held.instance_id for held in spans_among(centers, span.first_day, span.end_day)}
        claims = SubscriptionClaim.objects.filter(instance__in=numbers, voided_at=None, one_off=True)
        numbers -= set(claims.values_list("instance_id", flat=True))
        for held, day in begun(numbers, zone):
            if held.center_id in own and span.first_day <= day < span.end_day:
                charge = Subscribed(held.instance, month_of(day).first_day, Period(day, day + ONE_DAY))
                self._charges.setdefault(held.center_id, []).append(charge)


def rate_at(price_list: PriceList, country_id: str, rate_type: str, moment: datetime) -> Rate | None:
    """The rate of the country's list (or the general one) at `moment`; from today's list if that one has none."""
    country = country_id if country_id in price_list.rates else ""
    lists = RateFetch.applied(price_list.reseller, country)
    then = lists.filter(since__lt=moment).order_by("-pk").first() or lists.order_by("pk").first()
    rate: Rate | None = Rate.objects.filter(fetch=then, type=rate_type).first() if then else None
    return rate or next((row for row in price_list.rates_of(country_id) if row.type == rate_type), None)


class Holdings:
    """One center's days of its numbers that are not charged yet: `covered` has those that are, by id of the number.

    What is planned is added to it.
    """

    def __init__(self, center: Center, held: Held, covered: dict[int, list[Period]]) -> None:
        self._center, self._spans = center, held.spans
        self.numbers = held.numbers(center)
        self.covered = covered

    def days_held(self, number: Instance, month: date) -> list[Period]:
        """The center's days of the month that no charge covers, as contiguous ranges."""
        if self._has_all_of(number, month_of(month)):
            return [month_of(month)]
        ranges: list[Period] = []
        for day in self._open_days(number, month):
            if ranges and ranges[-1].end_day == day:
                ranges[-1] = Period(ranges[-1].first_day, day + ONE_DAY)
            else:
                ranges.append(Period(day, day + ONE_DAY))
        return ranges

    def whole_month(self, number: Instance, month: date) -> list[Period]:
        """The month, if the center was the last to have the number in it."""
        whole = month_of(month)
        owners = [owner for day in whole.days() if (owner := self._owner(number, day))]
        mine = owners[-1:] == [self._center.pk]
        return [whole] if mine and self._is_free(number, whole) else []

    def year(self, number: Instance, month: date) -> list[Period]:
        """A year from the center's first uncovered day in the month; empty if it would overlap a later charge."""
        first = next(iter(self._open_days(number, month)), None)
        if first is None:
            return []
        year = Period(first, year_after(first))
        return [year] if self._is_free(number, year) else []

    def _has_all_of(self, number: Instance, month: Period) -> bool:
        """Whether the center alone held the number in all of the month, and none of it is charged: mostly so."""
        first, *others = self._spans[number.pk]
        return (
            not others
            and first.center_id == self._center.pk
            and max(first.first_day, first.billed_from) <= month.first_day
            and (first.last_day is None or first.last_day >= month.last_day)
            and self._is_free(number, month)
        )

    def _open_days(self, number: Instance, month: date) -> list[date]:
        return [
            day
            for day in month_of(month).days()
            if self._owner(number, day) == self._center.pk
            and self._is_free(number, Period(day, day + ONE_DAY))
        ]

    def _owner(self, number: Instance, day: date) -> int | None:
        """The center that held the number when the day ended, once it is billed; a day begun or ended with counts."""
        held = [span for span in self._spans[number.pk] if holds(span, day)]
        return held[-1].center_id if held and held[-1].billed_from <= day else None

    def _is_free(self, number: Instance, days: Period) -> bool:
        taken = self.covered[number.pk]
        return not any(one.first_day < days.end_day and one.end_day > days.first_day for one in taken)


def _covered(price_list: PriceList, claim: _Charged, rate_type: str) -> Period:
    """The days of a claim; without them the type of its line says how many, or `rate_type` if it has no line."""
    if claim.first_day is not None and claim.end_day is not None:
        return Period(claim.first_day, claim.end_day)
    yearly = price_list.interval(claim.rate_type or rate_type) == Interval.YEAR
    return Period(claim.month, year_after(claim.month)) if yearly else month_of(claim.month)
