"""Fetching usage from MazBot and storing it: per number and day, with odd answers flagged instead of billed.

MazBot returns one sum per call, so a day costs a call. Calls are made outside transactions, in the background lane
of the request budget; their answers are merged in batches.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import chain
from typing import TypeVar

from billing.usage.account_ahead import numbers_to_compare
from billing.usage.at_once import answers_in_order, requests_at_once
from billing.usage.completeness import SpanDay
from billing.usage.due import days_of, due_days
from billing.usage.number_sums import check_sums, due_sums
from billing.usage.odd_notes import odd_note
from billing.usage.sorting import UsageAnswer
from billing.usage.storing import merge
from centers.models import Reseller
from centers.queue.job_runs import RunRecorder
from centers.stored_messages import StoredMessage as _
from whatsapp.accounts import account_of, client_for, explain, note_error, note_success
from whatsapp.mazbot import ErrorKind, Lane, MazBot, MazBotError, Usage
from whatsapp.models import Instance, InstanceAssignment, MazbotAccount

BATCH, BATCH_SECONDS = 100, 30.0
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
    """How many number-days were read, what failed (number, message), and how many were left for later.

    `stopped`: nothing works at the moment, so that going on soon would not help.
    """

    read: int
    failures: tuple[tuple[str, str], ...]
    left: int
    stopped: bool = False


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
    *,
    reseller: Reseller,
    now: datetime,
    recorder: RunRecorder,
    deadline: float | None = None,
    today_again: bool = False,
) -> Outcome:
    """Fetch what is due for one reseller: days first, then the sums of months whose turn it is.

    `today_again`: today is due however lately it was read.
    """
    account = account_of(reseller)
    outcome = _read(account, due_days(reseller, now, today_again=today_again), now, recorder, deadline)
    if outcome.stopped:
        return outcome
    return _compare(account, outcome, now, recorder, deadline)


def _read(
    account: MazbotAccount,
    days_to_read: list[SpanDay],
    now: datetime,
    recorder: RunRecorder | None,
    deadline: float | None,
) -> Outcome:
    asking = _Asking(account, now, deadline)
    failures: list[tuple[str, str]] = []
    read = 0
    for batch in batches(asking.answers(days_to_read)):
        good = [answer for answer in batch if isinstance(answer, UsageAnswer)]
        bad = [answer for answer in batch if not isinstance(answer, UsageAnswer)]
        merge(account, good, now=now)
        bad += [(f"{row.instance} {row.day.isoformat()}", _left_out(row)) for row in good if row.usage.odd]
        good = [row for row in good if not row.usage.odd]
        failures += bad
        read += len(good)
        if recorder:
            recorder.ok(len(good))
            for item, why in bad:
                recorder.fail(item, why)
            recorder.total = len(days_to_read)
            recorder.save()
    if read:
        note_success(account, now=now)
    return Outcome(read, tuple(failures), asking.left, stopped=asking.stopped)


class _Asking:
    """Asks for the days in their order; a number that MazBot does not know is asked for once, or nearly.

    `left` days were not asked for because time was up or nothing works; `stopped` says that it is the latter.
    """

    def __init__(self, account: MazbotAccount, now: datetime, deadline: float | None) -> None:
        self._account, self._now, self._deadline = account, now, deadline
        self._unknown: set[str] = set()
        self.left = 0
        self.stopped = False

    def answers(self, days_to_read: list[SpanDay]) -> Iterator[UsageAnswer | tuple[str, str]]:
        client, clock = client_for(self._account), elapsing(self._now)

        def ask(span_day: SpanDay) -> UsageAnswer | MazBotError:
            span, day = span_day
            asked_at = clock()
            try:
                return UsageAnswer(span, day, usage_of(client, span, day, day), asked_at)
            except MazBotError as error:
                return error

        at_once = requests_at_once(self._account.rate_limit)
        for (span, day), answer in answers_in_order(ask, self._questions(days_to_read), at_once):
            if isinstance(answer, UsageAnswer):
                yield answer
                continue
            if self.stopped or span.mazbot_id in self._unknown:
                # Asked for at the same time as the one that showed it: the same failure, counted once.
                self.left += self.stopped
                continue
            note_error(self._account, answer, now=self._now)
            self._judge(answer, span)
            yield f"{span.instance} {day.isoformat()}", explain(answer)

    def _questions(self, days_to_read: list[SpanDay]) -> Iterator[SpanDay]:
        for place, (span, day) in enumerate(days_to_read):
            if self.stopped or (self._deadline is not None and time.monotonic() > self._deadline):
                self.left += len(days_to_read) - place
                return
            if span.mazbot_id not in self._unknown:
                yield span, day

    def _judge(self, error: MazBotError, span: InstanceAssignment) -> None:
        if error.kind == ErrorKind.NOT_FOUND:
            self._unknown.add(span.mazbot_id)
        self.stopped |= error.kind in HOPELESS


def _compare(
    account: MazbotAccount, outcome: Outcome, now: datetime, recorder: RunRecorder, deadline: float | None
) -> Outcome:
    """Compare the sums that are due; their failures and what time was too short for are added to the outcome.

    Then those that the main account is ahead of, until it matches.
    """
    due, clock = due_sums(account, now), elapsing(now)
    failures = list(outcome.failures)
    for place, span in enumerate(chain(due, numbers_to_compare(account, now))):
        if deadline is not None and time.monotonic() > deadline:
            left = max(1, len(due) - place)
            return replace(outcome, failures=tuple(failures), left=outcome.left + left)
        try:
            check_sums(account, span, clock())
        except MazBotError as error:
            note_error(account, error, now=now)
            failures.append((str(span.instance), explain(error)))
            recorder.fail(*failures[-1])
            if error.kind in HOPELESS:
                break
    return replace(outcome, failures=tuple(failures))


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


def usage_of(client: MazBot, span: InstanceAssignment, first: date, last: date) -> Usage:
    """MazBot's sum of the days; raises MazBotError."""
    return client.usage(span.mazbot_id, first, last, priority=Lane.METERING)


def elapsing(now: datetime) -> Callable[[], datetime]:
    """A clock that starts at `now`: the times of single calls within a run."""
    began = time.monotonic()
    return lambda: now + timedelta(seconds=time.monotonic() - began)


def batches(answers: Iterable[_T]) -> Iterator[list[_T]]:
    """Up to BATCH, or what came within BATCH_SECONDS: a process that is killed loses no more."""
    batch: list[_T] = []
    began = time.monotonic()
    for answer in answers:
        batch.append(answer)
        if len(batch) == BATCH or time.monotonic() - began >= BATCH_SECONDS:
            yield batch
            batch, began = [], time.monotonic()
    if batch:
        yield batch
