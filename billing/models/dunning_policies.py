"""Rules for unpaid centers that have a name: those they are chosen for follow them instead of the general ones."""

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


class SuspensionRules(models.Model):
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
