"""The main account's usage: every day since the first number came, the quota, and the sums of months."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import F, Min, Q

from billing.models import AccountUsageRecord, UsageCheck
from billing.periods import ONE_DAY, Period, day_start, local_day
from billing.policies import reseller_policy
from billing.usage.number_sums import (
    MAIN_ACCOUNT,
    Window,
    known_gaps,
    last_turn,
    note_checked,
    raise_unreadable,
)
from billing.usage.plausibility import Counts
from billing.usage.storing import merge_account
from billing.usage.sums import Found, Source, compare, counts_of, runs_of
from centers import live
from centers.models import Reseller
from whatsapp.accounts import account_of, client_for, note_error, note_success
from whatsapp.mazbot import Lane, MainAccountUsage, MazBotError, OddField
from whatsapp.models import InstanceAssignment, MazbotAccount

MOST_DAYS = 60  # in one run; the next one goes on
#: Rows that are older than a change of a number's counts of their day.
_OUTDATED = Q(numbers_changed_at__gt=F("read_at"))


def read_account_usage(
    *, reseller: Reseller, now: datetime, days: Iterable[date] = ()
) -> tuple[tuple[date, OddField], ...]:
    """Fetch the main account's usage of today, of the last days, of every day not read since it ended, and of `days`.

    Returns the fields that could not be read; the others are stored, and such a day stays due.
    """
    account = account_of(reseller)
    today = local_day(now, ZoneInfo(account.time_zone))
    asked = set(days)
    client = client_for(account)
    odd: list[tuple[date, OddField]] = []
    for day in (*sorted({*asked, today}), *_due(account, today, asked)):
        try:
            usage = client.main_account_usage(day, day, priority=Lane.METERING)
        except MazBotError as error:
            note_error(account, error, now=now)
            raise
        left_out = merge_account(account, day, usage, now=now, is_today=day == today)
        odd += [(day, field) for field in left_out]
    note_success(account, now=now)
    live.publish(reseller.pk, "billing")
    return tuple(odd)


def first_day_of_numbers(account: MazbotAccount) -> date | None:
    """The first day on which a center had a number; None before the first number."""
    spans = InstanceAssignment.objects.filter(reseller=account.reseller_id)
    first: date | None = spans.aggregate(day=Min("first_day"))["day"]
    return first


def unread_account_days(account: MazbotAccount, today: date) -> list[date]:
    """The days before `today`, since the first number came, that were not read since they ended; the latest first.

    Nor since a number's usage of them changed.
    """
    first = first_day_of_numbers(account)
    zone = ZoneInfo(account.time_zone)
    rows = AccountUsageRecord.objects.filter(reseller=account.reseller_id, odd="").exclude(_OUTDATED)
    final = {
        day
        for day, read_at in rows.values_list("day", "read_at")
        if read_at >= day_start(day + ONE_DAY, zone)
    }
    return [day for day in reversed(list(Period(first, today).days())) if day not in final] if first else []


def outdated_account_days(account: MazbotAccount, today: date) -> set[date]:
    """Days before `today` that were read since they ended, but before a number's usage of them changed."""
    zone = ZoneInfo(account.time_zone)
    rows = AccountUsageRecord.objects.filter(_OUTDATED, reseller=account.reseller_id, odd="", day__lt=today)
    return {
        day
        for day, read_at in rows.values_list("day", "read_at")
        if read_at >= day_start(day + ONE_DAY, zone)
    }


def check_account_sums(*, reseller: Reseller, now: datetime) -> bool:
    """Compare the main account's months once a week, and correct the days that differ; whether it was due.

    Days that can't be read meanwhile are left out. Raises MazBotError.
    """
    account = account_of(reseller)
    zone = ZoneInfo(account.time_zone)
    today = local_day(now, zone)
    window = Window.of(reseller, today)
    turn = day_start(last_turn(today, reseller.pk), zone)
    rows = UsageCheck.objects.filter(reseller=reseller, mazbot_id=MAIN_ACCOUNT, asked_at__gte=turn)
    if rows.exists():
        return False
    source, known = _source(account, now), known_gaps(reseller, MAIN_ACCOUNT)
    gaps = compare(source, runs_of(source.stored(window.days)), known=known, running=window.running)
    note_checked(reseller, MAIN_ACCOUNT, gaps, now)
    raise_unreadable(gaps)
    return True


def _due(account: MazbotAccount, today: date, asked: set[date]) -> list[date]:
    """The last days once a calendar day, and days that were missed, however old."""
    past = [
        today - timedelta(days=back) for back in range(1, reseller_policy(account.reseller).reread_days + 1)
    ]
    began = day_start(today, ZoneInfo(account.time_zone))
    rows = AccountUsageRecord.objects.filter(
        reseller=account.reseller_id, day__in=past, odd="", read_at__gte=began
    )
    read_today = set(rows.values_list("day", flat=True))
    due = dict.fromkeys(
        [*(day for day in past if day not in read_today), *unread_account_days(account, today)]
    )
    return [day for day in due if day not in asked][:MOST_DAYS]


def _source(account: MazbotAccount, now: datetime) -> Source:
    client = client_for(account)

    def store(found: Found) -> None:
        for day, usage in found:
            # What is known of a day stays until all of it can be read.
            if isinstance(usage, MainAccountUsage) and counts_of(usage) is not None:
                merge_account(account, day, usage, now=now, is_today=False)

    def stored(days: Period) -> dict[date, Counts]:
        rows = AccountUsageRecord.objects.filter(
            reseller=account.reseller_id, odd="", day__gte=days.first_day, day__lt=days.end_day
        )
        found: dict[date, Counts] = {}
        for day, sent, received, failed, cost in rows.values_list(
            "day", "sent", "received", "failed", "cost"
        ):
            if sent is not None and received is not None and failed is not None and cost is not None:
                found[day] = (sent, received, failed, cost)
        return found

    return Source(
        ask=lambda days: client.main_account_usage(days.first_day, days.last_day, priority=Lane.METERING),
        stored=stored,
        store=store,
    )
