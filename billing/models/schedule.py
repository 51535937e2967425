"""When each job of a reseller is due next: the database decides, not the broker."""

from django.db import models

from centers.models import Reseller
from centers.models.managers import TenantManager


class JobSchedule(models.Model):
    """One job of one reseller. The process that moves `next_at` ahead with a conditional update runs it."""

    reseller = models.ForeignKey(Reseller, on_delete=models.CASCADE, related_name="+", db_index=False)
    job = models.CharField(max_length=24)
    next_at = models.DateTimeField()
    # A person asked for the run: also today's usage is read again, which is not due every hour.
    by_person = models.BooleanField(default=False, db_default=False)
    # What the last run of the job "prices" worked out its messages from: while it is the same, there is nothing to do.
    basis = models.CharField(max_length=64, default="", db_default="", editable=False)

    objects = TenantManager(reseller="reseller")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reseller", "job"], name="jobschedule_once")]

    def __str__(self) -> str:
        return f"{self.job} at {self.next_at:%Y-%m-%d %H:%M}"
