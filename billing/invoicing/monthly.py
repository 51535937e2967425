"""Which periods are due for their invoices, and which were voided and wait for staff."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta

from django.db import connection

from billing.charges.first_months import days_in_use, first_day_of
from billing.periods import Period, month_of, today
from billing.policies import policies_for, reseller_policy
from centers.models import Center, Reseller

# PostgreSQL joins adjacent periods, so that a center with years of periods is one row.
_CLOSED = """
SELECT center_id, lower(days), upper(days)
  FROM (SELECT center_id, unnest(range_agg(daterange(first_day, end_day))) AS days
          FROM billing_billingperiod WHERE reseller_id = %s AND center_id = ANY(%s) GROUP BY center_id) AS closed
 ORDER BY center_id, days
"""
# Without the centers whose periods have no gap and reach into a month that can't be closed yet, those that came in such
# a month, and those that are invoiced by hand.
_PERHAPS_DUE = """
SELECT center.id
  FROM centers_center center
  LEFT JOIN billing_centerpolicy own ON own.center_id = center.id
  LEFT JOIN (SELECT center_id, range_agg(daterange(first_day, end_day)) AS days
               FROM billing_billingperiod WHERE reseller_id = %(reseller)s
              GROUP BY center_id) closed ON closed.center_id = center.id
 CROSS JOIN LATERAL (
           SELECT coalesce(
                      upper(closed.days),
                      least((center.created_at AT TIME ZONE %(zone)s)::date,
                            (SELECT min(first_day) FROM whatsapp_instanceassignment WHERE center_id = center.id))
                  )::timestamp AS day) open_from
 WHERE center.reseller_id = %(reseller)s AND coalesce(own.auto_invoice, %(auto)s)
   AND (date_trunc('month', open_from.day) + interval '1 month' <= %(last_open)s
        OR datemultirange(range_merge(closed.days)) <> closed.days)
"""
_VOIDED = """
SELECT center_id, lower(days), upper(days)
  FROM (SELECT center_id, unnest(
                   range_agg(daterange(first_day, end_day)) FILTER (WHERE voided_at IS NOT NULL)
                   - coalesce(range_agg(daterange(first_day, end_day)) FILTER (WHERE voided_at IS NULL), '{}')
               ) AS days
          FROM billing_billingperiod WHERE reseller_id = %s GROUP BY center_id) AS open
"""


def due_periods(reseller: Reseller, now: datetime) -> list[tuple[Center, Period]]:
    """Whole months, or the rest of one beside custom periods, that ended and are not closed, oldest first.

    Nothing before a center's first closed period is due automatically. Centers with manual issuing are left out; so
    is a period whose invoice was voided: staff decide about it.
    """
    policy = reseller_policy(reseller)
    last_open = today(reseller, now) - timedelta(days=policy.close_after_days)
    ids = _perhaps_due(reseller, last_open, auto_invoice=policy.auto_invoice)
    centers = list(Center.objects.filter(pk__in=ids).order_by("pk")) if ids else []
    for center in centers:
        center.reseller = reseller
    used = days_in_use(reseller, ids)
    closed = _closed_ranges(reseller, ids)
    return sorted(
        (
            (center, period)
            for center in centers
            for period in _open_periods(
                first_day_of(center, used), closed.get(center.pk, []), _limit(center, used, last_open)
            )
        ),
        key=lambda item: (item[1], item[0].pk),
    )


def still_to_invoice(reseller: Reseller, centers: Iterable[Center]) -> set[int]:
    """Ids of the archived centers for which the run will close another period automatically."""
    archived = list(centers)
    policies = policies_for(reseller, archived)
    ids = [center.pk for center in archived]
    used = days_in_use(reseller, ids)
    closed = _closed_ranges(reseller, ids)
    return {
        center.pk
        for center in archived
        if policies[center.pk].auto_invoice
        and any(
            _open_periods(
                first_day_of(center, used), closed.get(center.pk, []), _limit(center, used, date.max)
            )
        )
    }


def voided_periods(reseller: Reseller) -> list[tuple[Center, Period]]:
    """Days whose invoice was voided and that no period has closed since, oldest first: staff decide about them."""
    with connection.cursor() as cursor:
        cursor.execute(_VOIDED, [reseller.pk])
        rows = cursor.fetchall()
    centers = Center.objects.select_related("reseller").in_bulk(
        {center_id for center_id, _first, _end in rows}
    )
    periods = [(centers[center_id], Period(first, end)) for center_id, first, end in rows]
    return sorted(periods, key=lambda item: (item[1], item[0].pk))


def _perhaps_due(reseller: Reseller, last_open: date, *, auto_invoice: bool) -> list[int]:
    """Ids of the centers of which something might be due: nearly none, once a month is closed.

    `auto_invoice` is the reseller's rule, for centers without one of their own.
    """
    values: dict[str, int | bool | date | str] = {
        "reseller": reseller.pk,
        "auto": auto_invoice,
        "last_open": last_open,
        "zone": reseller.time_zone,
    }
    with connection.cursor() as cursor:
        cursor.execute(_PERHAPS_DUE, values)
        return [pk for (pk,) in cursor.fetchall()]


def _closed_ranges(reseller: Reseller, centers: list[int]) -> dict[int, list[tuple[date, date]]]:
    """The days each center's periods ever covered, as ordered half-open ranges with gaps between them."""
    ranges: dict[int, list[tuple[date, date]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_CLOSED, [reseller.pk, centers])
        for center_id, first, end in cursor.fetchall():
            ranges.setdefault(center_id, []).append((first, end))
    return ranges


def _limit(center: Center, used: dict[int, tuple[date, date]], last_open: date) -> date:
    """Periods must end on or before this day; an archived center gets none after it last held a number."""
    if center.archived_at is None:
        return last_open
    if center.pk not in used:
        return date.min
    return min(last_open, month_of(used[center.pk][1]).end_day)


def _open_periods(first_day: date, closed: list[tuple[date, date]], limit: date) -> Iterator[Period]:
    """What `closed` leaves of the months from `first_day` on that end by `limit`, cut where months end."""
    if closed:
        first_day = max(first_day, closed[0][0])
    for first, end in [*closed, (date.max, date.max)]:
        while first_day < first and (month_end := month_of(first_day).end_day) <= limit:
            period = Period(first_day, min(month_end, first))
            yield period
            first_day = period.end_day
        first_day = max(first_day, end)
