"""Charges of staff that no invoice has yet: one-off ones, and recurring ones of this month and the last."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Max, Q, QuerySet

from billing.models import BillingPeriod, Charge, ChargeClaim
from billing.periods import Period, month_of, previous_month, year_after, zone_of
from billing.pricing.discounts import Discounts
from billing.pricing.price_list import share_of
from billing.tax.computing import exact_tax, net_of
from billing.tax.rates import Taxes
from centers.models import Center, Reseller
from whatsapp.models import Instance, InstanceAssignment
from whatsapp.ownership.beginnings import begun

ZERO = Decimal(0)
Every = Charge.Every

# Who held a number when a day ended.
HELD = """
  FROM (SELECT DISTINCT ON (a.instance_id, d.day) a.instance_id, a.center_id, a.billed_from, d.day::date AS day
          FROM whatsapp_instanceassignment a
         CROSS JOIN LATERAL generate_series(
                   greatest(a.first_day, %(first)s)::timestamp,
                   least(a.last_day, %(last)s)::timestamp, interval '1 day') AS d (day)
         WHERE a.reseller_id = %(reseller)s
           AND a.instance_id IN (SELECT own.instance_id FROM whatsapp_instanceassignment own
                                  WHERE own.center_id = ANY(%(centers)s))
           AND a.first_day <= %(last)s
           AND (a.last_day IS NULL OR a.last_day >= %(first)s)
         ORDER BY a.instance_id, d.day, a.since DESC, a.id DESC) held
"""
# Not of months that are invoiced already: what is not charged of them never will be.
NOT_INVOICED = """
   AND NOT EXISTS (SELECT 1 FROM billing_billingperiod p
                    WHERE p.center_id = held.center_id AND p.voided_at IS NULL
                      AND p.first_day <= %(closes)s AND p.end_day > %(closes)s)
"""
# Days of each charge for numbers: those on which its center held them and it applies, and which no invoice has.
_CHARGE_DAYS = f"""
SELECT own.id, count(*), count(DISTINCT held.instance_id)
  {HELD}
  JOIN billing_charge own ON own.center_id = held.center_id AND own.per_number AND own.every <> 'once'
       AND own.withdrawn_at IS NULL AND own.first_day <= held.day
       AND (own.end_day IS NULL OR own.end_day > held.day)
 WHERE held.billed_from <= held.day AND held.center_id = ANY(%(centers)s)
   AND NOT EXISTS (SELECT 1 FROM billing_chargeclaim c
                    WHERE c.charge_id = own.id AND c.instance_id = held.instance_id AND c.voided_at IS NULL
                      AND c.first_day <= held.day AND c.end_day > held.day)
   {NOT_INVOICED}
 GROUP BY own.id
"""  # noqa: S608  # constants only


@dataclass(frozen=True, slots=True)
class Accrued:
    """What a center's numbers cost so far in one month besides their messages, and will be charged, in `currency`."""

    center_id: int
    month: date
    currency: str
    cost: Decimal
    charge: Decimal
    percent: Decimal  # of the tax that is added to the charge

    @property
    def tax(self) -> Decimal:
        """That tax, unrounded."""
        return exact_tax(self.charge, self.percent)


def accrued_charges(
    reseller: Reseller,
    period: Period,
    centers: Iterable[Center],
    today: date,
    *,
    since: date | None = None,
) -> list[Accrued]:
    """Charges of days in the period, without tax: monthly ones by the days up to `today`, all others as a whole.

    Recurring ones only of the months from `since` on, else of this month and the last.
    """
    known = {center.pk: center for center in centers}
    charges = Charge.objects.filter(center__in=known, withdrawn_at=None, first_day__lte=today)
    months = [month for month in (previous_month(today), month_of(today)) if _is_in(month.first_day, period)]
    months = [month for month in months if since is None or month.first_day >= since]
    oldest = months[0].first_day if months else today
    own = list(charges.filter(Q(end_day=None) | Q(end_day__gt=oldest)).order_by("pk"))
    if not own:
        return []
    found = _Found(reseller, known, own)
    found.add_once(period)
    for month in months:
        found.add_month(month, today)
    return found.rows


