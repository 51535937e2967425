"""The profit of each month as it was last added up, by center."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from billing.periods import Period, month_of
from billing.periods import today as current_day
from billing.pricing.conversion import NotIncluded
from billing.reports.gaps import not_comparable
from billing.reports.kept import Kept, load, store
from billing.reports.profit import Profit, profit_report
from centers.models import Reseller

_NAME = "profit"
#: How old the figures of the running month, of the one before it, and of others may become.
_AGES = (timedelta(minutes=10), timedelta(hours=1), timedelta(days=1))
_FIGURES = ("invoiced", "accrued", "cost", "uncharged")
_INSERT = """
INSERT INTO billing_keptprofit (reseller_id, month, center_id, currency, invoiced, accrued, cost, uncharged)
SELECT %(reseller)s, %(month)s, * FROM unnest(%(centers)s::bigint[], %(currencies)s::text[], %(invoiced)s::numeric[],
       %(accrued)s::numeric[], %(cost)s::numeric[], %(uncharged)s::numeric[])
"""
# A center has one row of a month for each currency; only those of several months are added up.
_OF_MONTH = """
SELECT center_id, currency, invoiced, accrued, cost, uncharged
  FROM billing_keptprofit WHERE reseller_id = %(reseller)s AND month = %(first)s
"""
_OF_MONTHS = """
SELECT center_id, currency, sum(invoiced) AS invoiced, sum(accrued) AS accrued, sum(cost) AS cost,
       sum(uncharged) AS uncharged
  FROM billing_keptprofit WHERE reseller_id = %(reseller)s AND month >= %(first)s AND month < %(end)s
 GROUP BY center_id, currency
"""
_PAGE = """
SELECT k.center_id, k.currency, k.invoiced, k.accrued, k.cost, k.uncharged, c.name, c.archived_at IS NOT NULL
  FROM (SELECT * FROM ({rows}) own WHERE center_id IS NOT NULL
         ORDER BY {order}, center_id {way}, currency LIMIT %(limit)s OFFSET %(offset)s) k
  JOIN centers_center c ON c.id = k.center_id
 ORDER BY {order}, center_id {way}, currency
"""
_BY_NAME = """
SELECT k.center_id, k.currency, k.invoiced, k.accrued, k.cost, k.uncharged, c.name, c.archived_at IS NOT NULL
  FROM ({rows}) k JOIN centers_center c ON c.id = k.center_id
 ORDER BY {order}, center_id {way}, k.currency LIMIT %(limit)s OFFSET %(offset)s
