"""What each number's connection was, and when."""

from django.db import models
from django.db.models import F, Q

from centers.models import Center, Reseller
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
    off = models.CharField(max_length=12, choices=DesiredReason, blank=True)  # why it was disabled
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
        """Whether the number was disabled, whatever its phone did."""
        return bool(self.off)


class NumberDay(models.Model):
    """The sums of one number and one day of its reseller's calendar: seconds per cause, and its outages.

    Written once the day is over (whatsapp/history/days.py), so that the pages of a month or a year read as many rows
    as there are days, however often a number changed.
    """

    reseller = models.ForeignKey(Reseller, on_delete=models.CASCADE, related_name="+", db_index=False)
    # The one it belonged to when the day was summed up.
    center = models.ForeignKey(Center, on_delete=models.CASCADE, related_name="+", db_index=False)
    instance = models.ForeignKey(Instance, on_delete=models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    connected = models.IntegerField(db_default=0)
    logged_out = models.IntegerField(db_default=0)
    expired = models.IntegerField(db_default=0)
    provider = models.IntegerField(db_default=0)
    maintenance = models.IntegerField(db_default=0)
    unpaid = models.IntegerField(db_default=0)
    off = models.IntegerField(db_default=0)
    not_paired = models.IntegerField(db_default=0)
    unknown = models.IntegerField(db_default=0)
    outages = models.IntegerField(db_default=0)  # that began on this day
    longest = models.IntegerField(
        db_default=0
    )  # seconds, from its start on an earlier day, to the end of this one
    running = models.IntegerField(db_default=0)  # seconds so far of the outage in which the day ended

    objects = TenantManager(reseller="reseller", center="center")

    class Meta:
        ordering = ["day", "instance"]
        constraints = [models.UniqueConstraint(fields=["instance", "day"], name="number_day_once")]
        indexes = [models.Index(fields=["reseller", "day"], name="number_day_by_day")]

    def __str__(self) -> str:
        return f"{self.instance_id} {self.day}"