class _Found:
    """What is added up so far."""

    def __init__(self, reseller: Reseller, known: dict[int, Center], charges: list[Charge]) -> None:
        self._reseller, self._known, self._charges = reseller, known, charges
        self._taxes = Taxes(reseller, next(iter(known.values())) if len(known) == 1 else None)
        self._discounts = Discounts(reseller, among=known.values())
        claims = ChargeClaim.objects.filter(charge__in=charges, voided_at=None)
        names = ("charge_id", "instance_id", "first_day", "end_day")
        self._claims: dict[int, list[tuple[int | None, Period]]] = {}
        for pk, number, first, end in claims.values_list(*names):
            self._claims.setdefault(pk, []).append((number, Period(first, end)))
        self.rows: list[Accrued] = []

    def add_once(self, period: Period) -> None:
        """A charge of a day that is invoiced has the discount of the first day after, as its invoice will."""
        rows = [
            charge
            for charge in self._charges
            if charge.is_once
            and not charge.per_number
            and charge.pk not in self._claims
            and _is_in(charge.first_day, period)
        ]
        closed = _closed_until({charge.center_id for charge in rows}) if rows else {}
        for charge in rows:
            billed = max(charge.first_day, closed.get(charge.center_id, charge.first_day))
            self._add(charge, charge.first_day, (1, 1), discounted_on=billed)

    def add_month(self, month: Period, today: date) -> None:
        closed = _closed(self._reseller, month)
        self._add_numbers(month, today)
        self._add_begun(month, closed)
        for charge in self._charges:
            if charge.is_once or charge.per_number or charge.center_id in closed:
                continue
            if charge.is_yearly:
                if _begins_in(charge, month, today) and not self._has(charge, month):
                    self._add(charge, month.first_day, (1, 1))
                continue
            first = max(month.first_day, charge.first_day)
            last = min(month.last_day, today, charge.end_day - timedelta(days=1) if charge.end_day else today)
            if first <= last and not self._has(charge, month):
                self._add(charge, month.first_day, ((last - first).days + 1, _length(month)))

    def _add_numbers(self, month: Period, today: date) -> None:
        by_id = {charge.pk: charge for charge in self._charges if charge.per_number and not charge.is_once}
        if not by_id:
            return
        values: dict[str, Any] = {
            "reseller": self._reseller.pk,
            "centers": sorted({charge.center_id for charge in by_id.values()}),
            "first": month.first_day,
            "last": min(month.last_day, today),
            "closes": month.last_day,
        }
        with connection.cursor() as cursor:
            cursor.execute(_CHARGE_DAYS, values)
            for pk, days, numbers in cursor.fetchall():
                if pk in by_id:
                    share = (numbers, 1) if by_id[pk].is_yearly else (days, _length(month))
                    self._add(by_id[pk], month.first_day, share)

    def _add_begun(self, month: Period, closed: set[int]) -> None:
        fees = [charge for charge in self._charges if charge.is_setup_fee and charge.center_id not in closed]
        if not fees:
            return
        none = Instance.objects.none().values("pk")
        spans = begun_in(self._reseller, month, {charge.center_id for charge in fees}, none)
        for fee in fees:
            taken = {number for number, _days in self._claims.get(fee.pk, ())}
            numbers = [
                day
                for number, day in spans.get(fee.center_id, ())
                if fee.first_day <= day and (fee.end_day is None or day < fee.end_day) and number not in taken
            ]
            if numbers:
                self._add(fee, month.first_day, (len(numbers), 1))

    def _has(self, charge: Charge, month: Period) -> bool:
        """Whether an invoice has a day of the month."""
        return any(
            days.first_day < month.end_day and days.end_day > month.first_day
            for _number, days in self._claims.get(charge.pk, ())
        )

    def _add(
        self, charge: Charge, day: date, share: tuple[int, int], *, discounted_on: date | None = None
    ) -> None:
        center = self._known[charge.center_id]
        tax = self._taxes.on(month_of(day).last_day if not charge.is_once else day, center, charge)
        off = self._discounts.on_charge(center, discounted_on or max(day, charge.first_day), charge.pk)
        price = charge.amount if charge.is_late_fee else off.of(charge.amount)
        net = share_of(net_of(price, tax), *share)
        month = day.replace(day=1)
        self.rows.append(Accrued(center.pk, month, charge.currency, ZERO, net, tax.percent))


def begun_in(
    reseller: Reseller, month: Period, centers: Iterable[int], charged: QuerySet[Any]
) -> dict[int, list[tuple[int, date]]]:
    """The numbers (by id) of each center that began in the month, and when, but for those in `charged`.

    None of a center whose month is invoiced.
    """
    zone = zone_of(reseller)
    start, _end = month.bounds(zone)
    recent = InstanceAssignment.objects.filter(
        Q(since__gte=start) | Q(billed_from__gte=month.first_day), center__in=list(centers)
    )
    numbers = recent.exclude(instance__in=charged).values_list("instance_id", flat=True)
    closed = _closed(reseller, month)
    found: dict[int, list[tuple[int, date]]] = {}
    for held, day in begun(set(numbers), zone):
        if month.first_day <= day < month.end_day and held.center_id not in closed:
            found.setdefault(held.center_id, []).append((held.instance_id, day))
    return found


def _closed(reseller: Reseller, month: Period) -> set[int]:
    """Ids of the centers whose month is invoiced."""
    rows = BillingPeriod.objects.filter(
        reseller=reseller, voided_at=None, first_day__lte=month.last_day, end_day__gt=month.last_day
    )
    return set(rows.values_list("center_id", flat=True))


def _closed_until(centers: set[int]) -> dict[int, date]:
    """For each of the centers with one, the day after its last invoiced period."""
    rows = BillingPeriod.objects.filter(center__in=centers, voided_at=None).order_by()
    return dict(rows.values_list("center").annotate(end=Max("end_day")))


def _begins_in(charge: Charge, month: Period, today: date) -> bool:
    """Whether a year of the charge began in the month, by `today`."""
    first = charge.first_day
    while first < month.first_day:
        first = year_after(first)
    return first < month.end_day and first <= today and (charge.end_day is None or first < charge.end_day)


def _is_in(day: date, period: Period) -> bool:
    return period.first_day <= day < period.end_day


def _length(month: Period) -> int:
    return (month.end_day - month.first_day).days
