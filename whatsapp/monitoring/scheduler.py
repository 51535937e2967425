"""Monitoring the connection of the numbers: which are due, asking MazBot, handling its answers."""

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet

from centers.models import Reseller
from centers.queue.dispatch import enqueue_on_commit
from centers.stored_messages import StoredMessage as _
from centers.tenancy.scoping import every_tenant
from whatsapp.accounts import REFUSING, client_for, explain, explain_kind, note_error, note_success
from whatsapp.alerts.lifecycle import open_alert, resolve_alert
from whatsapp.catching_up import catch_up
from whatsapp.mazbot import BudgetExhausted, CheckResult, ErrorKind, Lane, MazBot, MazBotError
from whatsapp.models import Alert, Connection, Instance, MazbotAccount, Service
from whatsapp.monitoring.provider_incidents import FAULTS, note_checks
from whatsapp.monitoring.results import Outcome, record_outcomes

SHORTEST = 60.0  # seconds between two checks of a number
SHARE = 0.7  # of the account's requests; the rest is for people, switches and usage
WHILE_PAIRING = 15.0
LONGEST_PAIRING = timedelta(minutes=10)
LONGEST_BACKOFF = 900.0
SLOWER_WHILE_OFF = 3
CLAIM = timedelta(seconds=120)
REFUSED_PAUSE = 120.0
LONGEST_LIMIT = timedelta(minutes=10)
BATCH_SECONDS = 30.0
LARGEST_BATCH = 200
_FLUSH_CHANGED, _FLUSH_ANY = 1.0, 10.0  # seconds after which outcomes are written

# Errors that are not about the number: the batch stops, and the rest of it is checked later.
STOPPING = REFUSING | {ErrorKind.LIMIT, ErrorKind.NOT_ANSWERING, ErrorKind.UNAVAILABLE}
_OF_THE_ACCOUNT = (Alert.Kind.ACCOUNT_REFUSED, Alert.Kind.ACCOUNT_LIMITED)
#: The result of one check: (number, message or "" if MazBot answered).
Report = Callable[[Instance, str], None]


@dataclass(slots=True)
class Tally:
    """The result of a batch; `left` were not checked because of `stopped_by` or the deadline."""

    answered: int = 0
    failed: int = 0
    faults: int = 0
    left: int = 0
    stopped_by: MazBotError | None = None


@dataclass(slots=True)
class _Batch:
    """A running batch: outcomes wait here for the next write."""

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
        return self.started + timedelta(seconds=time.monotonic() - self.clock)


def sweep_interval(numbers: int, rate_limit: int) -> float:
    """Seconds between two checks of each of `numbers`, such that a sweep takes SHARE of the account's requests."""
    return max(SHORTEST, numbers * 60.0 / (rate_limit * SHARE))


def batch_size(rate_limit: int) -> int:
    """As many numbers as can be checked in about BATCH_SECONDS."""
    return max(5, min(LARGEST_BATCH, int(rate_limit * BATCH_SECONDS / 60)))


def due_instances(now: datetime) -> list[int]:
    """Ids of the resellers with numbers that are due for a check (reads across tenants)."""
    with every_tenant():
        ready = MazbotAccount.objects.exclude(api_key="").filter(
            Q(checks_paused_until=None) | Q(checks_paused_until__lte=now)
        )
        due = _due(now).filter(reseller__in=ready.values("reseller"))
        return list(due.order_by("reseller_id").values_list("reseller_id", flat=True).distinct())


def make_all_due(*, reseller_id: int, now: datetime) -> None:
    """Make every number of the reseller due now, even while its account is paused."""
    with every_tenant(), transaction.atomic():
        Instance.objects.filter(reseller=reseller_id, archived_at=None).update(next_check_at=now)
        MazbotAccount.objects.filter(reseller=reseller_id).update(checks_paused_until=None)


def claim_due(*, reseller: Reseller, now: datetime, limit: int) -> list[Instance]:
    """Claim up to `limit` due numbers, longest due first, so that no other worker takes them."""
    with transaction.atomic():
        due = (
            _due(now)
            .filter(reseller=reseller)
            .select_for_update(skip_locked=True, of=("self",))
            .order_by(F("next_check_at").asc(nulls_first=True), "pk")[:limit]
        )
        claimed = list(due)
        Instance.objects.filter(pk__in=[row.pk for row in claimed]).update(next_check_at=now + CLAIM)
    return claimed


def check_instances(
    *,
    reseller: Reseller,
    instances: Iterable[Instance],
    now: datetime,
    deadline: float,
    priority: Lane = Lane.SWEEP,
    report: Report = lambda _instance, _why: None,
) -> Tally:
    """Check the status of these numbers for at most `deadline` seconds, and store the results.

    Needs an open scope and no open transaction. A failed check keeps the connection and stores when and why it failed.
    An error of our own is raised after the other results are stored.
    """
    numbers = list(instances)
    account = MazbotAccount.objects.filter(reseller=reseller).first()
    if account is None or not account.is_set_up or not numbers:
        return Tally(left=len(numbers))
    in_use = Instance.objects.filter(archived_at=None).count()
    batch = _Batch(
        account=account,
        reseller=reseller,
        interval=sweep_interval(in_use, account.rate_limit),
        alarms=account.failing_since is None,
        report=report,
        started=now,
    )
    left = _ask_all(batch, numbers, client_for(account), deadline, priority)
    if batch.tally.answered and isinstance(batch.tally.stopped_by, BudgetExhausted):
        # Only the batch's time ran out between two slots: nothing was refused.
        batch.tally.stopped_by = None
    _write(batch)
    _conclude(batch, left)
    if batch.broken is not None:
        raise batch.broken
    return batch.tally


