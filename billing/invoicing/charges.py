"""Which of the charges that staff entered a period's invoice takes, for which days."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q, Subquery

from billing.invoicing.draft_lines import ZERO, DraftLine
from billing.models import BillingPeriod, Charge, ChargeClaim, InvoiceLine
from billing.money import exactly, rounded
from billing.periods import ONE_DAY, Period, cut, month_of, part_of_month, year_after, zone_of
from billing.pricing.discounts import NOTHING_OFF, Discounts
from billing.pricing.price_list import PriceList, converted, share_of
from billing.pricing.subscriptions.due import Held, Holdings
from billing.tax.computing import net_of
from centers.models import Center, Reseller
from whatsapp.models import Instance
from whatsapp.ownership.beginnings import begun
from whatsapp.ownership.spans import spans_among

Kind = InvoiceLine.Kind


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be charged of a charge: for a number, if it is per number; `days` are what it covers.

    `late_on` is the day whose discount counts, of a one-off charge of a day that was invoiced before.
    """

    charge: Charge
    instance: Instance | None
    days: Period
    late_on: date | None = None

    def at(self, discounts: Discounts, center: Center) -> "Iterator[Due]":
        """The same, divided where the discount changes; what is no share of a month has the one of its first day."""
        is_monthly = self.charge.every == Charge.Every.MONTH
        for days in cut(self.days, discounts.changes(center, self.days) if is_monthly else ()):
            yield replace(self, days=days)

    @property
    def discounted_on(self) -> date:
        """The day whose discount counts."""
        return self.late_on or self.days.first_day

    @property
    def kind(self) -> InvoiceLine.Kind:
        """The kind of its line."""
        if self.charge.is_plan:
            return Kind.PLAN
        return Kind.CHARGE if self.charge.is_once else Kind.RECURRING

    @property
    def taxed_on(self) -> date:
        """Its own day; of what is charged by the month or year, the last day of the month that it is charged with."""
        return self.days.first_day if self.charge.is_once else month_of(self.days.first_day).last_day


