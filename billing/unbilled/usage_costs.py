"""What each center's usage cost, what became of it, and what no invoice took yet: added up by the database."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection

from billing.periods import Period
from centers.models import Reseller

# A row per center, currency and stretch of days: as few for a month of a thousand numbers as for one number. Claims are
# subtracted as rows of their own, which is far cheaper than adding them up for each record first.
_COSTS = """
SELECT center_id, currency, width_bucket(day, %(starts)s::date[]),
       sum(cost), sum(waived), sum(free), sum(cost - free - claimed), sum(sent), sum(delivered)
  FROM (SELECT u.center_id, u.currency, u.day, u.cost, 0 AS waived,
               CASE WHEN u.day < a.billed_from THEN u.cost ELSE 0 END AS free, 0 AS claimed,
               CASE WHEN u.day < a.billed_from THEN 0 ELSE u.sent END AS sent,
               CASE WHEN u.day < a.billed_from THEN 0 ELSE greatest(u.sent - u.failed, 0) END AS delivered
          FROM billing_usagerecord u JOIN whatsapp_instanceassignment a ON a.id = u.assignment_id
         WHERE u.reseller_id = %(reseller)s AND u.day >= %(first)s AND u.day < %(end)s {of_centers}
         UNION ALL
        SELECT u.center_id, u.currency, u.day, 0,
               CASE WHEN c.line_id IS NULL THEN c.cost ELSE 0 END, 0, c.cost, -c.sent,
               greatest(c.sent_before - c.failed_before, 0)
               - greatest(c.sent_before + c.sent - c.failed_before - c.failed, 0)
          FROM billing_usageclaim c JOIN billing_usagerecord u ON u.id = c.usage_record_id
         WHERE c.reseller_id = %(reseller)s AND c.voided_at IS NULL
           AND u.reseller_id = %(reseller)s AND u.day >= %(first)s AND u.day < %(end)s {of_centers}) parts
 GROUP BY 1, 2, 3
"""
_ALL_COSTS = _COSTS.format(of_centers="")
_SOME_COSTS = _COSTS.format(of_centers="AND u.center_id = ANY(%(centers)s)")


@dataclass(frozen=True, slots=True)
class UsageCosts:
    """One center's usage from `day` to the next of the days asked for, in `currency`.

    `cost` is all of it; `waived` and `free` (before a number is billed) are what no one pays. `unbilled` is what no
    claim took yet, with `sent` and `delivered` messages. All can be negative where usage went down after its invoice.
    """

    center_id: int
    currency: str
    day: date
    cost: Decimal
    waived: Decimal
    free: Decimal
    unbilled: Decimal
    sent: int
    delivered: int


def usage_costs(
    reseller: Reseller, period: Period, starts: Iterable[date], *, centers: list[int] | None = None
) -> list[UsageCosts]:
    """The usage of the period by center and currency, apart from each of the days `starts` on.

    Of all the reseller's centers, or of those with the ids `centers`.
    """
    days = sorted({period.first_day, *(day for day in starts if period.first_day < day < period.end_day)})
    values: dict[str, Any] = {
        "reseller": reseller.pk,
        "first": period.first_day,
        "end": period.end_day,
        "starts": days,
    }
    if centers is not None:
        values["centers"] = centers
    with connection.cursor() as cursor:
        cursor.execute(_ALL_COSTS if centers is None else _SOME_COSTS, values)
        rows = cursor.fetchall()
    return [
        UsageCosts(center, currency, days[at - 1], cost, waived, free, unbilled, int(sent), int(delivered))
        for center, currency, at, cost, waived, free, unbilled, sent, delivered in rows
    ]
