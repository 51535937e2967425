"""Why a period cannot be closed yet."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from billing.models import UsageReading
from billing.periods import Period, local_day, today, zone_of
from billing.readiness import unread_days
from centers.formats import day_text
from centers.models import Center
from whatsapp.models import MazbotAccount


def blockers(center: Center, period: Period, now: datetime) -> list[str]:
    """Why the period cannot be closed yet, as translated sentences; empty when it can."""
    account = MazbotAccount.objects.filter(reseller=center.reseller).first()
    account_zone = ZoneInfo(account.time_zone) if account else zone_of(center.reseller)
    if period.end_day > min(today(center.reseller, now), local_day(now, account_zone)):
        return [_("The period is not over: its last day is %(day)s.") % {"day": day_text(period.last_day)}]
    found = [
        _("The usage of “%(number)s” on %(day)s went down after it was read. Accept or dismiss that reading.")
        % {"number": reading.instance, "day": day_text(reading.day)}
        for reading in _doubtful(center, period)
    ]
    found += [
        _("The usage of “%(number)s” on %(day)s has not been read since that day ended.")
        % {"number": number, "day": day_text(days[0])}
        for number, days in unread_days(center, period, account_zone)
    ]
    return found


def _doubtful(center: Center, period: Period) -> list[UsageReading]:
    rows = UsageReading.objects.filter(
        center=center,
        day__gte=period.first_day,
        day__lt=period.end_day,
        flag=UsageReading.Flag.DECREASED,
        resolved_at=None,
    )
    return list(rows.select_related("instance").order_by("day", "pk")[:10])
