"""The alert about days on which the main account's cost is not that of all numbers."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Max

from billing.alerts import keep_alert
from billing.periods import ONE_DAY, Period, local_day
from billing.reports import TOLERANCE, reconcile_days
from billing.usage.completeness import unread
from billing.usage.main_account import unread_account_days
from billing.usage.number_sums import Window
from centers.models import Reseller
from centers.stored_messages import StoredMessage as _
from whatsapp.accounts import account_of
from whatsapp.mazbot import ErrorKind
from whatsapp.models import Alert

KIND = Alert.Kind.USAGE_GAP


def check_gap(reseller: Reseller, now: datetime) -> list[date]:
    """Open, update or close the alert; return the days with a gap, oldest first.

    They are days of the last months (as many as sums are compared of) that the main account and every number that
    MazBot knows were read for since they ended. The alert closes when all of them match, and not because a day can't
    be compared meanwhile. A person who resolves it explains the days before. Without amounts: not everyone who reads
    alerts may see costs.
    """
    account = account_of(reseller)
    zone = ZoneInfo(account.time_zone)
    today = local_day(now, zone)
    first = max(Window.of(reseller, today).days.first_day, _explained_before(reseller, zone))
    rows = reconcile_days(reseller, Period(first, today)) if first < today else []
    differing = [row.first_day for row in rows if row.gap is not None and abs(row.gap) > TOLERANCE]
    not_final = {
        *unread_account_days(account, today),
        *(
            day
            for span, day in unread(reseller, today - ONE_DAY, zone)
            if span.instance.check_error != ErrorKind.NOT_FOUND
        ),
    }
    gaps = [day for day in differing if day not in not_final]
    if gaps or not differing:
        keep_alert(reseller=reseller, kind=KIND, detail=_detail(gaps), now=now)
    return gaps


def _detail(days: list[date]) -> str:
    if not days:
        return ""
    params = {"day": days[-1], "count": len(days)}
    if len(days) == 1:
        return _("%(day)s: the cost of the main account doesn't match the cost of all numbers.") % params
    return (
        _(
            "Days on which the cost of the main account doesn't match the cost of all numbers: %(count)s, most "
            "recently %(day)s."
        )
        % params
    )


def _explained_before(reseller: Reseller, zone: ZoneInfo) -> date:
    """The day on which a person last resolved the alert."""
    resolved = Alert.objects.filter(reseller=reseller, kind=KIND).exclude(resolved_by=None)
    at = resolved.aggregate(at=Max("resolved_at"))["at"]
    return local_day(at, zone) if at else date.min
