"""What checks found, collected and written in batches: outcomes, alerts, and what they say about the account."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from centers.models import Reseller
from centers.stored_messages import StoredMessage as _
from whatsapp.accounts import REFUSING, explain, explain_kind, note_error, note_success
from whatsapp.alerts.lifecycle import open_alert, resolve_alert
from whatsapp.catching_up import catch_up
from whatsapp.mazbot import BudgetExhausted, CheckResult, ErrorKind, MazBotError
from whatsapp.models import Alert, Connection, Instance, MazbotAccount, Service
from whatsapp.monitoring.deciding import LONGEST_PAIRING
from whatsapp.monitoring.provider_incidents import FAULTS, note_checks
from whatsapp.monitoring.results import Outcome, record_outcomes
from whatsapp.monitoring.rows import Asked

SHORTEST_CYCLE = 60.0  # seconds; the least that counts as a check of all numbers
WHILE_PAIRING = 15.0
LONGEST_BACKOFF = 900.0
SLOWER_WHILE_OFF = 3
REFUSED_PAUSE = 120.0
LONGEST_LIMIT = timedelta(minutes=10)
FLUSH_CHANGED, FLUSH_ANY = 1.0, 10.0  # seconds after which outcomes are written

# Errors that are not about the number: the batch stops, and the rest of it is checked later.
STOPPING = REFUSING | {ErrorKind.LIMIT, ErrorKind.NOT_ANSWERING, ErrorKind.UNAVAILABLE}
_OF_THE_ACCOUNT = (Alert.Kind.ACCOUNT_REFUSED, Alert.Kind.ACCOUNT_LIMITED)
Number = Instance | Asked
#: The result of one check: (the Number, message or "" if MazBot answered).
Report = Callable[[Any, str], None]


@dataclass(slots=True)
class Tally:
    """The result of a batch; `left` were not checked because of `stopped_by` or the deadline."""

    answered: int = 0
    failed: int = 0
    faults: int = 0
    left: int = 0
    stopped_by: MazBotError | None = None
    not_logged_in: MazBotError | None = None  # the login got no usable answer: no number was asked about


@dataclass(slots=True)
class Batch:
    """Checks under way: outcomes wait here for the next write. `interval`: seconds in which each number is checked."""

    account: MazbotAccount
    reseller: Reseller
    interval: float
    alarms: bool
    report: Report
    started: datetime
    clock: float = field(default_factory=time.monotonic)
    written: float = field(default_factory=time.monotonic)
    waiting: list[Outcome] = field(default_factory=list)
    urgent: bool = False
    broken: BaseException | None = None
    tally: Tally = field(default_factory=Tally)

    def now(self) -> datetime:
        """The time, as far as it has passed since the batch started."""
        return self.started + timedelta(seconds=time.monotonic() - self.clock)


def cycle_seconds(numbers: int, rate_limit: int) -> float:
    """Seconds that checking all `numbers` once takes with all of the account's requests."""
    return max(SHORTEST_CYCLE, numbers * 60.0 / max(1, rate_limit))


def take(batch: Batch, instance: Number, answer: CheckResult | MazBotError | None) -> bool:
    """Turn an answer into an outcome; False if it is not about the number."""
    if isinstance(answer, MazBotError) and answer.kind in STOPPING:
        if batch.tally.stopped_by is None or not isinstance(answer, BudgetExhausted):
            batch.tally.stopped_by = answer
        return False
    if answer is None:
        return False
    if isinstance(answer, MazBotError):
        batch.tally.failed += 1
        batch.tally.faults += answer.kind in FAULTS
        batch.waiting.append(_failure(batch, instance, answer))
        batch.urgent |= instance.check_error != answer.kind
        batch.report(instance, explain(answer))
        return True
    outcome = _outcome(batch, instance, answer)
    batch.tally.answered += 1
    batch.waiting.append(outcome)
    batch.urgent |= outcome.connection != instance.connection or bool(instance.check_error)
    batch.report(instance, "")
    return True


