"""Rules for unpaid centers that have a name: those they are chosen for follow them instead of the general ones."""

from decimal import Decimal

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from centers.models import Reseller
from centers.models.fields import LineField
from centers.models.managers import TenantManager
from centers.values.names import NameKey


def _days(limit: int) -> list[MinValueValidator | MaxValueValidator]:
    return [MinValueValidator(-limit), MaxValueValidator(limit)]


class LateFeeRules(models.Model):
    """What an unpaid invoice costs; the general rules and named ones have these. Without percent and amount: nothing.

    A fee is `late_fee_percent` of what is overdue and the amount in the invoice's currency, `late_fee_days` after the
    due date, and with `late_fee_monthly` each month after that; all fees of an invoice together are at most
    `late_fee_ceiling` percent of its total.
    """

    late_fee_percent = models.DecimalField(
        _("late fee, percent of the overdue amount"),
        max_digits=7,
        decimal_places=4,
        default=0,
        db_default=0,
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(100))],
    )
    late_fee_amounts = models.JSONField(  # {"SAR": "25.00"}
        _("late fee, fixed amounts"),
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        blank=True,
    )
    late_fee_days = models.PositiveSmallIntegerField(
        _("late fee, days after the due date"),
        default=7,
        db_default=7,
        validators=[MinValueValidator(1), MaxValueValidator(365)],
    )
    late_fee_monthly = models.BooleanField(_("late fee again every month"), default=False, db_default=False)
    late_fee_ceiling = models.PositiveSmallIntegerField(
        _("late fees at most, percent of the invoice"),
        default=20,
        db_default=20,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
    )

    class Meta:
        abstract = True


class SuspensionRules(LateFeeRules):
    """When unpaid centers are suspended; the general rules and named ones have these."""

    suspend = models.BooleanField(_("suspend unpaid centers"), default=True)
    grace_days = models.PositiveSmallIntegerField(
        _("suspend this many days after the due date"), default=10, validators=_days(365)
    )
    minimum_amount = models.DecimalField(
        _("never suspend below this amount"), max_digits=18, decimal_places=4, default=0
    )
    quiet_weekdays = ArrayField(  # ISO: 1 is Monday
        models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(7)]),
        verbose_name=_("quiet weekdays"),
        default=list,
        blank=True,
    )
    quiet_dates = ArrayField(models.DateField(), verbose_name=_("quiet dates"), default=list, blank=True)

    class Meta:
        abstract = True


class DunningPolicy(SuspensionRules):
    """Reminders and suspension, as BillingPolicy has them; a null `warning_days` is no final warning."""

    reseller = models.ForeignKey(Reseller, on_delete=models.CASCADE, related_name="+", db_index=False)
    name = LineField(_("name"), max_length=60)
    reminder_days = ArrayField(
        models.SmallIntegerField(validators=_days(365)),
        verbose_name=_("reminders, days from the due date"),
        default=list,
        blank=True,
    )
    warning_days = models.PositiveSmallIntegerField(
        _("final warning, days after the due date"), null=True, blank=True, validators=_days(365)
    )

    objects = TenantManager(reseller="reseller")

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint("reseller", NameKey("name"), name="dunningpolicy_name_once"),
        ]

    def __str__(self) -> str:
        return self.name
