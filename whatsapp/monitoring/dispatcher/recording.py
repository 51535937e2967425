"""Recording: results collected per account and written in batches."""

import queue
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError, connection

from centers import clock, live
from centers.queue.job_runs import close_run, open_run
from centers.tenancy.scoping import tenant
from whatsapp.accounts import explain
from whatsapp.mazbot import MazBotError
from whatsapp.monitoring.batches import FLUSH_ANY, FLUSH_CHANGED, STOPPING, conclude, take, write
from whatsapp.monitoring.deciding import CONFIRM_AFTER
from whatsapp.monitoring.dispatcher.accounts import SweptAccount
from whatsapp.monitoring.dispatcher.sending import Result
from whatsapp.monitoring.provider_incidents import FAULTS
from whatsapp.monitoring.rows import write_unchanged

log = structlog.get_logger(__name__)

RUN_SECONDS = 600.0  # one record on the Jobs page covers this long
UNCHANGED_SECONDS = 3.0  # after which results that change nothing are stored
CONCLUDE_SECONDS = 60.0  # after which an account without trouble is brought up to date
SAVE_SECONDS = 60.0  # after which the counts on the Jobs page are brought up to date
_AGAIN = 1.0


class Recording:
    """Takes results as they come and writes each account's when they have waited long enough."""

    def __init__(self) -> None:
        self._results: queue.SimpleQueue[Result] = queue.SimpleQueue()
        self._unwritten: dict[SweptAccount, float] = {}
        self._not_before = self._unchanged_at = 0.0

    def put(self, result: Result) -> None:
        """A result, from any thread."""
        self._results.put(result)

    def turn(self) -> None:
        """Take what has come, and write what is due."""
        with suppress(queue.Empty):
            while True:
                self._take(self._results.get_nowait())
        moment = time.monotonic()
        if moment >= self._not_before:
            if moment - self._unchanged_at >= UNCHANGED_SECONDS:
                self._write_unchanged()
            self._write_each([one for one, since in self._unwritten.items() if _is_due(one, moment - since)])

    def write_all(self) -> None:
        """Write everything that has come so far, and close the runs."""
        self.turn()
        self._write_unchanged()
        self._write_each(list(self._unwritten))

    def forget(self, account: SweptAccount) -> None:
        """Write what is left of an account that is no longer swept here, and close its run."""
        if account in self._unwritten:
            self._write(account)
        if account.run is not None:
            with tenant(account.reseller):
                close_run(account.run)
            account.run = None

    def close_idle(self, accounts: Iterable[SweptAccount]) -> None:
        """Close the runs that have lasted long enough and get no results, as while an account is paused.

        Otherwise they would seem to go on, and in the end to have been interrupted.
        """
        moment = time.monotonic()
        for account in accounts:
            over = account.run is not None and moment - account.run_since > RUN_SECONDS
            if over and account not in self._unwritten:
                self.forget(account)

    def _take(self, result: Result) -> None:
        account, instance, outcome = result
        self._unwritten.setdefault(account, time.monotonic())
        if instance is None:
            _take_login(account, outcome)
        elif isinstance(outcome, BaseException) and not isinstance(outcome, MazBotError):
            log.error("sweep_check_failed", reseller=account.reseller.pk, error=repr(outcome))
            account.busy.discard(instance.pk)
        elif not take(account.batch, instance, outcome):
            account.busy.discard(instance.pk)

    def _write_unchanged(self) -> None:
        """Store for all accounts at once what is as it was."""
        self._unchanged_at = time.monotonic()
        outcomes = [
            outcome for account in self._unwritten for outcome in account.batch.waiting if outcome.unchanged
        ]
        if not outcomes:
            return
        try:
            stored = write_unchanged(outcomes)
        except (OperationalError, InterfaceError) as error:
            self._wait_for_database(error)
            return
        except DatabaseError:
            log.exception("sweep_unchanged_not_written")
            connection.close()
            stored = set()  # each account's own write finds out which result it is
        for account in self._unwritten:
            waiting = account.batch.waiting
            account.busy.difference_update(stored)
            account.batch.waiting = [
                replace(outcome, unchanged=False) for outcome in waiting if outcome.instance_pk not in stored
            ]
            if account.is_on_screen and len(account.batch.waiting) < len(waiting):
                _hint(account)

    def _wait_for_database(self, error: Exception) -> None:
        """What could not be written is kept, and written when the database is back."""
        log.warning("sweep_not_written", error=type(error).__name__)
        connection.close()
        self._not_before = time.monotonic() + _AGAIN

    def _write_each(self, accounts: list[SweptAccount]) -> None:
        for account in accounts:
            if time.monotonic() < self._not_before:
                return  # the database is away: not one try for each account
            self._write(account)

    def _write(self, account: SweptAccount) -> None:
        try:
            with tenant(account.reseller):
                urgent = account.batch.urgent
                written = {outcome.instance_pk for outcome in account.batch.waiting}
                write(account.batch)
                conclude(account.batch, [])
                _count(account)
        except (OperationalError, InterfaceError) as error:
            self._wait_for_database(error)
            return
        except DatabaseError:
            # It would fail again: the numbers are asked again instead, and no other account waits for this one.
            log.exception("sweep_batch_dropped", reseller=account.reseller.pk)
            connection.close()
        del self._unwritten[account]
        tally = account.batch.tally
        account.troubled = bool(tally.faults or tally.stopped_by or account.row.failing_since)
        account.concluded_at = time.monotonic()
        if urgent:
            # What changed may need a second check.
            again_at = time.monotonic() + CONFIRM_AFTER.total_seconds()
            account.plan_again_at = min(account.plan_again_at, again_at)
        account.busy.difference_update(written)
        account.new_batch()


