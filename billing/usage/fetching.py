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
from billing.usage.completeness import SpanDay, spans_of, unread_of_center
from billing.usage.due import days_of, due_days
from billing.usage.odd_notes import odd_note
from billing.usage.sorting import UsageAnswer
from billing.usage.storing import merge, merge_account
from centers import live
from centers.models import Center, Reseller
from centers.queue.job_runs import RunRecorder
from centers.stored_messages import StoredMessage as _
from whatsapp.accounts import account_of, client_for, explain, note_error, note_success
from whatsapp.mazbot import ErrorKind, Lane, MazBot, MazBotError, OddField, Usage
from whatsapp.models import Instance, InstanceAssignment, MazbotAccount

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
    """Fetch these days of these numbers, one call each, and merge them; days on which no one held them are left out.

    `deadline` (of time.monotonic()) ends the work early; the rest stays due. Needs an open scope and no open
    transaction. Raises OperationRefused without a MazBot account.
    """
    return _read(account_of(reseller), days_of(instances, days), now, recorder, deadline)


def read_due(
    *, reseller: Reseller, now: datetime, recorder: RunRecorder, deadline: float | None = None
) -> Outcome:
    """Fetch what is due for one reseller."""
    return _read(account_of(reseller), due_days(reseller, now), now, recorder, deadline)


def read_before_closing(*, center: Center, period: Period, now: datetime) -> None:
    """Update a center's period before it is billed: unread days, the last days, then the sum.

    Numbers are those the center held in the period, also if they moved on. The sum over the period is one call per
    number; if it is not what the days add up to, every day is fetched again.
    A number that MazBot no longer knows is billed as it was read. Raises MazBotError if MazBot cannot be asked or a
    day was never read, OperationRefused without an account.
    """
    account = account_of(center.reseller)
    zone = ZoneInfo(account.time_zone)
    _read_all(account, unread_of_center(center, period, zone), now)
    ended = day_start(period.end_day, zone)
    back = period.end_day - timedelta(days=reseller_policy(center.reseller).reread_days)
    rows = UsageRecord.objects.filter(
        center=center, day__lt=period.end_day, day__gte=max(back, period.first_day), read_at__lt=ended
    )
    last: dict[int, list[date]] = {}
    for span_id, day in rows.order_by("day").values_list("assignment_id", "day"):
        last.setdefault(span_id, []).append(day)
    for span in spans_of(center, period):
        try:
            _read_all(account, [(span, day) for day in last.get(span.pk, [])], now)
            _check_sum(account, span, period, now)
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
    days_to_read: list[SpanDay],
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
    account: MazbotAccount, days_to_read: list[SpanDay], now: datetime, deadline: float | None
) -> Iterator[UsageAnswer | tuple[str, str]]:
    client = client_for(account)
    clock = _elapsing(now)
    for span, day in days_to_read:
        if deadline is not None and time.monotonic() > deadline:
            return
        asked_at = clock()
        try:
            yield UsageAnswer(span, day, _usage(client, span, day, day), asked_at)
        except MazBotError as error:
            note_error(account, error, now=now)
            yield f"{span.instance} {day.isoformat()}", explain(error)
            if error.kind in HOPELESS:
                return


def _read_all(account: MazbotAccount, days_to_read: list[SpanDay], now: datetime) -> None:
    """As `_read`, but raises the first failure: a period must not be billed on part of its usage."""
    client, clock = client_for(account), _elapsing(now)
    answers = (UsageAnswer(span, day, _usage(client, span, day, day), clock()) for span, day in days_to_read)
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


def _check_sum(account: MazbotAccount, span: InstanceAssignment, period: Period, now: datetime) -> None:
    """Compare MazBot's sum over the days of the span in the period with what is stored of them, for any center."""
    first = max(span.first_day, period.first_day)
    last = min(span.last_day or period.last_day, period.last_day)
    rows = list(
        UsageRecord.objects.filter(
            reseller=account.reseller_id, assignment__mazbot_id=span.mazbot_id, day__gte=first, day__lte=last
        )
    )
    if len({row.day for row in rows}) != (last - first).days + 1:
        return  # some days are waived or not billed: no sum to compare with
    sums = _usage(client_for(account), span, first, last)
    days = (sum(row.sent for row in rows), sum(row.failed for row in rows), sum(row.cost for row in rows))
    if days != (sums.total_sent, sums.failed_messages, sums.total_cost):
        _read_all(account, [(span, day) for day in sorted({row.day for row in rows})], now)


def _usage(client: MazBot, span: InstanceAssignment, first: date, last: date) -> Usage:
    return client.usage(span.mazbot_id, first, last, priority=Lane.METERING)


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
