"""Which days have not been read since they ended."""

from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Q, Value
from django.db.models.functions import Least

from billing.models import BillingPeriod
from billing.periods import ONE_DAY, Period, local_day, today
from centers.models import Center, Reseller
from whatsapp.accounts import mazbot_zone
from whatsapp.mazbot import ErrorKind
from whatsapp.models import Instance, InstanceAssignment, MazbotAccount

SpanDay = tuple[InstanceAssignment, date]

# Days of spans, oldest first, that were never read, or only before they ended. Not among them: the last day of a span
# whose number moved on that day (the next center's reading completes it), and days under an id that was corrected
# before anything was ever read under it.
# A span all of whose days are read, which is nearly every one, is left after one look at its own days: joined
# with the days of a calendar, PostgreSQL would read those of the whole reseller.
_UNREAD = """
SELECT a.id, d.day::date AS day
  FROM (SELECT own.*, greatest({first}) AS looked_from, least(own.last_day, %(last)s::date) AS looked_to
          FROM whatsapp_instanceassignment own
         WHERE own.reseller_id = %(reseller)s AND {which}) a
  JOIN whatsapp_instance i ON i.id = a.instance_id
 CROSS JOIN LATERAL (
           SELECT count(*) AS days FROM billing_usagerecord r
            WHERE r.assignment_id = a.id AND r.day BETWEEN a.looked_from AND a.looked_to
              AND r.read_at >= (r.day + interval '1 day') AT TIME ZONE %(zone)s::text) AS read
 CROSS JOIN LATERAL generate_series(a.looked_from::timestamp, a.looked_to::timestamp, interval '1 day') AS d (day)
  LEFT JOIN LATERAL (
           SELECT r.id, r.read_at FROM billing_usagerecord r
            WHERE r.assignment_id = a.id AND r.day = d.day::date LIMIT 1) AS u ON true
 WHERE read.days < a.looked_to - a.looked_from + 1
   AND (u.id IS NULL OR u.read_at < (d.day + interval '1 day') AT TIME ZONE %(zone)s::text)
   AND NOT (d.day = a.last_day AND EXISTS (
           SELECT 1 FROM whatsapp_instanceassignment n
            WHERE n.reseller_id = a.reseller_id AND n.mazbot_id = a.mazbot_id
              AND n.first_day = a.last_day AND n.since >= a.until AND n.id <> a.id))
   AND NOT (a.mazbot_id <> i.instance_id
            AND NOT EXISTS (SELECT 1 FROM billing_usagerecord r WHERE r.assignment_id = a.id))
"""
_IN_ORDER = " ORDER BY d.day, a.id"
_OF_CENTERS = _UNREAD.format(
    first="own.billed_from, %(first)s::date",
    which="own.center_id = ANY(%(centers)s) AND own.first_day <= %(last)s "
    "AND (own.last_day IS NULL OR own.last_day >= %(first)s)",
)
_BEHIND = "(own.read_to IS NULL OR own.read_to < least(own.last_day, %(last)s))"
_OF_RESELLER = _UNREAD.format(first="own.first_day, own.read_to + 1", which=_BEHIND)
_KNOWN = " AND i.check_error <> %(but)s"
_DAYS_OF_RESELLER = "SELECT DISTINCT day FROM (" + _OF_RESELLER + _KNOWN + ") unread"  # noqa: S608
_ON_LAST_DAY = (
    _UNREAD.format(
        first="own.first_day, %(last)s::date",
        which=f"{_BEHIND} AND (own.last_day IS NULL OR own.last_day >= %(last)s)",
    )
    + f"{_KNOWN} LIMIT 1"
)


def first_open_day(reseller: Reseller, now: datetime) -> date:
    """The first day that is not over yet in the reseller's or in MazBot's calendar."""
    return min(today(reseller, now), local_day(now, mazbot_zone(reseller)))


def unread(reseller: Reseller, last_day: date, zone: ZoneInfo) -> list[SpanDay]:
    """The days up to `last_day` of all numbers, since they came, that have not been read since they ended.

    Days that are not billed are among them: the main account pays for them too. `zone` is that of MazBot's calendar.
    """
    return _days(_OF_RESELLER + _IN_ORDER, reseller=reseller.pk, last=last_day, zone=zone.key)


