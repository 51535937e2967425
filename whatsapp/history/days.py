"""The sums of a reseller's days: which are due, writing them, and reading those of one number."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import connection as database
from django.db import transaction
from django.db.models import Min, OuterRef, Subquery

from centers.models import Reseller
from centers.tenancy.scoping import every_tenant
from whatsapp.history.causes import OUTAGE, Cause, Span
from whatsapp.history.spans import spans_by_number, spans_of
from whatsapp.history.sums import Sums, sums_of
from whatsapp.models import Instance, NumberDay, StatusInterval

ONE_DAY = timedelta(days=1)
#: A day is summed up once it is over for so long: its last checks are stored by then.
GRACE = timedelta(minutes=10)
#: How long days and intervals are kept. Pages show single intervals of at most a week, and days beyond that.
DAYS_KEPT, INTERVALS_KEPT = timedelta(days=760), timedelta(days=40)
#: What ends an outage. What is not known, or is explained otherwise, neither ends nor lengthens it.
_ENDING = frozenset({Cause.CONNECTED, Cause.OFF, Cause.UNPAID, Cause.NOT_PAIRED})
_MERGE = """
INSERT INTO whatsapp_numberday (reseller_id, center_id, instance_id, day, connected, logged_out, expired, provider,
                                maintenance, unpaid, off, not_paired, unknown, outages, longest, running)
SELECT i.reseller_id, i.center_id, i.id, %s::date, d.connected, d.logged_out, d.expired, d.provider,
       d.maintenance, d.unpaid, d.off, d.not_paired, d.unknown, d.outages, d.longest, d.running
FROM unnest(%s::bigint[], %s::int[], %s::int[], %s::int[], %s::int[], %s::int[], %s::int[], %s::int[], %s::int[],
            %s::int[], %s::int[], %s::int[], %s::int[])
    AS d(id, connected, logged_out, expired, provider, maintenance, unpaid, off, not_paired, unknown,
         outages, longest, running)
JOIN whatsapp_instance i ON i.id = d.id AND i.reseller_id = %s
ON CONFLICT (instance_id, day) DO UPDATE SET
    connected = excluded.connected, logged_out = excluded.logged_out, expired = excluded.expired,
    provider = excluded.provider, maintenance = excluded.maintenance, unpaid = excluded.unpaid, off = excluded.off,
    not_paired = excluded.not_paired, unknown = excluded.unknown, outages = excluded.outages,
    longest = excluded.longest, running = excluded.running
"""


@dataclass(frozen=True, slots=True)
class Outages:
    """`begun` in a time; `longest` that touched it and `running` at its end, in seconds from their start."""

    begun: int = 0
    longest: float = 0
    running: float = 0


@dataclass(frozen=True, slots=True)
class Day:
    """One day of one number."""

    day: date
    sums: Sums
    outages: int


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of the day in UTC."""
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def outages_of(spans: Iterable[Span], *, running: float = 0) -> Outages:
    """The outages of consecutive spans; `running` seconds of one went before. An interruption for which nothing is
    known, or which has another explanation, does not make two of one."""
    begun, longest = 0, 0.0
    for span in spans:
        if span.cause in OUTAGE:
            begun += not running
            running += span.seconds
            longest = max(longest, running)
        elif span.cause in _ENDING:
            running = 0
    return Outages(begun, longest, running)


def due(now: datetime) -> list[int]:
    """Ids of the resellers with a day that is over and not summed up; reads across tenants, one row for each."""
    with every_tenant():
        last = NumberDay.objects.filter(reseller=OuterRef("pk")).order_by("-day").values("day")[:1]
        first = StatusInterval.objects.filter(reseller=OuterRef("pk")).order_by("until").values("since")[:1]
        rows = Reseller.objects.annotate(last=Subquery(last), first=Subquery(first)).exclude(first=None)
        return [
            pk
            for pk, zone, day, begin in rows.order_by("pk").values_list("pk", "time_zone", "last", "first")
            if _over(now, ZoneInfo(zone)) > (day or begin.astimezone(ZoneInfo(zone)).date() - ONE_DAY)
        ]


