"""What each number's connection was, and when."""

from django.db import models
from django.db.models import F, Q

from centers.models import Reseller
from centers.models.managers import TenantManager
from whatsapp.models.instance import Connection, DesiredReason, Instance


class StatusInterval(models.Model):
    """A time span in which nothing about a number changed; the one without `until` is the present.

    Written by a trigger on the number's row (migrations/_intervals.py), so that no path can leave one out. The
    intervals of a number are without gaps from its first check on, and none overlap.
    """

    reseller = models.ForeignKey(Reseller, on_delete=models.CASCADE, related_name="+", db_index=False)
    instance = models.ForeignKey(Instance, on_delete=models.CASCADE, related_name="intervals", db_index=False)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    # Empty: it was not checked for so long that what it was is not known.
    connection = models.CharField(max_length=12, choices=Connection, blank=True)
    raw = models.CharField(
        max_length=64, blank=True
    )  # MazBot's text, where it means none of the known states
    off = models.CharField(max_length=12, choices=DesiredReason, blank=True)  # why it was switched off
    ever_connected = models.BooleanField(db_default=False)  # in this interval or an earlier one

    objects = TenantManager(reseller="reseller", center="instance__center")

    class Meta:
        ordering = ["-since", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["instance", "since"], name="interval_begins_once"),
            models.UniqueConstraint(
                fields=["instance"], condition=Q(until__isnull=True), name="interval_one_present"
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gt=F("since")), name="interval_has_length"
            ),
        ]
        indexes = [models.Index(fields=["reseller", "until"], name="interval_by_end")]

    def __str__(self) -> str:
        return f"{self.connection or 'not checked'} since {self.since:%Y-%m-%d %H:%M}"

    @property
    def is_unknown(self) -> bool:
        """Whether MazBot's text, `raw`, means none of the known states."""
        return self.connection == Connection.UNKNOWN

    @property
    def is_off(self) -> bool:
        """Whether the number was switched off, whatever its phone did."""
        return bool(self.off)