def unread_dates(reseller: Reseller, last_day: date, zone: ZoneInfo) -> set[date]:
    """The days of `unread`, but for numbers that MazBot doesn't know: whether any was left unread, not which.

    After midnight nearly all numbers lack the last day, for hours: the first of them that is found is enough.
    """
    values: dict[str, int | str | date] = {
        "reseller": reseller.pk,
        "zone": zone.key,
        "but": ErrorKind.NOT_FOUND.value,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ON_LAST_DAY, values | {"last": last_day})
        found = {last_day} if cursor.fetchone() else set()
        cursor.execute(_DAYS_OF_RESELLER, values | {"last": last_day - ONE_DAY})
        return found | {day for (day,) in cursor.fetchall()}


def unread_of_center(center: Center, period: Period, zone: ZoneInfo) -> list[SpanDay]:
    """The days of the period for which the center held a number and is billed, and that `unread` would name."""
    return unread_of([center], period, zone)


def unread_of(centers: Iterable[Center], period: Period, zone: ZoneInfo) -> list[SpanDay]:
    """The same of several centers of one reseller."""
    known = list(centers)
    if not known:
        return []
    days = {"first": period.first_day, "last": period.last_day}
    ids = [center.pk for center in known]
    return _days(_OF_CENTERS + _IN_ORDER, reseller=known[0].reseller_id, centers=ids, zone=zone.key, **days)


def unread_days(center: Center, period: Period, zone: ZoneInfo) -> list[tuple[Instance, list[date]]]:
    """`unread_of_center`, by number: a day on which its id was corrected counts once."""
    return unread_by_number(unread_of_center(center, period, zone))


def unread_by_number(unread: Iterable[SpanDay]) -> list[tuple[Instance, list[date]]]:
    """The days of each number, ordered by its key; a day of two spans counts once."""
    found: dict[Instance, dict[date, None]] = {}
    for span, day in unread:
        found.setdefault(span.instance, {})[day] = None
    return [(number, list(days)) for number, days in sorted(found.items(), key=lambda item: item[0].pk)]


def unread_open_days(center: Center, period: Period, now: datetime) -> list[tuple[Instance, list[date]]]:
    """`unread_days` of the days of the period that are over and in no closed billing period."""
    zone = mazbot_zone(center.reseller)
    over = Period(period.first_day, min(period.end_day, local_day(now, zone)))
    closed = BillingPeriod.objects.filter(center=center, voided_at=None).values_list("first_day", "end_day")
    taken = list(closed)
    by_number = [
        (number, [day for day in days if not any(first <= day < end for first, end in taken)])
        for number, days in unread_days(center, over, zone)
    ]
    return [(number, days) for number, days in by_number if days]


def readable_days(center: Center, period: Period, now: datetime) -> list[tuple[Instance, list[date]]]:
    """`unread_days` of a period that is over, where there is an account to read them; else empty."""
    account = MazbotAccount.objects.filter(reseller=center.reseller).first()
    if account is None or not account.is_set_up or period.end_day > today(center.reseller, now):
        return []
    return unread_days(center, period, ZoneInfo(account.time_zone))


def may_be_unread(reseller: Reseller, last_day: date) -> bool:
    """Whether days up to `last_day` are not known to be read; False most of a day, and cheaper than `unread`."""
    behind = Q(read_to=None) | Q(read_to__lt=Least("last_day", Value(last_day)))
    return InstanceAssignment.objects.filter(behind, reseller=reseller, first_day__lte=last_day).exists()


def note_read(reseller: Reseller, last_day: date, unread_spans: set[int]) -> None:
    """Remember that every day up to `last_day` was read, except of these spans: `unread` need not look there again."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE whatsapp_instanceassignment SET read_to = least(last_day, %(last)s)
             WHERE reseller_id = %(reseller)s AND first_day <= %(last)s
               AND (read_to IS NULL OR read_to < least(last_day, %(last)s)) AND NOT id = ANY(%(unread)s)
            """,
            {"reseller": reseller.pk, "last": last_day, "unread": list(unread_spans)},
        )


def _days(statement: str, **values: int | str | date | list[int]) -> list[SpanDay]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows = cursor.fetchall()
    spans = InstanceAssignment.objects.select_related("instance__reseller", "center").in_bulk(
        {pk for pk, _day in rows}
    )
    return [(spans[pk], day) for pk, day in rows]
