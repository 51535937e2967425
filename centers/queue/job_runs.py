"""The jobs staff can see: recording a run, and the list of jobs that can be run."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.functional import Promise

from centers import clock, live
from centers.models import JobRun, Reseller
from centers.models.jobs import RUN_LEASE
from centers.stored_messages import bounded
from centers.tenancy.permissions import Permission

KEPT_FAILURES = 50
#: How long records of runs are kept: those without failures at least as long as a day lasts anywhere.
WELL_KEPT, FAILED_KEPT = timedelta(days=2), timedelta(days=30)
RENEW_SECONDS = RUN_LEASE.total_seconds() / 5


class RunRecorder:
    """Counts of one run; `fail` keeps the reason of the first failures for the Jobs page."""

    def __init__(self, run: JobRun) -> None:
        self.run = run
        self.done = 0
        self.failures: list[dict[str, str]] = []
        self.failed = 0
        self.total: int | None = None
        self.note = ""
        self._begun = self._renewed = time.monotonic()

    def ok(self, count: int = 1) -> None:
        """Count items that succeeded."""
        self.done += count
        self._go_on()

    def fail(self, item: str, why: str) -> None:
        """Count an item ("": the run as a whole) that failed; `why` is a message without secrets."""
        self.failed += 1
        if len(self.failures) < KEPT_FAILURES:
            self.failures.append({"item": bounded(item), "why": bounded(why)})
        self._go_on()

    def save(self) -> None:
        """Write the counts so far, so that a page can show them during the run."""
        JobRun.objects.filter(pk=self.run.pk).update(**self._counts(), lease_until=self._lease())
        live.publish(self.run.reseller_id, "jobs")

    def _go_on(self) -> None:
        """Save a long run's counts now and then, which also renews its lease."""
        if time.monotonic() - self._renewed > RENEW_SECONDS:
            self.save()

    def _lease(self) -> datetime:
        self._renewed = time.monotonic()
        return self.run.started_at + timedelta(seconds=self._renewed - self._begun) + RUN_LEASE

    def _counts(self) -> dict[str, object]:
        return {
            "done": self.done,
            "failed": self.failed,
            "failures": self.failures,
            "total": self.total if self.total is not None else self.done + self.failed,
            "note": self.note,
        }


@contextmanager
def recorded_run(job: str, *, reseller: Reseller, now: datetime | None = None) -> Iterator[RunRecorder]:
    """Record a run of `job` for `reseller`. An exception marks it failed, is recorded and propagates.

    A process that dies leaves the run to its lease: once that is over, it is shown as interrupted.

    Must run outside a transaction, or a failure would take its own record with it.
    """
    recorder = open_run(job, reseller=reseller, now=now or clock.now())
    try:
        yield recorder
    except BaseException as error:
        recorder.fail("", f"{type(error).__name__}: {error}")
        _finish(recorder, JobRun.State.FAILED)
        raise
    close_run(recorder)


def open_run(job: str, *, reseller: Reseller, now: datetime, alone: bool = False) -> RunRecorder:
    """Begin the record of a run that lasts longer than a block of code; end it with `close_run`.

    `alone`: only one process at a time does this job for the reseller, so one that left an earlier run open is gone.
    """
    with transaction.atomic():
        if alone:
            left = JobRun.objects.filter(JobRun.going_on(now), reseller=reseller, job=job)
            left.update(lease_until=now)
        _judge(reseller, job, now)  # what was interrupted recorded no end
        run = JobRun.objects.create(reseller=reseller, job=job, started_at=now, lease_until=now + RUN_LEASE)
    live.publish(reseller.pk, "jobs")
    return RunRecorder(run)


def close_run(recorder: RunRecorder) -> None:
    """End the record of a run, with the state that its counts say."""
    _finish(recorder, _state(recorder))


def _state(recorder: RunRecorder) -> JobRun.State:
    if not recorder.failed:
        return JobRun.State.DONE
    return JobRun.State.PARTIAL if recorder.done else JobRun.State.FAILED


