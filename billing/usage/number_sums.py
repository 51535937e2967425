"""The sums of numbers' months, asked once a week: they find what MazBot changed after a day was read, however late."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Max, Sum

from billing.models import UsageCheck, UsageRecord
from billing.periods import ONE_DAY, Period, day_start, local_day, month_of
from billing.policies import reseller_policy
from billing.usage.plausibility import NOTHING, Counts
from billing.usage.sorting import UsageAnswer
from billing.usage.storing import merge
from billing.usage.sums import Found, Gaps, Source, compare, is_same, runs_of
from centers.models import Reseller
from whatsapp.accounts import client_for
from whatsapp.mazbot import ErrorKind, Lane, MazBotError
from whatsapp.models import InstanceAssignment, MazbotAccount

DAYS_BETWEEN = 7
# Ten thousand numbers at sixty requests a minute take three hours. What MazBot changes meanwhile is late usage.
CLOSING_KEEPS = timedelta(hours=6)
MAIN_ACCOUNT = ""  # its id in UsageCheck


@dataclass(frozen=True, slots=True)
class Window:
    """The days whose sums are asked: the last closed months and the running one up to yesterday."""

    days: Period
    running: date  # first day of the month that is not over

    @classmethod
    def of(cls, reseller: Reseller, today: date) -> "Window":
        """As the reseller set it."""
        first = today.replace(day=1)
        for _month in range(reseller_policy(reseller).check_months):
            first = (first - ONE_DAY).replace(day=1)
        return cls(Period(first, today), today.replace(day=1))


def last_turn(today: date, key: int) -> date:
    """The last day, today included, on which it was the turn of `key`: each has one day of the week."""
    return today - timedelta(days=(today.toordinal() + key) % DAYS_BETWEEN)


def due_sums(account: MazbotAccount, now: datetime) -> list[InstanceAssignment]:
    """The last span of each MazBot id whose sums are due."""
    zone = ZoneInfo(account.time_zone)
    today = local_day(now, zone)
    window = Window.of(account.reseller, today)
    checks = UsageCheck.objects.filter(reseller=account.reseller_id, month__gte=window.days.first_day)
    asked = dict(checks.order_by().values_list("mazbot_id").annotate(Max("asked_at")))
    spans = InstanceAssignment.objects.filter(reseller=account.reseller_id).exclude(
        last_day__lt=window.days.first_day
    )
    began: dict[str, date] = {}
    last: dict[str, tuple[int, date]] = {}
    for pk, mazbot_id, number, first in spans.order_by("since", "pk").values_list(
        "pk", "mazbot_id", "instance_id", "first_day"
    ):
        began.setdefault(mazbot_id, first)
        last[mazbot_id] = pk, last_turn(today, number)
    due = [
        pk
        for mazbot_id, (pk, turn) in last.items()
        if began[mazbot_id] < turn and (mazbot_id not in asked or asked[mazbot_id] < day_start(turn, zone))
    ]
    found = InstanceAssignment.objects.filter(pk__in=due).select_related("instance", "center")
    return list(found.order_by("pk"))


def check_sums(account: MazbotAccount, span: InstanceAssignment, now: datetime) -> None:
    """Compare the months of an id in the window, and correct the days that differ. Raises MazBotError.

    An id that MazBot does not know, or answers about with figures that can't be read, is left alone until next week.
    """
    window = Window.of(account.reseller, local_day(now, ZoneInfo(account.time_zone)))
    stored = _stored(account, span.mazbot_id, window.days)
    known = known_gaps(account.reseller, span.mazbot_id)
    try:
        gaps = compare(source_of(account, span, now), runs_of(stored), known=known, running=window.running)
    except MazBotError as error:
        if error.kind in (ErrorKind.NOT_FOUND, ErrorKind.INVALID):
            months = {month_of(day).first_day for day in stored}
            _note_failed(account.reseller, span.mazbot_id, months, error.kind, now)
        raise
    note_checked(account.reseller, span.mazbot_id, gaps, now)
    raise_unreadable(gaps)


def check_period(account: MazbotAccount, span: InstanceAssignment, days: Period, now: datetime) -> None:
    """The same for the days of a span that are about to be invoiced; strictly.

    Noted for each month of which the id has no other days. Raises MazBotError, also where a day can't be read.
    """
    stored = _stored(account, span.mazbot_id, days)
    gaps = compare(source_of(account, span, now), runs_of(stored), known={})
    whole = {
        month: gap
        for month, gap in gaps.items()
        if set(_stored(account, span.mazbot_id, month_of(month))) <= set(stored)
    }
    note_checked(account.reseller, span.mazbot_id, whole, now)
    equal = [month for month, gap in whole.items() if gap is not None and is_same(gap, NOTHING)]
    checks = UsageCheck.objects.filter(reseller=account.reseller_id, mazbot_id=span.mazbot_id)
    checks.filter(month__in=equal).update(closing_at=now)
    raise_unreadable(gaps)


def compared_for_closing(
    account: MazbotAccount, mazbot_ids: Iterable[str], month: Period, now: datetime
) -> set[str]:
    """Those of the MazBot ids that `check_period` found equal for the whole month a short while ago.

    So a run that goes on where another one ended, and one that waits for something else, asks no number twice.
    """
    began = max(day_start(month.end_day, ZoneInfo(account.time_zone)), now - CLOSING_KEEPS)
    checks = UsageCheck.objects.filter(
        reseller=account.reseller_id,
        mazbot_id__in=set(mazbot_ids),
        month=month.first_day,
        closing_at__gte=began,
    )
    return set(checks.values_list("mazbot_id", flat=True))


def source_of(account: MazbotAccount, span: InstanceAssignment, now: datetime) -> Source:
    """A number's usage under the id of the span, for all centers that held it."""
    client = client_for(account)

    def store(found: Found) -> None:
        merge(account, [UsageAnswer(span, day, usage, now) for day, usage in found], now=now)

    return Source(
        ask=lambda days: client.usage(span.mazbot_id, days.first_day, days.last_day, priority=Lane.METERING),
        stored=lambda days: _stored(account, span.mazbot_id, days),
        store=store,
    )


