"""Comparisons of MazBot's monthly sums with what is stored of the days."""

from decimal import Decimal

from django.db import models
from django.utils.translation import gettext_lazy as _

from centers.models import Reseller
from centers.models.fields import CodeField
from centers.models.managers import TenantManager


class UsageCheck(models.Model):
    """The last comparison of one month of one MazBot id, or of the main account (no id).

    The gaps are what MazBot's sum was above the stored days when all that could be was corrected: 0, or MazBot's sum
    is not that of its own days, or a day's change waits for a decision.
    """

    reseller = models.ForeignKey(Reseller, on_delete=models.CASCADE, related_name="+", db_index=False)
    mazbot_id = CodeField(max_length=64, blank=True)
    month = models.DateField(_("month"))
    asked_at = models.DateTimeField()
    checked_at = models.DateTimeField(null=True)  # of the last answer; empty: there was none
    # When the sum of this month alone was last asked for before invoicing, and nothing remained.
    closing_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=20, blank=True, default="", db_default="")  # MazBotError.kind
    sent_gap = models.BigIntegerField(default=0, db_default=0)
    received_gap = models.BigIntegerField(default=0, db_default=0)
    failed_gap = models.BigIntegerField(default=0, db_default=0)
    cost_gap = models.DecimalField(
        max_digits=24, decimal_places=10, default=Decimal(0), db_default=Decimal(0)
    )

    objects = TenantManager(reseller="reseller")

    class Meta:
        ordering = ["-month"]
        constraints = [
            models.UniqueConstraint(fields=["reseller", "mazbot_id", "month"], name="usagecheck_once")
        ]

    def __str__(self) -> str:
        return f"{self.mazbot_id or 'main account'} {self.month:%Y-%m}"

    @property
    def has_gap(self) -> bool:
        """Whether MazBot's sum differs from the stored days in what is billed."""
        return bool(self.sent_gap or self.failed_gap) or abs(self.cost_gap) > COST_TOLERANCE


#: Costs are compared up to this: MazBot rounds them.
COST_TOLERANCE = Decimal("0.01")
