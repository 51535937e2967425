"""Which center held which number, and when."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q

from centers.models import Center, Reseller
from centers.models.fields import CodeField
from centers.models.managers import TenantManager
from whatsapp.models.instance import Instance


class SpanOfTime(Func):
    """The moments of a span as PostgreSQL's range, without its end."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class SpanOfDays(Func):
    """The days of a span as PostgreSQL's range, without the last one, which may be shared with the next span."""

    function = "DATERANGE"
    output_field = DateRangeField()


class InstanceAssignment(models.Model):
    """A time span in which a center held a number under one MazBot id; the one without `until` is the present.

    Written by a trigger on the number's row (migrations/_assignments.py), so that no path can leave one out. Days are
    those of MazBot's calendar. A day on which a number moved belongs to both spans: what was used until then to the
    earlier one, the rest to the later one. Of all else, no two spans of an id share a day.
    """

    reseller = models.ForeignKey(Reseller, on_delete=models.CASCADE, related_name="+", db_index=False)
    center = models.ForeignKey(Center, on_delete=models.PROTECT, related_name="assignments", db_index=False)
    instance = models.ForeignKey(
        Instance, on_delete=models.CASCADE, related_name="assignments", db_index=False
    )
    mazbot_id = CodeField(max_length=64)  # the number's `instance_id` at MazBot in this span
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    # Its usage is read from the first day to the last one, both included.
    first_day = models.DateField()
    last_day = models.DateField(null=True)
    billed_from = models.DateField()
    # Every day up to this one was read after it ended; empty: none is known to be. Kept by billing.
    read_to = models.DateField(null=True)

    objects = TenantManager(reseller="reseller", center="center")

    class Meta:
        ordering = ["-since", "-pk"]
        constraints = [
            ExclusionConstraint(
                name="assignment_apart",
                expressions=[
                    ("instance", RangeOperators.EQUAL),
                    (SpanOfTime("since", "until"), RangeOperators.OVERLAPS),
                ],
            ),
            ExclusionConstraint(
                name="assignment_days_apart",
                expressions=[
                    ("reseller", RangeOperators.EQUAL),
                    ("mazbot_id", RangeOperators.EQUAL),
                    (SpanOfDays("first_day", "last_day"), RangeOperators.OVERLAPS),
                ],
            ),
            models.UniqueConstraint(
                fields=["instance"], condition=Q(until__isnull=True), name="assignment_one_present"
            ),
            # For the foreign key of a usage record: it names the center and the number of its span.
            models.UniqueConstraint(fields=["id", "instance", "center"], name="assignment_of_usage"),
            models.CheckConstraint(
                condition=Q(until__isnull=True, last_day__isnull=True)
                | Q(until__gte=F("since"), last_day__gte=F("first_day")),
                name="assignment_ends_after_it_began",
            ),
            models.CheckConstraint(
                condition=Q(billed_from__gte=F("first_day")), name="assignment_bills_own_days"
            ),
        ]
        indexes = [
            models.Index(fields=["center", "first_day"], name="assignment_of_center"),
            models.Index(fields=["instance", "since"], name="assignment_of_number"),
            models.Index(fields=["reseller", "first_day"], name="assignment_of_reseller"),
            # Few are billed later than from their first day.
            models.Index(
                "reseller", condition=Q(billed_from__gt=F("first_day")), name="assignment_with_free_days"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.mazbot_id} since {self.since:%Y-%m-%d %H:%M}"
