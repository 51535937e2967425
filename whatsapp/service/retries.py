"""Calls that are repeated until MazBot confirms them: due times in the database, growing waits, an alert.

At most one call of a queue is under way per number: a late answer must not undo a later call.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import transaction
from django.db.models import Q, QuerySet

from centers.models import Reseller
from centers.tenancy.scoping import every_tenant
from whatsapp.accounts import REFUSING, client_for, explain, note_error, note_success
from whatsapp.alerts.lifecycle import open_alert, resolve_alert
from whatsapp.mazbot import ErrorKind, MazBot, MazBotError
from whatsapp.models import Alert, Instance, MazbotAccount

T = TypeVar("T")
#: One call for a claimed number; returns "" if MazBot confirmed it, else the reason why not.
Act = Callable[[Instance, MazbotAccount, MazBot, datetime], str]
#: The result of one call: (number, message or "" if MazBot confirmed it).
Report = Callable[[Instance, str], None]

BACKOFF = (5, 15, 60, 300, 900)  # seconds until the next try; the last one repeats
ALARM_AFTER = 4  # tries without a confirmation: about a minute and a half
STEP_BACK = timedelta(seconds=60)  # for a number whose call ended in an error of our own
CLAIM = timedelta(seconds=180)  # longer than any call with its wait for a slot


@dataclass(frozen=True, slots=True)
class RetryQueue:
    """One kind of call; a number keeps its progress in its columns `<name>_next_at` (null: nothing to do),
    `<name>_attempts`, `<name>_error` and `<name>_claimed_until` (a call is under way)."""

    name: str
    alarm: Alert.Kind

    @property
    def columns(self) -> tuple[str, str, str]:
        """What `settle` and `reschedule` change in a row, to be saved by the caller."""
        return f"{self.name}_next_at", f"{self.name}_attempts", f"{self.name}_error"

    @property
    def claim(self) -> str:
        """The column that keeps other workers away."""
        return f"{self.name}_claimed_until"

    def due(self, now: datetime) -> Q:
        """Numbers for which such a call is due."""
        return _free(self.claim, now) & Q(**{f"{self.name}_next_at__lte": now})


def resellers_with(queues: Iterable[RetryQueue], now: datetime) -> list[int]:
    """Ids of the resellers for which any of these calls is due (reads across tenants)."""
    with every_tenant():
        ready = MazbotAccount.objects.exclude(api_key="").values("reseller")
        numbers = Instance.objects.filter(reseller__in=ready).order_by()
        resellers: set[int] = set()
        for queue in queues:
            resellers |= set(numbers.filter(queue.due(now)).values_list("reseller_id", flat=True).distinct())
    return sorted(resellers)


def process_due(
    *,
    reseller: Reseller,
    queues: Sequence[tuple[RetryQueue, Act]],
    now: datetime,
    deadline: float = 60.0,
    report: Report = lambda _instance, _why: None,
) -> int:
    """Make the reseller's due calls for at most `deadline` seconds; return how many MazBot confirmed.

    Those of the first queue go first. Needs an open scope and no open transaction. An error of our own ends the run,
    and its number comes after the others in the next runs.
    """
    account = MazbotAccount.objects.filter(reseller=reseller).first()
    if account is None or not account.is_set_up:
        return 0
    client, start, confirmed = client_for(account), time.monotonic(), 0
    while (passed := time.monotonic() - start) < deadline:
        moment = now + timedelta(seconds=passed)
        taken = _take(reseller, queues, moment)
        if taken is None:
            break
        queue, act, instance = taken
        try:
            why = act(instance, account, client, moment)
        except Exception:
            # It would be the first to be taken again, and end every run before the others' turn.
            _rows(instance).update(**{queue.columns[0]: moment + STEP_BACK})
            raise
        finally:
            _rows(instance).update(**{queue.claim: None})
        confirmed += why == ""
        report(instance, why)
    return confirmed


@contextmanager
def held(claim: str, instance: Instance, now: datetime, *, lasting: timedelta = CLAIM) -> Iterator[bool]:
    """Claim the number for a call; False if one is already under way.

    `claim` is the number's column for it. The claim of a process that died stays until it expires, because the result
    of its call is unknown.
    """
    mine = _rows(instance).filter(_free(claim, now)).update(**{claim: now + lasting})
    try:
        yield bool(mine)
    finally:
        if mine:
            _rows(instance).update(**{claim: None})


def ask(account: MazbotAccount, call: Callable[[], T], now: datetime) -> T | MazBotError:
    """The result of the call, recorded with the account; a refused login, which affects all numbers, opens an alert."""
    try:
        answer = call()
    except MazBotError as error:
        note_error(account, error, now=now)
        if error.kind in REFUSING:
            open_alert(
                reseller=account.reseller, kind=Alert.Kind.ACCOUNT_REFUSED, detail=explain(error), now=now
            )
        return error
    note_success(account, now=now)
    return answer


def settle(queue: RetryQueue, row: Instance, now: datetime) -> None:
    """Record that nothing is left to do: on the row, which the caller saves, and in the alerts."""
    for column, value in zip(queue.columns, (None, 0, ""), strict=True):
        setattr(row, column, value)
    resolve_alert(reseller=row.reseller, kind=queue.alarm, instance=row, now=now)


def reschedule(queue: RetryQueue, row: Instance, error: MazBotError | None, why: str, now: datetime) -> None:
    """Schedule the next try on the row, which the caller saves; after several tries an alert opens."""
    next_at, attempts, problem = queue.columns
    tries: int = getattr(row, attempts)
    wait = float(BACKOFF[min(tries, len(BACKOFF) - 1)])
    if error is not None and error.kind in (ErrorKind.LIMIT, ErrorKind.NOT_ANSWERING, ErrorKind.UNAVAILABLE):
        # MazBot was not asked, or asks us to wait: this does not count as a try.
        wait = max(error.retry_after or 0.0, float(BACKOFF[0]))
    else:
        tries += 1
    setattr(row, attempts, tries)
    setattr(row, next_at, now + timedelta(seconds=wait))
    setattr(row, problem, why)
    if tries >= ALARM_AFTER:
        open_alert(reseller=row.reseller, kind=queue.alarm, instance=row, detail=why, now=now)


def _take(
    reseller: Reseller, queues: Sequence[tuple[RetryQueue, Act]], now: datetime
) -> tuple[RetryQueue, Act, Instance] | None:
    """Claim the next due number that no other worker has; it is ours until the claim expires or is released."""
    for queue, act in queues:
        with transaction.atomic():
            instance = (
                Instance.objects.select_for_update(skip_locked=True, of=("self",))
                .select_related("center", "reseller")
                .filter(queue.due(now), reseller=reseller)
                .order_by(queue.columns[0], "pk")
                .first()
            )
            if instance is not None:
                _rows(instance).update(**{queue.claim: now + CLAIM})
                return queue, act, instance
    return None


def _free(claim: str, now: datetime) -> Q:
    """Numbers for which no such call is under way."""
    return Q(**{claim: None}) | Q(**{f"{claim}__lte": now})


def _rows(instance: Instance) -> QuerySet[Instance]:
    return Instance.objects.filter(pk=instance.pk)
