"""Comparing a number's usage with its own: far fewer messages than usual on that weekday, far more failed ones.

Only days that are over are judged, yesterday's above all: MazBot returns sums per day, so part of a day compares with
nothing. A day on which most numbers were quiet is a holiday, and no number is silent because of it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

from django.db.models import Sum

from billing.models import UsageRecord
from billing.periods import day_start, local_day
from centers.models import Reseller
from whatsapp.accounts import account_of
from whatsapp.models import OF_USAGE, Condition, Connection, Instance, Service
from whatsapp.monitoring.usage_conditions import set_usage_conditions

WEEKS = 8
#: A weekday's baseline is the median of at least so many weeks, and says something from so many messages on.
LEAST_WEEKS = 4
LEAST_USUAL = 20
#: Silent: less than one in SILENT_SHARE of the baseline.
SILENT_SHARE = 10
#: Failing: at least so many failed messages, at least this share of those sent, and three times the usual share.
LEAST_FAILED = 20
FAILING_SHARE = 0.2
JUMP = 3


@dataclass(frozen=True, slots=True)
class DayCounts:
    """What a number sent and received on a day; `failed` are among those sent."""

    day: date
    messages: int
    sent: int
    failed: int


def judge_usage(*, reseller: Reseller, now: datetime) -> int:
    """Judge yesterday's usage of each connected number; return how many conditions changed. Needs an open scope."""
    zone = ZoneInfo(account_of(reseller).time_zone)
    today = local_day(now, zone)
    day = today - timedelta(days=1)
    numbers = Instance.objects.filter(reseller=reseller, archived_at=None, desired_state=Service.ENABLED)
    connected_throughout = numbers.filter(
        connection=Connection.CONNECTED, connection_since__lte=day_start(day, zone)
    )
    watched = set(connected_throughout.values_list("pk", flat=True))
    counts = _counts(reseller, watched, day, day_start(today, zone))
    judged = _without_holiday({pk: judge(days, day) for pk, days in counts.items() if _has(days, day)})
    marked = numbers.filter(usage_condition__in=OF_USAGE).exclude(connection=Connection.CONNECTED)
    judged |= dict.fromkeys(marked.values_list("pk", flat=True), Condition.NONE)
    return set_usage_conditions(reseller=reseller, judged=judged, now=now)


def judge(counts: Iterable[DayCounts], day: date) -> Condition:
    """The condition that `day` means, compared with the weeks before it."""
    known = {one.day: one for one in counts}
    today, before = known[day], [one for one in known.values() if one.day < day]
    usual = [one.messages for one in before if one.day.weekday() == day.weekday()]
    baseline = median(usual) if len(usual) >= LEAST_WEEKS else 0
    if baseline >= LEAST_USUAL and today.messages * SILENT_SHARE < baseline:
        return Condition.SILENT
    if len(before) < LEAST_WEEKS or today.failed < LEAST_FAILED:
        return Condition.NONE
    share = today.failed / max(today.sent, today.failed)
    sent, failed = sum(one.sent for one in before), sum(one.failed for one in before)
    usual_share = failed / max(sent, failed, 1)
    return Condition.FAILING if share >= max(FAILING_SHARE, JUMP * usual_share) else Condition.NONE


def _has(counts: list[DayCounts], day: date) -> bool:
    return any(one.day == day for one in counts)


def _counts(reseller: Reseller, numbers: set[int], day: date, over: datetime) -> dict[int, list[DayCounts]]:
    """Each number's counts of `day`, if they were read after it was over, and of that weekday in the weeks before."""
    days = [day - timedelta(weeks=weeks) for weeks in range(WEEKS + 1)]
    rows = UsageRecord.objects.filter(reseller=reseller, day__in=days).exclude(day=day, read_at__lt=over)
    counts: dict[int, list[DayCounts]] = {}
    # A day on which the number moved has a record for each center.
    sums = {name: Sum(name) for name in ("sent", "received", "failed")}
    columns = rows.order_by().values_list("instance_id", "day").annotate(**sums)
    for pk, when, sent, received, failed in columns.iterator(chunk_size=5000):
        if pk in numbers:
            counts.setdefault(pk, []).append(DayCounts(when, sent + received, sent, failed))
    return counts


def _without_holiday(judged: dict[int, Condition]) -> dict[int, Condition]:
    silent = [pk for pk, condition in judged.items() if condition == Condition.SILENT]
    if len(silent) >= 3 and len(silent) * 2 > len(judged):
        return {pk: Condition.NONE if pk in silent else one for pk, one in judged.items()}
    return judged
