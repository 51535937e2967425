"""The scheduled jobs: what ran, what failed and why, what comes next, the workers; and running one now."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from centers import clock
from centers.audit import entries
from centers.errors import OperationRefused
from centers.models import JobRun
from centers.queries import latest_runs
from centers.queue.heartbeats import queues
from centers.queue.job_runs import Job, registered_jobs
from centers.stored_messages import of_lazy
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.fragments import parts_of
from centers.web.partials import render_page
from centers.web.toasts import toast


@dataclass(frozen=True)
class JobState:
    """A job as the page shows it."""

    job: Job
    last: JobRun | None
    earlier: list[JobRun]
    next_at: datetime | None
    may_run: bool


@staff(Permission.VIEW_JOBS)
@require_GET
def jobs(request: TenantRequest) -> HttpResponse:
    """Every registered job with its last runs."""
    now = clock.now()
    known = registered_jobs()
    runs = latest_runs(known, now)
    context = {
        "rows": [_state(request, job, runs.get(name, []), now) for name, job in known.items()],
        "queues": queues(now),
        "loaded": parts_of(request, "jobs", request.reseller.slug),
        "here": request.get_full_path(),
    }
    return render_page(request, "centers/jobs.html", context, parts=("jobs",))


@staff(Permission.RUN_JOBS)
@require_POST
def job_run(request: TenantRequest, job: str) -> HttpResponseBase:
    """Hand one run of a job to the workers now."""
    registered = registered_jobs().get(job)
    if registered is None:
        raise Http404
    if not request.may(registered.permission):
        raise PermissionDenied
    try:
        handed_over = registered.enqueue(request.reseller.pk) is not False
    except OperationRefused as refusal:
        toast(request, refusal.message, "info")
        return redirect("jobs", request.reseller.slug)
    entries.record(
        "job.run", reseller=request.reseller, by=request.user, now=clock.now(), what=of_lazy(registered.label)
    )
    if handed_over:
        text = _("“%(job)s” was queued. It appears here when it starts.")
    else:
        text = _(
            "The background workers can't be reached, so “%(job)s” wasn't started. It runs "
            "automatically once they're back."
        )
    toast(request, text % {"job": registered.label}, "success" if handed_over else "error")
    return redirect("jobs", request.reseller.slug)


def _state(request: TenantRequest, job: Job, runs: list[JobRun], now: datetime) -> JobState:
    may_run = request.may(Permission.RUN_JOBS) and request.may(job.permission)
    last = runs[0] if runs else None
    # No time for what is already due: it runs with the next tick, or has nothing to do.
    # During a run the stored time is the end of its claim, not the next run.
    running = last is not None and last.is_running
    next_at = job.next_run(request.reseller.pk, now) if job.next_run and not running else None
    # What is due within a minute would read "just now", as though it had run.
    next_at = next_at if next_at and next_at > now + timedelta(minutes=1) else None
    return JobState(job, last, runs[1:], next_at, may_run)
