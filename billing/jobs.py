"""One run of each job for one reseller, recorded for the Jobs page; and which resellers are due for one.

A run opens the tenant's scope itself and must start outside a transaction. It continues with the next item when
one fails. It may run at any time, twice or late: what there is to do is read from the database.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError
from django.db.models import Q

from billing import invoicing
from billing.dunning import charge_late_fees, judge_due, run_suspensions, send_reminders, tomorrow
from billing.ledger import refresh_all_payment_statuses
from billing.limits.check import check_limits
from billing.models import CreditTerms, JobSchedule
from billing.periods import Period
from billing.pricing.exchange_rate_age import check_exchange_rates
from billing.pricing.history.announcements import announce_price_changes
from billing.pricing.history.center_changes import apply_versions
from billing.pricing.losses import check_losses
from billing.pricing.rates import refresh_rates
from billing.reports.gaps import check_gap, not_comparable
from billing.reports.quota import check_quota
from billing.reports.reported import report_last_month
from billing.usage.fetching import read_due
from billing.usage.for_closing import NumbersNotRead, read_before_closing, why_not_read
from billing.usage.main_account import check_account_sums, read_account_usage
from billing.usage.rhythm import judge_usage
from centers import live
from centers.errors import OperationRefused
from centers.models import Center, JobRun, Reseller
from centers.queue.job_runs import RunRecorder, recorded_run
from centers.stored_messages import StoredMessage as _
from centers.tenancy.scoping import every_tenant, tenant
from whatsapp.accounts import explain
from whatsapp.mazbot import MazBotError

# A claim outlasts a task's time limit; if the worker crashes, a tick after that finds the job due again.
LEASE = timedelta(minutes=15)
# A run that lost its database, or that time was too short for, goes on soon.
AFTER_LOSS = timedelta(minutes=1)
# Below the time limit of a task, leaving time for the last call and merge, or the last chunk of invoices.
USAGE_SECONDS = INVOICE_SECONDS = 480.0


def usage_job(*, reseller: Reseller, now: datetime) -> JobRun:
    """Fetch what is due of every number's usage: days that are over, the running one, and the sums of months."""
    with _job_run("usage", reseller, now) as recorder:
        asked_for = JobSchedule.objects.filter(reseller=reseller, job="usage", by_person=True)
        outcome = read_due(
            reseller=reseller,
            now=now,
            recorder=recorder,
            deadline=time.monotonic() + USAGE_SECONDS,
            today_again=asked_for.update(by_person=False) > 0,
        )
        if outcome.left:
            recorder.note = _("Left for the next run: %(count)s.") % {"count": outcome.left}
        judge_usage(reseller=reseller, now=now)
        check_gap(reseller, now)
        invoicing.check_late_corrections(reseller, now)
        if outcome.left and not outcome.stopped:
            _go_on_soon("usage", reseller, now)
    return _as_recorded(recorder)


def period_job(*, reseller: Reseller, center: int, period: Period, now: datetime) -> JobRun:
    """Fetch the missing usage of one center's period before invoicing; recorded as a run of the usage job."""
    with _job_run("usage", reseller, now) as recorder:
        row = Center.objects.select_related("reseller").get(pk=center)
        try:
            read_before_closing(center=row, period=period, now=now)
        except NumbersNotRead as error:
            recorder.fail(str(row), why_not_read(error))
        else:
            recorder.ok()
            recorder.note = _("Fetched for the invoice of %(center)s.") % {"center": row}
    live.publish(reseller.pk, "billing")
    return _as_recorded(recorder)


def account_job(*, reseller: Reseller, now: datetime) -> JobRun:
    """Fetch the main account's usage and quota, and open or close the alerts about them."""
    with _job_run("account", reseller, now) as recorder:
        for day, field in read_account_usage(reseller=reseller, now=now):
            message = _("MazBot sent “%(text)s” here, which can't be read. Everything else was saved.")
            recorder.fail(f"{day.isoformat()} {field.name}", message % {"text": field.text or "-"})
        check_quota(reseller, now)
        check_gap(reseller, now)
        recorder.ok()
        check_account_sums(reseller=reseller, now=now)
    return _as_recorded(recorder)


def rates_job(*, reseller: Reseller, now: datetime) -> JobRun:
    """Fetch the rates and record which prices they change."""
    with _job_run("rates", reseller, now) as recorder:
        outcome = refresh_rates(reseller=reseller, now=now)
        recorder.total = outcome.countries
        recorder.ok(outcome.countries - len(outcome.failures))
        for country, why in outcome.failures:
            recorder.fail(country or _("All countries"), why)
        if outcome.waiting:
            recorder.note = _("New rate lists that wait for confirmation: %(count)s.") % {
                "count": len(outcome.waiting)
            }
        elif outcome.moves:
            recorder.note = _("Prices changed: %(moves)s. Now below cost: %(losses)s.") % {
                "moves": len(outcome.moves),
                "losses": len(outcome.losses),
            }
    return _as_recorded(recorder)


def invoice_job(*, reseller: Reseller, now: datetime) -> JobRun:
    """Close and invoice every month that is over, and record the last one's profit."""
    with _job_run("invoices", reseller, now) as recorder:
        check_exchange_rates(reseller, now)
        check_losses(reseller, now)
        deadline = time.monotonic() + INVOICE_SECONDS
        left = invoicing.invoice_reseller(reseller=reseller, now=now, recorder=recorder, deadline=deadline)
        invoicing.check_late_corrections(reseller, now)
        invoicing.settle_closed_centers(reseller, now)
        report_last_month(reseller, now, not_comparable(reseller, now))
        if left:
            _go_on_soon("invoices", reseller, now)
    return _as_recorded(recorder)


