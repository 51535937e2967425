"""How a center pays: up to a credit limit, or in advance. A center without a row pays its invoices, without a limit."""

from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from centers.models import Center, Reseller, User
from centers.models.managers import TenantManager


class CreditTerms(models.Model):
    """A center's limit, in `currency`, and its exposure when that was last checked.

    Exposure is what the center has not paid plus what it used and no invoice has, with tax, less its credit. `base` is
    what 100 % stand for: the limit, or the credit of a prepaid center after its latest top-up.
    """

    class Level(models.TextChoices):
        OK = "ok", _("Enough left")
        LOW = "nearly", _("Nearly used up")
        EMPTY = "empty", _("Used up")
        UNKNOWN = "no_rate", _("Exchange rate missing")

    reseller = models.ForeignKey(Reseller, on_delete=models.CASCADE, related_name="+", db_index=False)
    center = models.OneToOneField(Center, on_delete=models.CASCADE, related_name="credit_terms")
    is_prepaid = models.BooleanField(default=False)
    limit = models.DecimalField(_("credit limit"), max_digits=18, decimal_places=4)
    currency = models.CharField(max_length=3)
    set_at = models.DateTimeField()
    set_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    exposure = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    unbilled = models.DecimalField(
        max_digits=18, decimal_places=4, null=True
    )  # the part of it without an invoice
    base = models.DecimalField(max_digits=18, decimal_places=4, default=0)
    level = models.CharField(max_length=7, choices=Level, default=Level.OK)
    checked_at = models.DateTimeField(null=True)
    # When the center was warned that little is left; empty once there is enough again.
    warned_at = models.DateTimeField(null=True)

    objects = TenantManager(reseller="reseller", center="center")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(is_prepaid=True, limit=0) | Q(is_prepaid=False, limit__gt=0),
                name="creditterms_limit_fits",
            )
        ]
        indexes = [models.Index(fields=["reseller", "level"], name="creditterms_by_level")]

    def __str__(self) -> str:
        return f"{self.center_id}: {self.limit:f} {self.currency}"

    @property
    def available(self) -> Decimal | None:
        """What the center may still use before it is suspended; negative beyond that, None if it isn't known."""
        return None if self.exposure is None else self.limit - self.exposure

    @property
    def is_low(self) -> bool:
        """Whether 80 % are used, and not all."""
        return self.level == self.Level.LOW

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left."""
        return self.level == self.Level.EMPTY

    @property
    def is_unknown(self) -> bool:
        """Whether an exchange rate is missing, without which nothing is decided."""
        return self.level == self.Level.UNKNOWN

    @property
    def percent(self) -> int | None:
        """How much of the limit or of the latest top-up is used, in whole percent; at least 0."""
        if self.available is None or not self.base:
            return None
        return max(0, int(100 - 100 * self.available / self.base))