def sum_up(*, reseller: Reseller, now: datetime) -> int:
    """Sum up the days that are over, each in a transaction of its own; return how many. Needs an open scope.

    The last day already there is summed up again: that a number was no longer checked shows only later.
    """
    zone = ZoneInfo(reseller.time_zone)
    count = 0
    for day in _days_to_sum(reseller, zone, now):
        with transaction.atomic():
            _sum_day(reseller.pk, day, zone, now)
        count += 1
    return count


def days_of(instance: Instance, *, days: int, now: datetime) -> list[Day]:
    """The number's last `days` days, oldest first, the present one until `now`; those before its first check are left
    out. One query for the days that are summed up, three for the rest."""
    zone = ZoneInfo(instance.reseller.time_zone)
    today = now.astimezone(zone).date()
    first = today - (days - 1) * ONE_DAY
    rows = list(NumberDay.objects.filter(instance=instance, day__gte=first, day__lt=today).order_by("day"))
    known = [Day(row.day, _sums(row), row.outages) for row in rows]
    begin = known[-1].day + ONE_DAY if known else first
    spans = spans_of(instance, since=day_start(begin, zone), until=now, now=now)
    return known + list(_by_day(spans, zone, rows[-1] if rows else None))


def _by_day(spans: list[Span], zone: ZoneInfo, before: NumberDay | None) -> Iterator[Day]:
    running: float = before.running if before else 0
    day = spans[0].begin.astimezone(zone).date() if spans else None
    while day is not None and day_start(day, zone) < spans[-1].end:
        own = list(_within(spans, day_start(day, zone), day_start(day + ONE_DAY, zone)))
        outages = outages_of(own, running=running)
        yield Day(day, sums_of(own), outages.begun)
        running, day = outages.running, day + ONE_DAY


def _within(spans: Iterable[Span], begin: datetime, end: datetime) -> Iterator[Span]:
    for span in spans:
        first, last = max(span.begin, begin), min(span.end, end)
        if first < last:
            yield Span(span.instance_id, span.cause, first, last)


def _over(now: datetime, zone: ZoneInfo) -> date:
    """The last day that is over."""
    return (now - GRACE).astimezone(zone).date() - ONE_DAY


def _days_to_sum(reseller: Reseller, zone: ZoneInfo, now: datetime) -> Iterator[date]:
    day = NumberDay.objects.filter(reseller=reseller).order_by("-day").values_list("day", flat=True).first()
    if day is None:
        since = StatusInterval.objects.filter(reseller=reseller).aggregate(since=Min("since"))["since"]
        if since is None:
            return
        day = max(since, now - INTERVALS_KEPT).astimezone(zone).date()
    while day <= _over(now, zone):
        yield day
        day += ONE_DAY


def _sum_day(reseller_id: int, day: date, zone: ZoneInfo, now: datetime) -> None:
    eve = NumberDay.objects.filter(reseller=reseller_id, day=day - ONE_DAY, running__gt=0)
    running = dict(eve.values_list("instance_id", "running"))
    begin, end = day_start(day, zone), day_start(day + ONE_DAY, zone)
    rows = [
        [spans[0].instance_id, *_cells(spans, running.get(spans[0].instance_id, 0))]
        for spans in spans_by_number(reseller_id, since=begin, until=end, now=now)
    ]
    if rows:
        with database.cursor() as cursor:
            cursor.execute(_MERGE, [day, *map(list, zip(*rows, strict=True)), reseller_id])


def _cells(spans: list[Span], running: float) -> list[int]:
    """The numbers of _MERGE in its order, which is that of Cause, in whole seconds.

    A short outage is rounded up, so that it is not rounded away.
    """
    sums, outages = sums_of(spans), outages_of(spans, running=running)
    seconds = {cause: math.ceil(sums.seconds.get(cause, 0)) for cause in Cause}
    others = sum(length for cause, length in seconds.items() if cause != Cause.CONNECTED)
    if seconds[Cause.CONNECTED]:
        seconds[Cause.CONNECTED] = max(0, round(sums.total) - others)
    whole = [math.ceil(getattr(outages, field.name)) for field in fields(outages)]
    return [*(seconds[cause] for cause in Cause), *whole]


def _sums(row: NumberDay) -> Sums:
    return Sums({cause: getattr(row, cause.value) for cause in Cause})
