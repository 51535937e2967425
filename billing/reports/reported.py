"""Months that are over: their profit when they were complete, and what changed since."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from billing.models import ReportedMonth
from billing.money import rounded
from billing.periods import previous_month, today
from billing.policies import reseller_policy
from billing.reports.profit import Profit, profit_report
from billing.reports.reconciliation import TIME_TO_INVOICE, TOLERANCE, reconcile
from centers.models import Reseller


@dataclass(frozen=True, slots=True)
class Changed:
    """A reported month whose profit is another one now."""

    reported: ReportedMonth
    now: Profit

    @property
    def difference(self) -> Decimal:
        """How much more the profit is now."""
        return self.now.profit - self.reported.profit


def report_last_month(reseller: Reseller, now: datetime, apart: Iterable[date] = ()) -> bool:
    """Record last month's profit once all its days are compared and its usage is invoiced or waived; whether it did.

    `apart` are days that can't be compared yet. A month that stays incomplete is reported as it is after a while.
    """
    day = today(reseller, now)
    month = previous_month(day)
    could_be_invoiced = month.end_day + timedelta(days=reseller_policy(reseller).close_after_days)
    known = ReportedMonth.objects.filter(reseller=reseller, month=month.first_day)
    if day < could_be_invoiced or known.exists():
        return False
    left = [abs(row.unbilled_cost) for row in reconcile(reseller, month, by_months=True)]
    is_complete = set(apart).isdisjoint(month.days()) and all(cost <= TOLERANCE for cost in left)
    if not is_complete and day < could_be_invoiced + TIME_TO_INVOICE:
        return False
    report = profit_report(reseller, month, today=day)
    rows = report.summed(report.rows, "month")
    ReportedMonth.objects.bulk_create(
        [
            ReportedMonth(
                reseller=reseller,
                month=row.month,
                currency=row.currency,
                revenue=round(row.revenue, 10),
                cost=round(row.cost, 10),
                reported_at=now,
            )
            for row in rows
        ],
        ignore_conflicts=True,
    )
    return bool(rows)


def changed_since(reseller: Reseller, months: Iterable[Profit]) -> list[Changed]:
    """Those of these months, added up by currency, that were reported with another profit; oldest first."""
    now = {(row.month, row.currency): row for row in months}
    reported = ReportedMonth.objects.filter(reseller=reseller, month__in={month for month, _currency in now})
    found = [
        Changed(row, now[row.month, row.currency])
        for row in reported.order_by("month", "currency")
        if (row.month, row.currency) in now
    ]
    return [one for one in found if rounded(one.difference, one.now.currency)]
