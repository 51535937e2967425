"""Runs of the scheduled jobs, so that staff can see what ran, what failed and why."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from centers.managers import TenantManager
from centers.models.tenancy import Reseller
from centers.sentences import SentenceField, SentencesField


class JobRun(models.Model):
    """One round of one job for one reseller."""

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        PARTIAL = "partial", _("Done with failures")
        FAILED = "failed", pgettext_lazy("state", "Failed")

    reseller = models.ForeignKey(Reseller, on_delete=models.CASCADE, related_name="job_runs")
    job = models.CharField(max_length=24)  # status, usage, account, rates, invoices, dunning, switching, mail
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    total = models.PositiveIntegerField(null=True, blank=True)
    done = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    failures = SentencesField(default=list, blank=True)  # [{"item": "...", "why": "..."}], the first 50
    note = SentenceField(blank=True)

    objects = TenantManager(reseller="reseller")

    class Meta:
        ordering = ["-started_at", "-pk"]
        indexes = [models.Index(fields=["reseller", "job", "-started_at"], name="jobrun_latest")]

    def __str__(self) -> str:
        return f"{self.job} {self.started_at:%Y-%m-%d %H:%M}"