class DueCharges:
    """The charges of some centers that are not on a valid invoice, read once for all of them.

    Recurring ones are due with the months that end in the period; what began by its end counts. Without any charge
    this is one query.
    """

    def __init__(self, reseller: Reseller, centers: Iterable[Center], period: Period) -> None:
        months, end = list(period.months_ended()), period.end_day
        self._months, self._first, self._end = months, period.first_day, end
        own = {center.pk: center for center in centers}
        rows = Charge.objects.filter(center__in=list(own), withdrawn_at=None, first_day__lt=end)
        if months:
            rows = rows.filter(Q(end_day=None) | Q(end_day__gt=months[0]) | Q(every=Charge.Every.ONCE))
        else:
            rows = rows.filter(every=Charge.Every.ONCE, per_number=False)
        self._charges: dict[int, list[Charge]] = {}
        for charge in rows.order_by("center_id", "first_day", "pk"):
            self._charges.setdefault(charge.center_id, []).append(charge)
        self._covered: dict[int, list[tuple[int | None, Period]]] = {}
        self._read_claims()
        self._held = Held([own[pk] for pk in self._of_numbers(once=False)], months)
        self._begun: dict[int, list[tuple[Instance, date]]] = {}
        starting = [own[pk] for pk in self._of_numbers(once=True)]
        if months and starting:
            self._read_begun(starting, zone_of(reseller))

    def due(self, center: Center) -> Iterator[Due]:
        """What the center is charged, in the order of its charges."""
        for charge in self._charges.get(center.pk, ()):
            if charge.is_setup_fee:
                yield from self._setup(charge)
            elif charge.is_once:
                if not self._taken(charge):
                    yield self._once(charge)
            elif charge.per_number:
                yield from self._by_number(charge, center)
            else:
                yield from self._of_center(charge)

    def _of_numbers(self, *, once: bool) -> list[int]:
        """Ids of the centers with charges for each number."""
        return [
            pk
            for pk, charges in self._charges.items()
            if any(charge.per_number and charge.is_once == once for charge in charges)
        ]

    def _read_claims(self) -> None:
        ids = [charge.pk for charges in self._charges.values() for charge in charges]
        claims = (
            ChargeClaim.objects.filter(charge__in=ids, voided_at=None) if ids else ChargeClaim.objects.none()
        )
        for pk, number, first, end in claims.values_list("charge_id", "instance_id", "first_day", "end_day"):
            self._covered.setdefault(pk, []).append((number, Period(first, end)))

    def _read_begun(self, centers: list[Center], zone: ZoneInfo) -> None:
        span = Period(self._months[0], month_of(self._months[-1]).end_day)
        numbers = {held.instance_id for held in spans_among(centers, span.first_day, span.end_day)}
        for held, day in begun(numbers, zone):
            if span.first_day <= day < span.end_day:
                self._begun.setdefault(held.center_id, []).append((held.instance, day))

    def _taken(self, charge: Charge, number: int | None = None) -> list[Period]:
        return [days for own, days in self._covered.get(charge.pk, ()) if own == number]

    def _once(self, charge: Charge) -> Due:
        """No discount can be given for days that are invoiced: a late charge has that of the period's first day."""
        days = Period(charge.first_day, charge.first_day + ONE_DAY)
        return Due(charge, None, days, late_on=max(charge.first_day, self._first))

    def _setup(self, charge: Charge) -> Iterator[Due]:
        """Each number that began while the fee was in force, once."""
        for number, day in self._begun.get(charge.center_id, ()):
            if _applies(charge, day) and day < self._end and not self._taken(charge, number.pk):
                yield Due(charge, number, Period(day, day + ONE_DAY))

    def _of_center(self, charge: Charge) -> Iterator[Due]:
        taken = self._taken(charge)
        for month in self._months:
            days = _within(charge, month_of(month), self._end)
            if charge.is_yearly:
                days = _year_beginning(charge, month_of(month))
            if days and _is_free(days, taken):
                yield Due(charge, None, days)

    def _by_number(self, charge: Charge, center: Center) -> Iterator[Due]:
        """The days on which the center held each number; a year from the first of them that none covers."""
        numbers = self._held.numbers(center)
        holdings = Holdings(center, self._held, {one.pk: self._taken(charge, one.pk) for one in numbers})
        for month in self._months:
            for number in numbers:
                for days in _of_number(charge, holdings, number, month, self._end):
                    holdings.covered[number.pk].append(days)
                    yield Due(charge, number, days)


def _of_number(
    charge: Charge, holdings: Holdings, number: Instance, month: date, end: date
) -> Iterator[Period]:
    applies = _within(charge, month_of(month), end)
    spans = (days for held in holdings.days_held(number, month) if (days := _common(held, applies)))
    if not charge.is_yearly:
        yield from spans
        return
    years = (Period(days.first_day, year_after(days.first_day)) for days in spans)
    yield from islice((year for year in years if _is_free(year, holdings.covered[number.pk])), 1)


def _applies(charge: Charge, day: date) -> bool:
    return charge.first_day <= day and (charge.end_day is None or day < charge.end_day)


def _within(charge: Charge, month: Period, end: date) -> Period | None:
    """The days of the month on which the charge applies, up to `end`."""
    last = min(month.end_day, end, charge.end_day or end)
    first = max(month.first_day, charge.first_day)
    return Period(first, last) if first < last else None


def _common(days: Period, other: Period | None) -> Period | None:
    """The days in both; None is no day."""
    first = max(days.first_day, other.first_day if other else days.end_day)
    end = min(days.end_day, other.end_day if other else days.end_day)
    return Period(first, end) if first < end else None


def _year_beginning(charge: Charge, month: Period) -> Period | None:
    """The year of the charge that begins in the month."""
    first = charge.first_day
    while first < month.first_day:
        first = year_after(first)
    return Period(first, year_after(first)) if first < month.end_day and _applies(charge, first) else None


