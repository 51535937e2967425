"""What centers are expected to pay, week by week: as promised, on the due date, or as late as each usually pays.

Nothing is guessed: usage that isn't used yet is not in it; what is later than its center usually pays, or contested,
has no date.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Sum

from billing.dunning import open_disputes, promised, with_paid
from billing.forecast.usual_delays import UsualDelays, usual_delays
from billing.models import Invoice, LedgerEntry
from billing.money import rounded
from billing.periods import Period, month_of, previous_month, today
from billing.policies import policies_for, reseller_policy
from billing.pricing.conversion import Converter, NotIncluded
from billing.reports.profit import profit_report
from centers.models import Center, Reseller

ZERO = Decimal(0)
WEEKS = 13
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Expected:
    """One amount that a center is expected to pay `on` a day; None if it is later than usual already, or disputed.

    Without an invoice it is what was used since the last one, with tax. `due_on` is then when it would be due.
    """

    center: Center
    amount: Decimal
    currency: str
    due_on: date
    delay: int
    on: date | None
    invoice: Invoice | None = None
    promised: bool = False
    disputed: bool = False


@dataclass(slots=True)
class Week:
    """Seven days: what is promised, expected of invoices, and of usage without one; `so_far` with all weeks before."""

    period: Period
    promised: Decimal = ZERO
    invoiced: Decimal = ZERO
    unbilled: Decimal = ZERO
    so_far: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        """All three."""
        return self.promised + self.invoiced + self.unbilled


@dataclass(frozen=True, slots=True)
class Forecast:
    """The weeks in one currency, what is expected after them, and what has no date."""

    currency: str
    weeks: list[Week]
    later: Decimal
    undated: Decimal

    @property
    def dated(self) -> Decimal:
        """What the weeks add up to."""
        return self.weeks[-1].so_far

    @property
    def total(self) -> Decimal:
        """All of it."""
        return self.dated + self.later + self.undated


def expected_payments(reseller: Reseller, now: datetime) -> list[Expected]:
    """Everything unpaid or not invoiced yet, the earliest day first, without a date last.

    A fixed number of queries, whatever the number of centers.
    """
    day = today(reseller, now)
    delays = usual_delays(reseller, day)
    found = [*_of_invoices(reseller, day, delays), *_unbilled(reseller, day, delays)]
    return sorted(
        found, key=lambda one: (one.on is None, one.on or one.due_on, one.center.name, one.center.pk)
    )


def forecasts(items: Iterable[Expected], converter: Converter, currency: str, day: date) -> list[Forecast]:
    """The items by week from `day`, in `currency`; apart, each currency that has no usable exchange rate."""
    rows = list(items)
    apart = {row.currency for row in rows if isinstance(converter.way(row.currency, currency), NotIncluded)}
    found = [_forecast([row for row in rows if row.currency not in apart], converter, currency, day)]
    for other in sorted(apart):
        found.append(_forecast([row for row in rows if row.currency == other], converter, other, day))
    return found


def _forecast(rows: list[Expected], converter: Converter, currency: str, day: date) -> Forecast:
    def total(of: Iterable[Expected]) -> Decimal:
        sums: dict[str, Decimal] = {}
        for row in of:
            sums[row.currency] = sums.get(row.currency, ZERO) + row.amount
        return converter.total(sums, currency)

    weeks, so_far = [], ZERO
    for number in range(WEEKS):
        period = Period(day + number * WEEK, day + (number + 1) * WEEK)
        own = [row for row in rows if _is_in(row, period)]
        week = Week(
            period,
            promised=total(row for row in own if row.promised),
            invoiced=total(row for row in own if row.invoice and not row.promised),
            unbilled=total(row for row in own if row.invoice is None),
        )
        week.so_far = so_far = so_far + week.total
        weeks.append(week)
    end = day + WEEKS * WEEK
    return Forecast(
        currency,
        weeks,
        later=total(row for row in rows if row.on is not None and row.on >= end),
        undated=total(row for row in rows if row.on is None),
    )


def _is_in(row: Expected, period: Period) -> bool:
    return row.on is not None and period.first_day <= row.on < period.end_day


def _of_invoices(reseller: Reseller, day: date, delays: UsualDelays) -> Iterator[Expected]:
    """What is left of a promise is taken off the oldest invoices: it may divide one."""
    promises = {(row.center_id, row.currency): row for row in with_paid(promised(reseller, day))}
    left = {key: max(ZERO, (row.amount or ZERO) - row.paid) for key, row in promises.items()}
    contested = set(open_disputes(reseller).order_by().values_list("invoice_id", flat=True))
    rows = Invoice.objects.filter(reseller=reseller, open_amount__gt=0).select_related("center")
    for row in rows.order_by("due_on", "pk"):
        key, delay = (row.center_id, row.currency), delays.of(row.center_id)
        part = min(row.open_amount, left.get(key, ZERO))
        if part:
            left[key] -= part
            on = promises[key].last_day
            yield Expected(row.center, part, row.currency, row.due_on, delay, on, row, promised=True)
        if part < row.open_amount:
            usual, disputed = row.due_on + timedelta(days=delay), row.pk in contested
            expected = usual if usual >= day and not disputed else None
            rest = row.open_amount - part
            yield Expected(
                row.center, rest, row.currency, row.due_on, delay, expected, row, disputed=disputed
            )


def _unbilled(reseller: Reseller, day: date, delays: UsualDelays) -> Iterator[Expected]:
    """What the running month and the one before will be invoiced for what is used so far, with tax.

    A center's credit pays the first of it, and a month that gives back lowers the others.
    """
    span = Period(previous_month(day).first_day, month_of(day).end_day)
    report = profit_report(reseller, span, today=day)
    rows = [(row.center_id, row) for row in report.rows if row.center_id is not None and row.accrued]
    centers = Center.objects.in_bulk({center_id for center_id, _row in rows})
    policies = policies_for(reseller, centers.values())
    wait = timedelta(days=reseller_policy(reseller).close_after_days)
    credit, coming = _credits(reseller), []
    for center_id, row in sorted(rows, key=lambda pair: pair[1].month):
        center = centers[center_id]
        issued_on = max(month_of(row.month).end_day + wait, day)
        due_on = issued_on + timedelta(days=policies[center.pk].payment_terms_days)
        amount = rounded(row.accrued + rounded(row.accrued_tax, row.currency), row.currency)
        if amount > 0:
            coming.append((center, amount, row.currency, due_on))
        else:
            key = center.pk, row.currency
            credit[key] = credit.get(key, ZERO) - amount
    for center, amount, currency, due_on in coming:
        covered = min(amount, credit.get((center.pk, currency), ZERO))
        if covered:
            credit[center.pk, currency] -= covered
        if amount > covered:
            delay = delays.of(center.pk)
            on = due_on + timedelta(days=delay)
            yield Expected(center, amount - covered, currency, due_on, delay, on)


def _credits(reseller: Reseller) -> dict[tuple[int, str], Decimal]:
    """What centers have paid ahead, by center and currency."""
    sums = LedgerEntry.objects.filter(reseller=reseller).order_by().values_list("center", "currency")
    found = sums.annotate(sum=Sum("amount")).filter(sum__lt=0)
    return {(center_id, currency): -amount for center_id, currency, amount in found}
