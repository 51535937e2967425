"""Which days of a period have not been read since they ended."""

from datetime import date
from zoneinfo import ZoneInfo

from django.db.models import Q

from billing.models import UsageDay
from billing.periods import Period, day_start, local_day
from centers.models import Center
from whatsapp.models import Instance


def unread_days(center: Center, period: Period, zone: ZoneInfo) -> list[tuple[Instance, list[date]]]:
    """Numbers of the center with days of the period that were never read, or only before they ended.

    A number counts from the day it was entered here to the day it was archived; earlier days count only where
    they were read. `zone` is that of MazBot's calendar.
    """
    read: dict[int, set[date]] = {}
    stale: dict[int, set[date]] = {}
    rows = UsageDay.objects.filter(day__gte=period.first_day, day__lt=period.end_day)
    billed_here = rows.filter(center=center).values("instance")
    numbers = Instance.objects.filter(Q(center=center) | Q(pk__in=billed_here)).order_by("pk")
    rows = rows.filter(instance__in=numbers)
    for instance_id, day, read_at in rows.values_list("instance_id", "day", "read_at"):
        finished = read_at >= day_start(day.fromordinal(day.toordinal() + 1), zone)
        (read if finished else stale).setdefault(instance_id, set()).add(day)
    found = []
    for number in numbers:
        here = number.center_id == center.pk
        wanted = {day for day in period.days() if here and _in_use(number, day, zone)}
        wanted |= stale.get(number.pk, set())
        missing = sorted(wanted - read.get(number.pk, set()))
        if missing:
            found.append((number, missing))
    return found


def _in_use(number: Instance, day: date, zone: ZoneInfo) -> bool:
    if day < local_day(number.created_at, zone):
        return False
    return number.archived_at is None or day <= local_day(number.archived_at, zone)
