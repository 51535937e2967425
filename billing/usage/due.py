"""Which days of which numbers to fetch now."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection

from billing.models import UsageRecord
from billing.periods import ONE_DAY, day_start, local_day
from billing.policies import reseller_policy
from billing.usage.completeness import SpanDay, may_be_unread, note_read, unread
from centers.models import Reseller
from whatsapp.accounts import account_of
from whatsapp.models import Instance, InstanceAssignment
from whatsapp.ownership.spans import holds

_Place = tuple[int, date]  # id of a span, day


# Present spans whose record of a day was never read, or not since a moment; or that began on it and were never read.
# The reseller and the day of a record lead to its index.
_NOT_SINCE = """
SELECT a.id, u.read_at
  FROM whatsapp_instanceassignment a
  LEFT JOIN billing_usagerecord u
    ON u.reseller_id = %(reseller)s AND u.day = %(day)s AND u.assignment_id = a.id
 WHERE a.reseller_id = %(reseller)s AND a.until IS NULL AND a.first_day <= %(day)s
"""
_DUE = _NOT_SINCE + " AND (u.read_at IS NULL OR u.read_at < %(since)s)"
_NEW = _NOT_SINCE + " AND a.first_day = %(day)s AND u.read_at IS NULL"


def due_days(reseller: Reseller, now: datetime, *, today_again: bool = False) -> list[SpanDay]:
    """Every day that was not read since it ended; each of the last days once a calendar day; today some times.

    `today_again`: today is due whenever it was read. The longest unread come first, so that an interrupted run is
    continued by the next. Only what is due is read from the database.
    """
    zone = ZoneInfo(account_of(reseller).time_zone)
    day, policy = local_day(now, zone), reseller_policy(reseller)
    missing: list[SpanDay] = []
    if may_be_unread(reseller, day - ONE_DAY):
        missing = unread(reseller, day - ONE_DAY, zone)
        note_read(reseller, day - ONE_DAY, {span.pk for span, _day in missing})
    turn = now if today_again else _turn_of_today(now, zone, policy.today_reads)
    # Yesterday is among the missing ones until it was read today. A number that has just come is read at once, so that
    # its first figures show.
    read_at = _not_since(_DUE if turn else _NEW, reseller, day, turn)
    for back in range(2, policy.reread_days + 1):
        read_at |= _not_since(_DUE, reseller, day - timedelta(days=back), day_start(day, zone))
    read_at |= _read_times(missing)
    spans = _loaded({pk for pk, _day in read_at})
    due = sorted(read_at.items(), key=lambda one: _longest_unread(one, zone))
    return [(spans[pk], of_day) for (pk, of_day), _read in due]


def _longest_unread(one: tuple[_Place, datetime | None], zone: ZoneInfo) -> tuple[datetime, int, int]:
    (pk, day), read_at = one
    return read_at or day_start(day, zone), -day.toordinal(), pk


def _not_since(
    statement: str, reseller: Reseller, day: date, since: datetime | None
) -> dict[_Place, datetime | None]:
    """When the days that are due by the statement were last read."""
    with connection.cursor() as cursor:
        cursor.execute(statement, {"reseller": reseller.pk, "day": day, "since": since})
        return {(pk, day): read_at for pk, read_at in cursor.fetchall()}


def _read_times(days: list[SpanDay]) -> dict[_Place, datetime | None]:
    """When each of these days was last read, before it ended; None: never."""
    rows = UsageRecord.objects.filter(
        assignment__in={span.pk for span, _day in days}, day__in={day for _span, day in days}
    )
    known = {
        (span, day): read_at for span, day, read_at in rows.values_list("assignment_id", "day", "read_at")
    }
    return {(span.pk, day): known.get((span.pk, day)) for span, day in days}


def _loaded(spans: set[int]) -> dict[int, InstanceAssignment]:
    rows = InstanceAssignment.objects.select_related("instance", "center")
    return rows.in_bulk(spans) if spans else {}


def _turn_of_today(now: datetime, zone: ZoneInfo, times: int) -> datetime | None:
    """When today was last to be fetched: `times` a day, evenly apart, neither at its beginning nor its end."""
    began = day_start(local_day(now, zone), zone)
    apart = timedelta(days=1) / (times + 1)
    turns = (now - began) // apart
    return began + turns * apart if turns else None


def days_of(instances: Iterable[Instance], days: Iterable[date]) -> list[SpanDay]:
    """These days of these numbers, each with the span that had it last; days on which no one held them are left out."""
    spans = InstanceAssignment.objects.filter(instance__in=list(instances)).select_related(
        "instance", "center"
    )
    return _days_of(spans.order_by("instance", "since", "pk"), days)


def _days_of(spans: Iterable[InstanceAssignment], days: Iterable[date]) -> list[SpanDay]:
    chosen = list(days)
    last: dict[tuple[int, date], SpanDay] = {}
    for span in spans:
        last |= {(span.instance_id, day): (span, day) for day in chosen if holds(span, day)}
    return list(last.values())