def _finish(recorder: RunRecorder, state: JobRun.State) -> None:
    run, now = recorder.run, clock.now()
    with transaction.atomic():
        JobRun.objects.filter(pk=run.pk).update(state=state, finished_at=now, **recorder._counts())
        _judge(run.reseller, run.job, now)
    live.publish(run.reseller_id, "jobs")


#: `listener(run, failing)`: the job failed twice in a row, the second time in `run`; or it did, and `run` did not fail.
#: Called in the transaction that records the run, maybe again for the same run.
Listener = Callable[[JobRun, bool], None]
_listeners: list[Listener] = []


def on_failing(listener: Listener) -> None:
    """Call `listener` when a job begins or stops to fail; called from the ready() of the app that acts on it."""
    _listeners.append(listener)


def failed_runs(*, reseller: Reseller, job: str, now: datetime, latest: int) -> list[tuple[JobRun, bool]]:
    """The latest runs of a job that are over, newest first, and whether each failed. Needs an open scope."""
    rows = JobRun.objects.filter(reseller=reseller, job=job).order_by("-started_at", "-pk")
    runs = [run.seen_at(now) for run in rows.exclude(JobRun.going_on(now))[:latest]]
    entry = _registered.get(job)
    return [(run, _has_failed(run, entry)) for run in runs]


def _has_failed(run: JobRun, job: "Job | None") -> bool:
    if not run.has_failed or job is None or not job.items_have_alerts:
        return run.has_failed
    return any(not failure["item"] for failure in run.failures)


def _judge(reseller: Reseller, job: str, now: datetime) -> None:
    """Call the listeners if the latest run is the second that failed in a row, or the first that no longer did."""
    runs = failed_runs(reseller=reseller, job=job, now=now, latest=3)
    failed = [failed for _run, failed in runs]
    begins, ends = failed[:2] == [True, True] and failed[2:] != [True], failed == [False, True, True]
    if begins or ends:
        for listener in _listeners:
            listener(runs[0][0], begins)


def tidy_runs(*, reseller: Reseller, now: datetime) -> int:
    """Delete the records of old runs; return how many. Needs an open scope.

    A run without failures is kept for WELL_KEPT, any other one for FAILED_KEPT; the latest of each job stays.
    """
    latest = JobRun.objects.filter(reseller=reseller).order_by("job", "-started_at", "-pk").distinct("job")
    well = Q(state=JobRun.State.DONE, started_at__lt=now - WELL_KEPT)
    old = JobRun.objects.filter(well | Q(started_at__lt=now - FAILED_KEPT), reseller=reseller)
    deleted, _by_model = old.exclude(pk__in=[run.pk for run in latest.only("pk")]).delete()
    return deleted


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job as staff see it: its name, when it runs, and how to request a run now.

    `enqueue(reseller_id)` hands a run to the workers and returns immediately: False without a broker. It raises
    OperationRefused during a run that another one could not overtake. `next_run(reseller_id, now)`, where
    given, returns when the next run is due automatically; None means that nothing is due. With `items_have_alerts`,
    what fails in a run is known otherwise: the job counts as failing only when its runs fail as a whole.
    """

    name: str
    label: str | Promise
    permission: Permission
    schedule: str | Promise
    enqueue: Callable[[int], object]
    next_run: Callable[[int, datetime], datetime | None] | None = None
    items_have_alerts: bool = False


_registered: dict[str, Job] = {}


def register_job(
    name: str,
    label: str | Promise,
    permission: Permission,
    schedule_text: str | Promise,
    enqueue: Callable[[int], object],
    *,
    next_run: Callable[[int, datetime], datetime | None] | None = None,
    items_have_alerts: bool = False,
) -> None:
    """List a job on the Jobs page; called from the ready() of the app that runs it.

    `name` is the one that recorded_run() records; RUN_JOBS plus `permission` is required to run it manually.
    """
    _registered[name] = Job(
        name=name,
        label=label,
        permission=permission,
        schedule=schedule_text,
        enqueue=enqueue,
        next_run=next_run,
        items_have_alerts=items_have_alerts,
    )


def registered_jobs() -> dict[str, Job]:
    """Every job by its name, in the order in which they were registered."""
    return dict(_registered)
