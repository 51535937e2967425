"""Fetching usage from MazBot and storing it: per number and day, with odd answers flagged instead of billed.

MazBot returns one sum per call, so a day costs a call. Calls are made outside transactions, in the background lane
of the request budget; their answers are merged in batches.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from billing.models import UsageRecord
from billing.periods import Period, day_start, local_day
from billing.policies import reseller_policy
from billing.usage.completeness import unread_days
from billing.usage.odd_notes import odd_note
from billing.usage.sorting import UsageAnswer
from billing.usage.storing import merge, merge_account
from centers import live
from centers.models import Center, Reseller
from centers.queue.job_runs import RunRecorder
from centers.stored_messages import StoredMessage as _
from whatsapp.accounts import account_of, client_for, explain, note_error, note_success
from whatsapp.mazbot import ErrorKind, Lane, MazBot, MazBotError, OddField, Usage
from whatsapp.models import Instance, MazbotAccount

BATCH = 100
# After these errors no other call of the account can work either.
HOPELESS = frozenset(
    {
        ErrorKind.LOGIN,
        ErrorKind.API_KEY,
        ErrorKind.LOCALE_PATH,
        ErrorKind.NOT_ANSWERING,
        ErrorKind.UNAVAILABLE,
    }
)

_NumberDay = tuple[Instance, date]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many number-days were read, what failed (number, message), and how many were left for later."""

    read: int
    failures: tuple[tuple[str, str], ...]
    left: int


def read_usage(
    *,
    reseller: Reseller,
    instances: Iterable[Instance],
    days: Iterable[date],
    now: datetime,
    recorder: RunRecorder | None = None,
    deadline: float | None = None,
) -> Outcome:
    """Fetch these days of these numbers, one call each, and merge them.

    `deadline` (of time.monotonic()) ends the work early; the rest stays due. Needs an open scope and no open
    transaction. Raises OperationRefused without a MazBot account.
    """
    chosen = list(days)
    days_to_read = [(instance, day) for instance in instances for day in chosen]
    return _read(account_of(reseller), days_to_read, now, recorder, deadline)


def due_days(reseller: Reseller, now: datetime) -> list[_NumberDay]:
    """Which days of which numbers to fetch now: today always; each of the last days once a calendar day.

    The longest unread come first, so that an interrupted run is continued by the next.
    """
    account = account_of(reseller)
    zone = ZoneInfo(account.time_zone)
    day = local_day(now, zone)
    past = [day - timedelta(days=back) for back in range(1, reseller_policy(reseller).reread_days + 1)]
    numbers = list(
        Instance.objects.filter(reseller=reseller, archived_at=None).select_related("center").order_by("pk")
    )
    seen = {
        (instance_id, of_day): read_at
        for instance_id, of_day, read_at in UsageRecord.objects.filter(
            reseller=reseller, day__gte=min(past, default=day)
        ).values_list("instance_id", "day", "read_at")
    }
    due: list[tuple[datetime, int, _NumberDay]] = []
    for number in numbers:
        for of_day in (day, *past):
            read_at = seen.get((number.pk, of_day))
            if of_day == day or read_at is None or read_at < day_start(day, zone):
                due.append((read_at or day_start(of_day, zone), -of_day.toordinal(), (number, of_day)))
    return [item for _read_at, _order, item in sorted(due, key=lambda entry: entry[:2])]


def read_due(
    *, reseller: Reseller, now: datetime, recorder: RunRecorder, deadline: float | None = None
) -> Outcome:
    """Fetch what is due for one reseller."""
    return _read(account_of(reseller), due_days(reseller, now), now, recorder, deadline)


def read_before_closing(*, center: Center, period: Period, now: datetime) -> None:
    """Update a center's period before it is billed: unread days, the last days, then the sum.

    The sum over the period is one call per number; if it is not what the days add up to, every day is fetched again.
    A number that MazBot no longer knows is billed as it was read. Raises MazBotError if MazBot cannot be asked or a
    day was never read, OperationRefused without an account.
    """
    account = account_of(center.reseller)
    zone = ZoneInfo(account.time_zone)
    unread = [(number, day) for number, days in unread_days(center, period, zone) for day in days]
    _read_all(account, unread, now)
    ended = day_start(period.end_day, zone)
    back = period.end_day - timedelta(days=reseller_policy(center.reseller).reread_days)
    last: dict[Instance, list[_NumberDay]] = {
        number: [] for number in Instance.objects.filter(center=center).order_by("pk")
    }
    rows = UsageRecord.objects.filter(
        center=center, day__lt=period.end_day, day__gte=max(back, period.first_day), read_at__lt=ended
    )
    for row in rows.select_related("instance").order_by("instance_id", "day"):
        last.setdefault(row.instance, []).append((row.instance, row.day))
    for number, days_to_read in last.items():
        try:
            _read_all(account, days_to_read, now)
            _check_sum(account, center, number, period, now)
        except MazBotError as error:
            if error.kind != ErrorKind.NOT_FOUND:
                raise


