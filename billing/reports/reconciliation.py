"""Reconciliation: what MazBot charged the main account, what the numbers used, and what became of their usage."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Max

from billing.models import AccountUsageRecord
from billing.periods import Period
from billing.queries.kept_sums import read_at
from billing.queries.late import late_costs
from centers.models import Reseller

ZERO = Decimal(0)
# MazBot rounds single costs; a larger difference is usage that we have not stored.
TOLERANCE = Decimal("0.01")
#: After the day on which a month can be invoiced: for what blocks an invoice, there is another alert.
TIME_TO_INVOICE = timedelta(days=7)

# Every source is added up by day and currency first, then all by day or month: one row per day in memory at most.
_RECONCILE = """
WITH parts AS (
    SELECT day, currency, cost AS used, NULL::numeric AS free, NULL::numeric AS account, NULL::numeric AS invoiced,
           NULL::numeric AS waived
      FROM billing_dayusage
     WHERE reseller_id = %(reseller)s
       AND ((day >= %(first)s AND day < %(end)s) OR day = ANY(%(also)s::date[]))
    UNION ALL
    SELECT u.day, u.currency, NULL, u.cost, NULL, NULL, NULL
      FROM whatsapp_instanceassignment a JOIN billing_usagerecord u ON u.assignment_id = a.id AND u.day < a.billed_from
     WHERE a.reseller_id = %(reseller)s AND a.billed_from > a.first_day
       AND ((u.day >= %(first)s AND u.day < %(end)s) OR u.day = ANY(%(also)s::date[]))
    UNION ALL
    SELECT u.day, u.currency, NULL, NULL, NULL,
           CASE WHEN c.line_id IS NOT NULL THEN c.cost END, CASE WHEN c.line_id IS NULL THEN c.cost END
      FROM billing_usageclaim c JOIN billing_usagerecord u ON u.id = c.usage_record_id
     WHERE c.reseller_id = %(reseller)s AND c.voided_at IS NULL AND u.reseller_id = %(reseller)s
       AND ((u.day >= %(first)s AND u.day < %(end)s) OR u.day = ANY(%(also)s::date[]))
    UNION ALL
    SELECT day, currency, NULL, NULL, cost, NULL, NULL
      FROM billing_accountusagerecord
     WHERE reseller_id = %(reseller)s AND cost IS NOT NULL
       AND ((day >= %(first)s AND day < %(end)s) OR day = ANY(%(also)s::date[]))
), days AS (
    SELECT day, currency, coalesce(sum(used), 0) AS used, coalesce(sum(free), 0) AS free, sum(account) AS account,
           coalesce(sum(invoiced), 0) AS invoiced, coalesce(sum(waived), 0) AS waived,
           sum(account) IS NOT NULL AND NOT day = ANY(%(apart)s::date[]) AS compared
      FROM parts GROUP BY day, currency
)
SELECT date_trunc(%(slot)s, day::timestamp)::date, currency, sum(used), sum(account), sum(invoiced), sum(waived),
       sum(free), sum(account - used) FILTER (WHERE compared), count(*) FILTER (WHERE compared)
  FROM days GROUP BY 1, 2 ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """One day or month in one currency: costs of all numbers here, of the main account, and what became of them.

    `centers_cost` is `invoiced_cost` + `waived_cost` + `free_cost` (before a number is billed) + `unbilled_cost`.
    `late_cost` is the part of it that MazBot added after the day's invoice. `gap` is what the main account was charged
    beyond the numbers on the `compared_days`; None if no day could be compared.
    """

    first_day: date
    currency: str
    centers_cost: Decimal = ZERO
    account_cost: Decimal | None = None
    invoiced_cost: Decimal = ZERO
    waived_cost: Decimal = ZERO
    free_cost: Decimal = ZERO
    gap: Decimal | None = None
    compared_days: int = 0
    late_cost: Decimal = ZERO

    @property
    def unbilled_cost(self) -> Decimal:
        """What no invoice and no waiver took yet."""
        return self.centers_cost - self.invoiced_cost - self.waived_cost - self.free_cost

    @property
    def differs(self) -> bool:
        """Whether the main account and the numbers differ by more than MazBot's rounding."""
        return self.gap is not None and abs(self.gap) > TOLERANCE


def reconcile(
    reseller: Reseller,
    period: Period,
    *,
    by_months: bool = False,
    apart: Collection[date] = (),
    also: Collection[date] = (),
) -> list[Reconciled]:
    """A row per day, or month, and currency that has figures, oldest first.

    Days `apart` are never compared: they are not over, or not read since they ended. `also` are single days outside the
    period.
    """
    values: dict[str, Any] = {
        "reseller": reseller.pk,
        "first": period.first_day,
        "end": period.end_day,
        "also": list(also),
        "apart": list(apart),
        "slot": "month" if by_months else "day",
    }
    with connection.cursor() as cursor:
        cursor.execute(_RECONCILE, values)
        rows = cursor.fetchall()
    late = late_costs(reseller, period, by_months=by_months)
    return [replace(Reconciled(*row), late_cost=late.get((row[0], row[1]), ZERO)) for row in rows]


def compared_at(reseller: Reseller) -> datetime | None:
    """When the main account and the numbers were last fetched: the older of the two."""
    account = AccountUsageRecord.objects.filter(reseller=reseller).aggregate(at=Max("read_at"))["at"]
    numbers = read_at(reseller)
    return min(account, numbers) if account and numbers else None
