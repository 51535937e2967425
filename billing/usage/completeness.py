"""Which days of a period have not been read since they ended."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Q

from billing.models import BillingPeriod, UsageRecord
from billing.periods import Period, day_start, local_day, today, zone_of
from centers.models import Center, Reseller
from whatsapp.models import Instance, MazbotAccount


def mazbot_zone(reseller: Reseller) -> ZoneInfo:
    """The time zone of MazBot's calendar; the reseller's own until an account is entered."""
    account = MazbotAccount.objects.filter(reseller=reseller).first()
    return ZoneInfo(account.time_zone) if account else zone_of(reseller)


def first_open_day(reseller: Reseller, now: datetime) -> date:
    """The first day that is not over yet in the reseller's or in MazBot's calendar."""
    return min(today(reseller, now), local_day(now, mazbot_zone(reseller)))


def unread_days(center: Center, period: Period, zone: ZoneInfo) -> list[tuple[Instance, list[date]]]:
    """Numbers of the center with days of the period that were never read, or only before they ended.

    A number counts from the day it was entered here to the day it was archived; earlier days count only if they were
    read. `zone` is that of MazBot's calendar.
    """
    read: dict[int, set[date]] = {}
    stale: dict[int, set[date]] = {}
    rows = UsageRecord.objects.filter(day__gte=period.first_day, day__lt=period.end_day)
    billed_here = rows.filter(center=center).values("instance")
    numbers = Instance.objects.filter(Q(center=center) | Q(pk__in=billed_here)).order_by("pk")
    rows = rows.filter(instance__in=numbers)
    for instance_id, day, read_at in rows.values_list("instance_id", "day", "read_at"):
        finished = read_at >= day_start(day.fromordinal(day.toordinal() + 1), zone)
        (read if finished else stale).setdefault(instance_id, set()).add(day)
    found = []
    for number in numbers:
        here = number.center_id == center.pk
        expected = {day for day in period.days() if here and _in_use(number, day, zone)}
        expected |= stale.get(number.pk, set())
        missing = sorted(expected - read.get(number.pk, set()))
        if missing:
            found.append((number, missing))
    return found


def unread_open_days(center: Center, period: Period, now: datetime) -> list[tuple[Instance, list[date]]]:
    """`unread_days` of the days of the period that are over and in no closed billing period."""
    zone = mazbot_zone(center.reseller)
    over = Period(period.first_day, min(period.end_day, local_day(now, zone)))
    closed = BillingPeriod.objects.filter(center=center, voided_at=None).values_list("first_day", "end_day")
    taken = list(closed)
    unread = [
        (number, [day for day in days if not any(first <= day < end for first, end in taken)])
        for number, days in unread_days(center, over, zone)
    ]
    return [(number, days) for number, days in unread if days]


def readable_days(center: Center, period: Period, now: datetime) -> list[tuple[Instance, list[date]]]:
    """`unread_days` of a period that is over, where there is an account to read them; else empty."""
    account = MazbotAccount.objects.filter(reseller=center.reseller).first()
    if account is None or not account.is_set_up or period.end_day > today(center.reseller, now):
        return []
    return unread_days(center, period, ZoneInfo(account.time_zone))


def _in_use(number: Instance, day: date, zone: ZoneInfo) -> bool:
    if day < local_day(number.created_at, zone):
        return False
    return number.archived_at is None or day <= local_day(number.archived_at, zone)
