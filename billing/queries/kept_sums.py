"""Usage of all numbers by day, and of each center by month, from the sums that the database keeps.

They are rows of changes until `add_up` (migrations/_usage_sums.py), so every reading of them adds up what it needs.
"""

from datetime import datetime
from typing import Any

from django.db import connection

from billing.periods import Period
from centers.models import Reseller

_DAYS = """
SELECT day, currency, sum(sent)::bigint AS sent, sum(received)::bigint AS received, sum(failed)::bigint AS failed,
       sum(cost) AS cost
  FROM billing_dayusage WHERE reseller_id = %(reseller)s AND day >= %(first)s AND day < %(end)s
 GROUP BY day, currency ORDER BY day, currency
"""
# Which centers are on the page is found from the index alone, without exact sums: 28 ms, not 79, of 20,000 centers.
# As double precision, counts below 2^53 are added up exactly, and faster than PostgreSQL's bigints.
_CENTERS = """
WITH page AS (
    SELECT center_id, currency, sum(sent::float8) AS most
      FROM billing_monthusage WHERE reseller_id = %(reseller)s AND month >= %(first)s AND month < %(end)s
     GROUP BY center_id, currency
     ORDER BY most DESC, center_id, currency LIMIT %(limit)s OFFSET %(offset)s)
SELECT page.center_id, c.name AS center__name, page.currency, u.sent, u.received, u.failed, u.cost
  FROM page JOIN centers_center c ON c.id = page.center_id
 CROSS JOIN LATERAL (
       SELECT sum(m.sent)::bigint AS sent, sum(m.received)::bigint AS received, sum(m.failed)::bigint AS failed,
              sum(m.cost) AS cost
         FROM billing_monthusage m
        WHERE m.reseller_id = %(reseller)s AND m.month >= %(first)s AND m.month < %(end)s
          AND m.center_id = page.center_id AND m.currency = page.currency) u
 ORDER BY page.most DESC, page.center_id, page.currency
"""
_LAST_READ = """
SELECT max(read_at) FROM billing_dayusage
 WHERE reseller_id = %(reseller)s AND day = (SELECT max(day) FROM billing_dayusage WHERE reseller_id = %(reseller)s)
"""
_READ_AT = "SELECT max(read_at) FROM billing_dayusage WHERE reseller_id = %(reseller)s"
# Each is one statement: another that reads meanwhile sees the rows from before or from after it. Rows that are written
# meanwhile stay for the next time.
_ADD_UP = (
    """
WITH places AS (SELECT DISTINCT reseller_id, day FROM billing_dayusage WHERE NOT added_up), old AS (
    DELETE FROM billing_dayusage u USING places p WHERE (u.reseller_id, u.day) = (p.reseller_id, p.day) RETURNING u.*
)
INSERT INTO billing_dayusage (reseller_id, day, currency, sent, received, failed, cost, read_at, added_up)
SELECT reseller_id, day, currency, sum(sent), sum(received), sum(failed), sum(cost), max(read_at), true
  FROM old GROUP BY reseller_id, day, currency
""",
    """
WITH places AS (SELECT DISTINCT reseller_id, month, center_id FROM billing_monthusage WHERE NOT added_up), old AS (
    DELETE FROM billing_monthusage u USING places p
     WHERE (u.reseller_id, u.month, u.center_id) = (p.reseller_id, p.month, p.center_id) RETURNING u.*
)
INSERT INTO billing_monthusage (reseller_id, month, center_id, currency, sent, received, failed, cost, added_up)
SELECT reseller_id, month, center_id, currency, sum(sent), sum(received), sum(failed), sum(cost), true
  FROM old GROUP BY reseller_id, month, center_id, currency
""",
)


def usage_of_days(reseller: Reseller, period: Period) -> list[dict[str, Any]]:
    """day, sent, received, failed, cost, currency of all numbers of the reseller."""
    return _rows(_DAYS, reseller, first=period.first_day, end=period.end_day)


def usage_of_centers(
    reseller: Reseller, period: Period, *, limit: int | None = None, offset: int = 0
) -> list[dict[str, Any]]:
    """center_id, center__name, sent, received, failed, cost, currency per center, most sent first.

    `period` is whole months.
    """
    return _rows(_CENTERS, reseller, first=period.first_day, end=period.end_day, limit=limit, offset=offset)


def last_read_of_all(reseller: Reseller) -> datetime | None:
    """When the usage of the latest day was stored, for "data as of"; a late correction makes no other day newer."""
    return _moment(_LAST_READ, reseller)


def read_at(reseller: Reseller) -> datetime | None:
    """When usage of any day was last stored."""
    return _moment(_READ_AT, reseller)


def add_up() -> None:
    """Replace the noted changes by their sums, so that there are never many."""
    with connection.cursor() as cursor:
        for statement in _ADD_UP:
            cursor.execute(statement)


def _rows(statement: str, reseller: Reseller, **values: Any) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"reseller": reseller.pk, **values})
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _moment(statement: str, reseller: Reseller) -> datetime | None:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"reseller": reseller.pk})
        found: datetime | None = cursor.fetchone()[0]
    return found
