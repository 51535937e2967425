"""Past days of which the main account shows usage that no number has yet: their numbers are compared before their turn.

Both are compared once a week, on different days. What MazBot books late is often seen at the main account first, and
would be a difference until the turn of the number that used it.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from billing.models import COST_TOLERANCE
from billing.periods import local_day
from billing.usage.number_sums import Window
from whatsapp.models import InstanceAssignment, MazbotAccount

#: So many numbers are compared before the days are looked at again: those that match by then need no others.
AT_ONCE = 20
#: A number that MazBot gives no answer about keeps a day from being compared for so long at most.
WAITS = timedelta(days=1)

# Days that changed since they were read whole and differ, with the ids that were not asked about since, on that day.
_AHEAD = """
WITH ahead AS (
    SELECT a.day, a.changed_at
      FROM billing_accountusagerecord a
     WHERE a.reseller_id = %(reseller)s AND a.day >= %(first)s AND a.day < %(today)s
       AND a.changed_at > %(since)s AND a.odd = '' AND (a.numbers_changed_at > a.read_at) IS NOT TRUE
       AND abs(a.cost - (SELECT coalesce(sum(d.cost), 0) FROM billing_dayusage d
                          WHERE d.reseller_id = a.reseller_id AND d.day = a.day AND d.currency = a.currency)
              ) > %(tolerance)s
), unasked AS (
    SELECT ahead.day, s.mazbot_id, max(s.id) AS span, sum(u.cost) AS cost
      FROM ahead
      JOIN billing_usagerecord u ON u.reseller_id = %(reseller)s AND u.day = ahead.day
      JOIN whatsapp_instanceassignment s ON s.id = u.assignment_id
     GROUP BY ahead.day, ahead.changed_at, s.mazbot_id
    HAVING max(u.read_at) < ahead.changed_at
       AND NOT EXISTS (SELECT 1 FROM billing_usagecheck c
                        WHERE c.reseller_id = %(reseller)s AND c.mazbot_id = s.mazbot_id
                          AND c.month = date_trunc('month', ahead.day::timestamp)::date
                          AND c.asked_at >= ahead.changed_at)
)
"""
_DAYS = "SELECT DISTINCT day FROM unasked"
# Who used most on these days first: what is booked late is more likely theirs.
_SPANS = """
SELECT max(span) FROM unasked WHERE NOT mazbot_id = ANY(%(tried)s)
 GROUP BY mazbot_id ORDER BY sum(cost) DESC, 1 LIMIT %(limit)s
"""


def days_ahead(account: MazbotAccount, now: datetime) -> set[date]:
    """The days on which the main account differs since it changed, while numbers were not asked about since."""
    return {day for (day,) in _found(_DAYS, account, now)}


def numbers_to_compare(account: MazbotAccount, now: datetime) -> Iterator[InstanceAssignment]:
    """A span of each MazBot id to compare now, until the days match; `now` is when the run began.

    What was compared must be stored before the next one is asked for.
    """
    tried: list[str] = []
    while True:
        found = [pk for (pk,) in _found(_SPANS, account, now, tried=tried, limit=AT_ONCE)]
        if not found:
            return
        spans = InstanceAssignment.objects.select_related("instance", "center").in_bulk(found)
        for pk in found:
            tried.append(spans[pk].mazbot_id)
            yield spans[pk]


def _found(choice: str, account: MazbotAccount, now: datetime, **more: Any) -> list[tuple[Any, ...]]:
    today = local_day(now, ZoneInfo(account.time_zone))
    values: dict[str, Any] = {
        "reseller": account.reseller_id,
        "first": Window.of(account.reseller, today).days.first_day,
        "today": today,
        "since": now - WAITS,
        "tolerance": COST_TOLERANCE,
    }
    with connection.cursor() as cursor:
        cursor.execute(_AHEAD + choice, values | more)
        return list(cursor.fetchall())
