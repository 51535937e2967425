"""What was done with each unit of usage and each charge: invoiced on a line, or waived."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Coalesce

from billing.models.charges import Charge
from billing.models.invoices import BillingPeriod, DateRange
from billing.models.lines import InvoiceLine
from billing.models.policy import Billable
from billing.models.rates import Margin
from billing.models.usage import UsageRecord
from centers.models import Center, Reseller, User
from centers.models.fields import LineField
from centers.models.managers import TenantManager
from whatsapp.models import Instance


class Waiver(models.Model):
    """Staff's irreversible decision not to charge some usage of a center, and why; its claims name the usage."""

    reseller = models.ForeignKey(Reseller, on_delete=models.PROTECT, related_name="+")
    center = models.ForeignKey(Center, on_delete=models.PROTECT, related_name="waivers")
    because = LineField(max_length=300)
    at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")

    objects = TenantManager(reseller="reseller", center="center")

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [models.CheckConstraint(condition=~Q(because=""), name="waiver_has_a_reason")]

    def __str__(self) -> str:
        return self.because


class UsageClaim(models.Model):
    """What one line, waived period or waiver took of one day; a day's non-void claims add up to what is dealt with.

    A claim belongs to a period (with a line, or without one because there was nothing to charge) or to a staff
    waiver. `revision` counts the day's non-void claims: 0 for the first, 1 for its first adjustment and so on, so two
    invoices can never take the same difference. `sent_before` and `failed_before` are what was claimed at the time: a
    day's billable messages are never below zero, so the difference alone does not give the billable difference.
    """

    reseller = models.ForeignKey(Reseller, on_delete=models.PROTECT, related_name="+")
    usage_record = models.ForeignKey(UsageRecord, on_delete=models.PROTECT, related_name="claims")
    period = models.ForeignKey(BillingPeriod, on_delete=models.PROTECT, null=True, related_name="claims")
    waiver = models.ForeignKey(Waiver, on_delete=models.PROTECT, null=True, related_name="claims")
    line = models.ForeignKey(InvoiceLine, on_delete=models.PROTECT, null=True, related_name="claims")
    margin = models.ForeignKey(Margin, on_delete=models.PROTECT, null=True, related_name="+")
    revision = models.PositiveIntegerField()
    sent = models.BigIntegerField()
    received = models.BigIntegerField()
    failed = models.BigIntegerField()
    sent_before = models.BigIntegerField()
    failed_before = models.BigIntegerField()
    cost = models.DecimalField(max_digits=24, decimal_places=10)
    voided_at = models.DateTimeField(null=True, blank=True)

    objects = TenantManager(reseller="reseller", center="usage_record__center")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["usage_record", "revision"],
                condition=Q(voided_at__isnull=True),
                name="usageclaim_once",
            ),
            models.CheckConstraint(
                condition=Q(period__isnull=False, waiver__isnull=True)
                | Q(period__isnull=True, waiver__isnull=False, line__isnull=True),
                name="usageclaim_billed_or_waived",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.usage_record_id} r{self.revision}"


class CoveredDays(Func):
    """The days a claim covers as PostgreSQL's daterange; the whole month if an older process stored no days."""

    template = (
        "DATERANGE(COALESCE(first_day, month), COALESCE(end_day, (month + INTERVAL '1 month')::date), '[)')"
    )
    output_field = DateRangeField()


class SubscriptionClaim(models.Model):
    """A billed range of days of a number's subscription: within one month, or one year from `first_day` on.

    No day of a number is covered by two non-void claims, even of different centers, types or intervals. A one-off
    charge is a claim too, with the day it belongs to: at most one of a number, whatever its center and type.
    """

    reseller = models.ForeignKey(Reseller, on_delete=models.PROTECT, related_name="+")
    instance = models.ForeignKey(Instance, on_delete=models.PROTECT, related_name="+")
    month = models.DateField()  # the first day of the month it is charged with
    first_day = models.DateField(null=True)  # both null in rows of older versions: the whole month
    end_day = models.DateField(null=True)
    period = models.ForeignKey(BillingPeriod, on_delete=models.PROTECT, related_name="subscription_claims")
    line = models.ForeignKey(InvoiceLine, on_delete=models.PROTECT, null=True, related_name="+")
    # A one-off charge: it covers no days, and there is one per number.
    one_off = models.BooleanField(default=False, db_default=False)
    voided_at = models.DateTimeField(null=True, blank=True)

    objects = TenantManager(reseller="reseller", center="period__center")

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="subscriptionclaim_apart",
                expressions=[
                    ("instance", RangeOperators.EQUAL),
                    (CoveredDays(), RangeOperators.OVERLAPS),
                ],
                condition=Q(voided_at__isnull=True, one_off=False),
            ),
            models.UniqueConstraint(
                fields=["instance"],
                condition=Q(voided_at__isnull=True, one_off=True),
                name="subscriptionclaim_one_off_once",
            ),
            models.CheckConstraint(
                condition=Q(first_day__isnull=True, end_day__isnull=True) | Q(first_day__lt=F("end_day")),
                name="subscriptionclaim_has_days",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.instance_id} {self.month:%Y-%m}"


