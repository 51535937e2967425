"""One tick and one thin task per job. Ids only; the database decides what is due."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from celery import shared_task

from billing.gateways import sweep
from billing.jobs import JOBS, due_resellers, period_job, run_if_due
from billing.long_jobs import alone, without_long_job
from billing.periods import Period, month_of
from billing.queries import kept_sums
from billing.reports import kept_refresh
from billing.reports.profit import last_months
from centers import clock
from centers.models import Reseller
from centers.queue.ticks import hand_out, tick

#: Jobs that call MazBot for a long time: one at a time for each reseller.
_LONG = frozenset({"usage", "account", "rates", "invoices"})


@contextmanager
def _alone(reseller_id: int, job: str) -> Iterator[bool]:
    """Whether the job may run now: one with 10,000 numbers must leave workers to the others.

    A skipped job is still due, and the next tick finds it.
    """
    if job not in _LONG:
        yield True
        return
    with alone(reseller_id) as nothing_else_runs:
        yield nothing_else_runs


def _register(job: str) -> None:
    """`billing.tick_<job>` enqueues the due runs, `billing.<job>` is one reseller's run."""

    @tick(f"billing.tick_{job}")
    def ticking() -> None:
        due = due_resellers(job, clock.now())
        hand_out(f"billing.{job}", without_long_job(due) if job in _LONG else due)

    @shared_task(name=f"billing.{job}")
    def working(*, reseller_id: int) -> None:
        with _alone(reseller_id, job) as may_run:
            if may_run:
                run_if_due(job, reseller_id=reseller_id, now=clock.now())


for _job in JOBS:
    _register(_job)


@tick("billing.tick_sums", every=60.0)
def tick_sums() -> None:
    """Add up the noted changes of usage by day and by center."""
    kept_sums.add_up()


@tick("billing.tick_reports", every=600.0)
def tick_reports() -> None:
    """Reports of resellers with many centers, which their pages show as they were last added up."""
    hand_out("billing.reports", kept_refresh.due_resellers(clock.now()))


@shared_task(name="billing.reports")
def reports(*, reseller_id: int, last_day: str = "") -> None:
    """Add up what is too old, for one reseller; with `last_day` (ISO) of the twelve months up to its month."""
    kept_refresh.refresh(
        reseller=Reseller.objects.get(pk=reseller_id),
        now=clock.now(),
        period=last_months(month_of(date.fromisoformat(last_day))) if last_day else None,
    )


@tick("billing.tick_gateways")
def tick_gateways() -> None:
    """Callbacks that were not processed at once, and links whose callback may have been lost."""
    hand_out("billing.gateways", sweep.due(clock.now()))


@shared_task(name="billing.gateways")
def gateways(*, reseller_id: int) -> None:
    """Process and ask, for one reseller."""
    sweep.run(reseller=Reseller.objects.get(pk=reseller_id), now=clock.now())


@shared_task(name="billing.read_period")
def read_period(*, reseller_id: int, center_id: int, first: str, end: str) -> None:
    """Fetch the missing usage for an invoice of these days (ISO, half-open); a person waits for it."""
    period_job(
        reseller=Reseller.objects.get(pk=reseller_id),
        center=center_id,
        period=Period(date.fromisoformat(first), date.fromisoformat(end)),
        now=clock.now(),
    )