def known_gaps(reseller: Reseller, mazbot_id: str) -> dict[date, Counts]:
    """What remained of each month when it was last compared."""
    rows = UsageCheck.objects.filter(reseller=reseller, mazbot_id=mazbot_id).exclude(checked_at=None)
    return {row.month: (row.sent_gap, row.received_gap, row.failed_gap, row.cost_gap) for row in rows}


def note_checked(reseller: Reseller, mazbot_id: str, gaps: Gaps, now: datetime) -> None:
    """Remember that these months were compared, and what remains."""
    for month, gap in gaps.items():
        if gap is None:
            _note_failed(reseller, mazbot_id, [month], ErrorKind.MALFORMED, now)
            continue
        sent, received, failed, cost = gap
        _note(
            reseller, mazbot_id, month, asked_at=now, checked_at=now, problem="",
            sent_gap=sent, received_gap=received, failed_gap=failed, cost_gap=cost,
        )  # fmt: skip


def raise_unreadable(gaps: Gaps) -> None:
    """Raise MazBotError if a day of one of the months could not be read."""
    months = [f"{month:%Y-%m}" for month, gap in gaps.items() if gap is None]
    if months:
        raise MazBotError(ErrorKind.MALFORMED, f"a figure of {', '.join(months)} can't be read")


def _note_failed(
    reseller: Reseller, mazbot_id: str, months: Iterable[date], kind: ErrorKind, now: datetime
) -> None:
    """What remained before is kept: the next comparison looks for anything else."""
    for month in months:
        _note(reseller, mazbot_id, month, asked_at=now, problem=kind.value)


def _note(reseller: Reseller, mazbot_id: str, month: date, **values: Any) -> None:
    UsageCheck.objects.update_or_create(reseller=reseller, mazbot_id=mazbot_id, month=month, defaults=values)


def _stored(account: MazbotAccount, mazbot_id: str, days: Period) -> dict[date, Counts]:
    """What is stored of each day, whatever center has which part of it."""
    rows = UsageRecord.objects.filter(
        reseller=account.reseller_id,
        assignment__mazbot_id=mazbot_id,
        day__gte=days.first_day,
        day__lt=days.end_day,
    )
    sums = [Sum(name) for name in ("sent", "received", "failed", "cost")]
    return {
        day: (sent, received, failed, cost)
        for day, sent, received, failed, cost in rows.order_by().values_list("day").annotate(*sums)
    }
