"""Runs of the scheduled jobs, so that staff can see what ran, what failed and why."""

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop, pgettext_lazy

from centers.models.managers import TenantManager
from centers.models.tenancy import Reseller
from centers.stored_messages import StoredMessage, StoredMessageField, StoredMessagesField

# How long a run counts as running after its process last renewed the lease.
RUN_LEASE = timedelta(minutes=15)


class JobRun(models.Model):
    """One run of one job for one reseller."""

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        PARTIAL = "partial", _("Done with failures")
        FAILED = "failed", pgettext_lazy("state", "Failed")
        # Never stored: what RUNNING means once the lease is over. Its process died without recording an end.
        INTERRUPTED = "interrupted", _("Interrupted")

    reseller = models.ForeignKey(Reseller, on_delete=models.CASCADE, related_name="job_runs", db_index=False)
    job = models.CharField(max_length=24)  # status, usage, account, rates, invoices, dunning, switching, mail
    state = models.CharField(max_length=12, choices=State, default=State.RUNNING)
    started_at = models.DateTimeField()
    # Extended by the process that works on the run; None: written by a version without leases.
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True)
    total = models.PositiveIntegerField(null=True, blank=True)
    done = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    failures = StoredMessagesField(default=list, blank=True)  # [{"item": "...", "why": "..."}], the first 50
    note = StoredMessageField(blank=True)

    objects = TenantManager(reseller="reseller")

    class Meta:
        ordering = ["-started_at", "-pk"]
        indexes = [models.Index(fields=["reseller", "job", "-started_at"], name="jobrun_latest")]

    def __str__(self) -> str:
        return f"{self.job} {self.started_at:%Y-%m-%d %H:%M}"

    @staticmethod
    def going_on(now: datetime) -> Q:
        """The runs on which a process works at `now`."""
        return Q(state=JobRun.State.RUNNING) & ~JobRun.interrupted(now)

    @staticmethod
    def interrupted(now: datetime) -> Q:
        """The runs whose process is gone: they never ended, and their lease is over at `now`."""
        without = Q(lease_until=None, started_at__lte=now - RUN_LEASE)
        return Q(state=JobRun.State.RUNNING) & (Q(lease_until__lte=now) | without)

    @property
    def is_running(self) -> bool:
        """Whether a process works on it."""
        return self.state == self.State.RUNNING

    @property
    def is_done(self) -> bool:
        """Whether it ended without failures."""
        return self.state == self.State.DONE

    @property
    def is_partial(self) -> bool:
        """Whether it ended and some of it failed."""
        return self.state == self.State.PARTIAL

    @property
    def has_failed(self) -> bool:
        """Whether all of it failed, or it never reached its end."""
        return self.state in (self.State.FAILED, self.State.INTERRUPTED)

    def seen_at(self, now: datetime) -> "JobRun":
        """Itself, for display: an interrupted run as such, with one more failure. Must not be saved afterwards."""
        if self.is_running and (self.lease_until or self.started_at + RUN_LEASE) <= now:
            self.state = self.State.INTERRUPTED
            self.failed += 1
            self.failures = [*self.failures, {"item": "", "why": _interrupted()}]
        return self


def _interrupted() -> StoredMessage:
    return StoredMessage(
        gettext_noop(
            "The process running this job stopped before it finished, for example because the server "
            "was restarted. The next run completes the rest."
        )
    )