"""
_WITHOUT_CENTER = (
    "SELECT currency, invoiced, accrued, cost, uncharged FROM ({rows}) k WHERE center_id IS NULL"
)
#: What the rows may be sorted by; the first has an index.
ORDERS = {
    "profit": "invoiced + accrued - cost",
    "center": 'lower(c.name) COLLATE "C"',
    "margin": "CASE WHEN invoiced + accrued > 0 THEN (invoiced + accrued - cost) / (invoiced + accrued) END",
    **{name: name for name in _FIGURES},
}


@dataclass(frozen=True, slots=True)
class KeptProfits:
    """What is kept of some months: their sums by currency, oldest first.

    `made_at` is when the last of the months was added up, `oldest_at` the one whose figures are oldest; both are None
    where figures of a month are `missing`.
    """

    months: list[Profit]
    not_included: list[tuple[date, NotIncluded]]
    made_at: datetime | None
    oldest_at: datetime | None
    missing: bool


def kept_profits(reseller: Reseller, period: Period) -> KeptProfits:
    """What is kept of the months of the period; in one query."""
    months = _months(period)
    found = load(reseller, _NAME, months)
    missing = len(found) < len(months)
    return KeptProfits(
        [
            _profit(None, kept.month, currency, map(Decimal, amounts))
            for kept in found.values()
            for currency, *amounts in kept.content["sums"]
        ],
        [
            (kept.month, NotIncluded(currency, date.fromisoformat(entered) if entered else None))
            for kept in found.values()
            for currency, entered in kept.content["not_included"]
        ],
        None if missing else found[months[-1]].made_at,
        None if missing else min(kept.made_at for kept in found.values()),
        missing,
    )


def kept_centers(reseller: Reseller, period: Period, sort: str, begin: int, count: int) -> list[Profit]:
    """At most `count` centers of the months of the period from the place `begin` on, each currency apart, in one query.

    `sort` is one of ORDERS, with `-` for falling. Centers that are equal in it are ordered by their ids.
    """
    key, way = sort.removeprefix("-"), "DESC" if sort.startswith("-") else "ASC"
    order = f"{ORDERS[key]} {way}"
    if key == "margin":  # where nothing was earned it is less than any
        order += " NULLS LAST" if way == "DESC" else " NULLS FIRST"
    statement = _BY_NAME if key == "center" else _PAGE
    rows = _rows(statement, reseller, period, order=order, way=way, limit=count, offset=begin)
    return [
        replace(_profit(center, period.first_day, currency, amounts), center=name, archived=archived)
        for center, currency, *amounts, name, archived in rows
    ]


def kept_without_center(reseller: Reseller, period: Period) -> list[Profit]:
    """What the main account was charged beyond the numbers in the months of the period, by currency; in one query."""
    rows = _rows(_WITHOUT_CENTER, reseller, period)
    return [_profit(None, period.first_day, currency, amounts) for currency, *amounts in rows]


def due_months(reseller: Reseller, period: Period, now: datetime) -> list[date]:
    """The first days of the period's months whose figures are missing or too old, newest first."""
    months = _months(period)
    running = month_of(current_day(reseller, now)).first_day
    found = load(reseller, _NAME, months)
    return [
        month
        for month in reversed(months)
        if month not in found or now - found[month].made_at >= _AGES[min(2, _between(month, running))]
    ]


def keep_profit(reseller: Reseller, months: Iterable[date], now: datetime) -> None:
    """Add up these months and keep them; one after the other, each in a transaction of its own."""
    apart = not_comparable(reseller, now)
    for month in months:
        report = profit_report(reseller, month_of(month), today=current_day(reseller, now), apart=apart)
        sums = [
            [row.currency, *(str(getattr(row, name)) for name in _FIGURES)]
            for row in report.summed(report.rows, "month")
        ]
        missing = [
            [way.currency, way.entered.isoformat() if way.entered else None]
            for _month, way in report.not_included
        ]
        with transaction.atomic():
            store(reseller, _NAME, Kept(month, now, {"sums": sums, "not_included": missing}))
            _replace(reseller, month, report.rows)


def _replace(reseller: Reseller, month: date, rows: list[Profit]) -> None:
    """The row of the month in billing_keptreport is locked: two that replace the same month wait for each other."""
    values: dict[str, Any] = {name: [getattr(row, name) for row in rows] for name in _FIGURES}
    values |= {
        "reseller": reseller.pk,
        "month": month,
        "centers": [row.center_id for row in rows],
        "currencies": [row.currency for row in rows],
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM billing_keptprofit WHERE reseller_id = %(reseller)s AND month = %(month)s", values
        )
        cursor.execute(_INSERT, values)


def _rows(
    statement: str, reseller: Reseller, period: Period, order: str = "", way: str = "", **values: Any
) -> list[Any]:
    rows = _OF_MONTH if len(_months(period)) == 1 else _OF_MONTHS
    values |= {"reseller": reseller.pk, "first": period.first_day, "end": period.end_day}
    with connection.cursor() as cursor:
        cursor.execute(statement.format(rows=rows, order=order, way=way), values)
        return list(cursor.fetchall())


def _profit(center: int | None, month: date, currency: str, amounts: Iterable[Decimal]) -> Profit:
    """A row with what is in _FIGURES, in that order."""
    invoiced, accrued, cost, uncharged = amounts
    return Profit(center, month, currency, invoiced, accrued, cost, uncharged)


def _months(period: Period) -> list[date]:
    return [day for day in period.days() if day.day == 1]


def _between(month: date, running: date) -> int:
    """How many months the month is before the running one."""
    return max(0, (running.year - month.year) * 12 + running.month - month.month)