def _outcome(batch: Batch, instance: Number, result: CheckResult) -> Outcome:
    moment = batch.now()
    wait = min(batch.interval, settings.SWEEP_GAP_SECONDS)
    if result.status.value == Connection.PAIRING and not _stuck_pairing(instance, moment):
        wait = WHILE_PAIRING
    elif instance.desired_state == Service.DISABLED:
        wait = SLOWER_WHILE_OFF * batch.interval
    return Outcome(
        instance_pk=instance.pk,
        at=moment,
        next_check_at=moment + timedelta(seconds=wait),
        connection=Connection(result.status.value),
        raw=result.raw,
        last_seen=result.last_seen,
        unchanged=result.status.value == instance.connection == Connection.CONNECTED
        and not instance.check_error,
    )


def _stuck_pairing(instance: Number, moment: datetime) -> bool:
    """No one pairs a phone for that long: such a number must not take the others' requests."""
    since = instance.connection_since if instance.connection == Connection.PAIRING else None
    return since is not None and moment - since > LONGEST_PAIRING


def _failure(batch: Batch, instance: Number, error: MazBotError) -> Outcome:
    moment = batch.now()
    failures = min(instance.check_failures + 1, 30)
    wait = min(batch.interval * 2 ** min(failures - 1, 10), max(LONGEST_BACKOFF, batch.interval))
    return Outcome(
        instance_pk=instance.pk,
        at=moment,
        next_check_at=moment + timedelta(seconds=wait),
        error=error.kind.value,
        failures=failures,
    )


def write_in_time(batch: Batch) -> None:
    """Write what has waited long enough: results that changed something soon, the others later."""
    age = time.monotonic() - batch.written
    if age >= FLUSH_ANY or (batch.urgent and age >= FLUSH_CHANGED):
        write(batch)


def write(batch: Batch) -> None:
    """Write the outcomes that wait."""
    record_outcomes(reseller=batch.reseller, outcomes=batch.waiting, alarms=batch.alarms)
    batch.waiting, batch.urgent, batch.written = [], False, time.monotonic()


def conclude(batch: Batch, left: list[Instance]) -> None:
    """Update the account after a batch; numbers not asked for are due again."""
    tally, account, moment = batch.tally, batch.account, batch.now()
    tally.left = len(left)
    note_checks(reseller=batch.reseller, answered=tally.answered, failed=tally.faults, now=moment)
    if tally.answered:
        note_success(account, now=moment)
        if tally.stopped_by is None:
            # Only checks resolve the alerts: a working switch or usage call does not.
            closed = resolve_alert(reseller=batch.reseller, kind=_OF_THE_ACCOUNT, now=moment)
            if closed:
                catch_up(reseller_id=batch.reseller.pk, now=moment)
    if left:
        Instance.objects.filter(pk__in=[row.pk for row in left]).update(next_check_at=moment)
    if tally.not_logged_in is not None:
        note_error(account, tally.not_logged_in, now=moment)
    if tally.stopped_by is not None:
        _pause(batch, tally.stopped_by, moment)


def _pause(batch: Batch, error: MazBotError, moment: datetime) -> None:
    """Pause the account for a while instead of repeating the error with every number."""
    note_error(batch.account, error, now=moment)
    seconds = min(max(error.retry_after or 5.0, 1.0), REFUSED_PAUSE)
    if error.kind in REFUSING:
        seconds = REFUSED_PAUSE
        _alarm(batch, Alert.Kind.ACCOUNT_REFUSED, explain_kind(error.kind), moment)
    elif error.kind == ErrorKind.LIMIT and _is_long_without_answer(batch.account, moment):
        why = _(
            "MazBot isn't accepting requests because the request limit is used up. Does something "
            "else use this account?"
        )
        _alarm(batch, Alert.Kind.ACCOUNT_LIMITED, why, moment)
    # Credentials corrected in the meantime are not those that were refused.
    same = MazbotAccount.objects.filter(
        pk=batch.account.pk, credentials_version=batch.account.credentials_version
    )
    same.update(checks_paused_until=moment + timedelta(seconds=seconds))


def _alarm(batch: Batch, kind: Alert.Kind, detail: str, moment: datetime) -> None:
    open_alert(reseller=batch.reseller, kind=kind, detail=detail, now=moment)


def _is_long_without_answer(account: MazbotAccount, moment: datetime) -> bool:
    """Whether the limit has delayed all checks for so long that staff should know."""
    last = MazbotAccount.objects.values_list("last_ok_at", flat=True).get(pk=account.pk)
    return last is not None and moment - last > LONGEST_LIMIT