def _is_due(account: SweptAccount, age: float) -> bool:
    batch = account.batch
    if batch.urgent or batch.tally.stopped_by is not None:
        return age >= FLUSH_CHANGED
    if account.troubled or batch.tally.faults or any(not outcome.unchanged for outcome in batch.waiting):
        return age >= FLUSH_ANY
    return time.monotonic() - account.concluded_at >= CONCLUDE_SECONDS


def _hint(account: SweptAccount) -> None:
    """Have open pages show the new times."""
    if time.monotonic() - account.hinted_at >= FLUSH_ANY:
        account.hinted_at = time.monotonic()
        live.publish(account.reseller.pk, "instances")


def _take_login(account: SweptAccount, outcome: object) -> None:
    """A login that failed: a reason to stop, or a fault of MazBot."""
    tally = account.batch.tally
    if not isinstance(outcome, MazBotError):
        log.error("sweep_login_failed", reseller=account.reseller.pk, error=repr(outcome))
    elif outcome.kind in STOPPING:
        tally.stopped_by = outcome
    else:
        tally.failed += 1
        tally.faults += outcome.kind in FAULTS
        tally.not_logged_in = outcome
        account.failures.append(("MazBot", explain(outcome)))


def _count(account: SweptAccount) -> None:
    """Count the written results in the record of the run."""
    tally, failures, account.failures = account.batch.tally, account.failures, []
    moment = time.monotonic()
    if account.run is not None and moment - account.run_since > RUN_SECONDS:
        close_run(account.run)
        account.run = None
    if account.run is None:
        # The account's lease is this process's: a run that is still open was left by one that died.
        account.run = open_run("status", reseller=account.reseller, now=clock.now(), alone=True)
        account.run_since = moment
    account.run.ok(tally.answered)
    for item, why in failures:
        account.run.fail(item, why)
    if tally.stopped_by is not None:
        account.run.fail("MazBot", explain(tally.stopped_by))
    if moment - account.run_saved >= SAVE_SECONDS:
        account.run.save()
        account.run_saved = moment