class ChargeClaim(models.Model):
    """What one line took of a charge: days of it within a month, a year, or (`once`) all of it, or all for a number.

    No day of a charge is covered by two non-void claims, of a charge per number no day of one number.
    """

    reseller = models.ForeignKey(Reseller, on_delete=models.PROTECT, related_name="+", db_index=False)
    charge = models.ForeignKey(Charge, on_delete=models.PROTECT, related_name="claims", db_index=False)
    instance = models.ForeignKey(
        Instance, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    first_day = models.DateField()
    end_day = models.DateField()
    once = models.BooleanField(default=False, db_default=False)
    period = models.ForeignKey(BillingPeriod, on_delete=models.PROTECT, related_name="charge_claims")
    line = models.ForeignKey(
        InvoiceLine, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    voided_at = models.DateTimeField(null=True, blank=True)

    objects = TenantManager(reseller="reseller", center="charge__center")

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="chargeclaim_apart",
                expressions=[
                    ("charge", RangeOperators.EQUAL),
                    (Coalesce("instance_id", 0), RangeOperators.EQUAL),
                    (DateRange(F("first_day"), F("end_day"), RangeBoundary()), RangeOperators.OVERLAPS),
                ],
                condition=Q(voided_at__isnull=True),
            ),
            models.UniqueConstraint(
                fields=["charge", "instance"],
                condition=Q(voided_at__isnull=True, once=True),
                nulls_distinct=False,
                name="chargeclaim_once",
            ),
            models.CheckConstraint(condition=Q(first_day__lt=F("end_day")), name="chargeclaim_has_days"),
        ]

    def __str__(self) -> str:
        return f"{self.charge_id} {self.first_day} - {self.end_day}"


class BeyondClaim(models.Model):
    """How many messages of a plan's month were counted, and what one line took of those beyond the included ones.

    One month of a center's plan (`charge`), or of one number where the plan is for each number: the days of the plan in
    it. `quantity` and `cost` (in `currency`) are what this claim adds to the non-void ones before it, so that they add
    up to what is beyond of the `messages` counted by the last one. `revision` counts them, as with usage.
    """

    reseller = models.ForeignKey(Reseller, on_delete=models.PROTECT, related_name="+", db_index=False)
    charge = models.ForeignKey(Charge, on_delete=models.PROTECT, related_name="beyond_claims", db_index=False)
    instance = models.ForeignKey(
        Instance, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    first_day = models.DateField()
    end_day = models.DateField()
    revision = models.PositiveIntegerField()
    billable = models.CharField(max_length=9, choices=Billable)  # which messages count
    included = models.PositiveIntegerField()
    messages = models.BigIntegerField()
    quantity = models.BigIntegerField()
    cost = models.DecimalField(max_digits=24, decimal_places=10)
    currency = models.CharField(max_length=3)
    period = models.ForeignKey(BillingPeriod, on_delete=models.PROTECT, related_name="beyond_claims")
    line = models.ForeignKey(InvoiceLine, on_delete=models.PROTECT, null=True, related_name="beyond_claims")
    voided_at = models.DateTimeField(null=True, blank=True)

    objects = TenantManager(reseller="reseller", center="charge__center")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["charge", "instance", "first_day", "currency", "revision"],
                condition=Q(voided_at__isnull=True),
                nulls_distinct=False,
                name="beyondclaim_once",
            ),
            models.CheckConstraint(condition=Q(first_day__lt=F("end_day")), name="beyondclaim_has_days"),
        ]

    def __str__(self) -> str:
        return f"{self.charge_id} {self.first_day} r{self.revision}"

    @property
    def beyond(self) -> int:
        """How many of the counted messages are beyond the included ones."""
        return max(0, self.messages - self.included)