def prices_job(*, reseller: Reseller, now: datetime) -> JobRun:
    """Have countries and currencies apply that begin today, and announce changes of prices to centers."""
    with _job_run("prices", reseller, now) as recorder:
        changed = apply_versions(reseller, now)
        announced = announce_price_changes(reseller, now)
        recorder.ok()
        if changed or announced:
            recorder.note = _("Centers changed: %(centers)s. Price changes announced: %(announced)s.") % {
                "centers": changed,
                "announced": announced,
            }
    return _as_recorded(recorder)


def dunning_job(*, reseller: Reseller, now: datetime) -> JobRun:
    """Update payment statuses, charge late fees, write reminders, resume or suspend centers, and say whom tomorrow's
    run suspends.
    """
    with _job_run("dunning", reseller, now) as recorder:
        refresh_all_payment_statuses(reseller, now)
        judge_due(reseller, now)
        charge_late_fees(reseller=reseller, now=now, recorder=recorder)
        send_reminders(reseller=reseller, now=now, recorder=recorder)
        run_suspensions(reseller=reseller, now=now, recorder=recorder)
        tomorrow.write_due(reseller=reseller, now=now)
    return _as_recorded(recorder)


def limits_job(*, reseller: Reseller, now: datetime) -> JobRun:
    """Store the exposure of centers with a limit, and warn those that used up most of it."""
    with _job_run("limits", reseller, now) as recorder:
        check_limits(reseller=reseller, now=now, recorder=recorder)
    return _as_recorded(recorder)


@dataclass(frozen=True, slots=True)
class Job:
    """`run`: one run for one reseller, due `every` so often; one that asks MazBot waits while it refuses the login."""

    run: Callable[..., JobRun]
    every: timedelta
    asks_mazbot: bool = False


#: Every job by name: its tasks (tasks.py) come from here. Dunning only reads the database; payments take effect
#: without it.
JOBS = {
    "usage": Job(usage_job, timedelta(hours=1), asks_mazbot=True),
    "account": Job(account_job, timedelta(hours=1), asks_mazbot=True),
    "rates": Job(rates_job, timedelta(hours=6), asks_mazbot=True),
    "invoices": Job(invoice_job, timedelta(hours=1)),
    "dunning": Job(dunning_job, timedelta(minutes=5)),
    "prices": Job(prices_job, timedelta(minutes=10)),
    "limits": Job(limits_job, timedelta(minutes=10)),
}


def due_resellers(job: str, now: datetime) -> list[int]:
    """Ids of the resellers for which `job` is due (reads across tenants).

    A job that needs MazBot is not due while the account's login is refused: only the sweep tries again now and then.
    """
    with every_tenant():
        rows = Reseller.objects.all()
        if JOBS[job].asks_mazbot:
            rows = rows.filter(mazbot_account__isnull=False, mazbot_account__refused_at=None)
            rows = rows.exclude(mazbot_account__email="")
        if job == "limits":
            rows = rows.filter(pk__in=CreditTerms.objects.values("reseller"))
        later = JobSchedule.objects.filter(job=job, next_at__gt=now).values("reseller")
        return list(rows.filter(~Q(pk__in=later)).order_by("pk").values_list("pk", flat=True))


def catch_up_jobs(reseller_id: int, now: datetime, everything: bool) -> None:
    """Make the jobs due that need MazBot and whose last run did not succeed (`everything`: all that need MazBot)."""
    jobs = {name for name, job in JOBS.items() if job.asks_mazbot}
    jobs.add("invoices")  # months wait for usage that could not be read
    if not everything:
        last = JobRun.objects.filter(reseller=reseller_id, job__in=jobs).order_by("job", "-started_at", "-pk")
        went_well = {run.job for run in last.distinct("job") if run.is_done}
        jobs = jobs - went_well
    JobSchedule.objects.filter(reseller=reseller_id, job__in=jobs, next_at__gt=now).update(next_at=now)


def run_if_due(job: str, *, reseller_id: int, now: datetime) -> bool:
    """Run the job unless it is not due or another process has claimed it; True when it ran."""
    reseller = Reseller.objects.get(pk=reseller_id)
    with tenant(reseller):
        JobSchedule.objects.bulk_create(
            [JobSchedule(reseller=reseller, job=job, next_at=now)], ignore_conflicts=True
        )
        schedule = JobSchedule.objects.filter(reseller=reseller, job=job)
        if not schedule.filter(next_at__lte=now).update(next_at=now + LEASE):
            return False
    wait = JOBS[job].every
    try:
        JOBS[job].run(reseller=reseller, now=now)
    except (OperationalError, InterfaceError):
        wait = min(wait, AFTER_LOSS)
        raise
    finally:
        with tenant(reseller):
            schedule.filter(next_at=now + LEASE).update(next_at=now + wait)
    return True


def _go_on_soon(job: str, reseller: Reseller, now: datetime) -> None:
    """Work that time was too short for, as after an outage, does not wait for the next hour."""
    JobSchedule.objects.filter(reseller=reseller, job=job).update(next_at=now + AFTER_LOSS)


@contextmanager
def _job_run(job: str, reseller: Reseller, now: datetime) -> Iterator[RunRecorder]:
    """Open the scope and the record of a run; an error of MazBot or a setting that stops the run is recorded."""
    with tenant(reseller), recorded_run(job, reseller=reseller, now=now) as recorder:
        try:
            yield recorder
        except MazBotError as error:
            recorder.fail("", explain(error))
        except OperationRefused as error:
            recorder.fail("", error.message)


def _as_recorded(recorder: RunRecorder) -> JobRun:
    with tenant(recorder.run.reseller):
        recorder.run.refresh_from_db()
    return recorder.run