def read_account_usage(
    *, reseller: Reseller, now: datetime, days: Iterable[date] = ()
) -> tuple[tuple[date, OddField], ...]:
    """Fetch the main account's usage of today, of earlier days that are not final yet, and of `days`.

    Returns the fields that could not be read; the others are stored, and such a day stays due.
    """
    account = account_of(reseller)
    zone = ZoneInfo(account.time_zone)
    today = local_day(now, zone)
    past = [today - timedelta(days=back) for back in range(1, reseller_policy(reseller).reread_days + 1)]
    client = client_for(account)
    odd: list[tuple[date, OddField]] = []
    for day in sorted({*days, *past, today}):
        if day == today or day in set(days) or _account_day_is_due(reseller, day, today, zone):
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


def _read(
    account: MazbotAccount,
    days_to_read: list[_NumberDay],
    now: datetime,
    recorder: RunRecorder | None,
    deadline: float | None,
) -> Outcome:
    failures: list[tuple[str, str]] = []
    read = tried = 0
    for batch in _batches(_ask(account, days_to_read, now, deadline)):
        good = [answer for answer in batch if isinstance(answer, UsageAnswer)]
        bad = [answer for answer in batch if not isinstance(answer, UsageAnswer)]
        merge(account, good, now=now)
        bad += [(f"{row.instance} {row.day.isoformat()}", _left_out(row)) for row in good if row.usage.odd]
        good = [row for row in good if not row.usage.odd]
        failures += bad
        read += len(good)
        tried += len(batch)
        if recorder:
            recorder.ok(len(good))
            for item, why in bad:
                recorder.fail(item, why)
            recorder.total = len(days_to_read)
            recorder.save()
    if read:
        note_success(account, now=now)
    return Outcome(read, tuple(failures), len(days_to_read) - tried)


def _ask(
    account: MazbotAccount, days_to_read: list[_NumberDay], now: datetime, deadline: float | None
) -> Iterator[UsageAnswer | tuple[str, str]]:
    client = client_for(account)
    clock = _elapsing(now)
    for number, day in days_to_read:
        if deadline is not None and time.monotonic() > deadline:
            return
        asked_at = clock()
        try:
            yield UsageAnswer(number, day, _usage(client, number, day, day), asked_at)
        except MazBotError as error:
            note_error(account, error, now=now)
            yield f"{number} {day.isoformat()}", explain(error)
            if error.kind in HOPELESS:
                return


def _read_all(account: MazbotAccount, days_to_read: list[_NumberDay], now: datetime) -> None:
    """As `_read`, but raises the first failure: a period must not be billed on part of its usage."""
    client, clock = client_for(account), _elapsing(now)
    answers = (
        UsageAnswer(number, day, _usage(client, number, day, day), clock()) for number, day in days_to_read
    )
    for batch in _batches(answers):
        merge(account, batch, now=now)
        for answer in batch:
            if not answer.usage.is_billable:
                raise MazBotError(ErrorKind.MALFORMED, odd_note(answer.usage.odd))


def _left_out(answer: UsageAnswer) -> str:
    """Message why an answer with an odd figure counts as failed."""
    note = odd_note(answer.usage.odd)
    if answer.usage.is_billable:
        return _("Saved, except for the parts of MazBot's response that can't be read (%(note)s).") % {
            "note": note
        }
    return _(
        "A billed figure is missing in MazBot's response (%(note)s). It's requested again automatically."
    ) % {"note": note}


def _check_sum(
    account: MazbotAccount, center: Center, number: Instance, period: Period, now: datetime
) -> None:
    rows = list(
        UsageRecord.objects.filter(
            center=center, instance=number, day__gte=period.first_day, day__lt=period.end_day
        )
    )
    whole = len(rows) == (period.end_day - period.first_day).days
    if not rows or not whole:
        return  # the number was here, or the center's, for only part of the period: no sum to compare with
    sums = _usage(client_for(account), number, period.first_day, period.last_day)
    days = (sum(row.sent for row in rows), sum(row.failed for row in rows), sum(row.cost for row in rows))
    if days != (sums.total_sent, sums.failed_messages, sums.total_cost):
        _read_all(account, [(number, row.day) for row in rows], now)


def _usage(client: MazBot, number: Instance, first: date, last: date) -> Usage:
    return client.usage(number.instance_id, first, last, priority=Lane.METERING)


def _account_day_is_due(reseller: Reseller, day: date, today: date, zone: ZoneInfo) -> bool:
    return not reseller.account_usage_records.filter(
        day=day, odd="", read_at__gte=day_start(today, zone)
    ).exists()


def _elapsing(now: datetime) -> Callable[[], datetime]:
    """A clock that starts at `now`: the times of single calls within a run."""
    began = time.monotonic()
    return lambda: now + timedelta(seconds=time.monotonic() - began)


def _batches(answers: Iterable[_T]) -> Iterator[list[_T]]:
    batch: list[_T] = []
    for answer in answers:
        batch.append(answer)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
