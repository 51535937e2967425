"""Why a period cannot be closed yet."""

from datetime import datetime

from billing.models import DOUBTS, FlaggedUsage
from billing.periods import Period
from billing.usage.completeness import first_open_day, mazbot_zone, unread_days
from centers.models import Center
from centers.stored_messages import StoredMessage as _


def blockers(center: Center, period: Period, now: datetime) -> list[str]:
    """Why the period cannot be closed yet, as translated messages; empty when it can."""
    if period.end_day > first_open_day(center.reseller, now):
        return [_("The period isn't over yet. Its last day is %(day)s.") % {"day": period.last_day}]
    reasons: list[str] = [_doubt(flagged) for flagged in _doubtful(center, period)]
    reasons += [
        _("The usage of “%(number)s” on %(day)s hasn't been fetched since that day ended.")
        % {"number": number, "day": days[0]}
        for number, days in unread_days(center, period, mazbot_zone(center.reseller))
    ]
    return reasons


def _doubt(flagged: FlaggedUsage) -> str:
    params = {"number": flagged.instance, "day": flagged.day}
    if flagged.flag == FlaggedUsage.Flag.IMPOSSIBLE:
        return (
            _(
                "The usage of “%(number)s” on %(day)s isn't explained by MazBot's prices. Accept or dismiss it."
            )
            % params
        )
    return (
        _(
            "The usage of “%(number)s” on %(day)s went down after it was recorded. Accept or dismiss "
            "the change."
        )
        % params
    )


def _doubtful(center: Center, period: Period) -> list[FlaggedUsage]:
    rows = FlaggedUsage.objects.filter(
        center=center,
        day__gte=period.first_day,
        day__lt=period.end_day,
        flag__in=DOUBTS,
        resolved_at=None,
    )
    return list(rows.select_related("instance").order_by("day", "pk")[:10])
