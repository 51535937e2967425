"""Maintenance windows: times in which numbers may be down without alerts and suspensions."""

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from centers import clock
from centers.models import Center, Reseller, User
from centers.models.fields import LineField, no_control
from centers.models.managers import TenantManager
from whatsapp.models.instance import Instance


class MaintenanceWindow(models.Model):
    """Maintenance of one number, of a center's numbers, or (neither is set) of all numbers of the reseller.

    It runs from `begins_at` until `ends_at`, or until a person ended it; ended before it began, it was canceled.
    """

    class State(models.TextChoices):
        PLANNED = "planned", _("Planned")
        RUNNING = "running", _("Running")
        OVER = "over", _("Over")
        ENDED_EARLY = "ended_early", _("Ended early")
        CANCELED = "canceled", _("Canceled")

    reseller = models.ForeignKey(Reseller, on_delete=models.CASCADE, related_name="+", db_index=False)
    center = models.ForeignKey(Center, on_delete=models.CASCADE, null=True, blank=True)
    instance = models.ForeignKey(Instance, on_delete=models.CASCADE, null=True, blank=True)
    begins_at = models.DateTimeField(_("begins"))
    ends_at = models.DateTimeField(_("ends"))
    reason = LineField(_("reason"), max_length=200)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)  # only if a person ended it
    ended_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    # When open pages were hinted that it began, and when what it had hidden was looked at again.
    announced_at = models.DateTimeField(null=True, blank=True, editable=False)
    settled_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = TenantManager(reseller="reseller", center="center")

    class Meta:
        ordering = ["-begins_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("begins_at")), name="maintenance_ends_later"),
            models.CheckConstraint(
                condition=Q(center__isnull=True) | Q(instance__isnull=True), name="maintenance_one_target"
            ),
            no_control("reason", "maintenance_reason_no_control"),
        ]
        indexes = [
            models.Index(fields=["reseller", "-begins_at", "-id"], name="maintenance_by_time"),
            models.Index("ends_at", condition=Q(settled_at__isnull=True), name="maintenance_unsettled"),
        ]

    def __str__(self) -> str:
        return self.reason

    def state(self, now: datetime) -> State:
        """What it is at `now`."""
        if self.ended_at is not None:
            return self.State.CANCELED if self.ended_at <= self.begins_at else self.State.ENDED_EARLY
        if now < self.begins_at:
            return self.State.PLANNED
        return self.State.RUNNING if now < self.ends_at else self.State.OVER

    @property
    def over_at(self) -> datetime:
        """When it ended, or will end."""
        return self.ended_at or self.ends_at