def _is_free(days: Period, taken: Iterable[Period]) -> bool:
    return not any(one.first_day < days.end_day and one.end_day > days.first_day for one in taken)


def share_of_month(due: Due) -> tuple[int, int]:
    """(days, days of the month) of a monthly charge for a part of one; (1, 1) for everything else."""
    is_monthly = due.charge.every == Charge.Every.MONTH
    return (part_of_month(due.days) if is_monthly else None) or (1, 1)


def charge_lines(price_list: PriceList, center: Center, due: Iterable[Due]) -> Iterator[DraftLine]:
    """The lines over what is due, in its order. Raises MissingRate or OldRate."""
    for one in due:
        for part in one.at(price_list.discounts, center):
            yield charge_line(price_list, center, part)


def charge_line(price_list: PriceList, center: Center, due: Due) -> DraftLine:
    """One line over the charge, or over the days' share of its month. Raises MissingRate or OldRate."""
    charge, currency = due.charge, price_list.currency(center)
    exchange_rate = price_list.exchange.rate(charge.currency, currency, price_list.day)
    tax = price_list.taxes.on(due.taxed_on, center, charge)
    off = price_list.discounts.on_charge(center, due.discounted_on, charge.pk)
    off = NOTHING_OFF if charge.is_late_fee else off
    price = converted(share_of(off.of(charge.amount), *share_of_month(due)), exchange_rate)
    exact = exactly(net_of(price, tax))
    return DraftLine(
        kind=due.kind,
        instance=due.instance,
        first_day=due.days.first_day,
        end_day=due.days.end_day,
        quantity=1,
        sent=0,
        received=0,
        failed=0,
        cost=ZERO,
        cost_currency=charge.currency,
        margin=None,
        percent=ZERO,
        fixed=charge.amount,
        discount_percent=off.percent,
        discount_amount=off.amount,
        exchange_rate=exchange_rate,
        amount=rounded(exact, currency),
        exact=exact,
        currency=currency,
        charge=charge,
        description=charge.description,
        tax=tax,
    )


def centers_with_open_charges(centers: Iterable[Center]) -> set[int]:
    """Ids of those of the centers that are archived and have a charge which no valid invoice has; a few queries.

    That is a one-off charge, or a recurring one or set-up fee of a month that isn't closed.
    """
    own = Charge.objects.filter(center__in=centers, withdrawn_at=None).exclude(center__archived_at=None)
    claims = ChargeClaim.objects.filter(charge=OuterRef("pk"), voided_at=None)
    once = own.filter(every=Charge.Every.ONCE, per_number=False).exclude(Exists(claims))
    found = set(once.order_by().values_list("center_id", flat=True))
    periods = BillingPeriod.objects.filter(center=OuterRef("center"), voided_at=None)
    closed = Subquery(periods.order_by("-end_day").values("end_day")[:1])
    ending = own.exclude(end_day=None).exclude(center__in=found).annotate(closed=closed)
    return found | _with_open_months(ending.select_related("center__reseller"))


def _with_open_months(ending: Iterable[Any]) -> set[int]:
    """Ids of the centers of these charges, each with the day until which its center is `closed`, that are due later."""
    closed: dict[Center, date] = {}
    spans: list[Period] = []
    for charge in ending:
        last_month = month_of(charge.end_day - ONE_DAY)
        closed[charge.center] = charge.closed or date.min
        if last_month.end_day > closed[charge.center]:
            spans.append(Period(max(charge.first_day, closed[charge.center]), last_month.end_day))
    if not spans:
        return set()
    period = Period(min(days.first_day for days in spans), max(days.end_day for days in spans))
    due = DueCharges(next(iter(closed)).reseller, closed, period)
    return {
        center.pk
        for center, until in closed.items()
        if any(month_of(one.days.first_day).end_day > until for one in due.due(center))
    }