def check_now(*, instance: Instance, now: datetime) -> None:
    """Have a worker check this number next, because a person asked."""
    with transaction.atomic():
        Instance.objects.filter(pk=instance.pk).update(next_check_at=now)
        enqueue_on_commit(
            "whatsapp.check_one",
            reseller_id=instance.reseller_id,
            instance_pk=instance.pk,
        )


def observe(
    *, instance: Instance, connection: Connection, raw: str, last_seen: datetime | None, now: datetime
) -> bool:
    """Store one status of a number that came from elsewhere than a check; True if it changed something."""
    account = MazbotAccount.objects.filter(reseller=instance.reseller_id).first()
    wait = WHILE_PAIRING if connection == Connection.PAIRING else SHORTEST
    outcome = Outcome(
        instance_pk=instance.pk,
        at=now,
        next_check_at=now + timedelta(seconds=wait),
        connection=connection,
        raw=raw,
        last_seen=last_seen,
    )
    alarms = account is None or account.failing_since is None
    return record_outcomes(reseller=instance.reseller, outcomes=[outcome], alarms=alarms) > 0


def _due(now: datetime) -> QuerySet[Instance]:
    return Instance.objects.filter(
        Q(next_check_at=None) | Q(next_check_at__lte=now), archived_at=None, center__archived_at=None
    )


def _ask_all(
    batch: _Batch, numbers: list[Instance], client: MazBot, deadline: float, priority: Lane
) -> list[Instance]:
    """Ask with a few threads, which never use the database; return the numbers not asked for."""
    stop = threading.Event()

    def ask(instance: Instance) -> CheckResult | MazBotError | None:
        remaining = deadline - (time.monotonic() - batch.clock)
        if stop.is_set() or remaining <= 0:
            return None
        try:
            return client.status(instance.instance_id, priority=priority, deadline=remaining)
        except MazBotError as error:
            if error.kind in STOPPING:
                stop.set()
            return error

    left = []
    with ThreadPoolExecutor(max_workers=max(2, min(8, batch.account.rate_limit // 120))) as pool:
        asked = {pool.submit(ask, instance): instance for instance in numbers}
        for future in as_completed(asked):
            if future.exception() is not None:
                batch.broken = future.exception()
                continue
            if not _take(batch, asked[future], future.result()):
                left.append(asked[future])
            _write_in_time(batch)
    return left


def _take(batch: _Batch, instance: Instance, answer: CheckResult | MazBotError | None) -> bool:
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


def _outcome(batch: _Batch, instance: Instance, result: CheckResult) -> Outcome:
    moment = batch.now()
    wait = batch.interval
    if result.status.value == Connection.PAIRING and not _stuck_pairing(instance, moment):
        wait = WHILE_PAIRING
    elif instance.desired_state == Service.DISABLED:
        wait *= SLOWER_WHILE_OFF
    return Outcome(
        instance_pk=instance.pk,
        at=moment,
        next_check_at=moment + timedelta(seconds=wait),
        connection=Connection(result.status.value),
        raw=result.raw,
        last_seen=result.last_seen,
    )


def _stuck_pairing(instance: Instance, moment: datetime) -> bool:
    """No one pairs a phone for that long: such a number must not take the others' requests."""
    since = instance.connection_since if instance.connection == Connection.PAIRING else None
    return since is not None and moment - since > LONGEST_PAIRING


def _failure(batch: _Batch, instance: Instance, error: MazBotError) -> Outcome:
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


def _write_in_time(batch: _Batch) -> None:
    age = time.monotonic() - batch.written
    if age >= _FLUSH_ANY or (batch.urgent and age >= _FLUSH_CHANGED):
        _write(batch)


def _write(batch: _Batch) -> None:
    record_outcomes(reseller=batch.reseller, outcomes=batch.waiting, alarms=batch.alarms)
    batch.waiting, batch.urgent, batch.written = [], False, time.monotonic()


def _conclude(batch: _Batch, left: list[Instance]) -> None:
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
    Instance.objects.filter(pk__in=[row.pk for row in left]).update(next_check_at=moment)
    if tally.stopped_by is not None:
        _pause(batch, tally.stopped_by, moment)


def _pause(batch: _Batch, error: MazBotError, moment: datetime) -> None:
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


def _alarm(batch: _Batch, kind: Alert.Kind, detail: str, moment: datetime) -> None:
    open_alert(reseller=batch.reseller, kind=kind, detail=detail, now=moment)


def _is_long_without_answer(account: MazbotAccount, moment: datetime) -> bool:
    """Whether the limit has delayed all checks for so long that staff should know."""
    last = MazbotAccount.objects.values_list("last_ok_at", flat=True).get(pk=account.pk)
    return last is not None and moment - last > LONGEST_LIMIT
